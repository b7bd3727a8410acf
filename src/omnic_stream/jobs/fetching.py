"""From an Address to a fresh Snapshot: at most one download per address, however many Jobs want it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import trio

from omnic_stream.jobs.flight import Flight, Flights
from omnic_stream.jobs.freshness import fresh_until, is_fresh
from omnic_stream.jobs.line import Line
from omnic_stream.model.address import Address
from omnic_stream.model.contracts import Detect, Hints, Snapshot, Source, Store
from omnic_stream.model.errors import BadAddress, Corrupt
from omnic_stream.model.keys import address_key


@dataclass(frozen=True, slots=True)
class InLine:
    """The download waits for its place."""

    position: int


@dataclass(frozen=True, slots=True)
class Received:
    bytes: int
    total: int | None


FetchReport = Callable[[InLine | Received], None]


class Fetching:
    def __init__(
        self,
        *,
        nursery: trio.Nursery,
        sources: Mapping[str, Source],
        store: Store,
        detect: Detect,
        downloads: int,
        now: Callable[[], float],
    ) -> None:
        """``sources`` by scheme; ``downloads`` at once; ``now`` is the wall clock, in seconds since the epoch."""
        self._sources, self._store, self._detect, self._now = sources, store, detect, now
        self._flights: Flights[Snapshot, InLine | Received] = Flights(nursery)
        self._line = Line(downloads)

    def fresh(self, address: Address, *, look: bool) -> Snapshot | None:
        known = self._store.snapshot(address_key(address))
        return known if known is not None and is_fresh(known, look=look, now=self._now()) else None

    async def snapshot(self, address: Address, *, look: bool, report: FetchReport, priority: Callable[[], int]) -> Snapshot:
        """A Snapshot that may be served now. Raises what Source.fetch raises, and Corrupt for an empty file."""
        source = self._sources.get(address.scheme)
        if source is None:
            raise BadAddress(f"No source is configured for {address.scheme}: addresses.")
        if (known := self.fresh(address, look=look)) is not None:
            return known

        async def make(flight: Flight[Snapshot, InLine | Received]) -> Snapshot:
            return await self._fetch(source, address, look, flight)

        return await self._flights.fly(address_key(address), make, report=report, priority=priority)

    async def _fetch(self, source: Source, address: Address, look: bool, flight: Flight[Snapshot, InLine | Received]) -> Snapshot:
        key = address_key(address)
        async with self._store.claim(key):
            if (known := self.fresh(address, look=look)) is not None:
                return known  # another process was faster
            known = self._store.snapshot(key)
            async with (
                self._line.place(priority=flight.priority, report=lambda position: flight.report(InLine(position))),
                self._store.folder() as folder,
            ):
                return await self._download(source, address, known, folder, flight)

    async def _download(
        self,
        source: Source,
        address: Address,
        known: Snapshot | None,
        folder: Path,
        flight: Flight[Snapshot, InLine | Received],
    ) -> Snapshot:
        async with self._store.sink(folder) as sink:
            fetched = await source.fetch(
                address,
                sink,
                known=known.validators if known is not None else None,
                report=lambda got, total: flight.report(Received(got, total)),
            )
        now = self._now()
        until = fresh_until(fetched, locked=source.locked(address), now=now)
        if fetched.unchanged and known is not None:
            renewed = await self._store.renew(known.address_key, looked_at=now, fresh_until=until)
            if renewed is not None:
                return renewed
            raise Corrupt("What was kept of this file is gone; ask again.")
        if sink.size == 0:
            raise Corrupt("The file is empty.")
        detected = await self._detect(sink.path, Hints(name=fetched.name, media_type=fetched.media_type))
        return await self._store.keep(
            sink,
            Snapshot(
                address_key=address_key(address),
                sha256=sink.sha256,
                size=sink.size,
                format=detected,
                name=fetched.name,
                media_type=fetched.media_type,
                validators=fetched.validators,
                looked_at=now,
                fresh_until=until,
                path=sink.path,
            ),
        )
