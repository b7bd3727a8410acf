"""What a map is drawn from: GeoJSON's geometries (RFC 7946) as points, lines and areas with their names."""

# JSON of strangers has no types: what is taken from it is checked where it is taken
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from omnic_stream.converters.warm import files
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

Place = tuple[float, float]
"""Longitude and latitude, in degrees."""
MOST_VERTICES: Final = 3_000_000
MOST_FEATURES: Final = 200_000
LARGEST: Final = 96 * MiB
NAMES: Final = ("name", "Name", "NAME", "title", "label", "ref")
COLOUR: Final = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}\Z")


@dataclass(frozen=True, slots=True)
class Shape:
    kind: str
    """point, line, area"""
    rings: tuple[tuple[Place, ...], ...]
    """Of a point one place; of an area its outer ring, then its holes."""
    name: str
    feature: int
    colour: str = ""
    """What the feature asks for itself (simplestyle-spec 1.1)."""


DEGREES: Final = re.compile(r"(?:CRS84h?|EPSG:[\d.]*:?4326)$", re.IGNORECASE)
"""Longitude and latitude in WGS 84: nobody writes EPSG:4326 in GeoJSON the other way round."""


def read(call: Call) -> Iterator[dict[str, Any]]:
    """The features of a GeoJSON text. Raises Corrupt, TooExpensive, ConverterFailed for what GDAL has to bring into degrees first."""
    from omnic_stream.converters.warm.pages import decoded

    try:
        value: Any = json.loads(decoded(files.read(call.input, LARGEST)))
    except (ValueError, RecursionError) as error:
        raise Corrupt("The GeoJSON cannot be read: it is not well formed JSON.") from error
    system = _system(value)
    if system and DEGREES.search(system) is None:
        raise ConverterFailed(f"The coordinates of this map are not degrees but in {system[:60]}: GDAL is needed to read them.")
    yield from _features(value)


def _system(value: Any) -> str:
    """The name of a reference system, which the GeoJSON of 2008 had (section 3): RFC 7946 left it out, and knows degrees alone."""
    try:
        name = value["crs"]["properties"]["name"]
    except (TypeError, LookupError):
        return ""
    return name if isinstance(name, str) else ""


def _features(value: Any) -> Iterator[dict[str, Any]]:
    kind = value.get("type") if isinstance(value, dict) else None  # type: ignore[reportUnknownVariableType]
    if kind == "FeatureCollection" and isinstance(value.get("features"), list):
        for each in value["features"]:
            if isinstance(each, dict):
                yield each
    elif kind == "Feature":
        yield value
    elif kind in SPREAD or kind == "GeometryCollection":
        yield {"type": "Feature", "properties": {}, "geometry": value}
    else:
        raise Corrupt("This JSON is no GeoJSON: it is neither a feature, a geometry nor a collection of them.")


def shapes(features: Iterable[dict[str, Any]]) -> list[Shape]:
    """Raises TooExpensive for more than can be drawn, Corrupt for places that are none."""
    made: list[Shape] = []
    vertices = 0
    for number, feature in enumerate(features):
        if number >= MOST_FEATURES:
            raise TooExpensive(f"The map has more than {MOST_FEATURES:,} features.")
        given = feature.get("properties")
        properties: dict[str, Any] = given if isinstance(given, dict) else {}
        name = next((str(properties[key]) for key in NAMES if properties.get(key)), "")
        try:
            parts = list(_parts(feature.get("geometry"), 0))
        except (TypeError, ValueError, IndexError, KeyError) as error:
            raise Corrupt(f"Feature {number + 1} of the map has no proper coordinates.") from error
        for kind, rings in parts:
            asked = properties.get({"area": "fill", "line": "stroke", "point": "marker-color"}[kind])
            colour = asked if isinstance(asked, str) and COLOUR.match(asked) else ""
            made.append(Shape(kind, rings, name, number, colour))
            vertices += sum(map(len, rings))
        if vertices > MOST_VERTICES:
            raise TooExpensive(f"The map has more than {MOST_VERTICES:,} points.")
    return made


SPREAD: Final = {
    "Point": ("point", 0), "MultiPoint": ("point", 1), "LineString": ("line", 1), "MultiLineString": ("line", 2), "Polygon": ("area", 2),
    "MultiPolygon": ("area", 3),
}  # fmt: skip
"""What each geometry becomes, and how deep its coordinates are nested."""


def _parts(geometry: Any, depth: int) -> Iterator[tuple[str, tuple[tuple[Place, ...], ...]]]:
    if not isinstance(geometry, dict):
        return
    kind = geometry.get("type")
    if kind == "GeometryCollection" and depth < 8:
        for each in geometry.get("geometries", ()):
            yield from _parts(each, depth + 1)
        return
    if kind not in SPREAD:
        return
    form, nested = SPREAD[kind]
    given = geometry.get("coordinates") or ()
    if form == "point":
        places = [given] if nested == 0 and given else given
        yield from (("point", ((_place(place),),)) for place in places)
    elif form == "line":
        yield from (("line", (_places(line),)) for line in ([given] if nested == 1 else given) if line)
    else:
        for area in [given] if nested == 2 else given:
            if rings := tuple(_places(ring) for ring in area if ring):
                yield "area", rings


def _places(given: Sequence[Any]) -> tuple[Place, ...]:
    return tuple(_place(each) for each in given)


def _place(given: Any) -> Place:
    x, y = float(given[0]), float(given[1])
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError("no place")
    return x, y


def bounds(made: Iterable[Shape]) -> tuple[float, float, float, float] | None:
    """West, south, east, north."""
    west = south = math.inf
    east = north = -math.inf
    for shape in made:
        for ring in shape.rings:
            for x, y in ring:
                west, east = min(west, x), max(east, x)
                south, north = min(south, y), max(north, y)
    return (west, south, east, north) if west <= east else None
