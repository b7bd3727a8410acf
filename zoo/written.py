"""``docs/formats.md``, from a run: what each family's formats become, the names that stand for a wish, and what fails."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.resources import files

from omnic_stream.model.formats import Format, Formats, read_formats
from zoo.asking import Outcome
from zoo.matrix import by_row, count, share

FAMILIES = {
    "raster": "Pictures", "vector": "Drawings", "page": "Pages", "office": "Documents", "spreadsheet": "Workbooks", "presentation": "Slides",
    "text": "Plain text", "markup": "Markup", "ebook": "Books", "notebook": "Notebooks", "code": "Source code", "data": "Data", "table": "Tables",
    "audio": "Sound", "video": "Film", "subtitle": "Subtitles", "mesh": "Solids", "molecule": "Molecules", "geo": "Maps", "archive": "Archives",
    "package": "Packages", "font": "Fonts", "mail": "Mail", "calendar": "Calendars and contacts", "binary": "Programs",
}  # fmt: skip


def formats() -> Formats:
    return Formats(read_formats(files("omnic_stream.model").joinpath("formats.toml").read_text(encoding="utf-8")))


def document(outcomes: Sequence[Outcome], profile: str) -> str:
    return "\n".join(_lines(outcomes, formats(), profile)) + "\n"


def _lines(outcomes: Sequence[Outcome], known: Formats, profile: str) -> Iterable[str]:
    right, all_ = count(outcomes)
    yield "# Formats"
    yield ""
    yield "<!-- Written by `scripts/zoo --write-docs`. Do not edit: run it again. -->"
    yield ""
    yield (
        f"Every specimen of `tests/zoo` was asked for through a running service with the tools of the profile `{profile}`, and each result was held "
        f"to the facts of `tests/zoo/MANIFEST.csv` (pages, sizes, durations, words, colours, counts): **{right} of {all_} targets are right "
        f"({share(outcomes):.1%})**. What a file becomes beyond this is listed by `omnic-stream types FILE`, and by which road by "
        "`omnic-stream graph --from X --to Y`."
    )
    for category, title in FAMILIES.items():
        rows = [(row, cells) for row, cells in by_row(outcomes) if _category(known, row.format) == category]
        if not rows:
            continue
        yield from ("", f"## {title}", "", "| format | name | becomes | does not |", "|---|---|---|---|")
        for name in dict.fromkeys(row.format for row, _ in rows):
            cells = [cell for row, those in rows if row.format == name for cell in those]
            yield f"| {name} | {_title(known, name)} | {_targets(cells, right=True)} | {_targets(cells, right=False)} |"
    yield from _names(known)
    bad = [outcome for outcome in outcomes if outcome.state in {"wrong", "failed"}]
    barred = [outcome for outcome in outcomes if outcome.state == "barred"]
    yield from ("", "## What fails", "")
    yield from ("| specimen | asked for | what came of it |", "|---|---|---|") if bad else ("Nothing that the manifest asks for.",)
    for outcome in bad:
        what = outcome.reason if outcome.state == "failed" else f"made, but {outcome.reason}"
        yield f"| `{outcome.row.path}` | {outcome.target} | {_cell(what)} |"
    if barred:
        yield from (
            "",
            "What a specimen cannot become, and says so:",
            "",
            "| specimen | asked for | why | what is said |",
            "|---|---|---|---|",
        )
    for outcome in barred:
        why = outcome.row.facts.barred[outcome.target]
        yield f"| `{outcome.row.path}` | {outcome.target} | {why} | {_cell(outcome.reason)} |"


def _category(known: Formats, name: str) -> str:
    return known.get(name).category if name in known else "binary"


def _title(known: Formats, name: str) -> str:
    return known.get(name).title if name in known else ""


def _targets(cells: Iterable[Outcome], *, right: bool) -> str:
    """A target is on the right side where it is right for every specimen of the format."""
    states: dict[str, bool] = {}
    for cell in cells:
        if cell.state != "barred":
            states[cell.target] = states.get(cell.target, True) and cell.state == "right"
    return ", ".join(f"`{target}`" for target, held in states.items() if held is right)


def _names(known: Formats) -> Iterable[str]:
    """Formats that nobody's file has: what may be asked for by a wish, and what tells about a file."""
    wishes = [format for format in known if format.category == "wish"]
    leaves = [format for format in known if format.leaf and format.category != "wish"]
    yield from ("", "## Names that stand for a wish", "", "| name | what it is | takes |", "|---|---|---|")
    for format in (*wishes, *leaves):
        yield f"| `{format.name}` | {format.title} | {_arguments(format)} |"


def _arguments(format: Format) -> str:
    return ", ".join(f"`{rule.name}`" for rule in format.arguments)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;")
