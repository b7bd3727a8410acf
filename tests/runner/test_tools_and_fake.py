"""Tools are probed by running them; the shipped fake keeps the same promises on a virtual clock."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from omnic_stream.model.contracts import Command, Running, Tool, Waiting, WarmCall
from omnic_stream.model.errors import Busy, Corrupt
from omnic_stream.runner import open_runner
from omnic_stream.runner.tools import probe
from omnic_stream.testing.runner import FakeRunner, Scripted

TOOLS = (
    Tool("sh", probe=("-c", "echo sh 1.2.3-x")),
    Tool("sh", probe=("-c", "exit 3")),
    Tool("no-such-program"),
    Tool("trio", module=True),
    Tool("no_such_module", module=True),
    Tool("json", module=True, python="/usr/bin/python3"),
    Tool("no_such_module", module=True, python="/usr/bin/python3"),
)


async def test_tools_are_run_and_remembered():
    cache: dict[str, str] = {}
    async with open_runner() as runner:
        first = await probe(TOOLS, runner, cache)
        assert [state.version for state in first] == ["1.2.3-x", None, None, trio.__version__, None, "2.0.9", None]
        assert first[1].problem == "sh is there but does not run." and first[2].problem == "no-such-program is not installed."
        assert len(cache) == 2
        starts = runner.worker_starts
        again = await probe([TOOLS[0], TOOLS[3]], runner, dict.fromkeys(cache, "remembered"))
        assert [state.version for state in again] == ["remembered"] * 2 and runner.worker_starts == starts


async def test_the_fake_takes_its_time_and_tells_of_it(bench, autojump_clock):
    runner = FakeRunner(scripts={"test": Scripted(seconds=3, fractions=(0.5, 0.9), output=b"made")})
    start = trio.current_time()
    outcome, path = await bench.run(runner, Command(argv=("x",)))
    assert path.read_bytes() == b"made" and outcome.seconds == pytest.approx(3) == trio.current_time() - start
    assert bench.reports == [Running(), Running(fraction=0.5), Running(fraction=0.9)] and runner.started("test") == 1


async def test_the_fake_fails_makes_folders_and_answers_calls(bench, autojump_clock):
    with pytest.raises(Corrupt):
        await bench.run(FakeRunner(default=Scripted(failure=Corrupt("no"))), Command(argv=("x",)))
    _, path = await bench.run(FakeRunner(default=Scripted(output={"a/b.txt": b"1"})), Command(argv=("x",)), output="folder")
    assert (path / "a" / "b.txt").read_bytes() == b"1"
    runner = FakeRunner(calls={"m:f": lambda content, arguments: (len(content), arguments["a"])})
    with bench.input.open("rb") as file:
        assert await runner.call(WarmCall(function="m:f"), [file.fileno()], {"a": "b"}) == (21, "b")


async def test_the_fake_has_slots_priorities_and_a_bounded_line(bench, autojump_clock):
    runner, order = FakeRunner(default=Scripted(seconds=1), slots=1, queue_limit=2), []

    async def one(name, priority):
        await runner.run(
            bench.work(Command(argv=("x",))), priority=lambda: priority, report=lambda report: told.append((name, report))
        )
        order.append(name)

    told: list = []
    async with trio.open_nursery() as nursery:
        for name, priority in (("first", 0), ("low", -1), ("high", 1)):
            nursery.start_soon(one, name, priority)
            await wait_all_tasks_blocked()
        with pytest.raises(Busy):
            await one("too many", 1)
    assert order == ["first", "high", "low"] and ("low", Waiting(position=1)) in told

    with trio.move_on_after(0.5):
        await one("cancelled", 0)
    assert runner.ran[-1].cancelled and "cancelled" not in order
