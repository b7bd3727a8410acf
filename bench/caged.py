"""Converters run by the Runner alone: no HTTP, no store, no graph; and the same functions and programs without it."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import trio

from omnic_stream.converters.warm import programs
from omnic_stream.model.contracts import Converter, Running, Waiting, Work
from omnic_stream.runner import CagedRunner


@dataclass
class Handed:
    """A Call without a worker: what a warm function is given when it is called plainly."""

    input: int
    output: int
    source: str
    target: str
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])

    def report(self, fraction: float) -> None:
        """Nobody watches."""


async def convert(
    runner: CagedRunner, converter: Converter, input: Path, source: str, target: str, arguments: Mapping[str, str], suffix: str
) -> float:
    """One Step in a job folder of its own; seconds from the asking to the result."""
    with tempfile.TemporaryDirectory(prefix="omnic-bench-") as folder:
        work = Work(
            converter=converter,
            input=input,
            source=source,
            target=target,
            arguments=arguments,
            folder=Path(folder),
            output=converter.name or f"result.{suffix}",
        )
        begun = time.perf_counter()
        await runner.run(work, priority=lambda: 0, report=_unseen)
        return time.perf_counter() - begun


async def all_of(works: Sequence[Callable[[], Any]], at_once: int) -> float:
    """Seconds in which so many tasks walk through all of these."""
    todo = iter(works)

    async def walk() -> None:
        for work in todo:
            await work()

    begun = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(at_once):
            nursery.start_soon(walk)
    return time.perf_counter() - begun


@contextmanager
def handed(input: Path, source: str, target: str, arguments: Mapping[str, str] | None = None) -> Iterator[Handed]:
    with input.open("rb") as given, tempfile.TemporaryFile() as made:
        yield Handed(given.fileno(), made.fileno(), source, target, arguments or {})


def argvs_of(function: Callable[[Handed], object], call: Handed) -> list[tuple[str, ...]]:
    """The programs that a warm function runs beside itself, in order."""
    seen: list[tuple[str, ...]] = []
    start = subprocess.Popen

    def noted(argv: Sequence[str], *rest: Any, **more: Any) -> Any:
        seen.append(tuple(argv))
        return start(argv, *rest, **more)

    with patch.object(programs.subprocess, "Popen", noted):
        function(call)
    return seen


def run_plainly(argv: Sequence[str], call: Handed) -> None:
    """A program on the same descriptors, its output to a file."""
    os.lseek(call.input, 0, os.SEEK_SET)
    with tempfile.TemporaryFile() as out:
        descriptors = (call.input, call.output)
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, pass_fds=descriptors)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def _unseen(progress: Waiting | Running) -> None:
    """Nobody watches."""
