"""A converter that has never run on a real file is not there: what says so for each Format that a converter takes."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from omnic_stream.cli.doctor import specimen_of
from omnic_stream.converters.warm import text
from omnic_stream.detect import inside
from omnic_stream.model.contracts import Converter
from omnic_stream.model.formats import Formats
from omnic_stream.plugins import collect
from zoo import manifest

HERE = Path(__file__).parent
DECLARED = collect()
PROGRAMS: dict[str, list[str]] = json.loads((HERE / "programs.json").read_text("utf-8"))
"""For each language a few lines, which are highlighted below."""
OUTLINED = json.loads((HERE / "outlines.json").read_text("utf-8"))
"""The same for languages whose outline is tested (``test_code.py``)."""

TESTED = {
    "test_disks.py": ("VDI", "VHDX", "NTFS"),
    "test_camera.py": ("ARW", "PEF", "SRW"),
    "test_made_files.py": ("MPO", "BLP", "DCX", "FITS", "AMR"),
    "test_office_files.py": ("602", "DIF", "OTS", "SLK", "WB2", "WK1", "WPD", "WRI", "XLTX"),
    "test_raster.py": ("HDR", "JLS"),
    "test_subtitle.py": ("TTML", "MICRODVD"),
    "test_molecule.py": ("INCHI",),
    "test_markup.py": ("TEXTILE",),
    "test_javascript.py": ("JSX", "es5.js"),
}
"""Formats that neither the zoo nor a doctor's specimen has: files are made or kept by these tests, which name them."""

NOT_PROVEN = {
    "PPSX": "a PPTX whose main part has another content type (ECMA-376 part 1, 15.2.13); LibreOffice and python-pptx write none",
}
"""What is declared all the same, and why."""


def taken(converter: Converter, formats: Formats) -> Iterator[str]:
    for word in converter.inputs:
        if word.startswith("category:"):
            yield from (format.name for format in formats.in_category(word.removeprefix("category:")))
        else:
            yield word


@dataclass
class Looked:
    """A call of detection."""

    input: int
    arguments: Mapping[str, str]
    output: int = -1
    source: str = ""
    target: str = ""

    def report(self, fraction: float) -> None: ...


@cache
def detected(specimen: str) -> str:
    file = specimen_of(specimen)
    with file.open("rb") as opened:
        return inside.detect(Looked(opened.fileno(), {"name": file.name}))


def specimen_as(converter: Converter) -> str | None:
    """The Format as which a converter reads its own specimen, ``any`` where it asks for none; None where it does not take it."""
    if converter.specimen is None:
        return None
    found, inputs = detected(converter.specimen), set(taken(converter, DECLARED.formats))
    line = (found, *DECLARED.formats.ancestors(found))
    return next((name for name in line if name in inputs), "any" if "any" in inputs else None)


DECLARING: dict[str, list[str]] = {}
for each in DECLARED.converters:
    for format in taken(each, DECLARED.formats):
        DECLARING.setdefault(format, []).append(each.id)
IN_THE_ZOO = {row.format for row in manifest.read() if row.targets}
SHOWN = {*IN_THE_ZOO, *filter(None, map(specimen_as, DECLARED.converters)), *PROGRAMS, *OUTLINED}


def test_every_converter_has_a_specimen_that_it_takes():
    assert [converter.id for converter in DECLARED.converters if specimen_as(converter) is None] == []


def test_every_format_that_a_converter_takes_is_proven_by_a_real_file():
    known = SHOWN | {name for names in TESTED.values() for name in names} | set(NOT_PROVEN)
    assert {name: ids for name, ids in DECLARING.items() if name not in known} == {}


@pytest.mark.parametrize("file", TESTED)
def test_what_is_proven_by_a_test_is_named_in_it(file):
    content = (HERE / file).read_text("utf-8")
    for name in TESTED[file]:
        ends = [rf"\.{end}\b" for end in DECLARED.formats.get(name).extensions]
        assert re.search("|".join([rf"\b{re.escape(name)}\b", *ends, rf"\b{re.escape(name.lower())}\(\)"]), content), name


def test_no_exception_is_left_over():
    exceptions = [name for names in (*TESTED.values(), tuple(NOT_PROVEN)) for name in names]
    assert len(exceptions) == len(set(exceptions))
    assert [name for name in exceptions if name in SHOWN] == [], "these are proven by a specimen by now"
    assert [name for name in exceptions if name not in DECLARING] == [], "no converter takes these any more"


@pytest.mark.parametrize("language", sorted(PROGRAMS))
def test_a_program_is_highlighted_and_stays_what_it_is(run, language):
    lines = PROGRAMS[language]
    page = run(text.highlighted, ("\n".join(lines) + "\n").encode(), language, "HTML").read().decode()
    body = re.sub(r'<span class="linenos">.*?</span>', "", page.partition("<pre")[2].partition("</pre>")[0])
    assert len(set(re.findall(r'<span class="(\w+)">', body))) >= 3, "its lexer tells words apart"
    shown = html.unescape(re.sub(r"<[^>]+>", "", body.partition(">")[2]))
    assert [line.rstrip() for line in shown.strip("\n").split("\n")] == lines
