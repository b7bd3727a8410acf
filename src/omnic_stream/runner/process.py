"""Child processes, forked where their death signal means the service and waited for by descriptor."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import trio

NICE: Final = 10
"""Tools run at this niceness: on two busy cores the event loop would else stall for the kernel's time slices."""

PAGE: Final = os.sysconf("SC_PAGE_SIZE")
TICK: Final = os.sysconf("SC_CLK_TCK")


class Child:
    """A direct child.

    ``trio.lowlevel.open_process`` forks in a cached worker thread; PR_SET_PDEATHSIG (bubblewrap's ``--die-with-parent``) is told
    when the parent *thread* ends, and that one retires after 10 s idle. So the fork is made here, in the thread of the event
    loop: 0.3-0.5 ms with vfork.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        stdin: int,
        stdout: int,
        stderr: int,
        pass_fds: Sequence[int] = (),
        env: Mapping[str, str],
        cwd: Path | None = None,
    ) -> None:
        self._popen = subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
        self.pid = self._popen.pid
        self._pidfd = os.pidfd_open(self.pid)
        self.stdout = _stream(self._popen.stdout)
        self.stderr = _stream(self._popen.stderr)

    async def wait(self) -> int:
        """The exit status as Popen tells it; the child is reaped."""
        status = self._popen.returncode
        if status is None:
            await trio.lowlevel.wait_readable(self._pidfd)
            status = self._popen.wait()  # it has ended: does not wait
            os.close(self._pidfd)
        return status

    @property
    def returncode(self) -> int | None:
        return self._popen.returncode

    def kill(self) -> None:
        self._popen.kill()

    async def close_streams(self) -> None:
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                await stream.aclose()


def _stream(file: IO[bytes] | None) -> trio.lowlevel.FdStream | None:
    if file is None:
        return None
    stream = trio.lowlevel.FdStream(os.dup(file.fileno()))
    file.close()
    return stream


def send(pidfd: int, number: int = signal.SIGKILL) -> None:
    """Signal a process by descriptor; one that has ended is nothing to complain of."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, number)


def prefer_for_oom(pid: int) -> None:
    """Where the machine runs out of memory, let the kernel take the tool and not the service."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("500", encoding="ascii")


@dataclass(frozen=True, slots=True)
class Sample:
    """What a process tree used at one moment. ``memory`` in bytes, ``cpu`` in seconds (that of ended and reaped children too)."""

    memory: int
    cpu: float
    processes: int


def sample(root: int, *, exact: bool = False) -> Sample:
    """Measure ``root`` and everything below it.

    Resident sizes count shared pages once for each process: cheap, and too much. ``exact`` reads proportional sizes instead,
    which is right and dear; ask for it when the cheap figure says that a limit was passed.
    """
    memory, cpu, todo, seen = 0, 0.0, [root], set[int]()
    while todo:
        pid = todo.pop()
        if pid in seen:
            continue
        try:
            # The name may hold anything: fields are counted behind its last parenthesis, from field 3 on (proc(5)).
            fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
            cpu += sum(map(int, fields[11:15])) / TICK
            if exact:
                memory += int(_read(f"/proc/{pid}/smaps_rollup").split(b"\nPss:")[1].split()[0]) * 1024
            else:
                memory += int(fields[21]) * PAGE
            seen.add(pid)
            for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - names, not paths
                todo += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
        except (OSError, IndexError, ValueError):  # it ended meanwhile
            continue
    return Sample(memory, cpu, len(seen))


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts: list[bytes] = []
        while part := os.read(descriptor, 1 << 16):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)
