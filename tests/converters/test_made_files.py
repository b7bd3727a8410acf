"""Formats that the zoo has no file of: files made here, by their specifications, through detection, the plan and the cage."""

from __future__ import annotations

import io
import struct
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

import omnic_stream
from converters.media_support import probed

LEFT, RIGHT = (200, 30, 40), (20, 60, 190)


def halves(size: tuple[int, int] = (48, 32)) -> Image.Image:
    """Red on the left, blue on the right, a white line along the top."""
    made = Image.new("RGB", size, RIGHT)
    made.paste(LEFT, (0, 0, size[0] // 2, size[1]))
    made.paste((255, 255, 255), (0, 0, size[0], 4))
    return made


def written(form: str, image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def mpo() -> bytes:
    """CIPA DC-007: two JPEGs and the table that binds them."""
    return written("MPO", halves(), save_all=True, append_images=[Image.new("RGB", (48, 32), (0, 200, 0))], quality=95)


def blp() -> bytes:
    return written("BLP", halves().convert("P", palette=Image.Palette.ADAPTIVE), blp_version="BLP2")


def dcx() -> bytes:
    """A magic number, 1,024 offsets that end with 0, and a PCX at each."""
    pages = [written("PCX", halves()), written("PCX", Image.new("RGB", (10, 10), (0, 200, 0)))]
    start = 4 + 4 * 1024
    offsets = [start, start + len(pages[0])]
    return struct.pack("<1025I", 0x3ADE68B1, *offsets, *[0] * 1022) + b"".join(pages)


def fits() -> bytes:
    """FITS Standard 4.0: cards of 80 characters in blocks of 2,880 bytes, then the rows, the lowest first."""
    grey = halves().convert("L")
    cards = ["SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    2"]
    cards += [f"NAXIS1  = {grey.width:20d}", f"NAXIS2  = {grey.height:20d}", "END"]
    header = "".join(card.ljust(80) for card in cards).encode()
    body = grey.transpose(Image.Transpose.FLIP_TOP_BOTTOM).tobytes()
    return b"".join(
        part + bytes(-len(part) % 2880) if part is body else part.ljust(-(-len(part) // 2880) * 2880) for part in (header, body)
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One store for all: what its tools are is asked once."""
    return tmp_path_factory.mktemp("made")


def converted(folder: Path, name: str, content: bytes, type: str) -> bytes:
    (folder / name).write_bytes(content)
    config = omnic_stream.Config(store=str(folder / "store"), warm=False)
    return omnic_stream.convert(folder / name, type, config=config).read_bytes()


@pytest.mark.parametrize("make", [mpo, blp, dcx])
def test_a_picture_keeps_its_colours_and_its_top(folder, make):
    made = Image.open(io.BytesIO(converted(folder, f"made.{make.__name__}", make(), "PNG"))).convert("RGB")
    assert made.size == (48, 32)
    for at, wanted in (((8, 20), LEFT), ((40, 20), RIGHT), ((24, 0), (255, 255, 255))):
        assert all(abs(a - b) <= 12 for a, b in zip(made.getpixel(at), wanted, strict=True)), at


@pytest.mark.parametrize("make", [mpo, dcx])
def test_its_second_page_is_another(folder, make):
    made = Image.open(io.BytesIO(converted(folder, f"made.{make.__name__}", make(), "PNG:page=2"))).convert("RGB")
    red, green, blue = made.getpixel((made.width // 2, made.height // 2))
    assert green > 180 and max(red, blue) < 30


def test_a_fits_picture_stands_upright(folder):
    made = Image.open(io.BytesIO(converted(folder, "made.fits", fits(), "PNG"))).convert("L")
    wanted = halves().convert("L")
    assert made.size == wanted.size
    for at in ((8, 20), (40, 20), (24, 0)):
        assert abs(made.getpixel(at) - wanted.getpixel(at)) <= 3, at


def test_speech_of_a_telephone_is_heard(folder):
    """RFC 4867 section 5: one second of frames at 4.75 kbit/s, a header byte and 12 bytes each."""
    frames = b"#!AMR\n" + b"".join(
        bytes([0x04]) + struct.pack(">3I", 0x5A3C0000 + n * 7919, n * 104729, ~n & 0xFFFFFFFF) for n in range(50)
    )
    make = partial(converted, folder, "made.amr", frames)
    assert abs(probed(make("WAV"))["duration"] - 1.0) < 0.05
    assert probed(make("MP3"))["audio"]["codec_name"] == "mp3"
