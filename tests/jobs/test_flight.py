"""What several ask for at once is made once, and dropped when the last of them leaves."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from omnic_stream.jobs.flight import Flights
from omnic_stream.jobs.line import Line
from omnic_stream.model.errors import Corrupt


def never(_):
    pass


async def test_ten_passengers_one_making(autojump_clock):
    made = []

    async def make(flight):
        made.append(1)
        await trio.sleep(1)
        flight.report("half")
        await trio.sleep(1)
        return "result"

    results, told = [], []

    async def passenger(flights):
        results.append(await flights.fly("k", make, report=told.append, priority=lambda: 0))

    async with trio.open_nursery() as service:
        flights = Flights(service)
        async with trio.open_nursery() as clients:
            for _ in range(10):
                clients.start_soon(passenger, flights)
    assert made == [1] and results == ["result"] * 10 and told == ["half"] * 10


async def test_the_last_to_leave_ends_it_and_the_next_to_come_starts_anew(autojump_clock):
    began, ended = [], []

    async def make(flight):
        began.append(1)
        try:
            await trio.sleep(10)
        finally:
            ended.append(1)
            with trio.CancelScope(shield=True):
                await trio.sleep(1)  # giving up takes a while: a process is killed meanwhile
        return "second"

    async with trio.open_nursery() as service:
        flights = Flights(service)
        with trio.move_on_after(2):
            await flights.fly("k", make, report=never, priority=lambda: 0)
        assert began == [1]
        assert await flights.fly("k", make, report=never, priority=lambda: 0) == "second"
    assert began == ended == [1, 1]


async def test_one_leaves_and_the_other_still_gets_it(autojump_clock):
    async def make(flight):
        await trio.sleep(5)
        return 42

    async with trio.open_nursery() as service:
        flights = Flights(service)

        async def leaves():
            with trio.move_on_after(1):
                await flights.fly("k", make, report=never, priority=lambda: 1)

        service.start_soon(leaves)
        assert await flights.fly("k", make, report=never, priority=lambda: 0) == 42


async def test_a_failure_reaches_each_with_an_exception_of_its_own(autojump_clock):
    async def make(flight):
        await trio.sleep(1)
        raise Corrupt("The file is broken.")

    caught = []

    async def passenger(flights):
        with pytest.raises(Corrupt) as info:
            await flights.fly("k", make, report=never, priority=lambda: 0)
        caught.append(info.value)

    async with trio.open_nursery() as service:
        flights = Flights(service)
        async with trio.open_nursery() as clients:
            clients.start_soon(passenger, flights)
            clients.start_soon(passenger, flights)
    assert len(set(map(id, caught))) == 2 and caught[0].message == "The file is broken."


async def test_a_line_serves_the_urgent_first_and_tells_places(autojump_clock):
    line, order, told = Line(1), [], []
    priorities = {"slow": 0, "later": 0, "visible": 1}

    async def one(name):
        async with line.place(priority=lambda: priorities[name], report=lambda place: told.append((name, place))):
            order.append(name)
            await trio.sleep(1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(one, "slow")
        await wait_all_tasks_blocked()
        nursery.start_soon(one, "later")
        await wait_all_tasks_blocked()
        nursery.start_soon(one, "visible")
    assert order == ["slow", "visible", "later"]
    assert ("visible", 0) in told and ("later", 1) in told


async def test_a_place_is_not_lost_when_the_called_is_cancelled(autojump_clock):
    line = Line(1)
    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()

        async def cancelled():
            with scope:
                async with line.place(priority=lambda: 0, report=never):
                    raise AssertionError("it left before its turn")

        async with line.place(priority=lambda: 0, report=never):
            nursery.start_soon(cancelled)
            await wait_all_tasks_blocked()
            scope.cancel()
        await wait_all_tasks_blocked()
        with trio.fail_after(1):
            async with line.place(priority=lambda: 0, report=never):
                pass
