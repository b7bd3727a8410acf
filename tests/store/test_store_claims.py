"""One right for each key, among tasks and processes, freed however its owner ends."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from omnic_stream.store import open_store
from omnic_stream.store.claims import Claims, give_back, take_lock
from store.store_support import kill, start


async def test_tasks_get_a_claim_one_at_a_time_and_in_their_order(tmp_path: Path):
    claims, order, inside = Claims(tmp_path), [], 0

    async def want(number: int) -> None:
        nonlocal inside
        async with claims.claim("key"):
            inside += 1
            assert inside == 1
            order.append(number)
            await trio.lowlevel.checkpoint()
            inside -= 1

    async with trio.open_nursery() as nursery, claims.claim("key"):
        for number in range(8):
            nursery.start_soon(want, number)
            await wait_all_tasks_blocked()
    assert order == list(range(8))
    assert not list(tmp_path.iterdir())


async def test_two_keys_do_not_wait_for_each_other(tmp_path: Path):
    claims = Claims(tmp_path)
    with trio.fail_after(1):
        async with claims.claim("one"), claims.claim("two"):
            pass


async def _wait_in_vain(claims: Claims) -> None:
    with trio.move_on_after(1) as scope:
        async with claims.claim("key"):
            pytest.fail("claimed twice")
    assert scope.cancelled_caught


async def test_who_is_cancelled_in_line_leaves_the_line(tmp_path: Path, autojump_clock: trio.abc.Clock):
    claims, other = Claims(tmp_path), Claims(tmp_path)  # two Claims on one folder stand for two processes
    async with claims.claim("key"):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_wait_in_vain, claims)
            nursery.start_soon(_wait_in_vain, other)
        async with other.claim_nowait("key") as ours:
            assert not ours
        async with claims.claim_nowait("key") as ours:
            assert not ours
    async with other.claim_nowait("key") as ours:
        assert ours
        async with claims.claim_nowait("key") as theirs:
            assert not theirs
    assert not list(tmp_path.iterdir())


def test_a_lock_on_a_file_that_lost_its_name_is_no_claim(tmp_path: Path):
    path = tmp_path / "lock"
    held = take_lock(path)
    assert held is not None and take_lock(path) is None
    path.unlink()
    again = take_lock(path)
    assert again is not None  # the name is free: a lock that nobody can find any more protects nothing
    give_back(path, held)
    give_back(path, again)


def test_owners_who_unlink_and_others_who_open_never_both_have_it(tmp_path: Path):
    """Threads with a descriptor each meet at the lock as processes do, at each of its system calls."""
    path, inside, together = tmp_path / "lock", [], []

    def hammer() -> None:
        for _ in range(400):
            while (held := take_lock(path)) is None:
                pass
            inside.append(held)
            together.append(len(inside))
            path.exists()  # a system call: the others run
            inside.pop()
            give_back(path, held)

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(together) == {1} and not path.exists()


async def test_a_killed_process_frees_its_claim_and_its_files_are_swept(tmp_path: Path):
    with start("live", tmp_path / "store", "mine") as other:
        assert other.stdout is not None
        other.stdout.readline()
        async with open_store(tmp_path / "store", max_content=1) as store:
            with trio.move_on_after(0.2) as scope:
                async with store.claim("mine"):
                    pytest.fail("claimed twice")
            assert scope.cancelled_caught
            kill(other)
            with trio.fail_after(2):
                async with store.claim("mine"):
                    pass
            await store.sweep()
    assert not list((tmp_path / "store" / "locks").iterdir())
