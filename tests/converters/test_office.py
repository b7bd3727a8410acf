"""LibreOffice, warm and cold, by the real runner on real documents."""

import base64
import os
import re
import signal
import zipfile
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pypdfium2 as pdfium
import pytest
import trio

from omnic_stream.converters import office
from omnic_stream.model.contracts import Command, Running, WarmCall, Work
from omnic_stream.model.errors import ConverterFailed, Corrupt, MisconfiguredError, SandboxUnavailable, TooExpensive
from omnic_stream.runner import open_runner

BY_ID = {converter.id: converter for converter in office.CONVERTERS}
FLAT = (
    '<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.2" '
    'office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>%s</office:text></office:body></office:document>'
)


@pytest.fixture
async def runner():
    async with open_runner(slots=1, workers={kind.name: kind for kind in office.WORKERS}) as opened:
        if not opened.sandbox.safe or not opened.sandbox.names_inside:
            pytest.skip("LibreOffice runs in bubblewrap's cage")
        yield opened


@pytest.fixture
def to_pdf(runner, tmp_path):
    """Convert a file (its extension is its format) and answer the text of every page, and the fractions that were told."""

    async def convert(file, converter, source=None):
        folder = tmp_path / f"job{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        told = []
        work = Work(
            converter=BY_ID[converter] if isinstance(converter, str) else converter,
            input=file,
            source=source or file.suffix[1:].upper(),
            target="PDF",
            arguments={},
            folder=folder,
            output="result.pdf",
        )
        await runner.run(work, priority=lambda: 0, report=told.append)
        assert [path.name for path in folder.iterdir()] == ["result.pdf"]
        with pdfium.PdfDocument(folder / "result.pdf") as document:
            texts = []
            for page in document:
                words = page.get_textpage()
                texts.append(words.get_text_range())
                words.close()
                page.close()
        return texts, [one.fraction for one in told if isinstance(one, Running) and one.fraction is not None]

    return convert


def starts(runner):
    return runner._pools["office"].starts


SPECIMENS = (
    ("document/par-alignment.docx", "office.writer", 1, "Inherited alignment"),
    ("document/907.doc", "office.writer", 1, "This should be a Heading"),
    ("document/serious_poem.odt", "office.writer", 1, "The boy stood on the burning deck"),
    ("document/a.fodt", "office.writer", 1, "Hello world"),
    ("document/fields.rtf", "office.writer", 4, "Date and Time"),
    ("document/hachoir.org.sxw", "office.writer", 3, "Hachoir is a Python library"),
    ("document/abi_memo.abw", "office.writer", 1, "Internal Memorandum"),
    ("document/pages4-file.pages", "office.writer", 1, ""),
    ("table/chinese_spreadsheet.ods", "office.calc", 1, "test test test"),
    ("table/array-intersection.xls", "office.calc", 2, "0.333333"),
    ("table/data.fods", "office.calc", 2, "row 2"),
    ("table/loan.gnumeric", "office.calc", 21, "Loan Data"),
    ("table/numbers3-file.numbers", "office.calc", 2, "57.00%"),
    ("table/data.tsv", "office.table", 2, "row 2"),
    ("document/test.ppt", "office.impress", 1, ""),
    ("document/minimal.pptx", "office.impress", 1, ""),
    ("document/cols.odp", "office.impress", 1, "Lorem ipsum"),
    ("document/keynote5-file.key", "office.impress", 2, "Title slide"),
    ("vector/color-boxes.vsdx", "office.draw", 1, ""),
    ("vector/fdo86729-utf8.vsd", "office.draw", 1, "aaa"),
    ("vector/pic.emf", "office.draw", 1, ""),
)


async def test_one_libreoffice_reads_every_specimen_of_the_zoo(zoo, to_pdf, runner):
    for name, converter, pages, words in SPECIMENS:
        texts, _ = await to_pdf(zoo / name, converter)
        assert (name, len(texts)) == (name, pages)
        assert words in " ".join(texts), name
    assert starts(runner) == 1


def test_every_specimen_is_declared_for_the_converter_that_reads_it():
    for name, converter, _, _ in SPECIMENS:
        assert name.rpartition(".")[2].upper() in BY_ID[converter].inputs


async def test_ten_workbooks_in_a_row_are_read_by_one_warm_libreoffice(zoo, to_pdf, runner):
    for _ in range(5):
        await to_pdf(zoo / "table/data.fods", "office.calc")
        await to_pdf(zoo / "table/array-intersection.xls", "office.calc")
    assert starts(runner) == 1


async def test_a_long_document_tells_how_far_it_is(to_pdf, tmp_path):
    file = tmp_path / "long.fodt"
    file.write_text(FLAT % "".join(f"<text:p>Paragraph {number} of a long text.</text:p>" for number in range(20000)))
    texts, told = await to_pdf(file, "office.writer")
    assert len(texts) > 100
    assert told == sorted(told)
    assert len(told) >= 8, told
    assert min(told) < 0.4, "loading was measured"
    assert len([fraction for fraction in told if fraction > 0.5]) >= 3, "so was writing"


async def test_what_libreoffice_would_take_for_plain_text_is_refused(to_pdf, tmp_path):
    (tmp_path / "words.doc").write_text("Just some words.\n" * 30)
    (tmp_path / "broken.docx").write_bytes(bytes(range(256)) * 40)
    for name in ("words.doc", "broken.docx"):
        with pytest.raises(Corrupt) as caught:
            await to_pdf(tmp_path / name, "office.writer")
        assert "/" not in caught.value.message


@pytest.mark.full  # it takes LibreOffice half a minute to die of this one
async def test_a_document_that_kills_libreoffice_costs_only_itself(zoo, to_pdf, tmp_path, runner):
    depth = 60000  # its SVG reader goes down by recursion: this is deeper than a stack
    svg = f'<svg xmlns="http://www.w3.org/2000/svg">{"<g>" * depth}<rect width="5" height="5"/>{"</g>" * depth}</svg>'
    image = f"<draw:image><office:binary-data>{base64.b64encode(svg.encode()).decode()}</office:binary-data></draw:image>"
    frame = f'<text:p><draw:frame svg:width="5cm" svg:height="5cm">{image}</draw:frame></text:p>'
    (tmp_path / "deadly.fodt").write_text(FLAT % frame)
    with pytest.raises(ConverterFailed, match="crashed"):
        await to_pdf(tmp_path / "deadly.fodt", "office.writer")
    texts, _ = await to_pdf(zoo / "document/907.doc", "office.writer")
    assert "This should be a Heading" in texts[0]
    assert starts(runner) == 2


def descendants(pid):
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(pid) for pid in below] + [deeper for child in below for deeper in descendants(child)]


async def test_when_libreoffice_dies_at_work_the_call_fails_and_the_next_gets_a_fresh_one(zoo, to_pdf, tmp_path, runner, nursery):
    await to_pdf(zoo / "document/907.doc", "office.writer")
    (worker,) = runner._pools["office"]._idle
    (soffice,) = [pid for pid in descendants(worker.tree.root) if Path(f"/proc/{pid}/comm").read_text().strip() == "soffice.bin"]
    (tmp_path / "endless.fodt").write_text(endless())

    async def kill_when_it_works():
        before = Path(f"/proc/{soffice}/stat").read_text().split()[13]
        with trio.fail_after(20):
            while Path(f"/proc/{soffice}/stat").read_text().split()[13] == before:
                await trio.sleep(0.02)
        os.kill(soffice, signal.SIGKILL)

    nursery.start_soon(kill_when_it_works)
    with pytest.raises(ConverterFailed, match="crashed"):
        await to_pdf(tmp_path / "endless.fodt", "office.writer")
    texts, _ = await to_pdf(zoo / "document/907.doc", "office.writer")
    assert "This should be a Heading" in texts[0]
    assert starts(runner) == 2


def endless():
    """A flat text whose tables within tables keep LibreOffice busy for minutes."""
    cell = "<table:table><table:table-row><table:table-cell>"
    return FLAT % (cell * 3000 + "<text:p>x</text:p>" + "</table:table-cell></table:table-row></table:table>" * 3000)


async def test_a_document_that_hangs_libreoffice_is_given_up_and_costs_only_itself(zoo, to_pdf, tmp_path, runner):
    await to_pdf(zoo / "document/907.doc", "office.writer")
    (tmp_path / "endless.fodt").write_text(endless())
    writer = BY_ID["office.writer"]
    assert isinstance(writer.run, WarmCall)
    hasty = replace(writer, run=replace(writer.run, limits=replace(writer.run.limits, stall=1.5)))
    with pytest.raises(TooExpensive, match="no progress"):
        await to_pdf(tmp_path / "endless.fodt", hasty)
    texts, _ = await to_pdf(zoo / "document/907.doc", "office.writer")
    assert "This should be a Heading" in texts[0]
    assert starts(runner) == 2


def with_relationship(path, kind, target):
    """A Word document whose settings or body refer to something outside of it."""
    package = "http://schemas.openxmlformats.org/package/2006/"
    office_namespace = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/"
    part = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    picture = (
        f'<w:r><w:drawing><wp:inline xmlns:wp="{drawing}wordprocessingDrawing"><wp:extent cx="900000" cy="900000"/>'
        f'<wp:docPr id="1" name="p"/><a:graphic xmlns:a="{drawing}main"><a:graphicData uri="{drawing}picture">'
        f'<pic:pic xmlns:pic="{drawing}picture"><pic:nvPicPr><pic:cNvPr id="1" name="p"/><pic:cNvPicPr/></pic:nvPicPr>'
        f'<pic:blipFill><a:blip r:link="far"/></pic:blipFill><pic:spPr/></pic:pic></a:graphicData></a:graphic></wp:inline>'
        "</w:drawing></w:r>"
    )
    field = f"<w:fldSimple w:instr='INCLUDETEXT \"{target}\"'><w:r><w:t>what was there</w:t></w:r></w:fldSimple>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            f'relationships+xml"/><Override PartName="/word/document.xml" ContentType="{part}"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}relationships"><Relationship Id="a" Type="{office_namespace}/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/_rels/document.xml.rels",
            f'<Relationships xmlns="{package}relationships"><Relationship Id="far" Type="{office_namespace}/{kind}" '
            f'Target="{target}" TargetMode="External"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{word}" xmlns:r="{office_namespace}"><w:body><w:p><w:r><w:t>Hello</w:t></w:r>'
            f"{picture if kind == 'image' else field}</w:p></w:body></w:document>",
        )


@pytest.mark.parametrize("converter", ["office.writer", "office.cold"])
async def test_what_a_document_links_to_is_not_fetched(to_pdf, tmp_path, nursery, converter):
    asked = []

    async def origin(stream):
        asked.append(await stream.receive_some(200))

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, origin, listeners)
    port = listeners[0].socket.getsockname()[1]
    with_relationship(tmp_path / "picture.docx", "image", f"http://127.0.0.1:{port}/picture.png")
    secret = tmp_path / "secret.txt"
    secret.write_text("marker-of-the-machine")
    with_relationship(tmp_path / "include.docx", "attachedTemplate", f"file://{secret}")
    for name in ("picture.docx", "include.docx"):
        texts, _ = await to_pdf(tmp_path / name, converter)
        assert "Hello" in texts[0]
        assert "marker-of-the-machine" not in "".join(texts)
    assert asked == []
    nursery.cancel_scope.cancel()


async def test_a_table_of_text_is_shown_as_it_is_written(to_pdf, tmp_path):
    (tmp_path / "comma.csv").write_text('name,value\n=1+1,"=WEBSERVICE(""http://127.0.0.1:9/"")"\n')
    (tmp_path / "semicolon.csv").write_text('name;value\nMünchen;"1;2"\n')
    (tmp_path / "windows.csv").write_bytes("name,value\nKöln,1\n".encode("cp1252"))
    texts = [(await to_pdf(tmp_path / f"{name}.csv", "office.table"))[0][0] for name in ("comma", "semicolon", "windows")]
    assert re.search(r"=1\+1\s+=WEBSERVICE\(", texts[0])
    assert re.search(r"München\s+1;2", texts[1])
    assert re.search(r"Köln\s+1", texts[2])


async def test_a_cold_libreoffice_makes_the_same_pages_without_uno(zoo, to_pdf):
    cold = BY_ID["office.cold"]
    assert isinstance(cold.run, Command)
    assert office.UNO not in cold.tools
    assert cold.cost.ms > max(other.cost.ms for other in office.CONVERTERS if other is not cold)
    for name, converter, pages, words in SPECIMENS:
        if name in {"document/fields.rtf", "table/array-intersection.xls"}:
            texts, _ = await to_pdf(zoo / name, "office.cold")
            assert len(texts) == pages, converter
            assert words in " ".join(texts)


async def test_a_cold_libreoffice_says_that_it_failed(to_pdf, tmp_path):
    (tmp_path / "broken.docx").write_bytes(b"PK\x03\x04" + bytes(2000))
    with pytest.raises(ConverterFailed) as caught:
        await to_pdf(tmp_path / "broken.docx", "office.cold")
    assert "/" not in caught.value.message


@pytest.mark.parametrize("converter", ["office.writer", "office.cold"])
async def test_where_the_sandbox_does_not_close_off_the_sockets_of_the_machine_it_is_not_started(zoo, tmp_path, converter):
    async with AsyncExitStack() as stack:
        try:
            runner = await stack.enter_async_context(
                open_runner(slots=1, tier="landlock", workers={kind.name: kind for kind in office.WORKERS})
            )
        except MisconfiguredError:
            pytest.skip("this kernel has no Landlock")
        work = Work(
            converter=BY_ID[converter],
            input=zoo / "document/907.doc",
            source="DOC",
            target="PDF",
            arguments={},
            folder=tmp_path,
            output="result.pdf",
        )
        with pytest.raises(SandboxUnavailable):
            await runner.run(work, priority=lambda: 0, report=lambda state: None)
