"""Where an axis is marked, and with which words."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final


def number_ticks(low: float, high: float, most: int) -> list[tuple[float, float]]:
    """Round values (1, 2 or 5 of some power of ten) with their step, about ``most`` of them."""
    raw = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [(place * step, step) for place in range(first, math.floor(high / step + 1e-9) + 1)][: most * 4]


def tick_text(value: float, step: float) -> str:
    if abs(value) < step * 1e-9:
        return "0"
    size = max(abs(value), step)
    if size >= 1e6 or step < 1e-4:
        for scale, sign in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
            if size >= scale and step >= scale / 1000:
                return f"{value / scale:.10g} {sign}"
        return f"{value:.4g}"
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    text = f"{value:,.{places}f}" if abs(value) >= 10_000 else f"{value:.{places}f}"
    return text.replace(",", "\u202f").replace("-", "\u2212")


STEPS: Final = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)


def time_ticks(low: float, high: float) -> list[tuple[float, str]]:
    raw = (high - low) / 8
    start = datetime(1970, 1, 1, tzinfo=UTC)
    try:
        first, last = start + timedelta(seconds=low), start + timedelta(seconds=high)
    except OverflowError:
        return []
    if raw > 604_800:
        return _calendar_ticks(first, last, raw)
    step = next((each for each in STEPS if each >= raw), STEPS[-1])
    form = "%H:%M:%S" if step < 60 else "%H:%M" if high - low < 86_400 else "%d %b %H:%M" if step < 86_400 else "%d %b %Y"
    return [
        (at, (start + timedelta(seconds=at)).strftime(form))
        for at in (place * step for place in range(math.ceil(low / step), math.floor(high / step) + 1))
    ]


def _calendar_ticks(first: datetime, last: datetime, raw: float) -> list[tuple[float, str]]:
    """The first days of months or years."""
    months = next((each for each in (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12_000) if each * 2_629_746 >= raw), 24_000)
    place = math.ceil((first.year * 12 + first.month - 1) / months) * months
    made: list[tuple[float, str]] = []
    while place // 12 <= min(last.year, 9998):
        at = datetime(max(place // 12, 1), place % 12 + 1, 1, tzinfo=UTC)
        if at > last:
            break
        if at >= first:
            made.append((at.timestamp(), at.strftime("%Y" if months >= 12 else "%b %Y")))
        place += months
    return made
