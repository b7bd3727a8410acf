"""What the cage and the hand-over cost each tool: milliseconds beyond the program run bare, or beyond the function called plainly."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import trio

from bench.caged import convert, handed, median, seconds
from bench.figures import Figure
from omnic_stream.cli.doctor import specimen_of
from omnic_stream.detect import Detection
from omnic_stream.model.contracts import Bound, Command, Converter, Hints, WarmCall
from omnic_stream.model.errors import OmnicError
from omnic_stream.model.graph import ConversionGraph
from omnic_stream.plugins import Plugins
from omnic_stream.runner import CagedRunner
from omnic_stream.runner.cage import input_name
from omnic_stream.runner.inside import resolve

RUNS = 3
LIMIT = 30
"""Milliseconds: a cage costs some 8, that of LibreOffice 24, a warm call less than 1."""


async def overheads(runner: CagedRunner, plugins: Plugins) -> AsyncIterator[Figure]:
    graph = ConversionGraph(plugins.formats, plugins.converters)
    for converter in chosen(plugins.converters):
        specimen = specimen_of(converter.specimen or "")
        found = await Detection(runner)(specimen, Hints(name=specimen.name))
        source = graph.read_as(found, converter)
        target = next((name for name in converter.outputs if name != source), converter.outputs[0])
        suffix = plugins.formats.get(target).extension
        one = partial(convert, runner, converter, specimen, source, target, {}, suffix)
        bare = plain(converter, specimen, source, target, suffix)
        try:
            await one()
            ours = [await one() for _ in range(RUNS)]
            theirs = (await trio.to_thread.run_sync(lambda bare=bare: [bare() for _ in range(RUNS + 1)]))[1:]
        except (OmnicError, subprocess.CalledProcessError) as error:
            sys.stderr.write(f"bench: {converter.id} is not measured: {error}\n")
            continue
        caged, least = median(ours) * 1e3, median(theirs) * 1e3
        told = f"{caged:.0f} ms against {least:.0f} ms {tool_of(converter)}"
        yield Figure(f"overhead of {converter.id}", caged - least, LIMIT, "ms", "less", told)


def chosen(converters: tuple[Converter, ...]) -> list[Converter]:
    """One for each program, and of each family one warm function in Python, those whose tools are here."""
    found: dict[str, Converter] = {}
    for converter in converters:
        how = converter.run
        if converter.specimen is None or not all(here(tool.name, tool.module) for tool in converter.tools):
            continue
        if isinstance(how, Command):
            found.setdefault(converter.tools[0].name, converter)
        elif how.worker == "python" and not how.directory:
            found.setdefault(f"{converter.family} in Python", converter)
    return list(found.values())


def here(name: str, module: bool) -> bool:
    return importlib.util.find_spec(name) is not None if module else shutil.which(name) is not None


def tool_of(converter: Converter) -> str:
    how = converter.run
    return (
        f"by {converter.tools[0].name} bare" if isinstance(how, Command) else f"by {how.function.rpartition('.')[2]} called plainly"
    )


def plain(converter: Converter, specimen: Path, source: str, target: str, suffix: str) -> Callable[[], float]:
    """Seconds of one run without a Runner."""
    how = converter.run
    if isinstance(how, WarmCall):
        return partial(_called, how, specimen, source, target)
    return partial(_run, how, specimen, source, target, converter.name or f"result.{suffix}")


def _called(how: WarmCall, specimen: Path, source: str, target: str) -> float:
    function = resolve(how.function)
    with handed(specimen, source, target) as call:
        return seconds(lambda: function(call))


def _run(command: Command, specimen: Path, source: str, target: str, name: str) -> float:
    with tempfile.TemporaryDirectory(prefix="omnic-bench-") as text:
        folder = Path(text, "job")
        folder.mkdir()
        given = Path(text, input_name(source))
        shutil.copy(specimen, given)
        bound = Bound(input=str(given), output=str(folder / name), folder=str(folder), source=source, target=target, arguments={})
        with given.open("rb") as stdin, Path(text, "out").open("wb") as out:
            run = partial(
                subprocess.run,
                command.render(bound),
                check=True,
                cwd=folder,
                env=os.environ | dict(command.env),
                stdin=stdin if command.stdin else subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.DEVNULL,
            )
            return seconds(run)
