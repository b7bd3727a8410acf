"""``convert`` and ``convert-url``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from omnic_stream.cli.running import configured, progress_bar
from omnic_stream.cli.running import run as run_service
from omnic_stream.library import Converted, converted, file_of, is_address, make
from omnic_stream.model.errors import BadTarget, MisconfiguredError
from omnic_stream.plugins import collect
from omnic_stream.service import open_service


def run(source: str, output: str, type: str | None, *, store: str | None, profile: str | None = None) -> None:
    config = configured(store=store, warm=False)
    if output and output != "-":
        _check(Path(output))
    type = type or _type_of(output)

    async def work() -> Converted:
        with progress_bar() as show:
            async with open_service(config) as service:
                result = converted(await make(service, source, type, profile=profile, on_event=lambda logged: show(logged.event)))
                _deliver(result, output or f"result.{_extension(result)}")
                return result

    if not is_address(source) and not (file := file_of(source)[0]).is_file():
        raise MisconfiguredError(f"There is no file {file}.")
    run_service(work)


def _check(output: Path) -> None:
    if output.is_dir():
        raise MisconfiguredError(f"{output} is a folder: name the file to write.")
    if not output.parent.is_dir():
        raise MisconfiguredError(f"The folder {output.parent} does not exist.")


def _type_of(output: str) -> str:
    """The Format of the output's name: its longest known extension."""
    formats = collect(configured().plugins, Path()).formats
    words = Path(output).name.lower().split(".")
    for start in range(1, len(words)):
        if found := formats.by_extension(".".join(words[start:])):
            return found[0].name
    raise BadTarget(f"{Path(output).name} does not tell which type to make: add --type, for instance --type PNG.")


def _extension(result: Converted) -> str:
    return result.path.name.rpartition(".")[2] if "." in result.path.name else result.format.lower()


def _deliver(result: Converted, output: str) -> None:
    if output == "-":
        with result.path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        return
    goal = Path(output)
    if result.directory:
        result.save(goal)
        return
    part = goal.with_name(f".{goal.name}.part")
    try:
        result.save(part)
        part.replace(goal)  # a reader of the output sees the old file or the whole new one
    finally:
        part.unlink(missing_ok=True)
