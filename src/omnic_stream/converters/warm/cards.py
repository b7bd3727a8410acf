"""Pictures of what has no picture of its own: a card with a badge, a title and rows, drawn for the size that is wanted."""

# Pillow's stubs know no font that measures
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from omnic_stream.converters.warm import image
from omnic_stream.model.contracts import Call

INK, SOFT, LINE, GROUND, FOLDER = "#1d2329", "#59636e", "#e3e7eb", "#ffffff", "#e2a93b"
FONTS = {
    "plain": (
        "truetype/dejavu/DejaVuSans.ttf",
        "truetype/noto/NotoSans-Regular.ttf",
        "truetype/liberation/LiberationSans-Regular.ttf",
    ),
    "bold": (
        "truetype/dejavu/DejaVuSans-Bold.ttf",
        "truetype/noto/NotoSans-Bold.ttf",
        "truetype/liberation/LiberationSans-Bold.ttf",
    ),
    "wide": ("opentype/noto/NotoSansCJK-Regular.ttc", "truetype/dejavu/DejaVuSans.ttf"),
}
"""Below /usr/share/fonts. ``wide`` has what East Asia writes."""
PAGE, UNIT = (1000, 1400), 34
"""Of a picture for which nobody named a size: no taller than its rows need, each so high."""
THUMB = 256
SHARP = 640
"""A card is drawn at least so large, then made smaller: edges stay smooth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    text: str
    note: str = ""
    """Stands at the right."""
    depth: int = 0
    icon: str = ""
    """``file``, ``folder``, or a colour as ``#rrggbb`` for a dot."""
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    badge: str
    title: str
    subtitle: str = ""
    rows: Sequence[Row] = field(default_factory=tuple)
    colour: str = "#2f6f9f"


def write_card(call: Call, card: Card) -> None:
    """The card as the target's kind of picture: a thumb in the box that is asked for (256 x 256), or a page."""
    width, height = int(call.arguments.get("width", "0")), int(call.arguments.get("height", "0"))
    if call.target.startswith("thumb.") and not (width or height):
        width = height = THUMB
    shape = _shape(width, height)
    if width or height:
        # few and large letters, or nobody could read them in a thumb
        rows = min(max(len(card.rows), 7), 13 if max(width, height) <= 400 else 20)
    else:
        rows = min(max(len(card.rows), 12), 40)
        shape = (shape[0], round(UNIT * (rows + 4.2)))
    drawn = _drawn(card, shape, rows)
    image.picture(call, drawn, call.target.rpartition(".")[2].upper(), width=width, height=height)


def _shape(width: int, height: int) -> tuple[int, int]:
    """Width and height to draw at: the box's own form, within reason, and never smaller than is sharp."""
    if not (width or height):
        return PAGE
    wide, high = width or height, height or width
    ratio = min(max(wide / high, 0.5), 2.0)
    wide, high = (wide, round(wide / ratio)) if wide / ratio <= high else (round(high * ratio), high)
    scale = min(max(SHARP / min(wide, high), 1.0), 40.0)
    if max(wide, high) > 2400:
        scale = 2400 / max(wide, high)
    return max(round(wide * scale), 16), max(round(high * scale), 16)


def _drawn(card: Card, shape: tuple[int, int], rows: int) -> Any:
    from PIL import Image, ImageDraw

    wide, high = shape
    unit = min(high / (rows + 4.2), wide / 15)
    """Height of a row."""
    picture = Image.new("RGB", shape, GROUND)
    draw = ImageDraw.Draw(picture)
    edge = unit * 0.75
    head = unit * 3.0
    draw.rectangle((0, 0, wide, head), fill=card.colour)
    badge = _font("bold", unit * 0.62)
    width = badge.getlength(card.badge) + unit * 0.8
    draw.rounded_rectangle((wide - edge - width, edge, wide - edge, edge + unit * 1.1), unit * 0.25, fill=GROUND)
    draw.text((wide - edge - width / 2, edge + unit * 0.55), card.badge, font=badge, fill=card.colour, anchor="mm")
    room = wide - 3 * edge - width
    size = min(max(0.95 * room / max(_font("bold", unit).getlength(card.title), 1), 0.6), 0.95)
    _text(draw, (edge, unit * 1.15), card.title, "bold", unit * size, GROUND, room)
    _text(draw, (edge, unit * 2.2), card.subtitle, "plain", unit * 0.66, "#ffffff", wide - 2 * edge)
    fits = int((high - head - edge * 0.5) / unit)
    shown = list(card.rows[:fits])
    if len(card.rows) > fits > 1:
        shown = [*card.rows[: fits - 1], Row(text=f"… and {len(card.rows) - fits + 1} more")]
    for number, row in enumerate(shown):
        middle = head + unit * (number + 0.85)
        if number and (row.icon or row.note):
            draw.line((edge, middle - unit / 2, wide - edge, middle - unit / 2), fill=LINE, width=max(round(unit / 30), 1))
        _row(draw, row, middle, edge, wide, unit)
    return picture


def _row(draw: Any, row: Row, middle: float, edge: float, wide: int, unit: float) -> None:
    left = edge + min(row.depth, 8) * unit * 0.7
    if row.icon:
        _icon(draw, row.icon, left, middle, unit)
        left += unit * 1.05
    taken = 0.0
    if row.note:
        font = _font("plain", unit * 0.55)
        note = _cut(font, row.note, (wide - edge - left) * 0.62)
        taken = font.getlength(note) + unit * 0.6
        draw.text((wide - edge, middle), note, font=font, fill=SOFT, anchor="rm")
    _text(draw, (left, middle), row.text, "bold" if row.strong else "plain", unit * 0.62, INK, wide - edge - left - taken)


def _icon(draw: Any, icon: str, left: float, middle: float, unit: float) -> None:
    size = unit * 0.34
    if icon == "folder":
        draw.rounded_rectangle((left, middle - size * 1.05, left + size, middle), unit * 0.08, fill=FOLDER)
        draw.rounded_rectangle((left, middle - size * 0.75, left + size * 2.2, middle + size * 0.9), unit * 0.08, fill=FOLDER)
    elif icon == "file":
        box = (left + size * 0.3, middle - size, left + size * 1.9, middle + size)
        draw.polygon(
            [(box[0], box[1]), (box[2] - size * 0.6, box[1]), (box[2], box[1] + size * 0.6), (box[2], box[3]), (box[0], box[3])],
            fill="#f4f6f8", outline="#9aa5b1", width=max(round(unit / 20), 1),
        )  # fmt: skip
    else:
        draw.ellipse((left + size * 0.4, middle - size * 0.6, left + size * 1.6, middle + size * 0.6), fill=icon)


def _text(draw: Any, place: tuple[float, float], text: str, style: str, size: float, colour: str, room: float) -> None:
    """One line, cut with an ellipsis where it is wider than its room."""
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text[:400]).split())
    font = _font("wide" if any(letter > "\u2e80" for letter in text) else style, size)
    text = _cut(font, text, room)
    draw.text(place, text, font=font, fill=colour, anchor="lm")


def _cut(font: Any, text: str, room: float) -> str:
    if font.getlength(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        half = (low + high + 1) // 2
        low, high = (half, high) if font.getlength(text[:half] + "…") <= room else (low, half - 1)
    return text[:low].rstrip() + "…"


@lru_cache(maxsize=32)
def _opened(style: str, size: int) -> Any:
    from PIL import ImageFont

    for path in FONTS[style]:
        try:
            return ImageFont.truetype(f"/usr/share/fonts/{path}", size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _font(style: str, size: float) -> Any:
    return _opened(style, max(round(size), 6))
