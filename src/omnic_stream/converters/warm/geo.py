"""Maps inside a warm worker: into each other, as pictures, pages, tiles, tables and facts."""

# JSON of strangers has no types: what is taken from it is checked where it is taken
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from omnic_stream.converters.warm import drawing, gdal, mapping, sheet_readers, sheet_writers, table_page, tiling
from omnic_stream.converters.warm.pages import document, write
from omnic_stream.converters.warm.shapes import Shape, bounds, read, shapes
from omnic_stream.converters.warm.sheets import Sheet
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed

WRITES: Final = {
    "GPKG": ("GPKG", "out.gpkg", ()),
    "KML": ("KML", "out.kml", ()),  # LIBKML builds a tree in memory: 42 s for 5,000 polygons, this one 1 s
    "KMZ": ("LIBKML", "out.kmz", ()),
    "GML": ("GML", "out.gml", ("-dsco", "XSISCHEMA=OFF", "-dsco", "FORMAT=GML3")),
}
"""Formats of several layers: GDAL's driver, a name that it goes by, its options."""


def _features(call: Call) -> Iterator[dict[str, Any]]:
    return read(call) if call.source == "GEOJSON" else gdal.features(call)


def _shapes(call: Call, share: float = 0.6) -> tuple[list[Shape], tuple[float, float, float, float]]:
    """The shapes and the box that holds them; reading them is that share of the Step's time."""
    made = shapes(_features(call))
    box = bounds(made)
    if box is None:
        raise ConverterFailed("The map has no places to draw.")
    call.report(share)
    return made, box


# --- into each other --------------------------------------------------------------------------------------------------------


def convert(call: Call) -> None:
    """GEOJSON (all layers in one, WGS 84), GPX, KML, KMZ, GPKG, FGB, GML, SHP.ZIP."""
    if call.target == "GEOJSON":
        _geojson(call)
    elif call.target == "GPX":
        _gpx(call)
    elif call.target in WRITES:
        _by_gdal(call)
    else:
        _by_geojson(call)


def _geojson(call: Call) -> None:
    with sheet_writers.output(call) as file:
        _write_collection(file, _features(call))


def _write_collection(file: Any, features: Iterable[dict[str, Any]]) -> int:
    file.write(b'{"type": "FeatureCollection", "features": [')
    count = 0
    for feature in features:
        feature.pop("layer", None)
        file.write((b",\n" if count else b"\n") + json.dumps(feature, ensure_ascii=False, separators=(", ", ": ")).encode())
        count += 1
    file.write(b"\n]}\n")
    return count


def _by_gdal(call: Call) -> None:
    driver, name, options = WRITES[call.target]
    with gdal.source(call) as (path, folder):
        there = [layer for layer in gdal.layers(call, path) if layer.count != 0]
        found = [layer.name for layer in there if layer.name not in gdal.UNWANTED]
        if not found:
            raise ConverterFailed("The map has no features.")
        made = folder / name
        opening = gdal.OPTIONS.get(call.source, ())
        wgs84 = ("-t_srs", "EPSG:4326") if call.target in {"KML", "KMZ"} and all(layer.reference for layer in there) else ()
        argv = ["-f", driver, *options, *opening, *wgs84, str(made), path, *found]
        gdal.converted(call, argv, *gdal.READS[call.source], driver)
        _out(call, made)


def _by_geojson(call: Call) -> None:
    """Formats that hold one layer, or one kind of geometry: from all features as one GeoJSON."""
    with gdal.source(call) as (_, folder):
        whole = folder / "whole.geojson"
        with whole.open("wb") as file:
            if not _write_collection(file, gdal.features(call)):
                raise ConverterFailed("The map has no features.")
        if call.target == "FGB":
            made = folder / "out.fgb"
            gdal.converted(call, ["-f", "FlatGeobuf", "-nln", "map", str(made), str(whole)], "GeoJSON", "FlatGeobuf")
            _out(call, made)
        else:
            _shapefiles(call, folder, whole)


def _shapefiles(call: Call, folder: Path, whole: Path) -> None:
    """A Shapefile for each kind of geometry, which cannot be mixed, in one ZIP."""
    files: list[Path] = []
    for name, kinds in (
        ("points", "'POINT', 'MULTIPOINT'"),
        ("lines", "'LINESTRING', 'MULTILINESTRING'"),
        ("areas", "'POLYGON', 'MULTIPOLYGON'"),
    ):
        made = folder / f"{name}.shp"
        asked = f"OGR_GEOMETRY IN ({kinds})"
        argv = [
            "-f",
            "ESRI Shapefile",
            "-lco",
            "ENCODING=UTF-8",
            "-nlt",
            "PROMOTE_TO_MULTI",
            "-where",
            asked,
            "-skipfailures",
            str(made),
            str(whole),
        ]
        gdal.converted(call, argv, "GeoJSON", "ESRI Shapefile")
        if made.exists() and made.stat().st_size > 100:
            files += sorted(folder.glob(f"{name}.*"))
    if not files:
        raise ConverterFailed("The map has no features that a Shapefile can hold.")
    with sheet_writers.output(call) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.name)


def _out(call: Call, made: Path) -> None:
    with made.open("rb") as file, sheet_writers.output(call) as out:
        while part := file.read(1 << 20):
            out.write(part)


def _gpx(call: Call) -> None:
    """Points as waypoints, lines as tracks, areas as tracks of their rings (GPX 1.1); of the properties, name and description."""
    points: list[str] = []
    tracks: list[str] = []
    for feature in _features(call):
        given = feature.get("properties")
        properties: dict[str, Any] = given if isinstance(given, dict) else {}
        words = "".join(
            f"<{tag}>{escape(str(properties[key]))}</{tag}>"
            for tag, keys in (("name", ("name", "Name")), ("desc", ("desc", "description", "Description")))
            for key in [next((each for each in keys if properties.get(each)), "")]
            if key
        )
        rings: list[str] = []
        for shape in shapes([feature]):
            if shape.kind == "point":
                points.append(f"<wpt {_at(shape.rings[0][0])}>{words}</wpt>")
            else:
                rings += ["<trkseg>" + "".join(f"<trkpt {_at(place)}/>" for place in ring) + "</trkseg>" for ring in shape.rings]
        if rings:
            tracks.append(f"<trk>{words}{''.join(rings)}</trk>")
    if not points and not tracks:
        raise ConverterFailed("The map has no features.")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="omnic-stream" xmlns="http://www.topografix.com/GPX/1/1">\n'
    write(call, (head + "\n".join((*points, *tracks)) + "\n</gpx>\n").encode())


def _at(place: tuple[float, float]) -> str:
    if not (abs(place[0]) <= 180 and abs(place[1]) <= 90):
        raise ConverterFailed("The map's coordinates are no longitudes and latitudes, which a GPX must have.")
    return f"lat={quoteattr(format(place[1], '.8g'))} lon={quoteattr(format(place[0], '.9g'))}"


# --- to look at -------------------------------------------------------------------------------------------------------------


def picture(call: Call) -> None:
    """PNG, a thumb, or SVG."""
    made, box = _shapes(call)
    wide, high = drawing.asked_size(call)
    shape = high / wide if wide and high and call.arguments.get("fit") != "fit" else None
    small = call.target.startswith("thumb.") and max(wide, high) <= 480
    width = 400.0 if small else 1024.0
    frame = mapping.fit(box, width, min(max(shape, 0.2), 5.0) if shape else None, width * 0.06)
    svg = mapping.drawn(made, frame, small=small)
    if call.target == "SVG":
        write(call, svg.encode())
    else:
        drawing.render(call, svg, frame.width, frame.height)


def page(call: Call) -> None:
    """The map, and below it what its features say."""
    features = list(_features(call))
    made = shapes(features)
    box = bounds(made)
    frame = mapping.fit(box, 1024, None, 60) if box else None
    drawn = f'<div class="map">{mapping.drawn(made, frame)}</div>' if frame else ""
    parts = [f"<h1>Map</h1><p class='note'>{len(features):,} feature{'' if len(features) == 1 else 's'}{_extent(box)}</p>", drawn]
    if sheet := _sheet(features):
        parts.append(table_page.section(sheet, 0, list(sheet.rows())[: table_page.MOST_ROWS]))
    css = table_page.CSS + ".map svg{max-width:100%;height:auto;border:1px solid var(--line);border-radius:6px}"
    write(call, document("Map", "\n".join(parts), css=css, wide=True))


def _extent(box: tuple[float, float, float, float] | None) -> str:
    if box is None:
        return ""
    return f", from {box[1]:.5g}, {box[0]:.5g} to {box[3]:.5g}, {box[2]:.5g}"


def _sheet(features: Iterable[dict[str, Any]]) -> Sheet | None:
    """A row for each feature: its kind, where a point is, its properties."""
    records: list[dict[str, Any]] = []
    for feature in features:
        geometry = feature.get("geometry") or {}
        kind = geometry.get("type")
        point = geometry.get("coordinates") if kind == "Point" else None
        given = feature.get("properties")
        properties: dict[str, Any] = given if isinstance(given, dict) else {}
        kept = {str(key): value for key, value in properties.items() if value is not None}
        records.append({"geometry": kind, **({"lon": point[0], "lat": point[1]} if point else {}), **kept})
    return sheet_readers.table_of("Features", records) if records else None


def table(call: Call) -> None:
    """Features as rows of a table (CSV, XLSX ...). Lines and areas leave their coordinates behind."""
    sheet = _sheet(_features(call))
    if sheet is None:
        raise ConverterFailed("The map has no features.")
    sheet_writers.WRITERS[call.target](call, [sheet])


# --- tiles ------------------------------------------------------------------------------------------------------------------


def tiles(call: Call) -> None:
    """A tar of ``z/x/y.png`` (256 pixels, transparent, Web Mercator) and ``index.json`` (TileJSON 3.0.0)."""
    import resvg_py
    from PIL import Image

    read = 0.1
    made, box = _shapes(call, read)
    if not mapping.geographic(box):
        raise ConverterFailed("The map's coordinates are no longitudes and latitudes, which tiles need.")
    south, north = (max(min(value, mapping.STEEPEST), -mapping.STEEPEST) for value in (box[1], box[3]))
    box = (max(box[0], -180), south, min(box[2], 180), north)
    levels = tiling.levels(box)
    present: list[str] = []
    with sheet_writers.output(call) as file, tarfile.open(fileobj=file, mode="w") as archive:
        # each level draws all shapes, and then its tiles: 64 of them take as long as the shapes do
        weights = [1 + (x1 - x0 + 1) * (y1 - y0 + 1) / 64 for x0, y0, x1, y1 in levels]
        for zoom, (x0, y0, x1, y1) in enumerate(levels):

            def report(done: float, zoom: int = zoom) -> None:
                call.report(read + (1 - read) * (sum(weights[:zoom]) + weights[zoom] * done) / sum(weights))

            scale = tiling.TILE * 2**zoom / 360
            frame = mapping.Frame(
                (x1 - x0 + 1) * tiling.TILE,
                (y1 - y0 + 1) * tiling.TILE,
                x0 * 360 / 2**zoom - 180,
                180 - y0 * 360 / 2**zoom,
                scale,
                mercator=True,
            )
            svg = mapping.drawn(made, frame, ground=False, small=zoom < len(levels) - 3)
            report(0.4)
            data = bytes(resvg_py.svg_to_bytes(svg_string=svg, sans_serif_family="Liberation Sans"))
            report(0.8)
            with Image.open(io.BytesIO(data)) as whole:
                for number, (name, content) in enumerate(tiling.cut(whole, zoom, x0, y0), 1):
                    tiling.add(archive, f"{name}.png", content)
                    report(0.8 + 0.2 * number / ((x1 - x0 + 1) * (y1 - y0 + 1)))
                    present.append(name)
        tiling.add(archive, "index.json", tiling.index(box, len(levels), present))


# --- facts ------------------------------------------------------------------------------------------------------------------


def facts(call: Call) -> None:
    """metadata.json: the layers with their fields, counts, extents and reference systems."""
    with gdal.source(call) as (path, _):
        found = gdal.layers(call, path)
    layers = [
        {
            "name": layer.name,
            "geometry": layer.geometry,
            **({"features": layer.count} if layer.count >= 0 else {}),
            **({"extent": list(layer.extent)} if layer.extent and layer.count else {}),
            **({"reference": layer.reference} if layer.reference else {}),
            "fields": [{"name": name, "type": kind} for name, kind in layer.fields],
        }
        for layer in found
    ]
    write(call, (json.dumps({"format": call.source, "layers": layers}, ensure_ascii=False, indent=1) + "\n").encode())
