"""Process trees in cages: start one, wait for it, and know that nothing of it is left."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import trio

from omnic_stream.model.errors import SandboxUnavailable
from omnic_stream.runner import seccomp
from omnic_stream.runner.cage import FOLDER, INPUT, Cage, bwrap_argv, system_links
from omnic_stream.runner.keeper import MARK
from omnic_stream.runner.process import Child, prefer_for_oom, send
from omnic_stream.runner.uids import Uids

BARE: Final = {"PATH": "/usr/bin:/bin"}
"""bubblewrap's own environment: ``--clearenv`` cleans only the tool's, and /proc/1/environ inside shows this one."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Descriptors (or subprocess constants) that the tool gets as its standard streams."""

    stdin: int = subprocess.DEVNULL
    stdout: int = subprocess.PIPE
    stderr: int = subprocess.PIPE


class Tree(Protocol):
    """A started process tree. ``stdout`` and ``stderr`` are there where they were asked for as pipes."""

    @property
    def root(self) -> int:
        """The process below which all of the tree lives."""
        ...

    @property
    def uid(self) -> int | None: ...
    @property
    def stdout(self) -> trio.lowlevel.FdStream | None: ...
    @property
    def stderr(self) -> trio.lowlevel.FdStream | None: ...
    async def wait(self) -> int:
        """The tool's exit status; what it left behind may still live."""
        ...

    async def end(self) -> None:
        """Kill what is left and return when nothing is. Not interrupted by cancellation; may be called again."""
        ...


class Sandbox(Protocol):
    """One way to start caged trees on this machine."""

    @property
    def tier(self) -> str:
        """Its name in the provenance."""
        ...

    @property
    def safe(self) -> bool:
        """Whether risky tools may run in it."""
        ...

    @property
    def uids(self) -> Uids | None:
        """Where each tree gets a user of its own; None where all are the service's user."""
        ...

    @property
    def names_inside(self) -> bool:
        """Whether the tool sees its files under fixed names (/in, /w), not relative to its working directory."""
        ...

    async def start(self, cage: Cage, streams: Streams) -> Tree: ...


def seen_names(sandbox: Sandbox, cage_input: str) -> tuple[str, str]:
    """What the tool calls its input and its folder."""
    return (f"{INPUT}/{cage_input}", FOLDER) if sandbox.names_inside else (f".in/{cage_input}", ".")


class BubbleTree:
    """A tree in a process namespace of its own.

    The namespace's first process (told by ``--info-fd``) is held by a descriptor: when it is killed the kernel ends every member,
    daemons included, and reports its end only after they are gone.
    """

    def __init__(self, child: Child, init: int | None, uid: int | None, uids: Uids | None) -> None:
        self._child, self._init, self.uid, self._uids = child, init, uid, uids
        self._ended = False

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
        return await self._child.wait()

    async def end(self) -> None:
        if self._ended:
            return
        self._ended = True
        with trio.CancelScope(shield=True):
            if self._init is None:
                self._child.kill()
            else:
                send(self._init)
                await trio.lowlevel.wait_readable(self._init)
                os.close(self._init)
            await self._child.wait()
        if self._uids is not None and self.uid is not None:
            self._uids.give_back(self.uid)


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """The strongest tier: namespaces by bubblewrap, seccomp where libseccomp is there."""

    uids: Uids | None
    rules: bytes | None = field(default_factory=seccomp.program)
    links: Mapping[str, str] = field(default_factory=system_links)
    mark: str = ""
    """By which the keeper knows this service's trees."""
    safe: bool = True
    names_inside: bool = True

    @property
    def tier(self) -> str:
        return "bwrap+seccomp" if self.rules else "bwrap"

    async def start(self, cage: Cage, streams: Streams) -> BubbleTree:
        uid = self.uids.take() if self.uids is not None else None
        tell, told = os.pipe()
        rules = seccomp.as_descriptor(self.rules) if self.rules else None
        try:
            try:
                if uid is not None and cage.folder is not None:
                    hand_over(cage.folder, uid)
                child = Child(
                    bwrap_argv(cage, uid=uid, info=told, rules=rules, links=self.links),
                    stdin=streams.stdin,
                    stdout=streams.stdout,
                    stderr=streams.stderr,
                    pass_fds=[descriptor for descriptor in (told, rules) if descriptor is not None],
                    env=BARE | {MARK: self.mark},
                )
            finally:
                os.close(told)
                if rules is not None:
                    os.close(rules)
        except OSError as error:
            os.close(tell)
            if uid is not None and self.uids is not None:
                self.uids.give_back(uid)
            raise SandboxUnavailable("The sandbox could not be started on this machine.") from error
        prefer_for_oom(child.pid)
        return BubbleTree(child, await _init_of(tell), uid, self.uids)


async def _init_of(tell: int) -> int | None:
    """A descriptor of the namespace's first process; None where bubblewrap gave up before it made one.

    Shielded: it takes a millisecond or two, and without it nobody could end the tree.
    """
    text = b""
    with trio.CancelScope(shield=True), os.fdopen(tell, "rb", 0) as pipe:
        while not text.rstrip().endswith(b"}"):
            await trio.lowlevel.wait_readable(pipe)
            part = pipe.read(4096)
            if not part:
                return None
            text += part
    told: dict[str, Any] = json.loads(text)
    try:
        return os.pidfd_open(told["child-pid"])
    except ProcessLookupError:
        return None


def hand_over(folder: Path, uid: int) -> None:
    """Give a job folder to a tree's user. The group is root's own and may enter: bubblewrap does, before it drops to that user."""
    os.chown(folder, uid, 0)
    folder.chmod(0o710)


def take_back(folder: Path) -> None:
    """Make what a tool left the service's own again: owner, and folders that can be listed and emptied. Blocks: use a thread."""
    mine = os.geteuid()
    for base, folders, files, at in os.fwalk(folder, follow_symlinks=False, onerror=None):
        if base == str(folder):
            os.fchown(at, mine, -1) if mine == 0 else None
            os.fchmod(at, 0o700)
        for name in folders:
            _own(name, at, mine, 0o700)
        for name in files:
            _own(name, at, mine, None)


def _own(name: str, at: int, uid: int, mode: int | None) -> None:
    try:
        if uid == 0:
            os.chown(name, 0, 0, dir_fd=at, follow_symlinks=False)
        if mode is not None and stat.S_ISDIR(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
            os.chmod(name, mode, dir_fd=at)
    except OSError:  # what cannot be owned is refused when the output is looked at
        pass
