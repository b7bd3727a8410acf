"""Disks, made by the tools that make them: what is shown is the files on them, through whatever lies around."""

from __future__ import annotations

import json
import lzma
import random
import zipfile
from pathlib import Path

import pytest

from omnic_stream.converters.warm import archive, taken

ZOO = Path(__file__).parent.parent / "zoo"
HERE = Path(__file__).parent / "disks"
TIDES = b"High tide 06:12, low tide 12:25.\n"
LAMP = (ZOO / "image/python.png").read_bytes()
BOTH = {"tides.txt": TIDES, "harbour/lamp.png": LAMP}

DISKS = (
    ("archive/tides.fat", "FAT", BOTH),
    ("archive/tides.ext", "EXT", BOTH),
    ("archive/tides.squashfs", "SQUASHFS", BOTH),
    ("archive/tides.qcow2", "QCOW2", BOTH),
    ("archive/tides.vmdk", "VMDK", BOTH),
    ("archive/tides.vhd", "VHD", BOTH),
    ("archive/tides.dmg", "DMG", {f"tree/{name}": content for name, content in BOTH.items()}),
    ("archive/tides.xar", "XAR", BOTH),
    ("archive/tides.msi", "MSI", {"tides.txt": TIDES}),
    ("tides-dynamic.vhd.xz", "VHD", BOTH),
    ("tides.vdi.xz", "VDI", BOTH),
    ("tides.vhdx.xz", "VHDX", BOTH),
    ("tides.ntfs.xz", "NTFS", {"tides.txt": TIDES}),
)


def read(name: str) -> bytes:
    return lzma.decompress((HERE / name).read_bytes()) if name.endswith(".xz") else (ZOO / name).read_bytes()


@pytest.mark.parametrize(("name", "source", "held"), DISKS, ids=[disk[0] for disk in DISKS])
def test_a_disk_gives_the_files_on_it(run, name, source, held):
    content = read(name)
    with zipfile.ZipFile(run(archive.zipped, content, source, "ZIP")) as made:
        assert {file: made.read(file) for file in held} == held
    told = json.loads(run(archive.listing, content, source, "listing.json").read())
    members = {member["name"]: member for member in told["members"]}
    assert {file: members[file]["size"] for file in held} == {file: len(inside) for file, inside in held.items()}
    item = next(number for number, member in enumerate(told["members"], 1) if member["name"].endswith("tides.txt"))
    assert run(taken.member, content, source, "member", item=str(item)).read() == TIDES


def test_a_disk_without_a_file_system_shows_its_outer_layer(run):
    noise = random.Random(4).randbytes(65536)
    content = noise + read("archive/tides.vhd")[-512:]
    (member,) = json.loads(run(archive.listing, content, "VHD", "listing.json").read())["members"]
    assert member["size"] == len(noise)
    assert run(taken.member, content, "VHD", "member", item="1").read() == noise
    with zipfile.ZipFile(run(archive.zipped, content, "VHD", "ZIP")) as made:
        assert made.read(member["name"]) == noise
