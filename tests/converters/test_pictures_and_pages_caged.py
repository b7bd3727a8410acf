"""Converters of pictures, drawings and pages through the real runner, in their cage, on the specimens that travel with the package."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from omnic_stream import samples
from omnic_stream.converters import image, page, pdf, raster, vector
from omnic_stream.model.contracts import Running, Work
from omnic_stream.model.errors import OmnicError
from omnic_stream.runner import open_runner

SAMPLES = Path(next(iter(samples.__path__)))
ALL = {each.id: each for module in (image, page, pdf, raster, vector) for each in module.CONVERTERS}
ROADS = (
    ("raster.exr", "beacon.exr", "EXR", "PNG"),
    ("raster.xcf-thumb", "beacon.xcf", "XCF", "thumb.webp"),
    ("raster.raw", "beacon.dng", "DNG", "JPG"),
    ("raster.dicom", "beacon.dcm", "DICOM", "PNG"),
    ("image.thumb", "harbour.jpg", "JPG", "preview.webp"),
    ("djvu.page", "leaflet.djvu", "DJVU", "PNG"),
    ("comic.archive.page", "beacon.cbt", "CBT", "PNG"),
    ("image.pdf", "harbour.jpg", "JPG", "pictures.pdf"),
    ("djvu.pdf", "leaflet.djvu", "DJVU", "PDF"),
    ("xps.pdf", "leaflet.xps", "XPS", "PDF"),
    ("postscript.pdf", "compass.eps", "EPS", "PDF"),
    ("pdf.archival", "leaflet.pdf", "PDF", "PDFA"),
    ("dot.svg", "ferries.dot", "DOT", "SVG"),
    ("dxf.svg", "pier.dxf", "DXF", "SVG"),
    ("pdf.html", "leaflet.pdf", "PDF", "HTML"),
    ("pdf.facts", "leaflet.pdf", "PDF", "metadata.json"),
)
WORDS = {"SVG": b"</svg>", "HTML": b"The lighthouse", "metadata.json": b'"pages": 3'}


async def made(runner, folder: Path, id: str, file: Path, source: str, target: str) -> tuple[Path, list[float]]:
    told: list[float] = []

    def report(state: object) -> None:
        if isinstance(state, Running) and state.fraction is not None:
            told.append(state.fraction)

    work = Work(converter=ALL[id], input=file, source=source, target=target, arguments={}, folder=folder, output="made")
    await runner.run(work, priority=lambda: 0, report=report)
    return folder / "made", told


async def test_specimens_are_converted_in_their_cage(tmp_path):
    async with open_runner(slots=1) as runner:
        for id, sample, source, target in ROADS:
            folder = tmp_path / f"{id}-{target}"
            folder.mkdir()
            output, _ = await made(runner, folder, id, SAMPLES / sample, source, target)
            if target in WORDS:
                assert WORDS[target] in output.read_bytes(), id
            elif target in {"PDF", "PDFA", "pictures.pdf"}:
                assert len(pypdfium2.PdfDocument(output.read_bytes())) >= 1, id
            else:
                with Image.open(output) as picture:
                    colours = picture.convert("RGB").quantize(8).getcolors()
                    assert len(colours) > 1 or id.startswith("comic"), id  # the comic's cover is all red
                    assert picture.width > 30, id


async def test_tiles_and_pages_come_as_folders(tmp_path):
    async with open_runner(slots=1) as runner:
        (tmp_path / "tiles").mkdir()
        tiles, told = await made(runner, tmp_path / "tiles", "image.tiles", SAMPLES / "harbour.jpg", "JPG", "tiles.dzi")
        assert (tiles / "tiles.dzi").is_file()
        assert (tiles / "tiles_files/0/0_0.jpg").is_file()
        assert told == sorted(told)
        (tmp_path / "pages").mkdir()
        pages, told = await made(runner, tmp_path / "pages", "comic.pages", SAMPLES / "beacon.cbz", "CBZ", "pages.png")
        assert sorted(each.name for each in pages.iterdir()) == [f"page-000{number}.png" for number in (1, 2, 3)]
        assert told  # thinned: how many there are is the worker's to say
        assert told == sorted(told)


@pytest.mark.parametrize(
    ("id", "content", "source", "target"),
    [
        ("postscript.pdf", b"%!PS\n(/etc/hostname)(r)file 99 string readstring pop show showpage\n", "PS", "PDF"),
        ("postscript.pdf", b"%!PS\n(%pipe%touch /tmp/omnic-pwned)(w)file closefile showpage\n", "PS", "PDF"),
        ("djvu.pdf", b"AT&TFORM\0\0\0\x99DJVM garbage", "DJVU", "PDF"),
        ("xps.pdf", b"PK\3\4 garbage", "XPS", "PDF"),
    ],
)
async def test_hostile_pages_end_in_a_sentence(tmp_path, id, content, source, target):
    (tmp_path / "given").write_bytes(content)
    (tmp_path / "job").mkdir()
    async with open_runner(slots=1) as runner:
        with pytest.raises(OmnicError) as caught:
            await made(runner, tmp_path / "job", id, tmp_path / "given", source, target)
    assert not Path("/tmp/omnic-pwned").exists()
    assert str(tmp_path) not in caught.value.message
