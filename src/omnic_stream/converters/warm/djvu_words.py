"""The words of a DjVu document, and how they come behind the pictures of its pages in a PDF.

djvused(1) tells them as it would read them back: ``(page 0 0 2539 3295 (line 300 2637 688 2670 (word 300 2637 363 2669 "Mr.")))``. In the
PDF they are drawn in text mode 3, which leaves no mark (ISO 32000-1, 9.3.6), in a font that has one empty glyph for all characters.
"""

from __future__ import annotations

import ctypes
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from omnic_stream.model.errors import Corrupt, TooExpensive

MOST_TOLD: Final = 64 << 20
"""Bytes of what djvused tells."""
MOST_WORDS: Final = 2_000_000
"""Each is an object of pdfium's while its page is written."""
ADVANCE: Final = 0.5
"""Width of the empty glyph, in heights."""
BELOW: Final = 0.2
"""Where the base line lies in a word's box, as a share of its height."""
MOST_CODES: Final = 0xFFFE

_TOKEN: Final = re.compile(rb'\(|\)|"(?:[^"\\]|\\.)*"|[^\s()"]+', re.DOTALL)
_SIZE: Final = re.compile(rb"width=(\d+) height=(\d+)(?: rotation=(\d))?")
_ESCAPE: Final = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_NAMED: Final = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
_BREAK: Final = re.compile(r"[\n\r\v\f\x1c-\x1f]+")
"""Ends of lines, and of what is larger: DjVu3 specification, 8.3.5.2."""
_BLANK: Final = re.compile(r"[\s\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of text and its box, in the page's pixels, from its lower left corner."""

    left: float
    low: float
    right: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    width: int
    height: int
    turned: int
    """Quarters of a circle by which the page is shown turned to the left; its words' boxes are not."""
    words: tuple[Word, ...]


def read(sizes: bytes, told: bytes, *, most: int = MOST_WORDS) -> list[Sheet]:
    """The pages by djvused's ``size`` and ``print-txt``; none where the two do not tell of the same pages.

    Raises TooExpensive beyond ``most`` words.
    """
    if len(told) > MOST_TOLD:
        raise TooExpensive("The document holds more text than is laid behind its pages.")
    shapes = [(int(wide), int(high), int(turned or b"0") % 4) for wide, high, turned in _SIZE.findall(sizes)]
    pages = list(_pages(told, most))
    if len(pages) != len(shapes):
        return []
    return [Sheet(*shape, tuple(words)) for shape, words in zip(shapes, pages, strict=True)]


def _pages(told: bytes, most: int) -> Iterator[list[Word]]:
    """For each page its words. A space follows what is not a letter of a word."""
    words: list[Word] = []
    zones: list[list[bytes]] = []
    """From the page inwards, each as its kind and the four numbers of its box."""
    seen = 0
    for found in _TOKEN.finditer(told):
        token = found[0]
        if token == b"(":
            zones.append([])
        elif token == b")":
            kind = zones.pop()[:1] if zones else []
            if words and kind != [b"char"] and not words[-1].text.endswith(" "):
                last = words[-1]
                words[-1] = Word(last.left, last.low, last.right, last.high, last.text + " ")
            if not zones:
                yield words
                words = []
        elif token[:1] == b'"' and zones:
            words += (laid := list(_laid(zones[-1], token)))
            if (seen := seen + len(laid)) > most:
                raise TooExpensive("The document holds more words than are laid behind its pages.")
        elif zones:
            zones[-1].append(token)


def _laid(zone: Sequence[bytes], token: bytes) -> Iterator[Word]:
    """A string in its zone; of several lines, each in its share of the box. Nothing where there is no box."""
    try:
        left, low, right, high = (int(number) for number in zone[1:5])
    except ValueError:
        return
    if right <= left or high <= low:
        return
    lines = [line for part in _BREAK.split(_unescaped(token)) if (line := _BLANK.sub(" ", part).strip())]
    step = (high - low) / max(len(lines), 1)
    for number, line in enumerate(lines):
        yield Word(left, high - (number + 1) * step, right, high - number * step, line + (" " if number + 1 < len(lines) else ""))


def _unescaped(token: bytes) -> str:
    def meant(found: re.Match[bytes]) -> bytes:
        code = found[1]
        return bytes((int(code, 8) & 255,)) if code[:1].isdigit() and code[:1] < b"8" else _NAMED.get(code, code)

    return _ESCAPE.sub(meant, token[1:-1]).decode("utf-8", "replace")


# --- into the PDF -----------------------------------------------------------------------------------------------------------


def lay_behind(path: Path, sheets: Sequence[Sheet], report: Callable[[float], None] = lambda fraction: None) -> None:
    """Write the words into the PDF at ``path``, which has a page for each sheet. Its pictures stay byte for byte."""
    import pypdfium2
    from pypdfium2 import raw

    with pypdfium2.PdfDocument(path.read_bytes(), autoclose=True) as paper:
        if len(paper) != len(sheets):
            return
        codes = _codes(word.text for sheet in sheets for word in sheet.words)
        font = _font(raw, paper, codes)
        try:
            for number, sheet in enumerate(sheets):
                page = paper[number]
                size = page.get_size()
                for word in sheet.words:
                    if known := [codes[each] for each in word.text if each in codes]:
                        _insert(raw, paper, page, font, known, _matrix(sheet, word, size))
                if sheet.words:
                    page.gen_content()
                page.close()
                report((number + 1) / len(sheets))
            made = io.BytesIO()
            paper.save(made)
        except pypdfium2.PdfiumError as error:
            raise Corrupt("The document's words cannot be laid behind its pages.") from error
        finally:
            raw.FPDFFont_Close(font)
    path.write_bytes(made.getvalue())


def _codes(texts: Iterable[str]) -> dict[str, int]:
    """A number for each character, as they come."""
    codes: dict[str, int] = {}
    for text in texts:
        for each in text:
            if len(codes) < MOST_CODES:
                codes.setdefault(each, len(codes) + 1)
    return codes


def _matrix(sheet: Sheet, word: Word, size: tuple[float, float]) -> tuple[float, ...]:
    """Of a text of height 1 at the origin: where and how large it stands on a page of this size, which is shown turned."""
    quarter = math.pi / 2 * sheet.turned
    cos, sin = round(math.cos(quarter)), round(math.sin(quarter))
    shown = (sheet.height, sheet.width) if sheet.turned % 2 else (sheet.width, sheet.height)
    right, up = size[0] / max(shown[0], 1), size[1] / max(shown[1], 1)
    height = word.high - word.low
    stretch = (word.right - word.left) / (ADVANCE * max(len(word.text.rstrip()), 1))
    x, y = word.left, word.low + BELOW * height
    # turned about the origin, then moved so that the page's corner lies there again
    shift = ((0, 0), (sheet.height, 0), (sheet.width, sheet.height), (0, sheet.width))[sheet.turned]
    at = (cos * x - sin * y + shift[0], sin * x + cos * y + shift[1])
    return (
        *(cos * stretch * right, sin * stretch * up),
        *(-sin * height * right, cos * height * up),
        *(at[0] * right, at[1] * up),
    )


def _insert(raw: Any, paper: Any, page: Any, font: Any, codes: Sequence[int], matrix: Sequence[float]) -> None:
    drawn = raw.FPDFPageObj_CreateTextObj(paper.raw, font, 1.0)
    raw.FPDFText_SetCharcodes(drawn, (ctypes.c_uint32 * len(codes))(*codes), len(codes))
    raw.FPDFTextObj_SetTextRenderMode(drawn, raw.FPDF_TEXTRENDERMODE_INVISIBLE)
    raw.FPDFPageObj_SetMatrix(drawn, raw.FS_MATRIX(*matrix))
    raw.FPDFPage_InsertObject(page.raw, drawn)


def _font(raw: Any, paper: Any, codes: dict[str, int]) -> Any:
    """One whose every code is the empty glyph, and that tells which character it means (ISO 32000-1, 9.7.4, 9.10.3)."""
    outlines, glyphs = _empty(), b"\0\1" * (len(codes) + 1)
    font = raw.FPDFText_LoadCidType2Font(
        *(paper.raw, _octets(outlines), len(outlines), _meanings(codes), _octets(glyphs), len(glyphs))
    )
    if not font:
        raise Corrupt("The document's words cannot be laid behind its pages.")
    return font


def _octets(content: bytes) -> Any:
    return (ctypes.c_uint8 * len(content)).from_buffer_copy(content)


def _meanings(codes: dict[str, int]) -> bytes:
    """A ToUnicode map; a block of it holds a hundred entries at most."""
    entries = [f"<{code:04X}> <{each.encode('utf-16-be').hex()}>" for each, code in codes.items()]
    blocks = [entries[at : at + 100] for at in range(0, len(entries), 100)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}\n"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")


def _empty() -> bytes:
    """A TrueType font of ``.notdef`` and one glyph, both without outlines."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    builder: Any = FontBuilder(1000, isTTF=True)
    names = [".notdef", "empty"]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({32: "empty"})
    builder.setupGlyf({name: Glyph() for name in names})
    builder.setupHorizontalMetrics({name: (round(1000 * ADVANCE), 0) for name in names})
    builder.setupHorizontalHeader(ascent=round(1000 * (1 - BELOW)), descent=-round(1000 * BELOW))
    builder.setupNameTable({"familyName": "Empty", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=round(1000 * (1 - BELOW)), sTypoDescender=-round(1000 * BELOW))
    builder.setupPost()
    made = io.BytesIO()
    builder.save(made)
    return made.getvalue()
