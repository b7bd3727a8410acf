"""Hostile files through every road that takes them: nothing of ``hostile/HOSTILE.csv`` happens, and the service answers afterwards.

The inputs are written at test time by ``make_hostile.py``, with the port of a canary that listens here in the place of its port 9, so that
a connection which any road makes is heard; inside of compressed documents, too.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pypdfium2 as pdfium
import pytest
from zoo.manifest import FOLDER
from zoo.running import service as zoo_service

from omnic_stream.model.graph import ConversionGraph
from omnic_stream.plugins import collect

pytestmark = pytest.mark.xdist_group("zoo")
ROWS = list(csv.DictReader((FOLDER / "hostile" / "HOSTILE.csv").read_text(encoding="utf-8").splitlines()))
TARGETS = (
    "thumb.png", "PNG", "SVG", "PDF", "HTML", "TXT", "listing.json", "metadata.json", "ZIP", "unpacked", "CSV", "MP4", "WEBM", "MP3", "GLB", "OBJ",
    "rotating.webm", "min.js", "es5.js", "strings", "waveform.png", "WOFF2", "view",
)  # fmt: skip
"""Of what a file can become, these: each is the end of another road."""
FAST = {
    "ssrf",
    "local file",
    "xxe",
    "ssrf / local file",
    "code execution",
    "xss",
    "path traversal",
    "symlink",
    "imagetragick",
    "active content",
}
"""Kinds of HOSTILE.csv whose files run at each ``scripts/test``, through few targets."""
FAST_TARGETS = ("thumb.png", "PDF", "HTML", "listing.json")
PATIENCE = 280
"""Seconds: the limit of the slowest converter, twice, for a step that fails is tried along another road."""
MARKS = (b"root:x:0:0", b"daemon:x:1:1")
SENTENCE = re.compile(r"[A-Za-z0-9\"'<(][^\x00-\x1f\x7f]{3,300}")
"""On one line. A tool's own words may stand behind a colon, as the tool wrote them."""
APART = (
    Path("/tmp/omnic-pwned"),
    Path("/tmp/omnic-zipslip"),
    Path("/etc/omnic-zipslip"),
    Path("/tmp/omnic-tarslip"),
    Path("/tmp/omnic-tarslip2"),
)


@dataclass
class Canary:
    """Counts connections to it. Nothing here has a reason to make one."""

    heard: list[tuple[str, int]] = field(default_factory=list)

    @contextlib.contextmanager
    def listening(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.2)
            done = threading.Event()
            thread = threading.Thread(target=self._listen, args=(server, done))
            thread.start()
            try:
                yield server.getsockname()[1]
            finally:
                done.set()
                thread.join()

    def _listen(self, server, done):
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                connection, address = server.accept()
                self.heard.append(address)
                connection.close()


def written(folder: Path, port: int) -> Path:
    """The hostile files, in a folder beside links to the specimens that they are made of."""
    for part in FOLDER.iterdir():
        if part.is_dir() and part.name != "hostile":
            (folder / part.name).symlink_to(part)
    source = (FOLDER / "make_hostile.py").read_text(encoding="utf-8").replace("127.0.0.1:9/", f"127.0.0.1:{port}/")
    script = folder / "make_hostile.py"
    script.write_text(source, encoding="utf-8")
    subprocess.run([sys.executable, str(script)], check=True, stdout=subprocess.DEVNULL)
    return folder / "hostile"


@dataclass
class Setting:
    service: object
    canary: Canary
    folder: Path
    roads: dict[str, frozenset[str]]


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    canary = Canary()
    with canary.listening() as port:
        folder = written(tmp_path_factory.mktemp("hostile"), port)
        plugins = collect((), Path())
        graph = ConversionGraph(plugins.formats, plugins.converters)
        roads = {
            format.name: frozenset(reach.format for reach in graph.reachable(format.name))
            for format in plugins.formats
            if format.category != "wish"
        }
        with zoo_service(folder=folder) as service:
            yield Setting(service, canary, folder, roads)


def name_of(row) -> bytes:
    return unquote_to_bytes(row["path_percent_encoded"])


def fast(row) -> bool:
    return row["kind"] in FAST


def ids(rows):
    return [row["path_percent_encoded"][:40] for row in rows]


@pytest.mark.parametrize("row", [row for row in ROWS if fast(row)], ids=ids([row for row in ROWS if fast(row)]))
def test_what_reaches_out_reaches_nothing(setting, row):
    everything(setting, row, FAST_TARGETS, patience=100)


@pytest.mark.full
@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_nothing_that_must_not_happen_happens(setting, row):
    # each road of an endless loop ends at the same first step, after the same long limit: two of them tell
    everything(setting, row, FAST_TARGETS[:2] if row["kind"] == "endless loop" else TARGETS, patience=PATIENCE)


def everything(setting, row, targets, *, patience):
    """Every target that the file's own Format has a road to, and one that it has none to."""
    known = setting.roads.get(row["format_by_content"])
    for target in targets:
        if known is not None and target not in known and target != "thumb.png":
            continue
        answer = setting.service.made(target, setting.service.address(os.fsdecode(name_of(row))), patience=patience)
        where = f"{row['path_percent_encoded'][:60]} as {target}"
        assert answer.status != 202, f"{where}: not ended after {patience} s"
        assert answer.status != 500, f"{where}: {answer.reason}"
        if answer.status == 200:
            harmless(answer, where)
        else:
            plain_words(answer, where)
        assert setting.canary.heard == [], f"{where}: something connected"
        assert not any(path.exists() or path.is_symlink() for path in APART), f"{where}: it wrote outside its folder"
    alive = setting.service.get("/healthz")
    assert alive.status == 200


def harmless(answer, where):
    assert answer.headers["x-content-type-options"] == "nosniff", where
    media_type = answer.headers["content-type"].partition(";")[0]
    if media_type in {"text/html", "image/svg+xml", "application/xhtml+xml", "application/xml"}:
        assert "sandbox" in answer.headers.get("content-security-policy", ""), where
    for content in contents(answer.body, media_type):
        assert not any(mark in content for mark in MARKS), f"{where}: it holds /etc/passwd"


def contents(body, media_type):
    """The result, and what can be read inside of it."""
    yield body
    if media_type == "application/pdf":
        with contextlib.suppress(pdfium.PdfiumError):
            for page in pdfium.PdfDocument(body):
                yield page.get_textpage().get_text_range().encode()
    elif body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for info in archive.infolist():
                assert not info.filename.startswith("/")
                assert ".." not in Path(info.filename.replace("\\", "/")).parts
                assert info.external_attr >> 28 != 0o12, "a symbolic link was packed"
                if info.file_size < 1 << 20:
                    yield archive.read(info)


def plain_words(answer, where):
    """One sentence or two for a person: no traceback, no path of this machine."""
    assert answer.headers["content-type"] == "application/problem+json", where
    problem = json.loads(answer.body)
    assert problem["status"] == answer.status, where
    detail = problem["detail"]
    assert SENTENCE.fullmatch(detail), f"{where}: {detail!r}"
    for word in ("Traceback", "/tmp/", "/work/", "site-packages", 'File "'):
        assert word not in detail, f"{where}: {detail!r}"


def test_the_canary_hears_who_connects(tmp_path):
    canary = Canary()
    with canary.listening() as port:
        folder = written(tmp_path, port)
        assert str(port).encode() in zipfile.ZipFile(folder / "docx-external-template.docx").read("word/_rels/settings.xml.rels")
        socket.create_connection(("127.0.0.1", port)).close()
        deadline = time.monotonic() + 10
        while not canary.heard and time.monotonic() < deadline:
            time.sleep(0.01)
    assert len(canary.heard) == 1


def test_the_list_of_hostile_files_is_what_is_written(tmp_path):
    folder = written(tmp_path, 9)
    assert sorted(name_of(row) for row in ROWS) == sorted({os.fsencode(file.name) for file in folder.iterdir()} - {b"HOSTILE.csv"})
