"""A book's chapters as one HTML page: links lead within it, pictures are in it."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from omnic_stream.converters.warm.encodings import decoded
from omnic_stream.converters.warm.pages import Rewrite, cleaned, document
from omnic_stream.model.contracts import MiB
from omnic_stream.model.errors import TooExpensive

MOST_TEXT = 64 * MiB
MOST_PICTURES = 32 * MiB
"""Of all pictures together; those beyond are left out."""
PICTURE_KINDS = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"))
BODY = re.compile(r"<body\b[^>]*>(.*?)(?:</body\s*>|$)", re.DOTALL | re.IGNORECASE)
DRAWN_COVER = re.compile(
    r"<svg\b(?:(?!</svg).)*?<image\b[^>]*?\bhref\s*=\s*[\"']([^\"']+)[\"'](?:(?!</svg).)*</svg\s*>", re.DOTALL | re.IGNORECASE
)
"""Covers are often a picture within an SVG of its size, which would be cleaned away with what it holds."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """``name``: its path within the book, by which links and pictures are found."""

    name: str
    text: str


def picture(data: bytes) -> str | None:
    """A ``data:`` address, or None for what browsers do not show or might run."""
    kind = next((kind for mark, kind in PICTURE_KINDS if data.startswith(mark)), None)
    if kind is None and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "webp"
    return None if kind is None else f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def place(chapter: str, reference: str) -> str:
    """The path within the book that a relative reference in a chapter means."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(chapter), unquote(reference)))
    return path.lstrip("/")


def bound(
    title: str,
    chapters: Sequence[Chapter],
    read: Callable[[str], bytes | None],
    report: Callable[[float], None] = lambda fraction: None,
) -> bytes:
    """``read`` answers what lies at a path within the book, or None. Raises TooExpensive."""
    numbers = {chapter.name.lower(): number for number, chapter in enumerate(chapters, 1)}
    pictures = _Pictures(read)
    parts: list[str] = []
    size = 0
    for number, chapter in enumerate(chapters, 1):
        size += len(chapter.text)
        if size > MOST_TEXT:
            raise TooExpensive(f"The book has more than {MOST_TEXT // MiB} MiB of text.")
        body = BODY.search(chapter.text)
        text = DRAWN_COVER.sub(r'<img src="\1">', body[1] if body else chapter.text)
        text = re.sub(r"(<a\b[^>]*?)\bname\s*=", r"\1id=", text, flags=re.IGNORECASE)
        parts.append(f'<section id="c{number}">{cleaned(text, _within(chapter.name, number, numbers, pictures))}</section>')
        report(number / len(chapters))
    return document(title, "\n".join(parts))


class _Pictures:
    """Each picture once read, up to the sum of their sizes."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read, self._room, self._known = read, MOST_PICTURES, dict[str, "str | None"]()

    def at(self, path: str) -> str | None:
        if path not in self._known:
            data = self._read(path)
            fits = data is not None and len(data) <= self._room
            self._known[path] = picture(data) if data is not None and fits else None
        found = self._known[path]
        self._room -= len(found or "")
        return found if self._room > 0 else None


def _within(name: str, number: int, numbers: dict[str, int], pictures: _Pictures) -> Rewrite:
    def rewrite(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "id":
            return f"c{number}-{value}"
        if attribute == "src" and tag == "img" and not value.startswith("data:"):
            return pictures.at(place(name, value.partition("#")[0]))
        if attribute == "href" and tag == "a" and not re.match(r"[a-z][a-z0-9+.-]*:", value, re.IGNORECASE):
            path, _, fragment = value.partition("#")
            goal = numbers.get(place(name, path).lower()) if path else number
            if goal is None:
                return None
            return f"#c{goal}-{fragment}" if fragment else f"#c{goal}"
        return value

    return rewrite


def chapter(name: str, data: bytes) -> Chapter:
    return Chapter(name, decoded(data, declared=True))
