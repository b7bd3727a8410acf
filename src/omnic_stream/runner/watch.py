"""Running one Command's tree under its limits."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from omnic_stream.model.contracts import Limits
from omnic_stream.model.errors import TooExpensive
from omnic_stream.runner.process import sample
from omnic_stream.runner.sandbox import Tree
from omnic_stream.runner.streams import Kept, Lines

EVERY: Final = 0.1
"""Seconds between two looks at a tree."""
MOST_FILES: Final = 100_000
"""A job folder with more entries is over its output limit, whatever they hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a tree ended by itself."""

    returncode: int
    stdout: bytes
    stderr: bytes
    peak_memory: int


class Meter:
    """Holds what was seen of a tree against its limits. ``alive`` is told of every sign of life.

    ``cpu`` is what the tree had used before; None means that the first look tells (a look costs more than a small call).
    """

    def __init__(self, limits: Limits, *, now: float, cpu: float | None = 0.0) -> None:
        self._limits, self._cpu = limits, cpu
        self._end, self._heard, self._size = now + limits.seconds, now, 0
        self.peak = 0

    def alive(self) -> None:
        self._heard = trio.current_time()

    @property
    def deadline(self) -> float:
        """When the next of the time limits would be hit, if nothing is heard."""
        return min(self._end, self._heard + self._limits.stall)

    def check_time(self) -> None:
        now = trio.current_time()
        if now >= self._end:
            raise TooExpensive(f"This took longer than {self._limits.seconds:g} s.")
        if now >= self._heard + self._limits.stall:
            raise TooExpensive(f"The tool showed no progress for {self._limits.stall:g} s.")

    async def look(self, root: int, size: Callable[[], int]) -> None:
        """Measure in a thread and raise TooExpensive beyond a limit. ``size`` counts the output's bytes, also in the thread."""
        use, written = await trio.to_thread.run_sync(lambda: (sample(root), size()))
        if use.memory > self._limits.memory:
            use = await trio.to_thread.run_sync(lambda: sample(root, exact=True))
        self.peak = max(self.peak, use.memory)
        if use.memory > self._limits.memory:
            raise TooExpensive("This needs more memory than is allowed.")
        if self._cpu is None:
            self._cpu = use.cpu
        if use.cpu - self._cpu > self._limits.cpu:
            raise TooExpensive(f"This took more than {self._limits.cpu} s of computing.")
        if written > self._limits.output:
            raise TooExpensive("The result is larger than is allowed.")
        if written != self._size:
            self._size = written
            self.alive()


async def watch_tree(tree: Tree, limits: Limits, *, folder: Path | None, told: Callable[[bytes], None]) -> Ended:
    """Read what the tree prints (``told`` gets each line), hold it to its limits, and return when it is gone.

    Raises TooExpensive. When it returns or raises, by cancellation too, no process of the tree is left.
    """
    kept = {"stdout": Kept(limits.kept), "stderr": Kept(limits.kept)}
    meter = Meter(limits, now=trio.current_time())

    async def drain(stream: trio.lowlevel.FdStream, name: str) -> None:
        lines = Lines()
        async for chunk in stream:
            meter.alive()
            kept[name].feed(chunk)
            if sum(one.seen for one in kept.values()) > limits.flood:
                raise TooExpensive("The tool printed without end.")
            for line in lines.feed(chunk):
                told(line)
        for line in lines.last():
            told(line)

    def written() -> int:
        return folder_size(folder) if folder is not None else 0

    async def look() -> None:
        while True:
            await trio.sleep(min(EVERY, max(meter.deadline - trio.current_time(), 0)))
            await meter.look(tree.root, written)
            meter.check_time()

    try:
        async with trio.open_nursery() as around:
            async with trio.open_nursery() as reading:
                for stream, name in ((tree.stdout, "stdout"), (tree.stderr, "stderr")):
                    if stream is not None:
                        reading.start_soon(drain, stream, name)
                around.start_soon(look)
                returncode = await tree.wait()
                # Daemons that the tool left may hold the pipes open: end them first, then the pipes give their end of file.
                await tree.end()
                reading.cancel_scope.deadline = trio.current_time() + 1
            around.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # The readers and the watcher may hit two limits at once, or one and a cancellation: one reason is enough.
        limit, rest = group.split(TooExpensive)
        if limit is not None and rest is None:
            raise _first(limit) from None
        raise
    finally:
        await tree.end()
        with trio.CancelScope(shield=True):
            for stream in (tree.stdout, tree.stderr):
                if stream is not None:
                    await stream.aclose()
    return Ended(returncode=returncode, stdout=kept["stdout"].value(), stderr=kept["stderr"].value(), peak_memory=meter.peak)


def _first(group: BaseExceptionGroup[TooExpensive]) -> TooExpensive:
    one = group.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one


def folder_size(folder: Path) -> int:
    """Bytes on disk below the folder; ``sys.maxsize`` for more than MOST_FILES entries. Blocks: use a thread."""
    total, entries, todo = 0, 0, [str(folder)]
    while todo:
        try:
            with os.scandir(todo.pop()) as found:
                for entry in found:
                    entries += 1
                    if entries > MOST_FILES:
                        return 1 << 62
                    status = entry.stat(follow_symlinks=False)
                    total += status.st_blocks * 512
                    if stat.S_ISDIR(status.st_mode):
                        todo.append(entry.path)
        except OSError:  # it went away meanwhile, or the tool closed it to all
            continue
    return total
