"""Fonts in words and outlines: the table of glyphs as HTML, the facts as JSON, the specimen as SVG."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import html
import io
import json
import unicodedata
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from omnic_stream.converters.warm.font_face import Face, characters, face, family_of, inscribe
from omnic_stream.converters.warm.font_files import Opened, opened, readable
from omnic_stream.converters.warm.font_specimen import Piece, samples, sheet
from omnic_stream.converters.warm.pages import document, write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, TooExpensive

PER_PAGE = 480
MOST_STROKES = 200_000
"""Lines and curves of one glyph: glyphs made of glyphs made of glyphs grow without bound."""
MOST_OUTLINES = 12 * MiB
CSS = """
.g{display:grid;grid-template-columns:repeat(auto-fill,minmax(6.5rem,1fr));gap:.5rem;padding:0;list-style:none}
.g li{border:1px solid var(--line);border-radius:6px;padding:.4rem;text-align:center;font-size:.72rem;color:var(--soft);overflow:hidden}
.g svg,.g img{display:block;width:100%;height:4rem;fill:var(--ink);object-fit:contain}.g b{display:block;color:var(--ink);font-weight:600}
"""
# OpenType, name table: the identifiers of its strings
NAMES = {"copyright": 0, "full_name": 4, "version": 5, "postscript_name": 6, "trademark": 7, "manufacturer": 8, "designer": 9,
         "description": 10, "vendor_url": 11, "designer_url": 12, "licence": 13, "licence_url": 14, "sample_text": 19}  # fmt: skip
EMBEDDING = {0: "installable", 2: "restricted", 4: "preview and print", 8: "editable"}
"""OpenType, OS/2 fsType, bits 0 to 3."""
EPOCH = datetime(1904, 1, 1, tzinfo=UTC).timestamp()
KINDS = (("glyf", "TrueType"), ("CFF ", "CFF"), ("CFF2", "CFF2"))
COLOURS = ("COLR", "SVG ", "sbix", "CBDT")


def glyphs(call: Call) -> dict[str, int]:
    """A page of the font's glyphs: those with characters in their order, then the others."""
    given = opened(call, 1)
    with readable():
        font = given.font
        used = Face(given, b"", 0, {})
        if used.strikes:
            used = face(given)
        order, coded = font.getGlyphOrder(), _codes(characters(font))
        names = sorted(order, key=lambda name: (name not in coded, coded.get(name, [0])[0]))
        pages = max((len(names) + PER_PAGE - 1) // PER_PAGE, 1)
        page = int(call.arguments.get("page", "1"))
        if page > pages:
            raise ConverterFailed(f"The table of glyphs has {pages} page{'s' if pages > 1 else ''}: ask for one of them.")
        first = (page - 1) * PER_PAGE
        shown = names[first : first + PER_PAGE]
        cells, size = [], 0
        drawn, box = None if used.strikes else font.getGlyphSet(), _box(font)
        for number, name in enumerate(shown):
            codes = coded.get(name, [])
            picture = _picture(used, codes) if drawn is None else _outline(drawn, name, box)
            cells.append(_cell(name, codes, picture))
            size += len(cells[-1])
            if size > MOST_OUTLINES:
                raise TooExpensive(f"The outlines of these glyphs take more than {MOST_OUTLINES // MiB} MiB.")
            call.report(number / len(shown))
        family, style = family_of(font)
        said = f"{len(order)} glyphs, {len(characters(font))} characters."
        if pages > 1:
            said += f" Here are {first + 1} to {first + len(shown)}: page {page} of {pages}."
        body = f"<h1>{html.escape(f'{family} {style}'.strip())}</h1><p>{said}</p><ul class='g'>{''.join(cells)}</ul>"
        return write(call, document(f"Glyphs of {family}", body, css=CSS, wide=True))


def _codes(found: Mapping[int, str]) -> dict[str, list[int]]:
    coded: dict[str, list[int]] = {}
    for code in sorted(found):
        coded.setdefault(found[code], []).append(code)
    return coded


def _box(font: Any) -> tuple[int, int, int]:
    """Top, height and em that every glyph is shown in."""
    em, across = int(font["head"].unitsPerEm), font.get("hhea")
    top = max(int(across.ascent), int(em * 0.75)) if across is not None else em
    bottom = min(int(across.descent), -int(em * 0.2)) if across is not None else 0
    return min(top, 3 * em), min(top, 3 * em) - max(bottom, -3 * em), em


def _outline(drawn: Any, name: str, box: tuple[int, int, int]) -> str:
    top, high, em = box
    wide = max(int(drawn[name].width or em), 1)
    return f'<svg viewBox="0 {-top} {wide} {high}" aria-hidden="true"><path transform="scale(1 -1)" d="{path(drawn, name)}"/></svg>'


def _picture(used: Face, codes: list[int]) -> str:
    """A glyph that is a picture: 48 pixels high. One without a character cannot be asked for."""
    if not codes or not used.draws(chr(codes[0])):
        return "<svg></svg>"
    from PIL import Image

    font = used.at(48)
    left, top, right, bottom = font.getbbox(chr(codes[0]), anchor="ls")
    tile = Image.new("RGBA", (max(int(right - left) + 1, 1), max(int(bottom - top) + 1, 1)), (0, 0, 0, 0))
    inscribe(tile, (-left, -top), chr(codes[0]), font, (0, 0, 0))
    file = io.BytesIO()
    tile.save(file, "PNG")
    return f'<img alt="" src="data:image/png;base64,{b64encode(file.getvalue()).decode()}">'


def _cell(name: str, codes: list[int], picture: str) -> str:
    words = " ".join(f"U+{code:04X}" for code in codes[:3]) or "no character"
    title = "; ".join(unicodedata.name(chr(code), "") for code in codes[:3] if code < 0x110000)
    return f'<li title="{html.escape(title)}">{picture}<b>{words}</b>{html.escape(name)}</li>'


def path(drawn: Any, name: str) -> str:
    """A glyph's outline in the words of SVG's ``d``, y upwards. Raises TooExpensive."""
    from fontTools.pens.svgPathPen import SVGPathPen

    class Counted(SVGPathPen):
        strokes = 0

        def _count(self) -> None:
            self.strokes += 1
            if self.strokes > MOST_STROKES:
                raise TooExpensive(f"A glyph of this font has more than {MOST_STROKES} strokes.")

        def _lineTo(self, pt: Any) -> None:  # noqa: N802 - the pen protocol
            self._count()
            super()._lineTo(pt)

        def _curveToOne(self, pt1: Any, pt2: Any, pt3: Any) -> None:  # noqa: N802 - the pen protocol
            self._count()
            super()._curveToOne(pt1, pt2, pt3)

        def _qCurveToOne(self, pt1: Any, pt2: Any) -> None:  # noqa: N802 - the pen protocol
            self._count()
            super()._qCurveToOne(pt1, pt2)

    pen: Any = Counted(drawn, lambda number: f"{number:.4g}" if abs(number) < 1000 else f"{number:.0f}")
    drawn[name].draw(pen)
    return str(pen.getCommands())


# --- facts


def facts(call: Call) -> dict[str, int]:
    """What the font says of itself, and what it holds."""
    given = opened(call)
    with readable():
        said = json.dumps(_facts(call.source, given), ensure_ascii=False, indent=1)
    return write(call, said.encode())


def _facts(source: str, given: Opened) -> dict[str, Any]:
    font = given.font
    family, style = family_of(font)
    told: dict[str, Any] = {"format": source, "family": family, "style": style}
    names: Any = font.get("name")
    for key, number in NAMES.items():
        if names and (text := str(names.getDebugName(number) or "").strip()):
            told[key] = text[:4000]
    coded = characters(font)
    told |= {
        "glyphs": len(font.getGlyphOrder()),
        "characters": len(coded),
        "outlines": next((kind for tag, kind in KINDS if tag in font), "none: pictures of fixed sizes"),
        "colour": [tag.strip() for tag in COLOURS if tag in font],
        "units_per_em": int(font["head"].unitsPerEm),
        "fonts_in_file": given.members,
    }
    if "head" in font:
        told |= {"created": _instant(font["head"].created), "modified": _instant(font["head"].modified)}
    if "post" in font:
        told |= {"monospaced": bool(font["post"].isFixedPitch), "italic_angle": float(font["post"].italicAngle)}
    if "OS/2" in font:
        told |= _metrics(font["OS/2"])
    used = Face(given, b"", 0, coded)
    told["scripts"] = [{"script": name.replace("_", " "), "characters": count} for name, count in used.scripts[:60]]
    told["ranges"] = _ranges(coded)
    told["samples"] = [
        {
            "script": sample.script,
            "alphabet": "".join(character for character in sample.alphabet if ord(character) in coded),
            "sentence": next((text for text in sample.sentences if all(ord(character) in coded for character in text)), ""),
        }
        for sample in samples(used)
    ]
    told["features"] = sorted(
        {str(record.FeatureTag) for tag in ("GSUB", "GPOS") if tag in font for record in _features(font[tag])}
    )
    if "fvar" in font:
        told["axes"] = [
            {
                "tag": str(axis.axisTag),
                "name": str((names and names.getDebugName(axis.axisNameID)) or axis.axisTag),
                "least": axis.minValue,
                "default": axis.defaultValue,
                "most": axis.maxValue,
            }
            for axis in font["fvar"].axes
        ]
        told["instances"] = [str((names and names.getDebugName(i.subfamilyNameID)) or "") for i in font["fvar"].instances[:200]]
    told["tables"] = sorted(str(tag).strip() for tag in font.reader.keys())  # noqa: SIM118 - the reader is no mapping
    return told


def _ranges(coded: Mapping[int, str]) -> list[list[int]]:
    """First and last of the characters that follow each other."""
    ranges: list[list[int]] = []
    for code in sorted(coded):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return ranges


def _metrics(table: Any) -> dict[str, Any]:
    bits = int(table.fsType)
    return {
        "weight": int(table.usWeightClass),
        "width": int(table.usWidthClass),
        "italic": bool(table.fsSelection & 1),
        "vendor": str(table.achVendID).strip(" \0"),
        "embedding": {
            "fsType": bits,
            "allowed": EMBEDDING.get(bits & 0xE, "several at once"),
            "subsetting": not bits & 0x100,
            "bitmaps_only": bool(bits & 0x200),
        },
    }


def _features(table: Any) -> list[Any]:
    found = getattr(getattr(table, "table", None), "FeatureList", None)
    return list(found.FeatureRecord) if found is not None else []


def _instant(seconds: int) -> str | None:
    try:
        return datetime.fromtimestamp(int(seconds) + EPOCH, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None


# --- the specimen as a drawing


def drawing(call: Call) -> dict[str, int]:
    """The specimen as SVG: letters are outlines, so that it looks the same everywhere; of scripts whose letters join, nothing."""
    used = face(opened(call))
    if used.strikes:
        raise ConverterFailed("The font holds pictures instead of outlines: its specimen is a picture, too.")
    with readable():
        page = sheet(used, plain=True)
        drawn, outlines, em = used.font.getGlyphSet(), {}, int(used.font["head"].unitsPerEm)
        parts: list[str] = []
        for number, piece in enumerate(page.pieces):
            parts.append(_drawn(used, piece, drawn, outlines, em))
            call.report(number / len(page.pieces))
        shapes = "".join(f'<path id="{key}" d="{shape}"/>' for key, shape in outlines.values())
        if len(shapes) > MOST_OUTLINES:
            raise TooExpensive(f"The outlines of this specimen take more than {MOST_OUTLINES // MiB} MiB.")
        size = f'width="{page.width}" height="{page.height}" viewBox="0 0 {page.width} {page.height}"'
        written = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}><title>{html.escape(family_of(used.font)[0])}</title><defs>{shapes}</defs>'
            f'<rect width="100%" height="100%" fill="#fff"/><g fill="#1d2329">{"".join(parts)}</g></svg>\n'
        )
        return write(call, written.encode())


def _drawn(used: Face, piece: Piece, drawn: Any, outlines: dict[str, tuple[str, str]], em: int) -> str:
    if piece.voice == "rule":
        return f'<rect x="{piece.x:.1f}" y="{piece.y:.1f}" width="{piece.size:.1f}" height="2" fill="#d5dae0"/>'
    if piece.voice == "caption":
        fill = ' fill="#59636e"' if piece.soft else ""
        family = "DejaVu Sans, Verdana, sans-serif"
        return f'<text x="{piece.x:.1f}" y="{piece.y:.1f}" font-family="{family}" font-size="{piece.size:.1f}"{fill}>{html.escape(piece.text)}</text>'
    x, scale, parts = 0.0, piece.size / em, []
    for character in piece.text:
        name = used.glyphs.get(ord(character))
        if name is None:  # a space that the font does not have
            x += em * 0.3
            continue
        if name not in outlines:
            outlines[name] = (f"g{len(outlines)}", path(drawn, name))
        if outlines[name][1]:
            parts.append(f'<use href="#{outlines[name][0]}" x="{x:.6g}"/>')
        x += float(drawn[name].width)
    return f'<g transform="translate({piece.x:.1f} {piece.y:.1f}) scale({scale:.5f} {-scale:.5f})">{"".join(parts)}</g>'
