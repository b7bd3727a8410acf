"""Pictures beyond the everyday ones, as libvips images: each reader answers one page, upright, in display colours.

Sizes in headers are judged before pixels are decoded, as in ``pixels``. What holds light rather than colours (EXR, Radiance) is
exposed for a screen.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from omnic_stream.converters.raster import SENSORS
from omnic_stream.converters.warm import dynamic_range, image, jxl, pixels, xcf
from omnic_stream.converters.warm.files import read
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, OmnicError

LARGEST = 256 * MiB
BROKEN = "The picture is broken or cut short: it cannot be decoded."
Array = Any
Reader = Callable[[Call, int, Mapping[str, str]], Any]
"""Of a page of the call's input, counted from 0."""


def thumb(call: Call) -> None:
    """A still picture within its box: ``thumb.png``, ``preview.jpg``, ``icon.png`` and their kin."""
    make(call, image.kind_of(call.target), image.boxed(call.target, call.arguments))


def convert(call: Call) -> None:
    """One of the everyday formats, at the picture's own size or made to fit."""
    make(call, call.target, call.arguments)


def make(call: Call, kind: str, arguments: Mapping[str, str], reader: Reader | None = None) -> None:
    """Read by the reader of its format, or by another, made to fit and written."""
    import pyvips

    try:
        made = (reader or READERS[call.source])(call, int(arguments.get("page", "1")) - 1, arguments)
        call.report(0.9)
        image.finish(call, image.fit(made, arguments, deep=image.stays_deep(call)), kind, arguments)
    except OmnicError:
        raise
    except (MemoryError, pyvips.Error) as error:
        raise Corrupt(BROKEN) from error


@contextmanager
def _file(call: Call) -> Iterator[BinaryIO]:
    os.lseek(call.input, 0, os.SEEK_SET)
    with os.fdopen(os.dup(call.input), "rb") as file:
        yield file


def _vips(values: Array) -> Any:
    """An array of height, width and 1 to 4 channels, 8 or 16 bits, sRGB or grey."""
    import numpy as np
    import pyvips

    values = np.ascontiguousarray(values if values.ndim == 3 else values[:, :, None])
    deep = values.dtype == np.uint16
    bands = values.shape[2]
    made: Any = pyvips.Image.new_from_memory(values, values.shape[1], values.shape[0], bands, "ushort" if deep else "uchar")
    grey = bands < 3
    return made.copy(interpretation=("grey16" if grey else "rgb16") if deep else ("b-w" if grey else "srgb"))


# --- light ------------------------------------------------------------------------------------------------------------------


def displayed(light: Array) -> Array:
    """Linear light (height, width, 1, 3 or 4 with premultiplied alpha; 1.0 is white) as 8 bits of sRGB (IEC 61966-2-1).

    What fits a screen is shown as it is. Light far beyond is exposed to a middle grey of 0.18 and compressed (Reinhard and others,
    Photographic Tone Reproduction, 2002, equation 4), so that neither sky nor shade is lost.
    """
    import numpy

    np: Any = numpy  # its stubs tell too little of masked arithmetic
    light = np.nan_to_num(light.astype(np.float32), nan=0, posinf=65504, neginf=0)
    alpha: Array = np.clip(light[:, :, 3:4], 0, 1) if light.shape[2] == 4 else None
    colour: Array = np.maximum(light[:, :, :3], 0)
    # as it was stored, premultiplied: a clear edge divided by little alpha is no bright light
    seen = colour.max(axis=2)
    brightest = float(np.percentile(seen[:: max(1, seen.shape[0] // 1000)], 99))
    if alpha is not None:
        colour = np.divide(colour, alpha, out=colour.copy(), where=alpha > 0)
    if brightest > 1:
        value = colour.max(axis=2)  # of the three, so that no channel leaves the screen's range and hues stay
        exposure = 0.18 / max(float(np.exp(np.mean(np.log(seen + 1e-4)))), 1e-4)
        scaled, white = value * exposure, max(brightest * exposure, 1)
        compressed = scaled * (1 + scaled / white**2) / (1 + scaled)
        colour = colour * np.divide(compressed, value, out=np.zeros_like(value), where=value > 0)[:, :, None]
    colour = np.clip(colour, 0, 1)
    colour = np.where(colour <= 0.0031308, colour * 12.92, 1.055 * colour ** (1 / 2.4) - 0.055)
    whole: Array = colour if alpha is None else np.concatenate((colour, alpha), axis=2)
    return (whole * 255 + 0.5).astype(np.uint8)


def stretched(values: Array) -> Array:
    """Numbers without a scale as 8 bits of grey: from the least to the greatest."""
    import numpy as np

    values = np.nan_to_num(values.astype(np.float64))
    low, high = float(values.min()), float(values.max())
    return ((values - low) * (255 / (high - low) if high > low else 0) + 0.5).astype(np.uint8)


def _exr(call: Call, page: int, arguments: Mapping[str, str]) -> Any:
    import numpy as np
    import OpenEXR

    exr: Any = OpenEXR
    with _file(call) as file:
        try:
            parts = exr.File(file, header_only=True, num_threads=0).parts
        except Exception as error:  # the binding raises bare RuntimeErrors
            raise Corrupt("The picture is broken or cut short: its header cannot be read.") from error
        if page >= len(parts):
            raise pixels.no_such_page(len(parts))
        for part in parts:  # all of them are decoded
            low, high = part.header["dataWindow"]
            pixels.check_size(int(high[0]) - int(low[0]) + 1, int(high[1]) - int(low[1]) + 1)
        file.seek(0)
        try:
            channels = exr.File(file, num_threads=0).parts[page].channels
        except Exception as error:
            raise Corrupt(BROKEN) from error
    names = list(channels)
    name = next((name for word in ("RGBA", "RGB", "Y") for name in names if name == word or name.endswith("." + word)), names[0])
    values = channels[name].pixels
    values = values if values.ndim == 3 else values[:, :, None]
    if values.shape[2] == 1 and not name.endswith("Y"):
        return _vips(stretched(values))  # depth, or the number of an object: no light
    return _vips(displayed(np.asarray(values)))


def _radiance(call: Call, page: int, arguments: Mapping[str, str]) -> Any:
    import imagecodecs

    data = read(call.input, LARGEST)
    size = re.search(rb"\n\n([-+][XY]) (\d{1,9}) ([-+][XY]) (\d{1,9})\n", data[:65536])
    if size is None:
        raise Corrupt("The picture is broken or cut short: its header cannot be read.")
    pixels.check_size(int(size[2]), int(size[4]))
    light = _decoded(imagecodecs.rgbe_decode, data)
    # Radiance's reference manual, section on picture formats: -Y +X is top to bottom, left to right
    light = light[::-1] if size[1] == b"+Y" else light
    return _vips(displayed(light[:, ::-1] if size[3] == b"-X" else light))


def _float_map(call: Call, page: int, arguments: Mapping[str, str]) -> Any:
    """Portable float map: ``PF`` or ``Pf``, width, height, scale (below 0: little endian), rows from the bottom."""
    import numpy as np

    data = read(call.input, LARGEST)
    head = re.match(rb"(P[Ff])\s+(\d{1,9})\s+(\d{1,9})\s+(-?[0-9.]+(?:e[-+]?\d+)?)\s", data[:256])
    if head is None:
        raise Corrupt("The picture is broken or cut short: its header cannot be read.")
    width, height, bands = int(head[2]), int(head[3]), 3 if head[1] == b"PF" else 1
    pixels.check_size(width, height)
    body = data[head.end() :]
    if len(body) < width * height * bands * 4:
        raise Corrupt(BROKEN)
    values = np.frombuffer(body, "<f4" if float(head[4]) < 0 else ">f4", width * height * bands).reshape(height, width, bands)
    return _vips(displayed(values[::-1]))


# --- JPEG's younger kin -----------------------------------------------------------------------------------------------------


def _decoded(decoder: Callable[..., Array], data: bytes, **options: Any) -> Array:
    try:
        return decoder(data, **options)
    except Exception as error:  # each codec of imagecodecs has an error of its own
        raise Corrupt(BROKEN) from error


def shown(values: Array, bits: int = 0) -> Any:
    """Decoded samples of any depth; ``bits`` of them are used where the type has more."""
    import numpy as np

    if values.dtype.kind == "f":
        return _vips(displayed(values if values.ndim == 3 else values[:, :, None]))
    if values.dtype == np.uint16 and 8 < bits < 16:
        values = (values.astype(np.uint32) * 65535 // ((1 << bits) - 1)).astype(np.uint16)
    return _vips(values if values.dtype in {np.dtype(np.uint8), np.dtype(np.uint16)} else stretched(values))


def _jxl(call: Call, page: int, arguments: Mapping[str, str]) -> Any:
    import imagecodecs

    data = read(call.input, LARGEST)
    head = jxl.head(data)
    pixels.check_size(head.width, head.height)
    if head.colours.profile:
        raise ConverterFailed("The colours of this picture are told by an ICC profile: ffmpeg is needed to read it.")
    if page == 0:
        return _meant(_decoded(imagecodecs.jpegxl_decode, data, index=0, numthreads=1), head.colours)
    frames = _decoded(imagecodecs.jpegxl_decode, data, numthreads=1)  # an index beyond the last frame would give the last
    count = len(frames) if frames.ndim == 4 else 1
    if page >= count:
        raise pixels.no_such_page(count)
    return _meant(frames[page], head.colours)


def _meant(values: Array, colours: jxl.Colours) -> Any:
    """Decoded samples that carry the profile of their colours; what has a high dynamic range is brought to a screen's."""
    import numpy as np
    import pyvips

    light = values.dtype.kind == "f"
    if colours.curve in dynamic_range.BRIGHTEST:
        return _vips(dynamic_range.toned_picture(values, colours.curve))
    if colours.plain if not light else (colours.curve, colours.primaries) == ("linear", jxl.SRGB):
        return shown(values)
    image = shown((np.clip(np.nan_to_num(values), 0, 1) * 0xFFFF + 0.5).astype(np.uint16) if light else values)
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", jxl.profile(colours))
    return image


def _jxr(call: Call, page: int, arguments: Mapping[str, str]) -> Any:
    """Its container is TIFF's: tags 0xBC80 and 0xBC81 are width and height (ISO/IEC 29199-2 annex A)."""
    import imagecodecs

    data = read(call.input, LARGEST)
    at = int.from_bytes(data[4:8], "little")
    entries = [data[at + 2 + 12 * n : at + 14 + 12 * n] for n in range(min(int.from_bytes(data[at : at + 2], "little"), 200))]
    tags = {int.from_bytes(entry[:2], "little"): int.from_bytes(entry[8:12], "little") for entry in entries}
    pixels.check_size(tags.get(0xBC80, 0), tags.get(0xBC81, 0))
    return shown(_decoded(imagecodecs.jpegxr_decode, data))


def _jls(call: Call, page: int, arguments: Mapping[str, str]) -> Any:
    """The frame header (SOF55) holds precision, lines and samples (ITU-T T.87 annex C)."""
    import imagecodecs

    data = read(call.input, LARGEST)
    at = data.find(b"\xff\xf7", 0, 1 << 20)
    if at < 0 or len(data) < at + 9:
        raise Corrupt("The picture is broken or cut short: its header cannot be read.")
    bits, height, width = struct.unpack(">BHH", data[at + 4 : at + 9])
    pixels.check_size(width, height)
    return shown(_decoded(imagecodecs.jpegls_decode, data), bits)


# --- cameras, hospitals, studios --------------------------------------------------------------------------------------------


def _raw(call: Call, page: int, arguments: Mapping[str, str]) -> Any:
    """A camera's sensor data by LibRaw, with the camera's white balance; at half size where the box is small enough."""
    import rawpy

    libraw: Any = rawpy
    with _file(call) as file:
        try:
            with libraw.imread(file) as raw:
                sizes = raw.sizes
                pixels.check_size(sizes.width, sizes.height)
                box = [int(arguments[name]) for name in ("width", "height") if name in arguments]
                half = bool(box) and 2 * max(box) <= max(sizes.width, sizes.height)
                call.report(0.1)
                bits = 16 if image.stays_deep(call) else 8
                return _vips(raw.postprocess(use_camera_wb=True, half_size=half, output_bps=bits))
        except libraw.LibRawError as error:
            # no Corrupt, which is final: the camera's own picture in the file may be whole (raster.camera)
            raise ConverterFailed(
                "The camera's raw file cannot be read: it is broken, or of a camera that is not known."
            ) from error


def _dicom(call: Call, page: int, arguments: Mapping[str, str]) -> Any:
    from omnic_stream.converters.warm import dicom

    with _file(call) as file:
        values = dicom.frame(file, page)
    return _vips(values)


def _psd(call: Call, page: int, arguments: Mapping[str, str]) -> Any:
    """Pillow reads the merged picture of the usual ones at once; psd-tools the rest: large documents, 16 and 32 bits, odd modes."""
    import pyvips

    try:
        return pixels.as_vips(pyvips, call.input, page)
    except Corrupt:
        if page:
            raise
    from psd_tools import PSDImage

    tools: Any = PSDImage
    with _file(call) as file:
        head = file.read(26)  # signature, version, reserved, channels, height, width, depth, mode
        if head[:4] != b"8BPS" or len(head) < 26:
            raise Corrupt("The picture is broken or cut short: its header cannot be read.")
        height, width = struct.unpack(">II", head[14:22])
        pixels.check_size(width, height)
        file.seek(0)
        try:
            opened = tools.open(file)
            merged = opened.topil() or opened.composite()
        except Exception as error:  # a parser in Python raises whatever hostile content drives it to
            raise Corrupt(BROKEN) from error
    return pixels.from_pillow(pyvips, merged, merged.info.get("icc_profile"))


def _xcf(call: Call, page: int, arguments: Mapping[str, str]) -> Any:
    return _vips(xcf.composed(read(call.input, LARGEST), call.report))


READERS: Mapping[str, Reader] = {
    "EXR": _exr,
    "HDR": _radiance,
    "PFM": _float_map,
    "JXL": _jxl,
    "JXR": _jxr,
    "JLS": _jls,
    "PSD": _psd,
    "XCF": _xcf,
    "DICOM": _dicom,
    **dict.fromkeys(SENSORS, _raw),
}
