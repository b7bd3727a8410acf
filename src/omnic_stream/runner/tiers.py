"""Which sandbox this machine really has: found by running something in it, not by looking for a program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Final

import trio

from omnic_stream.model.contracts import Limits, MiB
from omnic_stream.model.errors import MisconfiguredError, OmnicError
from omnic_stream.runner.cage import Cage
from omnic_stream.runner.process import Child
from omnic_stream.runner.sandbox import BARE, Bubblewrap, Sandbox, Streams, take_back
from omnic_stream.runner.supervised import landlock_sandbox, rlimits_sandbox
from omnic_stream.runner.uids import Uids
from omnic_stream.runner.watch import watch_tree

TIERS: Final = ("bwrap", "landlock", "rlimits")
"""Strongest first."""

_KEEPER: Final = "import sys; sys.path.insert(0, sys.argv.pop(1)); from omnic_stream.runner.keeper import main; main()"
_LIMITS: Final = Limits(seconds=10, stall=10, memory=64 * MiB, address_space=None)
_TRY: Final = 'cat "$1" 2>/dev/null; test "$(id -u)" != 0 && echo fine > result'


@asynccontextmanager
async def choose(tier: str) -> AsyncIterator[Sandbox]:
    """The strongest tier that works, or the one that is named. Raises MisconfiguredError."""
    if tier not in ("auto", *TIERS):
        raise MisconfiguredError(f"There is no sandbox tier {tier!r}: choose auto, {', '.join(TIERS)}.")
    uids = Uids() if os.geteuid() == 0 else None
    mark = uuid.uuid4().hex
    try:
        for name in TIERS if tier == "auto" else (tier,):
            sandbox = _made(name, uids, mark)
            if sandbox is None:
                continue
            async with _keeper(mark) if name == "bwrap" else nullcontext():
                if await works(sandbox):
                    yield sandbox
                    return
        raise MisconfiguredError(f"The sandbox tier {tier!r} does not work on this machine: choose auto, or install bubblewrap.")
    finally:
        if uids is not None:
            uids.close()


@asynccontextmanager
async def _keeper(mark: str) -> AsyncIterator[None]:
    """Have the keeper watch while trees of this mark may live; a service that ends in order has ended them itself."""
    read, write = os.pipe()
    try:
        words = [sys.executable, "-I", "-S", "-B", "-c", _KEEPER, str(Path(__file__).parents[2]), mark]
        nothing = subprocess.DEVNULL
        keeper = Child(words, stdin=read, stdout=nothing, stderr=nothing, env=BARE)
    finally:
        os.close(read)
    try:
        yield
    finally:
        keeper.kill()
        with trio.CancelScope(shield=True):
            await keeper.wait()
        os.close(write)


def _made(name: str, uids: Uids | None, mark: str) -> Sandbox | None:
    if name == "bwrap":
        return Bubblewrap(uids, mark=mark) if shutil.which("bwrap", path="/usr/bin:/bin") else None
    return landlock_sandbox(uids) if name == "landlock" else rlimits_sandbox(uids)


async def works(sandbox: Sandbox) -> bool:
    """Whether a tool in it can write its result, is not root, and (in a safe tier) cannot read a file that is not its own."""
    with tempfile.TemporaryDirectory(prefix="omnic-try-") as text:
        folder = Path(text, "job")
        foreign = Path(text, "foreign")
        foreign.write_text("foreign", encoding="ascii")
        folder.mkdir()
        try:
            tree = await sandbox.start(
                Cage(argv=("/bin/sh", "-c", _TRY, "sh", str(foreign)), limits=_LIMITS, folder=folder), Streams()
            )
            ended = await watch_tree(tree, _LIMITS, folder=folder, told=lambda line: None)
        except (OmnicError, OSError):
            return False
        await trio.to_thread.run_sync(take_back, folder)
        result = folder / "result"
        return ended.returncode == 0 and result.is_file() and not (sandbox.safe and b"foreign" in ended.stdout)
