"""Readers of what tools print while they work: pure, one for each style, made anew for each run (contracts.Command.progress)."""

from __future__ import annotations

import re
from typing import Final

from omnic_stream.model.contracts import ProgressReader

_DURATION: Final = re.compile(rb"^\s*Duration: (\d+):(\d{2}):(\d{2}(?:\.\d+)?)")
_PAGES: Final = re.compile(rb"^(\d{1,7}) (\d{1,7})(?: .*)?$")
_PERCENT: Final = re.compile(rb"(?<![\d.])(\d{1,3}(?:\.\d+)?)\s?%")


def ffmpeg_progress(duration: float | None = None) -> ProgressReader:
    """``ffmpeg -progress pipe:1``: ``out_time_us`` over the duration, in seconds; unless given, it is read from ffmpeg's banner.

    The banner (``Duration: 00:01:02.50``) is printed on stderr at ``-v info``. ffmpeg calls microseconds ``out_time_ms`` too.
    """
    total = duration

    def read(line: bytes) -> float | None:
        nonlocal total
        if line.strip() == b"progress=end":
            return 1.0
        if total is None and (found := _DURATION.match(line)):
            hours, minutes, seconds = found.groups()
            total = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
            return None
        name, _, value = line.partition(b"=")
        if name not in (b"out_time_us", b"out_time_ms") or not total or not value.strip().isdigit():
            return None
        return min(int(value) / 1e6 / total, 1.0)

    return read


def poppler_progress() -> ProgressReader:
    """``pdftoppm -progress``: ``PAGE LAST FILE`` on stderr after each page; the first page told is the first of the range."""
    first: int | None = None

    def read(line: bytes) -> float | None:
        nonlocal first
        found = _PAGES.match(line)
        if not found:
            return None
        page, last = map(int, found.groups())
        first = page if first is None else first
        if not first <= page <= last:
            return None
        return (page - first + 1) / (last - first + 1)

    return read


def percent_progress() -> ProgressReader:
    """The last percentage on a line (``7z -bsp1``, ``git --progress``): 42% is 0.42."""

    def read(line: bytes) -> float | None:
        found = _PERCENT.findall(line)
        value = float(found[-1]) / 100 if found else None
        return value if value is not None and value <= 1 else None

    return read
