"""Outlines of source code and marked-up texts; highlighted pages of every format that is a text."""

import json
import re
import time
from importlib.resources import files
from pathlib import Path

import pytest
from pygments.lexers import get_lexer_by_name
from pygments.lexers.special import TextLexer

from omnic_stream.converters import code as declared
from omnic_stream.converters.warm import code, text
from omnic_stream.model.formats import Formats, read_formats

FORMATS = Formats(read_formats(files("omnic_stream.model").joinpath("formats.toml").read_text("utf-8")))
SAMPLES = Path(text.__file__).parents[2] / "samples"


def flat(entries, depth=0):
    for entry in entries:
        yield depth, entry["kind"], entry["title"], entry["line"]
        yield from flat(entry["children"], depth + 1)


def outline(run, content, source: str):
    return list(flat(json.loads(run(code.outline, content, source, "outline.json").read())))


SOURCES = json.loads(Path(__file__).with_name("outlines.json").read_text("utf-8"))
"""For each language a few lines, and the depth, kind, title and line of what they declare."""


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_an_outline_names_what_is_declared_and_where(run, source):
    content = "\n".join(SOURCES[source]["content"]) + "\n"
    assert [list(entry) for entry in outline(run, content.encode(), source)] == SOURCES[source]["outline"]


def test_every_language_that_is_declared_has_patterns_and_a_test():
    assert set(declared.LANGUAGES) == set(code.LANGUAGES)
    alike = {"MJS": "JS", "TSX": "TS", "JSX": "JS", "VUE": "JS", "es5.js": "JS", "SCSS": "CSS", "LESS": "CSS"}
    assert {alike.get(name, name) for name in code.LANGUAGES} == set(SOURCES)


def test_outlines_of_the_zoo(run, zoo):
    found = outline(run, "code/_tecplot.py", "PY")
    defined = [line for line in (zoo / "code/_tecplot.py").read_text().splitlines() if re.match(r"\s*(def|class) ", line)]
    assert len(found) == len(defined)
    assert (0, "function", "read", 102) in found
    compiler = [entry for entry in outline(run, "code/Compiler.js", "JS") if entry[2] == "Compiler"]
    assert compiler == [(0, "class", "Compiler", 189)]
    assert len(outline(run, "text/README.md", "MD")) == 18


HOSTILE = (
    (b"a" * 500_000, "JS"),
    (b"class " * 80_000, "CPP"),
    (b"f(\n" * 30_000, "C"),
    (b"int a a a a a a a a a a a a a\n" * 5_000, "CPP"),
    (b"(" * 100_000, "TS"),
    (b"#" * 500_000, "MD"),
    (b"```\n~~~\n" * 20_000, "MD"),
    (b"<h1>" * 50_000, "HTML"),
    (b"<!--" * 50_000, "HTML"),
    (b"=\n" * 50_000, "RST"),
)


def test_hostile_code_does_not_take_long(run):
    started = time.process_time()
    for content, source in HOSTILE:
        outline(run, content, source)
    assert time.process_time() - started < 15


def test_every_format_of_code_is_highlighted_by_a_lexer_of_its_own():
    for one in FORMATS.in_category("code"):
        if FORMATS.descends(one.name, "TXT") and not one.leaf:
            assert not isinstance(get_lexer_by_name(text.lexer_name(one.name)), TextLexer), one.name


def test_a_highlighted_page_has_an_address_for_each_line(run):
    made = run(text.highlighted, b'def f():\n    return \'a\' # <span id="L-9"><a href="#L-9">\n', "PY", "HTML").read().decode()
    assert re.findall(r'<span id="(L\d+)"><a href="#(L\d+)"><span class="linenos">(\d)</span>', made) == [
        ("L1", "L1", "1"),
        ("L2", "L2", "2"),
    ]
    assert '<span class="k">def</span>' in made
    assert '&lt;span id="L-9"&gt;&lt;a href="#L-9"&gt;' in made, "code is left as it is"
    assert ":target" in made


def test_the_source_of_an_svg_is_shown_as_text(run):
    made = run(text.highlighted, b'<svg onload="alert(1)"><script>alert(1)</script></svg>', "SVG", "HTML").read().decode()
    assert '<span class="nt">&lt;svg</span>' in made
    assert "<script" not in made and "<svg" not in made
