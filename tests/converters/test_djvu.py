"""DjVu: pages at known colours, words, and where the words stand on paper."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from omnic_stream import samples
from omnic_stream.converters.warm import djvu, djvu_words
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

SAMPLES = Path(next(iter(samples.__path__)))
LETTER = "document/lizard2002.djvu"
LEAFLET = (SAMPLES / "leaflet.djvu").read_bytes()
Box = tuple[float, ...]


def words_of(paper: bytes, folder: Path) -> list[tuple[str, Box]]:
    """As poppler reads them: each with its box in points, from the upper left corner."""
    (folder / "made.pdf").write_bytes(paper)
    argv = ("pdftotext", "-bbox", str(folder / "made.pdf"), "-")
    told = subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout.decode()
    pattern = r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>'
    return [(found[5], tuple(float(found[n]) for n in range(1, 5))) for found in re.finditer(pattern, told)]


def changed(folder: Path, script: str, text: str = "") -> bytes:
    """The leaflet after djvused has run the script on it."""
    (folder / "in.djvu").write_bytes(LEAFLET)
    (folder / "text").write_text(text, encoding="utf-8")
    subprocess.run(["djvused", "-s", "-e", script, "in.djvu"], check=True, cwd=folder, timeout=60)
    return (folder / "in.djvu").read_bytes()


def test_a_page(run):
    with Image.open(run(djvu.page, LETTER, "DJVU", "PNG")) as made:
        assert made.size == (2539, 3295)
        histogram = made.convert("L").histogram()
        assert sum(histogram[200:]) > 0.8 * made.width * made.height  # paper
        assert sum(histogram[:80]) > 0.01 * made.width * made.height  # ink
    with Image.open(run(djvu.page, LEAFLET, "DJVU", "JPG", page="2", width="200", height="200")) as made:
        assert (made.format, made.size) == ("JPEG", (200, 150))
        assert made.convert("L").getpixel((120, 105)) < 60
        assert made.convert("L").getpixel((190, 140)) > 200
    with pytest.raises(ConverterFailed, match="2 pages"):
        run(djvu.page, LEAFLET, "DJVU", "PNG", page="3")


def test_words_alone(run):
    words = run(djvu.text, LETTER, "DJVU", "TXT").getvalue().decode()
    assert "Dear Yann and Leon" in words
    assert words.count("\f") == 2
    assert "Harbour Lights" in run(djvu.text, LEAFLET, "DJVU", "TXT").getvalue().decode()


def test_on_paper_words_stand_where_they_are_seen(run, tmp_path: Path):
    paper = run(djvu.to_pdf, LETTER, "DJVU", "PDF").getvalue()
    words = words_of(paper, tmp_path)
    assert [word for word, _ in words][:8] == ["July", "19,", "2002", "Mr.", "Yann", "LeCun", "and", "Mr."]
    assert {"Independence", "Princeton,", "08540-6634"} <= {word for word, _ in words}
    # djvused tells (word 1146 2785 1221 2827 "July") of a page of 2539 x 3295 at 300 dots an inch
    left, top, right, bottom = words[0][1]
    assert (left, right) == (pytest.approx(275.04, abs=0.1), pytest.approx(293.04, abs=0.1))
    assert (top, bottom) == (pytest.approx(112.3, abs=0.5), pytest.approx(122.4, abs=0.5))
    made = pypdfium2.PdfDocument(paper)
    assert (len(made), [round(side) for side in made[0].get_size()]) == (2, [609, 791])
    assert "Dear Yann and Leon:" in made[0].get_textpage().get_text_bounded()


def test_words_leave_no_mark_on_the_picture(run, tmp_path: Path):
    bare = changed(tmp_path, "select 1; remove-txt")
    pictures: list[bytes] = []
    for content in (LEAFLET, bare):
        paper = run(djvu.to_pdf, content, "DJVU", "PDF").getvalue()
        drawn = pypdfium2.PdfDocument(paper)[0].render(scale=2).to_pil().convert("RGB")
        assert len(drawn.getcolors(1 << 20) or []) > 10
        pictures.append(drawn.tobytes())
    assert pictures[0] == pictures[1]
    assert not words_of(run(djvu.to_pdf, bare, "DJVU", "PDF").getvalue(), tmp_path)


@pytest.mark.parametrize(
    ("quarters", "size", "box"),
    [
        # of (word 40 180 180 260 "Harbour") on a page of 400 x 300 at 100 dots an inch
        (0, (288, 216), (28.8, 28.8, 129.6, 86.4)),
        (1, (216, 288), (28.8, 158.4, 86.4, 259.2)),
        (2, (288, 216), (158.4, 129.6, 259.2, 187.2)),
        (3, (216, 288), (129.6, 28.8, 187.2, 129.6)),
    ],
)
def test_words_turn_with_their_page(run, tmp_path: Path, quarters: int, size: tuple[int, int], box: Box):
    paper = run(djvu.to_pdf, changed(tmp_path, f"select 1; set-rotation {quarters}"), "DJVU", "PDF").getvalue()
    assert tuple(round(side) for side in pypdfium2.PdfDocument(paper)[0].get_size()) == size
    found = dict(words_of(paper, tmp_path))
    assert found["Harbour"] == pytest.approx(box, abs=3)


def test_any_letters_and_any_depth_of_boxes(run, tmp_path: Path):
    told = """(page 0 0 400 300
      (line 20 240 380 280 (word 20 240 120 280 "Жемчуг") (word 130 240 220 280 "燈台") (word 230 240 300 280 "a\\"b\\\\c"))
      (line 20 180 380 220 (word 20 180 120 220 (char 20 180 60 220 "o") (char 60 180 120 220 "n")) (word 200 180 300 220 "😀ff"))
      (para 20 20 380 120 "first line\\nsecond line"))"""
    paper = run(djvu.to_pdf, changed(tmp_path, "select 1; set-txt text", told), "DJVU", "PDF").getvalue()
    found = words_of(paper, tmp_path)
    words = [word for word, _ in found]
    assert words == ["Жемчуг", "燈台", "a&quot;b\\c", "on", "😀ff", "first", "line", "second", "line"]
    first, second = (dict(found)[word] for word in ("first", "second"))
    assert first[3] <= second[1] + 1
    assert "Жемчуг 燈台" in pypdfium2.PdfDocument(paper)[0].get_textpage().get_text_bounded()


def test_what_is_told_strangely():
    size = b"width=400 height=300\nwidth=10 height=20 rotation=3\n"
    first, second = djvu_words.read(size, b'(page 0 0 400 300 (word 5 5 5 9 "thin") "loose" (word 1 x 3 4 "x"))\n(page 0 0 0 0 "")')
    assert [word.text for word in first.words] == ["loose "]
    assert (second.turned, second.words) == (3, ())
    assert djvu_words.read(size, b'(page 0 0 9 9 "one page alone")') == []
    assert djvu_words.read(size, b")))((((" + b"(" * 100_000) == []
    assert djvu_words.read(b"width=9 height=9", rb'(page 0 0 9 9 "\377\200 \q\1")')[0].words[0].text == "\ufffd\ufffd q "


def test_more_words_than_a_document_has_are_refused():
    page = b"(page 0 0 9 9 " + b'(word 0 0 9 9 "a")' * 4 + b")"
    assert len(djvu_words.read(b"width=9 height=9", page, most=4)[0].words) == 4
    with pytest.raises(TooExpensive, match="more words"):
        djvu_words.read(b"width=9 height=9", page, most=3)


def test_the_progress_of_ddjvu():
    read = djvu.page_progress(4)
    assert [read(line) for line in (b"-------- page 1 -------\n", b"DJVU Image\n", b"-------- page 3 -------\n")] == [0, None, 0.5]


@pytest.mark.parametrize("content", [b"AT&TFORM\0\0\0\x99DJVU", b"", b"hello"])
def test_what_is_no_djvu_is_called_broken(run, content: bytes):
    for function in (djvu.page, djvu.to_pdf):
        with pytest.raises(Corrupt):
            run(function, content, "DJVU", "PNG")
