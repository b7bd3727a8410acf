"""Raster pictures: each to each other, and to thumbs that fit a box."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

VIPS = Tool("pyvips", pip="pyvips", module=True)
PILLOW = Tool("PIL", pip="Pillow", module=True)
HEIF = Tool("pillow_heif", pip="pillow-heif", module=True)

READ = (
    *("PNG", "JPG", "WEBP", "AVIF", "GIF", "TIFF"),
    *("BMP", "ICO", "CUR", "JP2", "PSD", "TGA", "PCX", "DDS", "QOI", "PPM", "PGM", "PBM"),
    *("SGI", "SUNRASTER", "XBM", "XPM", "ICNS"),
)
WRITTEN = ("PNG", "JPG", "WEBP", "AVIF", "GIF", "TIFF", "BMP", "ICO", "APNG", "JP2", "PPM")
THUMBS = ("thumb.png", "thumb.jpg", "thumb.webp", "thumb.avif")
FITTING = ("width", "height", "fit", "focus", "bg", "page", "quality")
LIMITS = Limits(seconds=60, stall=30, memory=1 * GiB, output=256 * MiB)


def _thumb(id: str, inputs: tuple[str, ...], *tools: Tool) -> Converter:
    return Converter(
        id=id,
        version=1,
        inputs=inputs,
        outputs=THUMBS,
        run=WarmCall(function="omnic_stream.converters.warm.image:thumb", limits=LIMITS),
        cost=Cost(ms=10, ms_per_mib=8),
        loss=Loss.REENCODES,
        takes=FITTING,
        tools=tools,
        specimen="evening-landscape.jpg",
        family="image",
    )


def _convert(id: str, inputs: tuple[str, ...], *tools: Tool) -> Converter:
    return Converter(
        id=id,
        version=1,
        inputs=inputs,
        outputs=WRITTEN,
        run=WarmCall(function="omnic_stream.converters.warm.image:convert", limits=LIMITS),
        cost=Cost(ms=30, ms_per_mib=40),
        loss=Loss.REENCODES,
        takes=FITTING,
        tools=tools,
        specimen="evening-landscape.jpg",
        family="image",
    )


CONVERTERS: tuple[Converter, ...] = (
    _thumb("image.thumb", READ, VIPS, PILLOW),
    _convert("image.convert", READ, VIPS, PILLOW),
    _thumb("image.heic-thumb", ("HEIC",), VIPS, PILLOW, HEIF),
    _convert("image.heic", ("HEIC",), VIPS, PILLOW, HEIF),
)
