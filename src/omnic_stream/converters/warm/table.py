"""Tables inside a warm worker: one door for each kind of answer. The file is opened as Sheets, and a writer takes them."""

from __future__ import annotations

import json
import math
from collections import Counter
from decimal import Decimal
from typing import Any, Final

from omnic_stream.converters.warm import chart, sheet_readers, sheet_writers, table_page
from omnic_stream.converters.warm.pages import write
from omnic_stream.converters.warm.sheets import NUMERIC, Sheet, chosen, shown, told
from omnic_stream.model.contracts import Call

MOST_DISTINCT: Final = 20_000
MOST_TOP: Final = 10
LONGEST_TOP: Final = 200


def convert(call: Call) -> None:
    """Another file format for tables."""
    with sheet_readers.opened(call) as sheets:
        sheet_writers.WRITERS[call.target](call, sheets)


def page(call: Call) -> None:
    with sheet_readers.opened(call) as sheets:
        table_page.page(call, sheets)


def picture(call: Call) -> None:
    """PNG or a thumb of the first rows."""
    with sheet_readers.opened(call) as sheets:
        table_page.picture(call, sheets)


def plot(call: Call) -> None:
    """plot.svg, plot.png."""
    with sheet_readers.opened(call) as sheets:
        chart.plot(call, chosen(call, sheets))


# --- facts ------------------------------------------------------------------------------------------------------------------


def facts(call: Call) -> dict[str, int]:
    """schema.json: tables, columns and their types. summary.json: also what is in them."""
    whole = call.target == "summary.json"
    with sheet_readers.opened(call) as sheets:
        taken = [chosen(call, sheets)] if "sheet" in call.arguments else list(sheets)
        tables: list[dict[str, Any]] = []
        for number, sheet in enumerate(taken):
            columns = _summed(call, sheet, number / len(taken), (number + 1) / len(taken)) if whole else _columns(sheet)
            tables.append({"name": sheet.name, "rows": sheet.count, "columns": columns})
        told_all = {"format": call.source, "tables": tables}
        return write(call, (json.dumps(told_all, ensure_ascii=False, indent=1, default=shown) + "\n").encode())


def _columns(sheet: Sheet) -> list[dict[str, Any]]:
    declared = sheet.declared or ("",) * len(sheet.columns)
    return [
        {"name": name, "type": kind, **({"declared": word} if word else {})}
        for name, kind, word in zip(sheet.columns, sheet.kinds, declared, strict=True)
    ]


def _summed(call: Call, sheet: Sheet, low: float, high: float) -> list[dict[str, Any]]:
    sums = [_Sum(kind in NUMERIC) for kind in sheet.kinds]
    for row in told(call, sheet, sheet.typed(), low=low, high=high):
        for each, cell in zip(sums, row, strict=True):
            each.add(cell)
    return [{**column, **each.told()} for column, each in zip(_columns(sheet), sums, strict=True)]


class _Sum:
    """What one column holds. Mean and deviation by Welford's method, which loses no digits."""

    def __init__(self, numeric: bool) -> None:
        self._numeric = numeric
        self._count = self._nulls = 0
        self._mean = self._squares = 0.0
        self._least: Any = None
        self._most: Any = None
        self._seen: Counter[Any] = Counter()
        self._full = False

    def add(self, cell: Any) -> None:
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            self._nulls += 1
            return
        self._count += 1
        if self._numeric:
            value = float(cell)
            off = value - self._mean
            self._mean += off / self._count
            self._squares += off * (value - self._mean)
        key = cell if isinstance(cell, (str, int, float, Decimal)) else shown(cell)
        try:
            if self._least is None or cell < self._least:
                self._least = cell
            if self._most is None or cell > self._most:
                self._most = cell
        except TypeError:  # a column of several kinds has no order
            self._least = self._most = None
        if isinstance(key, str):
            key = key[:LONGEST_TOP]
        if key in self._seen or len(self._seen) < MOST_DISTINCT:
            self._seen[key] += 1
        else:
            self._full = True

    def told(self) -> dict[str, Any]:
        made: dict[str, Any] = {"count": self._count, "nulls": self._nulls, "distinct": len(self._seen)}
        if self._full:
            made["distinct_at_least"] = made.pop("distinct")
        if self._least is not None and not isinstance(self._least, (list, dict, bytes, bool)):
            made |= {"min": _brief(self._least), "max": _brief(self._most)}
        if self._numeric and self._count:
            made |= {"mean": _rounded(self._mean), "deviation": _rounded(math.sqrt(self._squares / self._count))}
        common = [(value, count) for value, count in self._seen.most_common(MOST_TOP) if count > 1 or len(self._seen) <= MOST_TOP]
        if common:
            made["top"] = [{"value": _brief(value), "count": count} for value, count in common]
        return made


def _brief(value: Any) -> Any:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return int(value) if isinstance(value, int) else _rounded(float(value))
    return shown(value)[:LONGEST_TOP]


def _rounded(value: float) -> float | None:
    return float(f"{value:.12g}") if math.isfinite(value) else None
