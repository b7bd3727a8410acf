"""Raster pictures: each to each other, and to thumbs that fit a box."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

VIPS = Tool("pyvips", pip="pyvips", module=True)
PILLOW = Tool("PIL", pip="Pillow", module=True)
HEIF = Tool("pillow_heif", pip="pillow-heif", module=True)

SINGLE = (
    *("PNG", "JPG", "BMP", "JP2", "PSD", "TGA", "PCX", "DDS", "QOI"),
    *("PPM", "PGM", "PBM", "SGI", "SUNRASTER", "XBM", "XPM"),
)
PAGED = ("GIF", "WEBP", "AVIF", "TIFF", "ICO", "CUR", "ICNS")
"""Of several pages, frames or sizes: these alone take ``page``, so that a document's page is the document's Step to choose."""
WRITTEN = ("PNG", "JPG", "WEBP", "AVIF", "GIF", "TIFF", "BMP", "ICO", "APNG", "JP2", "PPM")
THUMBS = ("thumb.png", "thumb.jpg", "thumb.webp", "thumb.avif")
FITTING = ("width", "height", "fit", "focus", "bg", "quality")
LIMITS = Limits(seconds=60, stall=30, memory=1 * GiB, output=256 * MiB)


def _thumb(id: str, inputs: tuple[str, ...], *tools: Tool, takes: tuple[str, ...] = FITTING) -> Converter:
    return Converter(
        id=id,
        version=1,
        inputs=inputs,
        outputs=THUMBS,
        run=WarmCall(function="omnic_stream.converters.warm.image:thumb", limits=LIMITS),
        cost=Cost(ms=10, ms_per_mib=8),
        loss=Loss.REENCODES,
        takes=takes,
        tools=tools,
        specimen="harbour.jpg" if "JPG" in inputs else None,
        family="image",
    )


def _convert(id: str, inputs: tuple[str, ...], *tools: Tool, takes: tuple[str, ...] = FITTING) -> Converter:
    return Converter(
        id=id,
        version=1,
        inputs=inputs,
        outputs=WRITTEN,
        run=WarmCall(function="omnic_stream.converters.warm.image:convert", limits=LIMITS),
        cost=Cost(ms=30, ms_per_mib=40),
        loss=Loss.REENCODES,
        takes=takes,
        tools=tools,
        specimen="harbour.jpg" if "JPG" in inputs else None,
        family="image",
    )


CHOOSING = (*FITTING, "page")
CONVERTERS: tuple[Converter, ...] = (
    _thumb("image.thumb", SINGLE, VIPS, PILLOW),
    _convert("image.convert", SINGLE, VIPS, PILLOW),
    _thumb("image.paged-thumb", PAGED, VIPS, PILLOW, takes=CHOOSING),
    _convert("image.paged", PAGED, VIPS, PILLOW, takes=CHOOSING),
    _thumb("image.heic-thumb", ("HEIC",), VIPS, PILLOW, HEIF, takes=CHOOSING),
    _convert("image.heic", ("HEIC",), VIPS, PILLOW, HEIF, takes=CHOOSING),
)
