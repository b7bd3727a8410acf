"""Facts about a file in three forms: JSON, a page of tables, a card."""

from __future__ import annotations

import hashlib
import html
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from omnic_stream.converters.warm.cards import Card, Row
from omnic_stream.converters.warm.pages import document, write
from omnic_stream.model.contracts import Call, MiB

CSS = """
.facts th{width:11rem;vertical-align:top;font-weight:600;position:static}.facts td{white-space:pre-line}.note{color:var(--soft)}
.lead{font-size:1.1rem;color:var(--soft);margin-top:-.4em}td.number{text-align:right;font-variant-numeric:tabular-nums}
td code{white-space:pre-wrap}
"""
MOST_SHOWN = 1_000
"""Rows of a table on a page."""

Cell = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    title: str
    badge: str
    subtitle: str = ""
    facts: Sequence[tuple[str, Cell]] = ()
    """What a person reads first: label and value; those without a value are left out."""
    tables: Sequence[Table] = ()
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What a program reads."""
    colour: str = "#4a5a78"

    @property
    def known(self) -> list[tuple[str, str]]:
        return [
            (label, f"{value:,}" if isinstance(value, int) else str(value))
            for label, value in self.facts
            if value not in (None, "")
        ]


def basics(call: Call) -> dict[str, Any]:
    """``format``, ``size`` in bytes and ``sha256`` of the input."""
    digest, at = hashlib.sha256(), 0
    while part := os.pread(call.input, MiB, at):
        digest.update(part)
        at += len(part)
    return {"format": call.source, "size": at, "sha256": digest.hexdigest()}


def write_json(call: Call, dossier: Dossier) -> None:
    write(call, json.dumps(basics(call) | dict(dossier.data), ensure_ascii=False, indent=1, default=str).encode("utf-8", "replace"))


def write_page(call: Call, dossier: Dossier, more: str = "", css: str = "") -> None:
    """``more`` is clean markup that stands at the end."""
    lead = f'<p class="lead">{html.escape(dossier.subtitle)}</p>' if dossier.subtitle else ""
    rows = "".join(f"<tr><th>{html.escape(label)}</th><td>{html.escape(value)}</td></tr>" for label, value in dossier.known)
    facts = f'<table class="facts"><tbody>{rows}</tbody></table>' if rows else ""
    body = f"<h1>{html.escape(dossier.title)}</h1>{lead}{facts}{''.join(_table(table) for table in dossier.tables if table.rows)}{more}"
    write(call, document(dossier.title, body, css=CSS + css))


def _table(table: Table) -> str:
    head = "".join(f"<th>{html.escape(column)}</th>" for column in table.columns)
    rows = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in table.rows[:MOST_SHOWN])
    more = f'<p class="note">The first {MOST_SHOWN:,} of {len(table.rows):,}.</p>' if len(table.rows) > MOST_SHOWN else ""
    return f"<h2>{html.escape(table.title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _cell(cell: Cell) -> str:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return f'<td class="number">{cell:,}</td>'
    return f"<td>{html.escape('' if cell is None else str(cell))}</td>"


def card_of(dossier: Dossier, rows: Sequence[Row] = ()) -> Card:
    """The facts as rows, then the others."""
    facts = [Row(text=label, note=value.replace("\n", ", ")[:60], icon=dossier.colour) for label, value in dossier.known]
    return Card(badge=dossier.badge, title=dossier.title, subtitle=dossier.subtitle, rows=[*facts, *rows], colour=dossier.colour)
