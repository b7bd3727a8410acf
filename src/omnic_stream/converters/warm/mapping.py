"""A map drawn as SVG from shapes: fitted, areas below lines below points, names where there is room, a grid and a scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from omnic_stream.converters.warm.drawing import FONT, escaped, fitted, width_of
from omnic_stream.converters.warm.shapes import Place, Shape, bounds

STEEPEST: Final = 85.0511287798066
"""Where Web Mercator's square ends (EPSG:3857)."""
AREAS: Final = ("#5b8fc7", "#d98b4a", "#6aa96a", "#b27bb5", "#c9a83f", "#58a6a6", "#c96b6b", "#8c8fb3")
LINE_COLOUR, POINT_COLOUR = "#b8442a", "#a01f4a"
MOST_NAMES: Final = 80
EARTH: Final = 6_371_008.8
"""Mean radius in metres."""
STYLE: Final = """
.ground{fill:#f5f3ee}.grid{stroke:#dcd7cb;fill:none;stroke-width:1}.soft{fill:#8a8475}.ink{fill:#2a2823}.halo{stroke:#f5f3ee}
.scale{stroke:#5e594e;fill:none}.case{stroke:#ffffff}
@media(prefers-color-scheme:dark){.ground{fill:#1a1d21}.grid{stroke:#2d3238}.soft{fill:#7d8792}.ink{fill:#e6e8ea}.halo{stroke:#1a1d21}
.scale{stroke:#9aa5b1}.case{stroke:#1a1d21}}
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """From places to pixels: Web Mercator, or plain degrees where the map reaches a pole or has other coordinates."""

    width: float
    height: float
    left: float
    top: float
    scale: float
    """Pixels for each projected unit."""
    mercator: bool

    def at(self, place: Place) -> tuple[float, float]:
        x, y = projected(place, self.mercator)
        return (x - self.left) * self.scale, (self.top - y) * self.scale


def projected(place: Place, mercator: bool) -> tuple[float, float]:
    """In degrees of the equator."""
    x, y = place
    if not mercator:
        return x, y
    y = max(min(y, STEEPEST), -STEEPEST)
    return x, math.degrees(math.asinh(math.tan(math.radians(y))))


def geographic(box: tuple[float, float, float, float]) -> bool:
    """Longitudes and latitudes, not metres of some national grid."""
    return box[0] >= -360 and box[2] <= 360 and box[1] >= -90 and box[3] <= 90


def fit(box: tuple[float, float, float, float], width: float, shape: float | None, margin: float) -> Frame:
    """The frame ``width`` wide in which the box stands in the middle; ``shape`` is height by width, else the box's own, within reason."""
    mercator = geographic(box) and box[1] >= -STEEPEST and box[3] <= STEEPEST
    west, south = projected((box[0], box[1]), mercator)
    east, north = projected((box[2], box[3]), mercator)
    alone = 0.01 if geographic(box) else 1000.0
    least = max(east - west, north - south) or alone * 20
    wide, high = max(east - west, least * 0.05), max(north - south, least * 0.05)
    tall = width * (shape if shape is not None else min(max(high / wide, 0.5), 1.25))
    scale = min((width - 2 * margin) / wide, (tall - 2 * margin) / high)
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    return Frame(width, tall, middle_x - width / scale / 2, middle_y + tall / scale / 2, scale, mercator)


def drawn(made: Sequence[Shape], frame: Frame, *, small: bool = False, ground: bool = True) -> str:
    """``small``: for a thumbnail, without words. Without ``ground`` it is laid over something else."""
    weight = 1.6 if small else 1.0
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{frame.width:.0f}" height="{frame.height:.0f}" '
        f'viewBox="0 0 {frame.width:.0f} {frame.height:.0f}" font-family="{FONT}" font-size="13"><style>{STYLE}</style>'
    ]
    if ground:
        parts.append('<rect class="ground" width="100%" height="100%"/>')
        parts += _grid(made, frame, words=not small)
    areas = [shape for shape in made if shape.kind == "area"]
    for shape in sorted(areas, key=_size, reverse=True):
        colour = shape.colour or AREAS[shape.feature % len(AREAS)]
        path = "".join(_path(ring, frame, closed=True) for ring in shape.rings)
        parts.append(
            f'<path d="{path}" fill="{colour}" fill-opacity="0.45" fill-rule="evenodd" stroke="{colour}" stroke-width="{1.5 * weight:.1f}" '
            'stroke-linejoin="round"/>'
        )
    lines = [(shape, _path(shape.rings[0], frame, closed=False)) for shape in made if shape.kind == "line"]
    if ground and len(lines) < 2000:
        round_off = 'stroke-linejoin="round" stroke-linecap="round"'
        parts += [f'<path class="case" d="{path}" fill="none" stroke-width="{5 * weight:.1f}" {round_off}/>' for _, path in lines]
    wide = (2.5 if len(lines) < 500 else 1.2) * weight
    for shape, path in lines:
        parts.append(
            f'<path d="{path}" fill="none" stroke="{shape.colour or LINE_COLOUR}" stroke-width="{wide:.1f}" stroke-linejoin="round" '
            'stroke-linecap="round"/>'
        )
    parts += _points([shape for shape in made if shape.kind == "point"], frame, weight)
    if not small:
        parts += _names(made, frame)
        if ground:
            parts += _scale_bar(frame)
    parts.append("</svg>")
    return "\n".join(parts)


def _size(shape: Shape) -> float:
    box = bounds([shape])
    return (box[2] - box[0]) * (box[3] - box[1]) if box else 0.0


def _path(ring: Sequence[Place], frame: Frame, *, closed: bool) -> str:
    """Points that fall on the same half pixel are left out; what lies far outside is held near, which numbers of resvg need."""
    words: list[str] = []
    last: tuple[int, int] | None = None
    far = 4 * max(frame.width, frame.height)
    for place in ring:
        x, y = frame.at(place)
        x, y = min(max(x, -far), far), min(max(y, -far), far)
        here = (round(2 * x), round(2 * y))
        if here != last:
            words.append(f"{'L' if words else 'M'}{x:.1f} {y:.1f}")
            last = here
    if len(words) == 1:
        words.append("h0.1")
    return "".join(words) + ("Z" if closed else "")


def _points(points: Sequence[Shape], frame: Frame, weight: float) -> list[str]:
    radius = (5.0 if len(points) < 200 else 3.0 if len(points) < 5000 else 1.5) * weight
    seen: set[tuple[int, int]] = set()
    parts: list[str] = []
    for shape in points:
        x, y = frame.at(shape.rings[0][0])
        here = (round(x), round(y))
        if here not in seen and -20 <= x <= frame.width + 20 and -20 <= y <= frame.height + 20:
            seen.add(here)
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{shape.colour or POINT_COLOUR}" class="case" '
                f'stroke-width="{radius * 0.3:.1f}"/>'
            )
    return parts


# --- words ------------------------------------------------------------------------------------------------------------------


def _names(made: Sequence[Shape], frame: Frame) -> list[str]:
    """Beside points, in the middle of areas and along lines; none over another."""
    taken: list[tuple[float, float, float, float]] = []
    parts: list[str] = []
    told: set[tuple[int, str]] = set()
    for shape in sorted((each for each in made if each.name), key=lambda each: ("point", "area", "line").index(each.kind)):
        if len(parts) >= MOST_NAMES or (shape.kind != "point" and (shape.feature, shape.name) in told):
            continue
        text = fitted(shape.name, 180, 13)
        wide = width_of(text, 13)
        x, y = frame.at(_middle(shape))
        y += 4.5
        starts = (x + 9, x - 9 - wide) if shape.kind == "point" else (x - wide / 2,)
        boxes = [(start - 2, y - 13, start + wide + 2, y + 4) for start in starts]
        box = next((each for each in boxes if _free(each, frame, taken)), None)
        if box is None or (shape.kind == "area" and wide > 1.2 * _wide(shape, frame)):
            continue
        x = box[0] + 2
        taken.append(box)
        told.add((shape.feature, shape.name))
        parts.append(
            f'<text class="ink halo" x="{x:.1f}" y="{y:.1f}" stroke-width="3" stroke-linejoin="round" paint-order="stroke">{escaped(text)}</text>'
        )
    return parts


Box = tuple[float, float, float, float]


def _free(box: Box, frame: Frame, taken: Sequence[Box]) -> bool:
    inside = box[0] >= 2 and box[1] >= 2 and box[2] <= frame.width - 2 and box[3] <= frame.height - 2
    return inside and not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken)


def _wide(shape: Shape, frame: Frame) -> float:
    box = bounds([shape])
    return (box[2] - box[0]) * frame.scale if box else 0.0


def _middle(shape: Shape) -> Place:
    """Of a line the place half way along its points, of an area the outer ring's centre of mass."""
    ring = shape.rings[0]
    if shape.kind != "area":
        return ring[len(ring) // 2]
    twice = x = y = 0.0
    start = ring[0]
    for (ax, ay), (bx, by) in zip(ring, (*ring[1:], ring[0]), strict=True):
        cross = (ax - start[0]) * (by - start[1]) - (bx - start[0]) * (ay - start[1])
        twice += cross
        x += (ax + bx - 2 * start[0]) * cross
        y += (ay + by - 2 * start[1]) * cross
    if abs(twice) < 1e-18:
        return ring[len(ring) // 2]
    return start[0] + x / (3 * twice), start[1] + y / (3 * twice)


def _steps(span: float, most: int) -> float:
    """A round step, in degrees, of which at most so many fit."""
    raw = span / most
    sizes = (90, 45, 30, 20, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
    return next((size for size in reversed(sizes) if size >= raw), 90.0)


def _grid(made: Sequence[Shape], frame: Frame, *, words: bool) -> list[str]:
    box = bounds(made)
    if box is None or not geographic(box):
        return []
    west, east = frame.left, frame.left + frame.width / frame.scale
    north, south = (_latitude(y, frame.mercator) for y in (frame.top, frame.top - frame.height / frame.scale))
    step = _steps(east - west, 6 if words else 4)
    parts: list[str] = []
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    for number in range(math.ceil(west / step), math.floor(east / step) + 1):
        x, _ = frame.at((number * step, 0))
        parts.append(f'<path class="grid" d="M{x:.1f} 0V{frame.height:.0f}"/>')
        if words and 30 < x < frame.width - 30:
            parts.append(_label(x, frame.height - 6, "middle", number * step, places, "EW"))
    for number in range(math.ceil(max(south, -90) / step), math.floor(min(north, 90) / step) + 1):
        _, y = frame.at((0, number * step))
        parts.append(f'<path class="grid" d="M0 {y:.1f}H{frame.width:.0f}"/>')
        if words and 20 < y < frame.height - 40:
            parts.append(_label(frame.width - 6, y - 4, "end", number * step, places, "NS"))
    return parts


def _latitude(y: float, mercator: bool) -> float:
    return math.degrees(math.atan(math.sinh(math.radians(y)))) if mercator else y


def _label(x: float, y: float, anchor: str, degrees: float, places: int, sides: str) -> str:
    side = "" if abs(degrees) < 1e-9 else sides[0] if degrees > 0 else sides[1]
    return (
        f'<text class="soft" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="11">{abs(degrees):.{places}f}°{side}</text>'
    )


def _scale_bar(frame: Frame) -> list[str]:
    """As long as a round distance is at the map's middle."""
    middle = _latitude(frame.top - frame.height / frame.scale / 2, frame.mercator)
    if abs(middle) > STEEPEST or frame.width / frame.scale > 180:
        return []  # a map of the world has no one scale
    metres = math.radians(1 / frame.scale) * EARTH * math.cos(math.radians(middle))
    longest = frame.width / 5 * metres
    power = 10.0 ** math.floor(math.log10(longest))
    length = next(factor * power for factor in (5, 2, 1) if factor * power <= longest)
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    wide, base = length / metres, frame.height - 18
    return [
        f'<path class="scale" stroke-width="1.5" d="M14 {base - 5:.1f}V{base:.1f}H{14 + wide:.1f}V{base - 5:.1f}"/>',
        f'<text class="ink halo" stroke-width="3" paint-order="stroke" font-size="11" x="{14 + wide / 2:.1f}" y="{base - 6:.1f}" '
        f'text-anchor="middle">{text}</text>',
    ]
