from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from omnic_stream.converters import fact as declared
from omnic_stream.converters.warm import fact
from omnic_stream.model.contracts import Work
from omnic_stream.runner import open_runner

SAMPLES = Path(declared.__file__).parents[1] / "samples"
PHOTO = SAMPLES / "harbour.jpg"


def test_checksums_are_those_of_coreutils(run, tmp_path):
    made = run(fact.checksum, PHOTO.read_bytes(), "JPG", "checksum").read().decode().splitlines()
    for line, tool in zip(made, ("sha256sum", "sha512sum", "md5sum"), strict=False):
        with PHOTO.open("rb") as file:
            told = subprocess.run([tool, "--tag"], stdin=file, capture_output=True, text=True, check=True).stdout.strip()
        assert line == told
    assert run(fact.checksum, b"123456789", "BIN", "checksum").read().decode().splitlines()[3] == "CRC32 (-) = cbf43926"


@pytest.mark.parametrize("content", [(SAMPLES / "lighthouse.exe").read_bytes(), b"", b"x" * 47, bytes(64) + b"end"])
def test_a_hex_dump_is_that_of_hexdump(run, tmp_path, content):
    (tmp_path / "in").write_bytes(content)
    told = subprocess.run(["hexdump", "-C", tmp_path / "in"], capture_output=True, check=True).stdout
    made = run(fact.hexdump, content, "BIN", "hex").read()
    assert made == (told or b"00000000\n")


def test_a_long_dump_says_where_it_ends(run):
    made = run(fact.hexdump, bytes(range(256)) * 1024, "BIN", "hex").read().decode().splitlines()
    assert made[-2:] == ["00010000", "... the first 65,536 of 262,144 bytes"]


def test_strings_of_one_and_two_bytes_a_letter_with_their_offsets(run):
    content = (
        b"\1\2abc\0plain words\0"
        + b"\0" * 4
        + "größe wide".encode("utf-16-le")[6:]
        + b"\0\0\xff"
        + b"\0"
        + "BIG ends".encode("utf-16-be")
    )
    made = dict(line.split(None, 1) for line in run(fact.strings, content, "BIN", "strings").read().decode().splitlines()[1:])
    assert made["6"] == "plain words"
    assert set(made.values()) == {"plain words", "e wide", "BIG ends"}
    told = {int(at, 16): text for at, text in made.items()}
    for at, text in told.items():
        assert content[at:].startswith((text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")))
    assert run(fact.strings, b"\0\1\2", "BIN", "strings").read().endswith(b"string\nno readable strings\n")
    exe = run(fact.strings, (SAMPLES / "lighthouse.exe").read_bytes(), "PE", "strings").read().decode()
    assert "    2d6 VS_VERSION_INFO\n" in exe


def test_exiftool_tells_what_a_file_holds_and_nothing_of_this_machine(run):
    made = run(fact.exiftool, PHOTO.read_bytes(), "JPG", "metadata.json").read().decode()
    told = json.loads(made)
    assert (told["format"], told["size"], told["facts"]["File"]["ImageWidth"]) == ("JPG", PHOTO.stat().st_size, 1600)
    assert "/proc" not in made
    assert not {"SourceFile", "System"} & set(told["facts"])
    told = json.loads(run(fact.exiftool, (SAMPLES / "leaflet.pdf").read_bytes(), "PDF", "metadata.json").read())
    assert told["facts"]["PDF"]["PageCount"] == 3
    told = json.loads(run(fact.exiftool, b"nothing known\0", "BIN", "metadata.json").read())
    assert (told["size"], told["facts"]) == (14, {})
    assert "warnings" not in told


async def test_exiftool_runs_in_the_cage(tmp_path):
    converter = {each.id: each for each in declared.CONVERTERS}["fact.exiftool"]
    async with open_runner(slots=1) as runner:
        work = Work(
            converter=converter, input=PHOTO, source="JPG", target="metadata.json", arguments={}, folder=tmp_path, output="made"
        )
        await runner.run(work, priority=lambda: 0, report=lambda state: None)
    assert json.loads((tmp_path / "made").read_text())["facts"]["File"]["ImageHeight"] == 1067
