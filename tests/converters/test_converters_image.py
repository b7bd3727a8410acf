from __future__ import annotations

import io
import struct
import time
import zlib

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from omnic_stream.converters.image import CONVERTERS, PAGED, SINGLE
from omnic_stream.converters.warm import image
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

FILES = {
    "PNG": "image/python.png",
    "JPG": "image/python.jpg",
    "GIF": "image/python.gif",
    "BMP": "image/python.bmp",
    "TIFF": "image/python.tiff",
    "WEBP": "image/python.webp",
    "PBM": "image/python.pbm",
    "PGM": "image/python.pgm",
    "PPM": "image/python.ppm",
    "SUNRASTER": "image/python.ras",
    "SGI": "image/python.sgi",
    "XBM": "image/python.xbm",
}


def picture(
    form: str, size: tuple[int, int] = (60, 40), mode: str = "RGB", colour: object = (200, 30, 40), **options: object
) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, colour).save(buffer, form, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def near(found: object, wanted: tuple[int, ...], slack: int = 6) -> bool:
    return all(abs(a - b) <= slack for a, b in zip(found, wanted, strict=True))  # type: ignore[call-overload]


@pytest.mark.parametrize(("source", "file"), FILES.items())
def test_each_reader_keeps_the_size_and_draws_something(run, source, file):
    with Image.open(run(image.convert, file, source, "PNG")) as made:
        assert (made.format, made.size) == ("PNG", (16, 16))
        assert made.convert("L").getextrema()[0] < made.convert("L").getextrema()[1]


@pytest.mark.parametrize("target", ["PNG", "JPG", "WEBP", "AVIF", "GIF", "TIFF", "BMP", "ICO", "JP2", "PPM"])
def test_each_writer_keeps_the_colour(run, target):
    with Image.open(run(image.convert, picture("PNG", (64, 48)), "PNG", target)) as made:
        assert near(made.convert("RGB").getpixel((made.width // 2, made.height // 2)), (200, 30, 40), 8)


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ({"width": "30", "height": "30"}, (30, 20)),
        ({"width": "600", "height": "600"}, (60, 40)),
        ({"width": "30", "height": "30", "fit": "crop"}, (30, 30)),
        ({"width": "90", "height": "90", "fit": "crop"}, (90, 90)),
        ({"width": "30", "height": "30", "fit": "smart"}, (30, 30)),
        ({"width": "30", "height": "30", "fit": "pad"}, (30, 30)),
        ({"width": "90", "height": "50", "fit": "pad"}, (90, 50)),
        ({"width": "30"}, (30, 20)),
    ],
)
def test_the_box_is_obeyed_and_fit_never_enlarges(run, arguments, size):
    with Image.open(run(image.thumb, picture("PNG"), "PNG", "thumb.png", **arguments)) as made:
        assert made.size == size


def test_the_focus_chooses_the_side_that_is_kept(run):
    two = Image.new("RGB", (200, 50), (255, 0, 0))
    two.paste((0, 0, 255), (100, 0, 200, 50))
    buffer = io.BytesIO()
    two.save(buffer, "PNG")
    for focus, colour in (("0x0.5", (255, 0, 0)), ("1x0.5", (0, 0, 255))):
        box = {"width": "40", "height": "40", "fit": "crop", "focus": focus}
        with Image.open(run(image.thumb, buffer.getvalue(), "PNG", "thumb.png", **box)) as made:
            assert made.size == (40, 40)
            assert near(made.convert("RGB").getpixel((20, 20)), colour)


def test_a_picture_that_lies_on_its_side_stands_up(run):
    lying = Image.new("RGB", (80, 40), (255, 0, 0))
    lying.paste((0, 0, 255), (40, 0, 80, 40))
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise to be upright: the left becomes the top
    buffer = io.BytesIO()
    lying.save(buffer, "JPEG", exif=exif, quality=95)
    for made in (
        run(image.convert, buffer.getvalue(), "JPG", "PNG"),
        run(image.thumb, buffer.getvalue(), "JPG", "thumb.png", width="40", height="80"),
        run(image.thumb, buffer.getvalue(), "JPG", "thumb.png", width="40", height="80", fit="crop", focus="0.5x0.5"),
    ):
        with Image.open(made) as upright:
            assert upright.size == (40, 80)
            assert near(upright.convert("RGB").getpixel((20, 10)), (255, 0, 0), 12)
            assert near(upright.convert("RGB").getpixel((20, 70)), (0, 0, 255), 12)


def test_cmyk_becomes_the_colour_that_it_prints(run):
    for form, source in (("JPEG", "JPG"), ("TIFF", "TIFF")):
        content = picture(form, mode="CMYK", colour=(0, 255, 255, 0))
        with Image.open(run(image.thumb, content, source, "thumb.png")) as made:
            red, green, blue = made.convert("RGB").getpixel((5, 5))
            assert red > 180
            assert green < 80
            assert blue < 80


@pytest.mark.parametrize(("form", "source"), [("PNG", "PNG"), ("TIFF", "TIFF"), ("JPEG", "JPG")])
def test_numbers_follow_their_colour_profile(run, form, source):
    # sRGB with the red and the blue primary exchanged: what is stored as red is blue to look at
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
    content = picture(form, colour=(255, 0, 0), icc_profile=profile)
    for function, target in ((image.convert, "PNG"), (image.thumb, "thumb.png")):
        with Image.open(run(function, content, source, target)) as made:
            assert near(made.convert("RGB").getpixel((5, 5)), (0, 0, 255), 16)


def test_sixteen_bits_keep_their_brightness(run):
    content = picture("PNG", mode="I;16", colour=0x8000)
    for function, target, shade in ((image.convert, "PNG", 0x8000), (image.convert, "BMP", 128), (image.thumb, "thumb.png", 128)):
        with Image.open(run(function, content, "PNG", target)) as made:
            assert made.getpixel((5, 5)) == shade, target


@pytest.mark.parametrize(
    ("low", "high", "kind"), [(0, 1, np.float32), (-1000, 2000, np.float32), (-400, 8000, np.int16), (0, 100_000, np.int32)]
)
def test_heights_and_measurements_are_shown_from_the_least_to_the_greatest(run, low, high, kind):
    """What lies beyond 0 and 255 was black or white, and so was all of what lies between 0 and 1."""
    ramp = np.linspace(low, high, 100).astype(kind)[None, :].repeat(50, axis=0)
    content = pyvips.Image.new_from_array(ramp).write_to_buffer(".tif")
    for function, target in ((image.thumb, "thumb.png"), (image.convert, "PNG"), (image.convert, "WEBP")):
        shown = Image.open(run(function, content, "TIFF", target)).convert("L")
        assert shown.size == (100, 50)
        assert [shown.getpixel((x, 25)) for x in (0, 25, 50, 75, 99)] == pytest.approx([0, 64, 129, 193, 255], abs=4), target


def test_what_jpeg_cannot_leave_clear_is_laid_on_the_ground_that_was_asked_for(run):
    clear = picture("PNG", mode="RGBA", colour=(0, 0, 0, 0))
    for arguments, colour in (({}, (255, 255, 255)), ({"bg": "00ff00"}, (0, 255, 0))):
        with Image.open(run(image.thumb, clear, "PNG", "thumb.jpg", **arguments)) as made:
            assert near(made.getpixel((5, 5)), colour)
    with Image.open(run(image.thumb, clear, "PNG", "thumb.png")) as made:
        assert made.getpixel((5, 5))[3] == 0


@pytest.mark.parametrize(("file", "source"), [("image/anim.gif", "GIF"), ("image/anim.png", "APNG")])
def test_an_animation_stays_one_where_it_can(run, file, source):
    for target in ("GIF", "WEBP"):
        with Image.open(run(image.convert, file, source, target)) as made:
            assert (made.size, made.n_frames) == ((64, 64), 6)
        with Image.open(run(image.convert, file, source, target, width="32", height="32")) as made:
            assert (made.size, made.n_frames) == ((32, 32), 6)
    with Image.open(run(image.thumb, file, source, "thumb.png")) as made:
        assert getattr(made, "n_frames", 1) == 1


def test_the_page_that_was_asked_for(run):
    buffer = io.BytesIO()
    first, second = Image.new("RGB", (20, 20), (255, 0, 0)), Image.new("RGB", (20, 20), (0, 0, 255))
    first.save(buffer, "TIFF", save_all=True, append_images=[second])
    with Image.open(run(image.convert, buffer.getvalue(), "TIFF", "PNG", page="2")) as made:
        assert near(made.convert("RGB").getpixel((5, 5)), (0, 0, 255))
    with pytest.raises(ConverterFailed, match="2 pages"):
        run(image.convert, buffer.getvalue(), "TIFF", "PNG", page="3")


def test_metadata_stays_behind(run):
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    for made in (
        run(image.convert, picture("JPEG", exif=exif), "JPG", "JPG"),
        run(image.thumb, picture("JPEG", exif=exif), "JPG", "thumb.webp"),
    ):
        assert b"secret" not in made.getvalue()


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(999))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "source"),
    [
        (png_header(60000, 60000), "PNG"),
        (b"GIF89a" + struct.pack("<HH", 60000, 60000) + b"\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0"
         + struct.pack("<HH", 60000, 60000) + b"\0\x02\x02D\x01\0;", "GIF"),
        (b"BM" + struct.pack("<IHHI", 54, 0, 0, 54)
         + struct.pack("<IiiHHIIiiII", 40, 30000, -30000, 1, 24, 0, 0, 0, 0, 0, 0), "BMP"),
    ],
)  # fmt: skip
def test_a_picture_that_claims_too_much_is_refused_by_its_header(run, content, source):
    for function, target in ((image.thumb, "thumb.jpg"), (image.convert, "PNG"), (image.convert, "GIF")):
        began = time.perf_counter()
        with pytest.raises(TooExpensive, match="million"):
            run(function, content, source, target)
        assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("source", "file"), [("PNG", "image/python.png"), ("WEBP", "image/python.webp"), ("HEIC", "image/zPug_3.heic")]
)
def test_what_is_cut_short_is_called_broken(run, zoo, source, file):
    whole = (zoo / file).read_bytes()
    with pytest.raises(Corrupt):
        run(image.thumb, whole[: len(whole) // 2], source, "thumb.png")


def test_what_is_no_picture_is_called_broken(run):
    with pytest.raises(Corrupt, match="cannot be read"):
        run(image.thumb, b"#EXTM3U\nfile:///etc/passwd\n" * 9, "JPG", "thumb.png")


def test_a_page_is_for_those_that_have_pages():
    paged = {source for converter in CONVERTERS if "page" in converter.takes for source in converter.inputs}
    assert paged == {*PAGED, "HEIC"}
    assert not paged & set(SINGLE)
