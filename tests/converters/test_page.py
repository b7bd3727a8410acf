"""XPS and comics: pages at known colours, counts."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from omnic_stream import samples
from omnic_stream.converters.page import CONVERTERS
from omnic_stream.converters.warm import archive, page, pdf, sheets_of_pictures, taken
from omnic_stream.model.contracts import Bound, Command
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

SAMPLES = Path(next(iter(samples.__path__)))
RED, GREEN, BLUE = (220, 40, 40), (40, 180, 60), (40, 60, 210)


def near(found: object, wanted: tuple[int, ...], slack: int = 8) -> bool:
    return all(abs(a - b) <= slack for a, b in zip(found, wanted, strict=True))  # type: ignore[call-overload]


def test_xps_by_its_command(tmp_path: Path):
    converter = next(each for each in CONVERTERS if each.id == "xps.pdf")
    assert isinstance(converter.run, Command)
    bound = Bound(
        input=str(SAMPLES / "leaflet.xps"), output=str(tmp_path / "out"), source="XPS", target="PDF", arguments={}, folder=""
    )
    subprocess.run(converter.run.render(bound), check=True, capture_output=True, timeout=60)
    made = pypdfium2.PdfDocument((tmp_path / "out").read_bytes())
    assert [round(side) for side in made[0].get_size()] == [300, 225]
    for index, colour in ((0, RED), (1, BLUE)):
        drawn = made[index].render().to_pil().convert("RGB")
        assert near(drawn.getpixel((75, 100)), colour)
        assert drawn.getpixel((250, 100)) == (255, 255, 255)


def comic(extension: str, tmp_path: Path) -> bytes:
    if extension != "cb7":
        return (SAMPLES / f"beacon.{extension}").read_bytes()
    with zipfile.ZipFile(SAMPLES / "beacon.cbz") as archive:
        archive.extractall(tmp_path)
    subprocess.run(["bsdtar", "--format", "7zip", "-cf", tmp_path / "c", "-C", tmp_path, "beacon"], check=True, timeout=30)
    return (tmp_path / "c").read_bytes()


@pytest.mark.parametrize("extension", ["cbz", "cbt", "cb7"])
def test_pages_of_a_comic_in_the_order_of_their_numbers(run, tmp_path, extension):
    content = comic(extension, tmp_path)
    for number, colour in (("1", RED), ("2", GREEN), ("3", BLUE)):
        with Image.open(run(page.comic_page, content, extension.upper(), "PNG", page=number)) as made:
            assert made.size == (60, 90)
            assert near(made.convert("RGB").getpixel((30, 40)), colour)
    with pytest.raises(ConverterFailed, match="3 pages"):
        run(page.comic_page, content, extension.upper(), "PNG", page="4")
    with tarfile.open(fileobj=run(page.comic_pages, content, extension.upper(), "pages.png", first="2")) as tar:
        assert tar.getnames() == ["page-0002.png", "page-0003.png"]
        with Image.open(tar.extractfile("page-0003.png")) as made:
            assert near(made.convert("RGB").getpixel((30, 40)), BLUE)
    paper = run(page.comic_pdf, content, extension.upper(), "PDF").getvalue()
    made = pypdfium2.PdfDocument(paper)
    assert len(made) == 3
    for index, colour in enumerate((RED, GREEN, BLUE)):
        drawn = made[index].render(scale=3).to_pil().convert("RGB")
        assert near(drawn.getpixel((drawn.width // 2, drawn.height // 2)), colour)


def test_a_jpeg_goes_on_paper_as_it_is(run):
    photo = (SAMPLES / "harbour.jpg").read_bytes()
    made = run(sheets_of_pictures.document, photo, "JPG", "PDF").getvalue()
    with Image.open(io.BytesIO(photo)) as whole:
        assert ("icc_profile" in whole.info) or photo[-2000:] in made
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (80, 40), RED).save(turned, "JPEG", exif=exif)
    assert not pdf.goes_in_as_it_is(turned.getvalue())
    wide, high = pypdfium2.PdfDocument(run(sheets_of_pictures.document, turned.getvalue(), "JPG", "PDF").getvalue())[0].get_size()
    assert high > wide
    for mode in ("CMYK", "RGB"):
        buffer = io.BytesIO()
        Image.new(mode, (40, 40), (0, 255, 255, 0) if mode == "CMYK" else (230, 30, 30)).save(buffer, "JPEG")
        sheet = pypdfium2.PdfDocument(run(sheets_of_pictures.document, buffer.getvalue(), "JPG", "PDF").getvalue())[0]
        red, green, blue = sheet.render().to_pil().convert("RGB").getpixel((10, 10))
        assert red > 180
        assert max(green, blue) < 90


def test_a_comic_without_pictures_says_so(run):
    for name, source in (("ebook/t.cbz", "CBZ"), ("ebook/t.cbr", "CBR")):
        with pytest.raises(ConverterFailed, match="holds no pictures"):
            run(page.comic_page, name, source, "PNG")


def test_hostile_comics_end_in_a_sentence(run):
    with pytest.raises(Corrupt):
        run(page.comic_page, b"PK\x03\x04 and nothing more", "CBZ", "PNG")
    with pytest.raises(Corrupt):
        run(page.comic_page, b"Rar!\x1a\x07 and nothing more", "CBR", "PNG")

    def packed(**members: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name.replace("_", "."), content)
        return buffer.getvalue()

    with pytest.raises(Corrupt):
        run(page.comic_page, packed(p1_png=b"\x89PNG\r\n\x1a\n broken"), "CBZ", "PNG")
    with pytest.raises(TooExpensive, match="MiB"):
        run(page.comic_page, packed(p1_png=bytes(65 << 20)), "CBZ", "PNG")


@pytest.mark.parametrize("extension", ["cbz", "cbt", "cb7", "cbr"])
def test_a_comic_is_an_archive_too(run, tmp_path, extension):
    content = "ebook/t.cbr" if extension == "cbr" else comic(extension, tmp_path)
    told = json.loads(run(archive.listing, content, extension.upper(), "listing.json").getvalue())
    files = {each["name"]: each for each in told["members"] if not each["directory"]}
    if extension == "cbr":
        assert {name: each["size"] for name, each in files.items()} == {"t/t.txt": 2}
        assert run(taken.member, content, "CBR", "member", name="t/t.txt").getvalue() == b"42"
        return
    name = next(name for name in files if name.endswith("page2.png"))
    assert files[name]["format"] == "PNG"
    assert {"page1.jpg", "page10.jpg"} <= {name.rpartition("/")[2] for name in files}
    for asked in ({"name": name}, {"item": str(files[name]["item"])}):
        with Image.open(run(taken.member, content, extension.upper(), "member", **asked)) as page_2:
            assert near(page_2.convert("RGB").getpixel((30, 40)), GREEN)
