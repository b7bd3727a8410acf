"""Members of archives on the virtual clock: what is fetched, what is taken out again, what is told, and who may leave."""

from contextlib import asynccontextmanager

import pytest
import trio

from omnic_stream.jobs import members
from omnic_stream.jobs.conveyor import open_conveyor
from omnic_stream.jobs.following import following
from omnic_stream.model.address import parse_address
from omnic_stream.model.contracts import Command, Converter, Cost, Fetched, MiB, Validators, Wanted
from omnic_stream.model.errors import ConverterFailed, Corrupt, NotFound, TooExpensive
from omnic_stream.model.events import Converting, Downloaded, Failed, Queued, Ready
from omnic_stream.model.formats import Format, Formats
from omnic_stream.model.graph import ConversionGraph
from omnic_stream.model.keys import address_key
from omnic_stream.model.target import parse_target
from omnic_stream.store import open_store
from omnic_stream.testing.runner import FakeRunner, Scripted
from omnic_stream.testing.source import StubSource
from omnic_stream.testing.store import MemoryStore

FORMATS = Formats(
    (
        Format(name="BOX", media_type="application/box", category="archive", extensions=("box",)),
        Format(name="PACKED", media_type="application/packed", category="archive", extensions=("packed",)),
        Format(name="TAR", media_type="application/tar", category="archive", extensions=("tar",)),
        Format(name="A", media_type="text/a", category="text", extensions=("a",)),
        Format(name="B", media_type="text/b", category="text", extensions=("b",)),
        Format(name="member", media_type="application/octet-stream", category="fact", leaf=True),
    )
)
RUN = Command(argv=("tool", "{input}", "{output}"))


def converter(id, source, target):
    return Converter(id=id, version=1, inputs=(source,), outputs=(target,), run=RUN, cost=Cost(ms=10))


ROADS = (
    converter("open", "BOX", "member"),
    converter("ab", "A", "B"),
    converter("unpack", "PACKED", "member"),
    converter("plain", "PACKED", "TAR"),
    converter("untar", "TAR", "member"),
)


def taken_out(work):
    return work.input.read_bytes() + b": " + work.arguments["name"].encode()


class House:
    def __init__(self, store, scripts):
        self.source, self.store = StubSource(), store
        self.runner = FakeRunner(scripts={"open": Scripted(output=taken_out), "ab": Scripted(seconds=1)} | scripts)
        self.began, self.looked = trio.current_time(), []

    def now(self):
        return 1_000_000.0 + trio.current_time() - self.began

    async def detect(self, file, hints):
        await trio.lowlevel.checkpoint()
        self.looked.append(hints)
        content = file.read_bytes()
        kind = next((name for name in ("BOX", "PACKED") if content.startswith(name.lower().encode()) and b":" not in content), "A")
        return hints.expected or kind

    def wanted(self, member, type="B", content=b"box one", **how):
        self.source.serve("stub://host/box", content, **how)
        address = parse_address(f"stub://host/box<member:{member}>", self.source.schemes)
        return Wanted(address=address, target=parse_target(type, FORMATS))

    def taken(self):
        return self.runner.started("open")


@asynccontextmanager
async def opened(store, converters=ROADS, **scripts):
    trio.lowlevel.current_clock().autojump_threshold = 0.005  # the store's threads are real
    built = House(store, scripts)
    async with open_conveyor(
        formats=FORMATS,
        graph=ConversionGraph(FORMATS, converters),
        sources={"stub": built.source},
        detect=built.detect,
        runner=built.runner,
        store=store,
        slots=2,
        queue_limit=8,
        now=built.now,
    ) as jobs:
        built.jobs = jobs
        yield built


@pytest.fixture
def house(tmp_path):
    return lambda **scripts: opened(MemoryStore(tmp_path / str(len(list(tmp_path.iterdir())))), **scripts)


async def told(house, wanted, **how):
    with following(house.jobs, wanted, **how) as follower:
        return [logged.event async for logged in follower.events()]


def kept(house, wanted):
    """The member as the store has it."""
    return house.store.snapshot(address_key(wanted.address))


def content(house, wanted):
    return kept(house, wanted).path.read_bytes()


async def test_the_archive_is_told_then_the_way_out_of_it_then_the_road(house, autojump_clock):
    async with house(open=Scripted(seconds=2, fractions=(0.5,), output=taken_out)) as h:
        events = await told(h, h.wanted("dir/x.a", seconds=1.0))
        assert list(dict.fromkeys(event.name for event in events)) == ["queued", "downloading", "downloaded", "converting", "ready"]
        assert [event for event in events if isinstance(event, Downloaded)] == [Downloaded(bytes=7, format="BOX")]
        steps = [event for event in events if isinstance(event, Converting)]
        assert list(dict.fromkeys((s.step, s.steps, s.source, s.target) for s in steps)) == [
            (1, 1, "BOX", "member"),
            (2, 2, "A", "B"),
        ]
        assert any(step.step == 1 and step.fraction == 0.5 for step in steps)
        assert [step.overall for step in steps] == sorted(step.overall for step in steps)
        assert h.looked[1].name == "x.a" and kept(h, h.wanted("dir/x.a")).name == "x.a"


def boxed(work):
    return b"box inner" if work.arguments["name"].endswith(".box") else taken_out(work)


async def test_archives_inside_each_other_are_opened_one_after_the_other(house, autojump_clock):
    async with house(open=Scripted(seconds=2, fractions=(0.5,), output=boxed)) as h:
        wanted = h.wanted("in.box><member:x.a")
        events = await told(h, wanted)
        steps = [event for event in events if isinstance(event, Converting)]
        assert list(dict.fromkeys((s.step, s.steps, s.source, s.target) for s in steps)) == [
            (1, 1, "BOX", "member"),
            (2, 2, "BOX", "member"),
            (3, 3, "A", "B"),
        ]
        assert [step.overall for step in steps] == sorted(step.overall for step in steps)
        assert [event for event in events if isinstance(event, Downloaded)] == [Downloaded(bytes=7, format="BOX")]
        assert content(h, wanted) == b"box inner: x.a"
        assert kept(h, wanted).archive == address_key(wanted.address.fetched)  # forgotten with it
        await told(h, h.wanted("in.box><member:y.a"))
        assert (len(h.source.fetches), h.taken()) == (1, 3)


async def test_a_member_deep_inside_is_as_fresh_as_what_was_fetched(house, autojump_clock):
    fetched = Fetched(max_age=30.0, validators=Validators(etag='"1"'))
    async with house(open=Scripted(output=boxed)) as h:
        wanted = h.wanted("in.box><member:x.a", fetched=fetched)
        await told(h, wanted)
        await trio.sleep(31)
        assert h.jobs.status(wanted).state == "absent"
        await told(h, wanted)  # 304
        assert (len(h.source.fetches), h.taken()) == (2, 2)
        await trio.sleep(31)
        await told(h, h.wanted("in.box><member:x.a", content=b"box two"))
        assert (len(h.source.fetches), h.taken()) == (3, 3), "the inner archive is what it was"
        late = h.wanted("in.box><member:x.a", "A", content=b"box three", fetched=Fetched(max_age=0.0))
        assert isinstance((await told(h, late))[-1], Ready)
        assert h.jobs.status(late).state == "ready"


async def test_many_members_are_one_download_and_each_is_taken_out_once(house, autojump_clock):
    async with house() as h:
        async with trio.open_nursery() as nursery:
            for member in "xyz":
                for type in ("A", "B"):
                    nursery.start_soon(told, h, h.wanted(member, type, seconds=1.0))
        assert len(h.source.fetches) == 1 and h.taken() == 3
        assert content(h, h.wanted("y")) == b"box one: y"


async def test_two_services_on_one_store_take_a_member_out_once(tmp_path, autojump_clock):
    slow = Scripted(seconds=3, output=taken_out)
    async with (
        open_store(tmp_path / "store", max_content=MiB) as one_store,
        open_store(tmp_path / "store", max_content=MiB) as other_store,
        opened(one_store, open=slow) as one,
        opened(other_store, open=slow) as other,
        trio.open_nursery() as nursery,
    ):
        for h in (one, other):
            nursery.start_soon(told, h, h.wanted("x", seconds=2.0))
    assert (len(one.source.fetches) + len(other.source.fetches), one.taken() + other.taken()) == (1, 1)


async def test_a_member_is_as_fresh_as_its_archive_and_taken_out_again_only_of_another(house, autojump_clock):
    fetched = Fetched(max_age=30.0, validators=Validators(etag='"1"'))
    async with house() as h:
        wanted = h.wanted("x", fetched=fetched)
        await told(h, wanted)
        first = h.jobs.status(wanted).finished
        await trio.sleep(20)
        assert [event.name for event in await told(h, wanted)] == ["ready"] and len(h.source.fetches) == 1
        assert first.fresh_until == h.store.snapshot(address_key(wanted.address.outer)).fresh_until
        await trio.sleep(11)
        assert h.jobs.status(wanted).state == "absent"
        events = await told(h, wanted)  # 304
        assert [event for event in events if isinstance(event, Downloaded)] == [Downloaded(bytes=10, format="A")]
        assert len(h.source.fetches) == 2 and h.taken() == 1
        await trio.sleep(31)
        await told(h, h.wanted("x", fetched=Fetched(max_age=30.0)))  # 200, with what was there before
        assert len(h.source.fetches) == 3 and h.taken() == 1
        await trio.sleep(31)
        await told(h, h.wanted("x", content=b"box two"))
        assert len(h.source.fetches) == 4 and h.taken() == 2 and content(h, wanted) == b"box two: x"


async def test_a_look_at_the_origin_is_a_look_at_the_archive(house, autojump_clock):
    async with house() as h:
        await told(h, h.wanted("x"))
        await trio.sleep(6)
        assert isinstance((await told(h, h.wanted("x", content=b"box two"), look=True))[-1], Ready)
        assert len(h.source.fetches) == 2 and content(h, h.wanted("x")) == b"box two: x"


async def test_an_archive_that_another_member_finds_changed_makes_every_member_stale(house, autojump_clock):
    async with house() as h:
        await told(h, h.wanted("x"))
        await trio.sleep(6)
        await told(h, h.wanted("y", content=b"box two"), look=True)
        assert h.jobs.status(h.wanted("x", content=b"box two")).state == "absent"
        await told(h, h.wanted("x", content=b"box two"))
        assert len(h.source.fetches) == 2 and content(h, h.wanted("x")) == b"box two: x"


async def test_a_member_that_takes_long_is_served_a_moment_though_its_archive_is_old(house, autojump_clock):
    async with house(open=Scripted(seconds=20, output=taken_out)) as h:
        wanted = h.wanted("x", fetched=Fetched(max_age=0.0))
        assert isinstance((await told(h, wanted))[-1], Ready)
        assert h.jobs.status(wanted).state == "ready"


async def test_who_leaves_ends_the_taking_out_and_who_stays_keeps_it(house, autojump_clock):
    async with house(open=Scripted(seconds=30, output=taken_out)) as h:
        endings = []

        async def leaves():
            with trio.move_on_after(5):
                await told(h, h.wanted("x", "A"))

        async def stays():
            endings.append((await told(h, h.wanted("x", "B")))[-1])

        async with trio.open_nursery() as nursery:
            nursery.start_soon(leaves)
            nursery.start_soon(stays)
        assert isinstance(endings[0], Ready) and h.taken() == 1 and not h.runner.ran[0].cancelled
        with trio.move_on_after(5):
            await told(h, h.wanted("y", "A"))
        await trio.sleep(2)
        assert h.runner.ran[-1].work.arguments == {"name": "y"} and h.runner.ran[-1].cancelled
        assert not +h.store.held


async def test_failures_are_told_by_their_own_names(house, autojump_clock):
    for error in (NotFound("No such member."), ConverterFailed("It is encrypted.")):
        async with house(open=Scripted(failure=error)) as h:
            [*_, failed] = await told(h, h.wanted("x"))
            assert isinstance(failed, Failed) and (failed.code, failed.message) == (error.code, error.message)
    async with house(open=Scripted(output=b"")) as h:
        assert (await told(h, h.wanted("x")))[-1].code == "corrupt"
    async with house() as h:
        events = await told(h, h.wanted("x", content=b"plain"))
        assert events[-1].code == "no_road" and "no archive" in events[-1].message and h.taken() == 0
        assert isinstance(events[0], Queued)


async def test_types_are_those_of_the_member(house, autojump_clock):
    async with house() as h:
        possible = await h.jobs.types(h.wanted("x").address)
        assert possible.format == "A" and [one.type for one in possible.types] == ["B"]


def of_packed(house, member, size=members.LARGE):
    return house.wanted(member, content=b"packed".ljust(size, b"."))


async def test_of_a_large_compressed_tar_the_tar_is_made_once_for_all_members(house, autojump_clock):
    scripts = {"plain": Scripted(seconds=5, output=b"tar"), "untar": Scripted(seconds=1, output=taken_out)}
    async with house(**scripts) as h:
        first = await told(h, of_packed(h, "x.a"))
        assert isinstance(first[-1], Ready)
        assert [step.overall for step in first if isinstance(step, Converting)] == sorted(
            step.overall for step in first if isinstance(step, Converting)
        )
        for name in ("y.a", "z.a"):
            assert isinstance((await told(h, of_packed(h, name)))[-1], Ready)
        assert content(h, of_packed(h, "z.a")) == b"tar: z.a"
        assert [h.runner.started(id) for id in ("plain", "untar", "unpack")] == [1, 3, 0]


async def test_what_is_small_is_taken_out_as_it_stands(house, autojump_clock):
    async with house(unpack=Scripted(output=taken_out)) as h:
        assert isinstance((await told(h, of_packed(h, "x.a", size=members.LARGE - 1)))[-1], Ready)
        assert [h.runner.started(id) for id in ("plain", "untar", "unpack")] == [0, 0, 1]


@pytest.mark.parametrize("error", [Corrupt("It is cut short."), TooExpensive("It may be a bomb.")])
async def test_a_member_before_what_is_broken_is_had_all_the_same(house, autojump_clock, error):
    async with house(plain=Scripted(failure=error), unpack=Scripted(output=taken_out)) as h:
        assert isinstance((await told(h, of_packed(h, "x.a")))[-1], Ready)
        assert [h.runner.started(id) for id in ("plain", "unpack")] == [1, 1]
