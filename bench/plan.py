"""A Plan on the graph of every converter that the package declares, once its source Format is cached."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.figures import Figure
from omnic_stream.model.graph import ConversionGraph
from omnic_stream.model.target import parse_target
from omnic_stream.plugins import collect

TIMES = 20_000


def figures() -> Iterator[Figure]:
    plugins = collect()
    graph = ConversionGraph(plugins.formats, plugins.converters)
    for source, type in (("DOCX", "PDF"), ("DOCX", "thumb.png:200x200")):
        target = parse_target(type, plugins.formats)
        graph.plan(source, target)
        began = time.perf_counter()
        for _ in range(TIMES):
            graph.plan(source, target)
        each = (time.perf_counter() - began) / TIMES * 1e6
        told = f"{len(plugins.formats)} formats, {len(graph.edges())} edges"
        yield Figure(f"plan {source} to {type}", each, 20, "us", "less", told)
