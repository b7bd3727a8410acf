"""One Job: its event log, its watchers, and how long it lives."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import trio

from omnic_stream.jobs.gauge import Gauge, Leg
from omnic_stream.model.contracts import Wanted, Watcher
from omnic_stream.model.events import FLEETING, SETTLED, Converting, Event, Logged

GRACE = 1.0
"""Seconds that a Job outlives its last watcher."""
PACE = 0.1
"""At most one fleeting event in so many seconds is numbered."""


class Log:
    """A Job's events, numbered without holes. Keeps every lasting one, and the newest fleeting one."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._kept: list[Logged] = []
        self._seq = 0
        self._at = -inf

    @property
    def latest(self) -> Logged:
        return self._kept[-1]

    def add(self, event: Event) -> Logged:
        self._seq += 1
        self._at = max(self._at, self._now())
        logged = Logged(self._seq, self._at, event)
        if self._kept and isinstance(self._kept[-1].event, FLEETING) and type(self._kept[-1].event) is type(event):
            self._kept[-1] = logged
        else:
            self._kept.append(logged)
        return logged

    def after(self, seq: int) -> list[Logged]:
        return [logged for logged in self._kept if logged.seq > seq]


class HeldWatch:
    """contracts.Watch on a live Job."""

    def __init__(self, job: Job, watcher: Watcher, priority: int) -> None:
        self._job, self.watcher, self.priority = job, watcher, priority

    @property
    def key(self) -> str:
        return self._job.key

    @property
    def latest(self) -> Logged:
        return self._job.log.latest

    def prioritise(self, priority: int) -> None:
        self.priority = priority

    def close(self) -> None:
        self._job.leave(self)


class SettledWatch:
    """contracts.Watch on what needs no Job: it is ready, or its failure is remembered."""

    def __init__(self, key: str, latest: Logged) -> None:
        self._key, self._latest = key, latest

    @property
    def key(self) -> str:
        return self._key

    @property
    def latest(self) -> Logged:
        return self._latest

    def prioritise(self, priority: int) -> None:
        """Nothing left to hurry."""

    def close(self) -> None:
        """Nothing is held."""


class Job:
    """The making of one Target from one Address. ``scope`` is its life: its deadline moves with watchers and leases."""

    def __init__(self, wanted: Wanted, *, look: bool, now: Callable[[], float]) -> None:
        self.wanted, self.look, self.key = wanted, look, wanted.key
        self.log = Log(now)
        self.gauge = Gauge(trio.current_time())
        self.scope = trio.CancelScope()
        self._watches: set[HeldWatch] = set()
        self._leased_until = -inf
        self._told = -inf
        self._pending: Event | None = None
        self.converting = False
        self.walked: tuple[Leg, ...] = ()
        """What came before the Plan: where a member is wanted, it was taken out of its archive."""
        self.opened = ""
        """The address key of the archive that is open."""

    # --- who wants it

    @property
    def over(self) -> bool:
        """Settled, or being given up: not to be joined any more."""
        return self.scope.cancel_called or self.settled

    @property
    def settled(self) -> bool:
        return isinstance(self.log.latest.event, SETTLED)

    def priority(self) -> int:
        """The highest of the watchers'; a lease alone counts as normal."""
        return max((watch.priority for watch in self._watches), default=0)

    def join(self, watcher: Watcher, *, priority: int, since: int | None) -> HeldWatch:
        watch = HeldWatch(self, watcher, priority)
        self._watches.add(watch)
        self.scope.deadline = inf
        for logged in (self.log.latest,) if since is None else self.log.after(since):
            watcher.put(logged)
        return watch

    def leave(self, watch: HeldWatch) -> None:
        if watch in self._watches:
            self._watches.remove(watch)
            if not self._watches:  # while others watch there is none, and five hundred leave at once after ``ready``
                self._set_deadline()

    def lease(self, seconds: float) -> None:
        self._leased_until = max(self._leased_until, trio.current_time() + seconds)
        self._set_deadline()

    def _set_deadline(self) -> None:
        self.scope.deadline = inf if self._watches else max(self._leased_until, trio.current_time() + GRACE)

    # --- what happens

    def tell(self, event: Event, *, now: bool = False) -> None:
        """Number an event and put it to every watcher. Fleeting ones are thinned first, unless ``now``."""
        if isinstance(event, FLEETING):
            time = trio.current_time()
            if not now and time - self._told < PACE:
                self._pending = event
                return
            self._told = time
        self._pending = None
        logged = self.log.add(event)
        for watch in tuple(self._watches):
            watch.watcher.put(logged)

    def tick(self) -> None:
        """Say what was held back, or what has changed by the mere passing of time. Called some ten times a second."""
        time = trio.current_time()
        if time - self._told < PACE:
            return
        if self._pending is not None:
            self.tell(self._pending)
        elif self.converting:
            self.show()

    def show(self, *, now: bool = False) -> None:
        """Tell the gauge's reading, if it is another than the last."""
        reading = self.gauge.show(trio.current_time())
        event = Converting(
            step=reading.step,
            steps=reading.steps,
            source=reading.source,
            target=reading.target,
            fraction=None if reading.fraction is None else round(reading.fraction, 4),
            overall=round(reading.overall, 4),
            estimated=reading.estimated,
            eta=reading.eta,
            waiting=reading.waiting,
        )
        latest = self.log.latest.event
        if isinstance(latest, Converting) and _same(latest, event):
            return
        self.tell(event, now=now)


def _same(one: Converting, other: Converting) -> bool:
    """Whether nothing but the time left differs: a reader has a clock of its own."""
    return (one.step, one.steps, one.fraction, one.overall, one.waiting, one.estimated) == (
        other.step,
        other.steps,
        other.fraction,
        other.overall,
        other.waiting,
        other.estimated,
    )
