"""The zoo's manifest: rows, the targets that a person would want, and the facts to hold them to."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "tests" / "zoo"

WORDS: Mapping[str, str] = {"directory listing": "listing.json", "directory": "listing.json"}
"""What the manifest says in a person's words, and the Format that it means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a tool, named in the manifest, measured on the specimen. None where it says nothing."""

    text: str
    size: int | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    pages: int | None = None
    duration: float | None = None
    """Seconds."""
    sound: bool = False
    film: bool = False
    """A stream of moving pictures: covers (PNG, MJPEG) in a file of sound do not count."""
    vertices: int | None = None
    faces: int | None = None
    glyphs: int | None = None
    family: str | None = None
    entries: int | None = None
    features: int | None = None
    rows: int | None = None
    columns: int | None = None
    formula: str | None = None
    subject: str | None = None
    unheld: Mapping[str, str]
    """Facts of the source that no result of it can show, each with the reason (``cannot hold: duration (...)``)."""
    barred: Mapping[str, str]
    """Targets that this very specimen cannot become, each with the reason (``cannot become: PNG (...)``): a plain refusal is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    path: str
    format: str
    facts: Facts
    targets: tuple[str, ...]
    """Names of Formats."""

    @property
    def file(self) -> Path:
        return FOLDER / self.path

    @property
    def folder(self) -> str:
        return self.path.partition("/")[0]


def read() -> tuple[Row, ...]:
    with (FOLDER / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_rows(csv.DictReader(file)))


def _rows(lines: csv.DictReader[str]) -> Iterator[Row]:
    for line in lines:
        targets = tuple(WORDS.get(word, word) for word in line["targets"].split(";") if word)
        yield Row(path=line["path"], format=line["format"], facts=facts(line["facts"]), targets=targets)


def facts(text: str) -> Facts:
    """Facts are separated by semicolons; the last of a tool ends with its name in parentheses."""

    def number(pattern: str) -> int | None:
        found = re.search(pattern, text)
        return int(found[1]) if found else None

    size = re.search(r"\bwidth=(\d+);height=(\d+)", text) or re.search(r"\b(\d+)x(\d+)\b", text)
    duration = re.search(r"\bduration=([\d.]+)", text)
    formula = re.search(r"FORMULA: ([A-Z][A-Za-z0-9 ]*)", text)
    subject = re.search(r"\bsubject=([^;]+)", text)
    family = re.search(r"\bfamily=([^;(]+)", text)
    film = re.search(r"video=(?!png|mjpeg)\w+", text)
    return Facts(
        text=text,
        size=number(r"\bsize=(\d+)"),
        width=int(size[1]) if size else None,
        height=int(size[2]) if size else None,
        frames=number(r"\b(\d+) frames"),
        pages=number(r"\bpages=(\d+)"),
        duration=float(duration[1]) if duration else None,
        sound="audio=" in text,
        film=film is not None,
        vertices=number(r"\bvertices=(\d+)"),
        faces=number(r"\bfaces=(\d+)"),
        glyphs=number(r"\bglyphs=(\d+)"),
        family=family[1].strip() if family else None,
        entries=number(r"\bentries=(\d+)"),
        features=number(r"Feature Count=(\d+)"),
        rows=number(r"\b(\d+) rows"),
        columns=number(r"\b(\d+) columns"),
        formula=formula[1].replace(" ", "") if formula else None,
        subject=subject[1].strip() if subject else None,
        unheld=dict(re.findall(r"cannot hold: (\w+) \(([^)]+)\)", text)),
        barred={name: why for names, why in re.findall(r"cannot become: ([\w. ]+) \(([^)]+)\)", text) for name in names.split()},
    )
