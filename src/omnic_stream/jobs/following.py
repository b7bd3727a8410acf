"""A watcher for those who wait in a task of their own: the command line, the library, a waiting request."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

import trio

from omnic_stream.model.contracts import Jobs, Wanted
from omnic_stream.model.events import FLEETING, SETTLED, Failed, Logged, Ready


class Following:
    """contracts.Watcher with an own bounded view: the newest fleeting event, and every lasting one (there are a handful a Job)."""

    def __init__(self) -> None:
        self._waiting: deque[Logged] = deque()
        self._wake = trio.Event()

    def put(self, logged: Logged) -> None:
        if self._waiting and isinstance(logged.event, FLEETING) and isinstance(self._waiting[-1].event, FLEETING):
            self._waiting.pop()
        self._waiting.append(logged)
        self._wake.set()

    async def next(self) -> Logged:
        """The next event, waited for."""
        while not self._waiting:
            self._wake = trio.Event()
            await self._wake.wait()
        return self._waiting.popleft()

    async def events(self) -> AsyncGenerator[Logged]:
        """Each event as it comes; ends after ``ready`` or ``failed``."""
        logged = await self.next()
        while not isinstance(logged.event, SETTLED):
            yield logged
            logged = await self.next()
        yield logged

    async def settled(self) -> Ready | Failed:
        """Wait for the end, and tell it."""
        while True:
            event = (await self.next()).event
            if isinstance(event, (Ready, Failed)):
                return event


@contextmanager
def following(jobs: Jobs, wanted: Wanted, *, priority: int = 0, look: bool = False) -> Iterator[Following]:
    """Start or join the Job and hold it for the block."""
    follower = Following()
    watch = jobs.watch(wanted, follower, priority=priority, look=look)
    try:
        yield follower
    finally:
        watch.close()
