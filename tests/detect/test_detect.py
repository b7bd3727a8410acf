from __future__ import annotations

import csv
import os
import sys
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from omnic_stream.detect import Detection, inside
from omnic_stream.model.contracts import Hints, WarmCall
from omnic_stream.model.errors import Corrupt, OmnicError

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


@pytest.mark.parametrize(("named", "floor"), [(True, 0.95), (False, 0.63)])
def test_the_zoo_is_known(named: bool, floor: float) -> None:
    start, wrong = time.perf_counter(), []
    for row in ROWS:
        path = ZOO / row["path"]
        found = look(path, **({"name": path.name} if named else {}))
        if found != row["format"]:
            wrong.append(f"{row['path']}: {found}, is {row['format']}")
    share = 1 - len(wrong) / len(ROWS)
    sys.stdout.write(f"{share:.1%} of {len(ROWS)}, {(time.perf_counter() - start) / len(ROWS) * 1000:.2f} ms each\n")
    assert len(ROWS) > 200
    assert share >= floor, "\n".join(wrong)


@pytest.mark.parametrize("path", ["image/python.png", "image/python.jpg", "document/archive_write_new.3.pdf"])
@pytest.mark.parametrize("name", ["a.txt", "a.docx", "a.html", "a", "a.mp4", "-rf.svg"])
def test_a_name_that_lies_is_not_believed(path: str, name: str) -> None:
    truth = {".png": "PNG", ".jpg": "JPG", ".pdf": "PDF"}[Path(path).suffix]
    assert look(ZOO / path, name=name) == truth


def test_bytes_that_are_nothing_are_no_picture_by_their_name() -> None:
    for name in ("a.png", "a.jpg", "a.docx", "a.zip", None):
        assert look_at(bytes(range(256)) * 40, name) == "BIN"


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
