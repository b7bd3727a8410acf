"""A bounded number of places, given to the most urgent who waits, and to the one who has waited longest among equals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio


class _Waiter:
    __slots__ = ("called", "priority", "report")

    def __init__(self, priority: Callable[[], int], report: Callable[[int], None]) -> None:
        self.priority, self.report, self.called = priority, report, trio.Event()


class Line:
    """Priorities are asked for when a place comes free, so that they may change while waiting."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: list[_Waiter] = []

    def __len__(self) -> int:
        return len(self._waiting)

    @asynccontextmanager
    async def place(self, *, priority: Callable[[], int], report: Callable[[int], None]) -> AsyncIterator[None]:
        """Hold a place for the block. ``report`` is told the position (0 is next) whenever it changes while waiting."""
        if self._free and not self._waiting:
            self._free -= 1
        else:
            await self._wait(_Waiter(priority, report))
        try:
            yield
        finally:
            self._free += 1
            self._call()

    async def _wait(self, waiter: _Waiter) -> None:
        self._waiting.append(waiter)
        self._tell()
        try:
            await waiter.called.wait()
        except trio.Cancelled:
            if waiter.called.is_set():  # called and cancelled at once: the place goes to the next
                self._free += 1
                self._call()
            else:
                self._waiting.remove(waiter)
                self._tell()
            raise

    def _call(self) -> None:
        while self._free and self._waiting:
            chosen = self._ordered()[0]
            self._waiting.remove(chosen)
            self._free -= 1
            chosen.called.set()
        self._tell()

    def _ordered(self) -> list[_Waiter]:
        return sorted(self._waiting, key=lambda waiter: -waiter.priority())

    def _tell(self) -> None:
        for position, waiter in enumerate(self._ordered()):
            waiter.report(position)
