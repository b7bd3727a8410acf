"""Warm workers: caged processes that are started once and serve calls, handed open descriptors and never a path.

The protocol stands in inside.py. Anything odd (a crash, a stall, a limit, a cancelled call, an answer nobody asked for) kills the
worker; a failed call recycles it, for documents share its state. The next call gets a fresh one.
"""

from __future__ import annotations

import array
import json
import os
import secrets
import select
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
import trio

from omnic_stream.model.contracts import Limits, WarmWorker
from omnic_stream.model.errors import ERRORS, ConverterFailed, OmnicError, SandboxUnavailable, TooExpensive
from omnic_stream.runner.cage import SCRATCH, Cage, python_folders, python_paths
from omnic_stream.runner.inside import LARGEST
from omnic_stream.runner.process import sample
from omnic_stream.runner.reasons import clean, said
from omnic_stream.runner.sandbox import Sandbox, Streams, Tree
from omnic_stream.runner.streams import Kept
from omnic_stream.runner.watch import EVERY, Meter

log = structlog.get_logger(__name__)

CHECK_CALLS: Final = 8
"""A worker's memory is looked at after every so many calls (and while a call takes long): reading /proc costs a thread hop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    value: Any
    peak_memory: int


def worker_cage(kind: WarmWorker, read_only: Sequence[str] = ()) -> Cage:
    """The world of one kind of worker. What uses ``{python}`` sees the service's interpreter and everything it can import."""
    package = Path(__file__).parents[2]
    python = any("{python}" in word for word in kind.argv)
    words = tuple(word.replace("{python}", sys.executable).replace("{package}", str(package)) for word in kind.argv)
    seen = (*kind.read_only, str(package / "omnic_stream"))
    env = dict(kind.env)
    if python:
        seen += (*python_folders(), *read_only)
        env.setdefault("PYTHONPATH", os.pathsep.join((*python_paths(), *read_only)))
    return Cage(
        argv=words,
        limits=kind.limits,
        read_only=seen,
        env=env,
        scratch=max(SCRATCH, min(kind.limits.output, kind.limits.file_size)),
        sockets=kind.sockets,
    )


class Worker:
    """One live worker process; one call at a time."""

    def __init__(self, kind: WarmWorker, tree: Tree, link: trio.socket.SocketType) -> None:
        self._kind, self.tree, self._link = kind, tree, link
        self.printed = Kept(8192)
        self.calls = 0
        self.failure: str | None = None
        self.fit = True
        """Whether it may serve another call."""

    @property
    def name(self) -> str:
        return self._kind.name

    async def ready(self) -> None:
        """Wait for its first word. Raises ConverterFailed when none comes in time."""
        first = b""
        with trio.move_on_after(self._kind.ready_seconds):
            first = await self._receive()
        if b'"ready"' not in first:
            with trio.move_on_after(0.2):
                await self.tree.wait()
            raise ConverterFailed(f"The {self._kind.name} worker did not start: {said(self.printed.value()) or 'no reason given'}")

    async def call(
        self,
        request: Mapping[str, Any],
        descriptors: Sequence[int],
        limits: Limits,
        *,
        size: Callable[[], int] = int,
        told: Callable[[float], None] = lambda fraction: None,
    ) -> Answer:
        """Raises what the function raised, TooExpensive at a limit, ConverterFailed when the worker died."""
        fine, self.fit, quiet = False, False, True
        self.calls += 1
        # not to be guessed: what a worker says out of turn must not pass for the answer to a call that came after
        token = secrets.token_hex(8)
        meter = Meter(limits, now=trio.current_time(), cpu=None)
        try:
            await self._send({**request, "call": token}, descriptors)
            look_at = trio.current_time() + EVERY
            while True:
                data = await self._received_by(min(look_at, meter.deadline))
                if data is None:
                    await meter.look(self.tree.root, size)
                    meter.check_time()
                    look_at = trio.current_time() + EVERY
                    continue
                if not data:
                    self.failure = "it died"
                    raise ConverterFailed(f"The {self._kind.name} worker crashed on this content.")
                message = _decode(data)
                if message.get("call") != token:
                    quiet = False
                    meter.check_time()
                    continue
                meter.alive()
                if "at" in message:
                    told(_fraction(message["at"]))
                    meter.check_time()
                    continue
                if "error" in message:
                    self.failure = clean(str(message["error"]))
                    raise _error(message)
                if size() > limits.output:
                    raise TooExpensive("The result is larger than is allowed.")
                fine = True
                return Answer(value=message.get("ok"), peak_memory=meter.peak)
        finally:
            self.fit = fine and quiet and self.calls < self._kind.calls and await self._slim(meter)

    async def _slim(self, meter: Meter) -> bool:
        if self.calls % CHECK_CALLS and not meter.peak:
            return True
        for exact in (False, True):
            use = await trio.to_thread.run_sync(partial(sample, self.tree.root, exact=exact))
            if use.memory <= self._kind.memory:
                return True
        return False

    def unasked(self) -> bool:
        """Whether something lies in the socket (or it is closed) though nothing was asked."""
        look = select.poll()
        look.register(self._link.fileno(), select.POLLIN)
        return bool(look.poll(0))

    async def _send(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> None:
        data = json.dumps(request, separators=(",", ":")).encode()
        if len(data) > LARGEST:
            raise ConverterFailed("The arguments of this call are too long.")
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        try:
            await self._link.sendmsg([data], rights)
        except OSError as error:
            raise ConverterFailed(f"The {self._kind.name} worker crashed.") from error

    async def _received_by(self, deadline: float) -> bytes | None:
        with trio.move_on_at(deadline):
            return await self._receive()
        return None

    async def _receive(self) -> bytes:
        """One datagram; empty when every holder of the other end is dead."""
        try:
            return await self._link.recv(LARGEST)
        except ConnectionError:
            return b""

    async def end(self) -> None:
        await self.tree.end()
        self._link.close()


def _decode(data: bytes) -> dict[str, Any]:
    try:
        message = json.loads(data)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise ConverterFailed("The worker answered something that is no answer.")
    return message  # pyright: ignore[reportUnknownVariableType] - keys are looked up by name, values are checked where used


def _fraction(value: Any) -> float:
    return min(max(float(value), 0.0), 1.0) if isinstance(value, int | float) else 0.0


def _error(message: Mapping[str, Any]) -> OmnicError:
    """What a worker says is content: its sentence is cleaned, its code must be a known one."""
    kind = ERRORS.get(str(message.get("code", "")), ConverterFailed)
    return kind(clean(str(message["error"])) or "This content could not be converted.")


class Pool:
    """The workers of one kind: at most ``most``, started when they are needed, and again after a recycling."""

    def __init__(
        self, kind: WarmWorker, sandbox: Sandbox, nursery: trio.Nursery, *, most: int, read_only: Sequence[str] = ()
    ) -> None:
        self.kind, self._sandbox, self._nursery = kind, sandbox, nursery
        self._cage = worker_cage(kind, read_only)
        self._idle: list[Worker] = []
        self._room = trio.Semaphore(most)
        self.starts = 0

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Worker]:
        """An idle worker, or a new one; ended on the way out unless it is fit for more."""
        if self.kind.risky and not self._sandbox.safe:
            raise SandboxUnavailable("This converter needs a sandbox that this machine does not have.")
        async with self._room:
            worker = await self._take()
            try:
                yield worker
            finally:
                if worker.fit:
                    self._idle.append(worker)
                else:
                    await worker.end()

    async def _take(self) -> Worker:
        while self._idle:
            worker = self._idle.pop()
            if not worker.unasked():
                return worker
            await worker.end()
        return await self._start()

    async def prestart(self) -> None:
        """Have one worker ready before the first call. Raises as a call would."""
        async with self.worker():
            pass

    async def _start(self) -> Worker:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            tree = await self._sandbox.start(
                self._cage, Streams(stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        worker = Worker(self.kind, tree, trio.socket.from_stdlib_socket(ours))
        self.starts += 1
        self._nursery.start_soon(_read, worker)
        try:
            await worker.ready()
        except BaseException:
            await worker.end()
            raise
        return worker

    async def end(self) -> None:
        """End the idle ones; those at work end with their calls."""
        while self._idle:
            await self._idle.pop().end()


async def _read(worker: Worker) -> None:
    """Keep what the worker prints, for the log of one that does not start and of one that failed: strangers are not told it.

    A failed call is a worker's last, so all that it printed is in when its stderr ends.
    """
    stream = worker.tree.stderr
    assert stream is not None
    async with stream:
        async for chunk in stream:
            worker.printed.feed(chunk)
    if worker.failure is not None:
        log.info("worker.failed", worker=worker.name, error=worker.failure, printed=said(worker.printed.tail()))
