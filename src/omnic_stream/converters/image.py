"""Raster pictures: each to each other, to stills that fit a box (thumbs, previews, icons), to paper, to tiles."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

VIPS = Tool("pyvips", pip="pyvips", module=True)
PILLOW = Tool("PIL", pip="Pillow", module=True)
HEIF = Tool("pillow_heif", pip="pillow-heif", module=True)
CODECS = Tool("imagecodecs", pip="imagecodecs", module=True)

SINGLE = (
    *("PNG", "JPG", "BMP", "JP2", "TGA", "PCX", "DDS", "QOI", "BLP", "FITS"),
    *("PPM", "PGM", "PBM", "SGI", "SUNRASTER", "XBM", "XPM"),
)
PAGED = ("GIF", "WEBP", "AVIF", "TIFF", "ICO", "CUR", "ICNS", "APNG", "MPO", "DCX")
"""Of several pages, frames or sizes: these alone take ``page``, so that a document's page is the document's Step to choose."""
WRITTEN = (
    *("PNG", "JPG", "WEBP", "AVIF", "GIF", "TIFF", "BMP", "ICO", "APNG", "JP2"),
    *("PPM", "PGM", "PBM", "TGA", "PCX", "SGI", "XBM", "DDS", "ICNS", "QOI"),
)
THUMBS = ("thumb.png", "thumb.jpg", "thumb.webp", "thumb.avif")
STILLS = (*THUMBS, "preview.png", "preview.jpg", "preview.webp", "icon.png")
FITTING = ("width", "height", "fit", "focus", "bg", "quality")
CHOOSING = (*FITTING, "page")
LIMITS = Limits(seconds=60, stall=30, memory=1 * GiB, output=256 * MiB)
LONG = Limits(seconds=300, stall=60, cpu=300, memory=1 * GiB, output=512 * MiB)
WARM = "omnic_stream.converters.warm.image:"
SHEETS = "omnic_stream.converters.warm.sheets_of_pictures:"


def _made(
    id: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    function: str,
    cost: Cost,
    *tools: Tool,
    takes: tuple[str, ...] = FITTING,
    worker: str = "python",
    version: int = 1,
) -> Converter:
    return Converter(
        id=id,
        version=version,
        inputs=inputs,
        outputs=outputs,
        run=WarmCall(function=WARM + function, worker=worker, limits=LIMITS),
        cost=cost,
        loss=Loss.REENCODES,
        takes=takes,
        tools=(VIPS, PILLOW, *tools),
        specimen=_specimen(inputs),
        family="image",
    )


def _specimen(inputs: tuple[str, ...]) -> str:
    return {"PNG": "harbour.jpg", "GIF": "beacon.gif", "HEIC": "beacon.heic", "PSD": "beacon.psd"}[inputs[0]]


LAST = Cost(ms=900)
THUMB, WRITE, SLOW = Cost(ms=10, ms_per_mib=8), Cost(ms=30, ms_per_mib=40), Cost(ms=120, ms_per_mib=200)
CONVERTERS: tuple[Converter, ...] = (
    _made("image.thumb", SINGLE, STILLS, "thumb", THUMB),
    _made("image.convert", SINGLE, WRITTEN, "convert", WRITE, version=2),
    _made("image.paged-thumb", PAGED, STILLS, "thumb", THUMB, takes=CHOOSING, version=3),
    _made("image.paged", PAGED, WRITTEN, "convert", WRITE, takes=CHOOSING, version=4),
    _made("image.heic-thumb", ("HEIC",), STILLS, "thumb", THUMB, HEIF, takes=CHOOSING, version=2),
    _made("image.heic", ("HEIC",), WRITTEN, "convert", WRITE, HEIF, takes=CHOOSING, version=2),
    # for an install without psd-tools, which reads more of them
    _made("image.psd-thumb", ("PSD",), STILLS, "thumb", LAST),
    _made("image.psd", ("PSD",), WRITTEN, "convert", LAST),
    _made("image.to-heic", SINGLE, ("HEIC",), "convert", SLOW, HEIF),
    _made("image.paged-to-heic", PAGED, ("HEIC",), "convert", SLOW, HEIF, takes=CHOOSING, version=3),
    _made("image.to-jxl", SINGLE, ("JXL",), "convert", SLOW, CODECS, worker="heavy"),
    _made("image.paged-to-jxl", PAGED, ("JXL",), "convert", SLOW, CODECS, takes=CHOOSING, worker="heavy", version=3),
    Converter(
        id="image.pdf",
        version=1,
        inputs=(*SINGLE, *PAGED),
        outputs=("pictures.pdf",),
        run=WarmCall(function=SHEETS + "document", limits=LONG),
        cost=Cost(ms=60, ms_per_mib=80),
        loss=Loss.REENCODES,
        tools=(VIPS, PILLOW),
        specimen="harbour.jpg",
        family="image",
    ),
    Converter(
        id="image.tiles",
        version=1,
        inputs=(*SINGLE, *PAGED),
        outputs=("tiles.dzi",),
        run=WarmCall(function=SHEETS + "tiles", limits=LONG, directory=True),
        cost=Cost(ms=200, ms_per_mib=300),
        loss=Loss.REENCODES,
        tools=(VIPS, PILLOW),
        specimen="harbour.jpg",
        family="image",
        index="tiles.dzi",
    ),
)
