"""The store on disk: ``async with open_store(folder, limit=..., max_content=...) as store``."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import trio

from omnic_stream.model.contracts import (
    Artifact,
    Finished,
    HashingSink,
    Provenance,
    Snapshot,
)
from omnic_stream.model.errors import Busy, OmnicError
from omnic_stream.store.catalogue import Catalogue
from omnic_stream.store.claims import Claims
from omnic_stream.store.eviction import GRACE, GRACE_ALONE, Kept, choose
from omnic_stream.store.layout import Layout, lay_out, naming_unusable
from omnic_stream.store.publishing import (
    put_artifact,
    put_duration,
    put_finished,
    put_note,
    put_snapshot,
    seal_content,
    stage,
)
from omnic_stream.store.removal import (
    BY_USE,
    SHARDS,
    drop_artifact,
    drop_content,
    drop_missing,
    drop_strays,
    evict,
    forget,
    strays,
)
from omnic_stream.store.sealing import hash_file, hash_folder, seal
from omnic_stream.store.shelves import SNAPSHOT, USE_SECONDS, CatalogueShelves, mark_used
from omnic_stream.store.sink import open_sink
from omnic_stream.store.work import Work

UPKEEP_SECONDS = 15.0
"""Between two rounds that write down uses and what is held: well within the 60 s for which others leave it alone."""
THREADS = 4
"""For hashing and removing: of the store alone, so that hung look-ups of names elsewhere cannot stop it."""
EVICTED_AT_ONCE = 32


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoreStats:
    artifacts: int
    snapshots: int
    bytes: int
    """Room on disk, counted in blocks."""


@dataclass(frozen=True, slots=True)
class Swept:
    folders: int
    """Work folders of processes that are gone."""
    orphans: int
    """Files and folders without a row."""


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
        self._limit, self._max_content, self._fsync, self._limiter = limit, max_content, fsync, limiter
        self._held: Counter[str] = Counter()

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

    @asynccontextmanager
    async def hold(self, *keys: str) -> AsyncGenerator[None]:
        """What these keys name is not evicted meanwhile, made yet or not. Other processes are told by its last use."""
        self._held.update(keys)
        try:
            stale = {key for key in keys if self._is_stale(key)}
            if stale:
                await self._catalogue.write(lambda connection: mark_used(connection, stale, self._now()))
            yield
        finally:
            self._held.subtract(keys)
            self._held = +self._held

    def _is_stale(self, key: str) -> bool:
        row = self._catalogue.row(
            "SELECT last_used FROM artifacts WHERE key = ? UNION ALL SELECT last_used FROM contents WHERE sha256 = ?",
            key,
            key,
        )
        return row is not None and row[0] < self._now() - USE_SECONDS

    # --- the way in

    async def keep(self, content: HashingSink, snapshot: Snapshot) -> Snapshot:
        """Move fetched content in and write its row. Hash and size are what went into the sink."""
        path = content.path
        snapshot = replace(snapshot, sha256=content.sha256, size=content.size, path=self._layout.snapshot(content.sha256))
        await self._in_thread(lambda: seal_content(path, fsync=self._fsync))
        await self._catalogue.write(
            lambda connection: put_snapshot(connection, self._layout, path, snapshot, now=self._now(), fsync=self._fsync)
        )
        await self._calmly(self._make_room)
        return snapshot

    async def renew(self, address_key: str, *, looked_at: float, fresh_until: float) -> Snapshot | None:
        """The origin said: unchanged. None where nothing is there any more."""
        row = await self._catalogue.write(
            lambda connection: (
                connection.execute(
                    "UPDATE addresses SET looked_at = ?, fresh_until = ? WHERE address_key = ?",
                    (looked_at, fresh_until, address_key),
                ),
                connection.execute(SNAPSHOT, (address_key,)).fetchone(),
            )[1]
        )
        return None if row is None else self.snapshot_of(row)

    async def publish(
        self, output: Path, *, key: str, format: str, media_type: str, index: str | None, provenance: Provenance
    ) -> Artifact:
        """Move a Step's output (from a folder of this workbench) in. What another process published first is answered instead.

        Raises ConverterFailed for an output that is not plain files, and DiskFull.
        """
        staged = self._work.new_folder("stage")
        try:
            sealed = await self._in_thread(lambda: seal(output, index=index, most=self._max_content, fsync=self._fsync))
            room = await self._in_thread(lambda: stage(output, sealed, provenance, staged, fsync=self._fsync))
            await self._catalogue.write(
                lambda connection: put_artifact(
                    connection,
                    self._layout,
                    staged,
                    self._work.new_trash,
                    key=key,
                    format=format,
                    media_type=media_type,
                    input=provenance.input,
                    sealed=sealed,
                    room=room,
                    now=self._now(),
                    fsync=self._fsync,
                )
            )
        finally:
            if staged.exists():
                await self._work.remove(staged)
        async with self.hold(key):
            await self._calmly(self._make_room)
            artifact = self.artifact(key)
        if artifact is None:
            raise Busy("The result was removed as soon as it was made; ask again.", retry_after=1)
        return artifact

    async def finish(self, finished: Finished) -> None:
        await self._catalogue.write(lambda connection: put_finished(connection, finished))

    # --- history and notes

    def recent(self, converter: str, source: str) -> Sequence[tuple[int, float]]:
        """Newest first: (input bytes, seconds), 50 at most."""
        return [
            (size, seconds)
            for size, seconds in self._catalogue.rows(
                "SELECT size, seconds FROM durations WHERE converter = ? AND source = ? ORDER BY id DESC LIMIT 50",
                converter,
                source,
            )
        ]

    async def record(self, converter: str, source: str, size: int, seconds: float) -> None:
        await self._catalogue.write(lambda connection: put_duration(connection, converter, source, size, seconds))

    def note(self, key: str) -> str | None:
        """A small text kept for whoever put it there (what probing a tool showed). The oldest of some thousands go."""
        row = self._catalogue.row("SELECT value FROM notes WHERE key = ?", key)
        return None if row is None else row[0]

    async def put_note(self, key: str, value: str) -> None:
        await self._catalogue.write(lambda connection: put_note(connection, key, value, self._now()))

    # --- the way out

    def stats(self) -> StoreStats:
        """One row: cheap enough to be asked at any time."""
        row = self._catalogue.row("SELECT artifacts, snapshots, room FROM totals") or (0, 0, 0)
        return StoreStats(artifacts=row[0], snapshots=row[1], bytes=row[2])

    async def clear(self, address_key: str | None = None, format: str | None = None) -> int:
        """Forget the results of an address, of a Format, of both, or (neither given) all; how many.

        Bytes go where no row refers to them any more; what this process holds stays.
        """
        held = frozenset(self._held)
        forgotten = await self._catalogue.write(
            lambda connection: forget(connection, self._layout, address_key, format, held, self._work.new_trash)
        )
        await self._empty_trash()
        return forgotten

    async def verify(self) -> tuple[str, ...]:
        """Hash everything anew and drop what is not what its row says; the keys of what was dropped. Takes long."""
        damaged: list[str] = []
        for one in await self._survey_kept():
            async with self.hold(one.key):
                if await self._is_sound(one):
                    continue
            damaged.append(one.key)
            drop = drop_content if one.snapshot else drop_artifact
            await self._catalogue.write(
                lambda connection, drop=drop, key=one.key: drop(connection, self._layout, key, self._work.new_trash)
            )
        await self._empty_trash()
        return tuple(damaged)

    async def _is_sound(self, kept: Kept) -> bool:
        if kept.snapshot:
            path, sha256, directory = self._layout.snapshot(kept.key), kept.key, False
        else:
            row = self._catalogue.row("SELECT entry, directory, sha256 FROM artifacts WHERE key = ?", kept.key)
            if row is None:
                return True  # removed meanwhile
            path, sha256, directory = self._layout.files(kept.key, row[0], bool(row[1])), row[2], bool(row[1])
        try:
            return await self._in_thread(lambda: (hash_folder if directory else hash_file)(path)) == sha256
        except OSError:
            return False

    async def sweep(self) -> Swept:
        """Remove what killed processes left: their work folders, their locks, bytes without rows, rows without bytes."""
        folders = await self._in_thread(self._work.sweep)
        await self._in_thread(self._claims.sweep)
        orphans = 0
        async with self._claims.claim_nowait("sweep") as ours:
            for shard in SHARDS if ours else ():
                unknown, missing = await self._catalogue.survey(
                    lambda connection, shard=shard: strays(connection, self._layout, shard)
                )
                if unknown or missing:
                    self.gone |= missing
                    orphans += await self._catalogue.write(
                        lambda connection, names=unknown: drop_strays(connection, self._layout, names, self._work.new_trash)
                    )
        await self._write_uses()
        await self._empty_trash()
        return Swept(folders=folders, orphans=orphans)

    async def upkeep(self) -> None:
        """Sweep once, then write down uses and make room, for as long as the store is open."""
        await self._calmly(self.sweep)
        while True:
            await trio.sleep(UPKEEP_SECONDS)
            await self._calmly(self._round)

    async def _round(self) -> None:
        self.used.update(self._held)
        await self._write_uses()
        await self._make_room()

    async def _calmly(self, work: Callable[[], Awaitable[object]]) -> None:
        """What fails now (a full disk, a stopped sibling) is tried again next time; it must not end the service."""
        try:
            await work()
        except (OmnicError, OSError):
            return

    async def _write_uses(self) -> None:
        used, self.used = self.used, set()
        gone, self.gone = self.gone, set()
        if used:
            await self._catalogue.write(lambda connection: mark_used(connection, used, self._now()))
        if gone:
            await self._catalogue.write(lambda connection: drop_missing(connection, self._layout, gone, self._work.new_trash))

    async def _make_room(self) -> None:
        limit = self._limit
        if limit is None or self.stats().bytes <= limit:
            return
        async with self._claims.claim_nowait("eviction") as ours:
            if not ours:
                return  # another is at it
            await self._write_uses()
            grace = GRACE if await self._in_thread(self._work.siblings) else GRACE_ALONE
            held = frozenset(self._held)
            total = self.stats().bytes
            chosen = await self._catalogue.survey(
                lambda connection: choose(
                    (Kept(key, bool(snapshot), room, used) for key, snapshot, room, used in connection.execute(BY_USE)),
                    total=total,
                    limit=limit,
                    held=held,
                    now=self._now(),
                    grace=grace,
                )
            )
            for start in range(0, len(chosen), EVICTED_AT_ONCE):
                some = [one for one in chosen[start : start + EVICTED_AT_ONCE] if not self._held[one.key]]
                await self._catalogue.write(
                    lambda connection, some=some: evict(connection, self._layout, some, self._work.new_trash)
                )
                await self._empty_trash()

    async def _survey_kept(self) -> list[Kept]:
        return await self._catalogue.survey(
            lambda connection: [Kept(key, bool(snapshot), room, used) for key, snapshot, room, used in connection.execute(BY_USE)]
        )

    async def _empty_trash(self) -> None:
        await self._in_thread(self._work.empty_trash)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await trio.to_thread.run_sync(work, limiter=self._limiter)


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
    failure: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(catalogue.run)
            store = DiskStore(
                layout,
                catalogue,
                work,
                limit=limit,
                max_content=max_content,
                fsync=fsync,
                now=now,
                limiter=limiter,
            )
            nursery.start_soon(store.upkeep)
            try:
                yield store
            except BaseException as error:  # raised again below, outside of the nursery, which would wrap it in a group
                failure = error
            finally:
                nursery.cancel_scope.cancel()
                catalogue.close()
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(work.close, limiter=limiter)
    if failure is not None:
        raise failure
