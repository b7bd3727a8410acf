"""The conveyor: fetch, detect, plan, run, publish. Jobs live in its nursery, not in that of whoever asked."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog
import trio

from omnic_stream.jobs.fetching import Fetching, InLine
from omnic_stream.jobs.freshness import LEAST
from omnic_stream.jobs.job import PACE, Job, SettledWatch
from omnic_stream.jobs.making import Converted, Making, Progress, StepFailed
from omnic_stream.jobs.members import Members, TakingOut, Told
from omnic_stream.model.address import Address
from omnic_stream.model.contracts import (
    Artifact,
    Detect,
    Finished,
    Possible,
    PossibleType,
    Runner,
    Snapshot,
    Source,
    Status,
    Store,
    Waiting,
    Wanted,
    Watch,
    Watcher,
)
from omnic_stream.model.errors import Busy, ConverterFailed, NoRoad, OmnicError
from omnic_stream.model.events import Converting, Downloaded, Downloading, Event, Failed, Logged, Queued, Ready
from omnic_stream.model.formats import Formats
from omnic_stream.model.graph import ConversionGraph, Plan
from omnic_stream.model.keys import address_key

REMEMBERED = 10.0
"""Seconds for which a failure is answered from memory, so that a broken file does not convert in a loop."""
MOST_FAILURES = 10_000
NOT_REMEMBERED = frozenset({"busy"})

log = structlog.get_logger(__name__)


def ready(artifact: Artifact) -> Ready:
    return Ready(
        artifact=artifact.key,
        entry=artifact.entry,
        directory=artifact.directory,
        media_type=artifact.media_type,
        bytes=artifact.size,
        etag=artifact.sha256,
    )


class Conveyor:
    """contracts.Jobs, within this process. Made by open_conveyor."""

    def __init__(
        self,
        *,
        nursery: trio.Nursery,
        graph: ConversionGraph,
        members: Members,
        making: Making,
        store: Store,
        most: int,
        now: Callable[[], float],
    ) -> None:
        self._nursery, self._graph, self._members, self._making, self._store = nursery, graph, members, making, store
        self._most, self._now = most, now
        self._live: dict[str, Job] = {}
        self._peeking = 0
        self._failures: OrderedDict[str, tuple[float, Failed]] = OrderedDict()
        self._work = trio.Event()

    # --- contracts.Jobs

    def status(self, wanted: Wanted) -> Status:
        key = wanted.key
        job = self._live.get(key)
        if job is not None and not job.over:
            latest = job.log.latest.event
            return Status(state=latest.name, retry_after=latest.eta if isinstance(latest, Converting) else None)
        if (finished := self._finished(wanted, look=False)) is not None:
            return Status(state="ready", finished=finished)
        if (failure := self._failure(key)) is not None:
            return Status(state="failed", code=failure.code)
        return Status(state="absent")

    def watch(self, wanted: Wanted, watcher: Watcher, *, priority: int = 0, since: int | None = None, look: bool = False) -> Watch:
        key = wanted.key
        job = self._live.get(key)
        if job is None or job.over:
            known = self._known(wanted, look=look)
            if known is not None:
                watcher.put(known)
                return SettledWatch(key, known)
            job = self._start(wanted, look=look)
        return job.join(watcher, priority=priority, since=since)

    def lease(self, wanted: Wanted, seconds: float = 60.0) -> None:
        job = self._live.get(wanted.key)
        if job is not None and not job.over:
            job.lease(seconds)

    async def types(self, address: Address) -> Possible:
        if len(self._live) + self._peeking >= self._most and self._members.fresh(address, look=False) is None:
            raise self._busy()
        self._peeking += 1
        try:
            snapshot = await self._members.snapshot(address, look=False, report=lambda _: None, priority=lambda: 0)
        finally:
            self._peeking -= 1
        reached = self._graph.reachable(snapshot.format)
        return Possible(
            format=snapshot.format,
            types=tuple(PossibleType(type=r.format, steps=r.steps, cost=r.cost) for r in reached),
        )

    # --- for metrics

    def counts(self) -> Mapping[str, int]:
        """Live Jobs by state."""
        counts: dict[str, int] = {}
        for job in self._live.values():
            name = job.log.latest.event.name
            counts[name] = counts.get(name, 0) + 1
        return counts

    # --- what needs no Job

    def _finished(self, wanted: Wanted, *, look: bool) -> Finished | None:
        """The catalogue's row, if it was planned by this graph from the address's current and fresh Snapshot."""
        found = self._store.finished(wanted.key)
        if found is None or found.digest != self._graph.digest:
            return None
        snapshot = self._members.fresh(wanted.address, look=look)
        if snapshot is None or snapshot.sha256 != found.snapshot:
            return None
        return replace(found, looked_at=snapshot.looked_at, fresh_until=snapshot.fresh_until)

    def _failure(self, key: str) -> Failed | None:
        remembered = self._failures.get(key)
        if remembered is None:
            return None
        until, failure = remembered
        if trio.current_time() >= until:
            del self._failures[key]
            return None
        return failure

    def _known(self, wanted: Wanted, *, look: bool) -> Logged | None:
        finished = self._finished(wanted, look=look)
        settled = ready(finished.artifact) if finished is not None else self._failure(wanted.key)
        return None if settled is None else Logged(1, self._now(), settled)

    def _remember(self, key: str, failure: Failed) -> None:
        self._failures[key] = (trio.current_time() + REMEMBERED, failure)
        self._failures.move_to_end(key)
        if len(self._failures) > MOST_FAILURES:
            self._failures.popitem(last=False)

    # --- the one Job

    def _busy(self) -> Busy:
        return Busy("As much work as this service takes is waiting already; try again in a moment.", retry_after=5)

    def _start(self, wanted: Wanted, *, look: bool) -> Job:
        if len(self._live) + self._peeking >= self._most:
            raise self._busy()
        job = Job(wanted, look=look, now=self._now)
        job.tell(Queued(position=sum(not live.converting for live in self._live.values())))
        self._live[job.key] = job
        self._work.set()
        self._nursery.start_soon(self._run, job)
        return job

    async def _run(self, job: Job) -> None:
        outcome: Event | None = None
        try:
            with job.scope:
                outcome = await self._make(job)
        except OmnicError as error:
            outcome = Failed(code=error.code, message=error.message, extra=dict(error.extra), retry_after=error.retry_after)
        except Exception:  # a defect of ours must fail this one Job, not the service
            log.exception("job.fault")
            outcome = Failed(code=ConverterFailed.code, message="An internal fault ended this; it has been logged.")
        finally:
            job.converting = False
            if self._live.get(job.key) is job:
                del self._live[job.key]
        if outcome is None:
            return  # nobody watched any more, so nobody is told
        if isinstance(outcome, Failed) and outcome.code not in NOT_REMEMBERED:
            self._remember(job.key, outcome)
        job.tell(outcome)

    async def _make(self, job: Job) -> Ready:
        wanted = job.wanted
        snapshot = await self._members.snapshot(
            wanted.address, look=job.look, report=lambda told: self._fetched(job, told), priority=job.priority
        )
        if not job.walked:
            job.tell(Downloaded(bytes=snapshot.size, format=snapshot.format))
        job.converting = False
        found = self._store.finished(job.key)
        if found is not None and found.digest == self._graph.digest and found.snapshot == snapshot.sha256:
            artifact = found.artifact  # the origin said: unchanged
        else:
            artifact = await self._walk(job, snapshot)
            snapshot = await self._kept_fresh(wanted.address, snapshot)
        await self._store.finish(
            Finished(
                job_key=job.key,
                address=wanted.address.text,
                target=wanted.target.text,
                snapshot=snapshot.sha256,
                artifact=artifact,
                digest=self._graph.digest,
                looked_at=snapshot.looked_at,
                fresh_until=snapshot.fresh_until,
            )
        )
        return ready(artifact)

    async def _kept_fresh(self, address: Address, snapshot: Snapshot) -> Snapshot:
        """What took longer to make than it was fresh is served a moment all the same: whoever was told ``ready`` comes for it now."""
        least = self._now() + LEAST
        if snapshot.fresh_until >= least:
            return snapshot
        await self._store.renew(address_key(address.fetched), looked_at=snapshot.looked_at, fresh_until=least)
        renewed = self._members.fresh(address, look=False)
        return renewed if renewed is not None and renewed.sha256 == snapshot.sha256 else snapshot

    async def _walk(self, job: Job, snapshot: Snapshot) -> Artifact:
        """The cheapest Plan; where a Converter fails, once the next-best one without it."""
        wanted = job.wanted
        plan = self._graph.plan(snapshot.format, wanted.target, profile=wanted.profile)
        try:
            return await self._along(job, snapshot, plan)
        except StepFailed as failed:
            # an answer by another road hides a Converter that never works: the log is where it shows
            log.warning("step.failed", converter=failed.converter, source=snapshot.format, reason=failed.error.message)
            try:
                other = self._graph.plan(
                    snapshot.format, wanted.target, profile=wanted.profile, avoid=frozenset({failed.converter})
                )
                return await self._along(job, snapshot, other)
            except (NoRoad, StepFailed):
                raise failed.error from None

    async def _along(self, job: Job, snapshot: Snapshot, plan: Plan) -> Artifact:
        job.gauge.plan((*job.walked, *self._making.legs(snapshot, plan)))
        try:
            return await self._making.make(
                snapshot,
                plan,
                begin=lambda index: self._begun(job, len(job.walked) + index),
                report=lambda progress: self._progressed(job, progress),
                priority=job.priority,
            )
        finally:
            job.converting = False

    def _begun(self, job: Job, index: int) -> None:
        job.gauge.step(index, trio.current_time())
        job.converting = True
        job.show(now=True)

    def _progressed(self, job: Job, progress: Progress) -> None:
        now = trio.current_time()
        if isinstance(progress, Waiting):
            job.gauge.waits(progress.position, now)
        else:
            job.gauge.runs(progress.fraction, now)
        job.show()

    def _fetched(self, job: Job, told: Told) -> None:
        if isinstance(told, TakingOut):
            if not job.walked:
                job.tell(Downloaded(bytes=told.archive.size, format=told.archive.format))
            if job.opened != told.archive.address_key:  # one archive after the other, from the outside in
                job.opened = told.archive.address_key
                job.walked += (told.leg,)
                job.gauge.plan(job.walked)
                self._begun(job, len(job.walked) - 1)
            self._progressed(job, told.progress)
        elif isinstance(told, InLine):
            job.gauge.rests(trio.current_time())
            job.tell(Queued(position=told.position))
        else:
            job.gauge.moves(trio.current_time())
            edge = told.bytes == 0 or told.bytes == told.total  # start and end are always told
            job.tell(Downloading(bytes=told.bytes, total=told.total), now=edge)

    async def tick(self) -> None:
        """Let time itself move the bars, while there is a Job."""
        while True:
            if not self._live:
                self._work = trio.Event()
                await self._work.wait()
            for job in tuple(self._live.values()):
                job.tick()
            await trio.sleep(PACE)


def _unheard(converter: str, seconds: float) -> None:
    """Nobody counts."""


@asynccontextmanager
async def open_conveyor(
    *,
    formats: Formats,
    graph: ConversionGraph,
    sources: Mapping[str, Source],
    detect: Detect,
    runner: Runner,
    store: Store,
    slots: int,
    queue_limit: int,
    check_outputs: bool = True,
    tool_versions: Mapping[str, str] | None = None,
    downloads: int = 16,
    converted: Converted = _unheard,
    now: Callable[[], float] = time.time,
) -> AsyncIterator[Conveyor]:
    """Jobs that live as long as the block. ``slots + queue_limit`` Jobs are live at once; one more is Busy.

    ``sources`` by scheme; ``check_outputs``: detect every Step's output again before it is published; ``now``: the wall clock.
    """
    async with trio.open_nursery() as nursery:
        making = Making(
            nursery=nursery,
            formats=formats,
            runner=runner,
            store=store,
            detect=detect if check_outputs else None,
            tool_versions=tool_versions or {},
            converted=converted,
        )
        conveyor = Conveyor(
            nursery=nursery,
            graph=graph,
            members=Members(
                nursery=nursery,
                making=making,
                fetching=Fetching(nursery=nursery, sources=sources, store=store, detect=detect, downloads=downloads, now=now),
                graph=graph,
                runner=runner,
                store=store,
                detect=detect,
                converted=converted,
            ),
            making=making,
            store=store,
            most=slots + queue_limit,
            now=now,
        )
        nursery.start_soon(conveyor.tick)
        try:
            yield conveyor
        finally:
            nursery.cancel_scope.cancel()
