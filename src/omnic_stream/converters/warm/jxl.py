"""What the head of a JPEG XL file tells (ISO/IEC 18181-1 annex D; 18181-2 for its boxes): how large it is, and by what its colours are meant.

libjxl answers the numbers of a colour space that the file names (primaries, a curve) in that space; imagecodecs does not say which it is.
Where the file holds an ICC profile instead, which only libjxl can unpack, a lossy picture comes as linear light of few bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from omnic_stream.model.errors import Corrupt

BROKEN: Final = "The picture is broken or cut short: its header cannot be read."
READ: Final = 65_536
"""Bytes of the codestream in which its header ends: it may hold names of channels."""
RATIOS: Final = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
SIDES: Final = ((9, 1), (13, 1), (18, 1), (30, 1))
SMALL_SIDES: Final = ((6, 1), (8, 65), (10, 321), (12, 1345))
ENUM: Final = ((0, 0), (0, 1), (4, 2), (6, 18))
COORDINATE: Final = ((19, 0), (19, 524_288), (20, 1_048_576), (21, 2_097_152))
D65: Final = (0.3127, 0.3290)
WHITES: Final = {1: D65, 10: (1 / 3, 1 / 3), 11: (0.314, 0.351)}
SRGB: Final = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
BT2020: Final = (0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
PRIMARIES: Final = {1: SRGB, 9: BT2020, 11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060)}
CURVES: Final = {1: "bt709", 8: "linear", 13: "srgb", 16: "smpte2084", 17: "gamma", 18: "arib-std-b67"}
"""Names as ffmpeg has them."""
CUSTOM: Final = 2
CINEMA: Final = 2.6
"""Exponent of DCI's curve."""
GREY: Final = 1
ALPHA, SPOT, FILTER = 0, 2, 5
"""Types of extra channels that tell more of themselves."""


@dataclass(frozen=True, slots=True)
class Colours:
    curve: str = "srgb"
    gamma: float = 0.0
    """Exponent from the numbers to light, where the curve is ``gamma``."""
    white: tuple[float, ...] = D65
    primaries: tuple[float, ...] = SRGB
    """x and y of red, green and blue."""
    grey: bool = False
    profile: bool = False
    """Told by an ICC profile, not by the above."""

    @property
    def plain(self) -> bool:
        return not self.profile and self.curve == "srgb" and self.white == D65 and self.primaries == SRGB


@dataclass(frozen=True, slots=True)
class Head:
    width: int
    height: int
    colours: Colours


class _Bits:
    """Fields of the codestream, least bit first."""

    def __init__(self, content: bytes) -> None:
        self.left, self.bits = len(content) * 8, int.from_bytes(content, "little")

    def take(self, count: int) -> int:
        if count > self.left:
            raise Corrupt(BROKEN)
        value = self.bits & ((1 << count) - 1)
        self.bits, self.left = self.bits >> count, self.left - count
        return value

    def number(self, ways: tuple[tuple[int, int], ...]) -> int:
        """U32 of the standard: two bits choose how many more there are, and what is added to them."""
        count, more = ways[self.take(2)]
        return self.take(count) + more


def head(data: bytes) -> Head:
    """Raises Corrupt."""
    bits = _Bits(_codestream(data)[2:READ])
    width, height = _size(bits)
    return Head(width, height, _colours(bits))


def _codestream(data: bytes) -> bytes:
    """The first part of it, also within the boxes of a container."""
    at = 0
    while data[at : at + 2] != b"\xff\x0a":
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        start, end = at + 8, at + size
        if size == 1:
            start, end = at + 16, at + int.from_bytes(data[at + 8 : at + 16], "big")
        if kind in {b"jxlc", b"jxlp"}:
            at = start + (4 if kind == b"jxlp" else 0)
            if data[at : at + 2] != b"\xff\x0a":
                raise Corrupt(BROKEN)
        elif end < start:
            raise Corrupt(BROKEN)
        else:
            at = end
    return data[at : at + READ]


def _size(bits: _Bits) -> tuple[int, int]:
    eights = bits.take(1)

    def side() -> int:
        return (bits.take(5) + 1) * 8 if eights else bits.number(SIDES)

    height = side()
    ratio = bits.take(3)
    return (height * RATIOS[ratio - 1][0] // RATIOS[ratio - 1][1] if ratio else side()), height


def _colours(bits: _Bits) -> Colours:
    if bits.take(1):
        return Colours()  # the standard's own
    if bits.take(1):
        bits.take(3)  # how it is turned
        if bits.take(1):
            _size(bits)  # how large it is meant to be shown
        if bits.take(1):
            _skip_preview(bits)
        if bits.take(1):
            _skip_animation(bits)
    _skip_depth(bits)
    bits.take(1)  # whether 16 bits are enough to decode it
    for _ in range(bits.number(((0, 0), (0, 1), (4, 2), (12, 1)))):
        _skip_channel(bits)
    bits.take(1)  # whether it is coded as XYB
    if bits.take(1):
        return Colours()
    profile, grey = bool(bits.take(1)), bits.number(ENUM) == GREY
    if profile:
        return Colours(profile=True, grey=grey)
    white = bits.number(ENUM)
    place = _point(bits) if white == CUSTOM else WHITES.get(white, D65)
    primaries = SRGB
    if not grey:
        named = bits.number(ENUM)
        primaries = (*_point(bits), *_point(bits), *_point(bits)) if named == CUSTOM else PRIMARIES.get(named, SRGB)
    if bits.take(1):
        return Colours("gamma", 10_000_000 / max(bits.take(24), 1), place, primaries, grey)
    curve = CURVES.get(bits.number(ENUM), "srgb")
    return Colours(curve, CINEMA if curve == "gamma" else 0.0, place, primaries, grey)


def _point(bits: _Bits) -> tuple[float, float]:
    x, y = (bits.number(COORDINATE) for _ in "xy")
    return tuple((value >> 1 ^ -(value & 1)) / 1_000_000 for value in (x, y))  # type: ignore[return-value]


def _skip_preview(bits: _Bits) -> None:
    eights = bits.take(1)

    def side() -> None:
        bits.number(((0, 16), (0, 32), (5, 1), (9, 33)) if eights else SMALL_SIDES)

    side()
    if not bits.take(3):
        side()


def _skip_animation(bits: _Bits) -> None:
    bits.number(((0, 100), (0, 1000), (10, 1), (30, 1)))
    bits.number(((0, 1), (0, 1001), (8, 1), (10, 1)))
    bits.number(((0, 0), (3, 0), (16, 0), (32, 0)))
    bits.take(1)


def _skip_depth(bits: _Bits) -> None:
    if bits.take(1):
        bits.number(((0, 32), (0, 16), (0, 24), (6, 1)))
        bits.take(4)
    else:
        bits.number(((0, 8), (0, 10), (0, 12), (6, 1)))


def _skip_channel(bits: _Bits) -> None:
    if bits.take(1):
        return
    kind = bits.number(ENUM)
    _skip_depth(bits)
    bits.number(((0, 0), (0, 3), (0, 4), (3, 1)))
    bits.take(8 * bits.number(((0, 0), (4, 0), (5, 16), (10, 48))))
    if kind == ALPHA:
        bits.take(1)
    elif kind == SPOT:
        bits.take(64)
    elif kind == FILTER:
        bits.number(((0, 1), (2, 0), (4, 3), (8, 19)))


def profile(colours: Colours) -> bytes:
    """An ICC profile that means these colours."""
    import imagecodecs

    kind = "gray" if colours.grey else "rgb"
    space: dict[str, Any] = {"whitepoint": list(colours.white)}
    if not colours.grey:
        space["primaries"] = list(colours.primaries)
    if colours.curve in {"gamma", "linear"}:
        return bytes(imagecodecs.cms_profile(kind, **space, gamma=min(max(colours.gamma, 0.1), 10.0) if colours.gamma else 1.0))
    return bytes(imagecodecs.cms_profile(kind, **space, transferfunction=_light(colours.curve)))


def _light(curve: str) -> Any:
    """A table from numbers to light (IEC 61966-2-1, ITU-R BT.709)."""
    import numpy as np

    signal = np.linspace(0.0, 1.0, 4096)
    if curve == "bt709":
        return np.where(signal < 0.081, signal / 4.5, ((signal + 0.099) / 1.099) ** (1 / 0.45)).astype(np.float32)
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4).astype(np.float32)
