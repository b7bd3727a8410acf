"""Android's binary XML, as far as a manifest needs it (frameworks/base, ResourceTypes.h)."""

from __future__ import annotations

import struct
from typing import Any

from omnic_stream.model.errors import Corrupt

STRINGS, START = 0x0001, 0x0102
UTF8 = 1 << 8
MOST_STRINGS = 100_000
BY_RESOURCE = {
    0x01010003: "name", 0x01010001: "label", 0x0101021B: "versionCode", 0x0101021C: "versionName", 0x0101020C: "minSdkVersion",
    0x01010270: "targetSdkVersion", 0x01010271: "maxSdkVersion",
}  # fmt: skip
"""Attributes whose names a shrinker took away are still known by their resource."""
RESOURCES = 0x0180


def elements(data: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Name and attributes of each element, in order; values are text, numbers, or ``@0x...`` for a resource elsewhere."""
    try:
        return _elements(data)
    except (struct.error, IndexError) as error:
        raise Corrupt("The app's manifest is broken.") from error


def _elements(data: bytes) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    strings: list[str] = []
    resources: list[int] = []
    at = 8
    while at + 8 <= len(data):
        kind, header, size = struct.unpack_from("<HHI", data, at)
        if size < 8:
            break
        if kind == STRINGS:
            strings = _strings(data[at : at + size])
        elif kind == RESOURCES:
            resources = list(struct.unpack_from(f"<{(size - 8) // 4}I", data, at + 8))
        elif kind == START:
            found.append(_start(data, at + header, strings, resources))
        at += size
    return found


def _start(data: bytes, at: int, strings: list[str], resources: list[int]) -> tuple[str, dict[str, Any]]:
    _, name, start, length, count = struct.unpack_from("<iiHHH", data, at)
    attributes: dict[str, Any] = {}
    for number in range(count):
        _, word, raw, _, kind, value = struct.unpack_from("<iiiHxBI", data, at + start + number * length)
        known = BY_RESOURCE.get(resources[word]) if word < len(resources) else None
        key = known or strings[word]
        if raw >= 0:
            attributes[key] = strings[raw]
        elif kind == 3:
            attributes[key] = strings[value]
        elif kind == 0x12:
            attributes[key] = bool(value)
        elif kind in {1, 2}:
            attributes[key] = f"@0x{value:08x}"
        else:
            attributes[key] = value
    return strings[name], attributes


def _strings(chunk: bytes) -> list[str]:
    count, _, flags, start = struct.unpack_from("<IIII", chunk, 8)
    if count > MOST_STRINGS:
        raise Corrupt("The app's manifest has more words than are read.")
    found: list[str] = []
    for offset in struct.unpack_from(f"<{count}I", chunk, 28):
        at = int(start) + int(offset)
        if flags & UTF8:
            at += 2 if chunk[at] & 0x80 else 1
            length = int(chunk[at])
            at += 1
            if length & 0x80:
                length = (length & 0x7F) << 8 | chunk[at]
                at += 1
            found.append(chunk[at : at + length].decode("utf-8", "replace"))
        else:
            length = int.from_bytes(chunk[at : at + 2], "little")
            found.append(chunk[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace"))
    return found
