"""E-books to one page of HTML, with their pictures; covers as thumbs."""

import io
import re
import struct
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from omnic_stream.converters.warm import bindery, books, ebook
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

SAMPLES = Path(ebook.__file__).parents[2] / "samples"
YELLOW, BLUE = (240, 200, 40), (20, 60, 140)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def page(run, function, content: bytes | str, source: str) -> str:
    return run(function, content, source, "HTML").read().decode()


def epub(files: dict[str, bytes | str], *, base: str = "") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(base + name, content)
    return made.getvalue()


def close(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return all(abs(x - y) < 25 for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize(
    ("function", "name", "source"),
    [(ebook.epub, "log-book.epub", "EPUB"), (ebook.fiction, "log-book.fb2", "FB2"), (ebook.mobi, "log-book.mobi", "MOBI")],
)
def test_a_book_has_its_chapters_in_order_and_its_pictures_in_it(run, function, name, source):
    made = page(run, function, sample(name), source)
    assert re.search("<title>The log (&amp;|and) the tide</title>", made)
    assert made.index("High water") < made.index("Low water") < made.index("The pier stood dry.")
    (picture,) = re.findall(r'<img[^>]*src="data:image/(png|jpeg);base64,', made)
    assert picture == ("jpeg" if source == "MOBI" else "png")


@pytest.mark.parametrize(("name", "source"), [("log-book.epub", "EPUB"), ("log-book.fb2", "FB2"), ("log-book.mobi", "MOBI")])
def test_the_cover_is_a_picture(run, name, source):
    with Image.open(run(ebook.cover, sample(name), source, "cover.jpg")) as whole:
        assert (whole.format, whole.size) == ("JPEG", (60, 90))
    with Image.open(run(ebook.cover, sample(name), source, "cover.png", width="40", height="60")) as made:
        assert (made.format, made.size) == ("PNG", (40, 60))
        assert close(made.convert("RGB").getpixel((20, 13)), YELLOW)
        assert close(made.convert("RGB").getpixel((20, 45)), BLUE)


def test_links_lead_within_the_page(run):
    made = page(run, ebook.epub, sample("log-book.epub"), "EPUB")
    assert 'href="#c2-low"' in made
    assert 'id="c2-low"' in made
    made = page(run, ebook.fiction, sample("log-book.fb2"), "FB2")
    assert 'href="#n1"' in made
    assert 'id="n1"' in made


def test_books_of_the_zoo(run, zoo):
    assert "Hello world" in page(run, ebook.epub, "document/a.epub", "EPUB")
    assert "Hello" in page(run, ebook.fiction, "document/a.fb2", "FB2")
    zipped = page(run, ebook.epub, "ebook/t.epub", "EPUB")  # the book's folder was zipped, not its content
    assert len(re.sub("<[^>]+>|\\s", "", zipped.partition("<body")[2])) > 5


def test_compiled_help_has_its_pages_in_the_order_of_its_contents(run, zoo):
    made = page(run, ebook.compiled_help, "ebook/t.chm", "CHM")
    assert "<title>Help Demo</title>" in made
    body = made.partition("<body")[2]
    assert body.index("Introduction") < body.index('id="c3"') < body.index('id="c5"')
    assert body.count("<section") == 6
    assert "data:image/gif;base64," in body
    assert 'href="#c1"' in body
    ours = page(run, ebook.compiled_help, sample("log-book.chm"), "CHM")  # its pages' names sort the other way round
    assert ours.index("<h1>High water</h1>") < ours.index("<h1>Low water</h1>")
    assert "<title>The log and the tide</title>" in ours
    assert 'href="#c2"' in ours


def test_a_book_without_a_cover_says_so(run):
    with pytest.raises(ConverterFailed, match="no cover"):
        run(ebook.cover, "document/a.fb2", "FB2", "cover.png")


def test_a_cover_that_is_drawn_in_svg_is_shown(run):
    png = io.BytesIO()
    Image.new("RGB", (30, 30), (0, 200, 0)).save(png, "PNG")
    content = epub(
        {
            "META-INF/container.xml": '<rootfile full-path="O/p.opf"/>',
            "O/p.opf": '<item id="a" href="c%20over.xhtml"/><itemref linear="no" idref="a"/>',
            "O/c over.xhtml": '<body><svg width="9"><image width="9" xlink:href="i/x.png"/></svg></body>',
            "O/i/x.png": png.getvalue(),
        }
    )
    assert "data:image/png;base64," in page(run, ebook.epub, content, "EPUB")
    with Image.open(run(ebook.cover, content, "EPUB", "cover.png", width="20", height="20")) as made:
        assert made.convert("RGB").getpixel((10, 10)) == (0, 200, 0)


HOSTILE = (
    '<script>alert(1)</script><img src="http://127.0.0.1:9/x.png"><img src="file:///etc/passwd"><img src="../../../../etc/passwd">'
    '<a href="javascript:alert(1)">a</a><a href="data:text/html,x">b</a><img src="x.svg" onerror="alert(1)"><iframe src="x"></iframe>kept'
)


def test_nothing_in_a_book_runs_or_fetches(run):
    files = {
        "META-INF/container.xml": '<rootfile full-path="p.opf"/>',
        "p.opf": '<item id="a" href="a.html"/><itemref idref="a"/>',
        "a.html": HOSTILE,
        "x.svg": '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    }
    fiction = (
        sample("log-book.fb2")
        .decode()
        .replace('l:href="#n1"', 'l:href="javascript:alert(1)"')
        .replace('"#cover.png"', '"http://x/y"')
    )
    for made in (page(run, ebook.epub, epub(files), "EPUB"), page(run, ebook.fiction, fiction.encode(), "FB2")):
        body = made.partition("<body")[2]
        assert not re.search(r"<script|<iframe|javascript:|onerror|127\.0\.0\.1|http://x|passwd|data:text|svg", body)
    assert "kept" in page(run, ebook.epub, epub(files), "EPUB")


def test_a_protected_book_says_so(run):
    mobi = bytearray(sample("log-book.mobi"))
    first = struct.unpack(">I", mobi[78:82])[0]
    mobi[first + 12 : first + 14] = b"\0\2"
    with pytest.raises(ConverterFailed, match="DRM"):
        page(run, ebook.mobi, bytes(mobi), "MOBI")
    with pytest.raises(ConverterFailed, match="DRM"):
        page(run, ebook.epub, epub({"META-INF/container.xml": "", "META-INF/rights.xml": ""}), "EPUB")


@pytest.mark.parametrize(
    ("function", "source", "content"),
    [
        (ebook.epub, "EPUB", epub({"a": "b"})),
        (ebook.epub, "EPUB", epub({"META-INF/container.xml": '<rootfile full-path="none.opf"/>'})),
        (ebook.fiction, "FB2", b"<FictionBook>"),
        (ebook.fiction, "FB2", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><FictionBook>&a;</FictionBook>'),
        (ebook.mobi, "MOBI", b"BOOK"),
    ],
)
def test_broken_books_are_corrupt(run, function, source, content):
    with pytest.raises(Corrupt) as caught:
        page(run, function, content, source)
    assert "/" not in caught.value.message


def test_a_help_file_cut_short_fails_without_a_path(run, zoo):
    with pytest.raises((Corrupt, ConverterFailed)) as caught:
        page(run, ebook.compiled_help, (zoo / "ebook/t.chm").read_bytes()[:3000], "CHM")
    assert "/tmp" not in caught.value.message


def test_pictures_beyond_the_limit_are_left_out():
    png = b"\x89PNG" + bytes(bindery.MOST_PICTURES // 10 * 3)
    chapters = [bindery.Chapter("a.html", "".join(f'<img src="{number}.png">' for number in range(5)))]
    made = bindery.bound("t", chapters, lambda path: png).decode()
    assert made.count("data:image/png") == 2


def test_deep_nesting_is_refused(run):
    deep = (
        '<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><body>'
        + "<section>" * 300
        + "</section>" * 300
        + "</body></FictionBook>"
    )
    with pytest.raises(TooExpensive):
        page(run, ebook.fiction, deep.encode(), "FB2")


def test_apples_preview_is_taken_where_there_is_one(run):
    jpeg = io.BytesIO()
    Image.new("RGB", (96, 48), (200, 30, 30)).save(jpeg, "JPEG")
    made = run(books.apple_preview, epub({"Index/Document.iwa": b"x", "preview.jpg": jpeg.getvalue()}), "PAGES", "PDF").read()
    assert made.startswith(b"%PDF-")
    assert b"/MediaBox [ 0 0 72 36" in made.replace(b".0", b"")
    whole = sample("leaflet.pdf")
    assert run(books.apple_preview, epub({"preview.jpg": b"", "QuickLook/Preview.pdf": whole}), "KEY", "PDF").read() == whole
    with pytest.raises(ConverterFailed, match="without a preview"):
        run(books.apple_preview, epub({"Index/Document.iwa": b"x"}), "PAGES", "PDF")


def test_a_document_with_a_password_says_so(run):
    locked = (Path(__file__).parent / "office" / "locked.docx").read_bytes()
    with pytest.raises(ConverterFailed, match="protected by a password"):
        page(run, books.docx, locked, "DOCX")
