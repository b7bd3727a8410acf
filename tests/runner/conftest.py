"""What the runner's tests share: the tiers that this machine has, a bench to run things on, and a look for what was left alive."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio

from omnic_stream.model.contracts import Command, Converter, Cost, Limits, Outcome, Running, Waiting, WarmCall, Work
from omnic_stream.runner import CagedRunner

HERE = Path(__file__).parent


def alive(mark: str, *, named: bool = False) -> list[int]:
    """Processes with the mark in their environment (``named``: or in their words); a zombie is dead."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError):
            if (entry / "stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z":
                continue
            told = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes() * named
            if mark.encode() in told:
                found.append(int(entry.name))
    return found


@dataclass
class Bench:
    """Runs Commands and warm calls on one small file, each in a fresh job folder."""

    folder: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    reports: list[Waiting | Running] = field(default_factory=list)
    jobs: int = 0

    @property
    def input(self) -> Path:
        path = self.folder / "content"
        if not path.exists():
            path.write_bytes(b"content of the input\n")
            path.chmod(0o444)
        return path

    def work(self, how: Command | WarmCall, *, source: str = "TXT", output: str = "result.txt", **arguments: str) -> Work:
        self.jobs += 1
        folder = self.folder / f"job{self.jobs}"
        folder.mkdir(mode=0o700)
        converter = Converter(id="test", version=1, inputs=("TXT",), outputs=("TXT",), cost=Cost(ms=1), run=how)
        return Work(
            converter=converter,
            input=self.input,
            source=source,
            target="TXT",
            arguments=arguments,
            folder=folder,
            output=output,
        )

    async def run(
        self, runner: CagedRunner, how: Command | WarmCall, *, priority: Callable[[], int] = lambda: 0, **kw: str
    ) -> tuple[Outcome, Path]:
        work = self.work(how, **kw)
        outcome = await runner.run(work, priority=priority, report=self.reports.append)
        return outcome, work.folder / work.output

    def command(self, *argv: str, **kw) -> Command:
        kw.setdefault("risky", False)
        kw.setdefault("limits", Limits())
        return Command(argv=argv, env=(("TEST_MARK", self.mark), *kw.pop("env", ())), **kw)

    def shell(self, script: str, **kw) -> Command:
        return self.command("/bin/sh", "-c", script.replace("{", "{{").replace("}", "}}"), **kw)

    def python(self, script: str, **kw) -> Command:
        return self.command("/usr/bin/python3", "-c", script.replace("{", "{{").replace("}", "}}"), **kw)

    def alive(self) -> list[int]:
        return alive(self.mark)

    async def quiet(self, seconds: float = 2.0, *, named: bool = False) -> bool:
        """Whether nothing with the mark lives: at once, or (where others must notice first) within the time."""
        with trio.move_on_after(seconds):
            while alive(self.mark, named=named):
                await trio.sleep(0.01)
            return True
        return False


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for pid in bench.alive():
        os.kill(pid, 9)
