"""Pictures beyond the everyday ones: their colours at known points, on files that others made and on files made here."""

from __future__ import annotations

import io
import struct
import tarfile
import time
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import OpenEXR
import pydicom
import pytest
import pyvips
from PIL import Image, ImageFilter

from omnic_stream import samples
from omnic_stream.converters.warm import image, raster, sheets_of_pictures, xcf
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

SAMPLES = Path(next(iter(samples.__path__)))
QUADRANTS = {(12, 8): (220, 40, 40), (36, 8): (40, 180, 60), (12, 24): (40, 60, 210), (36, 24): (250, 250, 250)}
"""What our own specimens show, 48 x 32."""
READ = {"jxl": "JXL", "jxr": "JXR", "pfm": "PFM", "exr": "EXR", "psd": "PSD", "xcf": "XCF", "heic": "HEIC"}


def drawn(run, content: bytes | str, source: str, target: str = "PNG", **arguments: str) -> Image.Image:
    module = raster if source in raster.READERS else image
    made = Image.open(run(module.thumb if "." in target else module.convert, content, source, target, **arguments))
    made.load()
    return made


def near(found: object, wanted: tuple[int, ...], slack: int = 8) -> bool:
    return all(abs(a - b) <= slack for a, b in zip(found, wanted, strict=True))  # type: ignore[call-overload]


def likeness(one: Image.Image, other: Image.Image) -> float:
    """Mean structural similarity of the luma (Wang and others 2004, equation 13), over windows of 8 x 8."""
    x, y = (np.asarray(each.convert("L"), np.float64) for each in (one, other))
    blocks = [np.lib.stride_tricks.sliding_window_view(each, (8, 8))[::4, ::4].reshape(-1, 64) for each in (x, y)]
    (mx, my), (vx, vy) = [each.mean(1) for each in blocks], [each.var(1) for each in blocks]
    covariance = ((blocks[0] - mx[:, None]) * (blocks[1] - my[:, None])).mean(1)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float((((2 * mx * my + c1) * (2 * covariance + c2)) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean())


@pytest.mark.parametrize(("extension", "source"), READ.items())
def test_each_reader_gives_the_colours_that_were_put_in(run, extension, source):
    content = (SAMPLES / f"beacon.{extension}").read_bytes()
    for target, arguments in (("PNG", {}), ("thumb.webp", {"width": "48", "height": "48"}), ("preview.jpg", {})):
        made = drawn(run, content, source, target, **arguments).convert("RGB")
        assert made.size == (48, 32)
        for place, colour in QUADRANTS.items():
            if source != "XCF" or colour != (250, 250, 250):
                assert near(made.getpixel(place), colour, 16 if source == "JXR" else 8), (target, place)


def test_layers_lie_over_each_other_as_clear_as_they_say(run):
    made = drawn(run, (SAMPLES / "beacon.xcf").read_bytes(), "XCF").convert("RGB")
    assert near(made.getpixel((20, 14)), (110, 20, 20))  # half black over red
    cross = drawn(run, "image/cross.xcf", "XCF")
    assert cross.size == (61, 72)
    assert cross.getpixel((0, 0))[3] == 0
    assert near(cross.getpixel((30, 36)), (0, 0, 0, 255))


def photoshop(version: int, depth: int, mode: int, colour: tuple[int, ...]) -> bytes:
    """A merged picture of one colour, without layers (Adobe Photoshop File Formats Specification); 2 is a large document."""
    head = b"8BPS" + struct.pack(">H6xHIIHH", version, len(colour), 32, 48, depth, mode) + bytes(8)
    planes = b"".join(bytes((value,)) * (48 * 32 * depth // 8) for value in colour)
    return head + bytes(8 if version == 2 else 4) + bytes(2) + planes


@pytest.mark.parametrize(
    ("version", "depth", "mode", "stored", "shown"),
    [
        (1, 8, 3, (220, 40, 40), (220, 40, 40)),
        (2, 8, 3, (220, 40, 40), (220, 40, 40)),
        (1, 16, 3, (220, 40, 40), (220, 40, 40)),
        (2, 16, 3, (40, 60, 210), (40, 60, 210)),
        (1, 8, 4, (255, 0, 0, 255), (232, 0, 0)),  # ink is stored from 255, none, to 0
        (1, 16, 4, (255, 0, 0, 255), (232, 0, 0)),
        (1, 16, 1, (100,), (100, 100, 100)),
        (1, 8, 9, (138, 208, 195), (251, 9, 11)),  # CIE L*a*b*
    ],
)
def test_photoshop_in_each_mode(run, version, depth, mode, stored, shown):
    made = drawn(run, photoshop(version, depth, mode, stored), "PSD").convert("RGB")
    assert made.size == (48, 32)
    assert near(made.getpixel((20, 20)), shown, 24 if mode in {4, 9} else 2)


def test_deep_and_clear_pictures_of_jpegs_kin(run):
    deep = np.zeros((16, 16, 4), np.uint16)
    deep[:, :8] = 0x8000, 0x4000, 0, 0xFFFF
    jxl = bytes(imagecodecs.jpegxl_encode(deep, lossless=True))
    made = drawn(run, jxl, "JXL")
    assert near(made.getpixel((3, 3)), (188, 137, 0, 255), 1)  # imagecodecs writes 16 bits as linear light, and says so in the file
    assert made.getpixel((12, 3))[3] == 0
    assert drawn(run, jxl, "JXL", "thumb.jpg", bg="00ff00").getpixel((14, 8)) == pytest.approx((0, 255, 0), abs=24)
    grey = np.full((16, 16), 0x8000, np.uint16)
    assert drawn(run, bytes(imagecodecs.jpegxl_encode(grey, lossless=True)), "JXL").convert("L").getpixel((3, 3)) == 188
    for kind, source in ((imagecodecs.jpeg2k_encode(grey, level=0), "JP2"), (imagecodecs.jpegxr_encode(grey), "JXR")):
        assert drawn(run, bytes(kind), source).getpixel((3, 3)) == 0x8000, source
        assert drawn(run, bytes(kind), source, "thumb.png").getpixel((3, 3)) == 128, source


def test_every_frame_of_an_animated_jpeg_xl(run):
    frames = np.zeros((2, 16, 16, 3), np.uint8)
    frames[0, ..., 0], frames[1, ..., 2] = 255, 255
    content = bytes(imagecodecs.jpegxl_encode(frames, lossless=True))
    assert drawn(run, content, "JXL").getpixel((3, 3)) == (255, 0, 0)
    assert drawn(run, content, "JXL", page="2").getpixel((3, 3)) == (0, 0, 255)
    with pytest.raises((Corrupt, ConverterFailed)):
        drawn(run, content, "JXL", page="3")


def test_a_picture_of_the_camera_is_developed(run):
    content = (SAMPLES / "beacon.dng").read_bytes()
    whole, small = drawn(run, content, "DNG"), drawn(run, content, "DNG", "thumb.jpg", width="40", height="40")
    assert whole.size == (96, 64)
    assert small.size == (40, 27)
    for place, colour in QUADRANTS.items():
        for made, scale in ((whole, 2), (small, 40 / 48)):
            red, green, blue = made.convert("RGB").getpixel((int(place[0] * scale), int(place[1] * scale)))
            wanted = max(range(3), key=lambda band, colour=colour: colour[band])
            assert colour[2] == 250 or max(range(3), key=lambda band: (red, green, blue)[band]) == wanted
            assert colour[2] != 250 or min(red, green, blue) > 235


def test_light_beyond_white_is_brought_back_and_light_within_is_left_alone(run):
    def exr(light: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        OpenEXR.File(header, {"RGB" if light.shape[2] == 3 else "RGBA": light}).write(buffer)
        return buffer.getvalue()

    grey = drawn(run, exr(np.full((32, 32, 3), 0.2158, np.float16)), "EXR")
    assert near(grey.getpixel((9, 9)), (128, 128, 128), 1)  # sRGB's middle
    sky = np.full((32, 32, 3), 0.2, np.float32)
    sky[:16] = 8, 12, 16
    made = drawn(run, exr(sky), "EXR")
    above, below = made.getpixel((9, 5)), made.getpixel((9, 25))
    assert above[0] < above[1] < above[2] <= 255
    assert 20 < below[0] < above[0]
    clear = np.zeros((32, 32, 4), np.float32)
    clear[:, 16:] = 0.5, 0.25, 0, 0.5  # premultiplied: orange, half clear
    made = drawn(run, exr(clear), "EXR")
    assert made.getpixel((4, 4))[3] == 0
    assert near(made.getpixel((24, 4)), (255, 188, 0, 128), 2)
    # python.exr stores 0.2705, 0.498, 0.686 there, opaque; that clear pixels beside it exceed their alpha does not darken it
    assert near(drawn(run, "image/python.exr", "EXR").getpixel((6, 1)), (142, 187, 216, 255), 1)


def test_radiance_and_jpeg_ls(run):
    light = np.zeros((32, 48, 3), np.float32)
    light[:16] = 0.2158
    made = drawn(run, bytes(imagecodecs.rgbe_encode(light)), "HDR")
    assert near(made.getpixel((20, 4)), (128, 128, 128), 2)
    assert near(made.getpixel((20, 28)), (0, 0, 0), 2)
    deep = np.full((20, 30), 0x8000, np.uint16)
    made = drawn(run, bytes(imagecodecs.jpegls_encode(deep)), "JLS")
    assert made.size == (30, 20)
    assert made.getpixel((3, 15)) == 0x8000
    assert raster.shown(deep >> 4, 12).getpoint(3, 3)[0] == pytest.approx(0x8000, abs=16)  # 12 of 16 bits


@pytest.mark.parametrize("target", ["JXL", "HEIC", "JP2", "AVIF", "QOI", "ICNS", "TGA", "PCX", "SGI", "DDS", "PGM", "PBM", "XBM"])
def test_what_is_written_can_be_read_again(run, target):
    colour = (250, 250, 250) if target in {"PGM", "PBM", "XBM"} else (40, 60, 210)
    side = 64 if target == "ICNS" else 48
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(buffer, "PNG")
    written = run(image.convert, buffer.getvalue(), "PNG", target).getvalue()
    made = drawn(run, written, target).convert("RGB")
    assert near(made.getpixel((made.width // 2, made.height // 2)), colour)


# --- depth ------------------------------------------------------------------------------------------------------------------


def decoded(content: bytes, source: str) -> np.ndarray:
    """Of a file, by a decoder that is not the service's."""
    return {"PNG": imagecodecs.png_decode, "TIFF": imagecodecs.tiff_decode}[source](content)


RAMP = np.stack([np.arange(4096, dtype=np.uint16).reshape(64, 64) * 16 + shift for shift in (0, 3, 5)], axis=2)
CLEAR = np.concatenate([RAMP, np.full((64, 64, 1), 0x1234, np.uint16)], axis=2)


@pytest.mark.parametrize("values", [RAMP, CLEAR, RAMP[:, :, 1].copy()], ids=["colour", "clear", "grey"])
def test_sixteen_bits_go_from_file_to_file(run, values):
    png = bytes(imagecodecs.png_encode(values))
    tiff = run(image.convert, png, "PNG", "TIFF").getvalue()
    assert np.array_equal(decoded(tiff, "TIFF"), values)
    assert np.array_equal(decoded(run(image.convert, tiff, "TIFF", "PNG").getvalue(), "PNG"), values)
    kin = np.ascontiguousarray(values if values.ndim == 2 else values[:, :, :3])  # JPEG-LS has no alpha
    made = run(raster.convert, bytes(imagecodecs.jpegls_encode(kin)), "JLS", "PNG").getvalue()
    assert np.array_equal(decoded(made, "PNG"), kin)


def test_sixteen_bits_are_as_many_in_another_profiles_colours(run):
    """Of Display P3 each channel of the ramp is another number of sRGB, in steps that 8 bits do not have."""
    told: Any = pyvips.Image.new_from_array(RAMP, interpretation="rgb16")
    told.set_type(pyvips.GValue.blob_type, "icc-profile-data", pyvips.Image.profile_load("p3"))
    made = decoded(run(image.convert, told.write_to_buffer(".png"), "PNG", "TIFF").getvalue(), "TIFF")
    assert made.dtype == np.uint16 and len(np.unique(made[:, :, 1])) > 3000


def test_what_a_page_shows_has_eight_bits(run):
    png = bytes(imagecodecs.png_encode(RAMP))
    for target, arguments in (("thumb.png", {}), ("preview.png", {}), ("PNG", {"width": "32"})):
        made = decoded(run(image.thumb if "." in target else image.convert, png, "PNG", target, **arguments).getvalue(), "PNG")
        assert made.dtype == np.uint8, target


def test_a_cameras_sensor_data_are_developed_as_deeply_as_the_file_may_be(run):
    content = (SAMPLES / "beacon.dng").read_bytes()
    deep = decoded(run(raster.convert, content, "DNG", "TIFF").getvalue(), "TIFF")
    flat = decoded(run(raster.convert, content, "DNG", "PNG", width="4000").getvalue(), "PNG")
    assert (deep.dtype, flat.dtype) == (np.uint16, np.uint8) and (deep % 257).any()
    assert np.abs((deep >> 8).astype(int) - flat.astype(int)).max() <= 1


def test_quality_is_heard(run, zoo):
    buffer = io.BytesIO()
    with Image.open(SAMPLES / "harbour.jpg") as photo:
        photo.resize((240, 160)).save(buffer, "PNG")
    for target in ("JXL", "HEIC", "JP2"):
        little, much = (len(run(image.convert, buffer.getvalue(), "PNG", target, quality=q).getvalue()) for q in ("30", "90"))
        assert little < 0.7 * much, target


def test_a_thumb_looks_like_the_picture_seen_from_afar(run):
    photo = (SAMPLES / "harbour.jpg").read_bytes()
    with Image.open(io.BytesIO(photo)) as whole:
        for target, least in (("thumb.png", 0.97), ("thumb.jpg", 0.95), ("thumb.webp", 0.94), ("thumb.avif", 0.94)):
            made = drawn(run, photo, "JPG", target, width="200", height="200")
            reference = whole.convert("RGB").resize(made.size, Image.Resampling.LANCZOS)
            assert likeness(made, reference) > least, target
            assert likeness(made.filter(ImageFilter.GaussianBlur(2)), reference) < least - 0.03  # the measure can tell


def test_an_icon_is_a_square_and_a_preview_is_large(run):
    buffer = io.BytesIO()
    Image.new("RGB", (3000, 1500), (200, 30, 40)).save(buffer, "PNG")
    icon = drawn(run, buffer.getvalue(), "PNG", "icon.png")
    assert icon.size == (64, 64)
    assert icon.getpixel((32, 2))[3] == 0
    assert near(icon.getpixel((32, 32)), (200, 30, 40, 255))
    assert drawn(run, buffer.getvalue(), "PNG", "preview.png").size == (1280, 640)
    assert drawn(run, buffer.getvalue(), "PNG", "preview.webp", width="500").size == (500, 250)


# --- hospitals --------------------------------------------------------------------------------------------------------------


def dicom(values: np.ndarray, syntax: str = "1.2.840.10008.1.2.1", frames: list[bytes] | None = None, **tags: object) -> bytes:
    meta = pydicom.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    meta.TransferSyntaxUID = syntax
    made = pydicom.dataset.FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, "1.2.3"
    bits = values.dtype.itemsize * 8
    made.BitsAllocated, made.BitsStored, made.HighBit = bits, bits, bits - 1
    made.Rows, made.Columns = values.shape[-2:]
    made.PixelRepresentation, made.SamplesPerPixel, made.PhotometricInterpretation = 0, 1, "MONOCHROME2"
    if values.ndim == 3:
        made.NumberOfFrames = len(values)
    for name, value in tags.items():
        setattr(made, name, value)
    made.PixelData = pydicom.encaps.encapsulate(frames) if frames else values.tobytes()
    made["PixelData"].VR = "OB" if frames or bits == 8 else "OW"
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def test_the_scan_is_shown_by_its_window(run):
    ramp = np.tile(np.arange(0, 4096, 64, dtype=np.uint16), (8, 1))
    made = drawn(run, dicom(ramp, WindowCenter=2048, WindowWidth=1024), "DICOM")
    assert made.getpixel((20, 2)) == 0
    assert abs(made.getpixel((32, 2)) - 128) <= 2
    assert made.getpixel((50, 2)) == 255
    inverse = drawn(run, dicom(ramp, PhotometricInterpretation="MONOCHROME1"), "DICOM")
    assert inverse.getpixel((0, 2)) == 255
    assert inverse.getpixel((63, 2)) == 0


def test_frames_and_codecs_of_the_hospital(run):
    two = np.stack([np.full((16, 16), 10, np.uint8), np.tile(np.arange(16, dtype=np.uint8) * 16, (16, 1))])
    window = {"WindowCenter": 128, "WindowWidth": 256}
    plain = dicom(two, **window)
    assert drawn(run, plain, "DICOM", page="2").getpixel((15, 3)) == pytest.approx(240, abs=2)
    with pytest.raises(ConverterFailed, match="2 pages"):
        drawn(run, plain, "DICOM", page="3")
    codecs = {
        "1.2.840.10008.1.2.4.80": imagecodecs.jpegls_encode,
        "1.2.840.10008.1.2.4.90": lambda each: imagecodecs.jpeg2k_encode(each, level=0, codecformat="j2k"),
    }
    for syntax, encode in codecs.items():
        content = dicom(two, syntax, [bytes(encode(each)) for each in two], **window)
        assert drawn(run, content, "DICOM", page="2").getpixel((15, 3)) == pytest.approx(240, abs=2), syntax


def test_scans_of_others(run):
    tomography = drawn(run, "image/CT_small.dcm", "DICOM")
    assert tomography.size == (128, 128)
    assert tomography.getextrema() == (0, 255)
    body = drawn(run, "image/JPEG2000.dcm", "DICOM")
    assert body.size == (256, 1024)
    assert body.getextrema() == (0, 255)
    with pytest.raises(ConverterFailed, match="no picture"):
        content = io.BytesIO(dicom(np.zeros((2, 2), np.uint8)))
        report = pydicom.dcmread(content)
        del report.PixelData
        buffer = io.BytesIO()
        report.save_as(buffer)
        drawn(run, buffer.getvalue(), "DICOM")


# --- paper and tiles --------------------------------------------------------------------------------------------------------


def test_tiles_make_up_the_picture(run):
    photo = (SAMPLES / "harbour.jpg").read_bytes()
    with (
        Image.open(io.BytesIO(photo)) as whole,
        tarfile.open(fileobj=run(sheets_of_pictures.tiles, photo, "JPG", "tiles.dzi")) as tar,
    ):
        names = tar.getnames()
        index = tar.extractfile("tiles.dzi").read().decode()
        assert f'Width="{whole.width}"' in index
        assert f'Height="{whole.height}"' in index
        deepest = max(int(name.split("/")[1]) for name in names if name.count("/") == 2)
        assert 2**deepest >= max(whole.size) > 2 ** (deepest - 1)
        with Image.open(tar.extractfile(f"tiles_files/{deepest}/1_0.jpg")) as tile:
            reference = whole.convert("RGB").crop((253, 0, 253 + tile.width, tile.height))
            assert likeness(tile, reference) > 0.9


def test_tiles_stand_up_and_stay_clear(run):
    lying = Image.new("RGB", (80, 40), (220, 40, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    lying.save(buffer, "JPEG", exif=exif)
    with tarfile.open(fileobj=run(sheets_of_pictures.tiles, buffer.getvalue(), "JPG", "tiles.dzi")) as tar:
        assert 'Width="40"' in tar.extractfile("tiles.dzi").read().decode()
    buffer = io.BytesIO()
    Image.new("RGBA", (80, 40), (220, 40, 40, 128)).save(buffer, "PNG")
    with (
        tarfile.open(fileobj=run(sheets_of_pictures.tiles, buffer.getvalue(), "PNG", "tiles.dzi")) as tar,
        Image.open(tar.extractfile("tiles_files/7/0_0.png")) as tile,
    ):
        assert tile.getpixel((30, 20)) == (220, 40, 40, 128)


def test_a_scan_of_pages_becomes_a_pdf(run):
    import pypdfium2

    buffer = io.BytesIO()
    pages = [Image.new("RGB", (300, 150), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:], dpi=(150, 150))
    made = pypdfium2.PdfDocument(run(sheets_of_pictures.document, buffer.getvalue(), "TIFF", "PDF").getvalue())
    assert len(made) == 2
    assert made[0].get_size() == (144, 72)  # two inches by one
    assert near(made[1].render().to_pil().convert("RGB").getpixel((70, 30)), (0, 0, 255))


# --- hostile and broken -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("extension", "source"), [*READ.items(), ("dcm", "DICOM"), ("dng", "DNG")])
def test_what_is_cut_short_or_another_thing_is_called_broken(run, extension, source):
    content = (SAMPLES / f"beacon.{extension}").read_bytes()
    for bad in (content[: len(content) // 3], content[:10], b"", b"hello" * 99):
        with pytest.raises(ConverterFailed if source == "DNG" else Corrupt):  # another road may show a raw file's own preview
            drawn(run, bad, source)


def wide_header(source: str) -> bytes:
    """A picture that claims 200000 x 200000 pixels or so."""
    if source == "XCF":
        return b"gimp xcf file\0" + struct.pack(">III", 200_000, 200_000, 0) + bytes(99)
    if source == "HDR":
        return b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 200000 +X 200000\n" + bytes(99)
    if source == "PFM":
        return b"PF\n200000 200000\n-1.0\n" + bytes(99)
    if source == "JLS":
        return b"\xff\xd8\xff\xf7\0\x0b\x08\xff\xff\xff\xff\1\1\x11\0" + bytes(99)
    if source == "PSD":
        return b"8BPS" + struct.pack(">H6xHIIHH", 2, 3, 200_000, 200_000, 8, 3) + bytes(99)
    # JPEG XL: not small, 18 bits of height - 1, ratio 1:1
    bits = 0 | 2 << 1 | 199_999 << 3 | 1 << 21
    return b"\xff\x0a" + bits.to_bytes(12, "little")


@pytest.mark.parametrize("source", ["XCF", "HDR", "PFM", "JLS", "PSD", "JXL"])
def test_a_picture_that_claims_too_much_is_refused_by_its_header(run, source):
    began = time.perf_counter()
    with pytest.raises(TooExpensive, match="million"):
        drawn(run, wide_header(source), source)
    assert time.perf_counter() - began < 3


def test_tiles_of_gimp_that_are_packed_or_plain():
    """The three ways in which tiles are stored hold the same red."""

    def picture(way: int) -> bytes:
        rows = bytes((200, 10, 20)) * (70 * 5)
        head = bytearray(b"gimp xcf v011\0" + struct.pack(">IIII", 70, 5, 0, 150))
        head += struct.pack(">IIB", 17, 1, way) + bytes(8)
        layer = len(head) + 24
        head += struct.pack(">QQQ", layer, 0, 0)
        head += struct.pack(">III", 70, 5, 0) + struct.pack(">I", 2) + b"a\0" + bytes(8)
        hierarchy = len(head) + 16
        head += struct.pack(">QQ", hierarchy, 0)
        head += struct.pack(">IIIQQ", 70, 5, 3, hierarchy + 28, 0)
        first = hierarchy + 28 + 8 + 24
        tiles = []
        for wide in (64, 6):
            pixels = rows[: wide * 5 * 3]
            runs = b"".join(b"\x7f" + struct.pack(">H", wide * 5) + bytes((value,)) for value in (200, 10, 20))
            tiles.append({0: pixels, 1: runs, 2: zlib.compress(pixels)}[way])
        head += struct.pack(">IIQQQ", 70, 5, first, first + len(tiles[0]), 0)
        return bytes(head) + b"".join(tiles)

    for way in (0, 1, 2):
        made = xcf.composed(picture(way), lambda fraction: None)
        assert made.shape == (5, 70, 4)
        assert (made == (200, 10, 20, 255)).all(), way
