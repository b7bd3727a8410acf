"""Torrent files (BEP 3, 12, 19, 27, 52): bencoded values, read here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1, sha256
from typing import Any, Final

from omnic_stream.model.errors import Corrupt, TooExpensive

DEEPEST: Final = 60
MOST_FILES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Torrent:
    name: str
    files: tuple[tuple[str, int], ...]
    """Path within the torrent, bytes."""
    piece: int
    pieces: int
    trackers: tuple[str, ...]
    seeds: tuple[str, ...]
    private: bool
    info: tuple[tuple[str, str], ...]
    """Version and hash of the info dictionary as it stands in the file."""
    words: tuple[tuple[str, str], ...]
    """Created, by, comment ... as far as they are said."""

    @property
    def size(self) -> int:
        return sum(size for _, size in self.files)


def torrent(content: bytes) -> Torrent:
    """Raises Corrupt, TooExpensive."""
    spans: dict[str, tuple[int, int]] = {}
    try:
        value, _ = _value(content, 0, 0, spans)
        info = value[b"info"]
        whole = content[slice(*spans["info"])]
        files = tuple(_files(info))
        hashes = [("v1", sha1(whole, usedforsecurity=False).hexdigest())] if b"pieces" in info else []
        if info.get(b"meta version") == 2:
            hashes.append(("v2", sha256(whole).hexdigest()))
        piece = int(info[b"piece length"])
        return Torrent(
            name=_text(info.get(b"name.utf-8", info.get(b"name", b""))),
            files=files,
            piece=piece,
            pieces=len(info[b"pieces"]) // 20 if b"pieces" in info else sum(-(-size // piece) for _, size in files),
            trackers=tuple(dict.fromkeys(_trackers(value))),
            seeds=tuple(_text(each) for each in _list(value.get(b"url-list", []))),
            private=info.get(b"private") == 1,
            info=tuple(hashes),
            words=tuple(_words(value)),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise Corrupt("The torrent is broken or cut short.") from error


def _value(content: bytes, at: int, depth: int, spans: dict[str, tuple[int, int]]) -> tuple[Any, int]:
    """A bencoded value and where it ends. Raises ValueError."""
    if depth > DEEPEST:
        raise TooExpensive(f"The torrent is nested deeper than {DEEPEST} levels.")
    mark = content[at : at + 1]
    if mark == b"i":
        end = content.index(b"e", at, at + 32)
        return int(content[at + 1 : end]), end + 1
    if mark == b"l":
        items: list[Any] = []
        at += 1
        while content[at : at + 1] != b"e":
            item, at = _value(content, at, depth + 1, spans)
            items.append(item)
        return items, at + 1
    if mark == b"d":
        made: dict[bytes, Any] = {}
        at += 1
        while content[at : at + 1] != b"e":
            key, at = _value(content, at, depth + 1, spans)
            start = at
            made[bytes(key)], at = _value(content, at, depth + 1, spans)
            if depth == 0 and key == b"info":
                spans["info"] = (start, at)
        return made, at + 1
    colon = content.index(b":", at, at + 12)
    size = int(content[at:colon])
    if size < 0 or colon + 1 + size > len(content):
        raise ValueError("a text is cut short")
    return content[colon + 1 : colon + 1 + size], colon + 1 + size


def _files(info: Any) -> Iterator[tuple[str, int]]:
    if b"file tree" in info:
        yield from _tree(info[b"file tree"], "", 0)
    elif b"files" in info:
        if len(info[b"files"]) > MOST_FILES:
            raise TooExpensive(f"The torrent has more than {MOST_FILES:,} files.")
        for each in info[b"files"]:
            if b"p" not in each.get(b"attr", b""):  # padding (BEP 47)
                yield "/".join(_text(part) for part in each.get(b"path.utf-8", each[b"path"])), int(each[b"length"])
    else:
        yield _text(info[b"name"]), int(info[b"length"])


def _tree(tree: Any, above: str, depth: int) -> Iterator[tuple[str, int]]:
    """BEP 52: a file is an entry whose name is empty."""
    for name, part in tree.items():
        if name == b"":
            yield above.rstrip("/"), int(part[b"length"])
        elif depth < DEEPEST:
            yield from _tree(part, f"{above}{_text(name)}/", depth + 1)


def _trackers(value: Any) -> Iterator[str]:
    if b"announce" in value:
        yield _text(value[b"announce"])
    for tier in _list(value.get(b"announce-list", [])):
        for each in _list(tier):
            yield _text(each)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []  # type: ignore[reportUnknownVariableType]


def _words(value: Any) -> Iterator[tuple[str, str]]:
    moment = value.get(b"creation date")
    if isinstance(moment, int) and 0 < moment < 1 << 35:
        yield "created", datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
    for key in ("created by", "comment", "publisher"):
        if isinstance(value.get(key.encode()), bytes):
            yield key, _text(value[key.encode()])


def _text(content: Any) -> str:
    return bytes(content).decode("utf-8", "replace")
