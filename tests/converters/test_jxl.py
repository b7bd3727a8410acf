"""JPEG XL: the colours that were meant, whatever space the file tells them in.

The specimens show one picture, computed for each space from the primaries and curves of its standard, not by the code under test.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from omnic_stream import samples
from omnic_stream.converters.warm import jxl, jxl_profile, raster
from omnic_stream.model.errors import ConverterFailed, Corrupt

SAMPLES = Path(next(iter(samples.__path__)))
QUADRANTS = {(12, 8): (220, 40, 40), (36, 8): (40, 180, 60), (12, 24): (40, 60, 210), (36, 24): (250, 250, 250)}
PROFILED = (jxl_profile, jxl_profile.WHEEL)


def shows(made: io.BytesIO, off: int, places: int = 4) -> None:
    picture = Image.open(made).convert("RGB")
    for place, wanted in list(QUADRANTS.items())[:places]:
        found = picture.getpixel((place[0] * picture.width // 48, place[1] * picture.height // 32))
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= off, (found, wanted)  # type: ignore[arg-type]


def test_primaries_of_their_own(run: Callable[..., io.BytesIO]):
    shows(run(raster.convert, "image/display-p3.jxl", "JXL", "PNG"), 1)
    shows(run(raster.thumb, "image/display-p3.jxl", "JXL", "thumb.png", width="24", height="24"), 2)


@pytest.mark.parametrize("program", PROFILED, ids=("debian", "wheel"))
def test_an_icc_profile(run: Callable[..., io.BytesIO], program):
    lossy = (SAMPLES / "beacon-profile.jxl").read_bytes()
    shows(run(program.convert, "image/adobe-rgb-lossless.jxl", "JXL", "PNG"), 1)
    shows(run(program.convert, lossy, "JXL", "PNG"), 16)
    shows(run(program.thumb, lossy, "JXL", "thumb.png", width="24", height="24"), 16)
    with pytest.raises(ConverterFailed, match="first page"):
        run(program.convert, lossy, "JXL", "PNG", page="2")


def test_who_cannot_read_a_profile_leaves_it_to_who_can(run: Callable[..., io.BytesIO]):
    with pytest.raises(ConverterFailed, match="ICC profile"):
        run(raster.convert, "image/adobe-rgb-lossless.jxl", "JXL", "PNG")
    with pytest.raises(ConverterFailed, match="not told by an ICC profile"):
        run(jxl_profile.convert, "image/display-p3.jxl", "JXL", "PNG")


def test_a_high_dynamic_range(run: Callable[..., io.BytesIO]):
    made = run(raster.convert, "image/bt2100-pq.jxl", "JXL", "PNG")
    shows(made, 14, places=3)
    red, green, blue = Image.open(made).getpixel((36, 24))  # type: ignore[misc]
    assert 200 <= red == green == blue <= 230  # paper white leaves room for what is brighter


def test_linear_light_of_any_type(run: Callable[..., io.BytesIO]):
    for half in (np.full((16, 16, 3), 0.2159, np.float32), np.full((16, 16, 3), 0.2159 * 0xFFFF, np.uint16)):
        content = bytes(imagecodecs.jpegxl_encode(half, lossless=True))
        assert jxl.head(content).colours.curve == "linear"
        assert Image.open(run(raster.convert, content, "JXL", "PNG")).getpixel((5, 5)) == pytest.approx((128, 128, 128), abs=1)
    grey = bytes(imagecodecs.jpegxl_encode(np.full((16, 16), 0.2159 * 0xFFFF, np.uint16), lossless=True))
    assert Image.open(run(raster.convert, grey, "JXL", "PNG")).convert("L").getpixel((5, 5)) == pytest.approx(128, abs=1)


# --- the head ---------------------------------------------------------------------------------------------------------------


def test_the_size_is_read_from_the_first_bits(zoo: Path):
    for size in ((8, 8), (48, 32), (300, 200), (160, 90), (3, 700)):
        for boxes in (False, True):
            content = imagecodecs.jpegxl_encode(np.zeros((size[1], size[0]), np.uint8), usecontainer=boxes, effort=1)
            head = jxl.head(bytes(content))
            assert (head.width, head.height) == size
            assert head.colours.plain
            assert head.colours.grey
    head = jxl.head((zoo / "image/photo.jxl").read_bytes())
    assert (head.width, head.height, head.colours.plain) == (1, 1, True)


def bits(*fields: tuple[int, int]) -> bytes:
    """A codestream of fields, each a value and its length in bits."""
    whole = at = 0
    for value, length in fields:
        whole, at = whole | value << at, at + length
    return b"\xff\x0a" + whole.to_bytes(at // 8 + 99, "little")


def coordinate(value: int) -> tuple[tuple[int, int], ...]:
    """Millionths, as the standard packs a number that may be below 0, in the shortest of its four lengths."""
    packed = value * 2 if value >= 0 else -2 * value - 1
    way, (length, more) = max((n, each) for n, each in enumerate(jxl.COORDINATE) if each[1] <= packed)
    return (way, 2), (packed - more, length)


def test_what_stands_before_the_colours_is_passed_over():
    small, square = (1, 1), (1, 3)
    size = (small, (1, 5), square)  # 16 x 16
    turned_with_preview_and_frames = (
        *((2, 3), (1, 1), *size, (1, 1), (1, 1), (2, 2), (3, 5), (0, 3), (1, 2)),
        *((1, 1), (0, 2), (0, 2), (1, 2), (5, 3), (0, 1)),
    )
    depth = ((0, 1), (3, 2), (15, 6))
    named_alpha = ((0, 1), (0, 2), *depth, (0, 2), (1, 2), (4, 4), (0x61626364, 32), (1, 1))
    spot = ((0, 1), (2, 2), (0, 4), *depth, (3, 2), (2, 3), (0, 2), (0, 64))
    plane = ((0, 1), (2, 2), (3, 4), *depth, (0, 2), (0, 2), (2, 2), (1, 4))
    own = (
        *((0, 1), (0, 1), (0, 2), (2, 2), (0, 4), *coordinate(345_700), *coordinate(358_500), (2, 2), (0, 4)),
        *(part for value in (734_700, 265_300, 159_600, 840_400, -36_600, 100) for part in coordinate(value)),
        *((1, 1), (5_555_556, 24), (1, 2)),
    )
    content = bits(
        *(*size, (0, 1), (1, 1), *turned_with_preview_and_frames, *depth, (1, 1)),
        *((2, 2), (1, 4), *named_alpha, *spot, *plane, (0, 1), *own),
    )
    head = jxl.head(content)
    assert (head.width, head.height) == (16, 16)
    colours = head.colours
    assert (colours.curve, colours.grey, colours.profile, colours.plain) == ("gamma", False, False, False)
    assert colours.gamma == pytest.approx(1.8)
    assert colours.white == pytest.approx((0.3457, 0.3585))
    assert colours.primaries == pytest.approx((0.7347, 0.2653, 0.1596, 0.8404, -0.0366, 0.0001))
    assert len(jxl.profile(colours)) > 300


@pytest.mark.parametrize(
    "content", [b"", b"\xff\x0a", b"\xff\x0a\x02", b"\0\0\0\x0cJXL \r\n\x87\n", b"\0\0\0\x01jxlc" + bytes(8), b"hello" * 9]
)
def test_a_head_that_is_broken(content: bytes):
    with pytest.raises(Corrupt):
        jxl.head(content)
