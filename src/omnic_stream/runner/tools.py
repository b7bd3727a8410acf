"""Whether the Tools that Converters need are there and run: found by running them in the cage, not by looking for a file."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Final

import trio

from omnic_stream.model.contracts import NODE_MODULES, Limits, MiB, Tool, ToolState, WarmCall
from omnic_stream.model.errors import OmnicError
from omnic_stream.runner.cage import PATH
from omnic_stream.runner.reasons import said
from omnic_stream.runner.runner import CagedRunner
from omnic_stream.runner.watch import Ended

AT_ONCE: Final = 4
"""Tools that are asked at a time."""

_LIMITS: Final = Limits(seconds=30, stall=30, memory=512 * MiB, address_space=None)
_ASK_MODULE: Final = WarmCall(function="omnic_stream.runner.probing:version_of", limits=_LIMITS)
_VERSIONS: Final = (re.compile(r"\d+(?:\.\d+)+[\w.+-]*"), re.compile(r"\b\d+\b"))
_REQUIRE: Final = """
const [folder, name] = process.argv.slice(1);
require("node:module").createRequire(folder + "/")(name);
console.log(JSON.parse(require("node:fs").readFileSync(`${folder}/${name}/package.json`, "utf8")).version);
"""
_IMPORT: Final = "import sys, importlib; print(getattr(importlib.import_module(sys.argv[1]), '__version__', '?'))"


async def probe(tools: Sequence[Tool], runner: CagedRunner, cache: MutableMapping[str, str]) -> list[ToolState]:
    """The state of each, in order. ``cache`` keeps versions by path, time and size, so that a known program costs one look at it.

    Keep the mapping between starts to make them quick; what does not run is not remembered.
    """
    states: dict[Tool, ToolState] = {}
    limiter = trio.CapacityLimiter(AT_ONCE)

    async def ask(tool: Tool) -> None:
        async with limiter:
            states[tool] = await _state(tool, runner, cache)

    async with trio.open_nursery() as nursery:
        for tool in dict.fromkeys(tools):
            nursery.start_soon(ask, tool)
    return [states[tool] for tool in tools]


async def _state(tool: Tool, runner: CagedRunner, cache: MutableMapping[str, str]) -> ToolState:
    key = await trio.to_thread.run_sync(_key, tool)
    if key is None:
        return ToolState(tool=tool, version=None, problem=f"{tool.name} is not installed.")
    if key in cache:
        return ToolState(tool=tool, version=cache[key])
    try:
        version = await _ask(tool, runner)
    except OmnicError as error:
        return ToolState(tool=tool, version=None, problem=error.message)
    if version is None:
        return ToolState(tool=tool, version=None, problem=f"{tool.name} is there but does not run.")
    if key:
        cache[key] = version
    return ToolState(tool=tool, version=version)


async def _ask(tool: Tool, runner: CagedRunner) -> str | None:
    if tool.module and tool.python is None:
        return str(await runner.call(_ASK_MODULE, [], {"module": tool.name}))
    if tool.npm is not None:
        argv = ("node", "-e", _REQUIRE, str(NODE_MODULES), tool.npm)
        return _version(await runner.try_program(argv, _LIMITS, read_only=(str(NODE_MODULES),)))
    argv = (tool.python, "-B", "-c", _IMPORT, tool.name) if tool.module and tool.python else (tool.name, *tool.probe)
    return _version(await runner.try_program(argv, _LIMITS))


def _version(ended: Ended) -> str | None:
    if ended.returncode != 0:
        return None
    printed = (ended.stdout + b"\n" + ended.stderr).decode("utf-8", "replace")
    found = next((found for pattern in _VERSIONS if (found := pattern.search(printed))), None)
    return found.group() if found else said(printed.encode()) or "?"


def _key(tool: Tool) -> str | None:
    """What the answer hangs on. None: it is not there. Empty: it cannot be told. Blocks."""
    try:
        if tool.module and tool.python is None:
            spec = importlib.util.find_spec(tool.name.partition(".")[0])
            path = spec.origin if spec is not None else None
            return None if spec is None else _stamp(f"module {tool.name}", path) if path else ""
        if tool.module:
            return "" if tool.python and Path(tool.python).exists() else None
        if tool.npm is not None:
            facts = NODE_MODULES / tool.npm / "package.json"
            return _stamp(f"npm {tool.npm}", str(facts)) if facts.exists() else None
        path = shutil.which(tool.name, path=PATH)
        return _stamp(" ".join(tool.probe), path) if path else None
    except (OSError, ValueError, ImportError):
        return ""


def _stamp(what: str, path: str) -> str:
    real = Path(path).resolve()
    status = os.stat(real)  # noqa: PTH116 - one call for both facts
    return "|".join((what, str(real), str(status.st_mtime_ns), str(status.st_size)))
