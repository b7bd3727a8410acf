"""Video and pictures of high dynamic range (ITU-R BT.2100: PQ, HLG), for screens that have less.

It holds light up to thousands of cd/m2 in wide primaries; shown as it stands it looks washed out. What each of its colours is to become is
computed once, as a cube, and ffmpeg's ``lut3d`` looks it up. Its own filters do not: ``zscale`` bends HLG's light channel by channel where
BT.2100 (note 5i) wants it bent by its luminance, and reds and greens come out too strong; they are several times slower as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from omnic_stream.converters.warm import programs
from omnic_stream.converters.warm.media import Stream

_CURVE: Final = re.compile(r"\b(smpte2084|arib-std-b67)\b")
PAPER: Final = 203
"""cd/m2 of white paper in such video (ITU-R BT.2408, table 1)."""
BRIGHTEST: Final = {"smpte2084": 4000 / PAPER, "arib-std-b67": 1000 / PAPER}
"""Light that becomes white, in paper whites: what films of PQ are at most made for, and HLG's own display."""
AS_IS: Final = 0.3
"""Light below this, in paper whites, stays as it is; what is above is bent to fit."""
SIDE: Final = 33
"""Points of the cube's edge."""
CODES: Final = 1 << 14
"""Steps of light, of which each is half a shade at most."""
STRIP: Final = 50_000
"""Pixels that are computed at once: as many as a processor keeps near itself."""
LUMA: Final = (0.2627, 0.6780, 0.0593)
"""Of BT.2020's red, green and blue in the luminance."""
TO_709: Final = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))
"""Linear BT.2020 to BT.709 (ITU-R BT.2407, section 2)."""

CODED: Final = (
    ",scale=out_color_matrix=bt709:out_range=limited,format=yuv444p"
    ",setparams=colorspace=bt709:color_primaries=bt709:color_trc=iec61966-2-1:range=limited"
)


def curve(stream: Stream | None) -> str:
    """The transfer function of such video, as ffmpeg's banner names it; empty for other video."""
    if stream is None or not stream.pixels:  # of what is cut short the banner names none
        return ""
    found = _CURVE.search(stream.details.partition(stream.pixels)[2].partition(")")[0])
    return found[1] if found else ""


@contextmanager
def toned(stream: Stream | None, *, rgb: bool = False) -> Iterator[str]:
    """Filters, led by a comma, that make such video one for a usual screen: BT.709's primaries and matrix (or RGB), sRGB's curve. None for
    other video.

    They belong behind what makes frames smaller. The file that they read is gone with the block.
    """
    if not (name := curve(stream)):
        yield ""
        return
    with programs.scratch() as folder:
        path = folder / "range.cube"
        _write(path, name)
        yield (
            f",scale=in_color_matrix=bt2020:flags=accurate_rnd+full_chroma_int,format=gbrp10le,lut3d=file={path}{'' if rgb else CODED}"
        )


def _write(path: Path, name: str) -> None:
    """As a .cube file: its red runs quickest."""
    import numpy

    points = numpy.linspace(0.0, 1.0, SIDE)
    blue, green, red = numpy.meshgrid(points, points, points, indexing="ij")
    rows = shown(numpy.stack([red, green, blue], axis=-1).reshape(-1, 3), name)
    path.write_text(
        f"LUT_3D_SIZE {SIDE}\n" + "".join(f"{red:.5f} {green:.5f} {blue:.5f}\n" for red, green, blue in rows.tolist()),
        encoding="ascii",
    )


def shown(signal: Any, name: str) -> Any:
    """Rows of R'G'B' from 0 to 1, of BT.2020 by the curve ``name``: what they are as sRGB, from 0 to 1."""
    return _coded(_fitted(_displayed(_each(signal, name), name), name))


def toned_picture(values: Any, name: str) -> Any:
    """Samples of such a picture (height, width, 1 to 4 of any type; the last of 2 or 4 is alpha) as 8 bits of sRGB.

    What a channel alone becomes is looked up: that is quicker.
    """
    import numpy

    np: Any = numpy
    values = values if values.ndim == 3 else values[:, :, None]
    if values.dtype.kind == "f":
        values = (np.nan_to_num(values).clip(0, 1) * 0xFFFF + 0.5).astype(np.uint16)
    most = np.iinfo(values.dtype).max
    light = _each(np.arange(most + 1) / most, name).astype(np.float32)
    codes = (_coded(np.arange(CODES) / (CODES - 1)) * 255 + 0.5).astype(np.uint8)
    height, width, bands = values.shape
    colours = 1 if bands < 3 else 3
    made = np.empty(values.shape, np.uint8)
    step = max(1, STRIP // max(width, 1))
    for top in range(0, height, step):
        strip = values[top : top + step]
        seen = light[strip[:, :, :colours]]
        seen = np.repeat(seen, 3, axis=2) if colours == 1 else seen
        usual = _fitted(_displayed(seen.reshape(-1, 3), name), name)
        shades = codes[(usual * (CODES - 1) + 0.5).astype(np.uint16)].reshape(*strip.shape[:2], 3)
        made[top : top + step, :, :colours] = shades[:, :, :colours]
        if bands > colours:
            made[top : top + step, :, colours:] = (strip[:, :, colours:] * (255 / most) + 0.5).astype(np.uint8)
    return made


def _each(signal: Any, name: str) -> Any:
    """What a channel alone becomes (BT.2100, tables 4 and 5): of PQ the light, in paper whites; of HLG the scene's."""
    import numpy

    np: Any = numpy  # its stubs tell too little of what arrays become
    if name == "smpte2084":
        root = signal ** (1 / 78.84375)
        return 10_000 / PAPER * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def _displayed(light: Any, name: str) -> Any:
    """Rows in paper whites: what HLG's own display makes of the scene (BT.2100, note 5i)."""
    import numpy

    np: Any = numpy
    if name == "smpte2084":
        return light
    return 1000 / PAPER * light * (light @ np.array(LUMA, light.dtype))[:, None] ** 0.2


def _fitted(light: Any, name: str) -> Any:
    """Rows of light in BT.2020, in paper whites, as light in BT.709, from 0 to 1."""
    import numpy

    np: Any = numpy
    most = np.maximum(light.max(axis=1, keepdims=True), 1e-6)
    rgb = (light * (_bent(most, BRIGHTEST[name]) / most)) @ np.array(TO_709, light.dtype).T
    # a colour that BT.709 does not have is paled until it does: cut off channel by channel it would be another one
    grey = (rgb @ np.array([0.2126, 0.7152, 0.0722], light.dtype))[:, None].clip(0, 1)
    low, high = rgb.min(axis=1, keepdims=True), rgb.max(axis=1, keepdims=True)
    out = np.maximum(-low / np.maximum(grey - low, 1e-9), (high - 1) / np.maximum(high - grey, 1e-9)).clip(0, 1)
    return (rgb + (grey - rgb) * out).clip(0, 1)


def _coded(light: Any) -> Any:
    """sRGB's curve (IEC 61966-2-1)."""
    import numpy

    np: Any = numpy
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _bent(light: Any, brightest: float) -> Any:
    """Mobius' curve, as ffmpeg's filter ``tonemap`` has it: a line up to ``AS_IS``, from there on smoothly to 1 at the brightest."""
    import numpy

    np: Any = numpy
    j, p = AS_IS, brightest
    a = -(j**2) * (p - 1) / (j**2 - 2 * j + p)
    b = (j**2 - 2 * j * p + p) / (p - 1)
    return np.where(light <= j, light, (b**2 + 2 * b * j + j**2) / (b - a) * (light + a) / (light + b))
