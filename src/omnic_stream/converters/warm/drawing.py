"""Drawings that converters make themselves: SVG put together from text, measured without a font, and rendered by resvg."""

from __future__ import annotations

import io
import re
import unicodedata
from typing import Final

from omnic_stream.model.contracts import Call

FONT: Final = "Liberation Sans, Arial, Helvetica, Noto Sans, DejaVu Sans, sans-serif"
ASCII_WIDTHS: Final = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
    556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
"""Thousandths of the font size, space to tilde (Helvetica's metrics, which Arial and Liberation Sans share)."""
UNDRAWN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]+")
LONGEST_SIDE: Final = 4096


def width_of(text: str, size: float) -> float:
    """About what the text takes, in pixels."""
    total = 0
    for letter in text:
        code = ord(letter)
        if 32 <= code <= 126:
            total += ASCII_WIDTHS[code - 32]
        elif not unicodedata.combining(letter):
            total += 1000 if unicodedata.east_asian_width(letter) in "WF" else 600
    return total * size / 1000


def fitted(text: str, width: float, size: float) -> str:
    """As much of the text as fits, an ellipsis where that is not all."""
    text = UNDRAWN.sub(" ", text[:400]).strip()
    if width_of(text, size) <= width:
        return text
    room = width - size
    end = 0
    while end < len(text) and (room := room - width_of(text[end], size)) >= 0:
        end += 1
    return text[:end].rstrip() + "…"


def escaped(text: str) -> str:
    return UNDRAWN.sub(" ", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def asked_size(call: Call) -> tuple[int, int]:
    """Width and height that the picture shall fit, 0 where free; a thumb has 256 unless told."""
    width, height = int(call.arguments.get("width", "0")), int(call.arguments.get("height", "0"))
    if call.target.startswith("thumb.") and not (width or height):
        width = height = 256
    return width, height


def render(call: Call, svg: str, width: float, height: float) -> None:
    """The drawing of that size as the call's target (PNG, a thumb ...), drawn at the scale that is asked for."""
    import resvg_py
    from PIL import Image

    from omnic_stream.converters.warm import image

    wide, high = asked_size(call)
    scales = [side / length for side, length in ((wide, width), (high, height)) if side]
    crops = call.arguments.get("fit") in {"crop", "smart"}
    scale = (max(scales) if crops else min(scales)) if scales else 1.0
    scale = min(scale, LONGEST_SIDE / width, LONGEST_SIDE / height)
    data = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=max(round(width * scale), 1), sans_serif_family="Liberation Sans"))
    with Image.open(io.BytesIO(data)) as drawn:
        drawn.load()
        call.report(0.9)
        # opaque by itself: an alpha channel would only make the file larger
        image.picture(call, drawn.convert("RGB"), call.target.rpartition(".")[2].upper(), width=wide, height=high)
