from __future__ import annotations

import csv
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from omnic_stream.detect import Detection, inside
from omnic_stream.model.contracts import Hints, WarmCall
from omnic_stream.model.errors import Corrupt, OmnicError
from omnic_stream.plugins import collect

ZOO = Path(__file__).parent.parent / "zoo"
ROWS = list(csv.DictReader((ZOO / "MANIFEST.csv").read_text(encoding="utf-8").splitlines()))


@dataclass
class Looked:
    input: int
    arguments: Mapping[str, str]
    output: int = -1
    source: str = ""
    target: str = ""

    def report(self, fraction: float) -> None:
        raise AssertionError("a look has no progress")


def look(path: Path, **hints: str) -> str:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return inside.detect(Looked(descriptor, hints))
    finally:
        os.close(descriptor)


def look_at(content: bytes, name: str | None = None) -> str:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return look(Path(file.name), **({} if name is None else {"name": name}))


def told(row: dict[str, str], named: bool) -> str:
    """What content (and name) can say of a row: its format, or what its facts say that content alone looks like."""
    alone = re.search(r"content cannot tell: (\S+) \(", row["facts"])
    return row["format"] if named or alone is None else alone[1]


@pytest.mark.parametrize(("named", "floor"), [(True, 0.99), (False, 0.95)])
def test_the_zoo_is_known(named: bool, floor: float) -> None:
    look(ZOO / ROWS[0]["path"])  # puremagic and the registry are read once
    start, wrong = time.perf_counter(), []
    for row in ROWS:
        path = ZOO / row["path"]
        found = look(path, **({"name": path.name} if named else {}))
        if found != told(row, named):
            wrong.append(f"{row['path']}: {found}, is {row['format']}")
    each = (time.perf_counter() - start) / len(ROWS)
    share = 1 - len(wrong) / len(ROWS)
    sys.stdout.write(f"{share:.1%} of {len(ROWS)}, {each * 1000:.2f} ms each\n")
    assert len(ROWS) > 200
    assert share >= floor, "\n".join(wrong)
    assert each < 0.003


def test_few_files_of_the_zoo_need_their_names() -> None:
    assert sum("content cannot tell" in row["facts"] for row in ROWS) < 0.05 * len(ROWS)


def test_prose_is_no_code_and_code_is_no_prose() -> None:
    words = "We import goods from the east, and export them.\nThen we return home: for a while, with our friends.\n"
    assert look_at(words.encode() * 5) == "TXT"
    assert look_at(b"import os\n\n\ndef main() -> None:\n    print(os.getcwd())\n") == "PY"
    assert look_at(b"'use strict';\nconst a = require('a');\nmodule.exports = () => a;\n") == "JS"
    assert look_at(b'#include <stdio.h>\nint main(void) {\n  printf("hi");\n}\n') == "C"
    assert look_at(b"---\ntitle: x\n---\n# Heading\n\nText.\n") == "MD"
    assert look_at(b"name: x\nparts:\n  - a\n  - b\nto: somebody\n") == "YAML"


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (b"BM" + b"a book of words\n" * 4, "TXT"),
        (b"MZ" + bytes(range(200)) * 4, "BIN"),
        (b"\0\0\1\0" + bytes(range(1, 200)) * 4, "BIN"),
        (b"\xff\xfb\x90\x64" + bytes(range(1, 250)) * 8, "BIN"),
        (b"\xca\xfe\xba\xbe\0\0\0\2" + bytes(400), "BIN"),
    ],
)
def test_two_bytes_alone_are_no_mark(content: bytes, format: str) -> None:
    assert look_at(content) == format


def test_frames_are_followed_behind_a_tag() -> None:
    frame = b"\xff\xfb\x90\x64" + bytes(413)
    assert look_at(frame * 4) == "MP3"
    assert look_at(b"ID3\4\0\0\0\0\0\4abcd" + frame * 4) == "MP3"
    adts = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)
    assert look_at(adts * 4) == "AAC"
    assert look_at(b"ID3\4\0\0\0\0\0\0" + adts * 4) == "AAC"


@pytest.mark.parametrize("mark", [b"RIFF", b"RF64", b"BW64"])
def test_a_recording_of_any_length_is_a_wav(mark: bytes) -> None:
    assert look_at(mark + b"\xff\xff\xff\xffWAVEds64" + bytes(200)) == "WAV"
    assert look_at(mark + b"\xff\xff\xff\xffNONEds64" + bytes(200)) == "BIN"


FEATURE = '{"geometry":{"coordinates":[10,50],"type":"Point"},"properties":{"a":{"b":1}},"type":"Feature"}'


@pytest.mark.parametrize(
    ("content", "format"),
    [
        ('{"type": "FeatureCollection", "features": []}', "GEOJSON"),
        (
            '{"name":"walk","crs":{"type":"name","properties":{"name":"EPSG:4326"}},"type":"FeatureCollection","features":[<>]}',
            "GEOJSON",
        ),
        ('{"bbox": [1.5, -2, 3, 4], "id": 7, "type": "FeatureCollection", "features": [<>]}', "GEOJSON"),
        ('{"features":[<>],"type":"FeatureCollection"}', "GEOJSON"),
        ("<>", "GEOJSON"),
        ('{"id": 3, "type": "Feature", "title": "Sort members"}', "JSON"),
        ('{"map": {"type": "FeatureCollection", "features": [<>]}}', "JSON"),
        ('{"features": [{"id": "dark", "on": true}], "type": "FeatureCollection"}', "JSON"),
    ],
)
def test_geojson_is_known_in_any_order_of_its_members(content: str, format: str) -> None:
    assert look_at(content.replace("<>", FEATURE).encode()) == format


def test_a_type_1_font_without_segments_is_no_program_of_pages() -> None:
    assert look_at(b"%!PS-AdobeFont-1.0: Tide 1.0\n%%CreationDate: today\n" + b"/FontName /Tide def\n" * 8) == "PFB"
    assert look_at(b"%!PS-Adobe-3.0\n%%Pages: 1\nshowpage\n") == "PS"


def test_an_old_tar_has_a_checksum_and_no_mark(tmp_path: Path) -> None:
    header = bytearray(512)
    header[:5], header[100:108], header[124:136] = b"a.txt", b"0000644\0", b"00000000000\0"
    header[148:156] = b"%06o\0 " % (sum(header) + 8 * 32)
    assert look_at(bytes(header) + bytes(1024)) == "TAR"
    header[0] ^= 1
    assert look_at(bytes(header) + bytes(1024)) == "BIN"


def test_words_of_two_bytes_a_letter_are_text() -> None:
    assert look_at("Some words in two bytes each.\n".encode("utf-16-le") * 4) == "TXT"
    assert look_at("<svg xmlns='http://www.w3.org/2000/svg'/>".encode("utf-16")) == "SVG"


@pytest.mark.parametrize("path", ["image/python.png", "image/python.jpg", "document/archive_write_new.3.pdf"])
@pytest.mark.parametrize("name", ["a.txt", "a.docx", "a.html", "a", "a.mp4", "-rf.svg"])
def test_a_name_that_lies_is_not_believed(path: str, name: str) -> None:
    truth = {".png": "PNG", ".jpg": "JPG", ".pdf": "PDF"}[Path(path).suffix]
    assert look(ZOO / path, name=name) == truth


def test_bytes_that_are_nothing_are_no_picture_by_their_name() -> None:
    for name in ("a.png", "a.jpg", "a.docx", "a.zip", "a.glb", "a.mkv", "a.woff2", "a.pcapng", None):
        assert look_at(bytes(range(256)) * 40, name) == "BIN"


def test_chance_bytes_are_nothing() -> None:
    chance = random.Random(4)
    found = {look_at(b"\0" + chance.randbytes(2000)) for _ in range(300)} | {look_at(chance.randbytes(2000)) for _ in range(300)}
    assert found <= {"BIN"}


def test_html_in_a_pictures_name_is_html() -> None:
    assert look_at(b"<!DOCTYPE html><html><script>alert(1)</script></html>", "a.png") == "HTML"


def test_an_epub_whose_mimetype_is_not_first(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "book", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr("mimetype", "application/epub+zip")
    assert look(tmp_path / "book") == "EPUB"


def test_a_long_text_is_looked_at_by_its_head(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"a line of text\n" * 2_000_000)
    tracemalloc.start()
    assert look(tmp_path / "long") == "TXT"
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_zip_of_many_members_is_a_zip_at_little_cost(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(100_000):
            archive.writestr(zipfile.ZipInfo(f"{number:06}"), b"")
    tracemalloc.start()
    assert look(tmp_path / "many.zip") == "ZIP"
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


class Here:
    """contracts.Runner for looks: in this process."""

    async def call(self, run: WarmCall, files: list[int], arguments: Mapping[str, str]) -> str:
        if arguments.get("name") == "breaks":
            raise OmnicError("The worker ended.")
        return inside.detect(Looked(files[0], arguments))


async def test_what_is_no_content_is_told_apart(tmp_path: Path) -> None:
    detect = Detection(Here())  # type: ignore[arg-type]
    (tmp_path / "empty.png").touch()
    (tmp_path / "text").write_bytes(b"words\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("text")
    assert await detect(tmp_path / "empty.png", Hints(name="empty.png")) == "EMPTY"
    assert await detect(tmp_path, Hints()) == "DIRECTORY"
    assert await detect(tmp_path / "text", Hints()) == "TXT"
    assert await detect(tmp_path / "text", Hints(name="breaks")) == "BIN"
    with pytest.raises(Corrupt):
        await detect(tmp_path / "pipe", Hints())
    with pytest.raises(OSError, match="symbolic"):
        await detect(tmp_path / "link", Hints())


def test_an_mp4_of_sound_alone_may_be_asked_for_as_either() -> None:
    assert look(ZOO / "audio/has-tags.m4a") == "M4A"
    assert look(ZOO / "audio/has-tags.m4a", expected="MP4") == "MP4"
    assert look(ZOO / "audio/has-tags.m4a", name="a.mp4") == "MP4"
    assert look(ZOO / "video/test.mp4", name="a.m4a") == "M4A"


def tiff(*tags: tuple[int, int, int, int], after: bytes = b"") -> bytes:
    """A TIFF of one directory: tag, type, count and value of each entry; ``after`` stands behind it."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4) + after


def test_a_tiff_is_told_by_the_tags_of_its_first_directory() -> None:
    end = 8 + 2 + 2 * 12 + 4
    assert look_at(tiff((256, 3, 1, 4), (257, 3, 1, 4))) == "TIFF"
    assert look_at(tiff((50706, 1, 4, 0x0401))) == "DNG"
    assert look_at(tiff((256, 3, 1, 4), (34735, 3, 4, 0))) == "GEOTIFF"
    assert look_at(tiff((271, 2, 18, end), (330, 4, 1, 0), after=b"NIKON CORPORATION\0")) == "NEF"
    assert look_at(tiff((271, 2, 18, end), (256, 3, 1, 4), after=b"NIKON CORPORATION\0")) == "TIFF"
    assert look_at(b"II*\0" + bytes(4) + b"\xff" * 40) == "TIFF"


def test_disks_are_told_by_what_stands_where_a_driver_looks(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(bytes(128 << 10))
    subprocess.run(["/sbin/mke2fs", "-q", "-F", str(tmp_path / "disk")], check=True)
    assert look(tmp_path / "disk") == "EXT"
    fat = bytearray(512)
    fat[54:62], fat[510:] = b"FAT16   ", b"\x55\xaa"
    assert look_at(bytes(fat) + bytes(4096)) == "FAT"
    assert look_at(bytes(4096) + b"koly" + bytes(508)) == "DMG"
    assert look_at(bytes(4096) + b"conectix" + bytes(504)) == "VHD"
    assert look_at(bytes(4096)) == "BIN"


def test_a_dbase_table_has_a_date_and_a_header_of_whole_fields() -> None:
    field = b"NAME".ljust(11, b"\0") + b"C" + bytes(4) + b"\x0a\0" + bytes(14)
    header = struct.pack("<4BIHH20x", 3, 124, 5, 6, 1, 32 + 32 + 1, 11) + field + b"\r"
    assert look_at(header + b" first     \x1a") == "DBF"
    assert look_at(header.replace(b"\x05\x06", b"\x0d\x06", 1) + b" first     \x1a") == "BIN"


def test_a_mark_of_a_format_that_is_not_registered_is_only_text() -> None:
    assert look_at(b"[00:01.00]a song\n[00:02.00]its second line\n") == "TXT"


def test_kinds_of_office_files_are_told_by_the_type_of_their_main_part(tmp_path: Path) -> None:
    for kind, format in (
        ("vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml", "DOTX"),
        ("vnd.ms-excel.sheet.macroEnabled.main+xml", "XLSM"),
        ("vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml", "PPSX"),
    ):
        with zipfile.ZipFile(tmp_path / "file", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("[Content_Types].xml", f"<Types><Override PartName='/x' ContentType='application/{kind}'/></Types>")
        assert look(tmp_path / "file") == format


def test_specimens_are_known_by_their_content() -> None:
    """What the converters' own tests run on; style sheets of three dialects differ in little."""
    plugins, wrong = collect(), []
    wanted: dict[str, set[str]] = {}
    for converter in plugins.converters:
        if converter.specimen:
            wanted.setdefault(converter.specimen, set()).update(converter.inputs)
    for name, formats in wanted.items():
        found = look(Path(str(files("omnic_stream").joinpath("samples", name))), name=name)
        if not any(found == format or plugins.formats.descends(found, format) for format in formats if format in plugins.formats):
            wrong.append(f"{name}: {found}, is one of {sorted(formats)}")
    assert len(wanted) > 50
    assert wrong == []


def test_old_office_files_are_known_by_their_content() -> None:
    office = Path(__file__).parents[1] / "converters" / "office"
    wanted = {
        "WP6.wpd": "WPD",
        "Write_3.1.wri": "WRI",
        "Lotus.wk1": "WK1",
        "QuattroPro.wb1": "WB2",
        "rows.dif": "DIF",
        "rows.slk": "SLK",
    }
    assert {name: look(office / name) for name in wanted} == wanted
