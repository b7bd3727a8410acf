"""One converter of each kind through the real runner, in its cage."""

from __future__ import annotations

from pathlib import Path

import pytest

from omnic_stream.converters import table, text, vector
from omnic_stream.model.contracts import Work
from omnic_stream.runner import open_runner

SAMPLES = Path(text.__file__).parents[1] / "samples"
ALL = {converter.id: converter for converter in (*table.CONVERTERS, *text.CONVERTERS, *vector.CONVERTERS)}
ROADS = (
    ("markdown.html", "field-notes.md", "MD", "HTML", b"<h1"),
    ("docx.html", "letter.docx", "DOCX", "HTML", b"<p>"),
    ("table.delimited-json", "tides.csv", "CSV", "JSON", b"["),
    ("svg.resvg", "compass.svg", "SVG", "thumb.png", b"\x89PNG"),
    ("svg.rsvg", "compass.svg", "SVG", "PNG", b"\x89PNG"),
    ("svg.pdf", "compass.svg", "SVG", "PDF", b"%PDF-"),
)


@pytest.mark.parametrize(("id", "sample", "source", "target", "mark"), ROADS, ids=[road[0] for road in ROADS])
async def test_a_sample_is_converted_in_its_cage(tmp_path, id, sample, source, target, mark):
    async with open_runner(slots=1) as runner:
        work = Work(
            converter=ALL[id], input=SAMPLES / sample, source=source, target=target, arguments={}, folder=tmp_path, output="made"
        )
        await runner.run(work, priority=lambda: 0, report=lambda state: None)
    assert mark in (tmp_path / "made").read_bytes()
