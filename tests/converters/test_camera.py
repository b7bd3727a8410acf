"""Raw files of cameras: developed where the standard is public, else shown by the picture that the camera itself put into them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import omnic_stream
from omnic_stream.converters.raster import RAWS, SENSORS
from omnic_stream.converters.warm import camera, raster
from omnic_stream.model.errors import ConverterFailed, Corrupt

SAMPLES = Path(omnic_stream.__file__).parent / "samples"
MAKERS = {
    "NEF": (b"NIKON CORPORATION", b"NIKON D3S"),
    "ARW": (b"SONY", b"ILCE-7M3"),
    "PEF": (b"PENTAX Corporation", b"PENTAX K-1"),
    "SRW": (b"SAMSUNG", b"NX100"),
}


def jpeg(size: tuple[int, int], colour: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def tiff_ep(make: bytes, model: bytes, *, size: tuple[int, int] = (96, 64), turned: int = 1) -> bytes:
    """ISO 12234-2: a JPEG in the first directory, in the one below the sensor's values (RGGB, 16 bits): red on the left, blue on the right.

    Uncompressed files of these makers are such, with notes of their own that no standard tells; LibRaw knows a camera by its name.
    """
    width, height = size
    seen = np.full((height, width), 300, "<u2")
    seen[0::2, 0 : width // 2 : 2] = 3000
    seen[1::2, width // 2 + 1 :: 2] = 3000
    shown, sensor = jpeg((160, 120), (20, 200, 60)), seen.tobytes()

    def directory(entries: list[tuple[int, int, tuple[int, ...] | bytes]], at: int) -> bytes:
        head, behind = struct.pack("<H", len(entries)), b""
        for tag, kind, values in sorted(entries):
            value = (
                values if isinstance(values, bytes) else b"".join(struct.pack({1: "<B", 3: "<H", 4: "<I"}[kind], v) for v in values)
            )
            if len(value) > 4:
                place, behind = at + 6 + 12 * len(entries) + len(behind), behind + value + bytes(len(value) % 2)
                value = struct.pack("<I", place)
            head += struct.pack("<HHI4s", tag, kind, len(values), value)
        return head + bytes(4) + behind

    def directories(below: int, shown_at: int, sensor_at: int) -> tuple[bytes, bytes]:
        first = directory(
            [
                *((254, 4, (1,)), (256, 4, (160,)), (257, 4, (120,)), (258, 3, (8, 8, 8)), (259, 3, (6,)), (262, 3, (6,))),
                *((271, 2, make + b"\0"), (272, 2, model + b"\0"), (274, 3, (turned,)), (277, 3, (3,)), (330, 4, (below,))),
                *((513, 4, (shown_at,)), (514, 4, (len(shown),))),
            ],
            8,
        )
        second = directory(
            [
                *((254, 4, (0,)), (256, 4, (width,)), (257, 4, (height,)), (258, 3, (16,)), (259, 3, (1,)), (262, 3, (32803,))),
                *((273, 4, (sensor_at,)), (277, 3, (1,)), (278, 4, (height,)), (279, 4, (len(sensor),)), (284, 3, (1,))),
                *((33421, 3, (2, 2)), (33422, 1, (0, 1, 1, 2))),
            ],
            below,
        )
        return first, second

    first, second = directories(0, 0, 0)
    below = 8 + len(first)
    shown_at = below + len(second)
    first, second = directories(below, shown_at, shown_at + len(shown))
    return b"II*\0" + struct.pack("<I", 8) + first + second + shown + sensor


def picture(run, function, content, source: str, target: str = "PNG", **arguments: str) -> Image.Image:
    return Image.open(io.BytesIO(run(function, content, source, target, **arguments).read())).convert("RGB")


@pytest.mark.parametrize("source", MAKERS)
def test_what_the_sensor_saw_is_developed(run, source):
    made = picture(run, raster.convert, tiff_ep(*MAKERS[source]), source)
    assert made.height == 64 and 90 <= made.width <= 96
    left, right = made.getpixel((12, 32)), made.getpixel((80, 32))
    assert left[0] - left[2] > 140 and right[2] - right[0] > 140


@pytest.mark.parametrize("source", MAKERS)
def test_the_cameras_own_picture_is_found(run, source):
    made = picture(run, camera.convert, tiff_ep(*MAKERS[source]), source)
    assert made.size == (160, 120)
    assert np.abs(np.subtract(made.getpixel((80, 60)), (20, 200, 60))).max() <= 6


def test_it_stands_as_the_camera_was_held(run):
    content = tiff_ep(*MAKERS["NEF"], turned=6)
    assert picture(run, camera.convert, content, "NEF").size == (120, 160)
    assert picture(run, camera.thumb, content, "NEF", "thumb.jpg", width="40", height="40").size == (30, 40)


def test_where_the_sensor_data_are_cut_off_the_next_road_shows_the_cameras_picture(tmp_path):
    content = tiff_ep(*MAKERS["NEF"])
    config = omnic_stream.Config(store=str(tmp_path / "store"), warm=False)
    for name, part, size in (("whole.nef", content, (92, 64)), ("cut.nef", content[:-9000], (160, 120))):
        (tmp_path / name).write_bytes(part)
        made = Image.open(io.BytesIO(omnic_stream.convert(tmp_path / name, "PNG", config=config).read_bytes()))
        assert made.size == size, name


def test_the_largest_whole_one_is_taken(run):
    large, small = jpeg((300, 200), (200, 0, 0)), jpeg((60, 40), (0, 0, 200))
    lossless = large.replace(b"\xff\xc0", b"\xff\xc3", 1)
    assert picture(run, camera.convert, small + large + small, "RAF").size == (300, 200)
    assert picture(run, camera.convert, lossless + small, "RAF").size == (60, 40)
    assert picture(run, camera.convert, small + large[: len(large) // 2], "RAF").size == (60, 40)


@pytest.mark.parametrize("content", [b"", b"II*\0", b"\xff\xd8\xff\xe0" * 100_000, b"II*\0" + bytes(range(256)) * 400])
def test_without_a_picture_it_is_corrupt(run, content):
    for source in RAWS:
        with pytest.raises(Corrupt):
            run(camera.convert, content, source, "PNG")


def test_there_is_one_page(run):
    with pytest.raises(ConverterFailed):
        run(camera.convert, (SAMPLES / "beacon.nef").read_bytes(), "NEF", "PNG", page="2")


def test_only_what_was_proven_is_developed():
    assert set(SENSORS) == {"DNG", *MAKERS}
