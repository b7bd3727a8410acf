"""``doctor``: what works, what is missing, and which command adds it; found out by running it."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import trio
from rich.console import Console
from rich.table import Table

from omnic_stream.cli.running import configured
from omnic_stream.cli.running import run as run_service
from omnic_stream.model.contracts import Converter, Hints, Running, ToolState, Waiting, Work
from omnic_stream.model.errors import BadTarget, OmnicError
from omnic_stream.service import SAMPLES, Service, allowed, open_service


@dataclass(frozen=True, slots=True)
class Finding:
    """One Converter's state: ``works``, ``missing``, ``fails``, ``refused`` (its licence) or ``unproven`` (no specimen)."""

    family: str
    converter: str
    state: str
    detail: str
    seconds: float = 0.0


def run(*, as_json: bool, debian: bool, family: str | None, store: str | None) -> None:
    config = configured(store=store, warm=False)

    async def work() -> list[Finding]:
        async with open_service(config) as service:
            if debian:
                sys.stdout.write(debian_line(service.missing) + "\n")
                return []
            findings = await examine(service, family)
            (tell_machines if as_json else tell_people)(service, findings)
            return findings

    if any(finding.state == "fails" for finding in run_service(work)):
        raise SystemExit(1)


async def examine(service: Service, family: str | None = None) -> list[Finding]:
    """Every Converter (of one family), a few at a time; in the order of families and ids."""
    chosen = [converter for converter in service.plugins.converters if family in {None, converter.family}]
    if not chosen:
        raise BadTarget(f"There is no family {family}.")
    usable = {converter.id for converter in allowed(service.plugins.converters, service.config)}
    findings: list[Finding] = []
    limiter = trio.CapacityLimiter(max(2, service.config.cores))

    async def one(converter: Converter) -> None:
        async with limiter:
            findings.append(await examined(service, converter, refused=converter.id not in usable))

    async with trio.open_nursery() as nursery:
        for converter in chosen:
            nursery.start_soon(one, converter)
    return sorted(findings, key=lambda finding: (finding.family, finding.converter))


async def examined(service: Service, converter: Converter, *, refused: bool) -> Finding:
    """Run a Converter on its specimen, in its sandbox, as a Job would."""
    if refused:
        licences = ", ".join(sorted({tool.licence for tool in converter.tools if tool.licence}))
        return Finding(converter.family, converter.id, "refused", f"refuse_licences in the settings: {licences}")
    absent = [state for state in service.missing if state.tool in converter.tools]
    if absent:
        return Finding(converter.family, converter.id, "missing", cure(absent[0]))
    if converter.specimen is None:
        return Finding(converter.family, converter.id, "unproven", "its tools run; no specimen travels with the package")
    specimen = specimen_of(converter.specimen)
    source = await _format(service, specimen)
    with tempfile.TemporaryDirectory(prefix="omnic-doctor-") as folder:
        target = next((name for name in converter.outputs if name != source), converter.outputs[0])
        name = converter.name or f"result.{service.formats.get(target).extension}"
        work = Work(
            converter=converter,
            input=specimen,
            source=service.graph.read_as(source, converter),
            target=target,
            arguments={},
            folder=Path(folder),
            output=name,
        )
        try:
            outcome = await service.runner.run(work, priority=lambda: 0, report=_ignored)
        except OmnicError as error:
            return Finding(converter.family, converter.id, "fails", f"{source} to {target}: {error.message}")
        return Finding(converter.family, converter.id, "works", f"{source} to {target}", round(outcome.seconds, 3))


def specimen_of(name: str) -> Path:
    """``NAME`` among omnic-stream's own samples, ``PACKAGE:PATH`` within another package."""
    package, found, path = name.rpartition(":")
    return Path(str(files(package))) / path if found else Path(str(files("omnic_stream"))) / SAMPLES / name


def _ignored(progress: Waiting | Running) -> None:
    """Nobody watches a doctor's bar."""


async def _format(service: Service, specimen: Path) -> str:
    from omnic_stream.detect import Detection

    return await Detection(service.runner)(specimen, Hints(name=specimen.name))


def cure(state: ToolState) -> str:
    """The one line that adds a tool."""
    tool = state.tool
    if tool.debian:
        return f"apt-get install --no-install-recommends {tool.debian}"
    if tool.pip:
        return f"pip install '{tool.pip}'"
    return "scripts/tools standard" if tool.npm else f"install {tool.name}"


def debian_line(missing: Iterable[ToolState]) -> str:
    """All of Debian's that are missing, as one command; a comment where there are none."""
    packages = sorted({state.tool.debian for state in missing if state.tool.debian})
    return f"apt-get install --no-install-recommends {' '.join(packages)}" if packages else "# nothing of Debian's is missing"


def tell_machines(service: Service, findings: Sequence[Finding]) -> None:
    document = {
        "sandbox": service.runner.tier,
        "tools": {state.tool.name: state.version for state in service.tools},
        "converters": [asdict(finding) for finding in findings],
    }
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


COLOURS = {"works": "green", "missing": "yellow", "fails": "red", "refused": "yellow", "unproven": "cyan"}


def tell_people(service: Service, findings: Sequence[Finding]) -> None:
    """A table of families, then what does not work and the line that mends it."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"sandbox: {service.runner.tier}")
    table = Table("family", "reads", "writes", *COLOURS, box=None, pad_edge=False, header_style="bold")
    converters = {converter.id: converter for converter in service.plugins.converters}
    for family in dict.fromkeys(finding.family for finding in findings):
        mine = [finding for finding in findings if finding.family == family]
        able = [converters[finding.converter] for finding in mine if finding.state in {"works", "unproven"}]
        reads = {edge[1] for edge in service.graph.edges() if edge[0].id in {one.id for one in able}}
        writes = {edge[2] for edge in service.graph.edges() if edge[0].id in {one.id for one in able}}
        counts = [sum(finding.state == state for finding in mine) for state in COLOURS]
        cells = [f"[{colour}]{count}[/]" if count else "" for count, colour in zip(counts, COLOURS.values(), strict=True)]
        table.add_row(family, str(len(reads)), str(len(writes)), *cells)
    console.print(table)
    for finding in findings:
        if finding.state != "works":
            console.print(f"[{COLOURS[finding.state]}]{finding.state:<8}[/] {finding.converter:<20} {finding.detail}", markup=True)
    if any(state.tool.debian for state in service.missing):
        console.print(f"\nall of Debian's at once: {debian_line(service.missing)}")
