"""Frames of video as ffmpeg hands them on in YUV4MPEG2, and their colours as a viewer shows them.

Most files do not say by which matrix their colours were coded. Players then take BT.709 for high definition and BT.601 for the rest; swscale
takes BT.601 for all, and greens turn out too light. So the last step from YCbCr to RGB is made here (ITU-R BT.601, BT.709, BT.2020).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from omnic_stream.converters.warm.dynamic_range import curve
from omnic_stream.converters.warm.media import Media, Stream

BLANK: Final = 6.0
"""Standard deviation of the luma (0 to 255) below which a frame shows nothing."""
HIGH: Final = 1200
"""Pixels of the longer side from which on a video that does not tell is taken for BT.709."""
WEIGHTS: Final = {"bt709": (0.2126, 0.0722), "bt2020nc": (0.2627, 0.0593), "bt601": (0.299, 0.114)}
"""Of red and blue in the luma."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Planes of 8 bits as PIL pictures; the chroma may be of half the size."""

    luma: Any
    blue: Any
    red: Any
    full: bool
    """Levels from 0 to 255, not from 16 to 235."""

    @property
    def small(self) -> Any:
        """The luma as 64 x 64 averages: ten times as quick as a better picture, and as telling."""
        from PIL import Image

        return self.luma.resize((64, 64), Image.Resampling.BOX, reducing_gap=1.0)

    @property
    def blank(self) -> bool:
        from PIL import ImageStat

        return float(ImageStat.Stat(self.small).stddev[0]) < BLANK


def read(stream: bytes) -> list[Frame]:
    """The whole frames of a YUV4MPEG2 stream (yuv4mpeg(5)) in 4:2:0 or 4:4:4."""
    from PIL import Image

    at = stream.find(b"\n") + 1
    fields = stream[:at].split()
    if not fields or fields[0] != b"YUV4MPEG2":
        return []
    width, height = (int(next(field[1:] for field in fields if field[:1] == name)) for name in (b"W", b"H"))
    half = not any(field.startswith(b"C444") for field in fields)
    small = ((width + 1) // 2, (height + 1) // 2) if half else (width, height)
    shapes = ((width, height), small, small)
    whole, size = memoryview(stream), sum(wide * high for wide, high in shapes)
    found: list[Frame] = []
    while (at := stream.find(b"\n", at) + 1) and len(stream) - at >= size:
        planes: list[Any] = []
        for wide, high in shapes:
            planes.append(Image.frombytes("L", (wide, high), whole[at : at + wide * high]))
            at += wide * high
        found.append(Frame(*planes, full=b"XCOLORRANGE=FULL" in fields))
    return found


def typical(frames: Sequence[Frame]) -> Frame | None:
    """The frame whose luma is spread most like that of all; a blank one only where there is no other."""
    candidates = [frame for frame in frames if not frame.blank] or list(frames)
    if not candidates:
        return None
    spreads = [frame.small.histogram() for frame in candidates]
    mean = [sum(values) / len(spreads) for values in zip(*spreads, strict=True)]
    off = [sum((a - b) ** 2 for a, b in zip(spread, mean, strict=True)) for spread in spreads]
    return candidates[off.index(min(off))]


def picture(frame: Frame, held: Media) -> Any:
    """RGB, by the matrix that the stream names, or that a player would take."""
    from PIL import Image

    size = frame.luma.size
    chroma = [plane if plane.size == size else plane.resize(size, Image.Resampling.BILINEAR) for plane in (frame.blue, frame.red)]
    planes = Image.merge("RGB", (frame.luma, *chroma))
    return planes.convert("RGB", to_rgb(matrix_of(held.video), full=frame.full))


def matrix_of(stream: Stream | None) -> str:
    if curve(stream):
        return "bt709"  # once it is toned
    if stream is None or not stream.pixels.startswith(("yuv", "nv", "p0")):
        return "bt601"  # swscale made YCbCr of it, by its own matrix
    named = re.search(r"\b(bt709|bt2020nc|smpte170m|bt470bg|fcc)\b", stream.details.partition(stream.pixels)[2].partition(")")[0])
    if named:
        return named[1] if named[1] in WEIGHTS else "bt601"
    return "bt709" if max(stream.width, stream.height) >= HIGH else "bt601"


def scale_words(stream: Stream | None) -> str:
    """The option of the filter ``scale`` that takes colours by the same matrix; what is toned afterwards is scaled as it is."""
    return "" if curve(stream) else f":in_color_matrix={SCALE_NAMES[matrix_of(stream)]}"


def tag_words(stream: Stream | None) -> tuple[str, ...]:
    """Encoder words that name the matrix: a smaller copy of what was high definition would else be taken for BT.601."""
    return ("-colorspace", TAG_NAMES[matrix_of(stream)])


SCALE_NAMES: Final = {"bt709": "bt709", "bt2020nc": "bt2020", "bt601": "bt601"}
TAG_NAMES: Final = {"bt709": "bt709", "bt2020nc": "bt2020nc", "bt601": "smpte170m"}


def to_rgb(name: str, *, full: bool) -> tuple[float, ...]:
    """Three rows of four: what Y, Cb, Cr and 1 add to red, green and blue."""
    red, blue = WEIGHTS[name]
    green = 1 - red - blue
    light, black, colour = (1.0, 0.0, 1.0) if full else (255 / 219, 16.0, 255 / 224)
    cr, cb = 2 * (1 - red) * colour, 2 * (1 - blue) * colour
    rows = ((0.0, cr), (-cb * blue / green, -cr * red / green), (cb, 0.0))
    return tuple(value for b, r in rows for value in (light, b, r, -light * black - 128 * (b + r)))
