"""What keeps a store in order: uses written down, room made, leavings of killed processes swept, contents verified."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import trio

from omnic_stream.model.errors import OmnicError
from omnic_stream.store.catalogue import Catalogue
from omnic_stream.store.claims import Claims
from omnic_stream.store.eviction import GRACE, GRACE_ALONE, Kept, choose
from omnic_stream.store.layout import Layout
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
from omnic_stream.store.sealing import hash_file, hash_folder
from omnic_stream.store.shelves import USE_SECONDS, CatalogueShelves, mark_used
from omnic_stream.store.work import Work

T = TypeVar("T")

ROUND_SECONDS = 15.0
"""Between two rounds that write down uses and what is held: well within the 60 s for which others leave it alone."""
EVICTED_AT_ONCE = 32


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


class Upkeep:
    def __init__(
        self,
        layout: Layout,
        catalogue: Catalogue,
        work: Work,
        claims: Claims,
        shelves: CatalogueShelves,
        *,
        limit: int | None,
        now: Callable[[], float],
        limiter: trio.CapacityLimiter,
    ) -> None:
        """``limit``: bytes of room beyond which the least recently used goes; ``limiter``: of the store's threads."""
        self._layout, self._catalogue, self._work, self._claims = layout, catalogue, work, claims
        self._shelves, self._limit, self._now, self._limiter = shelves, limit, now, limiter
        self._held: Counter[str] = Counter()

    async def run(self) -> None:
        """Sweep once, then go round for as long as the store is open."""
        await calmly(self._sweep_unless_another_does)
        while True:
            await trio.sleep(ROUND_SECONDS)
            await calmly(self.go_round)

    async def go_round(self) -> None:
        """Write down what was used and what is held, and make room."""
        self._shelves.used.update(self._held)
        await self._write_uses()
        await self.make_room()

    @asynccontextmanager
    async def hold(self, *keys: str) -> AsyncGenerator[None]:
        """Keep these from eviction: by this process because it knows, by others because they were used just now."""
        self._held.update(keys)
        try:
            stale = {key for key in keys if self._is_stale(key)}
            if stale:
                await self._catalogue.write(lambda connection: mark_used(connection, stale, self._now()))
            yield
        finally:
            for key in keys:
                self._held[key] -= 1
                if not self._held[key]:
                    del self._held[key]

    def _is_stale(self, key: str) -> bool:
        row = self._catalogue.row(
            "SELECT last_used FROM artifacts WHERE key = ? UNION ALL SELECT last_used FROM contents WHERE sha256 = ?",
            key,
            key,
        )
        return row is not None and row[0] < self._now() - USE_SECONDS

    def stats(self) -> StoreStats:
        row = self._catalogue.row("SELECT artifacts, snapshots, room FROM totals") or (0, 0, 0)
        return StoreStats(artifacts=row[0], snapshots=row[1], bytes=row[2])

    async def make_room(self) -> None:
        """Evict while the store is above its limit. Nothing where another task or process is at it."""
        limit = self._limit
        if limit is None or self.stats().bytes <= limit:
            return
        async with self._claims.claim_nowait("eviction") as ours:
            if not ours:
                return
            await self._write_uses()
            for start in range(0, len(chosen := await self._choose(limit)), EVICTED_AT_ONCE):
                some = [one for one in chosen[start : start + EVICTED_AT_ONCE] if one.key not in self._held]
                await self._catalogue.write(
                    lambda connection, some=some: evict(connection, self._layout, some, self._work.new_trash)
                )
                await self.empty_trash()

    async def _choose(self, limit: int) -> list[Kept]:
        grace = GRACE if await self.in_thread(self._work.siblings) else GRACE_ALONE
        held, total, now = frozenset(self._held), self.stats().bytes, self._now()
        return await self._catalogue.survey(
            lambda connection: choose(
                (Kept(key, bool(snapshot), room, used) for key, snapshot, room, used in connection.execute(BY_USE)),
                total=total,
                limit=limit,
                held=held,
                now=now,
                grace=grace,
            )
        )

    async def clear(self, address_key: str | None, format: str | None) -> int:
        held = frozenset(self._held)
        forgotten = await self._catalogue.write(
            lambda connection: forget(connection, self._layout, address_key, format, held, self._work.new_trash)
        )
        await self.empty_trash()
        return forgotten

    async def sweep(self) -> Swept:
        """Remove work folders, locks and bytes without rows that killed processes left, and rows without bytes."""
        async with self._claims.claim("sweep"):
            return await self._sweep()

    async def _sweep_unless_another_does(self) -> None:
        async with self._claims.claim_nowait("sweep") as ours:
            if ours:
                await self._sweep()

    async def _sweep(self) -> Swept:
        folders = await self.in_thread(self._work.sweep)
        await self.in_thread(self._claims.sweep)
        orphans = 0
        for shard in SHARDS:
            unknown, missing = await self._catalogue.survey(lambda connection, shard=shard: strays(connection, self._layout, shard))
            self._shelves.gone |= missing
            if unknown:
                orphans += await self.drop_strays(unknown)
        await self._write_uses()
        await self.empty_trash()
        return Swept(folders=folders, orphans=orphans)

    async def drop_strays(self, names: set[str]) -> int:
        return await self._catalogue.write(lambda connection: drop_strays(connection, self._layout, names, self._work.new_trash))

    async def verify(self) -> tuple[str, ...]:
        """Hash everything anew and drop what is not what its row says; the keys of what was dropped."""
        damaged: list[str] = []
        kept = await self._catalogue.survey(
            lambda connection: [Kept(key, bool(snapshot), room, used) for key, snapshot, room, used in connection.execute(BY_USE)]
        )
        for one in kept:
            async with self.hold(one.key):
                if await self._is_sound(one):
                    continue
            damaged.append(one.key)
            drop = drop_content if one.snapshot else drop_artifact
            await self._catalogue.write(
                lambda connection, drop=drop, key=one.key: drop(connection, self._layout, key, self._work.new_trash)
            )
        await self.empty_trash()
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
            return await self.in_thread(lambda: (hash_folder if directory else hash_file)(path)) == sha256
        except OSError:
            return False

    async def _write_uses(self) -> None:
        shelves = self._shelves
        used, shelves.used = shelves.used, set()
        gone, shelves.gone = shelves.gone, set()
        if used:
            await self._catalogue.write(lambda connection: mark_used(connection, used, self._now()))
        if gone:
            await self._catalogue.write(lambda connection: drop_missing(connection, self._layout, gone, self._work.new_trash))

    async def empty_trash(self) -> None:
        await self.in_thread(self._work.empty_trash)

    async def in_thread(self, work: Callable[[], T]) -> T:
        return await trio.to_thread.run_sync(work, limiter=self._limiter)


async def calmly(work: Callable[[], Awaitable[object]]) -> None:
    """What fails now (a full disk, a stopped sibling) is tried again later; it must fail neither a Job nor the service."""
    try:
        await work()
    except (OmnicError, OSError):
        return
