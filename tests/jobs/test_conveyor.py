"""The conveyor's stories on the virtual clock, with the shipped fakes as its neighbours."""

from contextlib import asynccontextmanager
from math import inf
from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from omnic_stream.jobs.conveyor import open_conveyor
from omnic_stream.jobs.following import following
from omnic_stream.model.address import parse_address
from omnic_stream.model.contracts import Command, Converter, Cost, Fetched, Loss, Validators, Wanted
from omnic_stream.model.errors import Busy, ConverterFailed, Corrupt, NotFound, OriginFailed
from omnic_stream.model.events import Converting, Failed, Queued, Ready
from omnic_stream.model.formats import Format, Formats
from omnic_stream.model.graph import ConversionGraph
from omnic_stream.model.target import parse_target
from omnic_stream.testing.runner import FakeRunner, Scripted
from omnic_stream.testing.source import StubSource
from omnic_stream.testing.store import MemoryStore

FORMATS = Formats(
    Format(name=name, media_type=f"text/{name.lower()}", category="text", extensions=(name.lower(),)) for name in "ABCD"
)
RUN = Command(argv=("tool", "{input}", "{output}"))


def converter(id, source, target, *, ms=10.0, version=1, loss=Loss.NONE):
    return Converter(id=id, version=version, inputs=(source,), outputs=(target,), run=RUN, cost=Cost(ms=ms), loss=loss)


ROAD = (converter("ab", "A", "B"), converter("bc", "B", "C"), converter("slow-ab", "A", "B", ms=900.0))


class House:
    def __init__(self, folder, converters=ROAD, **runner):
        folder = Path(folder) / str(len(list(Path(folder).iterdir())))
        folder.mkdir()
        self.source, self.runner, self.store = StubSource(), FakeRunner(**runner), MemoryStore(folder)
        self.graph = ConversionGraph(FORMATS, converters)
        self.began = trio.current_time()

    def now(self):
        return 1_000_000.0 + trio.current_time() - self.began

    async def detect(self, file, hints):
        await trio.lowlevel.checkpoint()
        return hints.expected or "A"

    def open(self, **how):
        return open_conveyor(
            formats=FORMATS,
            graph=self.graph,
            sources={"stub": self.source},
            detect=self.detect,
            runner=self.runner,
            store=self.store,
            **{"slots": 2, "queue_limit": 4, "now": self.now, **how},
        )

    def wanted(self, type="C", path="a", **file):
        url = f"stub://host/{path}"
        address = self.source.serve(url, b"content", **file)
        return Wanted(address=address, target=parse_target(type, FORMATS))


@pytest.fixture
def house(tmp_path):
    @asynccontextmanager
    async def opened(**how):
        # the store's threads are real: without a pause before each jump, virtual minutes pass while one of them works
        trio.lowlevel.current_clock().autojump_threshold = 0.005
        built = House(tmp_path, **{key: how.pop(key) for key in ("converters", "scripts", "default") if key in how})
        async with built.open(**how) as jobs:
            built.jobs = jobs
            yield built

    return opened


async def converting(house, wanted):
    """Fetched and at its first Step. The store's threads are real, so virtual seconds do not tell."""
    with trio.fail_after(100_000):
        while house.jobs.status(wanted).state != "converting":
            await trio.sleep(0.01)


async def told(house, wanted, **how):
    with following(house.jobs, wanted, **how) as follower:
        return [logged async for logged in follower.events()]


async def test_the_order_of_events_and_the_steps_that_are_kept(house, autojump_clock):
    async with house(default=Scripted(seconds=1, fractions=(0.25, 0.5, 0.75))) as h:
        events = [logged.event for logged in await told(h, h.wanted(seconds=2.0))]
        names = [event.name for event in events]
        assert names[0] == "queued" and names[-1] == "ready"
        assert list(dict.fromkeys(names)) == ["queued", "downloading", "downloaded", "converting", "ready"]
        shown = [event for event in events if isinstance(event, Converting)]
        assert {(event.step, event.source, event.target) for event in shown} == {(1, "A", "B"), (2, "B", "C")}
        assert any(event.fraction == 0.5 and not event.estimated for event in shown)
        await told(h, h.wanted("B"))
        assert h.runner.started("ab") == 1  # B is on the road to C


async def test_twenty_at_once_with_one_that_leaves(house, autojump_clock):
    async with house(default=Scripted(seconds=1)) as h:
        wanted, endings = h.wanted(seconds=1.0), []

        async def one(patience):
            with trio.move_on_after(patience):
                endings.append((await told(h, wanted))[-1].event)

        async with trio.open_nursery() as nursery:
            for patience in [0.5, *[inf] * 20]:
                nursery.start_soon(one, patience)
        assert len(endings) == 20 and all(isinstance(event, Ready) for event in endings)
        assert len(h.source.fetches) == 1 and h.runner.started("ab") == h.runner.started("bc") == 1


async def test_two_targets_share_the_download_and_the_common_step(house, autojump_clock):
    async with house(default=Scripted(seconds=3)) as h:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(told, h, h.wanted("B", seconds=2.0))
            nursery.start_soon(told, h, h.wanted("C", seconds=2.0))
        assert len(h.source.fetches) == 1 and h.runner.started("ab") == 1


async def test_nobody_watches_it_is_gone_within_a_second_and_a_lease_holds_it(house, autojump_clock):
    async with house(default=Scripted(seconds=30)) as h:
        wanted = h.wanted()
        with following(h.jobs, wanted):
            await converting(h, wanted)
        await trio.sleep(1.1)
        assert h.jobs.status(wanted).state == "absent" and h.runner.ran[-1].cancelled
        with following(h.jobs, wanted):
            h.jobs.lease(wanted, 60)
        await trio.sleep(59)
        assert h.jobs.status(wanted).state in {"converting", "ready"}


async def test_a_joiner_within_the_grace_keeps_it(house, autojump_clock):
    async with house(default=Scripted(seconds=2)) as h:
        wanted = h.wanted()
        with following(h.jobs, wanted):
            await trio.sleep(0.5)
        await trio.sleep(0.9)
        assert isinstance((await told(h, wanted))[-1].event, Ready)
        assert h.runner.started("ab") == 1


async def test_beyond_the_bound_it_is_busy_and_a_joiner_takes_no_place(house, autojump_clock):
    async with house(default=Scripted(seconds=5)) as h:
        held = [following(h.jobs, h.wanted(path=str(number))) for number in range(6)]
        for one in held:
            one.__enter__()
        with pytest.raises(Busy):
            h.jobs.watch(h.wanted(path="seventh"), None)
        with following(h.jobs, h.wanted(path="3")):
            pass
        for one in held:
            one.__exit__(None, None, None)


async def test_the_next_best_plan_is_tried_once(house, autojump_clock):
    scripts = {"ab": Scripted(failure=ConverterFailed("It broke."))}
    async with house(scripts=scripts) as h:
        assert isinstance((await told(h, h.wanted("B")))[-1].event, Ready)
        assert (h.runner.started("ab"), h.runner.started("slow-ab")) == (1, 1)
    scripts["slow-ab"] = Scripted(failure=ConverterFailed("The other broke too."))
    async with house(scripts=scripts) as h:
        ending = (await told(h, h.wanted("B", path="b")))[-1].event
        assert isinstance(ending, Failed) and ending.message == "It broke."


async def test_corrupt_content_is_not_tried_again_and_failures_are_remembered_ten_seconds(house, autojump_clock):
    async with house(scripts={"ab": Scripted(failure=Corrupt("The file is broken."))}) as h:
        wanted = h.wanted("B")
        for _ in range(3):
            assert (await told(h, wanted))[-1].event.code == "corrupt"
        assert h.runner.started("ab") == 1 and h.runner.started("slow-ab") == 0
        assert h.jobs.status(wanted).code == "corrupt"
        await trio.sleep(10)
        await told(h, wanted)
        assert h.runner.started("ab") == 2


async def test_a_failed_origin_says_so_to_all(house, autojump_clock):
    async with house() as h:
        gone = Wanted(address=parse_address("stub://host/nowhere", h.source.schemes), target=parse_target("C", FORMATS))
        assert (await told(h, gone))[-1].event.code == NotFound.code
        assert (await told(h, h.wanted(path="x", error=OriginFailed("The origin answered 500."))))[-1].event.code == "origin_failed"


async def test_freshness_a_look_and_an_origin_that_says_unchanged(house, autojump_clock):
    async with house() as h:
        learned = Fetched(validators=Validators(etag='"1"'), max_age=30.0)
        wanted = h.wanted(fetched=learned)
        await told(h, wanted)
        await told(h, wanted)
        await told(h, wanted, look=True)
        assert len(h.source.fetches) == 1  # fresh; and a look within five seconds is none
        await trio.sleep(6)
        await told(h, wanted, look=True)
        assert len(h.source.fetches) == 2
        await trio.sleep(31)
        assert h.jobs.status(wanted).state == "absent"
        await told(h, wanted)
        assert len(h.source.fetches) == 3 and h.runner.started("ab") == 1  # unchanged: nothing is made again


async def test_an_estimate_is_marked_and_comes_from_this_steps_own_history(house, autojump_clock):
    async with house(default=Scripted(seconds=4)) as h:
        await told(h, h.wanted("B", path="one"))
        other = h.source.serve("stub://host/other", b"other content")
        events = [logged.event for logged in await told(h, Wanted(address=other, target=parse_target("B", FORMATS)))]
        shown = [event for event in events if isinstance(event, Converting)]
        assert shown and all(event.estimated for event in shown)
        middle = [event for event in shown if event.fraction is not None and 0.4 < event.fraction < 0.6]
        assert middle and all(1.5 < event.eta < 2.6 for event in middle)


async def test_progress_is_thinned_before_it_is_numbered(house, autojump_clock):
    fractions = tuple(number / 1000 for number in range(1000))
    async with house(default=Scripted(seconds=2, fractions=fractions)) as h:
        logged = await told(h, h.wanted("B"))
        assert [entry.seq for entry in logged] == list(range(1, len(logged) + 1))
        assert len([entry for entry in logged if isinstance(entry.event, Converting)]) <= 25


async def test_visible_first(house, autojump_clock):
    async with house(default=Scripted(seconds=50), slots=1, queue_limit=9) as h:
        h.runner.slots = 1
        order = []

        async def one(wanted, priority):
            await told(h, wanted, priority=priority)
            order.append(wanted.address.path)

        async with trio.open_nursery() as nursery:
            for path, priority in (("first", 0), ("back", -1), ("plain", 0), ("visible", 1)):
                wanted = Wanted(address=h.source.serve(f"stub://host/{path}", path.encode()), target=parse_target("B", FORMATS))
                nursery.start_soon(one, wanted, priority)
                await wait_all_tasks_blocked()
                await converting(h, wanted)
        assert order == ["/first", "/visible", "/plain", "/back"]


async def test_a_waiting_step_says_its_place(house, autojump_clock):
    async with house(default=Scripted(seconds=1)) as h:
        h.runner.slots = 1
        events = []

        async def one(path):
            address = h.source.serve(f"stub://host/{path}", path.encode())
            events.extend(logged.event for logged in await told(h, Wanted(address=address, target=parse_target("B", FORMATS))))

        async with trio.open_nursery() as nursery:
            for path in "xyz":
                nursery.start_soon(one, path)
        places = {event.waiting for event in events if isinstance(event, Converting)}
        assert {0, 1} <= places and any(isinstance(event, Queued) for event in events)


async def test_a_defect_of_ours_fails_one_job_and_not_the_service(house, autojump_clock):
    def broken(work):
        raise ZeroDivisionError

    async with house(scripts={"ab": Scripted(output=broken), "slow-ab": Scripted(output=broken)}) as h:
        ending = (await told(h, h.wanted("B")))[-1].event
        assert isinstance(ending, Failed) and "internal fault" in ending.message
        assert isinstance((await told(h, h.wanted("A", path="other")))[-1].event, Ready)


async def test_another_version_of_a_converter_plans_again(tmp_path, autojump_clock):
    first = House(tmp_path)
    async with first.open() as jobs:
        first.jobs = jobs
        await told(first, first.wanted("B"))
    second = House(tmp_path, converters=(converter("ab", "A", "B", version=2),))
    second.store, second.source, second.began = first.store, first.source, first.began
    async with second.open() as jobs:
        second.jobs = jobs
        wanted = second.wanted("B")
        assert jobs.status(wanted).state == "absent"
        await told(second, wanted)
        assert second.runner.started("ab") == 1
