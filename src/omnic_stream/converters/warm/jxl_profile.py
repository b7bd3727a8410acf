"""JPEG XL whose colours an ICC profile tells, by ffmpeg, which has libjxl unpack it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from omnic_stream.converters.warm import image, jxl, media, pixels, raster
from omnic_stream.converters.warm.files import read
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed, Corrupt


def thumb(call: Call, program: media.Program = media.debian) -> None:
    """As ``raster.thumb``."""
    raster.make(call, image.kind_of(call.target), image.boxed(call.target, call.arguments), partial(_picture, program=program))


def convert(call: Call, program: media.Program = media.debian) -> None:
    """As ``raster.convert``."""
    raster.make(call, call.target, call.arguments, partial(_picture, program=program))


def _picture(call: Call, page: int, arguments: Mapping[str, str], *, program: media.Program) -> Any:
    """A lossless picture comes by its own numbers, with its profile; a lossy one in wide primaries, which ffmpeg asks libjxl for."""
    import pyvips

    head = jxl.head(read(call.input, raster.LARGEST))
    pixels.check_size(head.width, head.height)
    if not head.colours.profile:
        raise ConverterFailed("The colours of this picture are not told by an ICC profile: imagecodecs is needed to read it.")
    if page:
        raise ConverterFailed("Of a picture whose colours are told by an ICC profile, only the first page can be shown.")
    words = ("-frames:v", "1", "-an", "-f", "image2pipe", "-c:v", "png", "-compression_level", "0", "-pred", "none", "pipe:1")
    made = media.encode(call, (*media.reading(call), *words), program=program)
    if not made:
        raise Corrupt(raster.BROKEN)
    with pixels.reading(made) as opened:
        named = opened.info.get("chromaticity")
    whole: Any = pyvips.Image.new_from_buffer(made, "")
    if named and not whole.get_typeof("icc-profile-data"):
        whole = whole.copy()
        meant = jxl.Colours(white=tuple(named[:2]), primaries=tuple(named[2:]), grey=whole.bands < 3)
        whole.set_type(pyvips.GValue.blob_type, "icc-profile-data", jxl.profile(meant))
    return whole


WHEEL = media.by_wheel(thumb, convert)
