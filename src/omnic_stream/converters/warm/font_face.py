"""One font ready to be drawn with: which characters it has ink for, and FreeType's view of it at any size."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import io
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from omnic_stream.converters.warm.font_files import Opened, readable, sfnt
from omnic_stream.model.errors import ConverterFailed, Corrupt

PRIVATE = 0xF0000
"""Glyphs without a character are drawn by way of one of these (Supplementary Private Use Area-A)."""
MOST_PRIVATE = 0xFFFD
NEUTRAL = ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf")


@dataclass(frozen=True, slots=True)
class Strike:
    """A font of pictures of one size, drawn at ``ratio`` of it."""

    font: Any
    ratio: float

    def getbbox(self, text: str, anchor: str) -> tuple[float, float, float, float]:
        left, top, right, bottom = (side * self.ratio for side in self.font.getbbox(text, anchor=anchor))
        return left, top, right, bottom

    def getlength(self, text: str) -> float:
        return float(self.font.getlength(text)) * self.ratio

    def getmask(self, text: str) -> Any:
        return self.font.getmask(text)


def inscribe(paper: Any, at: tuple[float, float], text: str, font: Any, fill: tuple[int, ...]) -> None:
    """Write on a PIL image, the baseline beginning at ``at``; glyphs that have colours keep them."""
    from PIL import Image, ImageDraw

    if not isinstance(font, Strike):
        ImageDraw.Draw(paper).text(at, text, fill=fill, font=font, anchor="ls", embedded_color=True)
        return
    left, top, right, bottom = (math.floor(side) for side in font.font.getbbox(text, anchor="ls"))
    tile = Image.new("RGBA", (max(right - left, 1), max(bottom - top, 1)), (*fill, 0))
    ImageDraw.Draw(tile).text((-left, -top), text, fill=fill, font=font.font, anchor="ls", embedded_color=True)
    small = tile.resize([max(round(side * font.ratio), 1) for side in tile.size], Image.Resampling.LANCZOS)
    paper.paste(small, (round(at[0] + left * font.ratio), round(at[1] + top * font.ratio)), small)


def characters(font: Any) -> dict[int, str]:
    """Code points to glyph names: by Unicode, by the private characters of a symbol font, by Mac Roman; empty where there is none."""
    if "cmap" not in font:
        return {}
    found: dict[int, str] = font["cmap"].getBestCmap() or {}
    for table in () if found else font["cmap"].tables:
        if table.platformID == 3 and table.platEncID == 0:
            return dict(table.cmap)
        if table.platformID == 1 and table.platEncID == 0:
            found = {ord(bytes((code,)).decode("mac_roman")): name for code, name in table.cmap.items() if code < 256}
    return dict(found)


def family_of(font: Any) -> tuple[str, str]:
    """Family and style, in English where the font has it."""
    names: Any = font.get("name")
    family = str((names and names.getBestFamilyName()) or "").strip()
    return family or "Font without a name", str((names and names.getBestSubFamilyName()) or "").strip()


@dataclass(frozen=True)
class Face:
    """``glyphs`` maps each code point that may be drawn to its glyph's name."""

    opened: Opened
    data: bytes
    index: int
    glyphs: Mapping[int, str]
    sizes: dict[int, Any] = field(default_factory=dict[int, Any])
    inked: dict[str, bool] = field(default_factory=dict[str, bool])

    @property
    def font(self) -> Any:
        return self.opened.font

    @cached_property
    def scripts(self) -> list[tuple[str, int]]:
        """Names of the scripts of its characters, the one with the most first: ``("Latin", 321)``."""
        from fontTools.unicodedata import script, script_name

        counted = Counter(script(chr(code)) for code in self.glyphs if code < PRIVATE)
        return [(script_name(code), n) for code, n in counted.most_common() if code not in {"Zyyy", "Zinh", "Zzzz"}]

    @cached_property
    def strikes(self) -> list[int]:
        """Pixels an em of its pictures, where it holds pictures of fixed sizes instead of outlines (CBDT, EBDT, sbix)."""
        if "sbix" in self.font:
            return sorted(int(size) for size in self.font["sbix"].strikes)
        if any(tag in self.font for tag in ("glyf", "CFF ", "CFF2")):
            return []
        table: Any = self.font.get("CBLC") or self.font.get("EBLC")
        return sorted(int(strike.bitmapSizeTable.ppemY) for strike in table.strikes) if table else []

    def at(self, size: float) -> Any:
        """FreeType's font at so many pixels an em, or a Strike that passes for one."""
        strike = next((strike for strike in self.strikes if strike >= size), self.strikes[-1] if self.strikes else 0)
        pixels = strike or max(int(size), 4)
        if pixels not in self.sizes:
            self.sizes[pixels] = self._loaded(pixels)
        return Strike(self.sizes[pixels], size / strike) if strike else self.sizes[pixels]

    def _loaded(self, pixels: int) -> Any:
        from PIL import ImageFont

        file, index = io.BytesIO(self.data), self.index
        try:
            return ImageFont.truetype(file, pixels, index=index, layout_engine=ImageFont.Layout.RAQM)
        except OSError as error:
            if "pixel size" in str(error):
                raise ConverterFailed("The font holds neither outlines nor pictures that can be drawn.") from error
            raise Corrupt("The font is broken: its outlines cannot be read.") from error

    def has(self, text: str) -> bool:
        """Every character of the text has a glyph, and that glyph leaves ink, spaces aside."""
        return all(character == " " or self.draws(character) for character in text)

    def draws(self, character: str) -> bool:
        if self.glyphs.get(ord(character), ".notdef") == ".notdef" or unicodedata.category(character) == "Cc":
            return False
        if character not in self.inked:
            mark = self.at(40).getmask(character)
            self.inked[character] = mark.getbbox() is not None
        return self.inked[character]

    def of(self, alphabet: Iterable[str]) -> str:
        """What of the alphabet the font draws."""
        return "".join(character for character in alphabet if self.draws(character))

    def shown(self, most: int, script: str | None = None) -> list[str]:
        """Its first characters that leave ink, of one script or of all."""
        from fontTools.unicodedata import script as script_of
        from fontTools.unicodedata import script_name

        found: list[str] = []
        for code in sorted(self.glyphs):
            character = chr(code)
            if script is not None and script_name(script_of(character)) != script:
                continue
            if (code >= 0xE000 or character.isprintable()) and self.draws(character):
                found.append(character)
                if len(found) == most:
                    break
        return found


def face(opened: Opened) -> Face:
    """Raises Corrupt where FreeType cannot read the font."""
    with readable():
        font = opened.font
        glyphs = {code: name for code, name in characters(font).items() if 0 <= code <= 0x10FFFF and not 0xD800 <= code < 0xE000}
        data, index = opened.data, opened.member - 1 if opened.data[:4] == b"ttcf" else 0
        if not ("cmap" in font and font["cmap"].getBestCmap()):
            order = font.getGlyphOrder()
            glyphs = glyphs or {PRIVATE + number: name for number, name in enumerate(order[: MOST_PRIVATE + 1]) if number}
            data, index = sfnt(font, cmap=_table_of(glyphs).compile(font)), 0
        elif data[:3] == b"wOF":
            data = sfnt(font)
        made = Face(opened, data, index, glyphs)
        made.at(40)
        return made


def _table_of(glyphs: Mapping[int, str]) -> Any:
    from fontTools.ttLib import newTable
    from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

    subtable: Any = CmapSubtable.newSubtable(12)
    subtable.platformID, subtable.platEncID, subtable.language, subtable.format = 3, 10, 0, 12
    subtable.reserved, subtable.length, subtable.nGroups = 0, 0, 0
    subtable.cmap = dict(glyphs)
    table: Any = newTable("cmap")
    table.tableVersion, table.tables = 0, [subtable]
    return table


def neutral(size: float) -> Any:
    """A font for captions."""
    from PIL import ImageFont

    for path in NEUTRAL:
        try:
            return ImageFont.truetype(path, max(int(size), 4))
        except OSError:
            continue
    return ImageFont.load_default(max(int(size), 4))
