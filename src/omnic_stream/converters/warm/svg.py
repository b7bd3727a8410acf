"""SVG to pictures and paper: by resvg (no scripts, no network), by librsvg what that one refuses.

Either would open a picture by its path, so references out of the drawing are emptied before any of them sees it, and entities that
hold more than plain text are refused.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import zlib
from typing import Any
from xml.parsers import expat

from omnic_stream.converters.warm import image, pixels, programs
from omnic_stream.converters.warm.files import write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

LARGEST = 32 * MiB
NO_SIZE = 512
"""Width of a drawing that says nothing of its size, in pixels."""
SANS = "DejaVu Sans"
"""For letters of fonts that are not there, as librsvg draws them."""
INCH = 96
"""Pixels (CSS Values 3 section 6.2)."""
LONGEST_PAPER = 14_400
"""Points of a PDF page's side (ISO 32000-1 annex C)."""
UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
LENGTH = re.compile(r"\s*([0-9.]+(?:e[-+]?\d+)?)\s*([a-z%]*)\s*", re.IGNORECASE)
OUTSIDE = re.compile(r"(href\s*=\s*)(?:\"(?!\s*(?:data:|#))[^\"]*\"|'(?!\s*(?:data:|#))[^']*')", re.IGNORECASE)
STYLED = re.compile(r"@import[^;<]*;?|url\(\s*[\"']?\s*(?![\"'\s]|#|data:)[^)]*\)", re.IGNORECASE)
"""What a style sheet would fetch."""
PLAIN_ENTITY = re.compile(r"""<!ENTITY\s+[\w.:-]+\s+(?:"[^"<&%]*"|'[^'<&%]*')\s*>""")
"""An entity of plain text. Markup made of any other would be read after references were emptied."""
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
DECLARED = re.compile(r"""(<\?xml\b[^>]*?)\s+encoding\s*=\s*["']([\w.:-]+)["']""")


def convert(call: Call) -> None:
    """A PNG or a still in its box, by resvg. Raises Corrupt, TooExpensive, ConverterFailed for what librsvg may still draw."""
    import resvg_py
    from PIL import Image

    arguments = image.boxed(call.target, call.arguments)
    width, height = int(arguments.get("width", "0")), int(arguments.get("height", "0"))
    text = drawing(call)
    # a drawing has no pixels of its own, so it is drawn at the size that is wanted
    wide, _ = _drawn_size(text, width, height, cover=arguments.get("fit") in {"crop", "smart"})
    try:
        data = bytes(resvg_py.svg_to_bytes(svg_string=text, width=wide, dpi=INCH, font_family=SANS, sans_serif_family=SANS))
    except (ValueError, RuntimeError) as error:
        raise _complaint(text, str(error)) from error
    with Image.open(io.BytesIO(data)) as drawn:
        drawn.load()
        call.report(0.8)
        image.picture(call, drawn, image.kind_of(call.target), width=width, height=height)


def _complaint(text: str, words: str) -> Exception:
    if "limit" in words:
        return TooExpensive("The drawing holds more shapes than are drawn (it may repeat itself without end).")
    try:
        parser: Any = expat.ParserCreate()
        parser.Parse(text.encode(), True)
    except expat.ExpatError:
        return Corrupt("The drawing cannot be read: it is not well formed.")
    return ConverterFailed("The drawing cannot be drawn: it is no SVG, or has no size.")


def rsvg(call: Call) -> None:
    """A PNG, or PDF, PS and EPS as vectors, by librsvg. Never with ``--unlimited``; from standard input, so that nothing lies beside it."""
    text = drawing(call)
    form = call.target.lower()
    if form == "png":
        width, height = int(call.arguments.get("width", "0")), int(call.arguments.get("height", "0"))
        wide, high = _drawn_size(text, width, height, cover=False)
    else:
        wide, high = _natural_size(text) or (NO_SIZE, NO_SIZE)
        scale = min(1.0, LONGEST_PAPER * INCH / 72 / max(wide, high))
        wide, high = max(1, round(wide * scale)), max(1, round(high * scale))
    size = ("--width", str(wide), "--height", str(high), "--keep-aspect-ratio")
    with programs.scratch() as folder:
        made = folder / "made"
        programs.run(("rsvg-convert", "--format", form, *size, "--output", str(made)), stdin=text.encode(), folder=folder)
        write(call.output, made.read_bytes())


def plain(call: Call) -> None:
    """SVGZ as SVG."""
    write(call.output, _content(call))


def packed(call: Call) -> None:
    """SVG as SVGZ; without a time in it, so that the same drawing gives the same file."""
    write(call.output, gzip.compress(_content(call), 9, mtime=0))


def drawing(call: Call) -> str:
    """The drawing as text that refers to nothing outside itself. Raises Corrupt, TooExpensive."""
    data = _content(call)
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16"
    else:
        declared = DECLARED.match(data[:200].decode("latin-1").lstrip("\xef\xbb\xbf \n"))
        encoding = declared[2] if declared and declared[2].lower().startswith(("iso-8859", "windows-", "cp", "koi8")) else "utf-8"
    try:
        text = data.decode(encoding, "replace")
    except LookupError:
        text = data.decode("utf-8", "replace")
    return enclosed(DECLARED.sub(r"\1", text.lstrip("\ufeff"), count=1))


def enclosed(text: str) -> str:
    """A drawing without its references to anything outside it. Raises Corrupt for entities that could hide some."""
    if "<!ENTITY" in PLAIN_ENTITY.sub("", text):
        raise Corrupt("The drawing declares entities that hold markup or files: such a drawing is not shown.")
    return STYLED.sub("url(#)", OUTSIDE.sub(r'\1""', text))


def _content(call: Call) -> bytes:
    """The bytes of the drawing, unpacked."""
    data = os.pread(call.input, LARGEST + 1, 0)
    if data.startswith(b"\x1f\x8b"):
        try:
            data = zlib.decompressobj(wbits=31).decompress(data, LARGEST + 1)
        except zlib.error as error:
            raise Corrupt("The compressed drawing is broken.") from error
    if len(data) > LARGEST:
        raise TooExpensive(f"The drawing has more than {LARGEST // MiB} MiB.")
    return data


def _drawn_size(text: str, width: int, height: int, *, cover: bool) -> tuple[int, int]:
    natural = _natural_size(text)
    if natural is None:
        # resvg would take the size from the shapes, however large they are
        side = width or height or NO_SIZE
        return side, side
    scales = [side / length for side, length in ((width, natural[0]), (height, natural[1])) if side] or [1.0]
    scale = max(scales) if cover else min(scales)
    wide, high = max(round(natural[0] * scale), 1), max(round(natural[1] * scale), 1)
    pixels.check_size(wide, high)
    return wide, high


def _natural_size(text: str) -> tuple[float, float] | None:
    """Width and height in pixels by the root's attributes (SVG 2 section 8.2), or by its viewBox."""
    root = re.search(r"<(?:[\w-]+:)?svg\b([^>]*)>", COMMENT.sub("", text[:65536]), re.IGNORECASE)
    if root is None:
        return None
    values = dict(re.findall(r"([\w:-]+)\s*=\s*[\"']([^\"']*)[\"']", root[1]))
    size = (_pixels(values.get("width")), _pixels(values.get("height")))
    if size[0] and size[1]:
        return size[0], size[1]
    box = [float(word) for word in re.findall(r"-?[0-9.]+(?:e[-+]?\d+)?", values.get("viewBox", ""))]
    if len(box) == 4 and box[2] > 0 and box[3] > 0:
        return box[2], box[3]
    return None


def _pixels(length: str | None) -> float | None:
    match = LENGTH.fullmatch(length or "")
    if match is None or match[2].lower() not in UNITS:
        return None
    try:
        return float(match[1]) * UNITS[match[2].lower()]
    except ValueError:
        return None
