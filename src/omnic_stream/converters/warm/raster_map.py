"""GeoTIFF by GDAL's programs: elevation and measurements stretched to what a screen shows, colours as they are."""

from __future__ import annotations

import json
import math
import tarfile
from typing import Any, Final

from omnic_stream.converters.warm import gdal, image, mapping, programs, sheet_writers, tiling
from omnic_stream.converters.warm.drawing import asked_size
from omnic_stream.converters.warm.pages import write
from omnic_stream.converters.warm.pixels import check_size
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed, Corrupt

LONGEST = 2048
HALF: Final = math.pi * 6378137
"""Metres of Web Mercator from its middle to its edge (EPSG:3857)."""


def picture(call: Call) -> None:
    """PNG or a thumb. Raises Corrupt, TooExpensive."""
    import io

    from PIL import Image

    with gdal.source(call) as (path, folder):
        told = _told(call, path, statistics=True)
        wide, high = told["size"]
        bands: list[dict[str, Any]] = told.get("bands", [])
        if not bands:
            raise Corrupt("The GeoTIFF has no bands.")
        box = [side for side in asked_size(call) if side]
        scale = min(1.0, max([*box, 1] if box else [LONGEST]) * (2 if box else 1) / max(wide, high))
        size = (max(round(wide * scale), 1), max(round(high * scale), 1))
        check_size(*size)
        made = folder / "out.png"
        argv = ["gdal_translate", "-of", "PNG", "-r", "average", "-outsize", *map(str, size), *_bands(bands), path, str(made)]
        try:
            programs.run(argv, descriptors=(call.input,), env=gdal.environment("GTiff", "PNG"))
            content = made.read_bytes()
        except (ConverterFailed, OSError) as error:
            raise Corrupt("The GeoTIFF is broken or cut short: it cannot be decoded.") from error
    with Image.open(io.BytesIO(content)) as drawn:
        drawn.load()
        call.report(0.8)
        width, height = asked_size(call)
        form = drawn.convert("RGBA" if "A" in drawn.getbands() or "transparency" in drawn.info else "RGB")
        image.picture(call, form, call.target.rpartition(".")[2].upper(), width=width, height=height)


def tiles(call: Call) -> None:
    """A tar of ``z/x/y.png`` (256 pixels, Web Mercator) and ``index.json``, as deep as the picture's own pixels or 256 tiles reach.

    Raises Corrupt, TooExpensive, and ConverterFailed for a picture that does not say where on the globe it is.
    """
    from PIL import Image

    with gdal.source(call) as (path, folder):
        told = _told(call, path, statistics=True)
        box = _box(told)
        levels = tiling.levels(box)
        degrees = (box[2] - box[0]) / told["size"][0]
        # one level beyond its own pixels: a small picture is still seen by who comes near
        fine = math.ceil(math.log2(360 / tiling.TILE / max(degrees, 1e-9))) + 1
        levels = levels[: max(1, fine + 1)]
        deepest = len(levels) - 1
        x0, y0, x1, y1 = levels[-1]
        size = ((x1 - x0 + 1) * tiling.TILE, (y1 - y0 + 1) * tiling.TILE)
        check_size(*size)
        bands: list[dict[str, Any]] = told["bands"]
        shown, warped, made = (folder / name for name in ("shown.tif", "warped.tif", "out.png"))
        step = 2 * HALF / 2**deepest
        bounds = (x0 * step - HALF, HALF - (y1 + 1) * step, (x1 + 1) * step - HALF, HALF - y0 * step)
        wide, high = told["size"]
        scale = min(1.0, 2 * max(size) / max(wide, high))
        small = ["-r", "average", "-outsize", str(max(round(wide * scale), 1)), str(max(round(high * scale), 1))]
        packed = ["-of", "GTiff", "-co", "COMPRESS=DEFLATE"]
        clear = [] if "mask" in _bands(bands) or "rgba" in _bands(bands) else ["-dstalpha"]
        if any(band.get("colorInterpretation") == "Alpha" for band in bands):
            clear = []
        # edges of places stay edges: nothing is mixed with what has no data
        place = ["-t_srs", "EPSG:3857", "-te", *map(repr, bounds), "-ts", *map(str, size), "-r", "near"]
        env = gdal.environment("GTiff", "PNG")
        try:
            programs.run(["gdal_translate", *packed, *small, *_bands(bands), path, str(shown)], descriptors=(call.input,), env=env)
            call.report(0.3)
            programs.run(["gdalwarp", *packed, *place, *clear, str(shown), str(warped)], env=env)
            call.report(0.5)
            programs.run(["gdal_translate", "-of", "PNG", str(warped), str(made)], env=env)
        except (ConverterFailed, OSError) as error:
            raise Corrupt("The GeoTIFF is broken or cut short: it cannot be decoded.") from error
        with Image.open(made) as drawn:
            whole = drawn.convert("RGBA")
    call.report(0.6)
    present: list[str] = []
    with sheet_writers.output(call) as file, tarfile.open(fileobj=file, mode="w") as archive:
        for zoom, (left, top, right, bottom) in enumerate(levels):
            shrunk = 2 ** (deepest - zoom)
            level = Image.new("RGBA", ((right - left + 1) * tiling.TILE, (bottom - top + 1) * tiling.TILE))
            part = whole.resize((max(whole.width // shrunk, 1), max(whole.height // shrunk, 1)), Image.Resampling.BOX)
            level.paste(part, (x0 * tiling.TILE // shrunk - left * tiling.TILE, y0 * tiling.TILE // shrunk - top * tiling.TILE))
            for name, content in tiling.cut(level, zoom, left, top):
                tiling.add(archive, f"{name}.png", content)
                present.append(name)
            call.report(0.6 + 0.4 * (zoom + 1) / len(levels))
        tiling.add(archive, "index.json", tiling.index(box, len(levels), present))


def _box(told: dict[str, Any]) -> tuple[float, float, float, float]:
    """Where it is on the globe."""
    extent: dict[str, Any] = told.get("wgs84Extent") or {}
    corners: list[list[list[float]]] = extent.get("coordinates", [])
    places = [place for ring in corners for place in ring]
    if not told.get("bands") or not places:
        raise ConverterFailed("The picture does not say where on the globe it is, which tiles need.")
    east, north = [place[0] for place in places], [place[1] for place in places]
    steep = mapping.STEEPEST
    box = (max(min(east), -180.0), max(min(north), -steep), min(max(east), 180.0), min(max(north), steep))
    if box[0] >= box[2] or box[1] >= box[3]:
        raise ConverterFailed("The picture lies outside of what a web map shows.")
    return box


def _bands(bands: list[dict[str, Any]]) -> list[str]:
    """Which bands, and how they are scaled: red, green and blue, or the first; without data is clear."""
    if "colorTable" in bands[0] and bands[0].get("type") == "Byte":
        return ["-expand", "rgba"]
    colours = [band.get("colorInterpretation") for band in bands]
    places = [colours.index(name) + 1 for name in ("Red", "Green", "Blue")] if {"Red", "Green", "Blue"} <= set(colours) else [1]
    words = [word for place in places for word in ("-b", str(place))]
    if "Alpha" in colours:
        words += ["-b", str(colours.index("Alpha") + 1)]
    elif "noDataValue" in bands[places[0] - 1]:
        words += ["-b", "mask"]
    if any(bands[place - 1].get("type") != "Byte" for place in places):
        for number, place in enumerate(places, 1):
            low, high = _range(bands[place - 1])
            words += [f"-scale_{number}", repr(low), repr(high), "0", "255"]
        words += ["-ot", "Byte"]
    return words


def _range(band: dict[str, Any]) -> tuple[float, float]:
    """From two and a half deviations below the mean to as much above, within what there is: a few wild values turn nothing black."""
    low, high = float(band.get("minimum", 0)), float(band.get("maximum", 255))
    mean, deviation = float(band.get("mean", (low + high) / 2)), float(band.get("stdDev", math.inf))
    low, high = max(low, mean - 2.5 * deviation), min(high, mean + 2.5 * deviation)
    return (low, high) if high > low else (low, low + 1)


def facts(call: Call) -> None:
    """metadata.json: size, bands, extent, reference system."""
    with gdal.source(call) as (path, _):
        told = _told(call, path, statistics=False)
    corners = told.get("cornerCoordinates", {})
    kept: dict[str, Any] = {"format": call.source, "size": told["size"]}
    if {"lowerLeft", "upperRight"} <= set(corners):
        kept["extent"] = [*corners["lowerLeft"], *corners["upperRight"]]
    if wkt := told.get("coordinateSystem", {}).get("wkt"):
        kept["reference"] = gdal.reference(wkt)
    kept["bands"] = [
        {
            "type": band.get("type"),
            "colour": band.get("colorInterpretation"),
            **({"no_data": band["noDataValue"]} if "noDataValue" in band else {}),
        }
        for band in told.get("bands", [])
    ]
    write(call, (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode())


def _told(call: Call, path: str, *, statistics: bool) -> dict[str, Any]:
    argv = ["gdalinfo", "-json", *(("-approx_stats",) if statistics else ()), path]
    try:
        told: dict[str, Any] = json.loads(programs.run(argv, descriptors=(call.input,), env=gdal.environment("GTiff")))
    except (ConverterFailed, ValueError) as error:
        raise Corrupt("The GeoTIFF cannot be read: it is broken or cut short.") from error
    return told
