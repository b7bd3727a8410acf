"""Files that hold tables, opened as Sheets. Every reader is bounded before it expands anything."""

# pyarrow, calamine and numbers-parser carry no complete types
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportMissingTypeStubs=false

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

from omnic_stream.converters.warm import columns, dialect, files, workbooks, xbase
from omnic_stream.converters.warm.sheets import Row, Sheet, even, has_head, headed, kind_of, sheet_of, spoken, surveyed
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt, TooExpensive

MOST_JSON: Final = 64 * MiB
MOST_DATABASE: Final = 256 * MiB
MOST_TABLES: Final = 200
SQLITE_TICKS: Final = 3000
"""Progress calls of 100,000 instructions each: some ten seconds."""


@contextmanager
def opened(call: Call) -> Iterator[list[Sheet]]:
    """The file's tables, at least one. Raises Corrupt, TooExpensive."""
    closing: list[Callable[[], None]] = []
    reader = READERS.get(call.source, json_text)
    try:
        sheets: list[Sheet] = reader(call, closing)
        if not sheets:
            raise Corrupt("The file holds no table.")
        yield sheets
    finally:
        for close in reversed(closing):
            close()


# --- text -------------------------------------------------------------------------------------------------------------------


def delimited(call: Call, closing: list[Callable[[], None]]) -> list[Sheet]:
    way = dialect.sniffed(call.input, call.source)
    first = list(islice(dialect.records(call.input, way), 200))
    if not first:
        return [Sheet("Table", (), (), 0, lambda: iter(()), written=True)]
    head = has_head(first[0], first[1:], spoken)

    def body() -> Iterator[list[str]]:
        rows = dialect.records(call.input, way)
        return islice(rows, 1, None) if head else rows

    kinds, count = surveyed(body(), spoken)
    width = max(len(kinds), len(first[0]) if head else 0)
    kinds += ("empty",) * (width - len(kinds))
    names = headed(first[0] if head else (), width)
    return [
        Sheet("Table", names, kinds, count, lambda: even(body(), width, ""), written=True, head=tuple(first[0]) if head else ())
    ]


def json_lines(call: Call, closing: list[Callable[[], None]]) -> list[Sheet]:
    """One value a line. What is no object is a cell of the column ``value``."""
    encoding = dialect.encoding_of(call.input)
    if os.fstat(call.input).st_size > dialect.LARGEST:
        raise TooExpensive(f"The table has more than {dialect.LARGEST // MiB} MiB.")

    def values() -> Iterator[Any]:
        for number, line in enumerate(dialect.text_lines(call.input, encoding), 1):
            if line.strip("\ufeff \t\r\n"):
                try:
                    yield json.loads(line.lstrip("\ufeff"))
                except (ValueError, RecursionError) as error:
                    raise Corrupt(f"Line {number} is not JSON.") from error

    seen: dict[str, int] = {}
    for value in values():
        for name in value if isinstance(value, dict) else ("value",):
            seen.setdefault(name, len(seen))
        if len(seen) > 5000:
            raise TooExpensive("The objects have more than 5,000 different keys.")
    names = tuple(seen)

    def rows() -> Iterator[Row]:
        for value in values():
            yield (
                [value.get(name) for name in names] if isinstance(value, dict) else [value if n == "value" else None for n in names]
            )

    kinds, count = surveyed(rows(), kind_of)
    return [Sheet("Table", names, kinds or ("empty",) * len(names), count, rows)]


def json_text(call: Call, closing: list[Callable[[], None]]) -> list[Sheet]:
    """A list of objects or of lists, or an object of such lists: one table each."""
    from omnic_stream.converters.warm.pages import decoded

    try:
        value: Any = json.loads(decoded(files.read(call.input, MOST_JSON)))
    except (ValueError, RecursionError) as error:
        raise Corrupt("The JSON cannot be read: it is not well formed, or nested too deeply.") from error
    found = _tables_of(value)
    if not found:
        raise Corrupt("This JSON holds no table: a table is a list of objects that share their keys.")
    return [table_of(name, rows) for name, rows in found]


def _tables_of(value: Any) -> list[tuple[str, list[Any]]]:
    if isinstance(value, list):
        return [("Table", value)] if value and all(isinstance(each, (dict, list)) for each in value) else []
    if isinstance(value, dict):
        return [(str(name), part) for name, part in value.items() if _tables_of(part) and isinstance(part, list)]
    return []


def table_of(name: str, records: Sequence[Any]) -> Sheet:
    """Objects, or lists of which the first may name the columns."""
    if not all(isinstance(each, dict) for each in records):
        rows = [each if isinstance(each, list) else list(each.values()) for each in records]
        return sheet_of(name, rows)
    columns: dict[str, None] = {}
    for each in records:
        columns.update(dict.fromkeys(each))
    if len(columns) > 5000:
        raise TooExpensive("The objects have more than 5,000 different keys.")
    names = tuple(columns)
    rows = [[each.get(key) for key in names] for each in records]
    kinds, count = surveyed(rows, kind_of)
    return Sheet(name, tuple(map(str, names)), kinds or ("empty",) * len(names), count, lambda: iter(rows))


# --- databases --------------------------------------------------------------------------------------------------------------


def sqlite(call: Call, closing: list[Callable[[], None]]) -> list[Sheet]:
    """The tables of a database that is read from memory: no path, no journal, no other file. Views, triggers and virtual tables
    are not looked at; work and the length of a value are bounded (https://sqlite.org/security.html).
    """
    content = files.read(call.input, MOST_DATABASE)
    base = sqlite3.connect(":memory:")
    closing.append(base.close)
    ticks = 0

    def tick() -> int:
        nonlocal ticks
        ticks += 1
        return ticks > SQLITE_TICKS

    try:
        # a database in WAL mode cannot be read from memory: without its log it is one in rollback mode (file format, section 1.3)
        base.deserialize(content[:18] + b"\1\1" + content[20:] if content[18:20] == b"\2\2" else content)
        for limit, most in (
            (sqlite3.SQLITE_LIMIT_LENGTH, 16 * MiB),
            (sqlite3.SQLITE_LIMIT_SQL_LENGTH, MiB),
            (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
        ):
            base.setlimit(limit, most)
        for setting in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
            base.execute(f"PRAGMA {setting}")
        base.set_progress_handler(tick, 100_000)
        base.text_factory = _words
        names = [
            str(name)
            for (name,) in base.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            ).fetchmany(MOST_TABLES)
        ]
        return [_stored(call, base, name, (done + 1) / len(names)) for done, name in enumerate(names)]
    except sqlite3.Error as error:
        raise _complaint(error) from error


def _words(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _complaint(error: sqlite3.Error) -> Exception:
    if "interrupted" in str(error):
        return TooExpensive("Reading the database takes more work than is allowed.")
    return Corrupt("The database is broken, or uses what cannot be read here.")


def _stored(call: Call, base: sqlite3.Connection, name: str, done: float) -> Sheet:
    quoted = '"' + name.replace('"', '""') + '"'
    declared = {str(row[1]): str(row[2]) for row in base.execute(f"PRAGMA table_xinfo({quoted})")}

    def rows() -> Iterator[Row]:
        try:
            yield from base.execute(f"SELECT * FROM {quoted}")  # noqa: S608
        except sqlite3.Error as error:
            raise _complaint(error) from error

    columns = tuple(str(each[0]) for each in base.execute(f"SELECT * FROM {quoted} LIMIT 0").description)  # noqa: S608
    kinds, count = surveyed(rows(), kind_of)
    call.report(0.3 * done)
    kinds = kinds or ("empty",) * len(columns)
    return Sheet(name, columns, kinds, count, rows, declared=tuple(declared.get(each, "").lower() for each in columns))


def dbase(call: Call, closing: list[Callable[[], None]]) -> list[Sheet]:
    return [xbase.table(call)]


READERS: Final[Mapping[str, Callable[[Call, list[Callable[[], None]]], list[Sheet]]]] = {
    "CSV": delimited, "TSV": delimited, "NDJSON": json_lines, "JSON": json_text, "SQLITE": sqlite, "GPKG": sqlite, "DBF": dbase,
    "XLSX": workbooks.workbook, "XLSM": workbooks.workbook, "XLS": workbooks.workbook, "XLSB": workbooks.workbook, "ODS": workbooks.workbook,
    "NUMBERS": workbooks.apple, "PARQUET": columns.parquet, "ARROW": columns.arrow,
}  # fmt: skip
