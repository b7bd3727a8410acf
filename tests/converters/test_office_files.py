"""LibreOffice from and to the formats of each kind of document, by the real runner; what it says of locked ones."""

import base64
import io
import re
import zipfile
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from omnic_stream.converters import office
from omnic_stream.converters.office_relay import DRAWING, SHEET, SLIDES, TEXT, WRITERS
from omnic_stream.model.contracts import Running, WarmCall, Work
from omnic_stream.model.errors import ConverterFailed, OmnicError
from omnic_stream.runner import open_runner

BY_ID = {converter.id: converter for converter in office.CONVERTERS}
HERE = Path(__file__).parent / "office"
SAMPLES = Path(office.__file__).parents[1] / "samples"
FLAT = (
    '<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.2" '
    'office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>%s</office:text></office:body></office:document>'
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.fixture
async def make(tmp_path):
    """Convert a file and answer the bytes of what came out, and the fractions told."""
    async with open_runner(slots=1, workers={kind.name: kind for kind in office.WORKERS}) as runner:
        if not runner.sandbox.safe or not runner.sandbox.names_inside:
            pytest.skip("LibreOffice runs in bubblewrap's cage")
        count = 0

        async def convert(file: Path, target: str, source: str | None = None, told: list[float] | None = None) -> bytes:
            nonlocal count
            count += 1
            folder = tmp_path / f"job{count}"
            folder.mkdir()
            source = source or file.suffix[1:].upper()
            able = [
                one for one in office.CONVERTERS if source in one.inputs and target in one.outputs and one.id.startswith("office.")
            ]
            states: list[object] = []
            work = Work(
                converter=able[0],
                input=file,
                source=source,
                target=target,
                arguments={},
                folder=folder,
                output=f"result.{target.lower()}",
            )
            await runner.run(work, priority=lambda: 0, report=states.append)
            if told is not None:
                told += [one.fraction for one in states if isinstance(one, Running) and one.fraction is not None]
            return (folder / work.output).read_bytes()

        yield convert


def members(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}


def page_text(data: bytes) -> str:
    with pdfium.PdfDocument(data) as document:
        found = []
        for page in document:
            words = page.get_textpage()
            found.append(words.get_text_range())
            words.close()
            page.close()
        return "\n".join(found)


def test_every_converter_has_a_writer_for_each_of_its_outputs():
    kinds = {"writer": TEXT, "calc": SHEET, "impress": SLIDES, "draw": DRAWING, "table": SHEET}
    for converter in office.CONVERTERS:
        if isinstance(converter.run, WarmCall) and converter.run.worker == "office":
            kind = kinds[converter.id.removeprefix("office.").partition("-")[0]]
            assert all(kind in WRITERS[output] for output in converter.outputs), converter.id


async def test_a_text_becomes_the_other_formats_of_texts(make, zoo):
    doc = zoo / "document/907.doc"
    for target, part in (("DOCX", "word/document.xml"), ("ODT", "content.xml")):
        assert "This should be a Heading" in members(await make(doc, target))[part], target
    rtf = await make(doc, "RTF")
    assert rtf.startswith(b"{\\rtf1")
    assert b"This should be a Heading" in rtf
    old = await make(zoo / "document/par-alignment.docx", "DOC")
    assert old.startswith(OLE)
    assert "Inherited alignment".encode("utf-16-le") in old or b"Inherited alignment" in old
    assert (await make(doc, "TXT")).decode() == "This should be a Heading\nThis should not be a heading\n"


async def test_a_text_with_comments_keeps_them_where_the_format_has_any(make, tmp_path):
    """A LibreOffice without windows aborted over them: pages came from a cold one after several seconds, other formats not at all."""
    note = (
        '<text:p>Tide <office:annotation xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Ann</dc:creator>'
        "<text:p>at noon?</text:p></office:annotation>table</text:p>"
    )
    file = tmp_path / "commented.fodt"
    file.write_text(FLAT % (note * 3))
    pages, text, word = await make(file, "PDF"), await make(file, "TXT"), members(await make(file, "DOCX"))
    assert page_text(pages).split() == ["Tide", "table"] * 3
    assert text.decode().split() == ["Tide", "table"] * 3
    assert word["word/comments.xml"].count("at noon?") == 3
    assert b"at noon?" in await make(file, "HTML")


async def test_a_page_of_a_text_is_inert_and_holds_its_pictures(make, tmp_path):
    png = io.BytesIO()
    Image.new("RGB", (8, 8), (255, 0, 0)).save(png, "PNG")

    image = f"<draw:image><office:binary-data>{base64.b64encode(png.getvalue()).decode()}</office:binary-data></draw:image>"
    frame = f'<text:h text:outline-level="1">Harbour</text:h><text:p>潮 مد<draw:frame svg:width="2cm" svg:height="2cm">{image}</draw:frame></text:p>'
    (tmp_path / "a.fodt").write_text(FLAT % frame)
    page = (await make(tmp_path / "a.fodt", "HTML")).decode()
    head = page.partition("</head>")[0]
    assert head.index("Content-Security-Policy") < head.index("<title")
    assert "default-src 'none'" in head
    assert "Harbour" in page
    assert "潮" in page
    assert "مد" in page
    assert "data:image/png;base64," in page


async def test_a_workbook_becomes_the_other_formats_of_workbooks(make, zoo):
    import python_calamine

    book = SAMPLES / "tides.fods"
    for target in ("XLSX", "XLS", "ODS"):
        made = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(await make(book, target)))
        assert made.sheet_names == ["Tides", "Second"], target
        assert made.get_sheet_by_index(0).to_python()[2] == ["Tuesday", 4.4], target
    assert (await make(book, "CSV")).decode() == 'day,height\nMonday,4.1\nTuesday,4.4\n"Größe, ""q""",1\n'
    page = (await make(book, "HTML")).decode()
    assert "Content-Security-Policy" in page
    assert "hidden from CSV" in page
    assert (await make(zoo / "table/chinese_spreadsheet.ods", "CSV")) == b"test,test,test\n"
    assert "0.333333" in (await make(zoo / "table/array-intersection.xls", "CSV")).decode()
    assert "Total Assets for Down Payment,0" in (await make(zoo / "table/loan.gnumeric", "CSV")).decode()


async def test_slides_become_the_other_formats_of_slides(make):
    slides = SAMPLES / "pier.fodp"
    made = members(await make(slides, "PPTX"))
    assert sum(bool(re.fullmatch(r"ppt/slides/slide\d+\.xml", name)) for name in made) == 2
    assert "The south pier" in made["ppt/slides/slide2.xml"]
    assert "The north pier" in members(await make(slides, "ODP"))["content.xml"]
    old = await make(slides, "PPT")
    assert old.startswith(OLE)
    assert "The south pier" in page_text(await make_pdf(make, old, slides.parent))


async def make_pdf(make, content: bytes, _: Path) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "given.ppt"
        file.write_bytes(content)
        return await make(file, "PDF")


async def test_drawings_become_svg(make, zoo):
    svg = (await make(SAMPLES / "buoy.fodg", "SVG")).decode()
    assert "6000,1000" in svg  # the corner at 6 cm, 1 cm
    assert "rgb(20,60,140)" in svg
    assert "<draw:" in members(await make(SAMPLES / "buoy.fodg", "ODG"))["content.xml"]
    assert "aaa" in (await make(zoo / "vector/fdo86729-utf8.vsd", "SVG")).decode().replace("</tspan>", "")
    assert "<path" in (await make(zoo / "vector/color-boxes.vsdx", "SVG")).decode()


async def test_a_metafile_is_shown_without_a_sheet_around_it(make, zoo):
    with pdfium.PdfDocument(await make(zoo / "vector/pic.emf", "PDF")) as document:
        width, height = document.get_page_size(0)
        assert 1.0 < width / height < 2.0
        page = document[0]
        image = page.render(scale=1).to_pil().convert("L")
        page.close()
    left, top, right, bottom = image.point(lambda value: 255 * (value < 200)).getbbox()
    assert left < image.width * 0.1
    assert right > image.width * 0.9
    assert top < image.height * 0.15
    assert bottom > image.height * 0.85


OLD = (
    ("WP6.wpd", "WPD", "Header Type A but changed"),
    ("Write_3.1.wri", "WRI", "Test document for Write conversion"),
    ("Lotus.wk1", "WK1", "ABCT"),
    ("QuattroPro.wb1", "WB2", "center accross block"),
    ("QuattroPro.wq1", "WB2", "azazbza"),
    ("hello.602", "602", "Dlouhy text"),
    ("rows.slk", "SLK", "row 2"),
    ("rows.dif", "DIF", "row 2"),
    ("rows.xltx", "XLTX", "row 2"),
    ("rows.ots", "OTS", "row 2"),
)


async def test_the_old_formats_and_templates_are_read(make):
    for name, source, words in OLD:
        try:
            assert words in page_text(await make(HERE / name, "PDF", source=source)), name
        except OmnicError as error:
            raise AssertionError(name) from error
    assert (await make(HERE / "Lotus.wk1", "CSV")).decode().splitlines()[:3] == ["123,ABCT,", "0.66666667,exp(1),", ",23,"]
    assert (await make(HERE / "QuattroPro.wq1", "CSV", source="WB2")).decode().splitlines()[10] == ",,,1,1,1,1,TRUE,"
    assert "Test document for Write conversion" in members(await make(HERE / "Write_3.1.wri", "DOCX"))["word/document.xml"]


async def test_a_document_with_a_password_says_so(make):
    for name in ("locked.docx", "locked.odt", "locked.xlsx"):
        with pytest.raises(OmnicError, match="protected by a password"):
            await make(HERE / name, "PDF")


async def test_what_cannot_be_written_of_a_document_is_said(make, zoo):
    with pytest.raises(ConverterFailed, match="no ODT"):
        await make(zoo / "document/cols.odp", "ODT", source="FODT")


async def test_a_long_text_tells_many_fractions_while_it_is_written(make, tmp_path):
    (tmp_path / "long.fodt").write_text(
        FLAT % "".join(f"<text:p>Paragraph {number} of a long text.</text:p>" for number in range(24000))
    )
    odt = await make(tmp_path / "long.fodt", "DOCX")
    (tmp_path / "long.docx").write_bytes(odt)
    told: list[float] = []
    await make(tmp_path / "long.docx", "PDF", told=told)
    assert told == sorted(told)
    assert len(set(told)) >= 10
    assert sum(fraction > 0.6 for fraction in told) >= 8
