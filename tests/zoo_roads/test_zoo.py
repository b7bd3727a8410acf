"""One specimen of each family and the hardest of all, through one running service. The rest runs by ``scripts/test --zoo``."""

import io

import pytest
from PIL import Image
from zoo.running import service as zoo_service

from zoo import asking, checks, manifest

pytestmark = pytest.mark.xdist_group("zoo")
ROWS = {row.path: row for row in manifest.read()}

CHOSEN = [
    "image/python.tiff > thumb.png", "image/python.exr > JPG", "image/zPug_3.heic > thumb.png", "image/cross.xcf > PNG",
    "image/CT_small.dcm > PNG",
    "image/anim.png > WEBP", "image/ABWPlugin.icns > PNG", "image/photo.jxl > WEBP",
    "vector/pic.emf > PNG", "vector/cdw-logo.eps > PDF", "vector/dialog-cancel.svgz > PNG", "vector/color-boxes.vsdx > PDF", "vector/g.dot > SVG",
    "document/archive_write_new.3.pdf > TXT", "document/lizard2002.djvu > PNG",
    "document/a.ps > PDF",
    "document/par-alignment.docx > PDF", "document/907.doc > PDF", "document/keynote5-file.key > PDF", "document/minimal.pptx > PDF",
    "ebook/t.epub > HTML", "ebook/t.chm > HTML", "document/a.fb2 > HTML",
    "document/a.org > HTML", "document/a.tex > PDF", "document/a.1 > HTML", "document/a.typ > PDF",
    "text/README.md > HTML", "notebook/a.ipynb > HTML",
    "code/_tecplot.py > HTML", "code/Compiler.js > min.js", "code/a.tsx > es5.js",
    "code/gnumeric.css > min.css",
    "audio/silence-1.wma > MP3", "audio/sample.mid > OGG", "audio/silence-44-s.flac > waveform.png",
    "video/clip.mxf > MP4", "video/sample.oggtheora > WEBM", "video/test.wmv > thumb.png", "image/anim.gif > MP4",
    "subtitle/sample.sbv > VTT", "subtitle/s.ass > SRT",
    "mesh/box.fbx > GLB", "mesh/t.step > STL", "mesh/fels.3ds > OBJ", "mesh/spider.obj > thumb.png", "mesh/text3d.obj > rotating.webm",
    "mesh/issue1089b.scad > STL",
    "molecule/molrxnmix.cdx > SVG", "molecule/cod_9007661.cif > XYZ", "molecule/attype.00.smi > PNG", "molecule/octane.cml > SMI",
    "table/data.parquet > CSV", "table/whitelist.csv > XLSX", "table/data.tsv > plot.png", "table/d.sqlite > HTML",
    "table/chinese_spreadsheet.ods > CSV",
    "geo/a.osm.pbf > GEOJSON", "geo/berlin.shp.zip > PNG", "geo/berlin.geojson > KML",
    "archive/t.tar.zst > listing.json", "archive/t.arj > ZIP", "archive/t.deb > thumb.png", "archive/test.iso > listing.json",
    "font/TestT1-Regular.pfb > WOFF2", "font/TestDFONT.dfont > specimen.png", "font/QuadOverlapBugs.sfd > TTF",
    "mail/msg_07.eml > HTML", "mail/m.mbox > EML", "calendar/c.ics > PNG",
    "data/debian-31r4-i386-binary-1.iso.torrent > HTML", "data/test.little_endian.pcapng > TXT", "data/pyproject.toml > thumb.png",
]  # fmt: skip


@pytest.fixture(scope="module")
def service():
    with zoo_service() as started:
        yield started


@pytest.mark.parametrize("asked", CHOSEN)
def test_a_specimen_becomes_what_a_person_would_want(service, asked):
    path, _, target = asked.partition(" > ")
    row = ROWS[path]
    assert target in row.targets, "the manifest does not ask for this"
    outcome = asking.of(service, row, target)
    assert outcome.state == "right", outcome.reason


def test_every_target_of_the_manifest_has_a_check():
    assert {target for row in ROWS.values() for target in row.targets} <= set(checks.CHECKS)


def test_every_folder_of_the_zoo_is_chosen_from():
    assert {path.partition("/")[0] for path in CHOSEN if path.partition(" > ")[0] in ROWS} >= {
        row.folder for row in ROWS.values() if row.targets
    }


def test_facts_are_read_as_they_are_written():
    facts = manifest.facts("6 frames; width=64;height=48;mode=RGB;frames=6 (Pillow)")
    assert (facts.width, facts.height, facts.frames) == (64, 48, 6)
    facts = manifest.facts("size=5; duration=2.08;audio=opus 48000Hz 2ch;video=png 1x1 (ffprobe 5.1)")
    assert (facts.duration, facts.sound, facts.film) == (2.08, True, False)
    facts = manifest.facts("FORMULA: C24 H12 F6 (first record); cannot hold: formula (a crystal)")
    assert (facts.formula, facts.unheld) == ("C24H12F6", {"formula": "a crystal"})


def plain_colour(width, height):
    sink = io.BytesIO()
    Image.new("RGB", (width, height), "#204080").save(sink, "PNG")
    return sink.getvalue()


@pytest.mark.parametrize(
    ("content", "row", "target", "says"),
    [
        (b"", "image/python.png", "PNG", "cannot be read"),
        ("image/python.jpg", "image/python.png", "PNG", "it is a JPEG"),
        (plain_colour(16, 16), "image/python.png", "PNG", "colours are"),
        (plain_colour(17, 16), "image/python.png", "PNG", "17x16 pixels, not 16x16"),
        (plain_colour(200, 200), "document/archive_write_new.3.pdf", "PNG", "blank"),
        (plain_colour(61, 72), "image/cross.xcf", "PNG", "blank"),
        ("document/archive_write_new.3.pdf", "document/imagemagick-images.pdf", "PDF", "number of pages"),
        (b"<p>nothing of it</p> and some more words here", "text/README.md", "HTML", "words of the source"),
        ("audio/silence-44-s.mp3", "audio/pluck-pcm16.wav", "MP3", "duration"),
        ("mesh/Cube.off", "mesh/spider.obj", "OBJ", "no shapes"),
        (b"2\n\nC 0 0 0\nC 0 0 1.4\n", "molecule/octane.cml", "XYZ", "it holds C2"),
        (b"a,b,c\n1,2,3\n", "table/data.parquet", "CSV", "records"),
        ("font/TestTTF.ttf", "font/TestOTF.otf", "WOFF2", "flavour"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\nx\n", "subtitle/sample.srt", "VTT", "number of cues"),
        (b"const a = ;", "code/Compiler.js", "min.js", "does not parse"),
    ],
)
def test_what_is_wrong_is_found_wrong(content, row, target, says):
    made = (manifest.FOLDER / content).read_bytes() if isinstance(content, str) else content
    with pytest.raises(checks.Wrong, match=says):
        checks.check(made, ROWS[row], target)
