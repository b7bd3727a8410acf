"""dBase tables (DBF, level 3 and later): a header, then records of fixed width (dBase file format, Xbase file description)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from omnic_stream.converters.warm.sheets import Row, Sheet, headed, kind_of, surveyed
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt

CODE_PAGES = {0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x13: "cp932", 0x57: "cp1252", 0x64: "cp852", 0x65: "cp866", 0x7B: "cp932",
              0x4D: "cp936", 0x4E: "cp949", 0x4F: "cp950", 0xC8: "cp1250", 0xC9: "cp1251", 0xCA: "cp1254", 0xCB: "cp1253"}  # fmt: skip
FIRST_DAY = date(1, 1, 1)
JULIAN_OF_FIRST_DAY = 1721426


def table(call: Call) -> Sheet:
    """Raises Corrupt."""
    head = os.pread(call.input, 65536, 0)
    if len(head) < 33:
        raise Corrupt("The dBase table is cut short.")
    count, start, width = struct.unpack_from("<IHH", head, 4)
    encoding = CODE_PAGES.get(head[29], "utf-8")
    fields: list[tuple[str, str, int]] = []
    at = 32
    while at + 32 <= min(start, len(head)) and head[at] != 0x0D:
        name = head[at : at + 11].partition(b"\0")[0].decode(encoding, "replace")
        fields.append((name, chr(head[at + 11]), head[at + 16]))
        at += 32
    if not fields or width != 1 + sum(size for _, _, size in fields) or start < 33:
        raise Corrupt("The dBase table is broken: its fields do not fill its records.")
    count = min(count, (os.fstat(call.input).st_size - start) // width)

    def rows() -> Iterator[Row]:
        many = max(MiB // width, 1)
        for first in range(0, count, many):
            block = os.pread(call.input, width * min(many, count - first), start + first * width)
            for place in range(0, len(block) - width + 1, width):
                if block[place : place + 1] != b"*":  # deleted
                    yield _record(block[place + 1 : place + width], fields, encoding)

    kinds, found = surveyed(rows(), kind_of)
    return Sheet("Table", headed([name for name, _, _ in fields], len(fields)), kinds or ("empty",) * len(fields), found, rows)


def _record(record: bytes, fields: list[tuple[str, str, int]], encoding: str) -> list[Any]:
    cells: list[Any] = []
    at = 0
    for _, kind, size in fields:
        cells.append(_cell(record[at : at + size], kind, encoding))
        at += size
    return cells


def _cell(raw: bytes, kind: str, encoding: str) -> Any:
    try:
        if kind in "IY+" and len(raw) in {4, 8}:
            value = int.from_bytes(raw, "little", signed=True)
            return value / 10_000 if kind == "Y" else value
        if kind in "BO" and len(raw) == 8:
            return struct.unpack("<d", raw)[0]
        if kind in "T@" and len(raw) == 8:
            day, milliseconds = struct.unpack("<II", raw)
            start = datetime.combine(FIRST_DAY, datetime.min.time())
            return start + timedelta(days=day - JULIAN_OF_FIRST_DAY, milliseconds=milliseconds) if day else None
        text = raw.decode(encoding, "replace").rstrip(" \0").strip()
        if kind in "NF":
            return None if not text.strip("*") else float(text) if set(text) & set(".eE") else int(text)
        if kind == "D":
            return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if text.strip("0") else None
        if kind == "L":
            return True if text in {*"TtYy"} and text else False if text in {*"FfNn"} and text else None
    except (ValueError, OverflowError):
        return None
    return text or None
