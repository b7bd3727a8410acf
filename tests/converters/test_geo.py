from __future__ import annotations

import csv
import io
import json
import math
import sqlite3
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from omnic_stream.converters import geo as declared
from omnic_stream.converters.warm import gdal, geo, mapping, raster_map, shapes, tiling
from omnic_stream.model.contracts import Work
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive
from omnic_stream.runner import open_runner

SAMPLES = Path(geo.__file__).parents[2] / "samples"
BERLIN = (13.08283, 52.33446, 13.76136, 52.6783)
ZOO = {
    "GEOJSON": "geo/berlin.geojson", "KML": "geo/berlin.kml", "KMZ": "geo/berlin.kmz", "GPKG": "geo/berlin.gpkg", "FGB": "geo/berlin.fgb",
    "GML": "geo/berlin.gml", "SHP.ZIP": "geo/berlin.shp.zip",
}  # fmt: skip
WRITTEN = ("GEOJSON", "KML", "KMZ", "GPKG", "FGB", "GML", "SHP.ZIP", "GPX")


def features(run, content, source: str) -> list[dict]:
    made = json.loads(run(geo.convert, content, source, "GEOJSON").read()) if source != "GEOJSON" else json.loads(content)
    assert made["type"] == "FeatureCollection"
    return made["features"]


def box_of(found: list[dict]) -> tuple[float, ...]:
    box = shapes.bounds(shapes.shapes(found))
    assert box is not None
    return box


def point(**properties: object) -> dict:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [13.4, 52.5]}}


def collection(*given: dict) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": given}).encode()


# --- into each other --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [name for name in ZOO if name != "GEOJSON"])
def test_berlin_becomes_geojson(run, source):
    (berlin,) = features(run, ZOO[source], source)
    assert berlin["geometry"]["type"] in {"Polygon", "MultiPolygon"}
    assert berlin["properties"].get("name", berlin["properties"].get("Name")) == "Berlin"
    assert box_of([berlin]) == pytest.approx(BERLIN, abs=1e-5)


@pytest.mark.parametrize("target", [name for name in WRITTEN if name != "GEOJSON"])
def test_the_isle_goes_there_and_back(run, target):
    given = (SAMPLES / "isle.geojson").read_bytes()
    found = features(run, run(geo.convert, given, "GEOJSON", target).read(), target)
    kinds = {each["geometry"]["type"].removeprefix("Multi") for each in found}
    assert kinds == ({"Point", "LineString"} if target == "GPX" else {"Point", "LineString", "Polygon"})
    assert {each["properties"].get("name", each["properties"].get("Name")) for each in found} >= {"The isle", "Ferry", "Harbour"}
    assert box_of(found) == pytest.approx((-3.3, 57.05, -2.3, 57.45), abs=1e-4)


@pytest.mark.parametrize(("path", "source"), [("geo/a.osm", "OSM"), ("geo/a.osm.pbf", "OSM.PBF")])
def test_openstreetmap_has_its_node_and_its_building(run, path, source):
    found = features(run, path, source)
    kinds = {each["geometry"]["type"]: each for each in found}
    assert set(kinds) == {"Point", "MultiPolygon"}
    assert kinds["Point"]["geometry"]["coordinates"] == [13.4, 52.5]
    assert kinds["MultiPolygon"]["properties"]["building"] == "yes"


def test_a_walk_has_its_waypoints_and_tracks_once(run):
    found = features(run, "geo/cerknicko-jezero.gpx", "GPX")
    points = [each for each in found if each["geometry"]["type"] == "Point"]
    assert len(points) == 7
    assert {"VANSHNG LK", "BACK T TH"} <= {each["properties"].get("name") for each in points}
    assert {each["geometry"]["type"] for each in found} == {"Point", "MultiLineString"}


def test_layers_stay_layers(run, tmp_path):
    (tmp_path / "made.gpkg").write_bytes(run(geo.convert, "geo/cerknicko-jezero.gpx", "GPX", "GPKG").read())
    names = {row[0] for row in sqlite3.connect(tmp_path / "made.gpkg").execute("SELECT table_name FROM gpkg_contents")}
    assert names == {"waypoints", "tracks"}


def test_a_shapefile_for_each_kind_of_geometry(run):
    with zipfile.ZipFile(run(geo.convert, (SAMPLES / "isle.geojson").read_bytes(), "GEOJSON", "SHP.ZIP")) as archive:
        assert {name for name in archive.namelist() if name.endswith(".shp")} == {"points.shp", "lines.shp", "areas.shp"}


def test_features_are_rows(run):
    made = list(
        csv.DictReader(io.StringIO(run(geo.table, (SAMPLES / "isle.geojson").read_bytes(), "GEOJSON", "CSV").read().decode()))
    )
    assert [(row["geometry"], row["name"], row["people"], row["lon"]) for row in made] == [
        ("Polygon", "The isle", "212", ""), ("LineString", "Ferry", "", ""), ("Point", "Harbour", "", "-2.75"),
    ]  # fmt: skip


def test_metres_become_degrees(run, tmp_path):
    (tmp_path / "in.geojson").write_bytes((SAMPLES / "isle.geojson").read_bytes())
    argv = ["ogr2ogr", "-f", "GPKG", "-t_srs", "EPSG:27700", str(tmp_path / "out.gpkg"), str(tmp_path / "in.geojson")]
    subprocess.run(argv, check=True, capture_output=True)
    content = (tmp_path / "out.gpkg").read_bytes()
    assert box_of(features(run, content, "GPKG")) == pytest.approx((-3.3, 57.05, -2.3, 57.45), abs=1e-4)
    (layer,) = json.loads(run(geo.facts, content, "GPKG", "metadata.json").read())["layers"]
    assert layer["reference"] == "EPSG:27700"
    assert layer["extent"][0] > 300_000


def test_facts(run):
    found = json.loads(run(geo.facts, "geo/berlin.gpkg", "GPKG", "metadata.json").read())
    (layer,) = found["layers"]
    assert (layer["name"], layer["geometry"], layer["features"], layer["reference"]) == ("berlin", "Polygon", 1, "EPSG:4326")
    assert layer["extent"] == pytest.approx(BERLIN, abs=1e-5)
    assert layer["fields"] == [{"name": "name", "type": "String"}]
    found = json.loads(run(geo.facts, "geo/cerknicko-jezero.gpx", "GPX", "metadata.json").read())
    assert {layer["name"]: layer["features"] for layer in found["layers"]}["waypoints"] == 7


# --- pictures ---------------------------------------------------------------------------------------------------------------


def pixel(image: Image.Image, frame: mapping.Frame, lon: float, lat: float) -> tuple[int, ...]:
    x, y = frame.at((lon, lat))
    return image.convert("RGB").getpixel((round(x), round(y)))


@pytest.mark.parametrize("source", ["GEOJSON", "GPKG", "SHP.ZIP"])
def test_berlin_is_filled_where_it_is(run, source):
    frame = mapping.fit(BERLIN, 1024, None, 1024 * 0.06)
    with Image.open(run(geo.picture, ZOO[source], source, "PNG")) as made:
        assert made.size == (1024, round(frame.height))
        inside, outside = pixel(made, frame, 13.30, 52.50), pixel(made, frame, 13.72, 52.63)
    assert outside == (245, 243, 238)
    assert inside[2] > inside[0] + 20


def test_areas_have_holes_and_points_and_lines_lie_above(run):
    given = (SAMPLES / "isle.geojson").read_bytes()
    frame = mapping.fit((-3.3, 57.05, -2.3, 57.45), 1024, None, 1024 * 0.06)
    with Image.open(run(geo.picture, given, "GEOJSON", "PNG")) as made:
        assert pixel(made, frame, -3.01, 57.215) == (245, 243, 238)
        assert pixel(made, frame, -2.75, 57.25) == (0xA0, 0x1F, 0x4A)
        red, _, blue = pixel(made, frame, -2.4, 57.26)
        assert red - blue > 80
    own = collection({**point(), "properties": {"marker-color": "#00ff00"}})
    with Image.open(run(geo.picture, own, "GEOJSON", "PNG")) as made:
        assert made.convert("RGB").getpixel((made.width // 2, made.height // 2)) == (0, 255, 0)


def test_names_are_there_once_and_as_letters(run):
    given = collection(point(name="<b>Alpha</b>"), point(name="Beta"), point(name="Gamma"))
    made = run(geo.picture, given, "GEOJSON", "SVG").read().decode()
    assert made.count("&lt;b&gt;Alpha&lt;/b&gt;") == 1
    assert "Beta" in made  # left of the point, for Alpha is on its right
    assert "Gamma" not in made
    assert "<b>" not in made


def test_thumbs_fit_their_box(run):
    with Image.open(run(geo.picture, "geo/berlin.geojson", "GEOJSON", "thumb.webp", width="160", height="120")) as made:
        assert (made.format, made.size[0] <= 160, made.size[1] <= 120, max(made.size[0] / 160, made.size[1] / 120)) == (
            "WEBP",
            True,
            True,
            1,
        )


def test_a_page_has_the_map_and_what_its_features_say(run):
    made = run(geo.page, (SAMPLES / "isle.geojson").read_bytes(), "GEOJSON", "HTML").read().decode()
    assert "3 features, from 57.05, -3.3 to 57.45, -2.3" in made
    assert "<svg" in made
    assert '<td class="r">212</td>' in made
    assert "<script" not in run(geo.page, collection(point(name="<script>")), "GEOJSON", "HTML").read().decode()


def test_tiles_lie_where_the_web_looks_for_them(run):
    made = run(geo.tiles, "geo/berlin.geojson", "GEOJSON", "tiles")
    with tarfile.open(fileobj=made) as archive:
        names = set(archive.getnames())
        index = json.load(archive.extractfile("index.json"))
        # 13.4 E, 52.5 N: https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames
        assert {"0/0/0.png", "8/137/83.png", "10/550/335.png"} <= names
        assert index["tile_count"] == len(names) - 1 <= tiling.MOST_TILES
        assert {f"{name}.png" for name in index["present"]} == names - {"index.json"}
        assert index["bounds"] == pytest.approx(BERLIN)
        tile = Image.open(io.BytesIO(archive.extractfile("10/550/335.png").read()))
    assert tile.size == (256, 256)
    red, _, blue, alpha = tile.getpixel((30, 180))
    assert blue > red
    assert 100 < alpha < 130
    assert not any(name.startswith(f"{index['maxzoom'] + 1}/") for name in names)


def test_a_geotiff_is_cut_into_tiles_where_it_lies(run):
    made = run(raster_map.tiles, (SAMPLES / "isle.tif").read_bytes(), "GEOTIFF", "tiles")
    with tarfile.open(fileobj=made) as archive:
        index = json.load(archive.extractfile("index.json"))
        assert index["bounds"] == pytest.approx([-3.4, 57, -2.8, 57.6])
        assert {f"{name}.png" for name in index["present"]} == set(archive.getnames()) - {"index.json"}
        zoom = index["maxzoom"]
        assert 6 <= zoom <= 8  # 40 pixels a degree: between 28 (zoom 5) and 57 (zoom 6), and one more

        def seen(lon: float, lat: float) -> tuple[int, ...]:
            many = 256 * 2**zoom
            x = (lon + 180) / 360 * many
            y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * many
            tile = Image.open(io.BytesIO(archive.extractfile(f"{zoom}/{int(x) // 256}/{int(y) // 256}.png").read()))
            return tile.getpixel((int(x) % 256, int(y) % 256))

        # the picture's pixels (11, 11) and (11, 2), which is lower; (0, 0) has no data
        assert seen(-3.4 + 11.5 * 0.025, 57.6 - 11.5 * 0.025)[0] > 200
        assert seen(-3.4 + 11.5 * 0.025, 57.6 - 2.5 * 0.025)[0] < 80
        assert seen(-3.4 + 0.5 * 0.025, 57.6 - 0.5 * 0.025)[3] == 0
    with pytest.raises(ConverterFailed, match="where on the globe"):
        run(raster_map.tiles, (SAMPLES / "isle.tif").read_bytes()[:300], "GEOTIFF", "tiles")


def test_elevation_is_stretched_and_what_has_no_data_is_clear(run):
    content = (SAMPLES / "isle.tif").read_bytes()
    with Image.open(run(raster_map.picture, content, "GEOTIFF", "PNG")) as made:
        assert made.size == (24, 24)
        assert made.getpixel((0, 0))[3] == 0
        assert made.getpixel((11, 11))[0] > 230
        assert made.getpixel((11, 2))[0] < 80
    told = json.loads(run(raster_map.facts, content, "GEOTIFF", "metadata.json").read())
    assert (told["size"], told["reference"], told["bands"][0]["no_data"]) == ([24, 24], "EPSG:4326", -9999)
    assert told["extent"] == pytest.approx([-3.4, 57, -2.8, 57.6])
    with pytest.raises(Corrupt):
        run(raster_map.picture, content[:300], "GEOTIFF", "PNG")


# --- hostile ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["GPX", "KML", "GML", "OSM", "GPKG", "FGB", "KMZ", "SHP.ZIP"])
def test_content_chooses_no_driver(run, tmp_path, source):
    """A virtual data source, in the place of any format, opens nothing."""
    (tmp_path / "secret.csv").write_text("word\nthe-secret-word\n")
    virtual = f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{tmp_path}/secret.csv</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    for content in (virtual.encode(), b"WFS:http://127.0.0.1:9/"):
        with pytest.raises((Corrupt, ConverterFailed)) as failed:
            run(geo.convert, content, source, "GEOJSON")
        assert "/" not in failed.value.message


def test_no_other_driver_is_left():
    kept = {"GPX", "GeoJSONSeq"}
    told = subprocess.run(["ogr2ogr", "--formats"], env=gdal.environment(*kept), capture_output=True, text=True, check=True).stdout
    assert {line.split(" -")[0].strip() for line in told.splitlines()[1:]} == kept


def test_gml_takes_in_no_other_file(run, tmp_path):
    (tmp_path / "secret").write_text("the-secret-word")
    given = (
        f'<!DOCTYPE g [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" '
        'xmlns:gml="http://www.opengis.net/gml" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="x http://127.0.0.1:9/x.xsd">'
        '<gml:featureMember><ogr:a fid="1"><ogr:geometryProperty><gml:Point><gml:coordinates>13.4,52.5</gml:coordinates></gml:Point>'
        "</ogr:geometryProperty><ogr:name>a&x;b</ogr:name></ogr:a></gml:featureMember></ogr:FeatureCollection>"
    )
    try:
        made = run(geo.convert, given.encode(), "GML", "GEOJSON").read()
    except (Corrupt, ConverterFailed):
        return
    assert b"the-secret-word" not in made


def test_what_is_no_map_is_said_in_a_sentence(run):
    for content in (
        b"{",
        b'{"type": "Nothing"}',
        b"[]",
        collection({"type": "Feature", "geometry": {"type": "Point", "coordinates": ["x", None]}}),
    ):
        with pytest.raises(Corrupt):
            run(geo.picture, content, "GEOJSON", "PNG")
    with pytest.raises(ConverterFailed, match="no places"):
        run(geo.picture, collection(), "GEOJSON", "PNG")


def test_metres_in_geojson_are_not_taken_for_degrees(run):
    """It fails, so that the road over GDAL is taken, which knows every system."""
    place = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [1113194.9, 6621293.7]}}

    def named(name: object) -> bytes:
        system = {"type": "name", "properties": {"name": name}}
        return json.dumps({"type": "FeatureCollection", "crs": system, "features": [place]}).encode()

    foreign = named("urn:ogc:def:crs:EPSG::3857")
    with pytest.raises(ConverterFailed, match="GDAL is needed"):
        run(geo.picture, foreign, "GEOJSON", "PNG")
    for target in ("GPKG", "FGB"):
        brought = run(geo.convert, foreign, "GEOJSON", target).read()
        assert box_of(features(run, brought, target)) == pytest.approx((10, 51.0, 10, 51.0), abs=0.01)
    for name in ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326", "urn:ogc:def:crs:EPSG:9.8.1:4326", 7):
        run(geo.table, named(name), "GEOJSON", "CSV")


def test_a_map_of_too_many_points_is_refused(run):
    with pytest.raises(TooExpensive, match="more than 200,000 features"):
        run(geo.picture, collection(*[point()] * (shapes.MOST_FEATURES + 1)), "GEOJSON", "PNG")


@pytest.mark.parametrize(("id", "sample", "source", "target"), [
    ("geo.picture", "geo/berlin.gpkg", "GPKG", "thumb.png"), ("geo.exact", "geo/berlin.kmz", "KMZ", "GPKG"),
    ("geo.geojson", "geo/a.osm.pbf", "OSM.PBF", "GEOJSON"),
])  # fmt: skip
async def test_in_its_cage(tmp_path, zoo, id, sample, source, target):
    converter = next(each for each in declared.CONVERTERS if each.id == id)
    async with open_runner(slots=1) as runner:
        work = Work(
            converter=converter, input=zoo / sample, source=source, target=target, arguments={}, folder=tmp_path, output="made"
        )
        await runner.run(work, priority=lambda: 0, report=lambda state: None)
    assert (tmp_path / "made").stat().st_size > 200
