"""Web pages to PDF, Typst and AsciiDoc, inside a warm worker's functions."""

import base64
import io
import socket
import threading
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from omnic_stream.converters.warm import encodings, formulas, markup
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

SAMPLES = Path(markup.__file__).parents[2] / "samples"


def texts(made: io.BytesIO) -> list[str]:
    with pdfium.PdfDocument(made.read()) as document:
        found = []
        for page in document:
            words = page.get_textpage()
            found.append(words.get_text_range())
            words.close()
            page.close()
        return found


def picture(made: io.BytesIO) -> Image.Image:
    """The first page, a pixel a point."""
    with pdfium.PdfDocument(made.read()) as document:
        page = document[0]
        image = page.render(scale=1).to_pil().convert("RGB")
        page.close()
        return image


def test_a_page_becomes_a4_pages_with_its_words_in_order(run):
    body = "".join(f"<p>Paragraph {number} of the log.</p>" for number in range(120))
    made = run(markup.pdf, f"<h1>Harbour</h1>{body}".encode(), "HTML", "PDF")
    found = texts(made)
    assert len(found) >= 3
    whole = " ".join(found)
    assert whole.index("Harbour") < whole.index("Paragraph 0 ") < whole.index("Paragraph 60 ") < whole.index("Paragraph 119 ")
    made.seek(0)
    with pdfium.PdfDocument(made.read()) as document:
        assert [round(side) for side in document.get_page_size(0)] == [595, 842]


def test_what_the_page_says_of_its_colours_and_pictures_is_kept(run):
    blue = io.BytesIO()
    Image.new("RGB", (40, 40), (0, 0, 255)).save(blue, "PNG")
    data = base64.b64encode(blue.getvalue()).decode()
    made = picture(
        run(
            markup.pdf,
            f"<style>@page{{margin:0}}body{{margin:0}}div{{background:#f00;width:100px;height:100px}}</style><div></div>"
            f'<img src="data:image/png;base64,{data}">'.encode(),
            "HTML",
            "PDF",
        )
    )
    assert made.getpixel((30, 30)) == (255, 0, 0)
    assert made.getpixel((10, 85)) == (0, 0, 255)


def test_nothing_outside_of_the_page_is_read_or_asked_for(run, tmp_path):
    secret = tmp_path / "secret.html"
    secret.write_text("<p>marker-of-the-machine</p>")
    red = tmp_path / "red.png"
    Image.new("RGB", (300, 300), (255, 0, 0)).save(red)
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as origin:
        port = origin.getsockname()[1]

        def listen():
            while True:
                try:
                    connection, _ = origin.accept()
                except OSError:
                    return
                asked.append(port)
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        far, near = f"http://127.0.0.1:{port}/x", red.as_uri()
        page = f"""<link rel=stylesheet href="{far}.css"><link rel=attachment href="{secret.as_uri()}"><style>@import url({far});
            body{{background:url({near})}} @font-face{{font-family:f;src:url({far})}} p{{font-family:f}}</style><base href="{tmp_path.as_uri()}/">
            <p>Hello</p><img src="{far}.png"><img src="{near}"><img src="red.png"><object data="{near}"></object>
            <iframe src="{secret.as_uri()}"></iframe>
            <img src='data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><image href="{near}" width="90" height="90"/>
            <style>@import url({far});</style></svg>'><script>document.write("scripted")</script>"""
        made = run(markup.pdf, page.encode(), "HTML", "PDF")
        data = made.getvalue()
        assert "Hello" in texts(io.BytesIO(data))[0]
        origin.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    assert asked == []
    whole = " ".join(texts(io.BytesIO(data)))
    assert "marker-of-the-machine" not in whole
    assert "scripted" not in whole
    assert b"EmbeddedFile" not in data
    assert (255, 0, 0) not in {colour for _, colour in picture(io.BytesIO(data)).getcolors(1 << 20)}


SCRIPTS = {
    "Japanese": "潮の満ち引き",
    "Chinese": "我们在海边",
    "Korean": "밀물과 썰물",
    "Arabic": "المد والجزر",
    "Hebrew": "גאות ושפל",
}


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_every_script_has_its_letters_in_the_file(run, script):
    words = SCRIPTS[script]
    direction = ' dir="rtl"' if script in {"Arabic", "Hebrew"} else ""
    made = run(markup.pdf, f'<meta charset="utf-8"><p{direction}>{words}</p>'.encode(), "HTML", "PDF")
    found = texts(made)[0]
    assert set(words) <= set(found), found
    made.seek(0)
    with pdfium.PdfDocument(made.read()) as document:
        page = document[0]
        fonts = {item.get_font().get_base_name() for item in page.get_objects() if hasattr(item, "get_font")}
        assert fonts
        page.close()


def test_right_to_left_text_stands_at_the_right(run):
    made = picture(run(markup.pdf, '<p dir="rtl">גאות ושפל</p>'.encode(), "HTML", "PDF"))
    ink = [x for x in range(made.width) for y in range(40, 90) if made.getpixel((x, y))[0] < 100]
    assert min(ink) > made.width * 0.7


def test_a_declared_encoding_is_believed(run):
    page = '<meta charset="shift_jis"><p>潮</p>'.encode("shift_jis")
    assert "潮" in texts(run(markup.pdf, page, "HTML", "PDF"))[0]


def test_formulas_are_drawn_in_their_shape(run):
    fraction = "<math><mfrac><mi>a</mi><mi>b</mi></mfrac></math>"
    assert "data:image/svg+xml" in formulas.drawn(f"<p>{fraction}</p>")
    tall = picture(run(markup.pdf, f"<p>{fraction}</p>".encode(), "HTML", "PDF"))
    flat = picture(run(markup.pdf, b"<p>ab</p>", "HTML", "PDF"))

    def height(image: Image.Image) -> int:
        rows = [y for y in range(30, 120) if any(image.getpixel((x, y))[0] < 120 for x in range(40, 90))]
        return rows[-1] - rows[0]

    assert height(tall) > 1.6 * height(flat)
    assert formulas.drawn("<math><nonsense/></math><p>kept</p>").endswith("<p>kept</p>")


def test_pages_beyond_the_limits_are_refused(run):
    for content in (b"<p>" + b"a" * (5 << 20), b"<i>" * 500_000):
        with pytest.raises(TooExpensive):
            run(markup.pdf, content, "HTML", "PDF")


def test_typst_sets_a_document_and_its_formula(run):
    content = (SAMPLES / "harbour.typ").read_bytes()
    found = texts(run(markup.typst, content, "TYP", "PDF"))
    assert len(found) == 1
    assert "The Ada lies at berth 3" in found[0]
    second = run(markup.typst, content + "\n#pagebreak()\nגאות\n".encode(), "TYP", "SVG", page="2").read()
    assert second.startswith(b"<svg")
    with pytest.raises(ConverterFailed, match="no page 3"):
        run(markup.typst, content, "TYP", "SVG", page="3")


@pytest.mark.parametrize(
    "content",
    [
        '#read("/etc/passwd")',
        '#include "/etc/passwd"',
        '#image("../../../etc/passwd")',
        '#import "@preview/cetz:0.2.0": *',
        "#let x = {",
    ],
)
def test_typst_reaches_nothing_and_says_so_without_a_path(run, content):
    with pytest.raises(Corrupt) as caught:
        run(markup.typst, content.encode(), "TYP", "PDF")
    assert "/" not in caught.value.message
    assert "root:" not in caught.value.message


def test_asciidoc_has_its_heading_table_and_code_and_takes_in_nothing(run, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("marker-of-the-machine")
    content = (SAMPLES / "harbour.adoc").read_text() + (
        f"\ninclude::{secret}[]\n\nimage::file://{secret}[]\n\nimage::http://127.0.0.1:9/x.png[]\n\n++++\n<script>alert(1)</script>\n++++\n"
    )
    page = run(markup.asciidoc, content.encode(), "ADOC", "HTML").read().decode()
    assert "<title>Harbour log</title>" in page
    assert "<th>" in page.replace('<th class="tableblock halign-left valign-top">', "<th>")
    assert "<strong>Grace</strong>" in page
    assert "marker-of-the-machine" not in page
    assert "<script" not in page
    assert 'src="' not in page


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("潮の満ち引きは月の引力で起こる。", "cp932"),
        ("潮の満ち引きは月の引力で起こる。", "euc_jp"),
        ("我们在中国的一个人不是为了这个时候出来的", "gb18030"),
        ("我們在這個國家不是為了上來的，他說時候會到", "big5"),
        ("안녕하세요 세계, 오늘은 맑음", "euc_kr"),
        ("Привет мир, сегодня хорошая погода", "cp1251"),
        ("Привет мир, сегодня хорошая погода", "koi8_r"),
        ("Привет мир, сегодня хорошая погода", "cp866"),
        ("L'été à la plage, où êtes-vous? Noël", "cp1252"),
        ("Größe, Straße, über München", "latin-1"),
        ("plain words in two bytes each", "utf-16-le"),
        ("plain words in two bytes each", "utf-16-be"),
        ("шалом שלום", "utf-16"),
        ("שלום", "utf-8"),
    ],
)
def test_a_text_without_a_mark_is_read_by_what_it_says(text, encoding):
    assert encodings.decoded(text.encode(encoding)) == text


def test_a_declaration_is_followed_only_where_it_can_be_true():
    assert encodings.decoded('<?xml version="1.0" encoding="iso-8859-2"?>ż'.encode("iso-8859-2"), declared=True).endswith("ż")
    assert encodings.decoded("<meta charset=utf-16>é".encode("cp1252"), declared=True).startswith("<meta")
    assert encodings.decoded("<meta charset=nonsense>é".encode("cp1252"), declared=True).endswith("é")


def test_a_word_without_end_is_refused_at_once(run):
    endless = b"<pre>a=" + b"<b>1</b>+" * 40_000 + b"</pre>"
    with pytest.raises(TooExpensive, match="20000 characters"):
        run(markup.pdf, endless, "HTML", "PDF")
