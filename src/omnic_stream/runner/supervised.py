"""The tiers without bubblewrap: a supervisor process for each tree, with Landlock and seccomp where the kernel has them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import trio

from omnic_stream.model.errors import SandboxUnavailable
from omnic_stream.runner import seccomp
from omnic_stream.runner.cage import SYSTEM, Cage, environment
from omnic_stream.runner.keeper import MARK, kill, marked
from omnic_stream.runner.landlock import abi
from omnic_stream.runner.process import NICE, Child
from omnic_stream.runner.sandbox import BARE, Streams, hand_over
from omnic_stream.runner.supervisor import Spec
from omnic_stream.runner.uids import Uids

_START: Final = "import sys; sys.path.insert(0, sys.argv.pop(1)); from omnic_stream.runner.supervisor import main; main()"
_READABLE: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/proc/cpuinfo", "/proc/meminfo")
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


class SupervisedTree:
    """A tree below a supervisor; the supervisor ends when nothing else of it is left."""

    def __init__(
        self, child: Child, link: trio.socket.SocketType, uid: int | None, uids: Uids | None, scratch: Path | None, mark: str
    ) -> None:
        self._child, self._link, self.uid, self._uids = child, link, uid, uids
        self._scratch, self._mark, self._ended = scratch, mark, False

    @property
    def root(self) -> int:
        return self._child.pid

    @property
    def stdout(self) -> trio.lowlevel.FdStream | None:
        return self._child.stdout

    @property
    def stderr(self) -> trio.lowlevel.FdStream | None:
        return self._child.stderr

    async def wait(self) -> int:
        try:
            told = await self._link.recv(4096)
        except ConnectionError:
            told = b""
        if not told:  # somebody killed the supervisor
            return -signal.SIGKILL
        message: dict[str, Any] = json.loads(told)
        return int(message["status"])

    async def end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._link.close()
        with trio.CancelScope(shield=True):
            if await self._child.wait() != 0:
                # Where the tool's user is the service's, it may have killed its supervisor: look for what that left.
                await _sweep(self._mark, self.uid)
            if self._scratch is not None:
                await trio.to_thread.run_sync(lambda: shutil.rmtree(self._scratch or "", ignore_errors=True))
        if self._uids is not None and self.uid is not None:
            self._uids.give_back(self.uid)


@dataclass(frozen=True, slots=True)
class Supervised:
    """``landlock``: files and network are closed. Without it only limits hold, and risky tools are refused."""

    uids: Uids | None
    landlocked: bool
    rules: bytes | None
    """No sockets at all, for here the machine's own would be in reach."""
    names_inside: bool = False

    @property
    def tier(self) -> str:
        return ("landlock" if self.landlocked else "rlimits") + ("+seccomp" if self.rules else "")

    @property
    def safe(self) -> bool:
        return self.landlocked and self.rules is not None

    async def start(self, cage: Cage, streams: Streams) -> SupervisedTree:
        if cage.sockets:
            # Landlock lets a tool connect to any socket file that its user may use: the session bus starts programs for it.
            raise SandboxUnavailable("This converter needs bubblewrap, which does not work on this machine.")
        uid = self.uids.take() if self.uids is not None else None
        mark = uuid.uuid4().hex
        folder, scratch = cage.folder, None
        if folder is None:
            folder = scratch = Path(tempfile.mkdtemp(prefix="omnic-cage-"))
        descriptor = seccomp.as_descriptor(self.rules) if self.rules else None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            if uid is not None:
                hand_over(folder, uid)
            spec = self._spec(cage, folder, uid, mark, descriptor)
            words = [sys.executable, "-I", "-S", "-B", "-c", _START, str(Path(__file__).parents[2])]
            child = Child(
                [*words, str(theirs.fileno()), json.dumps(spec)],
                stdin=streams.stdin,
                stdout=streams.stdout,
                stderr=streams.stderr,
                pass_fds=[fd for fd in (theirs.fileno(), descriptor) if fd is not None],
                env=BARE,
            )
        except OSError as error:
            ours.close()
            if uid is not None and self.uids is not None:
                self.uids.give_back(uid)
            raise SandboxUnavailable("The sandbox could not be started on this machine.") from error
        finally:
            theirs.close()
            if descriptor is not None:
                os.close(descriptor)
        return SupervisedTree(child, trio.socket.from_stdlib_socket(ours), uid, self.uids, scratch, mark)

    def _spec(self, cage: Cage, folder: Path, uid: int | None, mark: str, rules: int | None) -> Spec:
        limits = cage.limits
        bounds = {
            "CPU": [limits.cpu, limits.cpu + 1],
            "FSIZE": [limits.file_size] * 2,
            "NOFILE": [limits.open_files] * 2,
            "NPROC": [limits.processes] * 2,
            "CORE": [0, 0],
        }
        if limits.address_space is not None:
            bounds["AS"] = [limits.address_space] * 2
        seen = [*_READABLE, *SYSTEM, *cage.read_only]
        if cage.input is not None:
            seen.append(str(cage.input))
        reaches = uid is None or all(map(_reachable, (*cage.read_only, str(folder.parent))))
        reads_all = self.landlocked and not reaches
        # Without it a user of its own cannot walk to a folder below a home: it was put there, and names it as it stands.
        home = str(folder) if reaches or reads_all else "."
        return Spec(
            argv=list(cage.argv),
            env=environment(cage, home) | {MARK: mark},
            folder=str(folder),
            uid=uid,
            nice=NICE,
            limits=bounds,
            readable=seen if self.landlocked else None,
            writable=[str(folder)],
            devices=list(_DEVICES),
            rules=rules,
            reads_all=reads_all,
        )


def _reachable(text: str) -> bool:
    """Whether every user can get at the path."""
    path = Path(text)
    if not path.exists():
        return True
    return all(parent.stat().st_mode & 0o001 for parent in path.parents) and bool(path.stat().st_mode & 0o004)


async def _sweep(mark: str, uid: int | None) -> None:
    while pids := await trio.to_thread.run_sync(marked, mark, uid):
        kill(pids)
        await trio.sleep(0.002)


def landlock_sandbox(uids: Uids | None) -> Supervised | None:
    """None where the kernel or libseccomp lacks what makes it safe."""
    rules = _rules(uids)
    return Supervised(uids, True, rules) if rules is not None and abi() > 0 else None


def rlimits_sandbox(uids: Uids | None) -> Supervised:
    return Supervised(uids, False, _rules(uids))


def _rules(uids: Uids | None) -> bytes | None:
    """Without sockets; and a tool with the service's own user must not change its files' modes."""
    return seccomp.program(unix_sockets=False, metadata=uids is not None)
