"""Roads that pass no Format twice, for the rare search whose cheapest walk goes in a circle to get an argument taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from heapq import heappop, heappush

from omnic_stream.model.contracts import Converter

Hop = tuple[Converter, str, str]
Edges = Mapping[str, Sequence[tuple[Converter, str]]]

MOST_STATES = 5_000
"""Some tens of milliseconds. Only a graph made to be hard needs as many; there is no road then."""


def goes_in_a_circle(road: Sequence[Hop]) -> bool:
    """Whether it comes back to a Format that it left. A conversion to self does not leave."""
    passed = [target for _, source, target in road if source != target]
    return len(set(passed)) < len(passed) or (bool(road) and road[0][1] in passed)


def simple_road(
    edges: Edges,
    price: Callable[[Converter, str], tuple[int, float]],
    source: str,
    goals: Collection[str],
    given: frozenset[str],
    *,
    avoid: Collection[str] = (),
    leaves: Collection[str] = (),
) -> tuple[Hop, ...] | None:
    """The cheapest road that passes no Format twice and takes all arguments ``given``; None where there is none.

    A conversion to self counts as no second visit, and is made only for an argument that nothing took so far.
    """
    count = 0
    heap: list[tuple[tuple[int, float, int], int, str, frozenset[str], tuple[Hop, ...]]] = [
        ((0, 0.0, 0), 0, source, frozenset(), ())
    ]
    for _ in range(MOST_STATES):
        if not heap:
            return None
        (loss, ms, steps), _, here, taken, road = heappop(heap)
        if here in goals and taken == given:
            return road
        if road and here in leaves:
            continue
        passed = {source, *(hop[2] for hop in road)}
        for converter, there in edges.get(here, ()):
            now = taken | given.intersection(converter.takes)
            if converter.id in avoid or (there in passed and (there != here or now == taken)):
                continue
            more_loss, more_ms = price(converter, here)
            count += 1
            further = (loss + more_loss, ms + more_ms, steps + 1)
            heappush(heap, (further, count, there, now, (*road, (converter, here, there))))
    return None
