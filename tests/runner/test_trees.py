"""Real hostile tools in every tier that this machine has: each is gone when the runner returns."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import trio
import trio.testing

from omnic_stream.model.contracts import Limits, MiB, Running, Waiting
from omnic_stream.model.errors import Busy, ConverterFailed, DiskFull, MisconfiguredError, SandboxUnavailable, TooExpensive
from omnic_stream.model.progress import percent_progress
from omnic_stream.runner import open_runner
from omnic_stream.runner.tiers import TIERS, choose

IGNORES_ALL = "import signal,time\nfor s in range(1, 32):\n  try: signal.signal(s, signal.SIG_IGN)\n  except OSError: pass\n"
FORK_BOMB = """
import os, time
while True:
    try: os.fork()
    except OSError: time.sleep(.01)
"""
HOG = "import time\nkept = []\nwhile True: kept.append(bytearray(16 << 20)); time.sleep(.01)"
DAEMONS = "setsid sh -c 'sleep 300 & sleep 300' >/dev/null 2>&1 & setsid sleep 300 & sleep .1; "

HOSTILE = {
    # name: (how the bench makes it, script, limits, what it ends with, seconds until its limit)
    "deaf and silent": ("python", IGNORES_ALL + "while True: time.sleep(.01)", {"stall": 0.5}, TooExpensive, 0.5),
    "never done": ("shell", "while :; do echo 5%; sleep .1; done", {"seconds": 0.7}, TooExpensive, 0.7),
    "flood": ("shell", "yes", {"flood": 4 * MiB}, TooExpensive, 0.5),
    "flood on stderr": ("shell", "yes >&2", {"flood": 4 * MiB}, TooExpensive, 0.5),
    "fork bomb": ("python", FORK_BOMB, {"seconds": 1, "processes": 48}, TooExpensive, 1),
    "memory": ("python", HOG, {"memory": 200 * MiB, "address_space": None}, TooExpensive, 1.5),
    "address space": ("python", "bytearray(1 << 33)", {"address_space": 1 << 30}, TooExpensive, 0.5),
    "computing": ("shell", "while :; do :; done", {"cpu": 1}, TooExpensive, 2.2),
    "many small files": (
        "shell",
        "for i in $(seq 40); do head -c 1M /dev/zero > f$i; sleep .03; done; sleep 9",
        {"output": 20 * MiB},
        TooExpensive,
        1.5,
    ),
    "one large file": ("shell", "exec head -c 60M /dev/zero > result.txt", {"file_size": 10 * MiB}, TooExpensive, 0.5),
    "daemons, then failure": ("shell", DAEMONS + "exit 3", {}, ConverterFailed, 0.3),
    "daemons, then a limit": ("shell", DAEMONS + "sleep 9", {"stall": 0.5}, TooExpensive, 0.7),
    "crash": ("shell", "kill -SEGV $$", {}, ConverterFailed, 0.2),
    "no output": ("shell", "true", {}, ConverterFailed, 0.2),
    "a link as output": ("shell", "ln -s /etc/passwd result.txt", {}, ConverterFailed, 0.2),
    "a pipe as output": ("shell", "mkfifo result.txt", {}, ConverterFailed, 0.2),
    "two links": ("shell", "echo x > result.txt; ln result.txt other", {}, ConverterFailed, 0.2),
    "a closed folder": ("shell", "mkdir -p d/e; chmod 0 d/e d; exit 1", {}, ConverterFailed, 0.2),
}


@pytest.fixture(params=TIERS)
async def runner(request):
    try:
        async with open_runner(tier=request.param, slots=2) as runner:
            yield runner
    except MisconfiguredError:
        pytest.skip(f"this machine has no {request.param} tier")


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_tool_is_gone_when_the_runner_returns(name, runner, bench):
    how, script, limits, ending, seconds = HOSTILE[name]
    start = trio.current_time()
    with pytest.raises(ending) as caught:
        await bench.run(runner, getattr(bench, how)(script, limits=Limits(**limits)))
    assert bench.alive() == []
    assert trio.current_time() - start < seconds + 2
    assert str(bench.folder) not in caught.value.message and len(caught.value.message) <= 200
    assert runner.running == 0


async def test_a_tool_that_leaves_daemons_still_gives_its_result(runner, bench):
    outcome, path = await bench.run(runner, bench.shell(DAEMONS + "echo done > result.txt"))
    assert path.read_text() == "done\n" and bench.alive() == [] and outcome.tier == runner.tier


@pytest.mark.parametrize("after", [0.0, 0.02, 0.2])
async def test_cancelled_mid_run_leaves_nothing(after, runner, bench):
    with trio.move_on_after(after) as scope:
        await bench.run(runner, bench.shell(DAEMONS + "sleep 60"))
    assert scope.cancelled_caught and bench.alive() == [] and runner.running == 0


async def test_leaving_the_runner_leaves_nothing(bench):
    async def sleeper(runner):
        await bench.run(runner, bench.shell("sleep 60"))

    async with trio.open_nursery() as nursery, open_runner(slots=2) as runner:
        nursery.start_soon(sleeper, runner)
        while not bench.alive():
            await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    assert bench.alive() == []


async def test_input_output_progress_and_messages(runner, bench):
    script = "cat .in/input.txt /in/input.txt 2>/dev/null > result.txt; printf '10%%\\r20%%\\b30%%\\n' >&2; echo bye >&2"
    outcome, path = await bench.run(runner, bench.shell(script, progress=percent_progress))
    assert path.read_text() == "content of the input\n" and oct(path.stat().st_mode & 0o7000) == "0o0"
    assert bench.reports == [Running(), *(Running(fraction=part) for part in (0.1, 0.2, 0.3))]
    assert outcome.messages.endswith("bye\n") and path.stat().st_uid == os.geteuid()


async def test_the_rendered_words_name_what_the_tool_sees(runner, bench):
    command = bench.command("cp", "{input}", "{output}")
    outcome, path = await bench.run(runner, command, source="min.js", output="app.min.js")
    assert path.read_bytes() == bench.input.read_bytes()
    assert str(bench.folder) not in " ".join(outcome.argv) and outcome.argv[1].endswith("input.min.js")


async def test_standard_input_and_output_may_be_the_files(runner, bench):
    command = bench.command("tr", "a-z", "A-Z", stdin=True, stdout=True, limits=Limits(flood=1))
    _, path = await bench.run(runner, command)
    assert path.read_text() == "CONTENT OF THE INPUT\n"


async def test_a_directory_may_be_the_input_and_the_output(runner, bench):
    folder = bench.folder / "tree"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.txt").write_text("a")
    (folder / "sub" / "a.txt").chmod(0o400)
    work = bench.work(bench.command("cp", "-r", "{input}", "{output}"), output="result")
    work = type(work)(**{name: getattr(work, name) for name in work.__slots__} | {"input": folder})
    await runner.run(work, priority=lambda: 0, report=bench.reports.append)
    assert (work.folder / "result" / "sub" / "a.txt").read_text() == "a"


async def test_an_input_that_only_the_service_may_read(runner, bench):
    bench.input.chmod(0o400)
    _, path = await bench.run(runner, bench.command("cp", "{input}", "{output}"))
    assert path.read_bytes() == b"content of the input\n" and oct(bench.input.stat().st_mode & 0o777) == "0o400"


async def test_a_tool_cannot_change_its_input(runner, bench):
    mode = bench.input.stat().st_mode
    _, path = await bench.run(
        runner,
        bench.shell("chmod 777 .in/* /in/*; touch -d 2001-01-01 .in/* /in/*; echo spoilt > .in/input.txt; echo > result.txt"),
    )
    assert path.exists() and bench.input.stat().st_mode == mode and bench.input.read_bytes() == b"content of the input\n"


async def test_a_missing_program_is_told_by_name(runner, bench):
    with pytest.raises(ConverterFailed, match="no-such-tool is not installed"):
        await bench.run(runner, bench.command("no-such-tool"))


async def test_tools_are_nice_and_alone(runner, bench):
    _, path = await bench.run(runner, bench.shell("cut -d' ' -f19 /proc/$$/stat > result.txt; nice >> result.txt"))
    assert path.read_text().split()[-1] == "10"


REACH = """
import json, os, socket
def reach(action):
    try: return "open " + str(action())[:60]
    except OSError as error: return "refused"
found = {
    "shadow": reach(lambda: open("/etc/shadow").read()),
    "passwd": reach(lambda: open("/etc/passwd").read()),
    "foreign": reach(lambda: open(FOREIGN).read()),
    "beside": reach(lambda: os.listdir(os.path.dirname(FOREIGN))),
    "root": reach(lambda: os.listdir("/root")),
    "write input": reach(lambda: open(next(p for p in ("/in/input.txt", ".in/input.txt") if os.path.exists(p)), "r+")),
    "tcp": reach(lambda: socket.create_connection(("127.0.0.1", PORT), 1)),
    "udp": reach(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))),
    "abstract": reach(lambda: socket.socket(socket.AF_UNIX).connect("\\0" + ABSTRACT)),
    "mount": reach(lambda: os.mkdir("/usr/x")),
}
secrets = ""
pids = ["self", "1", str(os.getppid())]
try: pids += [name for name in os.listdir("/proc") if name.isdigit()]
except OSError: pass
for pid in pids:
    try: secrets += open(f"/proc/{pid}/environ").read()
    except OSError: pass
found["environment"] = secrets.count(SECRET)
found["my own"] = sorted(os.environ)
json.dump(found, open("result.txt", "w"))
"""


async def test_a_caged_tool_reaches_nothing(runner, bench, monkeypatch):
    import json
    import socket

    if not runner.sandbox.safe:
        pytest.skip("the rlimits tier closes nothing: it refuses risky tools instead")
    monkeypatch.setenv("SERVICE_SECRET", "hush-" + bench.mark[::-1])
    foreign = bench.folder / "foreign"
    foreign.write_text("foreign")
    foreign.chmod(0o644)
    listener = trio.socket.socket()
    await listener.bind(("127.0.0.1", 0))
    listener.listen()
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\0test-" + bench.mark)
    abstract.listen()
    named = {"FOREIGN": str(foreign), "PORT": listener.getsockname()[1], "ABSTRACT": "test-" + bench.mark}
    script = (
        "\n".join(f"{name} = {value!r}" for name, value in named.items()) + f"\nSECRET = {'hush-' + bench.mark[::-1]!r}\n" + REACH
    )
    _, path = await bench.run(runner, bench.python(script, risky=True))
    found = json.loads(path.read_text())
    abstract.close()
    listener.close()
    assert set(found.pop("my own")) <= {"PATH", "HOME", "TMPDIR", "LANG", "TZ", "TEST_MARK", "OMNIC_TREE", "PWD", "LC_CTYPE"}
    assert found.pop("environment") == 0
    assert {name: answer for name, answer in found.items() if answer != "refused"} == {}


async def test_a_risky_tool_does_not_start_in_a_tier_that_closes_nothing(bench):
    async with open_runner(tier="rlimits") as runner:
        with pytest.raises(SandboxUnavailable, match="bubblewrap"):
            await bench.run(runner, bench.shell("echo x > result.txt", risky=True))


@pytest.mark.parametrize("tier", ["landlock", "rlimits"])
async def test_a_tool_that_needs_sockets_does_not_start_beside_the_machines_own(tier, bench):
    async with open_runner(tier=tier) as runner:
        with pytest.raises(SandboxUnavailable, match="bubblewrap"):
            await bench.run(runner, bench.shell("echo x > result.txt", sockets=True))


async def test_priorities_places_and_a_full_line(bench):
    order, gate = [], bench.folder / "job1" / "go"

    async def one(runner, name, priority, reports):
        work = bench.work(
            bench.shell("while [ ! -e go ]; do sleep .01; done; echo > result.txt" if name == "first" else "echo > result.txt")
        )
        await runner.run(work, priority=lambda: priority, report=reports.append)
        order.append(name)

    async with open_runner(slots=1, queue_limit=2) as runner, trio.open_nursery() as nursery:
        told = {name: [] for name in ("first", "low", "high")}
        for name, priority in (("first", 0), ("low", -1), ("high", 1)):
            nursery.start_soon(one, runner, name, priority, told[name])
            await trio.testing.wait_all_tasks_blocked(0.01)
        with pytest.raises(Busy) as busy:
            await bench.run(runner, bench.shell("true"))
        assert busy.value.retry_after
        gate.touch()
    assert order == ["first", "high", "low"]
    assert told["low"] == [Waiting(position=0), Waiting(position=1), Waiting(position=0), Running()]


async def test_a_full_disk_is_the_disks_fault(bench):
    if os.geteuid() != 0 or not Path("/usr/bin/mount").exists():
        pytest.skip("only root can make a small disk")
    small = bench.folder / "small"
    small.mkdir()
    if (await trio.run_process(["mount", "-t", "tmpfs", "-o", "size=1M", "none", str(small)], check=False)).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        async with open_runner() as runner:
            work = bench.work(bench.shell("head -c 5M /dev/zero > result.txt"))
            folder = small / "job"
            folder.mkdir()
            work = type(work)(**{name: getattr(work, name) for name in work.__slots__} | {"folder": folder})
            with pytest.raises(DiskFull):
                await runner.run(work, priority=lambda: 0, report=bench.reports.append)
    finally:
        await trio.run_process(["umount", "-l", str(small)])


async def test_an_unknown_tier_is_the_operators_mistake():
    with pytest.raises(MisconfiguredError, match="auto, bwrap"):
        async with choose("strong"):
            pass


@pytest.mark.full
async def test_a_tool_that_runs_thirty_seconds_lives(runner, bench):
    _, path = await bench.run(runner, bench.shell("sleep 30; echo done > result.txt", limits=Limits(stall=40)))
    assert path.read_text() == "done\n"


SERVICE = """
import sys, trio
sys.path[:0] = sys.argv[4:]
from pathlib import Path
from conftest import Bench
from omnic_stream.runner import open_runner
async def main():
    bench = Bench(Path(sys.argv[2]), sys.argv[3])
    async with open_runner(tier=sys.argv[1]) as runner:
        await bench.run(runner, bench.shell("setsid sleep 300 & sleep 300"))
trio.run(main)
"""


@pytest.mark.parametrize("tier", TIERS)
async def test_a_killed_service_leaves_nothing_alive(tier, bench):
    paths = [str(Path(__file__).parent), *filter(None, sys.path)]
    words = [sys.executable, "-c", SERVICE, tier, str(bench.folder), bench.mark, *paths]
    process = await trio.lowlevel.open_process(words)
    with trio.fail_after(20):
        while len(bench.alive()) < 2 and process.poll() is None:
            await trio.sleep(0.02)
    if process.returncode is not None:
        pytest.skip(f"this machine has no {tier} tier")
    process.kill()
    await process.wait()
    assert await bench.quiet()


STARTING = """
import sys, trio
sys.path[:0] = sys.argv[3:]
from omnic_stream.model.contracts import Limits
from omnic_stream.runner.cage import Cage
from omnic_stream.runner.sandbox import Streams
from omnic_stream.runner.tiers import choose
async def main():
    async with choose(sys.argv[1]) as sandbox:
        print("go", flush=True)
        while True:
            env = {"TEST_MARK": sys.argv[2]}
            await sandbox.start(Cage(argv=("/bin/sleep", "300"), limits=Limits(), env=env), Streams())
trio.run(main)
"""


async def killed_while_starting(tier, bench, rounds):
    """Trees that are being made when the service is killed have asked for no death signal yet."""
    paths = [str(Path(__file__).parent), *filter(None, sys.path)]
    chance = random.Random(rounds)
    for _ in range(rounds):
        process = await trio.lowlevel.open_process(
            [sys.executable, "-c", STARTING, tier, bench.mark, *paths], stdout=subprocess.PIPE
        )
        if not await process.stdout.receive_some():
            pytest.skip(f"this machine has no {tier} tier")
        await trio.sleep(chance.uniform(0, 0.03))
        process.kill()
        await process.wait()
        await process.stdout.aclose()
        assert await bench.quiet(named=True)


@pytest.mark.parametrize("tier", TIERS)
async def test_a_service_killed_while_it_starts_trees_leaves_none(tier, bench):
    await killed_while_starting(tier, bench, 8)


@pytest.mark.full
async def test_two_hundred_services_killed_while_they_start_trees_leave_none(bench):
    await killed_while_starting("bwrap", bench, 200)
