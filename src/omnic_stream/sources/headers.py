"""What an origin's headers say, read strictly and purely: freshness, file name, media type, validators, when to try again."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from omnic_stream.model.contracts import Validators

LONGEST_NAME = 200
"""Bytes of UTF-8; file systems take 255."""

YEAR = 365 * 86400.0

_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_MEDIA_TYPE = re.compile(rf"\s*({_WORD}/{_WORD})\s*(?:;|$)")
_BETWEEN = re.compile(r"[\s,]*")
_DIRECTIVE = re.compile(rf'({_WORD})(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD})))?\s*(?=,|$)')
_PARAMETER = re.compile(rf';\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"\s]*))\s*')
_EXTENDED = re.compile(r"(UTF-8|ISO-8859-1)'[A-Za-z0-9-]*'(.*)", re.IGNORECASE | re.DOTALL)
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


class Headers(Mapping[str, str]):
    """Header fields by lower-case name; those given several times are joined by commas (RFC 9110 section 5.3)."""

    def __init__(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        self._fields: dict[str, str] = {}
        for raw_name, raw_value in fields:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip()
            self._fields[name] = f"{self._fields[name]}, {value}" if name in self._fields else value

    def __getitem__(self, name: str) -> str:
        return self._fields[name]

    def __iter__(self):
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


def max_age(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds for which a shared cache may keep the answer (RFC 9111 section 4.2); None where the origin says nothing.

    ``now``: seconds since the epoch, used where Date is missing. What may not be stored or not be shared is fresh for 0 s.
    """
    directives = _directives(headers.get("cache-control", ""))
    if {"no-store", "no-cache", "private"} & directives.keys() or headers.get("vary", "").strip() == "*":
        return 0.0
    if not directives and "no-cache" in headers.get("pragma", "").lower():
        return 0.0
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return _left(min(map(_seconds, directives[name])), headers)
    if "expires" in headers:
        expires, date = _instant(headers["expires"]), _instant(headers.get("date", ""))
        return 0.0 if expires is None else _left(expires - (now if date is None else date), headers)
    return None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until the origin wants to be asked again (RFC 9110 section 10.2.3), a day at most."""
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return min(_seconds(value), 86400.0)
    instant = _instant(value)
    return None if instant is None else min(max(0.0, instant - now), 86400.0)


def media_type(headers: Mapping[str, str]) -> str | None:
    """``type/subtype`` in lower case, without parameters."""
    match = _MEDIA_TYPE.match(headers.get("content-type", "")[:512])
    return match[1].lower() if match else None


def validators(headers: Mapping[str, str]) -> Validators:
    """ETag and Last-Modified as they can be sent back; what is malformed or overlong is dropped."""
    etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
    return Validators(
        etag=etag if len(etag) <= 512 and _ETAG.fullmatch(etag) else None,
        last_modified=modified if _instant(modified) is not None else None,
    )


def file_name(headers: Mapping[str, str], url: str) -> str | None:
    """A name as hint: from Content-Disposition (RFC 6266, RFC 8187), else the last segment of the URL's path."""
    disposition = headers.get("content-disposition", "")[:4096]
    return _disposed(disposition) or clean_name(unquote(urlsplit(url).path.rpartition("/")[2], errors="replace"))


def clean_name(name: str) -> str | None:
    """A bare file name that is safe to show and to keep: no folders, no controls, no direction overrides, not too long."""
    bare = re.split(r"[/\\]", name)[-1]
    shown = "".join(map(_printable, unicodedata.normalize("NFC", bare)))
    return _shortened(shown.strip(" .")) or None


def _printable(letter: str) -> str:
    match unicodedata.category(letter)[0]:
        case "C":
            return ""
        case "Z":
            return " "
        case _:
            return letter


def _disposed(disposition: str) -> str | None:
    start = disposition.find(";")
    if start < 0:
        return None
    found: dict[str, str] = {}
    while match := _PARAMETER.match(disposition, start):
        name, quoted, bare = match.groups()
        found.setdefault(name.lower(), bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
        start = match.end()
    if (extended := _EXTENDED.fullmatch(found.get("filename*", ""))) and (
        name := clean_name(unquote_to_bytes(extended[2].encode("latin-1")).decode(extended[1], errors="replace"))
    ):
        return name
    return clean_name(_as_utf8(found.get("filename", "")))


def _as_utf8(text: str) -> str:
    # RFC 6266 allows ISO-8859-1 only, but what servers send is mostly UTF-8.
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _shortened(name: str) -> str:
    encoded = name.encode("utf-8", errors="replace")
    if len(encoded) <= LONGEST_NAME:
        return encoded.decode("utf-8")
    stem, dot, extension = name.rpartition(".")
    tail = f".{extension}".encode("utf-8", errors="replace") if dot and stem and len(extension) <= 16 else b""
    return encoded[: LONGEST_NAME - len(tail)].decode("utf-8", errors="ignore") + tail.decode("utf-8")


def _directives(value: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    value = value[:4096]
    start = 0
    while (start := _BETWEEN.match(value, start).end()) < len(value):  # pyright: ignore[reportOptionalMemberAccess]
        if match := _DIRECTIVE.match(value, start):
            name, quoted, bare = match.groups()
            found.setdefault(name.lower(), []).append(quoted or bare or "")
            start = match.end()
        else:
            # A member that cannot be read is passed over, up to the next comma.
            start = value.find(",", start) + 1 or len(value)
    return found


def _seconds(text: str) -> float:
    # RFC 9111 section 1.2.2: what overflows counts as very long. A value that cannot be read makes the answer stale (4.2.1).
    if not (text.isascii() and text.isdigit()):
        return 0.0
    return float(text) if len(text) < 12 else math.inf


def _left(lifetime: float, headers: Mapping[str, str]) -> float:
    age = _seconds(headers.get("age", "0"))
    return min(max(0.0, lifetime - age), YEAR) if math.isfinite(age) else 0.0


def _instant(text: str) -> float | None:
    if not text or len(text) > 64:
        return None
    try:
        parsed = parsedate_to_datetime(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
