from __future__ import annotations

import tarfile

import pytest
from PIL import Image

from omnic_stream.converters.pdf import CONVERTERS
from omnic_stream.converters.warm import pdf
from omnic_stream.model.contracts import Bound, Command
from omnic_stream.model.errors import ConverterFailed, Corrupt

MANUAL = "document/archive_write_new.3.pdf"
MANY = "document/imagemagick-images.pdf"
HUGE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9000000 9000000]>>endobj\ntrailer<</Root 1 0 R>>"
)
LOOP = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 999999999>>endobj\ntrailer<</Root 1 0 R>>"
)


def test_a_page_is_drawn_with_ink_on_paper(run):
    with Image.open(run(pdf.page, MANUAL, "PDF", "PNG")) as made:
        assert made.height > made.width > 1000
        low, high = made.convert("L").getextrema()
        assert low < 100
        assert high == 255


def test_a_page_fits_the_box_and_is_drawn_for_it(run):
    with Image.open(run(pdf.page, MANUAL, "PDF", "JPG", width="300", height="200")) as made:
        assert made.format == "JPEG"
        assert made.height == 200
    with Image.open(run(pdf.page, MANUAL, "PDF", "PNG", width="300", height="200", fit="crop")) as made:
        assert made.size == (300, 200)


def test_the_text_comes_out(run):
    words = run(pdf.text, MANUAL, "PDF", "TXT").getvalue().decode()
    assert "archive_write_new" in words
    assert "Library Functions Manual" in words


def test_every_page_or_those_asked_for(run):
    with tarfile.open(fileobj=run(pdf.pages, MANY, "PDF", "pages.png")) as tar:
        assert tar.getnames() == [f"page-{number:04}.png" for number in range(1, 7)]
    with tarfile.open(fileobj=run(pdf.pages, MANY, "PDF", "pages.png", first="2", last="3")) as tar:
        assert tar.getnames() == ["page-0002.png", "page-0003.png"]


def test_a_page_that_is_not_there_is_named(run):
    with pytest.raises(ConverterFailed, match="6 pages"):
        run(pdf.page, MANY, "PDF", "PNG", page="7")


def test_what_is_no_pdf_is_called_broken(run):
    with pytest.raises(Corrupt):
        run(pdf.page, b"%PDF-1.4\nnothing", "PDF", "PNG")


@pytest.mark.parametrize("content", [HUGE, LOOP])
def test_a_hostile_page_is_drawn_small_or_refused(run, content):
    try:
        made = run(pdf.page, content, "PDF", "PNG")
    except Corrupt:
        return
    with Image.open(made) as drawn:
        assert max(drawn.size) <= pdf.LONGEST


def test_commands_are_made_of_server_words_alone():
    bound = Bound(input="/in", output="/w/result.x", folder="/w", source="PDF", target="SVG", arguments={"page": "3"})
    table = {c.id: c.run.render(bound) for c in CONVERTERS if isinstance(c.run, Command)}
    assert table == {
        "pdf.layout": ("pdftotext", "-layout", "-enc", "UTF-8", "/in", "/w/result.x"),
        "pdf.svg": ("pdftocairo", "-svg", "-f", "3", "-l", "3", "/in", "/w/result.x"),
    }
