"""Tables to look at: as a page, and as a picture of the first rows."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import islice
from typing import Final

from omnic_stream.converters.warm import drawing
from omnic_stream.converters.warm.drawing import escaped, fitted, width_of
from omnic_stream.converters.warm.pages import document, write
from omnic_stream.converters.warm.sheets import NUMERIC, TEMPORAL, Row, Sheet, chosen, shown
from omnic_stream.model.contracts import Call

MOST_ROWS: Final = 5_000
MOST_SHOWN: Final = 150_000
"""Cells of all tables together: a browser still scrolls them smoothly."""
LONGEST_SHOWN: Final = 1_000
MOST_SHEETS: Final = 60
CSS: Final = """
body.wide{padding:1.25rem 1.25rem 4rem}h1{font-size:1.3rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2.2rem 0 .3rem}
.note{color:var(--soft);margin:.1rem 0 .9rem}nav{margin:.6rem 0 0}nav a{margin-right:1rem}
table{display:table;overflow:visible;max-width:none;border-collapse:separate;border-spacing:0;font-size:.9rem;line-height:1.4;
font-variant-numeric:tabular-nums;border:1px solid var(--line);border-width:0 1px 1px 0}
th,td{border:0 solid var(--line);border-width:1px 0 0 1px;padding:.3rem .6rem;max-width:32rem;vertical-align:top;white-space:pre-wrap}
thead th{z-index:2;border-bottom-width:2px;white-space:nowrap;font-weight:600}
th small{display:block;font-weight:400;color:var(--soft);font-size:.78em}
tbody th,thead th:first-child{position:sticky;left:0;color:var(--soft);font-weight:400;text-align:right;user-select:none}
thead th:first-child{z-index:3}
tbody tr:nth-child(even) td{background:color-mix(in srgb,var(--code) 45%,transparent)}tbody tr:hover td{background:var(--code)}
.r{text-align:right}
"""


def page(call: Call, sheets: Sequence[Sheet]) -> dict[str, int]:
    """Every table as a section, its first rows, and how many there are."""
    taken = (
        [chosen(call, sheets)]
        if "sheet" in call.arguments
        else [sheet for sheet in sheets if sheet.columns][:MOST_SHEETS] or sheets[:1]
    )
    left = MOST_SHOWN
    parts: list[str] = []
    for number, sheet in enumerate(taken):
        fair = left // (len(taken) - number)
        rows = min(sheet.count, MOST_ROWS, max(fair // max(len(sheet.columns), 1), 20))
        left -= rows * len(sheet.columns)
        parts.append(section(sheet, number, list(islice(sheet.rows(), rows)), alone=len(taken) == 1))
        call.report((number + 1) / len(taken))
    title = taken[0].name if len(taken) == 1 else f"{len(sheets)} tables"
    head = f"<h1>{html.escape(title)}</h1>"
    if len(taken) > 1:
        links = "".join(f'<a href="#t{number}">{html.escape(sheet.name)}</a>' for number, sheet in enumerate(taken))
        head += f"<nav>{links}</nav>"
    return write(call, document(title, head + "\n".join(parts), css=CSS, wide=True))


def section(sheet: Sheet, number: int, rows: Sequence[Row], *, alone: bool = True) -> str:
    """A table as markup."""
    right = [kind in NUMERIC for kind in sheet.kinds]
    heads = "".join(
        f"<th{_aligned(is_number)}>{html.escape(name)}<small>{kind}</small></th>"
        for name, kind, is_number in zip(sheet.columns, sheet.kinds, right, strict=True)
    )
    lines = "\n".join(
        f"<tr><th>{place}</th>"
        + "".join(f"<td{_aligned(is_number)}>{_cell(cell)}</td>" for cell, is_number in zip(row, right, strict=True))
        + "</tr>"
        for place, row in enumerate(rows, 1)
    )
    title = "" if alone else f'<h2 id="t{number}">{html.escape(sheet.name)}</h2>'
    return (
        f'<section>{title}<p class="note">{told_size(sheet, len(rows))}</p>'
        f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>\n{lines}\n</tbody></table></section>"
    )


def told_size(sheet: Sheet, rows: int) -> str:
    columns = f"{len(sheet.columns):,} column{'' if len(sheet.columns) == 1 else 's'}"
    size = f"{sheet.count:,} row{'' if sheet.count == 1 else 's'}, {columns}"
    return size if rows >= sheet.count else f"{size}. Shown: the first {rows:,} rows."


def _aligned(right: bool) -> str:
    return ' class="r"' if right else ""


def _cell(cell: object) -> str:
    text = shown(cell)
    return html.escape(text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…")


# --- the picture ------------------------------------------------------------------------------------------------------------

INK, SOFT, LINE, HEAD, BAND = "#1d2329", "#6b7682", "#d5dae0", "#e9eef3", "#f7f9fb"


def picture(call: Call, sheets: Sequence[Sheet]) -> None:
    """The first rows and as many columns as find room, drawn in the shape of the box that is asked for."""
    sheet = chosen(call, sheets)
    small = call.target.startswith("thumb.")
    wide, high = drawing.asked_size(call)
    across = min(max(wide * 1.7, 320), 640) if small else 1200
    shape = min(max(high / wide, 0.3), 3.0) if wide and high else None
    size = 14
    most = min(max(int(((shape or 0.8) * across - 8) / (size * 1.85)), 3), 60) if small or shape else 40
    rows = list(islice(sheet.rows(), most))
    svg, width, height = drawn(sheet, rows, across, size, across * shape if shape else None)
    drawing.render(call, svg, width, height)


def drawn(sheet: Sheet, rows: Sequence[Row], across: float, size: int, down: float | None) -> tuple[str, float, float]:
    """SVG of a table at most ``across`` wide; ``down`` high where that is given."""
    leading, gap = size * 1.85, size * 0.7
    cells = [[shown(cell) for cell in row] for row in rows]
    first = width_of(str(max(len(rows), 1)), size) + 2 * gap
    widest = across * (0.45 if len(sheet.columns) > 2 else 0.75)
    widths: list[float] = []
    left = across - first
    for number, name in enumerate(sheet.columns):
        texts = [name, *(row[number] for row in cells)]
        wanted = min(max(width_of(text[:120], size) for text in texts), widest) + 2 * gap
        if widths and wanted > left and left < 5 * size:
            break
        widths.append(min(wanted, left))
        left -= widths[-1]
        if left <= 0:
            break
    if widths and left > 0:
        grown = min(1 + left / sum(widths), 1.6 if down is None else 99)
        widths = [width * grown for width in widths]
    width = first + sum(widths) if down is None else across
    height = down or leading * (len(rows) + 1) + 1
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" font-family="{drawing.FONT}" font-size="{size}">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<rect width="{width:.1f}" height="{leading:.1f}" fill="{HEAD}"/>',
    ]
    parts += [
        f'<rect y="{leading * n:.1f}" width="{width:.1f}" height="{leading:.1f}" fill="{BAND}"/>'
        for n in range(2, len(rows) + 1, 2)
    ]
    for line in range(len(rows) + 1):
        base = leading * line + leading / 2 + size * 0.36
        if line:
            parts.append(f'<text x="{first - gap:.1f}" y="{base:.1f}" text-anchor="end" fill="{SOFT}">{line}</text>')
        at = first
        for number, room in enumerate(widths):
            text = fitted(sheet.columns[number] if line == 0 else cells[line - 1][number], room - 2 * gap, size)
            right = sheet.kinds[number] in NUMERIC
            x, anchor = (at + room - gap, ' text-anchor="end"') if right else (at + gap, "")
            weight = ' font-weight="bold"' if line == 0 else ""
            fill = INK if line == 0 or sheet.kinds[number] not in TEMPORAL else "#3b5f80"
            if text:
                parts.append(f'<text x="{x:.1f}" y="{base:.1f}" fill="{fill}"{anchor}{weight}>{escaped(text)}</text>')
            at += room
    ends = [first]
    for room in widths:
        ends.append(ends[-1] + room)
    bottom = min(leading * (len(rows) + 1), height)
    parts += [f'<path d="M{x:.1f} 0V{bottom:.1f}" stroke="{LINE}"/>' for x in ends if x < width - 1]
    parts += [f'<path d="M0 {leading * n:.1f}H{width:.1f}" stroke="{LINE}"/>' for n in range(1, len(rows) + 2)]
    parts.append("</svg>")
    return "\n".join(parts), width, height
