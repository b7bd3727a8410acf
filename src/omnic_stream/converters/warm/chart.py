"""A chart of a table, drawn as SVG: lines over time or a rising number, bars over categories, counts where nothing is a number."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any, Final

from omnic_stream.converters.warm import drawing
from omnic_stream.converters.warm.axes import number_ticks, tick_text, time_ticks
from omnic_stream.converters.warm.drawing import escaped, fitted, width_of
from omnic_stream.converters.warm.pages import write
from omnic_stream.converters.warm.sheets import NUMERIC, TEMPORAL, Sheet, number, shown, told
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed

COLOURS: Final = ("#3d7fc1", "#e07b39", "#3a9d6e", "#b5539c", "#8a7a2f", "#cf4e52")
"""Apart from each other for the colour-blind too, and clear on white as on near-black."""
MOST_SERIES: Final = 6
MOST_PANELS: Final = 4
MOST_BARS: Final = 30
MOST_POINTS: Final = 2_000_000
BUCKETS: Final = 900
WIDTH, HEIGHT = 960.0, 540.0
APART: Final = 12
"""Series whose ranges differ by more than this have a panel of their own."""
STYLE: Final = """
.ground{fill:#ffffff}.ink{fill:#1d2329}.soft{fill:#59636e}.grid{stroke:#e1e5ea;fill:none}.axis{stroke:#8b96a2;fill:none}
@media(prefers-color-scheme:dark){.ground{fill:#15191d}.ink{fill:#e4e8ec}.soft{fill:#9aa5b1}.grid{stroke:#2b333b}.axis{stroke:#66717d}}
"""


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    colour: str
    points: tuple[tuple[float, float], ...]
    """x and y, gaps as y that is not a number; for bars x is the place."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """How a table is shown. ``x`` is a column, or None for the row's number."""

    form: str
    """lines, bars, counts"""
    x: int | None
    series: tuple[int, ...]


def plot(call: Call, sheet: Sheet) -> None:
    """Raises ConverterFailed for a table without rows."""
    if not sheet.count or not sheet.columns:
        raise ConverterFailed("The table has no rows to draw.")
    way = choose(sheet)
    if way.form == "lines":
        svg, width, height = _lines(call, sheet, way)
    else:
        svg, width, height = _bars(call, sheet, way)
    if call.target == "plot.svg":
        write(call, svg.encode())
    else:
        drawing.render(call, svg, width, height)


def choose(sheet: Sheet) -> Chosen:
    """Time first, then a number that rises all the way, then names; else the order of the rows."""
    numbers = [place for place, kind in enumerate(sheet.kinds) if kind in NUMERIC]
    words = [place for place, kind in enumerate(sheet.kinds) if kind in {"text", "boolean"}]
    times = [place for place, kind in enumerate(sheet.kinds) if kind in TEMPORAL]
    if not numbers:
        return Chosen("counts", _telling(sheet, words or times or [0]), ())
    if times and sheet.count > 1:
        return Chosen("lines", times[0], tuple(numbers[:MOST_SERIES]))
    rising = next((place for place in numbers[:2] if len(numbers) > 1 and sheet.count > 2 and _rises(sheet, place)), None)
    if rising is not None:
        return Chosen("lines", rising, tuple(place for place in numbers if place != rising)[:MOST_SERIES])
    if words and _few(sheet, words[0]):
        return Chosen("bars", words[0], tuple(numbers[:MOST_PANELS]))
    return Chosen("lines", None, tuple(numbers[:MOST_SERIES]))


def _rises(sheet: Sheet, place: int) -> bool:
    last = -math.inf
    for row in sheet.typed():
        value = row[place]
        if value is None or not float(value) > last:
            return False
        last = float(value)
    return True


def _telling(sheet: Sheet, places: Sequence[int]) -> int:
    """The column that says most by its counts: the fewest different values, but more than one, in the first rows."""
    seen: list[set[str]] = [set() for _ in places]
    for row in islice(sheet.rows(), 2000):
        for values, place in zip(seen, places, strict=True):
            values.add(shown(row[place]))
    ranks = [(len(values) if len(values) > 1 else math.inf, number_) for number_, values in enumerate(seen)]
    return places[min(ranks)[1]]


def _few(sheet: Sheet, place: int) -> bool:
    """Few enough names for a bar each."""
    seen: set[str] = set()
    for row in sheet.rows():
        seen.add(shown(row[place]))
        if len(seen) > MOST_BARS:
            return False
    return True


# --- lines ------------------------------------------------------------------------------------------------------------------


def _lines(call: Call, sheet: Sheet, way: Chosen) -> tuple[str, float, float]:
    timed = way.x is not None and sheet.kinds[way.x] in TEMPORAL
    series = _read(call, sheet, way, timed)
    spans = [_span(each) for each in series]
    panels = _panels(series, spans)
    height = max(HEIGHT, 96 + 150.0 * len(panels))
    left, right, top, bottom, gap = 76.0, 24.0, 56.0, 58.0, 34.0
    every = [x for each in series for x, _ in each.points]
    x_low, x_high = (min(every), max(every)) if every else (0.0, 1.0)
    if x_high <= x_low:
        x_low, x_high = x_low - 1, x_high + 1
    ticks = (
        time_ticks(x_low, x_high) if timed else [(value, tick_text(value, step)) for value, step in number_ticks(x_low, x_high, 9)]
    )
    high = (height - top - bottom - gap * (len(panels) - 1)) / len(panels)

    def across(x: float) -> float:
        return left + (x - x_low) / (x_high - x_low) * (WIDTH - left - right)

    parts = [_head(WIDTH, height)]
    for number_, panel in enumerate(panels):
        y_top = top + number_ * (high + gap)
        parts += _panel(panel, across, y_top, high, (left, WIDTH - right), [at for at, _ in ticks])
        parts += _legend(panel, left, y_top - 12)
    for at, text in ticks:
        x = across(at)
        parts.append(f'<text class="soft" x="{x:.1f}" y="{height - bottom + 20:.1f}" text-anchor="middle">{escaped(text)}</text>')
    name = sheet.columns[way.x] if way.x is not None else "row"
    middle = (left + WIDTH - right) / 2
    parts.append(
        f'<text class="ink" x="{middle:.1f}" y="{height - 14:.1f}" text-anchor="middle">{escaped(fitted(name, 600, 13))}</text></svg>'
    )
    return "\n".join(parts), WIDTH, height


def _read(call: Call, sheet: Sheet, way: Chosen, timed: bool) -> list[Series]:
    points: list[list[tuple[float, float]]] = [[] for _ in way.series]
    for place, row in enumerate(told(call, sheet, sheet.typed(), high=0.7)):
        if place >= MOST_POINTS:
            break
        x = float(place + 1) if way.x is None else _moment(row[way.x]) if timed else _real(row[way.x])
        if math.isfinite(x):
            for each, column in zip(points, way.series, strict=True):
                each.append((x, _real(row[column])))
    made: list[Series] = []
    for number_, (column, each) in enumerate(zip(way.series, points, strict=True)):
        each.sort(key=lambda point: point[0])
        made.append(Series(sheet.columns[column], COLOURS[number_ % len(COLOURS)], tuple(thinned(each))))
    return made


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """No more than a screen shows: of each column of pixels the least and the greatest, so that no peak is lost."""
    if len(points) <= 2 * BUCKETS:
        return list(points)
    low, high = points[0][0], points[-1][0]
    scale = BUCKETS / ((high - low) or 1)
    made: list[tuple[float, float]] = []
    bucket: list[tuple[float, float]] = []
    current = 0
    for point in points:
        place = int((point[0] - low) * scale)
        if place != current and bucket:
            made += sorted({min(bucket, key=lambda each: each[1]), max(bucket, key=lambda each: each[1])})
            bucket = []
        current = place
        if math.isfinite(point[1]):
            bucket.append(point)
    if bucket:
        made += sorted({min(bucket, key=lambda each: each[1]), max(bucket, key=lambda each: each[1])})
    return made


def _real(value: Any) -> float:
    return float(value) if value is not None else math.nan


def _moment(value: Any) -> float:
    """Seconds since the epoch; a day begins at midnight, a clock without a zone is taken for UTC."""
    if isinstance(value, datetime):
        return (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC).timestamp()
    return math.nan


def _span(series: Series) -> tuple[float, float]:
    values = [y for _, y in series.points if math.isfinite(y)]
    return (min(values), max(values)) if values else (0.0, 1.0)


def _panels(series: Sequence[Series], spans: Sequence[tuple[float, float]]) -> list[list[Series]]:
    """Together where one scale shows all of them; else one each, up to four."""
    sizes = [max(high - low, 1e-12) for low, high in spans]
    whole = max(high for _, high in spans) - min(low for low, _ in spans)
    if len(series) == 1 or whole <= APART * min(sizes):
        return [list(series)]
    return [[each] for each in series[:MOST_PANELS]]


def _panel(
    panel: Sequence[Series], across: Any, top: float, high: float, sides: tuple[float, float], xs: Sequence[float]
) -> list[str]:
    spans = [_span(each) for each in panel]
    low, most = min(span[0] for span in spans), max(span[1] for span in spans)
    if 0 < low < 0.35 * most:
        low = 0.0
    if most <= low:
        low, most = low - (abs(low) or 1) / 2, most + (abs(most) or 1) / 2
    ticks = number_ticks(low, most, max(int(high / 48), 3))
    step = ticks[0][1] if ticks else 1.0
    low, most = min(low, math.floor(low / step) * step), max(most, math.ceil(most / step) * step)
    ticks = number_ticks(low, most, max(int(high / 48), 3))

    def down(y: float) -> float:
        return top + high - (y - low) / (most - low) * high

    parts: list[str] = []
    for value, step in ticks:
        y = down(value)
        parts.append(f'<path class="grid" d="M{sides[0]:.1f} {y:.1f}H{sides[1]:.1f}"/>')
        parts.append(f'<text class="soft" x="{sides[0] - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{tick_text(value, step)}</text>')
    parts += [f'<path class="grid" d="M{across(x):.1f} {top:.1f}V{top + high:.1f}"/>' for x in xs]
    parts.append(f'<path class="axis" d="M{sides[0]:.1f} {top + high:.1f}H{sides[1]:.1f}"/>')
    for each in panel:
        path = _path([(across(x), down(y)) for x, y in each.points])
        parts.append(
            f'<path d="{path}" fill="none" stroke="{each.colour}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"/>'
        )
        if len(each.points) <= 40:
            parts += [
                f'<circle cx="{across(x):.1f}" cy="{down(y):.1f}" r="3" fill="{each.colour}"/>'
                for x, y in each.points
                if math.isfinite(y)
            ]
    return parts


def _path(points: Sequence[tuple[float, float]]) -> str:
    words: list[str] = []
    pen = False
    for x, y in points:
        if math.isfinite(y):
            words.append(f"{'L' if pen else 'M'}{x:.1f} {y:.1f}")
        pen = math.isfinite(y)
    return "".join(words) or "M0 0"


def _legend(panel: Sequence[Series], left: float, base: float) -> list[str]:
    parts: list[str] = []
    at = left
    for each in panel:
        name = fitted(each.name, 200, 13)
        parts.append(f'<rect x="{at:.1f}" y="{base - 9:.1f}" width="14" height="10" rx="2" fill="{each.colour}"/>')
        parts.append(f'<text class="ink" x="{at + 20:.1f}" y="{base:.1f}">{escaped(name)}</text>')
        at += 20 + width_of(name, 13) + 22
    return parts


# --- bars -------------------------------------------------------------------------------------------------------------------


def _bars(call: Call, sheet: Sheet, way: Chosen) -> tuple[str, float, float]:
    """Bars lie, so that their names can be read; a panel for each number."""
    labels, columns, note = _counted(call, sheet, way) if way.form == "counts" else _grouped(call, sheet, way)
    line = 24.0 if len(labels) <= 16 else 19.0
    room = min(max([width_of(label, 13) for label in labels] + [30.0]), 260.0)
    left, right, top, gap = room + 28, 28.0, 62.0, 34.0
    height = max(top + line * len(labels) + 44, 180.0)
    wide = (WIDTH - left - right - gap * (len(columns) - 1)) / len(columns)
    parts = [_head(WIDTH, height)]
    for number_, (name, values) in enumerate(columns):
        x = left + number_ * (wide + gap)
        parts += _bar_panel(values, COLOURS[number_ % len(COLOURS)], x, top, wide, line, whole=way.form == "counts")
        parts.append(
            f'<text class="ink" x="{x:.1f}" y="{top - 32:.1f}" font-weight="bold">{escaped(fitted(name, wide, 13))}</text>'
        )
    for place, label in enumerate(labels):
        base = top + line * place + line / 2 + 4.5
        parts.append(
            f'<text class="ink" x="{left - 10:.1f}" y="{base:.1f}" text-anchor="end">{escaped(fitted(label, room, 13))}</text>'
        )
    parts.append(f'<text class="soft" x="{WIDTH / 2:.1f}" y="{height - 12:.1f}" text-anchor="middle">{escaped(note)}</text></svg>')
    return "\n".join(parts), WIDTH, height


def _counted(call: Call, sheet: Sheet, way: Chosen) -> tuple[list[str], list[tuple[str, list[float]]], str]:
    counts: Counter[str] = Counter()
    place = way.x or 0
    for row in told(call, sheet, sheet.rows(), high=0.7):
        if len(counts) < 100_000:
            counts[shown(row[place])] += 1
    most = counts.most_common(MOST_BARS)
    left = len(counts) - len(most)
    note = f"rows for each {sheet.columns[place]}" + (f" (and {left:,} more)" if left else "")
    return [label or "(empty)" for label, _ in most], [("rows", [float(count) for _, count in most])], note


def _grouped(call: Call, sheet: Sheet, way: Chosen) -> tuple[list[str], list[tuple[str, list[float]]], str]:
    """Each name once, in the file's order; of several rows the mean."""
    sums: dict[str, list[tuple[float, int]]] = {}
    place = way.x or 0
    several = False
    for row in told(call, sheet, sheet.typed(), high=0.7):
        label = shown(row[place])
        several = several or label in sums
        each = sums.setdefault(label, [(0.0, 0)] * len(way.series))
        for number_, column in enumerate(way.series):
            if math.isfinite(value := _real(row[column])):
                each[number_] = (each[number_][0] + value, each[number_][1] + 1)
    means = [[total / count if count else math.nan for total, count in each] for each in sums.values()]
    columns = [(sheet.columns[column], [each[number_] for each in means]) for number_, column in enumerate(way.series)]
    return [label or "(empty)" for label in sums], columns, ("mean by " if several else "by ") + sheet.columns[place]


def _bar_panel(
    values: Sequence[float], colour: str, left: float, top: float, wide: float, line: float, *, whole: bool
) -> list[str]:
    real = [value for value in values if math.isfinite(value)]
    low, high = min([0.0, *real]), max([0.0, *real])
    if high <= low:
        high = low + 1
    most = max(int(wide / 90), 2)
    ticks = number_ticks(low, high, min(most, int(high)) if whole else most)
    bottom = top + line * len(values)

    def across(value: float) -> float:
        return left + (value - low) / (high - low) * wide

    parts: list[str] = []
    for value, step in ticks:
        parts.append(f'<path class="grid" d="M{across(value):.1f} {top - 4:.1f}V{bottom:.1f}"/>')
        parts.append(
            f'<text class="soft" x="{across(value):.1f}" y="{top - 10:.1f}" text-anchor="middle">{tick_text(value, step)}</text>'
        )
    for place, value in enumerate(values):
        if math.isfinite(value):
            start, end = sorted((across(0), across(value)))
            y = top + line * place + line * 0.16
            parts.append(
                f'<rect x="{start:.1f}" y="{y:.1f}" width="{max(end - start, 1):.1f}" height="{line * 0.68:.1f}" rx="2" fill="{colour}">'
                f"<title>{escaped(number(value))}</title></rect>"
            )
    parts.append(f'<path class="axis" d="M{across(0):.1f} {top - 4:.1f}V{bottom:.1f}"/>')
    return parts


def _head(width: float, height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'font-family="{drawing.FONT}" font-size="13"><style>{STYLE}</style><rect class="ground" width="100%" height="100%"/>'
    )
