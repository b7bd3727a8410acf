"""What leaves when room runs short: the choice as a property, the act on a real store."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import trio
from hypothesis import given
from hypothesis import strategies as st

from omnic_stream.store import open_store
from omnic_stream.store.eviction import DOWN_TO, Kept, choose
from omnic_stream.store.layout import Layout
from omnic_stream.store.removal import evict
from store.store_support import finished, keep, key_of, kill, publish, start

KEPT = st.builds(
    Kept,
    key=st.text("abcdef", min_size=1, max_size=3),
    snapshot=st.booleans(),
    room=st.integers(1, 1000),
    last_used=st.floats(0, 1000),
)


@given(
    kept=st.lists(KEPT, max_size=30, unique_by=lambda one: one.key),
    limit=st.integers(1, 10_000),
    held=st.frozensets(st.text("abcdef", min_size=1, max_size=3)),
    now=st.floats(0, 1100),
    grace=st.sampled_from([0.0, 10.0, 60.0]),
)
def test_the_choice(kept: list[Kept], limit: int, held: frozenset[str], now: float, grace: float):
    kept.sort(key=lambda one: one.last_used)
    total = sum(one.room for one in kept)
    chosen = choose(kept, total=total, limit=limit, held=held, now=now, grace=grace)
    free = [one for one in kept if one.key not in held and one.last_used <= now - grace]
    assert chosen == free[: len(chosen)]  # least recently used first, nothing held, nothing just used
    left = total - sum(one.room for one in chosen)
    if total <= limit:
        assert chosen == []
    elif left > limit * DOWN_TO:
        assert chosen == free  # all that may go has gone
    if chosen:
        assert left + chosen[-1].room > limit * DOWN_TO  # and not one too many


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


ROOM = 5 * 4096 + 104 * 1024
"""Of an Artifact of 100 KiB: its blocks and inode, two folders, and the provenance's block and inode."""


async def test_the_least_recently_used_goes_and_what_is_held_stays(tmp_path: Path):
    clock = Clock()
    async with open_store(tmp_path / "store", limit=5 * ROOM, max_content=1 << 20, now=clock) as store:
        content = bytes(100 * 1024)
        made = []
        async with store.hold(key_of("0")):
            for number in range(5):
                made.append(await publish(store, f"{number}", content))
                clock.now += 30
            assert store.stats().bytes <= 5 * ROOM and all(one.path.exists() for one in made)
            store.artifact(made[1].key)  # used: now the newest
            clock.now += 15
            await publish(store, "5", content)
        there = [one.path.exists() for one in made]
        assert there == [True, True, False, False, True]
        assert [store.artifact(one.key) is not None for one in made] == there
        assert store.stats().bytes <= 5 * ROOM * DOWN_TO
        assert not list((tmp_path / "store" / "artifacts").glob(f"*/{made[2].key}"))


async def test_what_was_just_told_can_still_be_fetched(tmp_path: Path):
    async with open_store(tmp_path / "store", limit=1, max_content=1 << 20, now=Clock()) as store:
        artifact = await publish(store, "0", b"larger than the limit")
        snapshot = await keep(store, "http://origin/a", b"this too")
        assert artifact.path.exists() and snapshot.path.exists()


async def test_a_snapshot_goes_with_what_points_to_it(tmp_path: Path):
    clock = Clock()
    async with open_store(tmp_path / "store", limit=200_000, max_content=1 << 20, now=clock) as store:
        old = await keep(store, "http://origin/old", bytes(100_000))
        step = await publish(store, "step", b"x", input=old.sha256)
        await store.finish(finished("http://origin/old", step, old.sha256))
        clock.now += 30
        store.finished(key_of("http://origin/oldtxt"))
        await keep(store, "http://origin/new", b"\1" * 100_000)
        assert not old.path.exists() and store.snapshot(old.address_key) is None
        assert store.finished(key_of("http://origin/oldtxt")) is not None  # the result outlives what it was made of


async def test_what_another_process_holds_stays(tmp_path: Path):
    clock, start_of_test = Clock(), time.time()
    content = bytes(100 * 1024)
    async with open_store(tmp_path / "store", limit=3 * ROOM, max_content=1 << 20, now=clock) as store:
        clock.now = start_of_test - 1000
        held, *others = [await publish(store, f"{number}", content) for number in range(3)]
        with start("hold", tmp_path / "store", "0") as other:
            assert other.stdout is not None and other.stdout.readline() == "holding\n"
            clock.now = start_of_test + 30
            await publish(store, "3", content)
            assert held.path.exists() and not any(one.path.exists() for one in others)
            clock.now = start_of_test + 55
            kill(other)
        for number in (4, 5):
            await publish(store, f"{number}", content)
        assert not held.path.exists()


async def test_what_was_used_between_the_choice_and_the_act_stays(tmp_path: Path):
    root = tmp_path / "store"
    async with open_store(root, max_content=1 << 20, now=Clock()) as store:
        used, unused = await publish(store, "used", b"1"), await publish(store, "unused", b"2")
        connection = sqlite3.connect(root / "catalogue.sqlite3", isolation_level=None)
        chosen = [Kept(used.key, False, 1, Clock().now - 1), Kept(unused.key, False, 1, Clock().now)]
        assert evict(connection, Layout(root), chosen, lambda: tmp_path / "trash") == 1
        connection.close()
        assert used.path.exists() and not unused.path.exists() and store.stats().artifacts == 1


async def test_uses_are_written_down_and_room_is_made_in_rounds(tmp_path: Path, autojump_clock: trio.abc.Clock):
    clock = Clock()
    async with open_store(tmp_path / "store", limit=3 * ROOM, max_content=1 << 20, now=clock) as store:
        for number in range(4):  # all of them new: none may go yet
            await publish(store, f"{number}", bytes(100 * 1024))
        assert store.stats().artifacts == 4
        clock.now += 60
        assert store.artifact(key_of("0")) is not None
        while store.stats().artifacts == 4:
            await trio.sleep(1)
        assert store.artifact(key_of("0")) is not None
        assert store.artifact(key_of("1")) is None
