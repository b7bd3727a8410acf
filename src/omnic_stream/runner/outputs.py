"""What a tool left, looked at before anybody believes in it. Everything here blocks on the disk: use a thread."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from omnic_stream.model.contracts import MiB
from omnic_stream.model.errors import ConverterFailed, TooExpensive

FULL: Final = 4 * MiB
"""With less free than this the disk is full: what a tool says of ENOSPC is then not about its own small /tmp."""
DEEPEST: Final = 32
MOST: Final = 20_000
"""Entries of a directory output."""


def check_output(path: Path, limit: int) -> None:
    """A regular file with one link, or a folder of nothing but such: raises ConverterFailed or TooExpensive."""
    try:
        status = os.lstat(path)
    except OSError as error:
        raise ConverterFailed("The tool ended without a result.") from error
    if stat.S_ISDIR(status.st_mode):
        _check_folder(path, limit)
        return
    _check_file(status)
    if status.st_size > limit:
        raise TooExpensive("The result is larger than is allowed.")


def _check_file(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        raise ConverterFailed("The tool made something that is not a plain file.")


def _check_folder(path: Path, limit: int) -> None:
    total, entries, todo = 0, 0, [(str(path), 1)]
    while todo:
        folder, depth = todo.pop()
        if depth > DEEPEST:
            raise TooExpensive("The result has more folders within folders than is allowed.")
        with os.scandir(folder) as found:
            for entry in found:
                entries += 1
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    todo.append((entry.path, depth + 1))
                    continue
                _check_file(status)
                total += status.st_size
                if total > limit or entries > MOST:
                    raise TooExpensive("The result is larger than is allowed.")


def open_unnamed(folder: Path) -> int:
    """An empty file without a name on the folder's disk, for a worker to write into.

    Without a name nobody reaches it but who was handed it; a program beside the worker opens it anew by /proc/self/fd, as another user.
    """
    try:
        descriptor = os.open(folder, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL):
            raise
    else:
        os.fchmod(descriptor, 0o666)
        return descriptor
    name = folder / ".result"
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    name.unlink()
    return descriptor


def copy_out(source: int, path: Path, limit: int) -> None:
    """Copy what a worker wrote into a file of its own: the worker may keep its descriptor, and write to it, while it lives."""
    size = os.fstat(source).st_size
    if size > limit:
        raise TooExpensive("The result is larger than is allowed.")
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        done = 0
        copy: Callable[[int, int], int] = lambda at, rest: os.copy_file_range(source, target, rest, at)  # noqa: E731
        while done < size:
            try:
                moved = copy(done, size - done)
            except OSError as error:
                if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP) or done:
                    raise
                copy = lambda at, rest: os.write(target, os.pread(source, min(rest, 1 << 20), at))  # noqa: E731
                continue
            if moved == 0:  # the worker cut it short meanwhile
                break
            done += moved
    finally:
        os.close(target)


def stage(source: Path, target: Path) -> None:
    """Copy an input (a file or a folder) that the tool's user may not read where it lies; all may read the copy."""
    if source.is_dir():
        target.mkdir()
        for entry in sorted(source.iterdir()):
            if not entry.is_symlink():
                stage(entry, target / entry.name)
        target.chmod(0o755)
        return
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        copy_out(descriptor, target, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)
    target.chmod(0o444)


def readable_by_all(path: Path) -> bool:
    """Whether any user who reaches it may read it: the file, or everything in the folder."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        return status.st_mode & 0o005 == 0o005 and all(readable_by_all(entry) for entry in path.iterdir() if not entry.is_symlink())
    return bool(status.st_mode & stat.S_IROTH)


def is_full(folder: Path) -> bool:
    """Whether the disk below the folder has no room left."""
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize < FULL or (room.f_files > 0 and room.f_favail < 16)
