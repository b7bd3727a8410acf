"""Pictures: of the right size and shape, of the source's colours, not blank."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree as ET

import numpy as np
import resvg_py
from PIL import Image

from zoo.manifest import Row
from zoo.wrong import must, near

RASTER = frozenset(
    {"PNG", "JPG", "GIF", "BMP", "TIFF", "WEBP", "EXR", "PBM", "PGM", "PPM", "SUNRASTER", "SGI", "XBM", "TGA", "PSD", "ICO", "AVIF", "HEIC", "XCF",
     "ICNS", "XPM", "CUR", "DICOM", "JP2", "DDS", "PCX", "QOI", "JXL", "APNG"}
)  # fmt: skip
THUMB = 4
"""Pixels of a thumbnail's side may be rounded either way; below this, a shape says nothing."""
LEAST = 16
"""Pixels of the longer side, of what is no picture of so few itself."""
INK = 20
"""Pixels of another colour than most: two letters on a page have more."""
KINDS = {"PNG": "PNG", "JPG": "JPEG", "WEBP": "WEBP", "GIF": "GIF"}


def opened(made: bytes) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(made))
        picture.load()
    except Exception as error:
        must(False, f"the picture cannot be read: {error}")
        raise
    return picture


def picture(made: bytes, row: Row, target: str) -> None:
    found = opened(made)
    kind = KINDS.get(target.rpartition(".")[2].upper().replace("JPEG", "JPG"))
    must(kind is None or found.format == kind, f"it is a {found.format}")
    _shape(found, row, target)
    if row.format in RASTER:
        _colours(found, row)
    else:
        must(max(found.size) >= _least(row), f"it has {found.width}x{found.height} pixels only")
        if "ink" not in row.facts.unheld:
            not_blank(found)


def _least(row: Row) -> float:
    """Fewer where the source is smaller: a width of its own, or a page of so many points."""
    page = re.search(r"page of ([\d.]+) pt", row.facts.text)
    return min(LEAST, row.facts.width or LEAST, float(page[1]) if page else LEAST)


def animated(made: bytes, row: Row, target: str) -> None:
    """WebP keeps the frames of an animation."""
    picture(made, row, target)
    frames = row.facts.frames
    if frames and row.format in {"GIF", "APNG"}:
        near(getattr(opened(made), "n_frames", 1), frames, "the number of frames")


def not_blank(found: Image.Image) -> None:
    """More than one colour, over white, and more than a stray pixel of it."""
    shown = over_white(found)
    shown.thumbnail((1024, 1024))
    pixels = np.asarray(shown, dtype=np.int16)
    common = np.median(pixels.reshape(-1, 3), axis=0)
    inked = int((np.abs(pixels - common).max(axis=2) > 24).sum())
    must(inked >= min(INK, pixels.shape[0] * pixels.shape[1] // 20), "the picture is blank")


def _shape(found: Image.Image, row: Row, target: str) -> None:
    width, height = row.facts.width, row.facts.height
    if not width or not height or not (row.format in RASTER or row.facts.film):
        return
    if target in {"PNG", "JPG", "WEBP"} and row.format in RASTER:
        must((found.width, found.height) == (width, height), f"it has {found.width}x{found.height} pixels, not {width}x{height}")
    elif min(found.width, found.height) > THUMB:
        # 0.2: pixels of old video are not square, and a player shows them so
        near(
            found.width / found.height,
            width / height,
            "width to height",
            share=0.2 if row.facts.film else 0.03,
            least=1.5 / min(found.size),
        )


def _colours(found: Image.Image, row: Row) -> None:
    """Close to what Pillow itself reads of the source, over white; where Pillow cannot read it, not of one colour."""
    wanted = _source(row)
    if wanted is None:
        if (row.facts.width or 2) * (row.facts.height or 2) > 1:
            not_blank(found)
        return
    size = (max(1, min(wanted.width, found.width, 64)), max(1, min(wanted.height, found.height, 64)))
    a = np.asarray(over_white(found).resize(size, Image.Resampling.BOX), dtype=np.float32)
    b = np.asarray(wanted.resize(size, Image.Resampling.BOX), dtype=np.float32)
    off = float(np.abs(a - b).mean())
    must(off < 14, f"its colours are {off:.0f} of 255 off on average")


def _source(row: Row) -> Image.Image | None:
    """None for what Pillow cannot read, for several pictures of which any may be shown, for light without a range, and for Sun's
    pixels of 32 bits, whose unused byte stands first and is last for Pillow 12."""
    if row.format in {"ICO", "ICNS", "CUR", "EXR", "SUNRASTER", "DICOM"}:
        return None
    try:
        with Image.open(row.file) as source:
            source.load()
            return over_white(source)
    except (OSError, ValueError, SyntaxError):
        return None


def over_white(picture: Image.Image) -> Image.Image:
    if picture.mode in {"I;16", "I;16L", "I;16B", "I", "F"}:
        values = np.asarray(picture, dtype=np.float64)
        top = 65535 if picture.mode.startswith("I") else max(float(values.max()), 1e-9)
        return Image.fromarray(np.clip(values / top * 255, 0, 255).astype(np.uint8)).convert("RGB")
    rgba = picture.convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(white, rgba).convert("RGB")


def drawing(made: bytes, row: Row, target: str) -> None:
    """An SVG that a renderer reads and that shows something."""
    try:
        root = ET.fromstring(made)
    except ET.ParseError as error:
        must(False, f"the SVG cannot be read: {error}")
        raise
    must(root.tag.endswith("svg"), f"its root is {root.tag}")
    if "ink" not in row.facts.unheld:
        with Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=made.decode(), width=512, dpi=96)))) as shown:
            not_blank(shown)
