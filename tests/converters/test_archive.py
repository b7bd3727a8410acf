from __future__ import annotations

import csv
import gzip
import io
import json
import lzma
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from omnic_stream.converters import archive as declared
from omnic_stream.converters.warm import archive, taken
from omnic_stream.converters.warm.members import placed
from omnic_stream.model.contracts import Work
from omnic_stream.model.errors import ConverterFailed, Corrupt, NotFound, TooExpensive
from omnic_stream.runner import open_runner

ZOO = Path(__file__).parent.parent / "zoo"
SAMPLES = Path(declared.__file__).parents[1] / "samples"
ROWS = {
    row["path"]: row
    for row in csv.DictReader((ZOO / "MANIFEST.csv").read_text().splitlines())
    if row["path"].startswith("archive/t.")
}
WITH_ONE_MEMBER = ("archive/t.txt.lz4", "archive/t.txt.lzo", "archive/t.txt.lrz", "archive/t.shar")


def listed(run, content, source: str) -> dict:
    return json.loads(run(archive.listing, content, source, "listing.json").read())


def zipped(run, content, source: str) -> zipfile.ZipFile:
    made = zipfile.ZipFile(run(archive.zipped, content, source, "ZIP"))
    assert made.testzip() is None
    return made


def packed(*members: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return made.getvalue()


def tarred(*infos: tarfile.TarInfo, content: bytes = b"") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as file:
        for info in infos:
            info.size = len(content) if info.isfile() else 0
            file.addfile(info, io.BytesIO(content))
    return made.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize("path", [path for path in ROWS if "entries=" in ROWS[path]["facts"]])
def test_the_zoo_has_as_many_entries_as_its_manifest_says(run, path):
    told = listed(run, path, ROWS[path]["format"])
    entries = int(ROWS[path]["facts"].partition("entries=")[2].split(";")[0].split()[0])
    # lsar, which counted for the manifest, sees nothing in the ACE archive; acefile reads a folder and a file
    assert told["count"] == len(told["members"]) == (2 if path == "archive/t.ace" else entries)
    assert not told["truncated"]


@pytest.mark.parametrize("path", sorted(ROWS))
def test_the_zoo_is_packed_anew_with_its_content(run, path):
    with zipped(run, path, ROWS[path]["format"]) as made:
        files = {info.filename: made.read(info) for info in made.infolist()}
    if path.endswith((".deb", ".rpm", ".apk")):
        return  # their own tests know them
    assert set(files.values()) <= {b"42", b"", b"42\n", files.get("META-INF/MANIFEST.MF")}
    assert {name.rpartition("/")[2] for name in files} <= {"t.txt", "t2.txt", "MANIFEST.MF", "content"}
    assert any(content.startswith(b"42") for content in files.values())


@pytest.mark.parametrize("path", WITH_ONE_MEMBER)
def test_the_size_of_what_does_not_tell_it_is_counted(run, path):
    told = listed(run, path, ROWS[path]["format"])
    assert (told["count"], told["size"], told["members"][0]["size"]) == (1, 2, 2)


def test_sizes_times_and_folders_are_told(run):
    told = listed(run, "archive/t.wim", "WIM")
    assert [(each["name"], each["size"], each["directory"]) for each in told["members"]] == [("t", 0, True), ("t/t.txt", 2, False)]
    assert told["members"][1]["modified"] == "2024-11-04T15:02:33+00:00"
    assert listed(run, "archive/t.txt.gz", "GZ")["members"][0]["name"] == "t.txt"
    assert listed(run, "archive/test.iso", "ISO")["members"][0]["name"] == "test.txt"
    assert listed(run, "archive/t.lha", "LHA")["members"][1]["modified"] == "2010-02-19T06:48:58+00:00"


def test_a_listing_says_what_a_viewer_needs_to_open_each_member(run):
    content = packed(("docs/", b""), ("docs/Report 1.DOCX", b"12"), ("src.tar.gz", b"1"), ("LICENCE", b"words"), ("<x>%.png", b""))
    members = listed(run, content, "ZIP")["members"]
    assert [(each["name"], each["item"], each["size"], each["directory"], each["kind"]) for each in members] == [
        ("docs/", 1, 0, True, "directory"),
        ("docs/Report 1.DOCX", 2, 2, False, "file"),
        ("src.tar.gz", 3, 1, False, "file"),
        ("LICENCE", 4, 5, False, "file"),
        ("<x>%.png", 5, 0, False, "file"),
    ]
    assert [(each.get("format"), each.get("category")) for each in members] == [
        (None, None), ("DOCX", "office"), ("TAR.GZ", "archive"), (None, None), ("PNG", "raster"),
    ]  # fmt: skip
    assert all(each["modified"].startswith("20") and "packed" in each for each in members)


def test_a_package_tells_its_parts_and_what_they_install(run):
    told = listed(run, "archive/t.deb", "DEB")
    assert [each["name"] for each in told["members"]] == ["debian-binary", "control.tar.gz", "data.tar.gz"]
    inner = {each["name"]: each for each in told["payload"]["members"]}
    assert inner["usr/include/libvolume_id.h"]["size"] == 2608
    assert inner["usr/lib/libvolume_id.so"]["kind"] == "link"
    told = listed(run, "archive/t.rpm", "RPM")
    assert [(each["name"], each["size"]) for each in told["members"]] == [("glusterfs-client-2.0.6.cpio", 6104)]
    assert {each["name"]: each["size"] for each in told["payload"]["members"]} == {
        "etc/logrotate.d/glusterfs": 140,
        "sbin/mount.glusterfs": 5401,
        "sbin/umount.glusterfs": 24,
    }
    with zipped(run, "archive/t.rpm", "RPM") as made:
        assert made.read("sbin/umount.glusterfs").startswith(b"#!/bin/")


@pytest.mark.parametrize(
    "sample", ["parcel.7z", "parcel.tar.gz", "parcel.tar.zst", "parcel.lha", "parcel.ace", "parcel.zpaq", "parcel.bundle"]
)
def test_every_reader_gives_the_same_files(run, sample):
    source = {"parcel.tar.gz": "TAR.GZ", "parcel.tar.zst": "TAR.ZST", "parcel.bundle": "GIT.BUNDLE"}.get(
        sample, sample.rpartition(".")[2].upper()
    )
    with zipped(run, (SAMPLES / sample).read_bytes(), source) as made:
        files = {info.filename.removeprefix("harbour/"): made.read(info) for info in made.infolist()}
    assert files["notes/first.txt"] == b"High water at noon.\n" * 8
    assert files["tides.csv"].startswith(b"day,high,low\nMonday,4.1")


def test_a_member_by_its_number(run):
    content = packed(("a", b"one"), ("dir/", b""), ("dir/b", b"two"))
    numbers = {each["name"]: each["item"] for each in listed(run, content, "ZIP")["members"]}
    assert run(taken.member, content, "ZIP", "member", item=str(numbers["dir/b"])).read() == b"two"
    assert run(taken.member, packed(("dir/", b""), ("dir/b", b"two")), "ZIP", "member").read() == b"two"
    for item in (numbers["dir/"], 4):
        with pytest.raises(ConverterFailed):
            run(taken.member, content, "ZIP", "member", item=str(item))


@pytest.mark.parametrize("path", sorted(ROWS))
def test_every_listed_file_of_the_zoo_comes_out_by_its_name(run, path):
    source = ROWS[path]["format"]
    told = listed(run, path, source)
    with zipped(run, path, source) as made:
        contents = {name: made.read(name) for name in made.namelist()}
    members = [each for each in told.get("payload", told)["members"] if each["kind"] == "file"]
    assert members
    for each in members:
        content = run(taken.member, path, source, "member", name=each["name"]).read()
        assert content == contents[placed(each["name"])] and each["size"] in {None, len(content)}
    with pytest.raises(NotFound, match="no member of this name"):
        run(taken.member, path, source, "member", name="no/such/file")


def test_the_parts_of_a_package_are_members_beside_what_it_installs(run):
    assert run(taken.member, "archive/t.deb", "DEB", "member", name="debian-binary").read() == b"2.0\n"


def test_names_are_those_of_the_unpacked_folder_and_the_first_file_counts(run):
    content = packed(("./a/b.txt", b"dots"), ("c\\d.txt", b"backslash"), ("e.txt", b"first"), ("./e.txt", b"second"), ("f/", b""))
    for name, inside in (("a/b.txt", b"dots"), ("./a/b.txt", b"dots"), ("c/d.txt", b"backslash"), ("e.txt", b"first")):
        assert run(taken.member, content, "ZIP", "member", name=name).read() == inside
    with pytest.raises(NotFound, match="folder"):
        run(taken.member, content, "ZIP", "member", name="f")
    after_a_link = tarred(entry("same", tarfile.SYMTYPE, "/etc/passwd"), entry("same"), content=b"file")
    assert run(taken.member, after_a_link, "TAR", "member", name="same").read() == b"file"


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp932", ["テスト資料.txt", "写真/東京タワー.txt"]),
        ("cp866", ["Документы/отчет за год.txt", "фото.txt"]),
        ("cp1251", ["Документы/отчет за год.txt", "фото.txt"]),
        ("gbk", ["我的文件/这个是说明.txt"]),
        ("cp437", ["Grüße.txt", "Übung.txt"]),
        ("utf-8", ["Grüße.txt", "写真.txt"]),
    ],
)
def test_names_of_a_zip_are_read_as_the_machine_that_packed_it_wrote_them(run, encoding, names):
    """Windows' own packer writes them in its old character set, and does not say so."""
    raw = [name.encode(encoding) for name in names]
    content = packed(*((f"{number}".ljust(len(name), "~"), b"%d" % number) for number, name in enumerate(raw)))
    for number, name in enumerate(raw):
        content = content.replace(f"{number}".ljust(len(name), "~").encode(), name)
    told = json.loads(run(archive.listing, content, "ZIP", "listing.json").read())
    assert sorted(each["name"] for each in told["members"] if each["kind"] == "file") == sorted(names)
    for number, name in enumerate(names):
        assert run(taken.member, content, "ZIP", "member", name=name).read() == b"%d" % number


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "C:\\evil", "x\n"])
def test_names_that_lead_out_are_nobodys(run, name):
    with pytest.raises(NotFound):
        run(taken.member, tarred(entry(name), content=b"fine"), "TAR", "member", name=name)


def test_one_member_of_a_7z_costs_what_it_holds_and_not_what_the_archive_holds(run, tmp_path):
    (tmp_path / "zeros").write_bytes(bytes(80 << 20))
    (tmp_path / "-note [1]*.txt").write_text("small")
    subprocess.run(["7zz", "a", "-bso0", "-ms=off", "a.7z", "zeros", "./-note [1]*.txt"], cwd=tmp_path, check=True)
    content = (tmp_path / "a.7z").read_bytes()
    with pytest.raises(TooExpensive, match="may be a bomb"):
        run(taken.member, content, "7Z", "member", name="zeros")
    assert run(taken.member, content, "7Z", "member", name="-note [1]*.txt").read() == b"small"
    broken = bytearray(content)
    broken[40] ^= 0xFF
    with pytest.raises(Corrupt):
        run(taken.member, bytes(broken), "7Z", "member", name="-note [1]*.txt")


def test_an_archive_is_unpacked_with_an_index_that_links_its_files(run):
    content = packed(("<b>.txt", b"x"), ("in/deep.txt", b"yy"))
    with tarfile.open(fileobj=run(archive.unpacked, content, "ZIP", "unpacked")) as made:
        assert sorted(made.getnames()) == ["files/<b>.txt", "files/in/deep.txt", "index.html"]
        index = made.extractfile("index.html").read().decode()
        assert made.extractfile("files/in/deep.txt").read() == b"yy"
    assert 'href="files/in/deep.txt"' in index
    assert "&lt;b&gt;.txt" in index
    assert "<b>.txt" not in index


def test_a_repository_tells_its_files_commits_and_readme(run):
    content = (SAMPLES / "parcel.bundle").read_bytes()
    told = listed(run, content, "GIT.BUNDLE")
    assert [each["name"] for each in told["members"]] == ["README.md", "notes/first.txt", "tides.csv"]
    assert [(each["author"], each["subject"], each["when"]) for each in told["commits"]] == [
        ("Harbour", "Tides of Monday and Tuesday", "2026-01-01T00:00:00+00:00")
    ]
    made = run(archive.page, content, "GIT.BUNDLE", "HTML").read().decode()
    assert "<pre># Harbour\n\nTides and notes.\n</pre>" in made
    assert "<td>Tides of Monday and Tuesday</td>" in made
    assert len(listed(run, "archive/r.bundle", "GIT.BUNDLE")["commits"]) == 1


@pytest.mark.parametrize(("width", "height"), [("200", "200"), ("300", "100")])
def test_a_thumb_shows_the_tree(run, width, height):
    made = Image.open(run(archive.picture, "archive/t.apk", "APK", "thumb.png", width=width, height=height)).convert("RGB")
    assert made.width <= int(width)
    assert made.height <= int(height)
    assert max(made.width / int(width), made.height / int(height)) == 1
    colours = {colour: count for count, colour in made.getcolors(1 << 16)}
    assert max(colours, key=colours.get) == (255, 255, 255)
    assert made.getpixel((3, 3)) == (47, 111, 159)
    assert any(red > 200 and 140 < green < 190 and blue < 90 for red, green, blue in colours), "no folder"


def test_a_page_is_a_tree(run):
    made = run(archive.page, packed(("a/b/c.txt", b"1234"), ("a/<i>", b"")), "ZIP", "HTML").read().decode()
    assert "2 files; 4 bytes" in made
    assert "&lt;i&gt;" in made
    assert made.index(">a/<") < made.index(">b/<") < made.index("c.txt")


@pytest.mark.parametrize("source", ["ZIP", "TAR.GZ", "7Z"])
def test_progress_is_measured_and_never_goes_back(run, tmp_path, source):
    content = os.urandom(4 << 20)
    (tmp_path / "a.bin").write_bytes(content)
    subprocess.run(["7zz", "a", "-bso0", "-mx0", "a.7z", "a.bin"], cwd=tmp_path, check=True)
    packed_as = {"ZIP": lambda: packed(("a", content)), "TAR.GZ": lambda: gzip.compress(tarred(entry("a"), content=content), 1)}
    told: list[float] = []
    run(
        lambda call: (archive.unpacked(call), told.extend(call.told)),
        packed_as[source]() if source in packed_as else (tmp_path / "a.7z").read_bytes(),
        source,
        "unpacked",
    )
    assert len(set(told)) >= 10
    assert told == sorted(told)
    assert told[-1] > 0.95


# --- hostile ----------------------------------------------------------------------------------------------------------------


def test_links_devices_and_names_that_lead_out_are_left_out_and_said(run):
    content = tarred(
        entry("ok.txt"), entry("../../evil"), entry("/etc/evil"), entry("C:\\evil"), entry("ok.txt"), entry("ok.txt/under"), entry("x\n"),
        entry("sym", tarfile.SYMTYPE, "/etc/passwd"), entry("hard", tarfile.LNKTYPE, "ok.txt"), entry("fifo", tarfile.FIFOTYPE),
        entry("dev", tarfile.CHRTYPE), content=b"fine",
    )  # fmt: skip
    kinds = [each.get("kind") for each in listed(run, content, "TAR")["members"]]
    assert kinds[-4:] == ["link", "link", "special", "special"]
    with zipped(run, content, "TAR") as made:
        assert made.namelist() == ["ok.txt"]
        assert made.comment.count(b"Left out: ") == 10
    with tarfile.open(fileobj=run(archive.unpacked, content, "TAR", "unpacked")) as made:
        assert made.getnames() == ["files/ok.txt", "index.html"]
        assert b"/etc/evil" in made.extractfile("index.html").read()


def test_a_link_in_a_zip_is_not_followed(run):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        link = zipfile.ZipInfo("innocent.txt")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
        file.writestr("../../../tmp/evil", "x")
        file.writestr("ok.txt", "fine")
    with zipped(run, made.getvalue(), "ZIP") as again:
        assert again.namelist() == ["ok.txt"]
        assert b"innocent.txt (a link)" in again.comment


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    zeros = bytes(1 << 20)
    return {"ZIP": packed(("zeros", zeros * 80)), "GZ": gzip.compress(zeros * 80, 9), "XZ": lzma.compress(zeros * 80, preset=1)}


@pytest.mark.parametrize("source", ["ZIP", "GZ", "XZ"])
@pytest.mark.parametrize("function", [archive.zipped, archive.unpacked, taken.member])
def test_bombs_stop_at_the_limit(run, bombs, function, source):
    with pytest.raises(TooExpensive, match="may be a bomb"):
        run(function, bombs[source], source, "ZIP")


def test_the_listing_of_a_bomb_says_that_it_was_not_counted(run, bombs):
    told = listed(run, bombs["GZ"], "GZ")
    assert told["truncated"]
    assert told["members"][0]["size"] is None
    inner = packed(*((f"{number}.zip", bombs["ZIP"]) for number in range(20)))
    assert [each["size"] for each in listed(run, inner, "ZIP")["members"]] == [len(bombs["ZIP"])] * 20


def test_a_long_listing_is_capped(run):
    told = listed(run, packed(*((str(number), b"") for number in range(10_500))), "ZIP")
    assert (told["count"], len(told["members"]), told["truncated"]) == (10_500, 10_000, True)


@pytest.mark.parametrize(
    ("path", "source"),
    [("archive/t.tar.xz", "TAR.XZ"), ("archive/t.tar.lz", "TAR.LZ"), ("archive/t.tar.zst", "TAR.ZST"), ("archive/t.deb", "DEB"),
     ("archive/t.rpm", "RPM"), ("archive/t.cab", "CAB"), ("archive/t.lha", "LHA"), ("archive/t.ace", "ACE"), ("archive/t.txt.lrz", "LRZ")],
)  # fmt: skip
def test_what_is_cut_short_is_corrupt(run, path, source):
    content = (ZOO / path).read_bytes()
    with pytest.raises((Corrupt, ConverterFailed)) as told:
        run(archive.zipped, content[: len(content) * 2 // 3], source, "ZIP")
    assert "/" not in told.value.message


@pytest.mark.parametrize("source", ["ZIP", "TAR", "TAR.GZ", "DEB", "RPM", "CPIO", "ACE", "7Z", "RAR", "LZO", "ZPAQ", "GIT.BUNDLE"])
def test_what_is_no_archive_is_corrupt(run, source):
    for function in (archive.listing, archive.zipped):
        with pytest.raises(Corrupt):
            run(function, b"PK\x03\x04 nothing", source, "ZIP")


def test_an_encrypted_archive_asks_for_its_password(run, tmp_path):
    (tmp_path / "a.txt").write_text("secret")
    assert os.system(f"cd {tmp_path} && 7zz a -bso0 -psesame plain.7z a.txt && 7zz a -bso0 -psesame -mhe=on names.7z a.txt") == 0
    told = listed(run, (tmp_path / "plain.7z").read_bytes(), "7Z")
    assert told["members"][0]["encrypted"]
    for name, function in (("plain.7z", archive.zipped), ("names.7z", archive.listing)):
        with pytest.raises(ConverterFailed, match="password"):
            run(function, (tmp_path / name).read_bytes(), "7Z", "ZIP")


# --- through the runner -----------------------------------------------------------------------------------------------------

ALL = {converter.id: converter for converter in declared.CONVERTERS}


CAGED = (
    ("seven.unpacked", "parcel.7z", "7Z", "unpacked"),
    ("unar.zip", "parcel.lha", "LHA", "ZIP"),
    ("lz4.zip", "parcel.lz4", "LZ4", "ZIP"),
    ("zpaq.listing", "parcel.zpaq", "ZPAQ", "listing.json"),
    ("lrzip.listing", "parcel.lrz", "LRZ", "listing.json"),
    ("git.clone", "parcel.bundle", "GIT.BUNDLE", "DIRECTORY"),
    ("git.page", "parcel.bundle", "GIT.BUNDLE", "HTML"),
)


@pytest.mark.parametrize(("id", "sample", "source", "target"), CAGED, ids=[road[0] for road in CAGED])
async def test_programs_run_in_the_cage(tmp_path, id, sample, source, target):
    async with open_runner(slots=1) as runner:
        work = Work(
            converter=ALL[id], input=SAMPLES / sample, source=source, target=target, arguments={}, folder=tmp_path, output="made"
        )
        await runner.run(work, priority=lambda: 0, report=lambda state: None)
    made = tmp_path / "made"
    if target == "unpacked":
        assert (made / "files/harbour/notes/first.txt").read_bytes() == b"High water at noon.\n" * 8
    elif target == "DIRECTORY":
        assert (made / "HEAD").read_text() == "ref: refs/heads/main\n"
        assert not (made / "hooks").exists()
    else:
        assert made.stat().st_size > 100


@pytest.mark.parametrize("kind", ["TAR.GZ", "TAR.BZ2", "TAR.XZ", "TAR.LZ", "TAR.ZST"])
def test_the_tar_behind_a_compression(run, kind):
    made = run(taken.plain, f"archive/t.{kind.lower()}", kind, "TAR")
    with tarfile.open(fileobj=made, mode="r:") as plain:
        files = {info.name: plain.extractfile(info).read() for info in plain if info.isfile()}
    with zipped(run, f"archive/t.{kind.lower()}", kind) as same:
        assert files
        assert list(files.values()) == [same.read(info) for info in same.infolist()]


def test_a_7z_as_a_tar_holds_the_same_files(run):
    content = (SAMPLES / "parcel.7z").read_bytes()
    with tarfile.open(fileobj=run(archive.tarred, content, "7Z", "TAR"), mode="r:") as plain:
        files = {info.name: plain.extractfile(info).read() for info in plain}
    with zipped(run, content, "7Z") as same:
        assert files and files == {info.filename: same.read(info) for info in same.infolist()}


def test_a_bomb_of_a_tar_is_no_tar(run):
    with pytest.raises(TooExpensive, match="bomb"):
        run(taken.plain, gzip.compress(bytes(64 << 20)), "TAR.GZ", "TAR")
