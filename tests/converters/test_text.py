from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from omnic_stream.converters.warm import books, drawn_text, ebook, text
from omnic_stream.model.errors import Corrupt, TooExpensive
from omnic_stream.model.graph import ConversionGraph
from omnic_stream.model.target import Target
from omnic_stream.plugins import collect

SAMPLES = Path(text.__file__).parents[2] / "samples"
ATTACK = (
    '<script>alert(1)</script><iframe src="https://evil.example/"></iframe><img src="https://evil.example/x.png" onerror="alert(1)">'
    '<img src=x><a href="javascript:alert(1)">go</a><form action="https://evil.example/"><input name=p></form>'
    '<svg onload="alert(1)"></svg><p style="background:url(https://evil.example/)" onclick="alert(1)">kept</p>'
    '<link rel=stylesheet href="https://evil.example/a.css"><meta http-equiv=refresh content="0;url=https://evil.example/">'
)
HARMFUL = re.compile(
    r"<(script|iframe|form|svg|link|object|embed)\b|\son\w+=|(?:href|src)=[\"']?\s*javascript:|src=[\"']?(?!data:image/)|style=|url\(|http-equiv=[\"']?refresh",
    re.IGNORECASE,
)


def page(run, function, content, source: str) -> str:
    return run(function, content, source, "HTML").read().decode()


def body(markup: str) -> str:
    return markup.partition("<body")[2]


def packed(**members: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return made.getvalue()


def notebook(*cells: object) -> bytes:
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": list(cells)}).encode()


def book(chapter: str) -> bytes:
    return packed(
        **{
            "META-INF/container.xml": '<rootfile full-path="O/p.opf"/>',
            "O/p.opf": '<dc:title>Tides</dc:title><item id="a" href="a.html"/><itemref idref="a"/>',
            "O/a.html": f"<html><body><h1>High water</h1>{chapter}</body></html>",
        }
    )


def test_markdown_has_headings_tables_and_code(run):
    made = page(run, text.markdown, b"# Notes\n\n|a|b|\n|-|-|\n|1|2|\n\n```python\ndef f(): pass\n```\n\n- [x] done\n", "MD")
    assert "<title>Notes</title>" in made
    assert "<h1>Notes</h1>" in made
    assert "<td>2</td>" in made
    assert '<span class="k">def</span>' in made
    assert "field" in page(run, text.markdown, (SAMPLES / "field-notes.md").read_bytes(), "MD").lower()


@pytest.mark.parametrize(
    ("function", "source", "content"),
    [
        (text.markdown, "MD", ATTACK.encode()),
        (text.markdown, "MD", b"[a](javascript:alert(1)) ![b](https://evil.example/x.png)\n\n" + ATTACK.encode()),
        (text.notebook, "IPYNB", notebook({"cell_type": "markdown", "source": ATTACK})),
        (text.notebook, "IPYNB", notebook({"cell_type": "code", "source": "", "outputs": [{"data": {"text/html": ATTACK}}]})),
        (ebook.epub, "EPUB", book(ATTACK)),
        (text.restructured, "RST", b"Title\n=====\n\n.. raw:: html\n\n   " + ATTACK.encode() + b"\n\n`a <javascript:alert(1)>`_\n"),
    ],
)
def test_nothing_that_runs_or_fetches_survives(run, function, source, content):
    found = HARMFUL.search(body(page(run, function, content, source)))
    assert found is None, found


@pytest.mark.parametrize(("function", "source"), [(text.highlighted, "TXT")])
def test_markup_in_a_text_is_shown_as_its_letters(run, function, source):
    made = body(page(run, function, b"x,y\n<script>alert(1)</script>,<b>\n", source))
    assert "<script" not in made
    assert "&lt;" in made


def test_rst_takes_in_no_file(run, tmp_path: Path):
    (tmp_path / "secret").write_text("the secret words")
    for directive in (f".. include:: {tmp_path}/secret", f".. csv-table::\n   :file: {tmp_path}/secret"):
        made = page(run, text.restructured, f"Title\n=====\n\nSome *words*.\n\n{directive}\n".encode(), "RST")
        assert "<em>words</em>" in made
        assert "secret words" not in made


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "shift_jis"])
def test_text_is_read_by_its_encoding(run, encoding):
    assert "潮の満ち引き" in page(run, text.highlighted, "潮の満ち引き\n".encode(encoding), "TXT")


@pytest.mark.parametrize("source", ["SQL", "PY", "DOCKERFILE", "JSON", "YAML", "XML", "INI"])
def test_the_text_of_source_code_is_the_code(run, source):
    """It was taken from the page, with the numbers of the lines as its first words."""
    declared = collect()
    (step,) = ConversionGraph(declared.formats, declared.converters).plan(source, Target("TXT")).steps
    assert step.converter.id == "code.text"
    assert run(text.plain, "été:\n\tx <1>\r\n".encode("cp1252"), source, "TXT").read() == "été:\n\tx <1>\r\n".encode()


def test_a_notebook_without_cells_is_corrupt(run):
    for content in (b"{}", b"[]", b"no", b"[" * 100_000):
        with pytest.raises(Corrupt):
            page(run, text.notebook, content, "IPYNB")


def test_what_a_notebook_printed_is_shown_its_errors_too(run):
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["\x1b[31mhigh\x1b[0m water\n"]},
        {"output_type": "error", "ename": "ValueError", "evalue": "ebb", "traceback": ["\x1b[0;31mValueError\x1b[0m", "no <tide>"]},
        {"output_type": "display_data", "data": {"image/jpeg": "/9j/\n", "text/plain": "<Figure>"}},
    ]
    cells = {"cell_type": "code", "source": "tide()", "outputs": outputs}, {"cell_type": "raw", "source": "class <x>"}
    made = page(run, text.notebook, notebook(*cells), "IPYNB")
    assert "<pre>high water\n</pre>" in made
    assert "<pre>ValueError\nno &lt;tide&gt;</pre>" in made
    assert 'src="data:image/jpeg;base64,/9j/"' in made and "Figure" not in made
    assert "<pre>class &lt;x&gt;</pre>" in made


def test_a_notebook_of_version_3(run):
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["High ", "water"]},
        {"cell_type": "heading", "level": 10**10, "source": "Deep"},
        {"cell_type": "heading", "level": "x", "source": "Odd"},
        {
            "cell_type": "code",
            "input": ["1+", "1"],
            "outputs": [
                {"output_type": "pyout", "text": ["2"]},
                {"output_type": "display_data", "png": "iVBO\n", "text": "Figure"},
                {"output_type": "pyerr", "traceback": ["no tide"]},
            ],
        },
    ]
    made = page(run, text.notebook, json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}).encode(), "IPYNB")
    assert "<h1>Deep</h1>" in made and "<h1>Odd</h1>" in made
    assert "<h2>High water</h2>" in made and "<pre>2</pre>" in made and "<pre>no tide</pre>" in made
    assert 'src="data:image/png;base64,iVBO"' in made
    assert re.sub("<[^>]+>", "", made).count("1+1") == 1


def test_the_colours_of_a_terminal_are_no_letters(run):
    log = b"\x1b[1;31mERROR\x1b[0m \x1b]8;;file:///log\x07ebb\x1b]8;;\x07\n"
    assert "ERROR ebb" in re.sub("<[^>]+>", "", page(run, text.highlighted, log, "TXT"))
    assert run(drawn_text.page, log, "TXT", "PNG").read() == run(drawn_text.page, b"ERROR ebb\n", "TXT", "PNG").read()


def test_html_to_words(run):
    made = run(text.words, b"<title>t</title><h1>One</h1><p>two &amp; <b>three</b></p><script>four</script>", "HTML", "TXT").read()
    assert made == b"One\ntwo & three\n"


def test_cells_of_a_row_are_words_of_their_own(run):
    content = b"<table><tr><th>Tide</th><th>Hour</th></tr><tr><td>high</td><td>12</td></tr></table>"
    assert run(text.words, content, "HTML", "TXT").read().decode().split() == ["Tide", "Hour", "high", "12"]


def test_words_of_a_page_in_its_declared_encoding(run):
    page = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2"><p>Łódź</p>'.encode("iso-8859-2")
    assert run(text.words, page, "HTML", "TXT").read().decode().strip() == "Łódź"


def test_a_text_is_drawn(run):
    with Image.open(run(drawn_text.page, b"Words\n" * 200, "TXT", "PNG")) as made:
        assert made.size == (816, 1056)
        assert made.convert("L").getextrema()[0] < 100


def ink(run, content: str) -> list[tuple[int, int]]:
    with Image.open(run(drawn_text.page, content.encode(), "TXT", "PNG")) as made:
        gray = made.convert("L")
    return [(x, y) for y in range(60, 90) for x in range(gray.width) if gray.getpixel((x, y)) < 100]


def test_each_script_is_drawn_in_a_font_that_has_it(run):
    empty = len(ink(run, "\U0010fffd\U0010fffd"))
    for word in ("潮位", "밀물", "गा", "ทะ"):
        marks = ink(run, word)
        assert len(marks) > 20, word
        # a font without them draws the same box for each letter
        halves = [sorted((x - start, y) for x, y in marks if start <= x < start + 16) for start in (64, 80)]
        assert halves[0] != halves[1], word
    assert empty < 400


def test_right_to_left_lines_stand_at_the_right(run):
    assert min(x for x, _ in ink(run, "שלום")) > 600
    assert min(x for x, _ in ink(run, "السلام")) > 600
    assert max(x for x, _ in ink(run, "Peace")) < 200


def test_a_long_line_goes_on_below(run):
    marks = ink(run, "潮" * 60)
    assert max(x for x, _ in marks) <= 816 - 64
    with Image.open(run(drawn_text.page, ("潮" * 60).encode(), "TXT", "PNG")) as made:
        below = made.convert("L").crop((64, 86, 752, 108))
    assert below.getextrema()[0] < 100


def test_books_and_letters_have_their_words(run):
    made = page(run, ebook.epub, book("<p>tide</p>"), "EPUB")
    assert "<title>Tides</title>" in made
    assert "<h1>High water</h1>" in made
    assert len(body(page(run, books.docx, (SAMPLES / "letter.docx").read_bytes(), "DOCX"))) > 200


def test_bombs_are_refused(run):
    with pytest.raises(TooExpensive):
        page(run, ebook.epub, book("a" * (65 << 20)), "EPUB")
    with pytest.raises(TooExpensive):
        page(run, books.docx, packed(word__document_xml="a" * (257 << 20)), "DOCX")
    with pytest.raises(TooExpensive):
        page(run, text.markdown, b"a" * (17 << 20), "MD")


@pytest.mark.parametrize("function", [ebook.epub, books.docx])
def test_what_is_no_archive_is_corrupt(run, function):
    with pytest.raises(Corrupt):
        run(function, b"PK\x03\x04 nothing", "ZIP", "HTML")
