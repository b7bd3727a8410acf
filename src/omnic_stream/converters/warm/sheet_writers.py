"""Sheets written as files: text, workbooks, column stores, databases."""

# pyarrow and xlsxwriter carry no complete types
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportMissingTypeStubs=false

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import islice
from typing import IO, Any, Final
from unicodedata import east_asian_width

from omnic_stream.converters.warm.sheets import NUMERIC, Sheet, chosen, shown, told
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed, TooExpensive

EXCEL_ROWS: Final = 1_048_576
EXCEL_COLUMNS: Final = 16_384
WIDEST: Final = 60
"""Of a column of a text; what is longer pushes the rest of its line."""
LONGEST_CELL: Final = 32_767
"""Characters (Excel specifications and limits)."""


def output(call: Call) -> IO[bytes]:
    return os.fdopen(os.dup(call.output), "wb")


# --- text -------------------------------------------------------------------------------------------------------------------


def delimited(call: Call, sheets: Sequence[Sheet]) -> None:
    """UTF-8, quoted where need be (RFC 4180). Text of a text table stays as it was written."""
    sheet = chosen(call, sheets)
    with io.TextIOWrapper(output(call), encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter="\t" if call.target == "TSV" else ",", lineterminator="\n")
        head = sheet.columns if sheet.head is None else sheet.head
        if head:
            writer.writerow(head)
        writer.writerows([shown(cell) for cell in row] for row in told(call, sheet, sheet.rows()))


def text(call: Call, sheets: Sequence[Sheet]) -> None:
    """Columns side by side, numbers to the right, each table under its name."""
    with io.TextIOWrapper(output(call), encoding="utf-8", newline="") as out:
        filled = [sheet for sheet in sheets if sheet.columns]
        for number, sheet in enumerate(filled):
            widths = [wide(name) for name in sheet.columns]
            for row in islice(sheet.rows(), 2000):
                widths = [min(max(width, wide(_line(cell))), WIDEST) for width, cell in zip(widths, row, strict=True)]
            if len(filled) > 1:
                out.write(("\n" if number else "") + f"{sheet.name}\n\n")
            right = [kind in NUMERIC for kind in sheet.kinds]
            if sheet.head != ():
                out.write(_aligned(sheet.columns, widths, right) + "  ".join("-" * width for width in widths) + "\n")
            rows = told(call, sheet, sheet.rows(), low=number / len(filled), high=(number + 1) / len(filled))
            out.writelines(_aligned([_line(cell) for cell in row], widths, right) for row in rows)


def _aligned(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    made: list[str] = []
    for cell, width, at_right in zip(cells, widths, right, strict=True):
        gap = " " * (width - wide(cell))
        made.append(gap + cell if at_right else cell + gap)
    return "  ".join(made).rstrip() + "\n"


def _line(cell: Any) -> str:
    return " ".join(shown(cell).split())


def wide(text: str) -> int:
    """Columns of a terminal: East Asian letters take two (UAX 11)."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def json_text(call: Call, sheets: Sequence[Sheet]) -> None:
    """A list of objects; of a file with several tables, unless one is asked for, an object of such lists."""
    many = [sheet for sheet in sheets if sheet.count] if "sheet" not in call.arguments else []
    with io.TextIOWrapper(output(call), encoding="utf-8", newline="") as out:
        if len(many) < 2:
            _list(call, out, chosen(call, sheets), 0.0, 1.0)
            out.write("\n")
            return
        for number, sheet in enumerate(many):
            out.write(("{\n" if number == 0 else ",\n") + _json(sheet.name) + ": ")
            _list(call, out, sheet, number / len(many), (number + 1) / len(many))
        out.write("\n}\n")


def _list(call: Call, out: io.TextIOWrapper, sheet: Sheet, low: float, high: float) -> None:
    out.write("[")
    rows = enumerate(told(call, sheet, sheet.typed(), low=low, high=high))
    out.writelines((",\n" if number else "\n") + _json(dict(zip(sheet.columns, row, strict=True))) for number, row in rows)
    out.write("\n]")


def json_lines(call: Call, sheets: Sequence[Sheet]) -> None:
    sheet = chosen(call, sheets)
    with io.TextIOWrapper(output(call), encoding="utf-8", newline="") as out:
        out.writelines(_json(dict(zip(sheet.columns, row, strict=True))) + "\n" for row in told(call, sheet, sheet.typed()))


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=_told_in_json, allow_nan=False)
    except ValueError:  # not a number, infinity: JSON has none (RFC 8259 section 6)
        return json.dumps(_finite(value), ensure_ascii=False, default=_told_in_json)


def _told_in_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 1 << 53 else float(value)
    return shown(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list) else value


# --- workbooks --------------------------------------------------------------------------------------------------------------


def workbook(call: Call, sheets: Sequence[Sheet]) -> None:
    """XLSX: head frozen and filtered, dates as dates. Text is text, whatever it begins with: no formula, no link comes alive."""
    import xlsxwriter

    taken = [chosen(call, sheets)] if "sheet" in call.arguments else list(sheets)
    for sheet in taken:
        if sheet.count + 1 > EXCEL_ROWS or len(sheet.columns) > EXCEL_COLUMNS:
            raise TooExpensive(f"A sheet of Excel has {EXCEL_ROWS:,} rows and {EXCEL_COLUMNS:,} columns: this table has more.")
    with output(call) as file:
        settings = {
            "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
            "nan_inf_to_errors": True, "default_date_format": "yyyy-mm-dd",
        }  # fmt: skip
        book: Any = xlsxwriter.Workbook(file, settings)
        forms = {
            "head": book.add_format({"bold": True, "bottom": 1, "bg_color": "#EEF1F4"}),
            "datetime": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "time": book.add_format({"num_format": "hh:mm:ss"}),
        }
        names: set[str] = set()
        for number, sheet in enumerate(taken):
            page = book.add_worksheet(_sheet_name(sheet.name, names))
            _fill(call, page, sheet, forms, number / len(taken), (number + 1) / len(taken))
        book.close()


def _fill(call: Call, page: Any, sheet: Sheet, forms: dict[str, Any], low: float, high: float) -> None:
    samples = list(islice(sheet.rows(), 200))
    for number, name in enumerate(sheet.columns):
        longest = max([len(name), *(len(shown(row[number])) for row in samples)])
        page.set_column(number, number, min(max(longest + 2, 6), 60))
    page.freeze_panes(1, 0)
    if sheet.columns:
        page.autofilter(0, 0, sheet.count, len(sheet.columns) - 1)
    for number, name in enumerate(sheet.columns):
        page.write_string(0, number, name[:LONGEST_CELL], forms["head"])
    for line, row in enumerate(told(call, sheet, sheet.typed(), low=low, high=high), 1):
        for number, cell in enumerate(row):
            _write_cell(page, line, number, cell, forms)


def _write_cell(page: Any, line: int, number: int, cell: Any, forms: dict[str, Any]) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        page.write_boolean(line, number, cell)
    elif isinstance(cell, (int, float, Decimal)):
        if isinstance(cell, int) and abs(cell) >= 10**15:  # Excel has 15 digits
            page.write_string(line, number, str(cell))
        else:
            page.write_number(line, number, cell)
    elif isinstance(cell, datetime) and cell.tzinfo is None and cell.year >= 1900:
        page.write_datetime(line, number, cell, forms["datetime"])
    elif isinstance(cell, date) and not isinstance(cell, datetime) and cell.year >= 1900:
        page.write_datetime(line, number, cell)
    elif isinstance(cell, (time, timedelta)):
        page.write_datetime(line, number, cell, forms["time"])
    else:
        page.write_string(line, number, shown(cell)[:LONGEST_CELL])


def _sheet_name(name: str, taken: set[str]) -> str:
    """At most 31 characters, without []:*?/\\, not framed by apostrophes, each one once without case."""
    plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", name).strip(" '")[:31] or "Table"
    made, number = plain, 1
    while made.lower() in taken or made.lower() == "history":
        number += 1
        made = f"{plain[:26]} {number}"
    taken.add(made.lower())
    return made


# --- column stores ----------------------------------------------------------------------------------------------------------


def columnar(call: Call, sheets: Sequence[Sheet]) -> None:
    """Parquet or an Arrow file. From one to the other every type stays."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sheet = chosen(call, sheets)
    try:
        schema, batches = sheet.native() if sheet.native is not None else _batches(sheet)
        with output(call) as file:
            opened: Any = pq.ParquetWriter(file, schema) if call.target == "PARQUET" else pa.ipc.new_file(file, schema)
            with opened as writer:
                done = 0
                for batch in batches:
                    writer.write_batch(batch)
                    done += batch.num_rows
                    call.report(min(done / max(sheet.count, 1), 1.0))
    except pa.ArrowException as error:
        raise ConverterFailed(f"The columns have values that {call.target} cannot hold.") from error


def _batches(sheet: Sheet) -> tuple[Any, Iterator[Any]]:
    import pyarrow as pa

    types = {
        "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(), "date": pa.date32(), "datetime": pa.timestamp("us"),
        "instant": pa.timestamp("us", "UTC"), "time": pa.time64("us"), "binary": pa.binary(),
    }  # fmt: skip
    kinds = [_fitting(kind, number, sheet) for number, kind in enumerate(sheet.kinds)]
    schema = pa.schema([(name, types.get(kind, pa.string())) for name, kind in zip(sheet.columns, kinds, strict=True)])

    def made() -> Iterator[Any]:
        rows = sheet.typed()
        while part := list(islice(rows, 8192)):
            columns = [
                pa.array([stored(cell, kind) for cell in column], type=field.type)
                for column, kind, field in zip(zip(*part, strict=True), kinds, schema, strict=True)
            ]
            yield pa.record_batch(columns, schema=schema)

    return schema, made()


def _fitting(kind: str, number: int, sheet: Sheet) -> str:
    """Integers of more than 64 bits are text, spans of time seconds."""
    if kind == "integer" and any(isinstance(row[number], int) and not -(1 << 63) <= row[number] < 1 << 63 for row in sheet.rows()):
        return "text"
    if kind == "time" and any(isinstance(row[number], timedelta) for row in sheet.rows()):
        return "text"
    return kind


def stored(cell: Any, kind: str) -> Any:
    """A cell as a value of its column's one type."""
    if cell is None:
        return None
    if kind == "number":
        return float(cell)
    if kind in {"integer", "boolean", "date", "time", "binary"}:
        return cell
    if kind == "datetime":
        return cell if isinstance(cell, datetime) else datetime.combine(cell, time())
    if kind == "instant":
        return cell.astimezone(timezone.utc)  # noqa: UP017
    return shown(cell)


# --- databases --------------------------------------------------------------------------------------------------------------


def sqlite(call: Call, sheets: Sequence[Sheet]) -> None:
    """A table for each sheet, made in memory."""
    import sqlite3

    taken = [chosen(call, sheets)] if "sheet" in call.arguments else list(sheets)
    affinity = {"integer": "INTEGER", "number": "REAL", "boolean": "INTEGER", "binary": "BLOB"}
    base = sqlite3.connect(":memory:")
    names: set[str] = set()
    try:
        for number, sheet in enumerate(taken):
            if not sheet.columns:
                continue
            if len(sheet.columns) > 2000:
                raise TooExpensive("A table of SQLite has 2,000 columns at most.")
            name = _quoted(_once(sheet.name, names))
            columns = set[str]()
            fields = ", ".join(
                f"{_quoted(_once(column, columns))} {affinity.get(kind, 'TEXT')}"
                for column, kind in zip(sheet.columns, sheet.kinds, strict=True)
            )
            base.execute(f"CREATE TABLE {name} ({fields})")
            marks = ", ".join("?" * len(sheet.columns))
            rows = told(call, sheet, sheet.typed(), low=number / len(taken), high=(number + 1) / len(taken))
            base.executemany(f"INSERT INTO {name} VALUES ({marks})", ([_value(cell) for cell in row] for row in rows))  # noqa: S608
        base.commit()
        with output(call) as file:
            file.write(base.serialize())
    finally:
        base.close()


def _once(name: str, taken: set[str]) -> str:
    plain = name.replace("\0", "") or "table"
    plain = f"_{plain}" if plain.lower().startswith("sqlite_") else plain
    made, number = plain, 1
    while made.lower() in taken:
        number += 1
        made = f"{plain} {number}"
    taken.add(made.lower())
    return made


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _value(cell: Any) -> Any:
    if cell is None or isinstance(cell, (str, bytes, float)):
        return cell
    if isinstance(cell, int):
        return cell if -(1 << 63) <= cell < 1 << 63 else str(cell)
    return float(cell) if isinstance(cell, Decimal) else shown(cell)


WRITERS: Final = {
    "CSV": delimited, "TSV": delimited, "TXT": text, "JSON": json_text, "NDJSON": json_lines, "XLSX": workbook,
    "PARQUET": columnar, "ARROW": columnar, "SQLITE": sqlite,
}  # fmt: skip
