"""Small things done to disks: errors with names, writing whole files, removing whatever a tool left."""

from __future__ import annotations

import errno
import itertools
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from omnic_stream.model.errors import DiskFull

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""EFBIG: the process's own RLIMIT_FSIZE, which Python meets as an error because it ignores SIGXFSZ."""


def disk_full() -> DiskFull:
    return DiskFull("There is no room left to keep this; make room on the store's disk or lower its size limit, then ask again.")


@contextmanager
def naming_full_disks() -> Generator[None]:
    """Turn "no space left" and "quota exceeded" into DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise disk_full() from error
        raise


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_tree(path: Path) -> bool:
    """Remove a file or a folder whatever its depth and modes; links are removed, never followed. False if something stays.

    A hostile tree may be deeper than the longest path and than Python's stack: every folder found is first lifted beside
    ``path``, so neither paths nor the stack grow with the depth.
    """
    try:
        if not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()
            return True
    except FileNotFoundError:
        return True
    except OSError:
        return False
    names = itertools.count()
    waiting = [path]
    emptied: list[Path] = []
    while waiting:
        folder = waiting.pop()
        emptied.append(folder)
        with suppress(OSError):
            folder.chmod(0o700)
            with os.scandir(folder) as entries:
                found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
            for name, is_folder in found:
                with suppress(OSError):
                    if is_folder:
                        waiting.append(_lifted(folder / name, path, names))
                    else:
                        os.unlink(folder / name)  # noqa: PTH108 - thousands of files: no Path for each
    for folder in emptied:
        with suppress(OSError):
            folder.rmdir()
    return not path.exists()


def _lifted(folder: Path, beside: Path, names: itertools.count[int]) -> Path:
    folder.chmod(0o700)  # moving a folder writes its "..", which its owner must be allowed to
    while True:
        to = beside.with_name(f"{beside.name}.{next(names)}")
        if not to.exists():
            return folder.rename(to)
