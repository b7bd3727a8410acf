"""``types`` and ``graph``: what can become what."""

from __future__ import annotations

import shutil
import subprocess
import sys

from omnic_stream.cli.running import configured, run
from omnic_stream.library import address_of, file_of, is_address
from omnic_stream.model.contracts import Loss
from omnic_stream.model.errors import BadTarget, MisconfiguredError
from omnic_stream.model.graph import ConversionGraph, Plan
from omnic_stream.model.target import parse_target
from omnic_stream.service import Service, open_service

LOST = {
    Loss.REENCODES: "compresses again",
    Loss.RESTYLES: "approximates the layout",
    Loss.RASTERISES: "makes pixels of it",
    Loss.EXTRACTS: "keeps a part",
}


def types(source: str, *, store: str | None) -> None:
    config = configured(store=store, warm=False)

    async def work() -> None:
        async with open_service(config) as service:
            there = is_address(source) or file_of(source)[0].is_file()
            known = None if there else service.formats.find(source)
            if known is not None:
                found = known.name
            elif there:
                found = (await service.jobs.types(service.address(address_of(service, source)))).format
            else:
                raise BadTarget(f"{source} is neither a file, an address nor a known format.")
            sys.stdout.write(f"{found} can become:\n")
            for reach in service.graph.reachable(found):
                sys.stdout.write(
                    f"  {reach.format:<14} {reach.steps} step{'s' if reach.steps > 1 else ' '}  about {reach.cost:.0f} ms\n"
                )

    run(work)


def graph(source: str | None, to: str | None, form: str, *, store: str | None) -> None:
    config = configured(store=store, warm=False)

    async def work() -> None:
        async with open_service(config) as service:
            if source is not None and to is not None:
                _roads(service, source, to)
            elif form == "text":
                _table(service.graph, source)
            else:
                picture = dot(service.graph, source)
                sys.stdout.write(picture if form == "dot" else svg(picture))

    run(work)


def _roads(service: Service, source: str, to: str) -> None:
    known = service.formats.find(source)
    if known is None:
        raise BadTarget(f"There is no format {source}.")
    target = parse_target(to, service.formats)
    best = service.graph.plan(known.name, target)  # raises NoRoad, with what would open one
    for number, plan in enumerate(service.graph.plans(known.name, target), 1):
        sys.stdout.write(f"{number}. {told(plan)}\n   {why(plan, best)}\n")
    opened = service.graph.opened(known.name, target)
    if opened is not None:
        sys.stdout.write(f"With {', '.join(service.graph.missing(opened))} installed:\n   {told(opened)}\n   {why(opened, best)}\n")


def told(plan: Plan) -> str:
    """A Plan in words: each Step, what does it, and what it costs."""
    if not plan.steps:
        return f"{plan.source} is what is asked for"
    way = " ".join(f"-> {step.target} ({step.converter.id})" for step in plan.steps)
    return f"{plan.source} {way}: about {plan.ms:.0f} ms, loss {plan.loss}"


def why(plan: Plan, best: Plan) -> str:
    """What the road gives up, and how it stands to the best one: loss counts before time, time before the number of steps."""
    lost = [f"{step.converter.id} {LOST[step.converter.loss]}" for step in plan.steps if step.converter.loss in LOST]
    gives = f"gives up: {', '.join(lost)}" if lost else "gives up nothing"
    if plan.steps == best.steps:
        return f"{gives}; taken, for no road loses less or, losing as much, is quicker"
    if plan.loss != best.loss:
        return f"{gives}; loses {'more' if plan.loss > best.loss else 'less'} than the first ({plan.loss} against {best.loss})"
    if plan.ms != best.ms:
        return f"{gives}; loses as much as the first and takes {plan.ms - best.ms:+.0f} ms"
    return f"{gives}; as good as the first in {len(plan.steps)} steps"


def _table(graph: ConversionGraph, source: str | None) -> None:
    for converter in sorted(graph.converters, key=lambda converter: (converter.family, converter.id)):
        if source is None or source.upper() in converter.inputs:
            sys.stdout.write(f"{converter.id:<18} {' '.join(converter.inputs)} -> {' '.join(converter.outputs)}\n")


def dot(graph: ConversionGraph, source: str | None) -> str:
    """The graph in Graphviz' language; with a source, what can be made of it."""
    formats = graph.formats
    known = formats.find(source) if source else None
    if source and known is None:
        raise BadTarget(f"There is no format {source}.")
    reached = {reach.format for reach in graph.reachable(known.name)} | {known.name} if known else None
    lines = ["digraph omnic {", "  rankdir=LR; node [shape=box, style=rounded, fontname=sans]; edge [fontname=sans, fontsize=9];"]
    for converter, here, there in graph.edges():
        if reached is None or (here in reached and there in reached):
            lines.append(f'  "{here}" -> "{there}" [label="{converter.id}"];')
    return "\n".join([*lines, "}", ""])


def svg(picture: str) -> str:
    if shutil.which("dot") is None:
        raise MisconfiguredError("The picture needs Graphviz: apt-get install graphviz, or take --form dot.")
    return subprocess.run(["dot", "-Tsvg"], input=picture, capture_output=True, text=True, check=True).stdout
