"""What a Converter left is looked at as if it were hostile, hashed, and made read-only. Runs in a thread."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from omnic_stream.model.contracts import KiB
from omnic_stream.model.errors import ConverterFailed
from omnic_stream.store.disk import naming_full_disks

MOST_ENTRIES = 20_000
MOST_DEPTH = 40
BLOCK = 4 * KiB
"""Room is counted in blocks of this size, and one for each file and folder, as most file systems do."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An output that may be published: what it holds, and the room that it takes."""

    entry: str
    size: int
    sha256: str
    directory: bool
    room: int


def room_for(size: int) -> int:
    """Bytes on disk of a file with so many bytes, its inode included."""
    return -(-size // BLOCK) * BLOCK + BLOCK


def seal(output: Path, *, index: str | None, most: int, fsync: bool = False) -> Sealed:
    """Check the output, hash it, and take all write permission from it.

    Only regular files with one hard link, and folders of such; no links, no special files, names that are UTF-8; at most
    ``most`` bytes. The hash of a folder is that of its sorted (path, hash) pairs. Raises ConverterFailed and DiskFull.
    """
    with naming_full_disks():
        try:
            mode = output.lstat().st_mode
        except FileNotFoundError:
            raise ConverterFailed("The converter made nothing.") from None
        if stat.S_ISDIR(mode):
            return _seal_folder(output, index=index, most=most, fsync=fsync)
        size, digest = _seal_file(output, most=most, fsync=fsync)
        return Sealed(entry=_name(output.name), size=size, sha256=digest, directory=False, room=room_for(size))


def _seal_folder(folder: Path, *, index: str | None, most: int, fsync: bool) -> Sealed:
    files: dict[str, str] = {}
    size = room = count = 0
    waiting = [(folder, PurePosixPath(), 0)]
    folders: list[Path] = []
    while waiting:
        at, inside, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise ConverterFailed("The converter made folders that are nested too deeply.")
        at.chmod(0o700)  # a tool may have left a folder that even its owner cannot read
        folders.append(at)
        room += BLOCK
        with os.scandir(at) as entries:
            for entry in entries:
                count += 1
                if count > MOST_ENTRIES:
                    raise ConverterFailed(f"The converter made more than {MOST_ENTRIES:,} files.")
                name = inside / _name(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((at / entry.name, name, depth + 1))
                    continue
                got, files[str(name)] = _seal_file(at / entry.name, most=most - size, fsync=fsync)
                size += got
                room += room_for(got)
    if not files:
        raise ConverterFailed("The converter made an empty folder.")
    entry = _entry(files, index)
    for at in reversed(folders):
        at.chmod(0o555)
        if fsync:
            _sync(at)
    return Sealed(entry=entry, size=size, sha256=tree_hash(files), directory=True, room=room)


def tree_hash(files: dict[str, str]) -> str:
    """SHA-256 over the sorted (path, hash) pairs: the path in UTF-8, a NUL (no path holds one), the hash, a newline."""
    whole = hashlib.sha256()
    for path, digest in sorted(files.items()):
        whole.update(path.encode() + b"\0" + digest.encode() + b"\n")
    return whole.hexdigest()


def _entry(files: dict[str, str], index: str | None) -> str:
    if index is not None:
        if index in files:
            return index
        raise ConverterFailed("The converter did not make the file that is to be opened first.")
    return "index.html" if "index.html" in files else min(files)


def _name(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ConverterFailed("The converter made a file whose name is not UTF-8.") from None
    return name


def _seal_file(path: Path, *, most: int, fsync: bool) -> tuple[int, str]:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ConverterFailed("The converter made a link or a special file where only files are taken.")
    path.chmod(0o400)  # ours to read, whatever the tool left; in a dead tool's folder nobody swaps the name meanwhile
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise ConverterFailed("The converter made a file that has a second name.")
        if facts.st_size > most:
            raise ConverterFailed("The converter made more than this service keeps.")
        digest = hash_descriptor(descriptor)
        _own(descriptor, facts)
        os.fchmod(descriptor, 0o444)
        os.utime(descriptor)  # a tool may have copied its input's time, or one of its own making
        if fsync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return facts.st_size, digest


def _own(descriptor: int, facts: os.stat_result) -> None:
    if facts.st_uid != os.geteuid():
        os.fchown(descriptor, os.geteuid(), os.getegid())


def hash_descriptor(descriptor: int) -> str:
    whole = hashlib.sha256()
    block = bytearray(256 * KiB)
    view = memoryview(block)
    while got := os.readv(descriptor, [block]):
        whole.update(view[:got])
    return whole.hexdigest()


def hash_file(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        return hash_descriptor(descriptor)
    finally:
        os.close(descriptor)


def hash_folder(folder: Path) -> str:
    """The hash that ``seal`` gave a folder, from what is on disk now."""
    files: dict[str, str] = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = Path(at) / name
            files[path.relative_to(folder).as_posix()] = hash_file(path)
    return tree_hash(files)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
