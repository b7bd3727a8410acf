"""The planner against an oracle that tries every road, on small random graphs."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnic_stream.model.contracts import Command, Converter, Cost, Loss, Tool
from omnic_stream.model.errors import NoRoad
from omnic_stream.model.formats import ArgumentRule, Format, Formats
from omnic_stream.model.graph import ConversionGraph
from omnic_stream.model.target import Target

NAMES = "ABCDEF"
RULES = tuple(ArgumentRule(name=name, kind="int", low=0, high=9) for name in ("page", "size"))
LETTERS = Formats(
    Format(name=name, media_type=f"x/{name.lower()}", category="letter", arguments=RULES, leaf=name == "F") for name in NAMES
)


def converter(id, inputs, outputs, *, ms=10.0, loss=Loss.NONE, takes=(), tools=(), version=1):
    return Converter(
        id=id,
        version=version,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        run=Command(argv=("true",)),
        cost=Cost(ms=ms),
        loss=loss,
        takes=tuple(takes),
        tools=tools,
    )


@st.composite
def converters(draw):
    return [
        converter(
            f"c{number}",
            draw(st.sampled_from(NAMES)),
            draw(st.sampled_from(NAMES)),
            ms=float(draw(st.integers(1, 9))),
            loss=draw(st.sampled_from(Loss)),
            takes=draw(st.sets(st.sampled_from(["page", "size"]))),
        )
        for number in range(draw(st.integers(0, 10)))
    ]


targets = st.builds(
    lambda format, names: Target(format, tuple((name, "1") for name in sorted(names))),
    st.sampled_from(NAMES),
    st.sets(st.sampled_from(["page", "size"])),
)


def price(steps):
    return (sum(step.loss for step in steps), sum(step.cost.ms for step in steps), len(steps))


def cheapest(all_of_them, source, target):
    """Every road that passes no Format twice, conversions to self included where they take something new."""
    best = None
    wanted = {name for name, _ in target.arguments}

    def walk(here, passed, steps, taken):
        nonlocal best
        if here == target.format and taken == wanted:
            best = min(best or price(steps), price(steps))
        if steps and here == "F":
            return
        for able in all_of_them:
            there, now = able.outputs[0], taken | (wanted & set(able.takes))
            # F is a leaf: no converter accepts it
            if able.inputs[0] != here or here == "F" or (there in passed and (there != here or now == taken)):
                continue
            walk(there, passed | {there}, [*steps, able], now)

    walk(source, {source}, [], set())
    return best


@settings(max_examples=300, deadline=None)
@given(converters(), st.sampled_from(NAMES), targets)
def test_a_plan_is_as_cheap_as_the_best_of_all_roads(able, source, target):
    graph = ConversionGraph(LETTERS, able)
    best = cheapest(able, source, target)
    try:
        plan = graph.plan(source, target)
    except NoRoad as none:
        assert best is None
        assert target.format not in none.extra["possible"] or target.arguments
        return
    assert best is not None
    assert price([step.converter for step in plan.steps]) == best == (plan.loss, plan.ms, len(plan.steps))
    assert [step.source for step in plan.steps] == [source, *(step.target for step in plan.steps[:-1])][: len(plan.steps)]
    left = [step.target for step in plan.steps if step.source != step.target]
    assert len(set(left)) == len(left) and (source not in left)
    for name, value in target.arguments:  # the last Step that takes an argument gets it, and nobody else
        takers = [step for step in plan.steps if name in step.converter.takes]
        assert takers[-1].arguments[name] == value
        assert all(name not in step.arguments for step in takers[:-1])


@settings(max_examples=100, deadline=None)
@given(converters(), st.sampled_from(NAMES), targets)
def test_the_order_of_declaration_changes_no_digest_and_no_price(able, source, target):
    def outcome(order):
        graph = ConversionGraph(LETTERS, order)
        try:
            plan = graph.plan(source, target)
        except NoRoad:
            return graph.digest, None
        return graph.digest, (plan.loss, plan.ms, len(plan.steps))

    assert len({outcome(order) for order in (able, able[::-1], sorted(able, key=lambda one: one.outputs))}) == 1


@settings(max_examples=100, deadline=None)
@given(converters(), st.sampled_from(NAMES), targets)
def test_what_is_avoided_never_makes_a_road_cheaper(able, source, target):
    graph = ConversionGraph(LETTERS, able)
    try:
        best = graph.plan(source, target)
    except NoRoad:
        return
    for step in best.steps:
        try:
            other = graph.plan(source, target, avoid=frozenset({step.converter.id}))
        except NoRoad:
            continue
        assert step.converter.id not in {each.converter.id for each in other.steps}
        assert (other.loss, other.ms) >= (best.loss, best.ms)
    plans = graph.plans(source, target)
    assert plans[0].loss == best.loss and plans[0].ms == best.ms and len(plans) <= 3


@settings(max_examples=100, deadline=None)
@given(converters(), st.sampled_from(NAMES))
def test_what_is_reachable_can_be_planned_and_the_rest_cannot(able, source):
    graph = ConversionGraph(LETTERS, able)
    reached = {reach.format: reach.steps for reach in graph.reachable(source)}
    for name in NAMES.replace(source, ""):
        if name in reached:
            assert len(graph.plan(source, Target(name)).steps) == reached[name]
        else:
            with pytest.raises(NoRoad):
                graph.plan(source, Target(name))


PICTURE = (
    ArgumentRule(name="width", kind="int", low=1, high=8192),
    ArgumentRule(name="height", kind="int", low=1, high=8192),
)
HOUSE = Formats(
    [
        Format(name="JS", media_type="text/javascript", category="code"),
        Format(name="es5.js", media_type="text/javascript", category="code", parent="JS"),
        Format(name="HTML", media_type="text/html", category="markup"),
        Format(name="ZIP", media_type="application/zip", category="archive"),
        Format(name="JSON", media_type="application/json", category="data"),
        Format(name="listing.json", media_type="application/json", category="data", parent="JSON", stands_for=("JSON",)),
        Format(name="hex", media_type="text/plain", category="fact", parent="JSON", leaf=True),
        Format(name="PDF", media_type="application/pdf", category="page"),
        Format(name="PNG", media_type="image/png", category="raster", arguments=PICTURE),
        Format(name="thumb.png", media_type="image/png", category="raster", parent="PNG", arguments=PICTURE, leaf=True),
    ]
)
SIZE = (("height", "20"), ("width", "20"))
PAGES = converter("page", ["PDF"], ["PNG"], ms=80, loss=Loss.RASTERISES, takes=("width", "height"))
THUMB = converter("thumb", ["PNG"], ["PNG", "thumb.png"], ms=5, loss=Loss.REENCODES, takes=("width", "height"))


def test_a_thumb_shares_the_page_since_only_the_last_step_gets_the_size():
    steps = ConversionGraph(HOUSE, [PAGES, THUMB]).plan("PDF", Target("thumb.png", SIZE)).steps
    assert [(step.converter.id, dict(step.arguments)) for step in steps] == [("page", {}), ("thumb", dict(SIZE))]


def test_a_format_becomes_itself_in_no_step_without_arguments_and_in_one_with():
    graph = ConversionGraph(HOUSE, [THUMB])
    assert graph.plan("PNG", Target("PNG")).steps == ()
    (step,) = graph.plan("PNG", Target("PNG", SIZE)).steps
    assert (step.source, step.target) == ("PNG", "PNG")


def test_a_circle_is_no_conversion_to_self():
    back = converter("back", ["PNG"], ["PDF"])
    round_trip = converter("size", ["PDF"], ["PNG"], takes=("width", "height"))
    formats = Formats(
        [*(f for f in HOUSE if f.name != "PDF"), Format(name="PDF", media_type="a/b", category="page", arguments=PICTURE)]
    )
    with pytest.raises(NoRoad):
        ConversionGraph(formats, [back, round_trip]).plan("PDF", Target("PDF", SIZE))


def test_what_takes_the_parent_takes_the_child_but_who_asks_for_the_parent_is_not_served_the_child():
    graph = ConversionGraph(HOUSE, [converter("highlight", ["JS"], ["HTML"]), converter("lower", ["JS"], ["es5.js"])])
    assert len(graph.plan("es5.js", Target("HTML")).steps) == 1
    with pytest.raises(NoRoad):
        graph.plan("es5.js", Target("JS"))


def test_a_listing_stands_for_json_and_a_fact_for_nothing():
    graph = ConversionGraph(
        HOUSE,
        [
            converter("list", ["ZIP"], ["listing.json"]),
            converter("hex", ["ZIP"], ["hex"], ms=1),
            converter("show", ["JSON"], ["HTML"]),
        ],
    )
    assert [step.target for step in graph.plan("ZIP", Target("JSON")).steps] == ["listing.json"]
    without = ConversionGraph(HOUSE, [converter("hex", ["ZIP"], ["hex"]), converter("show", ["JSON"], ["HTML"])])
    for name in ("JSON", "HTML"):
        with pytest.raises(NoRoad):
            without.plan("ZIP", Target(name))


def test_no_time_saved_buys_a_higher_loss():
    fast = converter("fast", ["PDF"], ["HTML"], ms=1, loss=Loss.EXTRACTS)
    true = converter("true", ["PDF"], ["HTML"], ms=60_000)
    assert ConversionGraph(HOUSE, [fast, true]).plan("PDF", Target("HTML")).steps[0].converter is true


def test_where_there_is_no_road_the_answer_says_what_is_possible_and_what_is_missing():
    absent = converter("page", ["PDF"], ["PNG"], tools=(Tool("pdftocairo", debian="poppler-utils"),))
    graph = ConversionGraph(HOUSE, [converter("html", ["PDF"], ["HTML"]), THUMB], unavailable=[absent])
    with pytest.raises(NoRoad) as caught:
        graph.plan("PDF", Target("thumb.png", SIZE))
    assert caught.value.extra == {"possible": ["HTML"], "missing": ["poppler-utils"]}


def test_an_argument_that_nobody_takes_makes_no_road():
    graph = ConversionGraph(HOUSE, [converter("page", ["PDF"], ["PNG"])])
    graph.plan("PDF", Target("PNG"))
    with pytest.raises(NoRoad):
        graph.plan("PDF", Target("PNG", SIZE))


def test_a_new_version_changes_the_digest():
    assert ConversionGraph(HOUSE, [THUMB]).digest == ConversionGraph(HOUSE, [THUMB]).digest
    newer = converter("thumb", ["PNG"], ["PNG", "thumb.png"], ms=5, loss=Loss.REENCODES, takes=THUMB.takes, version=2)
    assert ConversionGraph(HOUSE, [THUMB]).digest != ConversionGraph(HOUSE, [newer]).digest


def test_how_long_a_plan_takes_on_a_large_graph():
    """Printed and not asserted: shared machines are noisy."""
    names = [f"F{number}" for number in range(700)]
    formats = Formats(Format(name=n, media_type=f"x/{n.lower()}", category="x", arguments=PICTURE) for n in names)
    pairs = [(a, (a * 7 + step * step * 13 + 1) % 700) for a in range(700) for step in range(1, 5)]
    able = [converter(f"c{a}.{b}", [names[a]], [names[b]], ms=a + b, takes=("width", "height") * (b % 3 == 0)) for a, b in pairs]
    graph = ConversionGraph(formats, able)
    source = names[pairs[0][0]]
    began = time.perf_counter()
    goals = [reach.format for reach in graph.reachable(source)]
    first = time.perf_counter() - began
    for label, arguments in (("plain", ()), ("with a size", SIZE)):
        wanted = []
        for goal in goals:
            try:
                graph.plan(source, Target(goal, arguments))
            except NoRoad:
                continue
            wanted.append(Target(goal, arguments))
        began = time.perf_counter()
        for target in wanted:
            graph.plan(source, target)
        each = (time.perf_counter() - began) / max(1, len(wanted))
        print(f"{len(wanted)} goals {label}: {each * 1e6:.1f} us a plan, {first * 1e3:.1f} ms for the source")  # noqa: T201 - a figure for who runs it with -s
    assert goals


def test_what_is_missing_is_what_is_not_there():
    there, gone = Tool("there", debian="present-tools"), Tool("gone", debian="gone-tools")
    graph = ConversionGraph(LETTERS, [], unavailable=[converter("ab", "A", "B", tools=(there, gone))], absent=[gone])
    with pytest.raises(NoRoad) as told:
        graph.plan("A", Target("B"))
    assert told.value.extra["missing"] == ["gone-tools"] and "present" not in told.value.message
    opened = graph.opened("A", Target("B"))
    assert opened is not None and graph.missing(opened) == ["gone-tools"]
