"""What a bar shows of each family while a whole service converts something long: measured, never back, and in step with the clock.

The inputs are made here, large enough that their tools take seconds. What hangs on the clock is marked ``full``.
"""

import io
import json
import math
import random
import shutil
import subprocess
import tarfile
import zipfile
from importlib.resources import files
from itertools import pairwise

import pytest
import trio
import xlsxwriter

from omnic_stream.config import Config
from omnic_stream.model.events import Converting, Ready
from omnic_stream.service import open_service

NEAR = 0.15
"""How far ``overall`` may be from elapsed/total in the middle half of a run."""


# --- inputs -----------------------------------------------------------------------------------------------------------------


def film(folder, seconds):
    made = folder / "film.avi"
    source = f"testsrc2=s=640x360:r=25:d={seconds}"
    argv = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "mpeg4", "-q:v", "5", str(made)]
    subprocess.run(argv, check=True)
    return made


def paper(folder, pages, name="paper.pdf"):
    """A PDF of 75 lines a page, written by hand."""
    chance = random.Random(pages)
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number in range(pages):
        lines = "".join(
            f"BT /F1 8 Tf 40 {800 - 10 * line} Td (Page {number + 1}: {chance.random():.12f} waves of {chance.random():.12f} fathoms) Tj ET\n"
            for line in range(75)
        )
        font = "/Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {font} /Contents {5 + 2 * number} 0 R >>")
        objects.append(f"<< /Length {len(lines)} >>\nstream\n{lines}endstream")
    made, places = io.BytesIO(), []
    made.write(b"%PDF-1.4\n")
    for number, each in enumerate(objects, 1):
        places.append(made.tell())
        made.write(f"{number} 0 obj\n{each}\nendobj\n".encode())
    start = made.tell()
    rows = "".join(f"{place:010} 00000 n \n" for place in places)
    made.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{rows}".encode())
    made.write(f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    path = folder / name
    path.write_bytes(made.getvalue())
    return path


def workbook(folder, rows):
    made = folder / "tides.xlsx"
    with xlsxwriter.Workbook(str(made)) as book:
        sheet = book.add_worksheet()
        for row in range(rows):
            sheet.write_row(row, 0, [row * 1.5, f"station {row}", row % 7, f"gauge {row % 11}", row / 3, "calm", row, "wave"])
    return made


def log_book(folder, entries, name):
    """The sample letter with so many long paragraphs, and a count of them as Word writes it."""
    made = folder / name
    sample = io.BytesIO(files("omnic_stream").joinpath("samples/letter.docx").read_bytes())
    words = "The lamp was lit at dusk and the wind came from the west. " * 6
    body = "".join(f"<w:p><w:r><w:t>Entry {number}. {words}</w:t></w:r></w:p>" for number in range(entries)).encode()
    with zipfile.ZipFile(sample) as given, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as copy:
        for entry in given.infolist():
            content = given.read(entry)
            if entry.filename == "word/document.xml":
                head, mark, tail = content.partition(b"<w:body>")
                content = head + mark + body + tail
            elif entry.filename == "docProps/app.xml":
                content = content.replace(b"<Template>", b"<Paragraphs>%d</Paragraphs><Template>" % entries)
            copy.writestr(entry, content)
    return made


def parcel(folder, mebibytes):
    """Packed so that it shrinks by half: unpacking it is work, and so is packing it again."""
    made, chance = folder / "parcel.tar.gz", random.Random(2)
    with tarfile.open(made, "w:gz", compresslevel=1) as tar:
        for number in range(mebibytes):
            content = chance.randbytes(1 << 19).hex().encode()
            entry = tarfile.TarInfo(f"logs/{number:04}.txt")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return made


def isles(folder, count):
    chance, features = random.Random(3), []
    for number in range(count):
        x, y = chance.uniform(-170, 170), chance.uniform(-80, 80)
        turns = [step / 16 * math.tau for step in range(16)]
        ring = [[round(x + 0.3 * math.cos(turn), 5), round(y + 0.3 * math.sin(turn), 5)] for turn in turns]
        geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        features.append({"type": "Feature", "properties": {"name": f"isle {number}", "depth": number % 90}, "geometry": geometry})
    made = folder / "isles.geojson"
    made.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return made


def stone(folder, subdivisions):
    import trimesh

    made = folder / "stone.obj"
    made.write_text(trimesh.creation.icosphere(subdivisions=subdivisions).export(file_type="obj"))
    return made


# --- runs -------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def known_tools(tmp_path_factory):
    """A store that has seen this machine's tools run."""
    folder = tmp_path_factory.mktemp("tools") / "store"

    async def look():
        async with open_service(Config(store=str(folder), slots=2)):
            pass

    trio.run(look)
    return folder


@pytest.fixture
async def service(tmp_path, known_tools):
    shutil.copytree(known_tools, tmp_path / "store")
    (tmp_path / "made").mkdir()
    async with open_service(Config(store=str(tmp_path / "store"), slots=2, file_roots={"made": str(tmp_path / "made")})) as opened:
        yield opened


async def shown(service, path, type):
    """(seconds, Converting) of each reading, and the seconds until it was ready."""
    begun, told = trio.current_time(), []
    with service.follow(service.wanted(f"file://made/{path.name}", type)) as follower:
        async for logged in follower.events():
            told.append((trio.current_time() - begun, logged.event))  # noqa: PERF401 - each at its own moment
    total, last = told[-1]
    assert isinstance(last, Ready), last
    return [(at, event) for at, event in told if isinstance(event, Converting)], total


def changes(told):
    """How often a fraction that the tool measured was another than before."""
    measured = [(event.step, event.fraction) for _, event in told if event.fraction is not None and not event.estimated]
    return sum(one != other for one, other in pairwise([(0, 0.0), *measured]))


def never_back(told):
    return all(one.overall <= other.overall for (_, one), (_, other) in pairwise(told))


def furthest(told, total):
    """The greatest distance of ``overall`` from elapsed/total in the middle half; a reading stands until the next one comes."""
    ends = [at for at, _ in told[1:]] + [total]
    distances = [0.0]
    for (begun, event), end in zip(told, ends, strict=True):
        span = [min(max(at / total, 0.25), 0.75) for at in (begun, end)]
        if begun / total < 0.75 and end / total > 0.25:
            distances += [abs(event.overall - at) for at in span]
    return max(distances)


LONG = {
    "video": (film, 60, "web.webm"),
    "pdf": (paper, 120, "pages.png"),
    "office": (workbook, 40_000, "PDF"),
    "archive": (parcel, 160, "ZIP"),
    "geo": (isles, 110_000, "GPKG"),
    "mesh": (stone, 6, "rotating.webm"),
}
SHORT = {"video": 24, "pdf": 20, "office": 6000, "archive": 40, "geo": 24_000, "mesh": 3}
FEW = 4
"""Changes of a measured fraction in a run of a second or two: ten a second are told at most."""


@pytest.mark.parametrize("family", SHORT)
async def test_a_fraction_is_measured_and_the_whole_never_goes_back(service, tmp_path, family):
    make, _, type = LONG[family]
    path = await trio.to_thread.run_sync(make, tmp_path / "made", SHORT[family])
    told, _ = await shown(service, path, type)
    assert changes(told) >= FEW
    assert never_back(told) and told[-1][1].overall <= 0.99


@pytest.mark.full
@pytest.mark.alone
@pytest.mark.parametrize("family", LONG)
async def test_the_bar_of_a_long_run_keeps_pace_with_the_clock(service, tmp_path, family):
    make, size, type = LONG[family]
    path = await trio.to_thread.run_sync(make, tmp_path / "made", size)
    if family == "office":  # LibreOffice stands ready, as in a service that has been running
        await shown(service, log_book(tmp_path / "made", 3, "first.docx"), type)
    told, total = await shown(service, path, type)
    assert changes(told) >= 10
    assert never_back(told)
    assert furthest(told, total) <= NEAR, f"{total:.1f} s"


@pytest.mark.full
@pytest.mark.alone
async def test_a_long_text_keeps_pace(service, tmp_path):
    """LibreOffice tells nothing while it lays a text out: there its pace while loading speaks, and history once there is some."""
    missed = list[float]()
    for number in range(6):
        path = log_book(tmp_path / "made", 8000 + number, f"{number}.docx")
        told, total = await shown(service, path, "PDF")
        assert changes(told) >= 10 and never_back(told)
        missed.append(furthest(told, total))
    assert missed[0] <= NEAR and missed[-1] <= NEAR, missed


@pytest.mark.full
@pytest.mark.alone
async def test_estimates_of_a_silent_tool_converge_after_five_runs(service, tmp_path):
    """pdftops tells nothing at all: every fraction is a guess, and is marked as one."""
    for number in range(6):
        path = await trio.to_thread.run_sync(paper, tmp_path / "made", 2000 + 50 * number, f"{number}.pdf")
        told, total = await shown(service, path, "PS")
        assert never_back(told) and not changes(told)
    assert all(event.estimated and event.fraction is not None for _, event in told if event.waiting is None)
    assert furthest(told, total) <= NEAR, f"{total:.1f} s"
