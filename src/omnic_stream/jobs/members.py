"""From an Address to a fresh Snapshot, also where it names a member: a file inside an archive, which is a Snapshot of its own.

The archive is fetched by its own address, by its own rules, once for all its members; it may be a member itself. A member is then taken out
of it by the same caged Converter that makes the Target ``member``, and kept under the whole address. It is as fresh as its archive, and for as
long as the archive's content stays the same it is not taken out again. Of a large compressed tar the tar is made once, and the members are taken
out of that: each would else have all that stands before it unpacked again (of 48 MB, 20 members one after another took 68 s). The same
goes for a 7z, whose members are usually packed as one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import trio

from omnic_stream.jobs.estimate import expectation
from omnic_stream.jobs.fetching import Fetching, InLine, Received
from omnic_stream.jobs.flight import Flight, Flights
from omnic_stream.jobs.gauge import Leg
from omnic_stream.jobs.making import Converted, Making, Progress, StepFailed
from omnic_stream.model.address import MEMBER, Address
from omnic_stream.model.contracts import Artifact, Detect, Hints, MiB, Run, Runner, Snapshot, Store, Validators, Work
from omnic_stream.model.errors import Corrupt, NoRoad, TooExpensive
from omnic_stream.model.graph import ConversionGraph, Plan, Step
from omnic_stream.model.keys import address_key, step_key
from omnic_stream.model.target import Target

PLAIN: Final = "TAR"
"""Gives any member at once, however long it is."""
LARGE: Final = 4 * MiB
"""Bytes of an archive of which the tar is made: less is unpacked sooner than the tar is written."""


@dataclass(frozen=True, slots=True)
class TakingOut:
    """The archive is there; the member is being taken out of it."""

    archive: Snapshot
    leg: Leg
    progress: Progress


Told = InLine | Received | TakingOut


class Members:
    def __init__(
        self,
        *,
        nursery: trio.Nursery,
        fetching: Fetching,
        making: Making,
        graph: ConversionGraph,
        runner: Runner,
        store: Store,
        detect: Detect,
        converted: Converted,
    ) -> None:
        self._fetching, self._graph, self._runner, self._store, self._detect = fetching, graph, runner, store, detect
        self._making, self._converted = making, converted
        self._flights: Flights[Snapshot, Told] = Flights(nursery)

    def fresh(self, address: Address, *, look: bool) -> Snapshot | None:
        if address.member is None:
            return self._fetching.fresh(address, look=look)
        found = self.fresh(address.outer, look=look)
        if found is None:
            return None
        known = self._store.snapshot(address_key(address))
        try:
            return None if known is None else _as_fresh(known, found, _origin(found, self._way(found), address))
        except NoRoad:
            return None  # its tool is gone: whoever asks for it is told so

    async def snapshot(
        self, address: Address, *, look: bool, report: Callable[[Told], None], priority: Callable[[], int]
    ) -> Snapshot:
        """A Snapshot that may be served now. Raises what Fetching.snapshot raises; of a member also NoRoad where no archive holds it,
        NotFound, and what a Runner raises.
        """
        if address.member is None:
            return await self._fetching.snapshot(address, look=look, report=report, priority=priority)
        if (known := self.fresh(address, look=look)) is not None:
            return known

        async def make(flight: Flight[Snapshot, Told]) -> Snapshot:
            return await self._opened(address, look, flight)

        return await self._flights.fly(address_key(address), make, report=report, priority=priority)

    async def _opened(self, address: Address, look: bool, flight: Flight[Snapshot, Told]) -> Snapshot:
        archive = await self.snapshot(address.outer, look=look, report=flight.report, priority=flight.priority)
        step = self._way(archive)
        key, origin = address_key(address), _origin(archive, step, address)
        async with self._store.claim(key), self._store.hold(archive.sha256):
            known = self._store.snapshot(key)
            if known is not None and (same := _as_fresh(known, archive, origin)) is not None:
                return same  # another process was faster, or the archive was asked for again and is what it was
            async with self._quickest(archive, step, flight) as (path, step), self._store.folder() as folder:
                return await self._taken_out(address, archive, path, step, origin, folder, flight)

    @asynccontextmanager
    async def _quickest(self, archive: Snapshot, step: Step, flight: Flight[Snapshot, Told]) -> AsyncIterator[tuple[Path, Step]]:
        """What the member is best taken out of, which stays for the block, and the Step that does it."""
        plan = self._to_plain(archive)
        if plan is None:
            yield archive.path, step
            return
        async with self._store.hold(*self._making.keys(archive, plan)):
            tar = await self._made_plain(archive, plan, flight)
            if tar is None:
                yield archive.path, step
            else:
                yield tar.path, self._graph.plan(PLAIN, Target(MEMBER)).steps[0]

    async def _made_plain(self, archive: Snapshot, plan: Plan, flight: Flight[Snapshot, Told]) -> Artifact | None:
        """The tar; None where what comes late in it is broken, or too much: the member may stand before."""
        (leg,) = self._making.legs(archive, plan)

        def report(progress: Progress) -> None:
            flight.report(TakingOut(archive, leg, progress))

        try:
            return await self._making.make(archive, plan, begin=lambda index: None, report=report, priority=flight.priority)
        except (StepFailed, Corrupt, TooExpensive):
            return None

    def _to_plain(self, archive: Snapshot) -> Plan | None:
        """The one Step from a large archive to the tar that stands for it; None of anything else."""
        if archive.size < LARGE:
            return None
        try:
            plan = self._graph.plan(archive.format, Target(PLAIN))
        except NoRoad:
            return None
        return plan if len(plan.steps) == 1 else None

    async def _taken_out(
        self,
        address: Address,
        archive: Snapshot,
        path: Path,
        step: Step,
        origin: str,
        folder: Path,
        flight: Flight[Snapshot, Told],
    ) -> Snapshot:
        name, taken = address.member or "", folder / "taken"
        history = self._store.recent(step.converter.id, step.source, step.wish)
        expected = expectation(history, archive.size, step.wish, step.converter.cost)
        leg = Leg(step.source, step.target, expected.seconds, expected.known)
        outcome = await self._runner.run(
            Work(
                converter=step.converter,
                input=path,
                source=step.read_as,
                target=step.target,
                arguments={"name": name},
                folder=folder,
                output=taken.name,
            ),
            priority=flight.priority,
            report=lambda progress: flight.report(TakingOut(archive, leg, progress)),
        )
        self._converted(step.converter.id, outcome.seconds)
        await self._store.record(step.converter.id, step.source, Run(archive.size, outcome.seconds, step.wish))
        async with self._store.sink(folder) as sink, await trio.open_file(taken, "rb") as file:
            while chunk := await file.read(MiB):
                await sink.write(chunk)
        if sink.size == 0:
            raise Corrupt("The file is empty.")
        base = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
        return await self._store.keep(
            sink,
            Snapshot(
                address_key=address_key(address),
                sha256=sink.sha256,
                size=sink.size,
                format=await self._detect(sink.path, Hints(name=base)),
                name=base,
                media_type=None,
                validators=Validators(etag=origin),
                looked_at=archive.looked_at,
                fresh_until=archive.fresh_until,
                path=sink.path,
                archive=archive.archive or archive.address_key,
            ),
        )

    def _way(self, archive: Snapshot) -> Step:
        """The Step that takes members out of this archive. Raises NoRoad, also where its tool is missing."""
        try:
            return self._graph.plan(archive.format, Target(MEMBER)).steps[0]
        except NoRoad as error:
            if error.extra.get("missing"):
                raise
            raise NoRoad(
                f"The address names a file inside an archive, but what it leads to is no archive: it is {archive.format}.",
                extra={"possible": [], "missing": []},
            ) from None


def _origin(archive: Snapshot, step: Step, address: Address) -> str:
    """What a member was taken from, and how: under another one, it is taken out anew."""
    return step_key(archive.sha256, step.converter.id, step.converter.version, step.target, {"name": address.member or ""})


def _as_fresh(member: Snapshot, archive: Snapshot, origin: str) -> Snapshot | None:
    """The member with its archive's times; None where it was not taken from this archive."""
    if member.validators.etag != origin:
        return None
    return replace(member, looked_at=archive.looked_at, fresh_until=archive.fresh_until)
