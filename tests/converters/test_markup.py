"""pandoc, by the real runner on real documents."""

import zipfile

import pytest

from omnic_stream.converters import markup, text
from omnic_stream.model.contracts import Bound, Command, Loss, Work
from omnic_stream.model.errors import ConverterFailed
from omnic_stream.runner import open_runner

PANDOC = [converter for converter in markup.CONVERTERS if markup.PANDOC in converter.tools]
BY_TARGET = {converter.outputs[0]: converter for converter in PANDOC}


@pytest.fixture
async def make(tmp_path):
    """Convert a file and answer the path of what came out."""
    async with open_runner(slots=2) as runner:

        async def convert(file, source, target):
            folder = tmp_path / f"job{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            name = f"result.{target.lower()}"
            work = Work(
                converter=BY_TARGET[target], input=file, source=source, target=target, arguments={}, folder=folder, output=name
            )
            await runner.run(work, priority=lambda: 0, report=lambda state: None)
            return folder / name

        yield convert


SPECIMENS = (
    ("text/text.rst", "RST", "paragraph_format"),
    ("text/README.md", "MD", "Sucrase"),
    ("text/transform.html", "HTML", "フォントビュー"),
    ("document/a.org", "ORG", "Hello world"),
    ("document/a.wiki", "MEDIAWIKI", "Hello world"),
    ("document/a.tex", "TEX", "Hello world"),
    ("document/a.1", "MAN", "Hello world"),
    ("document/csv2ods.docbook", "DOCBOOK", "csv2ods"),
    ("document/a.opml", "OPML", "Hello world"),
    ("document/a.fb2", "FB2", "Hello"),
    ("document/a.epub", "EPUB", "Hello world"),
    ("document/a.odt", "ODT", "Hello world"),
    ("document/par-alignment.docx", "DOCX", "Inherited alignment"),
    ("notebook/notebook2.ipynb", "IPYNB", "NumPy"),
)


async def test_pandoc_reads_every_specimen_of_the_zoo(zoo, make):
    for name, source, words in SPECIMENS:
        made = await make(zoo / name, source, "TXT")
        assert words.lower() in made.read_text(encoding="utf-8").lower(), name


async def test_textile_is_read(make, tmp_path):
    (tmp_path / "a.textile").write_text('h1. Harbour\n\n|_. ship |_. day |\n| Ada | 3 |\n\n"*bold*":http://example.org/\n')
    page = (await make(tmp_path / "a.textile", "TEXTILE", "HTML")).read_text()
    assert "Harbour</h1>" in page
    assert "<td>Ada</td>" in page


async def test_pandoc_writes_every_format_that_it_is_declared_for(make, tmp_path):
    (tmp_path / "a.org").write_text("#+TITLE: Harbour\n\n* Ships\n\n| name | day |\n|------+-----|\n| Ada  |   3 |\n")
    for target in BY_TARGET:
        made = await make(tmp_path / "a.org", "ORG", target)
        if target in {"DOCX", "ODT", "EPUB"}:
            with zipfile.ZipFile(made) as archive:
                assert archive.testzip() is None
                whole = b"".join(archive.read(name) for name in archive.namelist())
        else:
            whole = made.read_bytes()
        assert b"Ships" in whole, target
        assert b"Ada" in whole, target


async def test_a_page_runs_nothing_and_fetches_nothing(make, tmp_path):
    (tmp_path / "a.org").write_text(
        "#+TITLE: Fine <script>alert(1)</script>\n#+HTML_HEAD: <script>alert(2)</script>\n\n"
        "#+BEGIN_EXPORT html\n<script>alert(3)</script>\n#+END_EXPORT\n\n[[http://127.0.0.1:9/x.png]]\n"
    )
    page = (await make(tmp_path / "a.org", "ORG", "HTML")).read_text()
    head, _, _ = page.partition("</head>")
    assert "<script" not in head
    # The policy stands before anything of the document's and allows no script, no frame, no address.
    assert head.index("Content-Security-Policy") < head.index("<title>")
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:;" in head


async def test_metadata_of_a_document_does_not_reach_the_head_of_the_page(make, tmp_path):
    (tmp_path / "a.ipynb").write_text(
        '{"cells":[{"cell_type":"markdown","metadata":{},"source":["Words"]}],"metadata":{"title":"T","css":"http://127.0.0.1:9/x.css",'
        '"header-includes":"<script>alert(1)</script>"},"nbformat":4,"nbformat_minor":4}'
    )
    page = (await make(tmp_path / "a.ipynb", "IPYNB", "HTML")).read_text()
    assert "Words" in page
    assert "alert" not in page
    assert "127.0.0.1" not in page


INCLUDES = (
    ("RST", "hello\n\n.. include:: {secret}\n"),
    ("RST", "hello\n\n.. csv-table::\n   :file: {secret}\n"),
    ("RST", "hello\n\n.. raw:: html\n   :file: {secret}\n"),
    ("DOCBOOK", '<!DOCTYPE article [<!ENTITY x SYSTEM "file://{secret}">]><article><para>hello &x;</para></article>'),
    ("ORG", '#+INCLUDE: "{secret}"\nhello\n'),
    ("TEX", "\\input{{{secret}}}\nhello \\include{{{secret}}} \\lstinputlisting{{{secret}}}\n"),
    ("MD", "hello ![]({secret})\n"),
    ("HTML", '<p>hello</p><iframe src="{secret}"></iframe><object data="{secret}"></object>'),
)


@pytest.mark.parametrize("target", ["HTML", "TXT", "DOCX", "EPUB"])
async def test_no_other_file_gets_into_a_result(make, tmp_path, target):
    secret = tmp_path / "secret.txt"
    secret.write_text("marker-of-the-machine")
    for source, content in INCLUDES:
        if source == target:
            continue
        file = tmp_path / f"given.{source.lower()}"
        file.write_text(content.format(secret=secret))
        try:
            made = await make(file, source, target)
        except ConverterFailed as error:  # a file that is asked for and cannot be had may be reason enough to give up
            assert str(secret) not in error.message
            continue
        parts = [made.read_bytes()]
        if zipfile.is_zipfile(made):
            with zipfile.ZipFile(made) as archive:
                parts = [archive.read(name) for name in archive.namelist()]
        assert b"hello" in b"".join(parts), source
        assert b"marker-of-the-machine" not in b"".join(parts), source


async def test_what_is_broken_is_told_without_a_path(make, tmp_path):
    (tmp_path / "broken.docx").write_bytes(b"PK\x03\x04nothing")
    with pytest.raises(ConverterFailed) as caught:
        await make(tmp_path / "broken.docx", "DOCX", "HTML")
    assert "/" not in caught.value.message


@pytest.mark.parametrize("target", sorted(BY_TARGET))
def test_what_pandoc_is_told(target):
    run = BY_TARGET[target].run
    assert isinstance(run, Command)
    for source in BY_TARGET[target].inputs:
        bound = Bound(input="/in/input.x", output="/w/result.x", folder="/w", source=source, target=target, arguments={})
        argv = run.render(bound)
        assert argv[:5] == ("pandoc", "+RTS", "-M512m", "-RTS", "--quiet")
        assert ("--sandbox" in argv) == (target not in {"DOCX", "ODT", "EPUB"})
        assert not any("filter" in word or "extract-media" in word or "self-contained" in word for word in argv)
        assert argv[-2:] == ("--output=/w/result.x", "/in/input.x")


def test_converters_of_wheels_alone_are_preferred():
    for other in text.CONVERTERS:
        for mine in PANDOC:
            if set(other.outputs) & set(mine.outputs) and set(other.inputs) & set(mine.inputs):
                assert (other.loss, other.cost.ms) < (mine.loss, mine.cost.ms)
    assert all(converter.loss in {Loss.RESTYLES, Loss.EXTRACTS} for converter in PANDOC)
