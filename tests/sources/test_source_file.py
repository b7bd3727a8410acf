"""Files of the machine: nothing outside the roots is ever read, whatever lies inside them."""

import os
import socket
from pathlib import Path

import pytest
import trio

from omnic_stream.model.address import parse_address
from omnic_stream.model.contracts import MiB
from omnic_stream.model.errors import BadAddress, MisconfiguredError, NotFound, OmnicError, Refused, TooLarge
from omnic_stream.sources.beneath import open_beneath, open_by_parts
from omnic_stream.sources.file import FileSource, open_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "é 1.txt").write_text("inside")
    (tmp_path / "secret").write_text("secret")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "up").symlink_to("..")
    (root / "inner").symlink_to("sub")
    (root / "proc").symlink_to("/proc/self/root")
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "sock"))
    for path in (root / "sub" / "é 1.txt", root / "sub"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return root


@pytest.fixture
async def files(folder: Path):
    async with open_files({"Docs": folder}) as source:
        yield source


async def test_a_file_below_its_root_is_read(files: FileSource, take) -> None:
    taken = await take(files, "file://docs/sub/%C3%A9%201.txt")
    assert taken.content == b"inside" and taken.fetched.name == "é 1.txt"
    assert taken.reports == [(0, 6), (6, 6)]
    assert not files.locked(parse_address("file://docs/x", files.schemes))


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("link", Refused),
        ("up/secret", Refused),
        ("inner/%C3%A9%201.txt", Refused),
        ("proc/etc/hostname", Refused),
        ("fifo", Refused),
        ("sock", Refused),
        ("sub", Refused),
        ("none", NotFound),
        ("sub/%C3%A9%201.txt/x", NotFound),
        ("n" * 300, NotFound),
    ],
)
async def test_what_is_no_file_or_leads_out_is_not_read(path: str, error, files: FileSource, take) -> None:
    with trio.fail_after(5):
        with pytest.raises(error) as failed:
            await take(files, f"file://docs/{path}")
    assert "/" not in failed.value.message and "secret" not in failed.value.message


@pytest.mark.parametrize(
    "url", ["file://docs/../secret", "file://docs/%2e%2e/secret", "file:///etc/passwd", "file://docs/a%00b", "file://docs/"]
)
async def test_paths_that_climb_are_no_addresses(url: str, files: FileSource, take) -> None:
    with pytest.raises(BadAddress):
        await take(files, url)


@pytest.mark.parametrize("url", ["file://etc/passwd", "file://granted/0123/x", "file://localhost/etc/passwd"])
async def test_a_root_that_nobody_configured_is_not_there(url: str, files: FileSource, take) -> None:
    with pytest.raises(NotFound):
        await take(files, url)


@pytest.mark.parametrize("opening", [open_beneath, open_by_parts], ids=["openat2", "by parts"])
@pytest.mark.parametrize("path", ["link", "up/secret", "inner/x", "proc/etc/hostname", "../secret", "sub/../../secret"])
def test_both_ways_to_open_stay_below(opening, path: str, folder: Path) -> None:
    root = folder if opening is open_beneath else os.open(folder, os.O_PATH)
    try:
        with pytest.raises(OSError) as failed:
            opening(root, path)
        assert failed.value.errno in {40, 18}  # ELOOP, EXDEV
        os.close(opening(root, "sub/é 1.txt"))
        for missing in ("none", "none/none", "sub/é 1.txt/none"):
            with pytest.raises((FileNotFoundError, NotADirectoryError)):
                opening(root, missing)
    finally:
        if isinstance(root, int):
            os.close(root)


async def test_an_unchanged_file_is_not_read_again_and_a_changed_one_is(files, folder, take) -> None:
    url = "file://docs/sub/%C3%A9%201.txt"
    assert (await take(files, url)).fetched.validators.etag is None  # its change time is too near to be trusted
    at_once = FileSource({"docs": folder}, settled=-1.0)
    first = await take(at_once, url)
    assert (await take(at_once, url, first.fetched.validators)).fetched.unchanged
    (folder / "sub" / "é 1.txt").write_text("INSIDE")
    os.utime(folder / "sub" / "é 1.txt", (1_700_000_000, 1_700_000_000))
    again = await take(at_once, url, first.fetched.validators)
    assert again.content == b"INSIDE" and not again.fetched.unchanged


async def test_a_big_file_is_read_in_parts_and_a_cap_holds(folder: Path, take) -> None:
    (folder / "big").write_bytes(os.urandom(3 * MiB + 7))
    async with open_files({"r": folder}) as files:
        assert (await take(files, "file://r/big")).content == (folder / "big").read_bytes()
    async with open_files({"r": folder}, most=1 * MiB) as files:
        with pytest.raises(TooLarge):
            await take(files, "file://r/big")


async def test_what_is_granted_is_that_file_several_times_and_no_other(files: FileSource, tmp_path: Path, take) -> None:
    given = tmp_path / "my file#1?.txt"
    given.write_text("mine")
    url = files.grant(given)
    assert url == files.grant(given)
    given.rename(tmp_path / "elsewhere")
    (tmp_path / "my file#1?.txt").write_text("not this")
    for _ in range(2):
        taken = await take(files, url)
        assert taken.content == b"mine" and taken.fetched.name == "my file#1?.txt"
    assert url != files.grant(given)
    files.revoke(url)
    with pytest.raises(NotFound):
        await take(files, url)


async def test_a_descriptor_can_be_granted_and_stays_the_callers(files: FileSource, tmp_path: Path, take) -> None:
    (tmp_path / "x").write_text("by number")
    with (tmp_path / "x").open("rb") as opened:
        url = files.grant(opened.fileno(), "x.txt")
        opened.read()
    assert (await take(files, url)).content == b"by number"
    assert url.endswith("/x.txt")


@pytest.mark.parametrize("name", ["con.txt", "a\\b", "new\nline", "..", ".x", "ü" * 150, "\udcff.png"])
async def test_any_name_of_a_file_can_be_granted(name: str, files: FileSource, tmp_path: Path, take) -> None:
    (tmp_path / "x").write_text("x")
    assert (await take(files, files.grant(tmp_path / "x", name))).content == b"x"


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_grants_end_with_the_source_and_close_their_descriptors(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    before = descriptors()
    async with open_files({}) as files:
        for number in range(5):
            files.grant(tmp_path / "x", f"{number}")
        assert descriptors() == before + 5
    assert descriptors() == before


def test_what_cannot_be_granted_is_the_callers_mistake(tmp_path: Path) -> None:
    files = FileSource({})
    for path in (tmp_path / "none", tmp_path, Path("/dev/null")):
        with pytest.raises(MisconfiguredError):
            files.grant(path)
    for name in ("granted", "a b", "a/b", "ü", ""):
        with pytest.raises(MisconfiguredError):
            FileSource({name: tmp_path})


async def test_errors_are_ours(tmp_path: Path, take) -> None:
    async with open_files({"gone": tmp_path / "gone"}) as files:
        with pytest.raises(OmnicError):
            await take(files, "file://gone/x")
