"""Workbooks opened as Sheets: Excel's, OpenDocument's, Apple's. Their cells stand in memory, so they are counted first."""

# calamine and numbers-parser carry no complete types
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportMissingTypeStubs=false

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Callable
from typing import Any, Final

from omnic_stream.converters.warm import files, zips
from omnic_stream.converters.warm.sheets import Sheet, sheet_of
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt, TooExpensive

MOST_UNPACKED: Final = 384 * MiB
MOST_WORKBOOK: Final = 4_000_000
"""Cells of all sheets, empty ones within the used range counted: they stand in memory."""
MOST_TABLES: Final = 200


def workbook(call: Call, closing: list[Callable[[], None]]) -> list[Sheet]:
    """Excel's and OpenDocument's, by calamine. Its ranges are dense, so their size is looked at first."""
    import python_calamine

    if call.source != "XLS":
        check_archive(call)
    elif os.fstat(call.input).st_size > MOST_UNPACKED:
        raise TooExpensive(f"The workbook has more than {MOST_UNPACKED // MiB} MiB.")
    try:
        book: Any = python_calamine.load_workbook(io.BytesIO(files.read(call.input, MOST_UNPACKED)))
        closing.append(book.close)
        names: list[str] = [
            sheet.name for sheet in book.sheets_metadata if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        ] or book.sheet_names
        made: list[Sheet] = []
        cells = 0
        for done, name in enumerate(names[:MOST_TABLES]):
            sheet = book.get_sheet_by_name(name)
            cells += sheet.height * sheet.width
            if cells > MOST_WORKBOOK:
                raise TooExpensive(f"The workbook has more than {MOST_WORKBOOK:,} cells.")
            made.append(sheet_of(name, [[_plain(cell) for cell in row] for row in sheet.to_python()]))
            call.report(0.5 * (done + 1) / len(names))
    except python_calamine.PasswordError as error:
        raise Corrupt("The workbook is locked with a password.") from error
    except (python_calamine.CalamineError, OSError, ValueError, KeyError) as error:
        raise Corrupt("The workbook is broken: its sheets cannot be read.") from error
    return made


def _plain(cell: Any) -> Any:
    """Calamine's empty text as nothing; whole numbers, which Excel has only as floats, as what they are shown as."""
    if cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return int(cell)
    return cell


REFERENCE: Final = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')


def check_archive(call: Call) -> None:
    """A ZIP of bounded content; in XLSX also no cell so far out that the range up to it would not fit in memory."""
    try:
        with os.fdopen(os.dup(call.input), "rb") as file, zipfile.ZipFile(file) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST_UNPACKED:
                raise TooExpensive(f"The workbook unpacks to more than {MOST_UNPACKED // MiB} MiB.")
            for info in archive.infolist():
                if info.filename.startswith("xl/worksheets/") and info.filename.endswith(".xml"):
                    _check_range(archive, info)
    except zips.BROKEN as error:
        raise Corrupt("The workbook is broken or cut short.") from error


def _check_range(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    columns: set[bytes] = set()
    low, high = 1 << 21, 0
    with archive.open(info) as part:
        rest = b""
        while piece := part.read(MiB):
            for letters, digits in REFERENCE.findall(rest + piece):
                columns.add(letters)
                row = int(digits)
                low, high = min(low, row), max(high, row)
            rest = piece[-24:]
    numbers = [_column(letters) for letters in columns]
    if numbers and (high - low + 1) * (max(numbers) - min(numbers) + 1) > MOST_WORKBOOK:
        raise TooExpensive(f"A sheet of the workbook spans more than {MOST_WORKBOOK:,} cells.")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def apple(call: Call, closing: list[Callable[[], None]]) -> list[Sheet]:
    """Numbers of 2013 and later, by numbers-parser."""
    import tempfile
    import warnings
    from pathlib import Path

    from numbers_parser import Document
    from numbers_parser.exceptions import FileError, FileFormatError, UnsupportedError

    try:
        with os.fdopen(os.dup(call.input), "rb") as file, zipfile.ZipFile(file) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST_UNPACKED:
                raise TooExpensive(f"The document unpacks to more than {MOST_UNPACKED // MiB} MiB.")
            if not any(info.filename.endswith(".iwa") or info.filename == "Index.zip" for info in archive.infolist()):
                raise Corrupt("This document is of Numbers 2009 or older, whose tables cannot be read here.")
    except zips.BROKEN as error:
        raise Corrupt("The document is broken or cut short.") from error
    folder = tempfile.TemporaryDirectory(prefix="step-")
    closing.append(folder.cleanup)
    path = Path(folder.name) / "in.numbers"
    path.symlink_to(f"/proc/self/fd/{call.input}")
    try:
        with warnings.catch_warnings():  # of a version older than it knows: what fails then fails by itself
            warnings.simplefilter("ignore", RuntimeWarning)
            document: Any = Document(str(path))
        made: list[Sheet] = []
        for sheet in document.sheets:
            for table in sheet.tables:
                if table.num_rows * table.num_cols > MOST_WORKBOOK:
                    raise TooExpensive(f"A table of the document has more than {MOST_WORKBOOK:,} cells.")
                name = f"{sheet.name}: {table.name}"
                made.append(sheet_of(name, [[_plain(cell) for cell in row] for row in table.rows(values_only=True)]))
    except (FileError, FileFormatError, UnsupportedError, *zips.BROKEN, KeyError, IndexError, TypeError) as error:
        raise Corrupt("The document is broken, or of a version of Numbers that is not known here.") from error
    return made
