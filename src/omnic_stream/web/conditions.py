"""Conditional and range requests (RFC 9110 sections 13 and 14) as one pure decision."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

FIELDS = frozenset((b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"range", b"if-range"))
_ONE_RANGE = re.compile(rb"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))[ \t]*", re.IGNORECASE)
_TAG = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_DATES = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")


class Decision(NamedTuple):
    """``status`` is 200, 206, 304, 412 or 416; of 200 and 206, the bytes from ``start`` to before ``stop`` are sent."""

    status: int
    start: int = 0
    stop: int = 0


def decide(method: str, fields: Mapping[bytes, bytes], *, etag: bytes, modified: int, size: int) -> Decision:
    """In the order of section 13.2.2. ``etag`` is strong and in quotes, ``modified`` in whole seconds.

    Several ranges, and units other than bytes, are answered with the whole, as section 14.2 allows.
    """
    get = fields.get
    if (value := get(b"if-match")) is not None:
        if not _lists(value, etag, weak=False):
            return Decision(412)
    elif (value := get(b"if-unmodified-since")) is not None and (when := http_date(value)) is not None and modified > when:
        return Decision(412)
    if (value := get(b"if-none-match")) is not None:
        if _lists(value, etag, weak=True):
            return Decision(304)
    elif (value := get(b"if-modified-since")) is not None and (when := http_date(value)) is not None and modified <= when:
        return Decision(304)
    whole = Decision(200, 0, size)
    if method != "GET" or (value := get(b"range")) is None:
        return whole
    if (condition := get(b"if-range")) is not None and not _still(condition.strip(b" \t"), etag, modified):
        return whole
    return _part(value, size) or whole


def http_date(value: bytes) -> int | None:
    """Seconds since the epoch of any of the three forms of section 5.6.7; None for anything else."""
    try:
        text = value.decode("ascii").strip(" \t")
    except UnicodeDecodeError:
        return None
    for form in _DATES:
        try:
            return timegm(datetime.strptime(text, form).timetuple())  # HTTP dates are UTC
        except ValueError:
            continue
    return None


def _lists(value: bytes, etag: bytes, *, weak: bool) -> bool:
    """Whether a field value lists this tag. A comma may stand inside a tag."""
    if value.strip(b" \t") == b"*":
        return True
    return any(tag == etag and (weak or not mark) for mark, tag in _TAG.findall(value))


def _still(condition: bytes, etag: bytes, modified: int) -> bool:
    """Section 13.1.5: a weak tag never matches, and a date must be equal."""
    if condition.startswith((b'"', b"W/")):
        return condition == etag
    return http_date(condition) == modified


def _part(value: bytes, size: int) -> Decision | None:
    match = _ONE_RANGE.fullmatch(value.strip(b" \t"))
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        start, stop = max(0, size - int(suffix)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None  # not a valid range, so there is none
    return Decision(206, start, stop) if start < stop else Decision(416)
