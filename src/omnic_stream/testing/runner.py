"""A runner that a test writes the script of: no processes, durations on Trio's clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import trio

from omnic_stream.model.contracts import Outcome, Report, Running, Waiting, WarmCall, Work
from omnic_stream.model.errors import Busy, OmnicError


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """What running a Converter does.

    ``fractions`` are reported evenly over ``seconds``; then ``output`` is written, or ``failure`` raised. ``output`` is the file's
    bytes, a mapping of names to bytes for a directory, a function of the Work, or None for no output at all.
    """

    seconds: float = 0.0
    fractions: Sequence[float] = ()
    output: bytes | Mapping[str, bytes] | Callable[[Work], bytes] | None = b"made"
    failure: OmnicError | None = None
    peak_memory: int = 0


@dataclass(slots=True, kw_only=True)
class Ran:
    """One call of ``run``, with its times on Trio's clock."""

    work: Work
    joined: float
    started: float | None = None
    ended: float | None = None
    cancelled: bool = False


@dataclass(slots=True, kw_only=True)
class FakeRunner:
    """contracts.Runner by script: ``scripts`` by Converter id (``default`` for the others), ``calls`` by a WarmCall's function.

    Slots, priorities and Busy are kept as the real one keeps them. ``ran`` records every run, ``called`` every small call.
    """

    scripts: Mapping[str, Scripted] = field(default_factory=dict[str, Scripted])
    default: Scripted = Scripted()
    calls: Mapping[str, Callable[[bytes, Mapping[str, str]], Any]] = field(
        default_factory=dict[str, Callable[[bytes, Mapping[str, str]], Any]]
    )
    slots: int = 2
    queue_limit: int = 100
    tier: str = "scripted"
    ran: list[Ran] = field(default_factory=list[Ran])
    called: list[str] = field(default_factory=list[str])
    _running: int = 0
    _line: list[_Place] = field(default_factory=lambda: list[_Place]())  # noqa: PLW0108 - _Place is defined below

    async def run(self, work: Work, *, priority: Callable[[], int], report: Report) -> Outcome:
        """contracts.Runner.run."""
        script = self.scripts.get(work.converter.id, self.default)
        record = Ran(work=work, joined=trio.current_time())
        await self._take_slot(priority, report)
        self.ran.append(record)
        record.started = trio.current_time()
        try:
            report(Running())
            for fraction in script.fractions:
                await trio.sleep(script.seconds / (len(script.fractions) + 1))
                report(Running(fraction=fraction))
            await trio.sleep(script.seconds / (len(script.fractions) + 1))
            if script.failure is not None:
                raise script.failure
            _write(work, script)
            return Outcome(
                argv=(work.converter.id,),
                tier=self.tier,
                seconds=trio.current_time() - record.started,
                peak_memory=script.peak_memory,
            )
        except trio.Cancelled:
            record.cancelled = True
            raise
        finally:
            record.ended = trio.current_time()
            self._running -= 1
            self._advance()

    async def call(self, call: WarmCall, descriptors: Sequence[int], arguments: Mapping[str, str], *, source: str = "") -> Any:
        """contracts.Runner.call; the scripted function is given the input's bytes and the arguments."""
        await trio.lowlevel.checkpoint()
        self.called.append(call.function)
        content = os.pread(descriptors[0], 1 << 30, 0) if descriptors else b""
        return self.calls[call.function](content, arguments)

    def started(self, converter: str) -> int:
        """How often the Converter was run."""
        return sum(record.work.converter.id == converter for record in self.ran)

    async def _take_slot(self, priority: Callable[[], int], report: Report) -> None:
        place = _Place(priority=priority, report=report)
        self._line.append(place)
        self._advance()
        if not place.go.is_set():
            if len(self._line) > self.queue_limit:
                self._line.remove(place)
                raise Busy("Too much work is waiting already: try again in a moment.", retry_after=2.0)
            try:
                await place.go.wait()
            except trio.Cancelled:
                if place in self._line:
                    self._line.remove(place)
                else:
                    self._running -= 1
                self._advance()
                raise

    def _advance(self) -> None:
        order = sorted(self._line, key=lambda place: -place.priority())
        for place in order[: max(self.slots - self._running, 0)]:
            self._line.remove(place)
            self._running += 1
            place.go.set()
        for position, place in enumerate(place for place in order if place in self._line):
            if place.position != position:
                place.position = position
                place.report(Waiting(position=position))


@dataclass(eq=False, slots=True, kw_only=True)
class _Place:
    priority: Callable[[], int]
    report: Report
    go: trio.Event = field(default_factory=trio.Event)
    position: int | None = None


def _write(work: Work, script: Scripted) -> None:
    output = script.output(work) if callable(script.output) else script.output
    target = work.folder / work.output
    if isinstance(output, bytes):
        target.write_bytes(output)
    elif output is not None:
        target.mkdir()
        for name, content in output.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(content)
