"""Video of high dynamic range: what is made of it shows the colours that were meant, on a usual screen.

The specimens are computed here by ITU-R BT.2100 itself (its tables 4, 5 and 6), not by the filters under test.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
import pyvips
from PIL import Image

from converters.media_support import decoded, made, probed
from omnic_stream.converters.warm import image, media, nclx, stills, video

Runs = Callable[..., io.BytesIO]
KEPT = ((128, 128, 128), (32, 96, 64), (140, 50, 40), (36, 60, 140), (64, 64, 64))
"""sRGB colours darker than three tenths of paper white: they are to come out as they went in."""
PAPER, SPARK = 1.0, 1000 / 203
"""White paper, and light of 1,000 cd/m2, in paper whites."""
WIDTH, HEIGHT, STRIP = 336, 92, 48
TRANSFERS = ("smpte2084", "arib-std-b67")
QUICK = (("smpte2084", "debian"), ("arib-std-b67", "wheel"))
PROGRAMS = [
    pytest.param(*pair, marks=() if pair in QUICK else pytest.mark.full) for pair in product(TRANSFERS, ("debian", "wheel"))
]
TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
"""Linear BT.709 to BT.2020 (ITU-R BT.2087)."""
MATRIX = np.array([0.2627, 0.6780, 0.0593])


def pq(light: Any) -> Any:
    """Linear paper whites to the signal: the inverse EOTF of table 4."""
    y = (light * 203 / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def hlg(light: Any) -> Any:
    """The same for HLG on a display of 1,000 cd/m2: its inverse OOTF, then the OETF of table 5."""
    shown = light * 203 / 1000
    luma = np.maximum(shown @ MATRIX, 1e-9)[:, None]
    scene = shown * luma ** (1 / 1.2 - 1)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c)


def strips() -> Any:
    """Linear BT.709 of each strip, in paper whites."""
    given = np.array(KEPT) / 255
    linear = np.where(given <= 0.04045, given / 12.92, ((given + 0.055) / 1.055) ** 2.4)
    return np.vstack([linear, np.full(3, PAPER), np.full(3, SPARK)])


def bright(folder: Path, transfer: str, name: str = "bright.mp4", *words: str, tags: bool = True) -> bytes:
    signal = {"smpte2084": pq, "arib-std-b67": hlg}[transfer](np.maximum(strips() @ TO_2020.T, 0))
    luma = signal @ MATRIX
    planes = (64 + 876 * luma, 512 + 896 * (signal[:, 2] - luma) / 1.8814, 512 + 896 * (signal[:, 0] - luma) / 1.4746)
    rows = [np.tile(np.repeat(np.rint(plane), STRIP), (HEIGHT, 1)).astype("<u2").tobytes() for plane in planes]
    (folder / "frame.yuv").write_bytes(b"".join(rows) * 30)
    named = ("bt2020", transfer, "bt2020nc") if tags else ("unknown", transfer, "unknown")
    tagged = ("-color_primaries", named[0], "-color_trc", named[1], "-colorspace", named[2])
    coded = words or ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:crf=6", "-pix_fmt", "yuv420p10le")
    raw = ("-f", "rawvideo", "-pix_fmt", "yuv444p10le", "-s", f"{WIDTH}x{HEIGHT}", "-r", "15", "-i", str(folder / "frame.yuv"))
    return made(folder, name, *raw, *coded, *tagged)


def holds(picture: Image.Image, off: int = 5) -> None:
    """Each strip is of its colour; paper is nearly white, and what is brighter than paper is still brighter."""
    shown = picture.convert("RGB").resize((WIDTH, HEIGHT))
    found: list[Any] = [shown.getpixel((STRIP * number + STRIP // 2, HEIGHT // 2)) for number in range(len(KEPT) + 2)]
    for pixel, wanted in zip(found, KEPT, strict=False):
        assert max(abs(a - b) for a, b in zip(pixel, wanted, strict=True)) <= off, (found, wanted)
    paper, spark = found[-2:]
    assert 200 <= min(paper) <= max(paper) <= 230, found
    assert min(spark) >= 240, found


def first(content: bytes) -> Image.Image:
    """As a browser takes it: by the matrix that the stream names."""
    return Image.open(io.BytesIO(decoded(content, "-frames:v", "1", "-f", "image2pipe", "-c:v", "png")))


@pytest.mark.parametrize(("transfer", "made_by"), PROGRAMS)
def test_stills(run: Runs, tmp_path: Path, transfer: str, made_by: str) -> None:
    film, program = bright(tmp_path, transfer), {"debian": media.debian, "wheel": media.wheel}[made_by]
    for function, target, arguments in (
        (stills.thumb, "thumb.png", {"width": "336", "height": "336"}),
        (stills.frame, "PNG", {}),
        (stills.frame, "PNG", {"t": "1.5"}),
        (stills.frame, "PNG", {"page": "20"}),
        (stills.frame, "poster.jpg", {}),
    ):
        holds(Image.open(run(lambda call, do=function: do(call, program), film, "MP4", target, **arguments)))


@pytest.mark.parametrize(("transfer", "made_by"), PROGRAMS)
def test_what_browsers_play(run: Runs, tmp_path: Path, transfer: str, made_by: str) -> None:
    film, program = bright(tmp_path, transfer), {"debian": media.debian, "wheel": media.wheel}[made_by]
    for function, target in (
        (video.web, "web.mp4"),
        (video.web, "web.webm"),
        (video.clip, "clip.mp4"),
    ):
        content = run(lambda call, do=function: do(call, program), film, "MP4", target).getvalue()
        found = probed(content)["video"]
        told: Mapping[str, str] = {name: found.get(f"color_{name}", "") for name in ("space", "primaries", "transfer")}
        assert (found["pix_fmt"], told) == (
            "yuv420p",
            {"space": "bt709", "primaries": "bt709", "transfer": "iec61966-2-1"},
        )
        holds(first(content), 8)


@pytest.mark.parametrize("transfer", [TRANSFERS[0], pytest.param(TRANSFERS[1], marks=pytest.mark.full)])
def test_sheets_and_moving_pictures(run: Runs, tmp_path: Path, transfer: str) -> None:
    film = bright(tmp_path, transfer)
    sheet, gap = Image.open(run(stills.sheet, film, "MP4", "sheet.jpg")), stills.GAP
    holds(sheet.crop((gap, gap, gap + 320, gap + round(320 / WIDTH * HEIGHT))), 8)
    holds(Image.open(run(video.animation, film, "MP4", "APNG")))
    holds(Image.open(run(video.animation, film, "MP4", "GIF")), 10)


def test_streams(run: Runs, tmp_path: Path) -> None:
    with tarfile.open(fileobj=run(video.hls, bright(tmp_path, "arib-std-b67"), "MP4", "hls")) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    parts = [(tmp_path / "out" / "q0" / name).read_bytes() for name in ("start.mp4", "part-0000.mp4")]
    holds(first(b"".join(parts)), 8)


def test_eight_bits_are_not_packed_as_they_are(run: Runs, tmp_path: Path) -> None:
    """Browsers play that codec, and not all of them know the curve."""
    words = ("-c:v", "libx264", "-qp", "4", "-pix_fmt", "yuv420p")
    holds(first(run(video.web, bright(tmp_path, "arib-std-b67", "eight.mp4", *words), "MP4", "web.mp4").getvalue()), 10)


def test_what_names_its_curve_alone_is_taken_for_bt2020(run: Runs, tmp_path: Path) -> None:
    film = bright(tmp_path, "smpte2084", tags=False)
    holds(Image.open(run(stills.frame, film, "MP4", "PNG")))


@pytest.mark.full
def test_sides_may_be_odd(run: Runs, tmp_path: Path) -> None:
    small = Image.open(run(stills.frame, bright(tmp_path, "smpte2084"), "MP4", "PNG", width="101", height="99"))
    assert small.size == (101, 28)
    holds(small, 12)
    found = probed(run(video.web, bright(tmp_path, "smpte2084"), "MP4", "web.mp4", width="101").getvalue())["video"]
    assert (found["width"], found["height"]) == (100, 26)


# --- pictures ---------------------------------------------------------------------------------------------------------------


def still(folder: Path, transfer: str) -> bytes:
    """One frame of it as AVIF."""
    bright(folder, transfer)
    raw = ("-f", "rawvideo", "-pix_fmt", "yuv444p10le", "-s", f"{WIDTH}x{HEIGHT}", "-i", str(folder / "frame.yuv"))
    named = f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc:range=limited"
    coded = ("-frames:v", "1", "-vf", named, "-c:v", "libaom-av1", "-still-picture", "1", "-crf", "6", "-cpu-used", "6")
    argv = (media.wheel(), "-v", "error", "-y", *raw, *coded, str(folder / "still.avif"))
    subprocess.run(argv, check=True, timeout=120)
    return (folder / "still.avif").read_bytes()


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_pictures(run: Runs, tmp_path: Path, transfer: str) -> None:
    picture = still(tmp_path, transfer)
    holds(Image.open(run(image.convert, picture, "AVIF", "PNG")), 8)
    holds(Image.open(run(image.thumb, picture, "AVIF", "thumb.png", width="168", height="168")), 8)
    assert Image.open(run(image.thumb, picture, "AVIF", "thumb.png", width="20", height="20", fit="crop")).size == (20, 20)


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_pictures_by_pillow(run: Runs, tmp_path: Path, transfer: str) -> None:
    """Pillow hands on eight bits of a HEIC, which is what it can."""
    still(tmp_path, transfer)
    decoded = pyvips.Image.new_from_file(str(tmp_path / "still.avif")).numpy()
    code = {"smpte2084": 16, "arib-std-b67": 18}[transfer]
    heic = pillow_heif.from_bytes(mode="RGB;16", size=(WIDTH, HEIGHT), data=decoded.tobytes())
    heic.save(
        tmp_path / "still.heic", quality=-1, chroma=444, color_primaries=9, transfer_characteristics=code, matrix_coefficients=9
    )
    holds(Image.open(run(image.convert, (tmp_path / "still.heic").read_bytes(), "HEIC", "PNG")), 12)


def test_a_usual_picture_with_a_brighter_one_beside_it_is_left_alone(tmp_path: Path) -> None:
    box = bytes.fromhex("636f6c726e636c78") + bytes((0, 9, 0, 16, 0, 9, 0))
    usual = box.replace(b"\0\x10", b"\0\x0d")
    for inside, wanted in ((box, "smpte2084"), (box * 2, "smpte2084"), (box + usual, ""), (usual, ""), (b"", "")):
        content = b"\0\0\0\x10ftypavif0000" + (len(inside) + 8).to_bytes(4, "big") + b"meta" + inside + b"\0\0\0\x40mdat" + box
        (tmp_path / "made").write_bytes(content)
        with (tmp_path / "made").open("rb") as file:
            assert nclx.curve(file.fileno()) == wanted
