"""The store on disk: ``async with open_store(folder, limit=..., max_content=...) as store``."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import trio

from omnic_stream.model.contracts import Artifact, Finished, HashingSink, Provenance, Run, Snapshot
from omnic_stream.model.errors import Busy, OmnicError
from omnic_stream.store.catalogue import Catalogue
from omnic_stream.store.claims import Claims
from omnic_stream.store.layout import Layout, lay_out, naming_unusable
from omnic_stream.store.publishing import (
    DURATIONS_GIVEN,
    Staged,
    put_artifact,
    put_duration,
    put_finished,
    put_note,
    put_snapshot,
    renewed,
    seal_content,
    stage,
)
from omnic_stream.store.sealing import seal
from omnic_stream.store.shelves import CatalogueShelves
from omnic_stream.store.sink import open_sink
from omnic_stream.store.upkeep import StoreStats, Swept, Upkeep, calmly
from omnic_stream.store.work import Work

THREADS = 4
"""For hashing and removing: of the store alone, so that hung look-ups of names elsewhere cannot stop it."""


class DiskStore(CatalogueShelves):
    """Implements ``contracts.Store``; made by ``open_store``."""

    def __init__(
        self,
        layout: Layout,
        catalogue: Catalogue,
        work: Work,
        *,
        limit: int | None,
        max_content: int,
        fsync: bool,
        now: Callable[[], float],
        limiter: trio.CapacityLimiter,
    ) -> None:
        super().__init__(catalogue, layout, now=now)
        self._work, self._claims = work, Claims(layout.locks)
        self._max_content, self._fsync, self._limiter = max_content, fsync, limiter
        self.upkeep = Upkeep(layout, catalogue, work, self._claims, self, limit=limit, now=now, limiter=limiter)

    # --- room to work

    def folder(self) -> AbstractAsyncContextManager[Path]:
        """A fresh, empty folder (mode 0700), gone afterwards."""
        return self._work.folder()

    def sink(self, folder: Path) -> AbstractAsyncContextManager[HashingSink]:
        """A file ``folder/content``, of at most ``max_content`` bytes; size and hash are known once the block is left."""
        return open_sink(folder, most=self._max_content, limiter=self._limiter)

    def claim(self, key: str) -> AbstractAsyncContextManager[None]:
        """The one right to make what ``key`` names, among all tasks and all processes on this store; waited for."""
        return self._claims.claim(key)

    def hold(self, *keys: str) -> AbstractAsyncContextManager[None]:
        """What these keys name is not evicted meanwhile, made yet or not. Other processes are told by its last use."""
        return self.upkeep.hold(*keys)

    # --- the way in

    async def keep(self, content: HashingSink, snapshot: Snapshot) -> Snapshot:
        """Move fetched content in and write its row. Hash and size are what went into the sink."""
        path = content.path
        kept = replace(snapshot, sha256=content.sha256, size=content.size, path=self._layout.snapshot(content.sha256))
        await self.upkeep.in_thread(lambda: seal_content(path, fsync=self._fsync))
        async with self._leaving_no_stray(kept.sha256):
            await self._catalogue.write(
                lambda connection: put_snapshot(connection, self._layout, path, kept, now=self._now(), fsync=self._fsync)
            )
        async with self.hold(kept.sha256):
            await calmly(self.upkeep.make_room)
        return kept

    async def renew(self, address_key: str, *, looked_at: float, fresh_until: float) -> Snapshot | None:
        """The origin said: unchanged. None where nothing is there any more."""
        row = await self._catalogue.write(
            lambda connection: renewed(connection, address_key, looked_at=looked_at, fresh_until=fresh_until)
        )
        return None if row is None else self.snapshot_of(row)

    async def publish(
        self, output: Path, *, key: str, format: str, media_type: str, index: str | None, provenance: Provenance
    ) -> Artifact:
        """Move a Step's output (from a folder of this workbench) in. What another process published first is answered instead.

        Raises ConverterFailed for an output that is not plain files, and DiskFull.
        """
        folder = self._work.new_folder("stage")
        try:

            def seal_and_stage() -> Staged:
                sealed = seal(output, index=index, most=self._max_content, fsync=self._fsync)
                return Staged(
                    key=key,
                    format=format,
                    media_type=media_type,
                    input=provenance.input,
                    sealed=sealed,
                    room=stage(output, sealed, provenance, folder, fsync=self._fsync),
                    folder=folder,
                )

            staged = await self.upkeep.in_thread(seal_and_stage)
            async with self._leaving_no_stray(key):
                await self._catalogue.write(
                    lambda connection: put_artifact(
                        connection,
                        self._layout,
                        staged,
                        self._work.new_trash,
                        now=self._now(),
                        fsync=self._fsync,
                    )
                )
        finally:
            if folder.exists():
                await self._work.remove(folder)
        async with self.hold(key):
            await calmly(self.upkeep.make_room)
            artifact = self.artifact(key)
        if artifact is None:
            raise Busy("The result was removed as soon as it was made; ask again.", retry_after=1)
        return artifact

    @asynccontextmanager
    async def _leaving_no_stray(self, key: str) -> AsyncGenerator[None]:
        """On a full disk the row may fail after the bytes moved in: they go again, for room is just what is short."""
        try:
            yield
        except OmnicError:
            await calmly(lambda: self.upkeep.drop_strays({key}))
            await calmly(self.upkeep.empty_trash)
            raise

    async def finish(self, finished: Finished) -> None:
        """Write the row that answers a job key from now on."""
        await self._catalogue.write(lambda connection: put_finished(connection, finished))

    # --- history and notes

    def recent(self, converter: str, source: str, wish: str) -> Sequence[Run]:
        """50 at most: those of the same wish first, and in each part the newest first."""
        return [
            Run(*row)
            for row in self._catalogue.rows(
                """SELECT size, seconds, wish FROM durations WHERE converter = ? AND source = ?
                ORDER BY wish = ? DESC, id DESC LIMIT ?""",
                converter,
                source,
                wish,
                DURATIONS_GIVEN,
            )
        ]

    def durations(self) -> dict[str, list[tuple[int, float]]]:
        """The whole history: converter id to (input bytes, seconds), oldest first."""
        history: dict[str, list[tuple[int, float]]] = {}
        for converter, size, seconds in self._catalogue.rows("SELECT converter, size, seconds FROM durations ORDER BY id"):
            history.setdefault(converter, []).append((size, seconds))
        return history

    async def record(self, converter: str, source: str, run: Run) -> None:
        await self._catalogue.write(lambda connection: put_duration(connection, converter, source, run))

    def note(self, key: str) -> str | None:
        """A small text kept for whoever put it there (what probing a tool showed). The oldest of some thousands go."""
        row = self._catalogue.row("SELECT value FROM notes WHERE key = ?", key)
        return None if row is None else row[0]

    async def put_note(self, key: str, value: str) -> None:
        await self._catalogue.write(lambda connection: put_note(connection, key, value, self._now()))

    # --- order

    def stats(self) -> StoreStats:
        """One row: cheap enough to be asked at any time."""
        return self.upkeep.stats()

    async def clear(self, address_key: str | None = None, format: str | None = None) -> int:
        """Forget the results of an address, of a Format, of both, or (neither given) all; how many.

        Bytes go where no row refers to them any more; what this process holds stays.
        """
        return await self.upkeep.clear(address_key, format)

    async def verify(self) -> tuple[str, ...]:
        """Hash everything anew and drop what is not what its row says; the keys of what was dropped. Takes long."""
        return await self.upkeep.verify()

    async def sweep(self) -> Swept:
        """Remove what killed processes left; done once at every opening, in the background."""
        return await self.upkeep.sweep()


@asynccontextmanager
async def open_store(
    folder: Path,
    *,
    limit: int | None = None,
    max_content: int,
    fsync: bool = False,
    now: Callable[[], float] = time.time,
) -> AsyncGenerator[DiskStore]:
    """A store in ``folder``, shared with other processes; made where there is none. One local disk: no network file system.

    ``limit``: bytes of room beyond which the least recently used is evicted; ``max_content``: bytes of one fetched file, and of
    one output; ``fsync``: what was published outlives a loss of power. Raises MisconfiguredError.
    """
    limiter = trio.CapacityLimiter(THREADS)
    layout = await trio.to_thread.run_sync(lay_out, Path(folder), limiter=limiter)
    with naming_unusable(layout.root):
        catalogue = Catalogue(layout.catalogue, fsync=fsync)
        work = Work(layout.work, limiter=limiter)
    store = DiskStore(layout, catalogue, work, limit=limit, max_content=max_content, fsync=fsync, now=now, limiter=limiter)
    failure: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(catalogue.run)
            nursery.start_soon(store.upkeep.run)
            try:
                yield store
            except BaseException as error:  # raised below, outside of the nursery, which would wrap it in a group
                failure = error
            finally:
                nursery.cancel_scope.cancel()
                catalogue.close()
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(work.close, limiter=limiter)
    if failure is not None:
        raise failure
