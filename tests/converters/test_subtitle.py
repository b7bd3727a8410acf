"""Subtitles: cues, their times and their words survive the way into every other form."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from importlib.resources import files

import pytest

from omnic_stream.converters.subtitle import CONVERTERS, FORMS
from omnic_stream.converters.warm import subtitle
from omnic_stream.model.errors import Corrupt, TooExpensive

Runs = Callable[..., io.BytesIO]
WATCH = files("omnic_stream").joinpath("samples", "watch.vtt").read_bytes()
ZOO = {
    "VTT": ("subtitle/sample.vtt", 16),
    "SRT": ("subtitle/sample.srt", 5),
    "SBV": ("subtitle/sample.sbv", 5),
    "ASS": ("subtitle/s.ass", 1),
}


def cues(made: io.BytesIO, form: str) -> list[tuple[int, int, str]]:
    return [(cue.start, cue.end, cue.text) for cue in subtitle.read(made.getvalue().decode(), form)]


@pytest.mark.parametrize("target", FORMS)
@pytest.mark.parametrize("source", ZOO)
def test_cues_and_times_of_the_zoo_are_kept(run: Runs, source: str, target: str) -> None:
    path, count = ZOO[source]
    made = cues(run(subtitle.convert, path, source, target), target)
    assert len(made) == count
    exact = 40 if target == "MICRODVD" else 10 if target == "ASS" else 0
    known = {"SBV": (378, 11378, "Caption text #1"), "ASS": (1000, 2000, "Hello")}
    start, end, text = known.get(source, (500, 7000, "Caption text #1"))
    assert abs(made[0][0] - start) <= exact
    assert abs(made[0][1] - end) <= exact
    assert made[0][2] == text


def test_lines_within_a_cue_are_kept(run: Runs) -> None:
    assert (
        "Caption text #3 (line 1)\nCaption text #3 (line 2)\n"
        in run(subtitle.convert, "subtitle/sample.sbv", "SBV", "VTT").getvalue().decode()
    )


def test_styles_and_entities(run: Runs) -> None:
    srt = run(subtitle.convert, WATCH, "VTT", "SRT").getvalue().decode()
    assert srt == (
        "1\n00:00:01,000 --> 00:00:03,500\nThe lamp is <i>lit</i> & turning.\n\n"
        "2\n00:01:00,250 --> 00:01:02,000\n- Ship ahoy!\n- <b>Where</b>?\n"
    )
    for form in ("ASS", "TTML"):
        there = run(subtitle.convert, WATCH, "VTT", form).getvalue()
        assert run(subtitle.convert, there, form, "SRT").getvalue().decode() == srt


def test_vtt_without_its_notes_and_marks(run: Runs) -> None:
    text = (
        "WEBVTT\n\nNOTE\n00:01.000 --> 00:02.000\nno cue\n\nSTYLE\n::cue { color: red }\n\n"
        "00:03.000 --> 01:00:04.000\nNOTE: 1 < 2 <00:03.500>really <c.loud>so</c>\n"
    )
    assert cues(run(subtitle.convert, text.encode(), "VTT", "SRT"), "SRT") == [(3000, 3604000, "NOTE: 1 < 2 really so")]


def test_ass_fields_and_overrides(run: Runs) -> None:
    text = (
        "[Events]\nFormat: Start, End, Style, Text\nComment: 0:00:01.00,0:00:02.00,A,no\n"
        "Dialogue: 0:00:05.50,0:00:06.00,A,{\\an8\\b1}Loud,{\\r} and\\Nlow <b>{not shown}\n"
        "Dialogue: 0:00:07.00,0:00:08.00,A,{\\p1}m 0 0 l 9 9{\\p0}\n"
    )
    made = run(subtitle.convert, text.encode(), "ASS", "VTT").getvalue().decode()
    assert made == "WEBVTT\n\n00:00:05.500 --> 00:00:06.000\n<b>Loud,</b> and\nlow &lt;b&gt;\n"


def test_ttml_counts_frames_and_durations(run: Runs) -> None:
    text = (
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25"><body><div begin="10s">'
        '<p begin="00:00:01:05" dur="500ms">A<br/>B</p></div></body></tt>'
    )
    assert cues(run(subtitle.convert, text.encode(), "TTML", "SRT"), "SRT") == [(11200, 11700, "A\nB")]


def test_microdvd_uses_the_rate_that_it_tells(run: Runs) -> None:
    assert cues(run(subtitle.convert, b"{1}{1}50\n{100}{150}One|Two\n", "MICRODVD", "SRT"), "SRT") == [(2000, 3000, "One\nTwo")]


def test_japanese_in_its_old_encoding(run: Runs) -> None:
    text = "1\r\n00:00:01,000 --> 00:00:02,000\r\n灯台が回る\r\n".encode("shift_jis")
    assert "灯台が回る" in run(subtitle.convert, text, "SRT", "VTT").getvalue().decode()


def test_a_page_and_plain_words(run: Runs) -> None:
    hostile = b"1\n00:00:01,000 --> 00:00:02,000\n<script>alert(1)</script><i>x</i> & <img src=x onerror=y>\n"
    page = run(subtitle.page, hostile, "SRT", "HTML").getvalue().decode()
    assert "<time>00:00:01</time></th><td>alert(1)<i>x</i> &amp;</td>" in page
    assert "<script" not in page
    words = run(subtitle.words, "subtitle/sample.vtt", "VTT", "TXT").getvalue().decode()
    assert re.findall(r"#(\d+)", words) == [str(number) for number in range(1, 17)]
    assert "-->" not in words


def test_what_is_refused(run: Runs) -> None:
    with pytest.raises(Corrupt, match="not one cue"):
        run(subtitle.convert, b"WEBVTT\n\nnothing here\n", "VTT", "SRT")
    with pytest.raises(Corrupt, match="no document type"):
        run(subtitle.convert, b'<!DOCTYPE tt [<!ENTITY x "y">]><tt><body/></tt>', "TTML", "SRT")
    with pytest.raises(TooExpensive, match="50000"):
        run(subtitle.convert, b"00:01.000 --> 00:02.000\nx\n\n" * 50_001, "SRT", "VTT")


def test_every_form_is_read_and_written() -> None:
    assert set(subtitle.READERS) == set(subtitle.WRITERS) == set(CONVERTERS[0].inputs)
