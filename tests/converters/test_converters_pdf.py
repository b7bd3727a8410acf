from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import tarfile

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageStat

from omnic_stream.converters.warm import page, pdf, pdf_facts, pdf_page, svg
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


def test_columns_keep_their_shape(run):
    lines = run(pdf.layout, MANUAL, "PDF", "TXT").getvalue().decode().splitlines()
    head = next(line for line in lines if "Library Functions Manual" in line)
    assert re.fullmatch(r"ARCHIVE_WRITE_NEW\s*\(3\)\s{3,}BSD Library Functions Manual\s{3,}ARCHIVE_WRITE_NEW\s*\(3\)\s*", head)


# --- facts, contents, parts ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book() -> bytes:
    """Three pages: a title, two columns with a picture, the end; with a table of contents of two levels."""
    from weasyprint import HTML

    buffer = io.BytesIO()
    Image.new("RGB", (200, 120), (40, 60, 210)).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    words = " ".join(["The harbour sleeps while the beacon turns over the quiet water."] * 12)
    return HTML(
        string=f"""<html lang=en><head><title>Of Harbours</title><meta name=author content="A. Keeper">
        <style>@page{{size:A4}} h1{{break-before:page;font-size:28pt;bookmark-level:1}} h2{{bookmark-level:2;font-size:18pt}}
        p{{font-size:11pt}}</style></head><body>
        <h1>Lights</h1><p>{words}</p><img src="data:image/png;base64,{data}"><p>After the picture.</p>
        <h2>Lamps</h2><p>Oil &amp; &lt;wick&gt;.</p><h1>Ropes</h1><p>A rope.</p><h1>End</h1></body></html>"""
    ).write_pdf()


def test_the_facts_of_a_document(run, book):
    facts = json.loads(run(pdf_facts.facts, book, "PDF", "metadata.json").getvalue())
    assert (facts["title"], facts["author"], facts["pages"], facts["encrypted"]) == ("Of Harbours", "A. Keeper", 3, False)
    assert facts["page_sizes"] == [{"width": 595.3, "height": 841.9, "paper": "A4", "count": 3}]
    assert facts["version"] == "1.7"
    assert facts["outline"] == 4
    others = json.loads(run(pdf_facts.facts, MANY, "PDF", "metadata.json").getvalue())
    assert (others["pages"], others["title"], others["created"]) == (6, "imagemagick-images", "2022-04-15T11:38:26")


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("D:20240229123456+02'30'", "2024-02-29T12:34:56+02:30"),
        ("D:20240229123456Z", "2024-02-29T12:34:56Z"),
        ("D:202402", "2024-02"),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_of_documents(told, meant):
    assert pdf_facts.moment(told) == meant


def test_the_table_of_contents(run, book):
    entries = json.loads(run(pdf_facts.outline, book, "PDF", "outline.json").getvalue())
    assert [(entry["title"], entry["page"]) for entry in entries] == [("Lights", 1), ("Ropes", 2), ("End", 3)]
    assert entries[0]["children"] == [{"title": "Lamps", "page": 1, "children": []}]
    assert json.loads(run(pdf_facts.outline, MANUAL, "PDF", "outline.json").getvalue()) == []


def test_some_pages_as_a_document(run, book):
    made = pypdfium2.PdfDocument(run(pdf.selection, book, "PDF", "PDF", first="2", last="3").getvalue())
    assert len(made) == 2
    assert "Ropes" in made[0].get_textpage().get_text_bounded()
    with pytest.raises(ConverterFailed, match="3 pages"):
        run(pdf.selection, book, "PDF", "PDF", first="9")


def test_a_page_as_a_drawing(run, book):
    drawing = run(pdf.svg, book, "PDF", "SVG", page="1").getvalue()
    with (
        Image.open(run(svg.convert, drawing, "SVG", "PNG", width="400")) as made,
        Image.open(run(pdf.page, book, "PDF", "PNG", width="400")) as reference,
    ):
        assert made.size == reference.size
        paper = Image.new("RGBA", made.size, "white")
        paper.alpha_composite(made.convert("RGBA"))
        difference = ImageChops.difference(paper.convert("L"), reference.convert("L"))
        assert ImageStat.Stat(difference).mean[0] < 6
        assert ImageStat.Stat(reference.convert("L")).stddev[0] > 20
    with pytest.raises(ConverterFailed, match="3 pages"):
        run(pdf.svg, book, "PDF", "SVG", page="4")


def test_pages_for_a_printer(run, book, tmp_path):
    whole = run(pdf.postscript, book, "PDF", "PS").getvalue()
    assert whole.startswith(b"%!PS-Adobe")
    assert b"%%Pages: 3" in whole
    one = run(pdf.postscript, book, "PDF", "EPS", page="2").getvalue()
    assert one.startswith(b"%!PS-Adobe-3.0 EPSF")
    (tmp_path / "one.eps").write_bytes(one)
    argv = ["gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", "-dEPSCrop", "-o", tmp_path / "one.pdf"]
    subprocess.run([*argv, tmp_path / "one.eps"], check=True, timeout=60)
    sheets = (pypdfium2.PdfDocument(tmp_path / "one.pdf")[0], pypdfium2.PdfDocument(book)[1])
    inks = [sum(sheet.render(scale=2).to_pil().convert("L").histogram()[:128]) for sheet in sheets]
    assert inks[1] > 1000
    assert abs(inks[0] / inks[1] - 1) < 0.1


def test_a_page_to_read(run, book):
    text = run(pdf_page.to_html, book, "PDF", "HTML").getvalue().decode()
    assert "<title>Of Harbours</title>" in text
    assert re.search(r"<h2>Lights</h2>", text)
    assert re.search(r"<h3>Lamps</h3>", text)
    assert "Oil &amp; &lt;wick&gt;." in text
    assert text.count("<section") == 3
    assert text.index("Lights") < text.index("data:image/jpeg") < text.index("After the picture") < text.index("Lamps")
    assert len(re.findall(r"<p>The harbour sleeps[^<]*over the quiet water\.</p>", text)) == 1  # one paragraph, its lines joined
    picture = base64.b64decode(re.search(r"data:image/jpeg;base64,([^\"]+)", text)[1])
    with Image.open(io.BytesIO(picture)) as shown:
        assert all(abs(a - b) < 8 for a, b in zip(shown.getpixel((20, 20)), (40, 60, 210), strict=True))


def test_lines_are_joined_where_they_flow():
    assert pdf_page.joined(["a light-", "house on", "North-", "West"], [False] * 4) == "a lighthouse on North- West"
    assert pdf_page.joined(["NAME", "archive", "end"], [True, False, True]) == "NAME\narchive end"


def test_a_document_for_the_archive(run, book):
    told: list[float] = []

    def watched(call):
        call.told = told
        page.archival(call)

    content = run(watched, book, "PDF", "PDFA").getvalue()
    assert b"<pdfaid:part>2</pdfaid:part>" in content or b"pdfaid:part='2'" in content
    assert b"/GTS_PDFA1" in content
    assert told[-1] == 1
    assert len(told) == 3
    made = pypdfium2.PdfDocument(content)
    assert len(made) == 3
    assert "beacon turns" in made[0].get_textpage().get_text_bounded()


def test_a_password_is_asked_for_in_one_sentence(run, book, tmp_path):
    (tmp_path / "open.pdf").write_bytes(book)
    subprocess.run(
        ["qpdf", "--encrypt", "secret", "owner", "256", "--", tmp_path / "open.pdf", tmp_path / "shut.pdf"], check=True, timeout=30
    )
    shut = (tmp_path / "shut.pdf").read_bytes()
    for function, target in (
        (pdf.page, "PNG"),
        (pdf.pages, "pages.png"),
        (pdf.text, "TXT"),
        (pdf.layout, "TXT"),
        (pdf.svg, "SVG"),
        (pdf.selection, "PDF"),
        (pdf_page.to_html, "HTML"),
        (pdf_facts.facts, "metadata.json"),
        (pdf_facts.outline, "outline.json"),
        (page.archival, "PDFA"),
    ):
        with pytest.raises(ConverterFailed, match="protected with a password"):
            run(function, shut, "PDF", target)
    subprocess.run(
        ["qpdf", "--encrypt", "", "owner", "256", "--", tmp_path / "open.pdf", tmp_path / "owned.pdf"], check=True, timeout=30
    )
    facts = json.loads(run(pdf_facts.facts, (tmp_path / "owned.pdf").read_bytes(), "PDF", "metadata.json").getvalue())
    assert (facts["encrypted"], facts["pages"]) == (True, 3)


def test_what_was_filled_in_is_drawn(run):
    from weasyprint import HTML

    field = "<input {} style='appearance:auto;width:250px;height:60px;font-size:40px'>"
    style = "<style>@page{size:300px 100px;margin:10px}</style>"
    inks = []
    for value in ("", "value='WWWW'"):
        content = HTML(string=style + field.format(value)).write_pdf(pdf_forms=True)
        with Image.open(run(pdf.page, content, "PDF", "PNG", width="300")) as made:
            inks.append(sum(made.convert("L").histogram()[:100]))
    assert inks[1] > inks[0] + 300


def test_letters_that_poppler_does_not_find_are_found(run, zoo):
    words = run(pdf.layout, (zoo / "document/imagemagick-images.pdf").read_bytes(), "PDF", "TXT").read().decode()
    assert "Background" in words
