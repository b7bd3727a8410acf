"""Several processes on one store: one making of each key, no harm to siblings, nothing half-done after kill -9."""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import trio

from omnic_stream.store import DiskStore, open_store
from store.store_support import CHILD, ENVIRONMENT, key_of, kill, publish, start, until


def _eight(stack: ExitStack, *arguments: object) -> list[str]:
    processes = [stack.enter_context(start(*arguments)) for _ in range(8)]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=60)[0].strip() for process in processes]


def test_eight_processes_that_want_one_key_make_it_once(tmp_path: Path):
    with ExitStack() as stack:
        answers = _eight(stack, "race", tmp_path / "store", "wanted", tmp_path / "made")
    assert answers == ["made once"] * 8
    assert len((tmp_path / "made").read_text().splitlines()) == 1


def test_eight_processes_that_publish_one_key_without_a_claim_agree_on_one(tmp_path: Path):
    with ExitStack() as stack:
        answers = _eight(stack, "race_unclaimed", tmp_path / "store", "wanted")
    assert len(set(answers)) == 1
    digest, text = answers[0].split()
    assert hashlib.sha256(text.encode()).hexdigest() == digest


async def _check_whole(store: DiskStore, root: Path) -> int:
    """Each row has its bytes, each file its row; how many Artifacts there are."""
    rows = sqlite3.connect(root / "catalogue.sqlite3")
    try:
        keys = {key for (key,) in rows.execute("SELECT key FROM artifacts")}
        contents = {key for (key,) in rows.execute("SELECT sha256 FROM contents")}
        dangling = rows.execute("SELECT count(*) FROM finished WHERE artifact NOT IN (SELECT key FROM artifacts)").fetchone()[0]
        room = rows.execute("SELECT sum(room) FROM (SELECT room FROM artifacts UNION ALL SELECT room FROM contents)")
        assert store.stats().bytes == (room.fetchone()[0] or 0)
    finally:
        rows.close()
    assert dangling == 0
    assert {path.name for path in root.glob("artifacts/*/*")} == keys
    assert {path.name for path in root.glob("snapshots/*/*")} == contents
    for key in keys:
        assert store.artifact(key) is not None
    return len(keys)


@pytest.mark.parametrize("turns", [3, pytest.param(10, marks=pytest.mark.full)])
async def test_killed_at_random_moments_nothing_is_half_done(tmp_path: Path, turns: int):
    root, chance, made = tmp_path / "store", random.Random(7), 0
    for turn in range(turns):
        with ExitStack() as stack:
            processes = [stack.enter_context(start("churn", root, f"{turn}-{number}")) for number in range(3)]
            for process in processes:
                assert process.stdout is not None and process.stdout.readline() == "ready\n"
            for process in processes:
                time.sleep(chance.uniform(0.0, 0.15))  # the random moment itself is what is tested
                kill(process)
        async with open_store(root, max_content=1 << 20) as store:
            await store.sweep()
            assert len(list((root / "work").iterdir())) == 1 and not list((root / "locks").iterdir())
            now = await _check_whole(store, root)
            assert now >= made
            made = now
    async with open_store(root, max_content=1 << 20) as store:
        assert await store.verify() == ()
    assert made
    assert not list((root / "work").iterdir())


async def test_sweeping_leaves_a_living_sibling_alone_and_takes_a_dead_ones_folder(tmp_path: Path):
    root = tmp_path / "store"
    with start("live", root, "key") as alive:
        assert alive.stdout is not None
        mine = Path(alive.stdout.readline().strip())
        async with open_store(root, max_content=1) as store:
            assert (await store.sweep()).folders == 0
            assert (mine / "half").read_text() == "half"
        assert alive.communicate("end\n", timeout=10)[0] == "True\n"
    with start("live", root, "key") as dead:
        assert dead.stdout is not None
        mine = Path(dead.stdout.readline().strip())
        kill(dead)
    assert mine.exists()
    async with open_store(root, max_content=1):
        with trio.fail_after(5):
            while mine.exists():
                await trio.sleep(0.01)


async def test_bytes_without_a_row_are_swept_and_never_served(tmp_path: Path):
    root, name = tmp_path / "store", key_of("orphan")
    async with open_store(root, max_content=1 << 20) as store:
        await store.sweep()  # the one of the opening is over now
        await publish(store, "sound", b"sound")
        orphan = root / "artifacts" / name[:2] / name / "files"
        orphan.mkdir(parents=True)
        (orphan / "result.txt").write_text("renamed, but no row")
        (root / "snapshots" / name[:2]).mkdir()
        (root / "snapshots" / name[:2] / name).write_text("this too")
        assert store.artifact(name) is None
        made = await publish(store, "orphan", b"made anew")  # in spite of what lies in its place
        assert made.path.read_text() == "made anew"
        assert (await store.sweep()).orphans == 1
        assert await _check_whole(store, root) == 2


CAN_MOUNT = subprocess.run(["unshare", "-Urm", "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not CAN_MOUNT, reason="the kernel allows no user namespaces here, so no small disk can be mounted")
def test_on_a_full_disk_writing_fails_by_name_and_looking_up_goes_on(tmp_path: Path):
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=3m tmpfs "$1" && exec "$2" "$3" fill "$1/store" 0'
    told = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script, "sh", str(small), sys.executable, str(CHILD)],
        check=False,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
    )
    assert told.stdout.splitlines() == ["['disk_full', 'disk_full', 'disk_full']", "True", "()", "0"], told.stderr


def test_a_file_size_limit_of_the_process_is_a_full_disk_too(tmp_path: Path):
    with start("fill", tmp_path / "store", 50_000) as process:
        told = process.communicate(timeout=60)[0].splitlines()
    assert told == ["['disk_full', 'disk_full', 'disk_full']", "True", "()", "0"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; as another user every test is this one")
def test_an_ordinary_user_can_publish_and_remove_what_tools_left_unwritable(tmp_path_factory):
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, 65534, 65534)
        with start("nobody:ordinary", Path(folder) / "store") as process:
            told = process.communicate(timeout=60)[0].splitlines()
    assert told == ["hello", "False", "[]"]


async def test_a_sibling_that_opens_while_others_sweep_keeps_its_folder(tmp_path: Path):
    root = tmp_path / "store"
    async with open_store(root, max_content=1) as store:
        with ExitStack() as stack:
            others = [stack.enter_context(start("live", root, number)) for number in range(4)]
            with trio.move_on_after(2):
                while sum(path.name != "trash" for path in (root / "work").glob("*/job-*")) < 4:
                    await store.sweep()
            answers = [process.communicate("end\n", timeout=20)[0].splitlines()[-1] for process in others]
    assert answers == ["True"] * 4
    until(lambda: not list((root / "work").iterdir()))
