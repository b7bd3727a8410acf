"""Jobs that a test drives event by event: the door to the jobs room, with nobody at work behind it."""

from __future__ import annotations

import time
from collections.abc import Callable

import trio

from omnic_stream.model.address import Address
from omnic_stream.model.contracts import Artifact, Finished, Possible, Status, Wanted, Watch, Watcher
from omnic_stream.model.errors import NotFound, OmnicError
from omnic_stream.model.events import SETTLED, Converting, Event, Failed, Logged, Queued, Ready


class FakeWatch:
    """contracts.Watch on a FakeJob."""

    def __init__(self, job: FakeJob, watcher: Watcher, priority: int) -> None:
        self._job, self.watcher, self.priority = job, watcher, priority

    @property
    def key(self) -> str:
        return self._job.key

    @property
    def latest(self) -> Logged:
        return self._job.log[-1]

    def prioritise(self, priority: int) -> None:
        self.priority = priority

    def close(self) -> None:
        if self in self._job.watches:
            self._job.watches.remove(self)


class FakeJob:
    """One Job's log and watchers. It begins ``queued``; everything after that is told by the test."""

    def __init__(self, wanted: Wanted, now: Callable[[], float]) -> None:
        self.wanted, self.key, self._now = wanted, wanted.key, now
        self.log: list[Logged] = []
        self.watches: list[FakeWatch] = []
        self.tell(Queued(position=0))

    @property
    def settled(self) -> bool:
        return isinstance(self.log[-1].event, SETTLED)

    @property
    def priority(self) -> int:
        """The highest of the watchers'."""
        return max((watch.priority for watch in self.watches), default=0)

    def tell(self, event: Event) -> Logged:
        """Number the event and put it to every watcher, at once."""
        at = max(self._now(), self.log[-1].at) if self.log else self._now()
        logged = Logged(len(self.log) + 1, at, event)
        self.log.append(logged)
        for watch in tuple(self.watches):
            watch.watcher.put(logged)
        return logged


class FakeJobs:
    """contracts.Jobs. Whatever is watched becomes a FakeJob, unless it was ``finish``ed before.

    ``refusal``: raised by the next calls of ``watch`` (a Busy, say). ``possible``: answers of ``types`` by canonical address.
    """

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.live: dict[str, FakeJob] = {}
        self.rows: dict[str, Finished] = {}
        self.possible: dict[str, Possible | OmnicError] = {}
        self.refusal: OmnicError | None = None
        self.leases: list[tuple[str, float]] = []
        self.looks: list[str] = []
        """Keys asked for with ``look``, in order."""
        self._started, self._starts = trio.open_memory_channel[FakeJob](10_000)

    # --- for the test

    async def started(self) -> FakeJob:
        """The next Job that somebody's ``watch`` started, oldest first; waits for one."""
        return await self._starts.receive()

    def finish(self, wanted: Wanted, artifact: Artifact, *, fresh_until: float = float("inf")) -> Finished:
        """Write the catalogue's row; the live Job, where there is one, becomes ``ready``."""
        row = Finished(
            job_key=wanted.key,
            address=wanted.address.text,
            target=wanted.target.text,
            snapshot="0" * 64,
            artifact=artifact,
            digest="",
            looked_at=self._now(),
            fresh_until=fresh_until,
        )
        self.rows[wanted.key] = row
        if (job := self.live.get(wanted.key)) is not None and not job.settled:
            job.tell(_ready(artifact))
        return row

    def forget(self, wanted: Wanted) -> None:
        """As if nobody had ever asked for it."""
        self.rows.pop(wanted.key, None)
        self.live.pop(wanted.key, None)

    # --- contracts.Jobs

    def status(self, wanted: Wanted) -> Status:
        job = self.live.get(wanted.key)
        if job is not None and not job.settled:
            latest = job.log[-1].event
            return Status(state=latest.name, retry_after=latest.eta if isinstance(latest, Converting) else None)
        if (row := self._fresh(wanted.key)) is not None:
            return Status(state="ready", finished=row)
        if job is not None and isinstance(failed := job.log[-1].event, Failed):
            return Status(state="failed", code=failed.code, retry_after=failed.retry_after)
        return Status(state="absent")

    def watch(self, wanted: Wanted, watcher: Watcher, *, priority: int = 0, since: int | None = None, look: bool = False) -> Watch:
        if self.refusal is not None:
            raise self.refusal
        key = wanted.key
        if look:
            self.looks.append(key)
        job = self.live.get(key)
        row = None if look else self._fresh(key)
        if job is None or isinstance(job.log[-1].event, Ready):
            job = FakeJob(wanted, self._now)
            if row is None:
                self.live[key] = job
                self._started.send_nowait(job)
            else:
                job.log.clear()
                job.tell(_ready(row.artifact))
        watch = FakeWatch(job, watcher, priority)
        job.watches.append(watch)
        for logged in job.log[-1:] if since is None else job.log[since:]:
            watcher.put(logged)
        return watch

    def lease(self, wanted: Wanted, seconds: float = 60.0) -> None:
        if wanted.key in self.live:
            self.leases.append((wanted.key, seconds))

    async def types(self, address: Address) -> Possible:
        await trio.lowlevel.checkpoint()
        answer = self.possible.get(address.text)
        if answer is None:
            raise NotFound("The source has nothing at this address.")
        if isinstance(answer, OmnicError):
            raise answer
        return answer

    def _fresh(self, key: str) -> Finished | None:
        row = self.rows.get(key)
        return row if row is not None and self._now() < row.fresh_until else None


def _ready(artifact: Artifact) -> Ready:
    return Ready(
        directory=artifact.directory,
        artifact=artifact.key,
        entry=artifact.entry,
        media_type=artifact.media_type,
        bytes=artifact.size,
        etag=artifact.sha256,
    )
