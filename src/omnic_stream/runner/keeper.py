"""The keeper: a small process beside the service that ends what bubblewrap leaves behind when the service is killed.

bubblewrap 0.8 ties a tree to the service by PR_SET_PDEATHSIG, and asks for that signal late: its first process after it has cloned
its second, the second when the cage is built. A service killed before that orphans the tree, and one whose first process ends
between the two leaves a second one that waits for ever (bubblewrap.c, ``child_wait_fd``). So each tree of a service carries a mark
in bubblewrap's own environment, and the keeper, told of the service's end by a socket, kills whatever carries it.

A process of its own (``python -I -S``, standard library only).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

MARK: Final = "OMNIC_TREE"
"""Environment variable by which the processes of a tree are known."""
QUIET: Final = 0.4
"""Seconds without a find after which nothing more is expected: a process that was being made has long had its environment."""
_PAUSE: Final = 0.02


def marked(mark: str, uid: int | None = None) -> list[int]:
    """Processes that were started with the mark, or that are the user's; those already dead (zombies) do not count."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError):
            if (entry / "stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z":
                continue
            if (uid is not None and entry.stat().st_uid == uid) or mark.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return found


def kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Wait for the end of the service on standard input, then kill what carries the mark in ``argv[1]``."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 64):
        pass
    quiet = time.monotonic() + QUIET
    while time.monotonic() < quiet:
        if pids := marked(sys.argv[1]):
            kill(pids)
            quiet = time.monotonic() + QUIET
        time.sleep(_PAUSE)
