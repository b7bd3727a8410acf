"""A PDF as a web page that can be read on a telephone: poppler tells blocks, lines and words in reading order, pdfium the pictures.

Paragraphs flow, larger letters make headings; columns, tables and fonts are given up.
"""

from __future__ import annotations

import base64
import html
import io
import re
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from xml.parsers import expat

from omnic_stream.converters.warm import pages
from omnic_stream.converters.warm.pdf import document, told
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt, TooExpensive

MOST_PAGES = 1_000
MOST_WORDS = 64 * MiB
"""Bytes of what poppler tells: each word with its box."""
TOLD, READ = 0.3, 0.8
"""Parts of the time when poppler has told the words, and when they are read; of a document in which pictures are looked for in vain."""
MOST_PICTURES, LARGEST_PICTURE, MOST_PICTURE_BYTES = 100, 1200, 16 * MiB
SMALLEST_PICTURE = 40
"""Points: smaller ones are bullets and rules."""
HEADING, CHAPTER = 1.2, 1.8
"""How much larger than most letters."""
LONGEST_HEADING = 200
SAME, APART = 2.0, 0.7
"""Points by which lines of one paragraph may begin apart; times their letters' height by which they may lie apart."""
SHORT = 0.7
"""Of its block's width: a line that ends before was meant to."""
CSS = """
section+section{border-top:1px solid var(--line);margin-top:2.5rem;padding-top:1rem}
.page{color:var(--soft);font-size:.8rem;text-align:right;margin:0}figure{margin:1.2em 0}
"""


@dataclass(slots=True)
class Block:
    """Places in points from the page's upper left corner."""

    left: float
    top: float
    right: float
    """Where its last line ends."""
    bottom: float
    size: float
    """Height of its letters' boxes."""
    text: str


def to_html(call: Call) -> None:
    """The whole text with its pictures. Raises Corrupt, ConverterFailed for a password, TooExpensive."""
    with document(call.input) as opened:
        if len(opened) > MOST_PAGES:
            raise TooExpensive(f"The PDF has more than {MOST_PAGES} pages.")
        title = str(opened.get_metadata_value("Title")).strip("\0 ")
        words = told(call, len(opened), "-bbox-layout", b"</page>", lambda fraction: call.report(TOLD * fraction))
        if len(words) > MOST_WORDS:
            raise TooExpensive("The PDF holds more text than is turned into a web page.")
        count = max(len(opened), 1)
        sheets = _sheets(words, lambda number: call.report(TOLD + (READ - TOLD) * min(number / count, 1)))
        most = _usual_size(sheets)
        room = [MOST_PICTURES, MOST_PICTURE_BYTES]
        parts: list[str] = []
        for number, blocks in enumerate(sheets, 1):
            pictures = list(_pictures(opened, number - 1, room))
            parts.append(_section(number, blocks, pictures, most))
            call.report(READ + (1 - READ) * number / len(sheets))
    pages.write(call, pages.document(title or "Document", "\n".join(parts), css=CSS))


def _sheets(words: bytes, read: Callable[[int], None]) -> list[list[Block]]:
    """Of each page the blocks, from ``pdftotext -bbox-layout``: page, flow, block, line, word. ``read`` is told how many pages are read."""
    sheets: list[list[Block]] = []
    lines: list[list[str]] = []
    ends: list[float] = []
    heights: list[float] = []
    box = [0.0, 0.0, 0.0, 0.0]  # left, top, right, bottom

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "page":
            read(len(sheets))
            sheets.append([])
        elif name == "block":
            for each in (lines, ends, heights):
                each.clear()
            box[:] = (float(attributes[side]) for side in ("xMin", "yMin", "xMax", "yMax"))
        elif name == "line":
            lines.append([])
            ends.append(float(attributes["xMax"]))
        elif name == "word" and lines:
            lines[-1].append("")
            heights.append(float(attributes["yMax"]) - float(attributes["yMin"]))

    def said(text: str) -> None:
        if lines and lines[-1] and text.strip():
            lines[-1][-1] += text.strip()

    def end(name: str) -> None:
        if name == "block" and sheets and heights:
            short = box[0] + SHORT * (box[2] - box[0])
            words = joined([" ".join(line) for line in lines], [end < short for end in ends])
            block = Block(box[0], box[1], ends[-1], box[3], statistics.median(heights), words)
            if sheets[-1] and _goes_on(sheets[-1][-1], block):
                before = sheets[-1].pop()
                block = replace(block, top=before.top, text=joined([before.text, block.text], [False, False]))
            sheets[-1].append(block)

    parser: Any = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, said
    try:
        parser.Parse(re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", b"", words), True)
    except (expat.ExpatError, KeyError, ValueError) as error:
        raise Corrupt("The PDF's text cannot be read.") from error
    return sheets


def _goes_on(before: Block, block: Block) -> bool:
    """Lines far apart are blocks of their own to poppler, though one paragraph to the reader."""
    same = abs(before.left - block.left) < SAME and abs(before.size - block.size) < 0.05 * block.size
    near = 0 <= block.top - before.bottom < APART * block.size
    return same and near and before.right > block.left + SHORT * (block.right - block.left)


def joined(lines: list[str], short: list[bool]) -> str:
    """Lines as one paragraph, broken (by a newline) after those that end early; a word parted at a line's end is whole again."""
    text, gap = "", ""
    for line, early in zip(lines, short, strict=True):
        if re.search(r"[^\W\d_]-$", text) and line[:1].islower() and gap == " ":
            text = text[:-1] + line
        else:
            text += gap + line
        gap = "\n" if early else " "
    return text.strip()


def _usual_size(sheets: list[list[Block]]) -> float:
    """That of most letters."""
    weights: dict[float, int] = {}
    for block in (block for blocks in sheets for block in blocks):
        size = round(block.size * 2) / 2
        weights[size] = weights.get(size, 0) + len(block.text)
    return max(weights, key=lambda size: weights[size]) if weights else 1.0


def _section(number: int, blocks: list[Block], pictures: list[tuple[float, str]], most: float) -> str:
    waiting = sorted(pictures)
    parts = [f'<section id="page-{number}"><p class="page">{number}</p>']
    for block in blocks:
        while waiting and waiting[0][0] <= block.top:
            parts.append(waiting.pop(0)[1])
        ratio = block.size / most
        tag = "p" if ratio < HEADING or len(block.text) > LONGEST_HEADING else "h3" if ratio < CHAPTER else "h2"
        if block.text:
            words = html.escape(block.text).replace("\n", "<br>")
            parts.append(f"<{tag}>{words}</{tag}>")
    return "\n".join([*parts, *(markup for _, markup in waiting), "</section>"])


def _pictures(opened: Any, index: int, room: list[int]) -> Iterator[tuple[float, str]]:
    """Distance from the page's top and markup of each picture, as long as there is ``room`` (pictures, bytes)."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        sheet = opened[index]
        high = sheet.get_height()
        for item in sheet.get_objects(filter=(pdfium.FPDF_PAGEOBJ_IMAGE,), max_depth=3):
            left, bottom, right, top = item.get_bounds()
            if right - left < SMALLEST_PICTURE or top - bottom < SMALLEST_PICTURE or not room[0]:
                continue
            wide, tall = item.get_px_size()
            if wide * tall > 50_000_000:
                continue
            picture = item.get_bitmap().to_pil().convert("RGB")
            picture.thumbnail((LARGEST_PICTURE, LARGEST_PICTURE))
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=80)
            if buffer.tell() > room[1]:
                continue
            room[0], room[1] = room[0] - 1, room[1] - buffer.tell()
            data = base64.b64encode(buffer.getvalue()).decode()
            size = f'width="{picture.width}" height="{picture.height}"'
            yield high - top, f'<figure><img alt="" {size} src="data:image/jpeg;base64,{data}"></figure>'
    except pypdfium2.PdfiumError:  # a picture that cannot be drawn is left out
        return
