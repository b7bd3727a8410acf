"""Maps: into each other, and as pictures, pages, tiles, tables. GDAL reads and writes them; GeoJSON needs nothing but Python."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

WARM = "omnic_stream.converters.warm.geo:"
RASTER = "omnic_stream.converters.warm.raster_map:"
OGR = Tool("ogr2ogr", debian="gdal-bin")
GDAL = Tool("gdal_translate", debian="gdal-bin")
DRAWN = (
    Tool("resvg_py", pip="resvg-py", module=True),
    Tool("PIL", pip="Pillow", module=True),
    Tool("pyvips", pip="pyvips", module=True),
)
THUMBS = ("thumb.png", "thumb.jpg", "thumb.webp", "thumb.avif")
FITTING = ("width", "height", "fit", "focus", "bg", "quality")
LIMITS = Limits(seconds=180, stall=90, cpu=170, memory=2 * GiB, address_space=None, output=512 * MiB)
READ = ("GPX", "KML", "KMZ", "GPKG", "FGB", "GML", "SHP.ZIP", "OSM", "OSM.PBF")
EXACT = ("GPKG", "FGB", "GML")
"""Hold all that a layer has."""
STYLED = ("KML", "KMZ", "SHP.ZIP")
"""Fields are renamed, shortened or told as text."""
SPECIMEN = "isle.geojson"


def _converter(
    id: str,
    function: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    *,
    loss: Loss,
    tools: tuple[Tool, ...],
    takes: tuple[str, ...] = (),
    ms: float = 300,
    directory: bool = False,
    index: str | None = None,
    version: int = 1,
) -> Converter:
    programs = OGR in tools or GDAL in tools
    return Converter(
        id=f"geo.{id}",
        version=version,
        family="geo",
        inputs=inputs,
        outputs=outputs,
        run=WarmCall(
            function=function if ":" in function else WARM + function,
            worker="heavy",
            limits=LIMITS,
            directory=directory,
            risky=programs,
        ),
        cost=Cost(ms=ms, ms_per_mib=ms),
        loss=loss,
        takes=takes,
        tools=tools,
        specimen="isle.tif" if inputs == ("GEOTIFF",) else SPECIMEN if "GEOJSON" in inputs else "isle.gpx",
        index=index,
    )


def _both(id: str, function: str, outputs: tuple[str, ...], loss: Loss, *tools: Tool) -> tuple[Converter, Converter]:
    """Of GeoJSON without GDAL, of all others with it."""
    takes = FITTING if tools == DRAWN and "tiles" not in outputs else ()
    directory = "tiles" in outputs
    index = "index.json" if directory else None
    version = 2 if directory else 1  # 2: the index names the tiles that are there
    return (
        _converter(
            f"json-{id}",
            function,
            ("GEOJSON",),
            outputs,
            loss=loss,
            tools=tools,
            takes=takes,
            ms=60,
            directory=directory,
            index=index,
            version=version + 1,  # metres are not taken for degrees
        ),
        _converter(
            id,
            function,
            READ,
            outputs,
            loss=loss,
            tools=(OGR, *tools),
            takes=takes,
            ms=400,
            directory=directory,
            index=index,
            version=version,
        ),
    )


XLSXWRITER = Tool("xlsxwriter", pip="xlsxwriter", module=True)
CONVERTERS: tuple[Converter, ...] = (
    _converter("geojson", "convert", READ, ("GEOJSON",), loss=Loss.NONE, tools=(OGR,)),
    _converter("exact", "convert", ("GEOJSON", *READ), EXACT, loss=Loss.NONE, tools=(OGR,), ms=400, version=2),
    _converter("styled", "convert", ("GEOJSON", *READ), STYLED, loss=Loss.RESTYLES, tools=(OGR,), ms=500),
    *_both("gpx", "convert", ("GPX",), Loss.EXTRACTS),
    *_both("picture", "picture", ("PNG", *THUMBS), Loss.RASTERISES, *DRAWN),
    *_both("drawing", "picture", ("SVG",), Loss.RESTYLES),
    *_both("page", "page", ("HTML",), Loss.REENCODES),
    *_both("tiles", "tiles", ("tiles",), Loss.RASTERISES, *DRAWN),
    *_both("table", "table", ("CSV", "TSV", "NDJSON"), Loss.EXTRACTS),
    *_both("workbook", "table", ("XLSX",), Loss.EXTRACTS, XLSXWRITER),
    _converter("facts", "facts", ("GEOJSON", *READ), ("metadata.json",), loss=Loss.RESTYLES, tools=(OGR,)),
    _converter(
        "raster", RASTER + "picture", ("GEOTIFF",), ("PNG", *THUMBS), loss=Loss.REENCODES, tools=(GDAL, *DRAWN[1:]), takes=FITTING
    ),
    _converter(
        "raster-tiles",
        RASTER + "tiles",
        ("GEOTIFF",),
        ("tiles",),
        loss=Loss.RASTERISES,
        tools=(GDAL, *DRAWN[1:]),
        directory=True,
        index="index.json",
    ),
    _converter("raster-facts", RASTER + "facts", ("GEOTIFF",), ("metadata.json",), loss=Loss.RESTYLES, tools=(GDAL,)),
)
