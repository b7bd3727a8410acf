"""GeoTIFF by GDAL's programs: elevation and measurements stretched to what a screen shows, colours as they are."""

from __future__ import annotations

import json
import math
from typing import Any

from omnic_stream.converters.warm import gdal, image, programs
from omnic_stream.converters.warm.drawing import asked_size
from omnic_stream.converters.warm.pages import write
from omnic_stream.converters.warm.pixels import check_size
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed, Corrupt

LONGEST = 2048


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
