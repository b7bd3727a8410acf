"""What a picture's arguments mean: the size of the result, and which part of the source fills it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from omnic_stream.model.errors import TooExpensive

MOST_PIXELS = 100_000_000
"""A source with more is refused by its header alone."""
THUMB = 256
"""Longest side of a thumb for which no size was asked."""
MOST_FRAMES = 200
QUALITY = {"JPG": 82, "WEBP": 80, "AVIF": 55, "JP2": 60}


@dataclass(frozen=True, slots=True)
class Wish:
    """``width`` and ``height`` are the box, None where the source's size is kept."""

    width: int | None
    height: int | None
    fit: str
    focus: tuple[float, float] | None
    bg: tuple[int, int, int]
    quality: int
    page: int
    """From 0."""


def wish(arguments: Mapping[str, str], target: str) -> Wish:
    base = target.rpartition(".")[2].upper()
    width, height = arguments.get("width"), arguments.get("height")
    if width is None and target.startswith("thumb."):
        width = height = str(THUMB)
    focus = arguments.get("focus")
    x, _, y = (focus or "").partition("x")
    bg = arguments.get("bg", "ffffff")
    return Wish(
        width=int(width) if width else None,
        height=int(height) if height else None,
        fit=arguments.get("fit", "fit"),
        focus=(float(x), float(y)) if focus else None,
        bg=(int(bg[0:2], 16), int(bg[2:4], 16), int(bg[4:6], 16)),
        quality=int(arguments.get("quality", QUALITY.get(base, 80))),
        page=int(arguments.get("page", "1")) - 1,
    )


def check_pixels(width: int, height: int) -> None:
    """Before anything is decoded. Raises TooExpensive."""
    if width * height > MOST_PIXELS:
        raise TooExpensive(f"The picture has {width} x {height} pixels; {MOST_PIXELS // 1_000_000} million are allowed.")


def within(width: int, height: int, box: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the same shape inside the box; never larger than the source."""
    scale = min(box[0] / width, box[1] / height, 1.0)
    return max(round(width * scale), 1), max(round(height * scale), 1)


def covering(width: int, height: int, box: tuple[int, int]) -> tuple[int, int]:
    """The smallest size of the same shape that fills the box, enlarged if it must be."""
    scale = max(box[0] / width, box[1] / height)
    return max(round(width * scale), box[0]), max(round(height * scale), box[1])


def cut(width: int, height: int, box: tuple[int, int], focus: tuple[float, float] | None) -> tuple[int, int]:
    """Left and top of the box within a covering picture: around the focus, else the middle."""
    x, y = focus or (0.5, 0.5)
    left = min(max(round(width * x - box[0] / 2), 0), width - box[0])
    top = min(max(round(height * y - box[1] / 2), 0), height - box[1])
    return left, top
