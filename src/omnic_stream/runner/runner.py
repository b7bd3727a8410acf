"""The Runner: slots, the line before them, and what a Work becomes in its cage."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import trio

from omnic_stream.model.contracts import (
    Bound,
    Command,
    Limits,
    MiB,
    Outcome,
    Report,
    Running,
    Waiting,
    WarmCall,
    WarmWorker,
    Work,
)
from omnic_stream.model.errors import ConverterFailed, DiskFull, OmnicError, SandboxUnavailable, TooExpensive
from omnic_stream.runner import outputs
from omnic_stream.runner.cage import Cage, input_name
from omnic_stream.runner.reasons import clean, signal_of, why
from omnic_stream.runner.sandbox import Sandbox, Streams, seen_names, take_back
from omnic_stream.runner.slots import Line, Place
from omnic_stream.runner.supervisor import FAILED
from omnic_stream.runner.tiers import choose
from omnic_stream.runner.unpack import unpack
from omnic_stream.runner.warm import Pool
from omnic_stream.runner.watch import Ended, watch_tree
from omnic_stream.runner.workers import WORKERS

SMALL_CALLS: Final = 2
"""Workers of each kind for calls outside the slots."""
INLINE: Final = MiB // 4
"""Results up to this size are copied without a thread: the hop would cost more."""
STAGED: Final = ".in"
"""Where in a job folder an input stands that cannot be shown where it lies; gone before the output is looked at."""

_UNSAFE: Final = "This converter needs a sandbox that this machine does not have: installing bubblewrap gives it one."
_NO_MEMORY: Final = (b"MemoryError", b"bad_alloc", b"Cannot allocate memory", b"out of memory", b"Out of memory")


class CagedRunner:
    """contracts.Runner on this machine. Made by ``open_runner``."""

    def __init__(
        self,
        sandbox: Sandbox,
        nursery: trio.Nursery,
        *,
        slots: int,
        queue_limit: int,
        workers: Mapping[str, WarmWorker],
        read_only: Sequence[str],
    ) -> None:
        self.sandbox, self.slots = sandbox, slots
        most = {name: min(slots, kind.most or slots) for name, kind in workers.items()}
        self._line = Line(slots, queue_limit, most)
        self._pools = {name: Pool(kind, sandbox, nursery, most=most[name], read_only=read_only) for name, kind in workers.items()}
        self._small = {
            name: Pool(kind, sandbox, nursery, most=min(SMALL_CALLS, kind.most or SMALL_CALLS), read_only=read_only)
            for name, kind in workers.items()
        }

    @property
    def tier(self) -> str:
        return self.sandbox.tier

    @property
    def waiting(self) -> int:
        return self._line.waiting

    @property
    def running(self) -> int:
        return self._line.running

    @property
    def worker_starts(self) -> int:
        """How many warm workers were started so far: one that rises with the calls tells of crashes or of limits set too low."""
        return sum(pool.starts for pool in (*self._pools.values(), *self._small.values()))

    async def run(self, work: Work, *, priority: Callable[[], int], report: Report) -> Outcome:
        """contracts.Runner.run."""
        how = work.converter.run
        self._allow(how)
        async with self._slot(how.worker if isinstance(how, WarmCall) else "", priority, report):
            report(Running())
            start = trio.current_time()
            try:
                if isinstance(how, WarmCall):
                    argv, peak, messages = (how.function,), await self._run_warm(work, how, report), b""
                else:
                    argv, ended = await self._run_command(work, how, report)
                    peak, messages = ended.peak_memory, ended.stderr
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise DiskFull("There is no room left for the result.") from error
                raise
            except OmnicError:
                # A tool that runs out of disk fails in words of its own, or is stopped by a limit: the cause counts.
                if await trio.to_thread.run_sync(outputs.is_full, work.folder):
                    raise DiskFull("There is no room left for the result.") from None
                raise
            return Outcome(
                argv=argv,
                tier=self.tier,
                seconds=trio.current_time() - start,
                peak_memory=peak,
                messages=messages[-4096:].decode("utf-8", "replace"),
            )

    async def call(self, call: WarmCall, descriptors: Sequence[int], arguments: Mapping[str, str], *, source: str = "") -> Any:
        """contracts.Runner.call."""
        self._allow(call)
        async with _pool(self._small, call).worker() as worker:
            request = {"function": call.function, "source": source, "target": "", "arguments": dict(arguments)}
            size = (lambda: os.fstat(descriptors[1]).st_size) if len(descriptors) > 1 else int
            return (await worker.call(request, descriptors, call.limits, size=size)).value

    async def try_program(self, argv: tuple[str, ...], limits: Limits, *, read_only: tuple[str, ...] = ()) -> Ended:
        """Run a program without files and outside the slots, to learn whether it runs. Raises TooExpensive, SandboxUnavailable."""
        tree = await self.sandbox.start(Cage(argv=argv, limits=limits, read_only=read_only), Streams())
        return await watch_tree(tree, limits, folder=None, told=lambda line: None)

    async def prestart(self, *kinds: str) -> None:
        """Have one worker of each kind ready; one that does not start is left to the first call to complain of."""
        async with trio.open_nursery() as nursery:
            for kind in kinds:
                if kind in self._pools:
                    nursery.start_soon(_prestart, self._pools[kind])

    async def end(self) -> None:
        for pool in (*self._pools.values(), *self._small.values()):
            await pool.end()

    def _allow(self, how: Command | WarmCall) -> None:
        if how.risky and not self.sandbox.safe:
            raise SandboxUnavailable(_UNSAFE)

    @asynccontextmanager
    async def _slot(self, lane: str, priority: Callable[[], int], report: Report) -> AsyncIterator[None]:
        mine = trio.Event()
        place = Place(priority=priority, moved=lambda position: report(Waiting(position=position)), go=mine.set, lane=lane)
        self._line.join(place)
        try:
            await mine.wait()
            yield
        finally:
            self._line.leave(place)

    async def _run_command(self, work: Work, command: Command, report: Report) -> tuple[tuple[str, ...], Ended]:
        name = input_name(work.source)
        seen, folder = seen_names(self.sandbox, name)
        argv = command.render(
            Bound(
                input=seen,
                output=f"{folder}/{work.output}",
                folder=folder,
                source=work.source,
                target=work.target,
                arguments=work.arguments,
            )
        )
        stdin, stdout = -1, -1
        try:
            shown = await trio.to_thread.run_sync(self._show_input, work, name)
            if command.stdin:
                stdin = os.open(work.input, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            if command.stdout:
                stdout = os.open(work.folder / work.output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            streams = Streams(**{key: fd for key, fd in (("stdin", stdin), ("stdout", stdout)) if fd >= 0})
            tree = await self.sandbox.start(
                Cage(
                    argv=argv,
                    limits=command.limits,
                    folder=work.folder,
                    input=shown,
                    input_name=name,
                    read_only=command.read_only,
                    env=dict(command.env),
                    sockets=command.sockets,
                ),
                streams,
            )
            ended = await watch_tree(tree, command.limits, folder=work.folder, told=_teller(command, report))
        finally:
            for descriptor in (stdin, stdout):
                if descriptor >= 0:
                    os.close(descriptor)
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(_clear, work.folder)
        if ended.returncode:
            raise _failure(argv[0], ended)
        await trio.to_thread.run_sync(outputs.check_output, work.folder / work.output, command.limits.output)
        return argv, ended

    def _show_input(self, work: Work, name: str) -> Path:
        """A path of the input that the tool's user can read, by the name that the sandbox shows. Blocks."""
        if self.sandbox.names_inside and (self.sandbox.uids is None or outputs.readable_by_all(work.input)):
            return work.input
        staged = work.folder / STAGED / name
        staged.parent.mkdir(mode=0o755)
        if self.sandbox.uids is None and not work.input.is_dir():  # `cp -r` and its like would copy the link
            staged.symlink_to(work.input)
            return work.input
        outputs.stage(work.input, staged)
        return staged

    async def _run_warm(self, work: Work, call: WarmCall, report: Report) -> int:
        source = os.open(work.input, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        made = -1
        try:
            made = outputs.open_unnamed(work.folder)
            request = {
                "function": call.function,
                "source": work.source,
                "target": work.target,
                "arguments": dict(work.arguments),
            }
            async with _pool(self._pools, call).worker() as worker:
                answer = await worker.call(
                    request,
                    [source, made],
                    call.limits,
                    size=lambda: os.fstat(made).st_size,
                    told=lambda fraction: report(Running(fraction=fraction)),
                )
            result = work.folder / work.output
            if call.directory:
                await trio.to_thread.run_sync(unpack, made, result, call.limits.output)
            elif os.fstat(made).st_size <= INLINE:
                outputs.copy_out(made, result, call.limits.output)
            else:
                await trio.to_thread.run_sync(outputs.copy_out, made, result, call.limits.output)
            return answer.peak_memory
        finally:
            for descriptor in (source, made):
                if descriptor >= 0:
                    os.close(descriptor)


@asynccontextmanager
async def open_runner(
    *,
    slots: int | None = None,
    queue_limit: int = 200,
    tier: str = "auto",
    workers: Mapping[str, WarmWorker] | None = None,
    read_only: Sequence[str] = (),
    prestart: Sequence[str] = (),
) -> AsyncIterator[CagedRunner]:
    """A Runner for the length of the block; every process that it started is dead when the block is left.

    ``tier`` is ``auto`` (the strongest that really works here) or one by name: ``bwrap``, ``landlock``, ``rlimits``; the latter
    raises MisconfiguredError where it does not work. ``workers`` joins the built-in kinds; ``read_only`` are further folders that
    Python workers must import from; ``prestart`` names kinds to start in the background.
    """
    kinds = {kind.name: kind for kind in WORKERS} | dict(workers or {})
    async with choose(tier) as sandbox, _open_nursery() as nursery:
        runner = CagedRunner(
            sandbox,
            nursery,
            slots=slots or os.cpu_count() or 1,
            queue_limit=queue_limit,
            workers=kinds,
            read_only=read_only,
        )
        nursery.start_soon(runner.prestart, *prestart)
        try:
            yield runner
        finally:
            with trio.CancelScope(shield=True):
                await runner.end()
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def _open_nursery() -> AsyncIterator[trio.Nursery]:
    """A nursery for tasks that do not raise: what the block raises comes out as it is, not in a group."""
    try:
        async with trio.open_nursery() as nursery:
            yield nursery
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise


def _pool(pools: Mapping[str, Pool], call: WarmCall) -> Pool:
    if call.worker not in pools:
        raise SandboxUnavailable(f"There is no {call.worker} worker on this machine.")
    return pools[call.worker]


async def _prestart(pool: Pool) -> None:
    try:
        await pool.prestart()
    except OmnicError:
        return


def _teller(command: Command, report: Report) -> Callable[[bytes], None]:
    """Feeds lines to the Command's progress reader and reports what it finds."""
    read = command.progress() if command.progress is not None else None

    def told(line: bytes) -> None:
        nonlocal read
        if read is None:
            return
        try:
            fraction = read(line)
        except Exception:  # a reader is a plugin's, the line is the tool's: no progress, but no failure either
            read = None
            return
        if fraction is not None:
            report(Running(fraction=min(max(fraction, 0.0), 1.0)))

    return told


def _clear(folder: Path) -> None:
    """Make the job folder the service's again, and as if no input had been staged there."""
    take_back(folder)
    staged = folder / STAGED
    try:
        status = staged.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(status.st_mode):
        shutil.rmtree(staged, ignore_errors=True)
    else:
        staged.unlink()


def _failure(tool: str, ended: Ended) -> OmnicError:
    """What a tool's end means."""
    name, said, number = clean(Path(tool).name), ended.stderr + b"\n" + ended.stdout, signal_of(ended.returncode)
    if ended.stderr.startswith((b"bwrap: ", FAILED)):
        return SandboxUnavailable("The sandbox could not be set up for this tool.")
    if number == signal.SIGXFSZ:
        return TooExpensive("The result is larger than is allowed.")
    if number == signal.SIGXCPU:
        return TooExpensive("This took more computing than is allowed.")
    if number == signal.SIGKILL or any(word in said for word in _NO_MEMORY):
        return TooExpensive("This needs more memory than is allowed.")
    if b"No space left on device" in said:
        return TooExpensive("This needs more temporary room than is allowed.")
    if ended.returncode == 127:
        return ConverterFailed(f"{name} is not installed on this machine.")
    return ConverterFailed(why(name, ended.returncode, ended.stderr or ended.stdout))
