"""One converter of each kind through the real runner, in its cage."""

from __future__ import annotations

from pathlib import Path

import pytest

from omnic_stream.converters import font, javascript
from omnic_stream.model.contracts import Work
from omnic_stream.model.errors import Corrupt
from omnic_stream.runner import open_runner

SAMPLES = Path(font.__file__).parents[1] / "samples"
ALL = {converter.id: converter for converter in (*font.CONVERTERS, *javascript.CONVERTERS)}
ROADS = (
    ("font.specimen", "seven.ttf", "TTF", "specimen.png", b"\x89PNG"),
    ("font.packed", "seven.ttf", "TTF", "WOFF2", b"wOF2"),
    ("font.type1", "seven.pfb", "PFB", "OTF", b"OTTO"),
    ("font.fontforge", "seven.sfd", "SFD", "TTF", b"\0\1\0\0"),
    ("script.es5", "tide.ts", "TS", "es5.js", b"function nextHigh(tides) {"),
    ("style.small", "tide.css", "CSS", "min.css", b".tide{color:#05a;margin:0 0 1em}"),
    ("style.small-lenient", "tide.css", "CSS", "min.css", b".tide{color:#05a;margin:0 0 1em}"),
    ("sass.quick", "tide.scss", "SCSS", "CSS", b".tide .high:hover {\n  color: #0055aa;\n}"),
    ("sass.whole", "tide.scss", "SCSS", "CSS", b".tide .high:hover {\n  color: #0055aa;\n}"),
    ("less.style", "tide.less", "LESS", "CSS", b"width: 3em;"),
)


@pytest.mark.parametrize(("id", "sample", "source", "target", "mark"), ROADS, ids=[road[0] for road in ROADS])
async def test_a_sample_is_converted_in_its_cage(tmp_path, id, sample, source, target, mark):
    await run(tmp_path, id, SAMPLES / sample, source, target)
    assert mark in (tmp_path / "made").read_bytes()


async def test_a_broken_script_is_answered_in_one_sentence(tmp_path):
    (tmp_path / "broken.js").write_text("const a = ;")
    with pytest.raises(Corrupt, match=r"^The script cannot be compiled: Expression expected \(line 1, column 11\)\.$"):
        await run(tmp_path, "script.small", tmp_path / "broken.js", "JS", "min.js")


async def run(folder: Path, id: str, input: Path, source: str, target: str) -> None:
    async with open_runner(slots=1) as runner:
        work = Work(converter=ALL[id], input=input, source=source, target=target, arguments={}, folder=folder, output="made")
        await runner.run(work, priority=lambda: 0, report=lambda state: None)
