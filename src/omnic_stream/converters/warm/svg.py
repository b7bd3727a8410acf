"""SVG by resvg: no scripts, no network. It would open a picture by an absolute path, so references out of the drawing are emptied."""

from __future__ import annotations

import io
import os
import re
import zlib

import resvg_py
from PIL import Image

from omnic_stream.converters.warm import image, pixels
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt, TooExpensive

LARGEST = 32 * MiB
NO_SIZE = 512
"""Width of a drawing that says nothing of its size, in pixels."""
UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
LENGTH = re.compile(r"\s*([0-9.]+(?:e[-+]?\d+)?)\s*([a-z%]*)\s*", re.IGNORECASE)
OUTSIDE = re.compile(r"(href\s*=\s*)(?:\"(?!\s*(?:data:|#))[^\"]*\"|'(?!\s*(?:data:|#))[^']*')", re.IGNORECASE)
PLAIN_ENTITY = re.compile(r"""<!ENTITY\s+[\w.:-]+\s+(?:"[^"<&%]*"|'[^'<&%]*')\s*>""")
"""An entity of plain text. Markup made of any other would be read after references were emptied."""
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def convert(call: Call) -> None:
    """A PNG or a thumb. Raises Corrupt, TooExpensive."""
    kind = call.target.rpartition(".")[2].upper()
    width, height = int(call.arguments.get("width", "0")), int(call.arguments.get("height", "0"))
    if call.target.startswith("thumb.") and not (width or height):
        width = height = 256
    text = _text(call)
    # a drawing has no pixels of its own, so it is drawn at the size that is wanted
    wide = _drawn_width(text, width, height, cover=call.arguments.get("fit") in {"crop", "smart"})
    try:
        data = bytes(resvg_py.svg_to_bytes(svg_string=text, width=wide))
    except (ValueError, RuntimeError) as error:
        raise Corrupt("The drawing cannot be read: it is not well formed, or has no size.") from error
    with Image.open(io.BytesIO(data)) as drawn:
        drawn.load()
        call.report(0.8)
        image.picture(call, drawn, kind, width=width, height=height)


def _drawn_width(text: str, width: int, height: int, *, cover: bool) -> int:
    natural = _natural_size(text)
    if natural is None:
        # resvg would take the size from the shapes, however large they are
        return width or height or NO_SIZE
    scales = [side / length for side, length in ((width, natural[0]), (height, natural[1])) if side] or [1.0]
    scale = max(scales) if cover else min(scales)
    wide, high = max(round(natural[0] * scale), 1), max(round(natural[1] * scale), 1)
    pixels.check_size(wide, high)
    return wide


def _text(call: Call) -> str:
    data = os.pread(call.input, LARGEST + 1, 0)
    if data.startswith(b"\x1f\x8b"):
        try:
            data = zlib.decompressobj(wbits=31).decompress(data, LARGEST + 1)
        except zlib.error as error:
            raise Corrupt("The compressed drawing is broken.") from error
    if len(data) > LARGEST:
        raise TooExpensive(f"The drawing has more than {LARGEST // MiB} MiB.")
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    text = data.decode(encoding, "replace").lstrip("\ufeff")
    if "<!ENTITY" in PLAIN_ENTITY.sub("", text):
        raise Corrupt("The drawing declares entities that hold markup or files: such a drawing is not shown.")
    return OUTSIDE.sub(r'\1""', text)


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
