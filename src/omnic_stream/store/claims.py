"""The one right to make what a key names, among all tasks of this process and all processes on one store.

Tasks stand in a fair line. Processes meet at a lock file: ``flock``, never waited for in the kernel but polled, so that a wait
can be cancelled and blocks nothing; the kernel drops the lock of a process that dies, however it dies. Who gives a claim back
unlinks the file first, so files do not pile up; who got a lock therefore looks whether its file still has the name.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import trio

from omnic_stream.store.disk import naming_full_disks

FIRST_POLL, LONGEST_POLL = 0.005, 0.05


class TaskClaims:
    """The part within one process: a fair lock for each key that somebody has or wants."""

    def __init__(self) -> None:
        self._locks: dict[str, trio.Lock] = {}

    @asynccontextmanager
    async def claim(self, key: str) -> AsyncGenerator[None]:
        lock = self._locks.setdefault(key, trio.Lock())
        try:
            async with lock:
                yield
        finally:
            facts = lock.statistics()
            if not facts.locked and not facts.tasks_waiting and self._locks.get(key) is lock:
                del self._locks[key]

    def taken(self, key: str) -> bool:
        return key in self._locks


class Claims:
    def __init__(self, folder: Path) -> None:
        """``folder`` holds the lock files; it exists."""
        self._folder = folder
        self._tasks = TaskClaims()

    @asynccontextmanager
    async def claim(self, key: str) -> AsyncGenerator[None]:
        """Wait for the right to make what ``key`` names, and have it for the block."""
        path = self._path(key)
        async with self._tasks.claim(key):
            pause = FIRST_POLL
            while (descriptor := take_lock(path)) is None:
                await trio.sleep(pause)
                pause = min(pause * 2, LONGEST_POLL)
            try:
                yield
            finally:
                give_back(path, descriptor)

    @asynccontextmanager
    async def claim_nowait(self, key: str) -> AsyncGenerator[bool]:
        """True with the claim for the block, or False where somebody else has it."""
        if self._tasks.taken(key):
            yield False
            return
        path = self._path(key)
        async with self._tasks.claim(key):
            descriptor = take_lock(path)
            try:
                yield descriptor is not None
            finally:
                if descriptor is not None:
                    give_back(path, descriptor)

    def sweep(self) -> None:
        """Remove the lock files of processes that died with a claim."""
        for path in self._folder.iterdir():
            with suppress(OSError):
                if (descriptor := take_lock(path)) is not None:
                    give_back(path, descriptor)

    def _path(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()


def take_lock(path: Path) -> int | None:
    """A descriptor that holds the lock on the file of this name, made if missing; None where another has it."""
    while True:
        with naming_full_disks():
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if still_named(path, descriptor):
            return descriptor
        os.close(descriptor)  # given back, and unlinked, between our open and our lock


def give_back(path: Path, descriptor: int) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
    os.close(descriptor)


def still_named(path: Path, descriptor: int) -> bool:
    try:
        named, held = path.lstat(), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)
