"""From a Snapshot along a Plan to an Artifact: every Step's output is kept, and none is made twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import trio

from omnic_stream.jobs.estimate import expectation
from omnic_stream.jobs.flight import Flight, Flights
from omnic_stream.jobs.gauge import Leg
from omnic_stream.model.contracts import (
    Artifact,
    Converter,
    Detect,
    Hints,
    Provenance,
    Run,
    Runner,
    Running,
    Snapshot,
    Store,
    Waiting,
    Work,
)
from omnic_stream.model.errors import ConverterFailed
from omnic_stream.model.formats import Format, Formats
from omnic_stream.model.graph import Plan, Step
from omnic_stream.model.keys import step_key

Progress = Waiting | Running
Converted = Callable[[str, float], None]
"""Told of each run that succeeded: the Converter's id and its seconds in the slot."""


class StepFailed(Exception):
    """A Step's Converter could not do it; another Plan might."""

    def __init__(self, converter: str, error: ConverterFailed) -> None:
        super().__init__(converter)
        self.converter, self.error = converter, error


ANYTHING = "application/octet-stream"
"""Promised by who takes content out of something (a member of an archive): it is published as what it is."""
TEXTUAL = frozenset({"text", "markup", "code", "data", "table", "subtitle", "mail", "calendar"})


def extension_of(format: Format) -> str:
    return format.extensions[0] if format.extensions else format.name.lower()


def agrees(formats: Formats, detected: str, promised: str) -> bool:
    """Whether content detected as one Format may be what a Converter promised: the same, its kin, or text that carries no mark."""
    if detected == promised or formats.descends(detected, promised) or formats.descends(promised, detected):
        return True
    found, meant = formats.get(detected), formats.get(promised)
    if meant.media_type == ANYTHING or found.media_type == meant.media_type:
        return True
    if meant.media_type == "text/plain" and found.category in TEXTUAL:
        return True  # words that look like a kind of text are words all the same
    kin = set(formats.ancestors(detected)) & set(formats.ancestors(promised))
    return bool(kin) or (found.name in {"TXT", "BIN"} and not meant.media_type.startswith(("image/", "video/", "audio/")))


class Making:
    def __init__(
        self,
        *,
        nursery: trio.Nursery,
        formats: Formats,
        runner: Runner,
        store: Store,
        detect: Detect | None,
        tool_versions: Mapping[str, str],
        converted: Converted,
    ) -> None:
        """``detect`` None: outputs are published without a second look."""
        self._converted = converted
        self._formats, self._runner, self._store, self._detect = formats, runner, store, detect
        self._tool_versions = tool_versions
        self._flights: Flights[Artifact, Progress] = Flights(nursery)

    def keys(self, snapshot: Snapshot, plan: Plan) -> list[str]:
        keys: list[str] = []
        key = snapshot.sha256
        for step in plan.steps:
            key = step_key(key, step.converter.id, step.converter.version, step.target, step.arguments)
            keys.append(key)
        return keys

    def legs(self, snapshot: Snapshot, plan: Plan) -> list[Leg]:
        """What the gauge expects of each Step; a later Step's input size is not known yet, so the source's stands in."""
        legs: list[Leg] = []
        for step, key in zip(plan.steps, self.keys(snapshot, plan), strict=True):
            history = self._store.recent(step.converter.id, step.source, step.wish)
            expected = expectation(history, snapshot.size, step.wish, step.converter.cost)
            seconds = 0.0 if self._store.artifact(key) is not None else expected.seconds
            legs.append(Leg(step.source, step.target, seconds, expected.known))
        return legs

    async def make(
        self,
        snapshot: Snapshot,
        plan: Plan,
        *,
        begin: Callable[[int], None],
        report: Callable[[Progress], None],
        priority: Callable[[], int],
    ) -> Artifact:
        """Walk the Plan. ``begin`` is told each Step's index. Raises StepFailed where another Plan may help, else an OmnicError."""
        keys = self.keys(snapshot, plan)
        async with self._store.hold(snapshot.sha256, *keys):
            artifact = self._of(snapshot, plan.source)
            for index, (step, key) in enumerate(zip(plan.steps, keys, strict=True)):
                found = self._store.artifact(key)
                if found is None:
                    begin(index)
                    found = await self._step(step, artifact, key, snapshot.size, report, priority)
                artifact = found
            return artifact

    def _of(self, snapshot: Snapshot, format: str) -> Artifact:
        """The Snapshot as what a Plan without Steps ends with."""
        known = self._formats.get(format)
        return Artifact(
            key=snapshot.sha256,
            format=format,
            media_type=known.media_type,
            entry=f"original.{extension_of(known)}",
            size=snapshot.size,
            sha256=snapshot.sha256,
            directory=False,
            created=snapshot.looked_at,
            path=snapshot.path,
        )

    async def _step(
        self,
        step: Step,
        source: Artifact,
        key: str,
        size: int,
        report: Callable[[Progress], None],
        priority: Callable[[], int],
    ) -> Artifact:
        async def make(flight: Flight[Artifact, Progress]) -> Artifact:
            async with self._store.claim(key):
                if (found := self._store.artifact(key)) is not None:
                    return found  # another process was faster
                async with self._store.folder() as folder:
                    return await self._run(step, source, key, size, folder, flight)

        try:
            return await self._flights.fly(key, make, report=report, priority=priority)
        except ConverterFailed as error:
            raise StepFailed(step.converter.id, error) from error

    async def _run(
        self, step: Step, source: Artifact, key: str, size: int, folder: Path, flight: Flight[Artifact, Progress]
    ) -> Artifact:
        converter, meant = step.converter, self._formats.get(step.target)
        name = converter.name or f"result.{extension_of(meant)}"
        outcome = await self._runner.run(
            Work(
                converter=converter,
                input=source.path,
                source=step.read_as,
                target=step.target,
                arguments=step.arguments,
                folder=folder,
                output=name,
            ),
            priority=flight.priority,
            report=flight.report,
        )
        self._converted(converter.id, outcome.seconds)
        output = folder / name
        detected = await self._look(output, meant, converter)
        known = self._formats.get(detected) if meant.media_type == ANYTHING and detected is not None else meant
        artifact = await self._store.publish(
            output,
            key=key,
            format=step.target if known is meant else known.name,
            media_type=known.media_type,
            index=converter.index,
            provenance=Provenance(
                input=source.key,
                converter=converter.id,
                version=converter.version,
                arguments=dict(step.arguments),
                source=step.source,
                target=step.target,
                argv=outcome.argv,
                tier=outcome.tier,
                seconds=outcome.seconds,
                tools={tool.name: self._tool_versions[tool.name] for tool in converter.tools if tool.name in self._tool_versions},
            ),
        )
        await self._store.record(converter.id, step.source, Run(size, outcome.seconds, step.wish))
        return artifact

    async def _look(self, output: Path, meant: Format, converter: Converter) -> str | None:
        """What the output is; None where nobody looks. Raises ConverterFailed where it is not what was promised."""
        if self._detect is None or meant.category == "directory":
            return None
        detected = await self._detect(output, Hints(name=output.name, expected=meant.name))
        if detected == "EMPTY" or not agrees(self._formats, detected, meant.name):
            raise ConverterFailed(f"{converter.id} made {detected} where {meant.name} was asked for; the result was thrown away.")
        return detected
