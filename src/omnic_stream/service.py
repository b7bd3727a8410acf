"""The composition root: builds every part once and owns the nursery in which they live. Nothing here decides; it connects."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import structlog
import trio

from omnic_stream.config import Config
from omnic_stream.detect import Detection, by_name
from omnic_stream.jobs.conveyor import Conveyor, open_conveyor
from omnic_stream.jobs.following import Following, following
from omnic_stream.model.address import Address, SchemeRule, parse_address
from omnic_stream.model.contracts import Artifact, Converter, Cost, Detect, Source, SourceSettings, Tool, ToolState, Wanted
from omnic_stream.model.errors import MisconfiguredError
from omnic_stream.model.formats import Formats
from omnic_stream.model.graph import ConversionGraph
from omnic_stream.model.target import parse_target
from omnic_stream.plugins import Plugins, collect
from omnic_stream.runner import CagedRunner, open_runner
from omnic_stream.runner.tools import probe
from omnic_stream.sources.file import FileSource
from omnic_stream.store import DiskStore, open_store

TOOLS = "tools"
SAMPLES = "samples"
DEMO = "demo"
"""Names of file roots that are ours."""
"""The file root that every service has: the samples that travel with the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that runs, ready to be asked."""

    config: Config
    plugins: Plugins
    formats: Formats
    graph: ConversionGraph
    jobs: Conveyor
    store: DiskStore
    runner: CagedRunner
    schemes: Mapping[str, SchemeRule]
    tools: Sequence[ToolState]
    files: FileSource

    def wanted(self, url: str, type: str, profile: str | None = None) -> Wanted:
        """Raises BadAddress and BadTarget."""
        return Wanted(address=parse_address(url, self.schemes), target=parse_target(type, self.formats), profile=profile)

    def address(self, url: str) -> Address:
        return parse_address(url, self.schemes)

    def follow(self, wanted: Wanted, *, priority: int = 0, look: bool = False) -> AbstractContextManager[Following]:
        """``with service.follow(wanted) as follower: async for logged in follower.events(): ...``"""
        return following(self.jobs, wanted, priority=priority, look=look)

    def result(self, wanted: Wanted) -> Artifact | None:
        """What the catalogue holds for it, fresh or not."""
        finished = self.store.finished(wanted.key)
        return finished.artifact if finished is not None else None

    @property
    def missing(self) -> tuple[ToolState, ...]:
        return tuple(state for state in self.tools if state.version is None)


def allowed(converters: Sequence[Converter], config: Config) -> list[Converter]:
    """Those whose tools' licences the operator does not refuse, at the costs that the operator names."""
    refused = tuple(licence.upper() for licence in config.refuse_licences)
    kept = [one for one in converters if not any(refused and tool.licence.upper().startswith(refused) for tool in one.tools)]
    costs = {id: Cost(ms=rule.ms, ms_per_mib=rule.ms_per_mib) for id, rule in config.costs.items()}
    if unknown := sorted(costs.keys() - {one.id for one in converters}):
        raise MisconfiguredError(f"costs names what is no converter: {', '.join(unknown)}.")
    return [replace(one, cost=costs[one.id]) if one.id in costs else one for one in kept]


def split(converters: Sequence[Converter], tools: Sequence[ToolState]) -> tuple[list[Converter], list[Converter]]:
    """Those whose tools all run, and those that miss one."""
    runs = {state.tool for state in tools if state.version is not None}
    able = [converter for converter in converters if all(tool in runs for tool in converter.tools)]
    return able, [converter for converter in converters if converter not in able]


@asynccontextmanager
async def open_service(
    config: Config | None = None, *, converted: Callable[[str, float], None] = lambda converter, seconds: None
) -> AsyncIterator[Service]:
    """Build and run the service without its web: for the command line, the library and tests.

    ``converted`` is told of each conversion: the Converter's id and its seconds. What it logs is seen where structlog is configured, as
    the command line does; a program that uses the library and configures nothing keeps its standard output to itself.
    """
    if not structlog.is_configured():
        structlog.configure(logger_factory=_unheard)
    config = config or Config()
    plugins = collect(config.plugins, Path())
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            open_store(config.store_folder, limit=config.store_limit, max_content=config.max_bytes, fsync=config.fsync)
        )
        runner = await stack.enter_async_context(
            open_runner(
                slots=config.cores,
                queue_limit=config.queue_limit + config.cores,
                tier=config.sandbox,
                workers=plugins.workers,
                read_only=[str(Path.cwd())] if config.plugins else [],
            )
        )
        states = await probed(plugins, runner, store)
        able, unable = split(allowed(plugins.converters, config), states)
        settings = SourceSettings(
            allow_addresses=config.allow_addresses,
            allow_hosts=config.allow_hosts,
            file_roots=file_roots(config),
            max_bytes=config.max_bytes,
            seconds=config.fetch_seconds,
        )
        opened = [await stack.enter_async_context(open_source(settings)) for open_source in plugins.sources]
        sources = _by_scheme(opened)
        graph = ConversionGraph(
            plugins.formats,
            able,
            unavailable=unable,
            profiles=config.profiles,
            preferred=config.prefer,
            absent=[state.tool for state in states if state.version is None],
        )
        detect: Detect = Detection(runner) if config.detect_content else by_name(plugins.formats)
        jobs = await stack.enter_async_context(
            open_conveyor(
                formats=plugins.formats,
                graph=graph,
                sources=sources,
                detect=detect,
                runner=runner,
                store=store,
                slots=config.cores,
                queue_limit=config.queue_limit,
                check_outputs=config.check_outputs,
                tool_versions={state.tool.name: state.version for state in states if state.version is not None},
                downloads=config.downloads,
                converted=converted,
            )
        )
        yield Service(
            config=config,
            plugins=plugins,
            formats=plugins.formats,
            graph=graph,
            jobs=jobs,
            store=store,
            runner=runner,
            schemes={scheme: rule for source in opened for scheme, rule in source.schemes.items()},
            tools=states,
            files=next(source for source in opened if isinstance(source, FileSource)),
        )


def schemes(config: Config) -> dict[str, SchemeRule]:
    """What addresses may look like, without opening a service."""
    rules: dict[str, SchemeRule] = {}

    async def look() -> None:
        settings = SourceSettings(file_roots=file_roots(config))
        for open_source in collect(config.plugins, Path()).sources:
            async with open_source(settings) as source:
                rules.update(source.schemes)

    trio.run(look)
    return rules


def file_roots(config: Config) -> dict[str, Path]:
    samples = Path(str(files("omnic_stream").joinpath(SAMPLES)))
    given = {name: Path(folder).expanduser().resolve() for name, folder in config.file_roots.items()}
    shown = {DEMO: Path(config.demo).expanduser().resolve()} if config.demo else {}
    return {SAMPLES: samples} | shown | given


async def probed(plugins: Plugins, runner: CagedRunner, store: DiskStore) -> list[ToolState]:
    """Every tool's state, found by running it; versions of binaries that have not changed are remembered in the store."""
    known: dict[str, str] = json.loads(store.note(TOOLS) or "{}")
    cache = dict(known)
    states = await probe(_tools(plugins), runner, cache)
    if cache != known:
        await store.put_note(TOOLS, json.dumps(cache))
    return states


def _tools(plugins: Plugins) -> list[Tool]:
    needed = [tool for converter in plugins.converters for tool in converter.tools]
    return list(dict.fromkeys(needed + [tool for worker in plugins.workers.values() for tool in worker.tools]))


def _by_scheme(opened: Sequence[Source]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for source in opened:
        for scheme in source.schemes:
            if scheme in sources:
                raise MisconfiguredError(f"Two sources are declared for {scheme}: addresses.")
            sources[scheme] = source
    return sources


def _unheard(*names: str) -> structlog.typing.WrappedLogger:
    """structlog prints on standard output until somebody configures it. For everybody else's loggers it stays so."""
    ours = bool(names) and names[0].partition(".")[0] == "omnic_stream"
    return structlog.ReturnLogger() if ours else structlog.PrintLogger()
