"""Room to work in: ``work/<uuid>/`` belongs to one living process, which has the lock on the folder itself.

A folder whose lock can be taken belongs to nobody any more, and is swept; what a living sibling owns never is.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from omnic_stream.store.claims import still_named
from omnic_stream.store.disk import naming_full_disks, remove_tree


class Work:
    """This process's own folder. ``trash`` lies in it: what is moved there has left the store and is removed at leisure."""

    def __init__(self, folder: Path, *, limiter: trio.CapacityLimiter) -> None:
        """``folder`` is the store's ``work``. Raises OSError."""
        self._parent, self._limiter = folder, limiter
        self.path, self._lock = _own_folder(folder)
        self.trash = self.path / "trash"
        self.trash.mkdir(mode=0o700)
        self._names = itertools.count(1)

    def new_folder(self, prefix: str) -> Path:
        path = self.path / f"{prefix}-{next(self._names)}"
        with naming_full_disks():
            path.mkdir(mode=0o700)
        return path

    def new_trash(self) -> Path:
        """A name in the trash that nothing has yet."""
        return self.trash / str(next(self._names))

    def empty_trash(self) -> None:
        """Blocks: call it in a thread."""
        for path in self.trash.iterdir():
            remove_tree(path)

    @asynccontextmanager
    async def folder(self) -> AsyncGenerator[Path]:
        """A fresh, empty folder (mode 0700), gone afterwards."""
        path = self.new_folder("job")
        try:
            yield path
        finally:
            await self.remove(path)

    async def remove(self, path: Path) -> None:
        with trio.CancelScope(shield=True):  # bounded by what the disk can do; a half-removed folder helps nobody
            await trio.to_thread.run_sync(remove_tree, path, limiter=self._limiter)

    def siblings(self) -> bool:
        """Whether another living process works on this store. Blocks: call it in a thread."""
        return any(not _is_free(path) for path in self._others())

    def sweep(self) -> int:
        """Remove the folders of processes that are gone; how many. Blocks: call it in a thread."""
        return sum(_sweep(path) for path in self._others())

    def close(self) -> None:
        """Remove the folder and give up its lock. Blocks: call it in a thread."""
        remove_tree(self.path)
        os.close(self._lock)

    def _others(self) -> list[Path]:
        return [path for path in self._parent.iterdir() if path != self.path]


def _own_folder(parent: Path) -> tuple[Path, int]:
    while True:
        path = parent / str(uuid.uuid4())
        path.mkdir(mode=0o700)
        descriptor = _lock(path)
        if descriptor is not None:
            return path, descriptor  # else a sibling's sweep met it before it was ours: another name


def _lock(path: Path) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if still_named(path, descriptor):
        return descriptor
    os.close(descriptor)
    return None


def _is_free(path: Path) -> bool:
    try:
        descriptor = _lock(path)
    except OSError:
        return True  # no folder of ours: nobody works in it
    if descriptor is None:
        return not path.exists()
    os.close(descriptor)
    return True


def _sweep(path: Path) -> bool:
    try:
        descriptor = _lock(path)
    except NotADirectoryError:
        return remove_tree(path)
    except OSError:
        return False
    if descriptor is None:
        return False
    try:
        return remove_tree(path)
    finally:
        os.close(descriptor)
