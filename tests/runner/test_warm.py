"""Warm workers with real processes, in every tier that can run the service's interpreter."""

import contextlib
import io
import os
import tarfile
from pathlib import Path

import pytest
import structlog
import structlog.testing
import trio

from omnic_stream.model.contracts import Limits, MiB, Running, WarmCall, WarmWorker
from omnic_stream.model.errors import ConverterFailed, Corrupt, MisconfiguredError, SandboxUnavailable, TooExpensive
from omnic_stream.runner import open_runner
from omnic_stream.runner.unpack import unpack
from omnic_stream.runner.workers import PYTHON, WORKERS

HERE = str(Path(__file__).parent)


def readable_by_all(text):
    path = Path(text).resolve()
    return all(parent.stat().st_mode & 1 for parent in path.parents)


def warm(name, **kw):
    return WarmCall(function=f"warm_functions:{name}", **kw)


def marked(bench, **kw):
    """The Python worker with the test's mark in its environment, so that what it leaves is found."""
    facts = {name: getattr(PYTHON, name) for name in PYTHON.__slots__} | kw
    return {"python": WarmWorker(**facts | {"env": (*PYTHON.env, ("TEST_MARK", bench.mark))})}


@pytest.fixture(params=["bwrap", "landlock", "rlimits"])
async def runner(request, bench):
    import sys

    if request.param == "rlimits" and os.geteuid() == 0 and not readable_by_all(sys.executable):
        pytest.skip("without Landlock no other user can be let into root's home, where this interpreter lies")
    try:
        async with open_runner(tier=request.param, slots=1, workers=marked(bench), read_only=[HERE]) as runner:
            yield runner
    except MisconfiguredError:
        pytest.skip(f"this machine has no {request.param} tier")


async def asked(runner, bench, name, **kw):
    """The answer of a small call."""
    descriptor = os.open(bench.input, os.O_RDONLY)
    try:
        return await runner.call(warm(name, **kw), [descriptor], {"foreign": str(bench.input)}, source="TXT")
    finally:
        os.close(descriptor)


async def test_a_call_gets_descriptors_and_tells_its_progress(runner, bench):
    outcome, path = await bench.run(runner, warm("upper"), page="2")
    assert path.read_text() == "CONTENT OF THE INPUT\n" and path.stat().st_nlink == 1
    assert bench.reports == [Running(), Running(fraction=0.5)]
    assert outcome.argv == ("warm_functions:upper",) and outcome.tier == runner.tier


async def test_a_worker_serves_many_calls_and_an_input_that_only_the_service_may_read(runner, bench):
    bench.input.chmod(0o400)
    await bench.run(runner, warm("upper"))
    await bench.run(runner, warm("upper"))
    assert runner.worker_starts == 1


async def test_what_a_failed_call_printed_is_for_the_log_alone(bench):
    with structlog.testing.capture_logs() as logged:
        async with open_runner(slots=1, workers=marked(bench), read_only=[HERE]) as runner:
            with pytest.raises(ConverterFailed) as told:
                await bench.run(runner, warm("bug"))
    assert "ValueError" not in told.value.message
    [entry] = [entry for entry in logged if entry["event"] == "worker.failed"]
    assert entry["worker"] == "python" and "ValueError" in entry["printed"]
    assert "/secret" not in str(entry)


@pytest.mark.parametrize(
    ("name", "limits", "ending", "words"),
    [
        ("corrupt", {}, Corrupt, "This is not a picture."),
        ("bug", {}, ConverterFailed, "This content could not be converted."),
        ("abort", {}, ConverterFailed, "crashed"),
        ("spin", {"stall": 0.4}, TooExpensive, "no progress"),
        ("spin", {"seconds": 0.4}, TooExpensive, "longer"),
        ("hog", {"memory": 150 * MiB}, TooExpensive, "memory"),
        ("hog_address_space", {}, TooExpensive, "memory"),
        ("endless", {"output": 8 * MiB}, TooExpensive, "larger"),
        ("fork_and_hang", {"stall": 0.4}, TooExpensive, "no progress"),
        ("nowhere", {}, ConverterFailed, "could not"),
    ],
)
async def test_after_a_failure_the_worker_is_a_new_one(name, limits, ending, words, runner, bench):
    await bench.run(runner, warm("upper"))
    before = set(bench.alive())
    start = trio.current_time()
    with pytest.raises(ending, match=words):
        await bench.run(runner, warm(name, limits=Limits(**limits)))
    assert not before & set(bench.alive()) and bench.alive() == []
    assert trio.current_time() - start < 3.5
    _, path = await bench.run(runner, warm("upper"))
    assert path.read_text().isupper()


async def test_a_cancelled_call_ends_its_worker(runner, bench):
    with trio.move_on_after(0.3) as scope:
        await bench.run(runner, warm("fork_and_hang"))
    assert scope.cancelled_caught and bench.alive() == [] and runner.running == 0


async def test_a_worker_that_speaks_out_of_turn_is_not_believed_again(runner, bench):
    assert await asked(runner, bench, "nothing") is None
    await asked(runner, bench, "chatter")
    assert await asked(runner, bench, "nothing") is None
    assert runner.worker_starts == 2


async def test_what_a_worker_writes_later_does_not_reach_the_result(runner, bench):
    _, first = await bench.run(runner, warm("keep_output"))
    await bench.run(runner, warm("spoil_kept_output"))
    assert first.read_bytes() == b"first"


async def test_a_directory_comes_out_as_files(runner, bench):
    _, path = await bench.run(runner, warm("folder", directory=True), output="result")
    assert sorted(str(file.relative_to(path)) for file in path.rglob("*")) == ["index.html", "pages", "pages/" + "ä" * 120 + ".txt"]
    with pytest.raises(ConverterFailed, match="plain file"):
        await bench.run(runner, warm("folder_with_link", directory=True), output="result")


async def test_a_worker_reaches_nothing(runner, bench):
    if not runner.sandbox.safe:
        pytest.skip("the rlimits tier closes no files")
    os.environ["SERVICE_SECRET"] = "hush"
    try:
        found = await asked(runner, bench, "look_around")
    finally:
        del os.environ["SERVICE_SECRET"]
    assert found.pop("uid") != 0
    assert "SERVICE_SECRET" not in found.pop("environ")
    assert "hush" not in found["init"]
    if runner.tier.startswith("bwrap"):  # its own init's environment is its own affair: bubblewrap's holds a mark and no more
        found.pop("init")
    assert all(answer.startswith("refused") for answer in found.values()), found


async def test_recycled_after_so_many_calls_or_when_it_grows(bench):
    async with open_runner(slots=1, workers=marked(bench, calls=3), read_only=[HERE]) as runner:
        for _ in range(7):
            await asked(runner, bench, "pid")
        assert runner.worker_starts == 3
    async with open_runner(slots=1, workers=marked(bench, memory=150 * MiB), read_only=[HERE]) as runner:
        for _ in range(16):
            await asked(runner, bench, "leak")
        assert 2 <= runner.worker_starts <= 8
    assert bench.alive() == []


async def test_prestart_has_a_worker_ready(bench):
    async with open_runner(slots=1, workers=marked(bench), read_only=[HERE], prestart=["python", "nobody"]) as runner:
        with trio.fail_after(10):
            while not runner.worker_starts:
                await trio.sleep(0.01)
        await bench.run(runner, warm("upper"))
        assert runner.worker_starts == 1
    assert bench.alive() == []


async def test_a_worker_that_does_not_start_says_why(bench):
    kind = {"broken": WarmWorker(name="broken", argv=("{python}", "-c", "raise SystemExit('error: no such library')"))}
    async with open_runner(workers=kind) as runner:
        with pytest.raises(ConverterFailed, match="The broken worker did not start: error: no such library"):
            await bench.run(runner, warm("upper", worker="broken"))
        with pytest.raises(SandboxUnavailable, match="no unknown worker"):
            await bench.run(runner, warm("upper", worker="unknown"))


async def test_another_interpreter_may_serve_as_a_worker(bench):
    """As LibreOffice's relay does: the system's Python runs a script out of the package."""
    relay = """
import json, socket
service = socket.socket(fileno=0)
service.send(b'{"ready": 1}')
while data := service.recv(65536):
    service.send(json.dumps({"ok": open("/proc/self/comm").read(), "call": json.loads(data)["call"]}).encode())
"""
    kind = {"relay": WarmWorker(name="relay", argv=("/usr/bin/python3", "-B", "-c", relay), limits=Limits(address_space=None))}
    async with open_runner(workers=kind) as runner:
        assert await asked(runner, bench, "anything", worker="relay") == "python3\n"


def test_the_built_in_kinds():
    assert [kind.name for kind in WORKERS] == ["python", "heavy", "detect"]


def tar(*members, format=tarfile.PAX_FORMAT):
    """A tar of (name, content or TarInfo changes)."""
    box = io.BytesIO()
    with tarfile.open(fileobj=box, mode="w", format=format) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                for key, value in content.items():
                    setattr(info, key, value)
                archive.addfile(info)
    return box.getvalue()


def opened(content):
    descriptor = os.memfd_create("tar")
    os.write(descriptor, content)
    return descriptor


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_unpacking_what_tarfile_writes(format, tmp_path):
    long = "/".join(["a" * 60, "b" * 60, "c" * 60]) + ".txt"
    unpack(
        opened(tar(("d", {"type": tarfile.DIRTYPE}), ("d/x", b"1"), (long, b"2" * 5000), format=format)), tmp_path / "out", 1 << 20
    )
    assert (tmp_path / "out" / "d" / "x").read_bytes() == b"1" and len((tmp_path / "out" / long).read_bytes()) == 5000


HOSTILE = {
    "absolute": tar(("/etc/x", b"")),
    "upwards": tar(("a/../../x", b"")),
    "link": tar(("x", {"type": tarfile.SYMTYPE, "linkname": "/"})),
    "hard link": tar(("x", {"type": tarfile.LNKTYPE, "linkname": "y"})),
    "device": tar(("x", {"type": tarfile.CHRTYPE})),
    "fifo": tar(("x", {"type": tarfile.FIFOTYPE})),
    "twice": tar(("x", b""), ("x", b"")),
    "file below a file": tar(("x", b""), ("x/y", b"")),
    "file over a folder": tar(("x/y", b""), ("x", b"")),
    "backslash": tar(("a\\b", b"")),
    "control": tar(("a\nb", b"")),
    "long name": tar(("n" * 256, b"")),
    "deep": tar(("/".join("d" * 40), b"")),
    "too large": tar(("x", bytes(200_000))),
    "cut short": tar(("x", bytes(2000)))[:1024],
    "no end": tar(("x", b""))[:512],
    "empty": b"",
    "noise": os.urandom(4096),
    "dot": tar((".", b"")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_unpacking_refuses(name, tmp_path):
    with pytest.raises((ConverterFailed, TooExpensive)):
        unpack(opened(HOSTILE[name]), tmp_path / "out", 100_000)
    assert [path for path in tmp_path.rglob("*") if path.is_symlink() or (path.stat().st_nlink > 1 and path.is_file())] == []
    assert not (tmp_path / "x").exists()


def test_unpacking_any_damage_ends_in_a_clear_error(tmp_path):
    whole = bytearray(tar(("d/x", b"1" * 700), ("y" * 150, b"2")))
    for at in range(0, len(whole), 37):
        damaged = bytearray(whole)
        damaged[at] ^= 0x41
        with contextlib.suppress(ConverterFailed, TooExpensive):
            unpack(opened(bytes(damaged)), tmp_path / str(at), 1 << 20)
