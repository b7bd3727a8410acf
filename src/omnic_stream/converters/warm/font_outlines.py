"""Quadratic outlines of cubic ones and back; an OpenType font of a Type 1 font."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omnic_stream.converters.warm.programs import scratch
from omnic_stream.model.contracts import MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt

LARGEST_TYPE1 = 8 * MiB
MOST_NAMED = 32_767
"""Glyphs whose names are kept."""
FINEST = 0.001
"""Of an em: how far a quadratic curve may lie from the cubic one that it stands for."""
OF_TRUETYPE = ("glyf", "loca", "cvt ", "fpgm", "prep", "gasp", "hdmx", "LTSH", "VDMX")
OF_CFF = ("CFF ", "CFF2", "VORG")
Report = Callable[[float], None]


def quadratic(font: Any, report: Report) -> Any:
    """The font with ``glyf`` outlines. Raises ConverterFailed where it has no outlines."""
    if "glyf" in font:
        return _at_rest(font) if "CFF " in font else font
    if "CFF " not in font and "CFF2" not in font:
        raise ConverterFailed("The font holds pictures instead of outlines: it cannot become a TTF.")
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import newTable

    font = _at_rest(font)
    order, drawn, glyphs = font.getGlyphOrder(), font.getGlyphSet(), {}
    error = FINEST * font["head"].unitsPerEm
    for number, name in enumerate(order):
        pen: Any = TTGlyphPen(None)
        drawn[name].draw(Cu2QuPen(pen, error, reverse_direction=True))
        glyphs[name] = pen.glyph()
        report(0.9 * number / len(order))
    for tag in OF_CFF:
        if tag in font:
            del font[tag]
    table: Any = newTable("glyf")
    table.glyphOrder, table.glyphs = order, glyphs
    font["loca"], font["glyf"] = newTable("loca"), table
    for name, glyph in glyphs.items():  # hmtx's side bearings are those of the new outlines
        glyph.recalcBounds(table)
        font["hmtx"][name] = (font["hmtx"][name][0], getattr(glyph, "xMin", 0))
    _largest(font)
    # post 2.0 counts names in 16 bits, after 258 of Apple's
    font["post"].formatType = 2.0 if len(order) <= MOST_NAMED else 3.0
    font["post"].extraNames, font["post"].mapping, font["post"].glyphOrder = [], {}, order
    font.sfntVersion = "\0\1\0\0"
    return font


def _largest(font: Any) -> None:
    """``maxp`` 1.0 (OpenType, maxp): nothing but what has no instructions; fontTools counts the rest when it saves."""
    maxp: Any = font["maxp"]
    maxp.tableVersion = 0x00010000
    maxp.maxZones, maxp.maxTwilightPoints, maxp.maxStorage = 1, 0, 0
    maxp.maxFunctionDefs = maxp.maxInstructionDefs = maxp.maxStackElements = maxp.maxSizeOfInstructions = 0
    maxp.maxComponentElements = maxp.maxPoints = maxp.maxContours = maxp.maxCompositePoints = maxp.maxCompositeContours = 0
    maxp.maxComponentDepth = 0


def cubic(font: Any, report: Report) -> Any:
    """The font with ``CFF`` outlines. Raises ConverterFailed where it has no outlines."""
    if "CFF " in font:
        return font
    if "glyf" not in font and "CFF2" not in font:
        raise ConverterFailed("The font holds pictures instead of outlines: it cannot become an OTF.")
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.t2CharStringPen import T2CharStringPen

    font = _at_rest(font)
    if "CFF " in font:
        return font
    order, drawn, strings = font.getGlyphOrder(), font.getGlyphSet(), {}
    for number, name in enumerate(order):
        pen: Any = T2CharStringPen(font["hmtx"][name][0], drawn)
        drawn[name].draw(pen)
        strings[name] = pen.getCharString()
        report(0.9 * number / len(order))
    for tag in OF_TRUETYPE:
        if tag in font:
            del font[tag]
    names: Any = font.get("name")
    called = str((names and names.getDebugName(6)) or "Untitled")
    full = str((names and names.getBestFullName()) or called)
    builder: Any = FontBuilder(font=font)
    builder.isTTF = False
    builder.setupCFF(_word(called), {"FullName": _latin(full)}, strings, {})
    font["maxp"].tableVersion = 0x00005000
    font["post"].formatType = 3.0
    font.sfntVersion = "OTTO"
    return font


def _at_rest(font: Any) -> Any:
    """A variable font as its default instance: the other kind of outlines could not move with it."""
    if "fvar" not in font:
        return font
    from fontTools.varLib.instancer import instantiateVariableFont

    return instantiateVariableFont(
        font, {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}, downgradeCFF2="CFF2" in font
    )


def of_type1(content: bytes, report: Report) -> Any:
    """Adobe Type 1 Font Format, 1990. Raises Corrupt for what is none."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.boundsPen import BoundsPen
    from fontTools.pens.recordingPen import DecomposingRecordingPen
    from fontTools.pens.t2CharStringPen import T2CharStringPen
    from fontTools.t1Lib import T1Font

    if not content.startswith((b"\x80\x01", b"%!")):
        raise Corrupt("The font is broken: it does not begin as a Type 1 font does.")
    with scratch() as folder:  # fontTools reads it by name
        path = folder / "font.pfb"
        path.write_bytes(content)
        font: Any = T1Font(str(path), kind="PFB" if content[0] == 0x80 else "OTHER")
    font.parse()
    info, drawn = dict(font["FontInfo"]), font.getGlyphSet()
    order = [".notdef", *(name for name in drawn if name != ".notdef")]
    em = round(1 / font["FontMatrix"][0]) if font["FontMatrix"][0] else 1000
    strings, widths, low, high = {}, {}, 0.0, 0.0
    for number, name in enumerate(order):
        recorded: Any = DecomposingRecordingPen(drawn)
        width = 0
        if name in drawn:
            drawn[name].draw(recorded)
            width = round(drawn[name].width)
        pen: Any = T2CharStringPen(width, None)
        recorded.replay(pen)
        strings[name] = pen.getCharString()
        bounds: Any = BoundsPen(None)
        recorded.replay(bounds)
        box = bounds.bounds
        widths[name] = (width, round(box[0]) if box else 0)
        low, high = (min(low, box[1]), max(high, box[3])) if box else (low, high)
        report(0.9 * number / len(order))
    called, family = _word(str(font["FontName"])), _latin(str(info.get("FamilyName") or font["FontName"]))
    style = _latin(str(info.get("Weight") or "Regular"))
    builder: Any = FontBuilder(em, isTTF=False)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(_characters(order, list(font["Encoding"])))
    builder.setupCFF(
        called, {"FullName": _latin(str(info.get("FullName") or called)), "FamilyName": family, "Weight": style}, strings, {}
    )
    builder.setupHorizontalMetrics(widths)
    builder.setupHorizontalHeader(ascent=round(high), descent=round(low))
    builder.setupNameTable(
        {
            "familyName": family,
            "styleName": style,
            "fullName": _latin(str(info.get("FullName") or called)),
            "psName": called,
            "version": f"Version {_latin(str(info.get('version') or '1.0'))}",
            "copyright": _latin(str(info.get("Copyright") or info.get("Notice") or "")),
        },
        mac=False,
    )
    builder.setupOS2(
        sTypoAscender=round(high), sTypoDescender=round(low), usWinAscent=max(round(high), 0), usWinDescent=max(-round(low), 0)
    )
    builder.setupPost(
        italicAngle=float(info.get("ItalicAngle") or 0),
        underlinePosition=round(float(info.get("UnderlinePosition") or -100)),
        underlineThickness=round(float(info.get("UnderlineThickness") or 50)),
        isFixedPitch=int(bool(info.get("isFixedPitch"))),
        keepGlyphNames=False,
    )
    return builder.font


def _characters(order: list[str], encoding: list[str]) -> dict[int, str]:
    """By the names of the glyphs (Adobe Glyph List); a glyph of another name by its place in the font's own encoding, as symbols are."""
    from fontTools.agl import toUnicode

    found: dict[int, str] = {}
    for name in order[1:]:
        text = toUnicode(name)
        if len(text) == 1:
            found.setdefault(ord(text), name)
    named = set(found.values())
    for code, name in enumerate(encoding):
        if name in order[1:] and name not in named:
            found.setdefault(0xF000 + code, name)
    return found


def _word(text: str) -> str:
    """A PostScript name: printable ASCII without brackets and the like, 63 characters (OpenType, name ID 6)."""
    return "".join(c for c in text if "!" <= c <= "~" and c not in "[](){}<>/%")[:63] or "Untitled"


def _latin(text: str) -> str:
    return text.encode("latin-1", "ignore").decode("latin-1")
