"""The tar in which a warm function hands over a directory, unpacked by strict rules.

A reader of its own, for its input is hostile: Python's tarfile reads an extended header of any size into memory and knows links,
devices and sparse files, none of which may come out of a worker. POSIX.1-1988 ustar, with POSIX.1-2001 extended headers for
``path`` and ``size`` and GNU's long names, is what tarfile and tar write for plain files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from omnic_stream.model.errors import ConverterFailed, TooExpensive
from omnic_stream.runner.outputs import DEEPEST, MOST

BLOCK: Final = 512
LONGEST_HEADER: Final = 1 << 16
CHUNK: Final = 1 << 20


def unpack(archive: int, folder: Path, limit: int) -> None:
    """Make ``folder`` and fill it. Raises ConverterFailed for all but plain files and folders, TooExpensive beyond ``limit`` bytes.

    Blocks: use a thread. The archive is read once, in order, by position: changing it meanwhile changes what is checked, too.
    """
    folder.mkdir()
    made: set[tuple[str, ...]] = set()
    folders: set[tuple[str, ...]] = {()}
    total = 0
    for name, size, at in entries(archive):
        parts = _parts(name)
        if len(made) + len(folders) > MOST:
            raise TooExpensive("The result has more files than is allowed.")
        parents = [parts[:depth] for depth in range(1, len(parts))]
        if parts in made or any(parent in made for parent in parents):
            raise ConverterFailed("The converter made two files of one name.")
        for parent in (*parents, parts) if size is None else parents:
            if parent not in folders:
                folder.joinpath(*parent).mkdir()
                folders.add(parent)
        if size is None:
            continue
        if parts in folders:
            raise ConverterFailed("The converter made two files of one name.")
        total += size
        if total > limit:
            raise TooExpensive("The result is larger than is allowed.")
        made.add(parts)
        _write(archive, at, size, folder.joinpath(*parts))


def entries(archive: int) -> Iterator[tuple[str, int | None, int]]:
    """Name, size (None for a folder) and the content's offset, one after the other."""
    at, extended = 0, dict[str, str]()
    while True:
        block = os.pread(archive, BLOCK, at)
        if len(block) < BLOCK:
            raise ConverterFailed("The converter's result is cut short.")
        if not any(block):
            return
        _check_sum(block)
        size, kind, at = _octal(block[124:136]), block[156:157], at + BLOCK
        after = at + -(-size // BLOCK) * BLOCK
        if kind in (b"x", b"L"):
            if size > LONGEST_HEADER:
                raise ConverterFailed("The converter's result holds a name that is too long.")
            content = os.pread(archive, size, at)
            extended |= _records(content) if kind == b"x" else {"path": _text(content.rstrip(b"\0"))}
        elif kind in (b"0", b"\0", b"5"):
            if "size" in extended:
                size = int(extended["size"])
                after = at + -(-size // BLOCK) * BLOCK
            name = extended.get("path") or _name(block)
            yield name, None if kind == b"5" else size, at
            extended = {}
        else:
            raise ConverterFailed("The converter's result holds something that is not a plain file.")
        at = after


def _name(block: bytes) -> str:
    name = block[:100].split(b"\0", 1)[0]
    prefix = block[345:500].split(b"\0", 1)[0] if block[257:263] == b"ustar\0" else b""
    return _text(prefix + b"/" + name if prefix else name)


def _text(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConverterFailed("The converter's result holds a name that is not UTF-8.") from error


def _parts(name: str) -> tuple[str, ...]:
    """The name's segments. Relative, plain and bounded, or ConverterFailed."""
    parts = tuple(part for part in name.removesuffix("/").split("/") if part != ".")
    wrong = name.startswith("/") or not parts or len(parts) > DEEPEST
    if wrong or any(_wrong(part) for part in parts):
        raise ConverterFailed("The converter made a file with a name that is not allowed.")
    return parts


def _wrong(part: str) -> bool:
    return part in ("", "..") or len(os.fsencode(part)) > 255 or any(ord(letter) < 32 or letter in "\\\x7f" for letter in part)


def _octal(text: bytes) -> int:
    try:
        value = int(text.strip(b" \0") or b"0", 8)
    except ValueError as error:
        raise ConverterFailed("The converter's result cannot be read.") from error
    if value < 0:
        raise ConverterFailed("The converter's result cannot be read.")
    return value


def _check_sum(block: bytes) -> None:
    if _octal(block[148:156]) != sum(block[:148]) + 8 * 32 + sum(block[156:]):
        raise ConverterFailed("The converter's result cannot be read.")


def _records(content: bytes) -> dict[str, str]:
    """``LENGTH KEY=VALUE\\n`` records (pax); only what names and measures the file counts."""
    found: dict[str, str] = {}
    while content:
        length, space, _ = content.partition(b" ")
        if not (space and length.isdigit() and len(length) < int(length) <= len(content)):
            raise ConverterFailed("The converter's result cannot be read.")
        record, content = content[: int(length)], content[int(length) :]
        key, _, value = record[len(length) + 1 :].removesuffix(b"\n").partition(b"=")
        if key.startswith(b"GNU.sparse"):
            raise ConverterFailed("The converter's result holds something that is not a plain file.")
        if key == b"path" or (key == b"size" and value.isdigit()):
            found[key.decode()] = _text(value)
    return found


def _write(archive: int, at: int, size: int, path: Path) -> None:
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        end = at + size
        while at < end:
            chunk = os.pread(archive, min(CHUNK, end - at), at)
            if not chunk:
                raise ConverterFailed("The converter's result is cut short.")
            at += os.write(target, chunk)
    finally:
        os.close(target)
