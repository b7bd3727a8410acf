"""Content on its way into a Sink: counted, bounded, told of, and held to a pace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf

import trio

from omnic_stream.model.contracts import MiB, Sink
from omnic_stream.model.errors import OriginFailed, TooLarge

Reporting = Callable[[int, "int | None"], None]
"""Told the bytes so far and the total, where it is known."""

REPORT_SECONDS = 0.05


class Delivery:
    """Writes into a Sink, and tells of it at the start, at the end, and between them when 50 ms or 1 % have passed."""

    def __init__(self, sink: Sink, most: int, report: Reporting) -> None:
        self.size = 0
        """Bytes written so far."""
        self._sink = sink
        self._most = most
        self._report = report
        self._total: int | None = None
        self._told = 0
        self._told_at = -inf

    def begin(self, total: int | None) -> None:
        """Raises TooLarge where the announced total is beyond the cap."""
        if total is not None and total > self._most:
            raise self._too_large()
        self._total = total
        self._tell()

    async def write(self, chunk: bytes) -> None:
        """Raises TooLarge, and what the Sink raises."""
        if not chunk:
            return
        if self.size + len(chunk) > self._most:
            raise self._too_large()
        self.size += len(chunk)
        await self._sink.write(chunk)
        step = self._total // 100 if self._total else inf
        if self.size - self._told >= step or trio.current_time() - self._told_at >= REPORT_SECONDS:
            self._tell()

    def end(self) -> None:
        if self.size != self._told:
            self._tell()

    def _tell(self) -> None:
        self._told, self._told_at = self.size, trio.current_time()
        self._report(self.size, self._total)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The file is larger than the {_in_words(self._most)} that this service takes.")


class Pace:
    """Ends its block when any window of so many seconds brings less than ``rate`` bytes a second on the average.

    Time-outs for each read would begin anew with every byte: who sends one a second could go on for ever.
    """

    def __init__(self, *, rate: int, window: float) -> None:
        self._floor = rate * window
        self._window = window
        self._received = 0
        self._scope = trio.CancelScope()

    @contextmanager
    def hold(self) -> Iterator[trio.CancelScope]:
        """The scope whose ``cancelled_caught`` tells that it was too slow."""
        self._scope.deadline = trio.current_time() + self._window
        with self._scope:
            yield self._scope

    def received(self, size: int) -> None:
        self._received += size
        if self._received >= self._floor:
            self._received = 0
            self._scope.deadline = trio.current_time() + self._window

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Time spent in here is ours, not the origin's."""
        left, self._scope.deadline = self._scope.deadline - trio.current_time(), inf
        try:
            yield
        finally:
            self._scope.deadline = trio.current_time() + left


class Crumbs:
    """Refuses what comes in crumbs: a chunk costs some 50 microseconds of parsing, however little is in it.

    Chunks of one byte would keep a core busy at 20 kB/s. Who streams a table line by line stays well above 16 bytes.
    """

    def __init__(self, *, grace: int = 10_000, average: int = 16) -> None:
        self._grace, self._average = grace, average
        self._chunks = self._size = 0

    def count(self, size: int) -> None:
        """Raises OriginFailed after ``grace`` chunks of less than ``average`` bytes."""
        self._chunks += 1
        self._size += size
        if self._chunks > self._grace and self._size < self._chunks * self._average:
            raise OriginFailed("The origin sends the file in pieces that are too small to be handled.")


def _in_words(size: int) -> str:
    return f"{size / MiB:.4g} MiB" if size >= MiB else f"{size:,} bytes"
