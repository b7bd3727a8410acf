"""Fonts inside a warm worker: specimens, tables of glyphs, facts, and one container or kind of outlines for another."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import re
from typing import Any

from omnic_stream.converters.warm import files, font_outlines, image, pixels, programs
from omnic_stream.converters.warm.font_face import Face, face, inscribe, neutral
from omnic_stream.converters.warm.font_files import opened, readable, saved
from omnic_stream.converters.warm.font_specimen import Piece, initials, sheet, words
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt

PICKLED = re.compile(rb"(?:\\[\r\n]+)*".join(re.escape(bytes((letter,))) for letter in b"PickledData"), re.IGNORECASE)
"""The keyword of an SFD for Python objects, with line ends escaped within it as FontForge reads them."""
LARGEST_SFD = 64 * MiB
INK, SOFT, RULE = (0x1D, 0x23, 0x29), (0x59, 0x63, 0x6E), (0xD5, 0xDA, 0xE0)


def specimen(call: Call) -> dict[str, int]:
    """A picture of the font: its name, alphabets, sentences in its scripts, sizes; of a symbol font its glyphs."""
    from PIL import Image

    width, height = (int(call.arguments.get(name, "0")) for name in ("width", "height"))
    if width or height:
        pixels.check_size(width or height, height or width)
    used = face(opened(call))
    with readable():
        page = sheet(used, width or height, height)
        call.report(0.4)
        paper = Image.new("RGB", (page.width, page.height), _paper(call))
        for number, piece in enumerate(page.pieces):
            _draw(paper, used, piece)
            call.report(0.4 + 0.5 * number / len(page.pieces))
        image.picture(call, paper, "PNG")
    return {"width": page.width, "height": page.height}


def thumb(call: Call) -> None:
    """Two letters of the font, as large as the box allows."""
    from PIL import Image

    width, height = (int(call.arguments.get(name, "0")) for name in ("width", "height"))
    width, height = width or height or 256, height or width or 256
    pixels.check_size(width, height)
    used = face(opened(call))
    with readable():
        text = initials(used)
        paper = Image.new("RGB", (width, height), _paper(call))
        if text:
            size = min(width, height) * 0.62
            left, top, right, bottom = used.at(size).getbbox(text, anchor="ls")
            size *= min(width * 0.8 / max(right - left, 1), height * 0.72 / max(bottom - top, 1), 1.6)
            left, top, right, bottom = used.at(size).getbbox(text, anchor="ls")
            at = ((width - left - right) / 2, (height - top - bottom) / 2)
            inscribe(paper, at, text, used.at(size), INK)
        image.picture(call, paper, {"png": "PNG", "jpg": "JPG", "webp": "WEBP", "avif": "AVIF"}[call.target.rpartition(".")[2]])


def _paper(call: Call) -> tuple[int, ...]:
    return tuple((image.background(call.arguments) or [255, 255, 255])[:3])


def _draw(paper: Any, used: Face, piece: Piece) -> None:
    from PIL import ImageDraw

    if piece.voice == "rule":
        ImageDraw.Draw(paper).line((piece.x, piece.y, piece.x + piece.size, piece.y), fill=RULE, width=2)
        return
    font, x = used.at(piece.size) if piece.voice == "own" else neutral(piece.size), piece.x
    for word, advance in words(used, piece.text, piece.size, piece.voice):
        inscribe(paper, (x, piece.y), word, font, SOFT if piece.soft else INK)
        x += advance


def packed(call: Call) -> dict[str, int]:
    """The same font as WOFF or WOFF2, its tables as they are."""
    with readable():
        content = saved(opened(call).font, call.target.lower(), call.report)
    files.write(call.output, content)
    return {"bytes": len(content)}


def outlines(call: Call) -> dict[str, int]:
    """A TTF (quadratic outlines) or an OTF (cubic ones in CFF): as they are where the font has that kind, else made of the other."""
    font = opened(call).font
    with readable():
        made = font_outlines.quadratic(font, call.report) if call.target == "TTF" else font_outlines.cubic(font, call.report)
        content = saved(made)
    files.write(call.output, content)
    return {"bytes": len(content)}


def type1(call: Call) -> dict[str, int]:
    """An OTF of a PostScript Type 1 font: its outlines and widths, without its hints."""
    content = files.read(call.input, font_outlines.LARGEST_TYPE1)
    with readable():
        made = saved(font_outlines.of_type1(content, call.report))
    files.write(call.output, made)
    return {"bytes": len(made)}


def fontforge(call: Call) -> dict[str, int]:
    """A TTF of a FontForge source. Python objects in it are passed over: FontForge 20230101 would make them, which runs what they say."""
    content = files.read(call.input, LARGEST_SFD)
    if not content.startswith(b"SplineFontDB:") or not content.rstrip().endswith(b"EndSplineFont"):
        raise Corrupt("The font is cut short: a FontForge source begins with SplineFontDB and ends with EndSplineFont.")
    with programs.scratch() as folder:
        (folder / "input.sfd").write_bytes(PICKLED.sub(b"PassedOver", content))
        try:
            programs.run(("fontforge", "-lang=ff", "-c", 'Open("input.sfd"); Generate("output.ttf")'), folder=folder)
            made = (folder / "output.ttf").read_bytes()
        except (ConverterFailed, FileNotFoundError) as error:
            raise Corrupt("The font is broken: FontForge cannot read it.") from error
    files.write(call.output, made)
    return {"bytes": len(made)}
