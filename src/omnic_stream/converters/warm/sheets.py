"""Tables in memory of one page at a time: what every reader gives and every writer takes."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed, TooExpensive

Row = Sequence[Any]
"""Cells: None, bool, int, float, str, bytes, Decimal, date, datetime, time, list or dict."""

MOST_CELLS: Final = 10_000_000
MOST_COLUMNS: Final = 16_384
"""As a worksheet has (ECMA-376 part 1, section 18.3.1.73 with its limits in Excel)."""
NUMERIC: Final = frozenset({"integer", "number"})
TEMPORAL: Final = frozenset({"date", "datetime", "instant"})
ABSENT: Final = frozenset({"NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "-"})
"""Words for a missing value, where everything else in the column is a number, a date or a truth."""
SPOKEN: Final = re.compile(
    r"(?P<integer>-?(?:0|[1-9]\d{0,17}))\Z"
    r"|(?P<number>-?(?:0|[1-9]\d{0,30})?\.\d{1,40}(?:[eE][+-]?\d{1,2})?|-?[1-9]\d{0,30}\.?[eE][+-]\d{1,2})\Z"
    r"|(?P<boolean>true|false|True|False|TRUE|FALSE)\Z"
    r"|(?P<instant>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d))\Z"
    r"|(?P<datetime>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\Z"
    r"|(?P<date>\d{4}-\d\d-\d\d)\Z"
)
"""Text that can be taken for a value and given back unharmed: 007 is none, nor is 1,5 or +49 30 1234."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. ``kinds`` are, for each column: integer, number, boolean, date, datetime, instant (with its offset), time, text,
    binary, nested, empty. Rows have as many cells as there are columns.
    """

    name: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    count: int
    rows: Callable[[], Iterator[Row]]
    """Starts anew each time. Cells of a text file are as they are written; ``typed`` makes values of them."""
    written: bool = False
    """Cells are text as it was written."""
    native: Callable[[], tuple[Any, Iterator[Any]]] | None = None
    """Of a column store: its Arrow schema and record batches."""
    head: tuple[str, ...] | None = None
    """The row of names as the file has it, () where it has none; None where it is ``columns``."""
    declared: tuple[str, ...] | None = None
    """The file's own words for the columns' types."""

    def typed(self) -> Iterator[Row]:
        if not self.written:
            return self.rows()
        ways = tuple(MADE.get(kind, _text) for kind in self.kinds)
        return ([way(cell) for way, cell in zip(ways, row, strict=True)] for row in self.rows())


def _text(cell: Any) -> Any:
    return None if cell == "" else cell


def _made(way: Callable[[str], Any]) -> Callable[[Any], Any]:
    def make(cell: Any) -> Any:
        if cell is None or cell == "" or cell in ABSENT:
            return None
        try:
            return way(cell)
        except ValueError:  # a day that is in no calendar
            return None

    return make


MADE: Final = {
    "integer": _made(int),
    "number": _made(float),
    "boolean": _made(lambda cell: cell.lower() == "true"),
    "date": _made(date.fromisoformat),
    "datetime": _made(datetime.fromisoformat),
    "instant": _made(datetime.fromisoformat),
}


def spoken(cell: str) -> str:
    """The kind that a text can be taken for; ``absent`` for words that say that there is nothing."""
    if cell == "":
        return "empty"
    if (found := SPOKEN.match(cell)) is not None:
        kind = str(found.lastgroup)
        if kind in TEMPORAL:
            try:
                datetime.fromisoformat(cell)
            except ValueError:
                return "text"
        return kind
    return "absent" if cell in ABSENT else "text"


BY_TYPE: Final[dict[type, str]] = {
    type(None): "empty", bool: "boolean", int: "integer", float: "number", Decimal: "number", str: "text", bytes: "binary", date: "date",
    time: "time", timedelta: "time", list: "nested", dict: "nested",
}  # fmt: skip


def kind_of(cell: Any) -> str:
    if isinstance(cell, datetime):
        return "datetime" if cell.tzinfo is None else "instant"
    return BY_TYPE.get(cell.__class__, "text")


def joined(kinds: set[str]) -> str:
    """The one kind that holds all of these."""
    seen = kinds - {"empty", "absent"}
    if "absent" in kinds and (not seen or seen & {"text", "binary", "nested"}):
        seen |= {"text"}
    if not seen:
        return "empty"
    if len(seen) == 1:
        return next(iter(seen))
    if seen == {"integer", "number"}:
        return "number"
    if seen == {"date", "datetime"}:
        return "datetime"
    return "nested" if "nested" in seen else "text"


def surveyed(rows: Iterable[Row], kind: Callable[[Any], str], most: int = MOST_CELLS) -> tuple[tuple[str, ...], int]:
    """Kinds of the columns (as many as the widest row has) and the number of rows. Raises TooExpensive beyond ``most`` cells."""
    seen: list[set[str]] = []
    count = cells = 0
    for row in rows:
        count += 1
        cells += len(row)
        if len(row) > len(seen):
            if len(row) > MOST_COLUMNS:
                raise TooExpensive(f"The table has more than {MOST_COLUMNS} columns.")
            seen += [set() for _ in range(len(row) - len(seen))]
        if cells > most:
            raise TooExpensive(f"The table has more than {most:,} cells.")
        for kinds, cell in zip(seen, row, strict=False):
            if cell is not None and cell != "":
                kinds.add(kind(cell))
    return tuple(joined(kinds) for kinds in seen), count


def has_head(first: Row, rest: Sequence[Row], kind: Callable[[Any], str]) -> bool:
    """Whether the first row names the columns: not where a column goes on as it began, with numbers, dates or truths."""
    kinds = [kind(cell) for cell in first]
    if not any(each == "text" for each in kinds):
        years = [int(cell) for cell, each in zip(first, kinds, strict=True) if each == "integer"]
        return len(years) > 1 and len(years) == len(first) and years == list(range(years[0], years[0] + len(years)))
    for number, each in enumerate(kinds):
        if each in {"empty", "absent", "text", "nested", "binary"}:
            continue
        below = {kind(row[number]) for row in rest if number < len(row)} - {"empty", "absent"}
        if below and joined(below | {each}) in NUMERIC | TEMPORAL | {"boolean"} and not _is_year(first[number], each):
            return False
    return True


def _is_year(cell: Any, kind: str) -> bool:
    return kind == "integer" and 1500 <= int(cell) <= 2200


def headed(names: Sequence[Any], width: int) -> tuple[str, ...]:
    """Names for all columns, each one once. Raises TooExpensive for more than are taken."""
    if width > MOST_COLUMNS:
        raise TooExpensive(f"The table has more than {MOST_COLUMNS} columns.")
    made: list[str] = []
    seen: dict[str, int] = {}
    for number in range(width):
        text = shown(names[number]).strip() if number < len(names) else ""
        name = text or f"column {number + 1}"
        seen[name] = seen.get(name, 0) + 1
        while seen[name] > 1 and f"{name} {seen[name]}" in seen:
            seen[name] += 1
        if seen[name] > 1:
            name = f"{name} {seen[name]}"
            seen[name] = 1
        made.append(name)
    return tuple(made)


def shown(cell: Any) -> str:
    """A cell as text, as CSV has it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return number(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep="T")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, bytes):
        return b64encode(cell).decode()
    if isinstance(cell, (list, dict)):
        import json

        return json.dumps(cell, ensure_ascii=False, default=shown)  # type: ignore[reportUnknownArgumentType]
    return str(cell)


def number(value: float) -> str:
    """The shortest text that is the same number; nothing for what is none."""
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def chosen(call: Call, sheets: Sequence[Sheet]) -> Sheet:
    """The sheet that is asked for, else the first that has rows."""
    wanted = call.arguments.get("sheet") or call.arguments.get("page")
    if wanted is None:
        return next((sheet for sheet in sheets if sheet.count), sheets[0])
    if int(wanted) > len(sheets):
        raise ConverterFailed(f"The file has {len(sheets)} table{'s' if len(sheets) > 1 else ''}: ask for one of them.")
    return sheets[int(wanted) - 1]


def told(call: Call, sheet: Sheet, rows: Iterable[Row], *, low: float = 0.0, high: float = 1.0) -> Iterator[Row]:
    """The rows, telling how far they are, and never more cells than are taken."""
    most = MOST_CELLS // max(len(sheet.columns), 1) + 1
    for done, row in enumerate(rows):
        if done % 1024 == 0:
            if done > most:
                raise TooExpensive(f"The table has more than {MOST_CELLS:,} cells.")
            call.report(low + (high - low) * min(done / max(sheet.count, 1), 1.0))
        yield row


def even(rows: Iterator[Any], width: int, nothing: Any = None) -> Iterator[Row]:
    """Rows of one width."""
    for row in rows:
        yield row if len(row) == width else [*row, *(nothing,) * (width - len(row))]


def sheet_of(name: str, rows: Sequence[Row]) -> Sheet:
    """Values in rows, of which the first may be the head."""
    rows = [row for row in rows if any(cell is not None and cell != "" for cell in row)]
    if not rows:
        return Sheet(name, (), (), 0, lambda: iter(()))
    head = len(rows) > 1 and has_head(rows[0], rows[1:200], kind_of)
    body = rows[1:] if head else rows
    kinds, count = surveyed(body, kind_of)
    width = max(len(kinds), len(rows[0]) if head else 0)
    kinds += ("empty",) * (width - len(kinds))
    names = headed(rows[0] if head else (), width)
    stood = tuple(shown(cell) for cell in rows[0]) if head else ()
    return Sheet(name, names, kinds, count, lambda: even(iter(body), width), head=stood)
