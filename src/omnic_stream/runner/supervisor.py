"""The supervisor of a process tree where there are no namespaces: starts the tool in its cage and outlives everything of it.

A process of its own (``python -I -S``, standard library only). It adopts what the tool orphans (PR_SET_CHILD_SUBREAPER), so that
"no child is left" means that nothing is left. Its link to the service is a socket: it tells ``{"status": n}`` when the tool has
ended; at the link's end (the service asks for it, or was killed) it kills everything and ends itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from typing import Any, Final, NoReturn, TypedDict

from omnic_stream.runner import landlock

_SET_PDEATHSIG: Final = 1
_SET_KEEPCAPS: Final = 8
_SET_SECCOMP: Final = 22
_SET_CHILD_SUBREAPER: Final = 36
_SET_NO_NEW_PRIVS: Final = 38
_CAP_AMBIENT: Final = 47
_CAP_AMBIENT_RAISE: Final = 2
_SECCOMP_FILTER: Final = 2
_DAC_READ_SEARCH: Final = 2
_CAPSET: Final = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION: Final = 0x20080522

NOT_FOUND: Final = 127
NO_CAGE: Final = 125
"""Exit statuses of a tool that could not be started, and of a cage that could not be made (the reason is on its stderr)."""
FAILED: Final = b"cage: "
"""How that reason begins."""


class Spec(TypedDict):
    """What the service asks for."""

    argv: list[str]
    env: dict[str, str]
    folder: str
    uid: int | None
    nice: int
    limits: dict[str, list[int]]
    """By the names of ``resource.RLIMIT_*`` without the prefix: soft and hard. NPROC counts from what the user has running."""
    readable: list[str] | None
    """None: no Landlock."""
    writable: list[str]
    devices: list[str]
    rules: int | None
    """Descriptor of the seccomp program."""
    reads_all: bool
    """Keep CAP_DAC_READ_SEARCH for a user who cannot reach the service's interpreter; Landlock bounds what it reads."""


def main() -> None:
    link = socket.socket(fileno=int(sys.argv[1]))
    spec: Spec = json.loads(sys.argv[2])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    _prctl(_SET_CHILD_SUBREAPER, 1)
    tool = os.fork()
    if tool == 0:
        _become(spec, link.fileno())
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # the tool's pipes end with the tool, not with its supervisor
        os.dup2(nothing, stream)
    pidfd = os.pidfd_open(tool)
    poll = select.poll()
    poll.register(link, select.POLLIN | select.POLLHUP)
    poll.register(pidfd, select.POLLIN)
    status: int | None = None
    while True:
        ready = {descriptor for descriptor, _ in poll.poll(500)}
        if pidfd in ready and status is None:
            status = os.waitstatus_to_exitcode(os.waitpid(tool, 0)[1])
            poll.unregister(pidfd)
            with contextlib.suppress(OSError):
                link.send(json.dumps({"status": status}).encode())
        if link.fileno() in ready:
            break
        if status is not None:
            _reap()
    _kill_all(spec["uid"])


def _become(spec: Spec, link: int) -> NoReturn:
    """Turn this fork into the tool, caged."""
    try:
        os.close(link)
        os.setsid()
        os.setpriority(os.PRIO_PROCESS, 0, spec["nice"])
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:  # noqa: PTH123
            score.write("500")
        os.chdir(spec["folder"])
        rules = None
        if spec["readable"] is not None:
            rules = landlock.ruleset([*spec["readable"], "/proc/self"], spec["writable"], spec["devices"])
        _limit(spec)
        if spec["uid"] is not None:
            _drop(spec["uid"], spec["reads_all"])
        _prctl(_SET_PDEATHSIG, signal.SIGKILL)  # after the drop, which clears it
        _prctl(_SET_NO_NEW_PRIVS, 1)
        if rules is not None:
            landlock.restrict(rules)
        if spec["rules"] is not None:
            _filter(os.read(spec["rules"], 1 << 16))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.closerange(3, 4096)
    except OSError as error:
        os.write(2, FAILED + str(error).encode())
        os._exit(NO_CAGE)
    try:
        os.execvpe(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(2, (error.strerror or "").encode())
    os._exit(NOT_FOUND)


def _limit(spec: Spec) -> None:
    for name, (soft, hard) in spec["limits"].items():
        if name == "NPROC" and spec["uid"] is None:
            # The kernel counts all of this user's threads on the machine, not only the tool's.
            running = _threads(os.getuid())
            soft, hard = soft + running, hard + running
        kind: int = getattr(resource, f"RLIMIT_{name}")
        most = resource.getrlimit(kind)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(kind, (soft, hard))


def _threads(uid: int) -> int:
    total = 0
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == uid:  # noqa: PTH116
                    total += len(os.listdir(f"/proc/{name}/task"))  # noqa: PTH208
    return total


def _drop(uid: int, reads_all: bool) -> None:
    if reads_all:
        _prctl(_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if reads_all:
        header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
        one = 1 << _DAC_READ_SEARCH
        sets = struct.pack("IIIIII", one, one, one, 0, 0, 0)
        if ctypes.CDLL(None, use_errno=True).syscall(_CAPSET[os.uname().machine], header, sets):
            raise OSError(ctypes.get_errno(), "capset")
        _prctl(_CAP_AMBIENT, _CAP_AMBIENT_RAISE, _DAC_READ_SEARCH)


def _filter(rules: bytes) -> None:
    """Load a seccomp program: the same bytes that ``bwrap --seccomp`` takes."""
    buffer = ctypes.create_string_buffer(rules, len(rules))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(rules) // 8, ctypes.addressof(buffer)))
    _prctl(_SET_SECCOMP, _SECCOMP_FILTER, ctypes.addressof(program))


def _prctl(option: int, *arguments: int) -> None:
    words = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    if ctypes.CDLL(None, use_errno=True).prctl(option, *words):
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _reap() -> bool:
    """Collect what has ended. False when no child is left at all."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _kill_all(uid: int | None) -> None:
    """Return when nothing is left. Children of orphans come to this process, so in the end all are its children."""
    pause = 0.0005
    while _reap():
        if uid is not None:
            _kill_user(uid)
        else:
            for pid in _descendants(os.getpid()):
                with contextlib.suppress(OSError):
                    # No more forks, so that a fork bomb is not faster than this loop.
                    resource.prlimit(pid, resource.RLIMIT_NPROC, (0, 0))
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(pause)
        pause = min(pause * 2, 0.02)


def _kill_user(uid: int) -> None:
    """``kill(-1)`` as the tree's own user takes all of it at once, faster than anything can fork."""
    killer = os.fork()
    if killer == 0:
        try:
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(killer, 0)


def _descendants(root: int) -> list[int]:
    found: list[int] = []
    todo: list[Any] = [root]
    while todo:
        pid = todo.pop()
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
                with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as children:  # noqa: PTH123
                    new = [int(word) for word in children.read().split()]
                found += new
                todo += new
    return found
