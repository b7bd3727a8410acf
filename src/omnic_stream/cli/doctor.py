"""``doctor``: what works, what is missing, and which command adds it; found out by running it."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from omnic_stream.cli.running import configured
from omnic_stream.cli.running import run as run_service
from omnic_stream.model.contracts import Converter, Hints, Running, Waiting, Work
from omnic_stream.model.errors import OmnicError
from omnic_stream.service import SAMPLES, Service, open_service


@dataclass(frozen=True, slots=True)
class Finding:
    """One Converter's state: ``works``, ``missing``, ``fails`` or ``unproven`` (no specimen to run it on)."""

    family: str
    converter: str
    state: str
    detail: str
    seconds: float = 0.0


def run(*, as_json: bool, store: str | None) -> None:
    config = configured(store=store, warm=False)

    async def work() -> list[Finding]:
        async with open_service(config) as service:
            findings = [await examined(service, converter) for converter in service.plugins.converters]
            _tell(service, findings, as_json)
            return findings

    if any(finding.state == "fails" for finding in run_service(work)):
        raise SystemExit(1)


async def examined(service: Service, converter: Converter) -> Finding:
    """Run a Converter on its specimen, in its sandbox, as a Job would."""
    absent = [state for state in service.missing if state.tool in converter.tools]
    if absent:
        return Finding(
            converter.family, converter.id, "missing", _cure(absent[0].tool.debian, absent[0].tool.pip, absent[0].tool.name)
        )
    if converter.specimen is None:
        return Finding(converter.family, converter.id, "unproven", "its tools run; no specimen travels with the package")
    specimen = Path(str(files("omnic_stream"))) / SAMPLES / converter.specimen
    source = await _format(service, specimen)
    with tempfile.TemporaryDirectory(prefix="omnic-doctor-") as folder:
        target = converter.outputs[0]
        name = converter.name or f"result.{service.formats.get(target).extension}"
        try:
            outcome = await service.runner.run(
                Work(
                    converter=converter,
                    input=specimen,
                    source=source,
                    target=target,
                    arguments={},
                    folder=Path(folder),
                    output=name,
                ),
                priority=lambda: 0,
                report=_ignored,
            )
        except OmnicError as error:
            return Finding(converter.family, converter.id, "fails", error.message)
        return Finding(converter.family, converter.id, "works", f"{source} to {target}", round(outcome.seconds, 3))


def _ignored(progress: Waiting | Running) -> None:
    """Nobody watches a doctor's bar."""


async def _format(service: Service, specimen: Path) -> str:
    from omnic_stream.detect import Detection

    return await Detection(service.runner)(specimen, Hints(name=specimen.name))


def _cure(debian: str | None, pip: str | None, name: str) -> str:
    if debian:
        return f"apt-get install --no-install-recommends {debian}"
    return f"pip install '{pip}'" if pip else f"install {name}"


def _tell(service: Service, findings: Sequence[Finding], as_json: bool) -> None:
    tools = {state.tool.name: state.version for state in service.tools}
    if as_json:
        document = {"sandbox": service.runner.tier, "tools": tools, "converters": [asdict(finding) for finding in findings]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    sys.stdout.write(f"sandbox: {service.runner.tier}\n")
    for finding in sorted(findings, key=lambda finding: (finding.family, finding.converter)):
        took = f"{finding.seconds * 1000:5.0f} ms" if finding.seconds else "        "
        sys.stdout.write(f"{finding.family:<9} {finding.converter:<18} {finding.state:<9} {took}  {finding.detail}\n")
    debian = sorted({state.tool.debian for state in service.missing if state.tool.debian})
    if debian:
        sys.stdout.write(f"\nall of Debian's at once: apt-get install --no-install-recommends {' '.join(debian)}\n")
