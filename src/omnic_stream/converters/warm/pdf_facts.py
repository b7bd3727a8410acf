"""What a PDF says of itself: its facts, and its table of contents. By pdfium alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, cast

from omnic_stream.converters.warm.files import write
from omnic_stream.converters.warm.pdf import document
from omnic_stream.model.contracts import Call

MOST_SIZED = 5_000
"""Pages whose size is looked at."""
MOST_ENTRIES = 5_000
DEEPEST = 15
NAMES = ("Title", "Author", "Subject", "Keywords", "Creator", "Producer")
DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?([-+Z])?(\d\d)?'?(\d\d)?")
PAPERS = {(595, 842): "A4", (842, 1191): "A3", (420, 595): "A5", (612, 792): "Letter", (612, 1008): "Legal"}
"""Points, ISO 216 and ANSI Y14.1, upright."""


def facts(call: Call) -> None:
    """``{"format", "title", "author", ..., "created", "pages", "page_sizes": [{"width", "height", "paper", "count"}], "version",
    "encrypted", "tagged", "form", "outline"}``; sizes in points, dates by ISO 8601, what the file does not say left out.
    """
    import pypdfium2.raw as pdfium

    with document(call.input) as opened:
        said: dict[str, str] = {name.lower(): str(opened.get_metadata_value(name)).strip("\0 ") for name in NAMES}
        version = opened.get_version()
        sizes = Counter(_size(opened, index) for index in range(min(len(opened), MOST_SIZED)))
        found: dict[str, Any] = {
            "format": "PDF",
            **{name: value for name, value in said.items() if value},
            "created": moment(opened.get_metadata_value("CreationDate")),
            "modified": moment(opened.get_metadata_value("ModDate")),
            "pages": len(opened),
            "page_sizes": [
                {"width": wide, "height": high, "paper": _paper(wide, high), "count": count}
                for (wide, high), count in sizes.most_common()
                if wide and high
            ],
            "version": f"{version // 10}.{version % 10}" if version else None,
            "encrypted": pdfium.FPDF_GetSecurityHandlerRevision(opened) >= 0,
            "tagged": int(cast(int, pdfium.FPDFCatalog_IsTagged(opened))) != 0,
            "form": {pdfium.FORMTYPE_ACRO_FORM: "AcroForm"}.get(opened.get_formtype(), "XFA") if opened.get_formtype() else None,
            "outline": len(_entries(opened)),
        }
    _write(call, {name: value for name, value in found.items() if value is not None})


def outline(call: Call) -> None:
    """``[{"title", "page", "children": [...]}]``: pages count from 1, null where an entry leads nowhere in the document."""
    with document(call.input) as opened:
        _write(call, _nested(_entries(opened)))


def _entries(opened: Any) -> list[tuple[int, str, int | None]]:
    """Depth (0 for the topmost), title and page of each, in reading order."""
    found: list[tuple[int, str, int | None]] = []
    for mark in opened.get_toc(max_depth=DEEPEST):
        place = mark.get_dest()
        index = place.get_index() if place is not None else None
        found.append((mark.level, " ".join(mark.get_title().split()), None if index is None else index + 1))
        if len(found) >= MOST_ENTRIES:
            break
    return found


def _nested(entries: list[tuple[int, str, int | None]]) -> list[dict[str, Any]]:
    top: list[dict[str, Any]] = []
    open_lists = [top]
    for depth, title, page in entries:
        entry: dict[str, Any] = {"title": title, "page": page, "children": []}
        del open_lists[min(depth, len(open_lists) - 1) + 1 :]
        open_lists[-1].append(entry)
        open_lists.append(entry["children"])
    return top


def _size(opened: Any, index: int) -> tuple[float, float]:
    try:
        wide, high = opened.get_page_size(index)
    except Exception:  # a page without a size is told by its absence
        return 0, 0
    return round(wide, 1), round(high, 1)


def _paper(wide: float, high: float) -> str | None:
    short, long = sorted((wide, high))
    return next((name for (a, b), name in PAPERS.items() if abs(short - a) <= 2 and abs(long - b) <= 2), None)


def moment(text: str) -> str | None:
    """A PDF date (ISO 32000-1 section 7.9.4) by ISO 8601, as far as it goes; None for what is none."""
    match = DATE.match(text or "")
    if match is None:
        return None
    year, month, day, hour, minute, second, sign, off_hours, off_minutes = match.groups()
    date = "-".join(part for part in (year, month, day if month else None) if part)
    if day is None or hour is None:
        return date
    zone = {"Z": "Z", None: ""}.get(sign, f"{sign}{off_hours or '00'}:{off_minutes or '00'}")
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{zone}"


def _write(call: Call, value: object) -> None:
    write(call.output, (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace"))
