"""The ConversionGraph: from a Format to a Target by the cheapest Plan. Pure.

A road's price is (loss, milliseconds, steps), compared in that order: no time saved buys a worse result. Losses of Steps add up; to take
a Format for its parent loses one more for each generation, so that what knows it best comes first.
An argument goes to the last Step that takes it; a Plan takes every argument of its Target, or it is none. Searches run over
(Format, arguments taken so far) and are cached per source Format, so that a Plan on a known source is a look-up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import pairwise

from omnic_stream.model.contracts import Converter, Tool
from omnic_stream.model.errors import BadTarget, NoRoad
from omnic_stream.model.formats import Formats
from omnic_stream.model.profiles import ProfileLike, digest_of_graph
from omnic_stream.model.simple_roads import Hop, goes_in_a_circle, simple_road
from omnic_stream.model.target import Target

NOMINAL_MIB = 1.0
"""Input size for which roads are compared."""
ANY = "any"
"""Among a Converter's inputs: every file, whatever its Format."""
NO_FILE = frozenset({"directory"})
MOST_SEARCHES = 256
"""Cached searches, some 100 KiB each; beyond, the cache starts anew (a stranger could ask for every set of arguments)."""

Price = tuple[int, float, int]
State = tuple[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Step:
    """One Converter applied."""

    converter: Converter
    source: str
    target: str
    arguments: Mapping[str, str]
    read_as: str
    """The Format as which the Converter reads its input: the source, or the nearest ancestor of it that it declares."""

    @property
    def wish(self) -> str:
        """What is made, in one text: runs with the same wish are alike in what they have to do."""
        return " ".join([self.target, *(f"{name}={value}" for name, value in sorted(self.arguments.items()))])


@dataclass(frozen=True, slots=True)
class Plan:
    """The Steps from a Format to a Target; none where the Format is what is asked for."""

    source: str
    target: Target
    steps: tuple[Step, ...]
    ms: float
    loss: int

    @property
    def result(self) -> str:
        """The Format of what comes out: the Target's, unless that is a wish or one that the result stands for."""
        return self.steps[-1].target if self.steps else self.source


@dataclass(frozen=True, slots=True)
class Reach:
    """A Format that can be made, and at which price."""

    format: str
    steps: int
    cost: float
    loss: int


class ConversionGraph:
    def __init__(
        self,
        formats: Formats,
        converters: Iterable[Converter],
        *,
        unavailable: Sequence[Converter] = (),
        profiles: Mapping[str, ProfileLike] | None = None,
        preferred: Sequence[str] = (),
        absent: Collection[Tool] = (),
    ) -> None:
        """``unavailable``: Converters whose tools are missing; they serve to say what a tool would open. ``absent``: those tools.
        ``preferred``: ids that cost nothing wherever they can do the job. Raises ValueError for a Format that nobody declared.
        """
        self.formats = formats
        self.converters = tuple(converters)
        self._unavailable = tuple(unavailable)
        self._profiles = profiles or {}
        self._preferred = frozenset(preferred)
        self._absent = frozenset(absent)
        self._facts = frozenset(format.name for format in formats.in_category("fact"))
        """Of the file that was asked about, not of what it became on the way."""
        self._strains: dict[tuple[str, str], int] = {}
        self._edges = self._expanded()
        self._whole = (
            ConversionGraph(formats, (*self.converters, *unavailable), profiles=profiles, preferred=preferred)
            if unavailable
            else None
        )
        self._searches: dict[tuple[str, frozenset[str], frozenset[str]], _Search] = {}
        self._roads: dict[tuple[str, str, frozenset[str], frozenset[str]], tuple[Hop, ...] | None] = {}
        self.digest = digest_of_graph(formats, self.converters, self._profiles, self._preferred)

    # --- questions

    def plan(self, source: str, target: Target, *, profile: str | None = None, avoid: frozenset[str] = frozenset()) -> Plan:
        """The cheapest Plan without the Converters in ``avoid``. Raises NoRoad, with what is possible and what is missing."""
        if target.format in self.formats and self.formats.get(target.format).wish:
            return self._granted(source, target, profile, avoid)
        given = frozenset(name for name, _ in target.arguments)
        hops = (
            self._road(source, target.format, given, avoid)
            if profile is None
            else self._profiled(source, target, given, profile, avoid)
        )
        if hops is None:
            raise self._no_road(source, target, given)
        return self._bound(source, target, hops)

    def plans(self, source: str, target: Target, most: int = 3) -> list[Plan]:
        """The best Plans, each without some Converter of a better one."""
        if self.formats.get(target.format).wish:
            target = replace(target, format=self._granted(source, target, None, frozenset()).result)
        found: list[Plan] = []
        queue: list[frozenset[str]] = [frozenset()]
        seen: set[frozenset[str]] = set()
        given = frozenset(name for name, _ in target.arguments)
        while queue and len(seen) < 50:
            avoid = queue.pop(0)
            if avoid in seen:
                continue
            seen.add(avoid)
            hops = self._road(source, target.format, given, avoid)
            if hops is None:
                continue
            plan = self._bound(source, target, hops)
            if all(plan.steps != other.steps for other in found):
                found.append(plan)
            queue += [avoid | {hop[0].id} for hop in hops]
        return sorted(found, key=lambda plan: (plan.loss, plan.ms, len(plan.steps)))[:most]

    def reachable(self, source: str) -> tuple[Reach, ...]:
        """Every Format that can be made of it, cheapest first."""
        if source not in self.formats:
            return ()
        search = self._search(source, frozenset(), frozenset())
        reached = [Reach(f, p[2], round(p[1], 3), p[0]) for (f, _), p in search.prices.items() if f != source]
        if any(output == source for converter, output in self._edges.get(source, ()) if converter.takes):
            reached.append(Reach(source, 1, 0.0, 0))
        prices = {reach.format: reach for reach in reached} | {source: Reach(source, 0, 0.0, 0)}
        for wish in self.formats:
            granted = (
                next((name for name in self.formats.granting(wish.name, source) if name in prices), None) if wish.wish else None
            )
            if granted is not None:
                reached.append(replace(prices[granted], format=wish.name))
        return tuple(sorted(reached, key=lambda reach: (reach.loss, reach.cost, reach.format)))

    def read_as(self, source: str, converter: Converter) -> str:
        """What a Converter that accepts a Format takes it for."""
        return (source, *self.formats.ancestors(source))[self._strains.get((source, converter.id), 0)]

    def edges(self) -> list[Hop]:
        """Every way to apply a Converter, for pictures."""
        return [(converter, source, output) for source, hops in self._edges.items() for converter, output in hops]

    def opened(self, source: str, target: Target) -> Plan | None:
        """The best Plan if every tool were there, where it is better than today's, or where there is none today."""
        if self._whole is None:
            return None
        try:
            best = self._whole.plan(source, target)
        except NoRoad:
            return None
        absent = {converter.id for converter in self._unavailable}
        return best if any(step.converter.id in absent for step in best.steps) else None

    def missing(self, plan: Plan) -> list[str]:
        """The packages (or programs) that a Plan of ``opened`` needs and that are not there."""
        unavailable = {converter.id for converter in self._unavailable}
        tools = [
            tool
            for step in plan.steps
            if step.converter.id in unavailable
            for tool in step.converter.tools
            if tool in self._absent or not self._absent
        ]
        return list(dict.fromkeys(tool.debian or tool.pip or tool.npm or tool.name for tool in tools))

    # --- the graph

    def _expanded(self) -> dict[str, list[tuple[Converter, str]]]:
        edges: dict[str, list[tuple[Converter, str]]] = {}
        for converter in self.converters:
            outputs = self._named(converter.outputs, converter)
            inputs = set(self._named(converter.inputs, converter))
            for format in self.formats:
                source = format.name
                line = (source, *self.formats.ancestors(source))
                generations = next((number for number, name in enumerate(line) if name in inputs), None)
                if format.leaf or format.wish or generations is None:
                    continue
                if generations:
                    self._strains[source, converter.id] = generations
                edges.setdefault(source, []).extend(
                    (converter, output) for output in outputs if output != source or converter.takes
                )
        return edges

    def _named(self, words: Sequence[str], converter: Converter) -> list[str]:
        names: list[str] = []
        for word in words:
            kind, _, category = word.partition(":")
            if word == ANY:
                names += [format.name for format in self.formats if format.category not in NO_FILE and not format.wish]
            elif kind == "category" and category:
                names += [format.name for format in self.formats.in_category(category)]
            elif word in self.formats:
                names.append(word)
            else:
                raise ValueError(f"converter {converter.id} names the unknown format {word}")
        return list(dict.fromkeys(names))

    def _price(self, converter: Converter, source: str) -> tuple[int, float]:
        ms = converter.cost.ms + converter.cost.ms_per_mib * NOMINAL_MIB
        loss = converter.loss + self._strains.get((source, converter.id), 0)
        return loss, 0.0 if converter.id in self._preferred else ms

    def _search(self, source: str, given: frozenset[str], avoid: frozenset[str]) -> _Search:
        key = (source, given, avoid)
        found = self._searches.get(key)
        if found is None:
            if len(self._searches) >= MOST_SEARCHES:
                self._searches.clear()
                self._roads.clear()
            found = self._searches[key] = self._searched(source, given, avoid)
        return found

    def _searched(self, source: str, given: frozenset[str], avoid: frozenset[str]) -> _Search:
        """Dijkstra's algorithm, from one state to all that matter: a state is left out where another of its Format has
        taken the same arguments or more, at no higher price.
        """
        start: State = (source, frozenset())
        prices: dict[State, Price] = {}
        before: dict[State, tuple[State, Hop]] = {}
        settled: dict[str, list[frozenset[str]]] = {}
        promised: dict[State, Price] = {start: (0, 0.0, 0)}
        taking = {converter.id: given.intersection(converter.takes) for converter in self.converters}
        count = 0
        heap: list[tuple[Price, int, State, tuple[State, Hop] | None]] = [((0, 0.0, 0), 0, start, None)]
        while heap:
            price, _, state, came = heappop(heap)
            format, taken = state
            known = settled.setdefault(format, [])
            if any(taken <= more for more in known):
                continue
            known.append(taken)
            prices[state] = price
            if came is not None:
                before[state] = came
                if self.formats.get(format).leaf:
                    continue
            for converter, output in self._edges.get(format, ()):
                if converter.id in avoid or (came is not None and output in self._facts):
                    continue
                loss, ms = self._price(converter, format)
                goal: State = (output, taken | taking[converter.id])
                further = (price[0] + loss, price[1] + ms, price[2] + 1)
                if goal in promised and promised[goal] <= further:
                    continue
                promised[goal] = further
                count += 1
                heappush(heap, (further, count, goal, (state, (converter, format, output))))
        return _Search(prices, before)

    def _road(self, source: str, goal: str, given: frozenset[str], avoid: frozenset[str]) -> tuple[Hop, ...] | None:
        key = (source, goal, given, avoid)
        try:
            return self._roads[key]
        except KeyError:
            pass
        search = self._search(source, given, avoid)
        goals = [(name, given) for name in (goal, *self._substitutes(goal)) if (name, given) in search.prices]
        road = search.road(min(goals, key=lambda state: search.prices[state])) if goals else None
        if road is not None and goes_in_a_circle(road):
            leaves = {format.name for format in self.formats if format.leaf}
            names = {name for name, _ in goals}
            road = simple_road(self._edges, self._price, source, names, given, avoid=avoid, leaves=leaves)
        self._roads[key] = road
        return road

    def _granted(self, source: str, target: Target, profile: str | None, avoid: frozenset[str]) -> Plan:
        """The Plan to the first Format that grants the wish, takes what was given with it, and can be reached."""
        given = {name for name, _ in target.arguments}
        for name in self.formats.granting(target.format, source):
            if given <= {rule.name for rule in self.formats.get(name).arguments}:
                try:
                    return replace(self.plan(source, replace(target, format=name), profile=profile, avoid=avoid), target=target)
                except NoRoad:
                    continue
        raise self._no_road(source, target, frozenset(given))

    def _substitutes(self, goal: str) -> list[str]:
        return [format.name for format in self.formats if goal in format.stands_for]

    # --- profiles

    def _profiled(
        self, source: str, target: Target, given: frozenset[str], name: str, avoid: frozenset[str]
    ) -> tuple[Hop, ...] | None:
        profile = self._profile(name)
        if profile.path:
            return self._exactly(source, target, given, profile.path, avoid)
        stops = [source, *(stop for stop in profile.via if stop != source)]
        hops: list[Hop] = []
        for here, there in pairwise(stops):
            part = self._road(here, there, frozenset(), avoid)
            if part is None:
                return None
            hops += part
        taken = frozenset(name for converter, _, _ in hops for name in converter.takes)
        last = self._road(stops[-1], target.format, given, avoid) or self._road(stops[-1], target.format, given - taken, avoid)
        return None if last is None else (*hops, *last)

    def _profile(self, name: str) -> ProfileLike:
        seen: set[str] = set()
        while True:
            profile = self._profiles.get(name)
            if profile is None or name in seen:
                raise BadTarget("There is no such profile.")
            if profile.alias is None:
                return profile
            seen.add(name)
            name = profile.alias

    def _exactly(
        self, source: str, target: Target, given: frozenset[str], path: tuple[str, ...], avoid: frozenset[str]
    ) -> tuple[Hop, ...] | None:
        if path[0] != source or path[-1] != target.format:
            return None
        hops: list[Hop] = []
        for here, there in pairwise(path):
            able = [c for c, output in self._edges.get(here, ()) if output == there and c.id not in avoid]
            if not able:
                return None
            best = min(able, key=lambda c: (-len(given.intersection(c.takes)), *self._price(c, here)))
            hops.append((best, here, there))
        return tuple(hops) if given <= {name for c, _, _ in hops for name in c.takes} else None

    # --- answers

    def _bound(self, source: str, target: Target, hops: Sequence[Hop]) -> Plan:
        given = dict(target.arguments)
        steps: list[Step] = []
        ms, loss = 0.0, 0
        for converter, here, there in reversed(hops):  # the last that takes an argument gets it
            own = {name: given.pop(name) for name in converter.takes if name in given} if given else {}
            steps.append(Step(converter, here, there, own, self.read_as(here, converter)))
            ms += converter.cost.ms + converter.cost.ms_per_mib * NOMINAL_MIB
            loss += self._price(converter, here)[0]
        steps.reverse()
        return Plan(source, target, tuple(steps), ms, loss)

    def _no_road(self, source: str, target: Target, given: frozenset[str]) -> NoRoad:
        possible = [reach.format for reach in self.reachable(source)]
        opened = self.opened(source, target)
        missing = self.missing(opened) if opened is not None else []
        extra = {"possible": possible, "missing": missing}
        if missing:
            return NoRoad(f"{source} to {target.format} needs what is not installed here: {', '.join(missing)}.", extra=extra)
        if given and self._road(source, target.format, frozenset(), frozenset()) is not None:
            return NoRoad(
                f"{source} can become {target.format}, but not with these arguments: {', '.join(sorted(given))}.",
                extra=extra,
            )
        return NoRoad(f"No converter makes {target.format} of {source}.", extra=extra)


@dataclass(frozen=True, slots=True)
class _Search:
    """The cheapest price of every state, and by which hop it was reached."""

    prices: Mapping[State, Price]
    before: Mapping[State, tuple[State, Hop]]

    def road(self, goal: State) -> tuple[Hop, ...]:
        hops: list[Hop] = []
        while goal in self.before:
            goal, hop = self.before[goal]
            hops.append(hop)
        return tuple(reversed(hops))
