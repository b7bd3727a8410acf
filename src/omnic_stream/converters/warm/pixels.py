"""What Pillow reads and writes where libvips does not, as libvips images in memory."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, BinaryIO

from omnic_stream.model.errors import ConverterFailed, Corrupt, OmnicError, TooExpensive

MOST_PIXELS = 50_000_000
PILLOW_WRITES = {
    "BMP": "BMP",
    "ICO": "ICO",
    "APNG": "PNG",
    "PPM": "PPM",
    "PGM": "PPM",
    "PBM": "PPM",
    "TGA": "TGA",
    "PCX": "PCX",
    "JP2": "JPEG2000",
    "SGI": "SGI",
    "XBM": "XBM",
    "DDS": "DDS",
    "ICNS": "ICNS",
    "QOI": "QOI",
    "HEIC": "HEIF",
    "PDF": "PDF",
}


def check_size(width: int, height: int, most: int = MOST_PIXELS) -> None:
    """Raises TooExpensive for more pixels than are ever decoded, Corrupt for none."""
    if width < 1 or height < 1:
        raise Corrupt("The picture has no pixels.")
    if width * height > most:
        raise TooExpensive(f"The picture has {width} x {height} pixels; more than {most // 1_000_000} million are not decoded.")


def no_such_page(count: int) -> OmnicError:
    return ConverterFailed(f"The file has {count} page{'s' if count > 1 else ''}: ask for one of them.")


@contextmanager
def opened(descriptor: int) -> Iterator[Any]:
    """A PIL image, nothing decoded yet, of a size that may be. Raises Corrupt, TooExpensive."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as file, _opened(file) as image:  # Pillow closes only what it opened itself
        yield image


def reading(content: bytes) -> AbstractContextManager[Any]:
    """The same, of a picture that lies within another file."""
    return _opened(io.BytesIO(content))


@contextmanager
def _opened(file: BinaryIO) -> Iterator[Any]:
    from PIL import Image, ImageFile, UnidentifiedImageError

    ImageFile.LOAD_TRUNCATED_IMAGES = (
        False  # WeasyPrint, in the same worker, sets it, and half a picture would pass for a whole one
    )
    Image.MAX_IMAGE_PIXELS = None  # check_size speaks a clearer sentence, and before anything is decoded
    try:
        import pillow_heif
    except ImportError:
        pass
    else:
        heif: Any = pillow_heif
        heif.register_heif_opener()
    try:
        image = Image.open(file)
    except UnidentifiedImageError as error:
        raise Corrupt("The picture cannot be read: its content fits no known picture format.") from error
    except (OSError, SyntaxError, ValueError, struct.error, zlib.error, EOFError, KeyError, IndexError) as error:
        raise Corrupt("The picture is broken or cut short: its header cannot be read.") from error
    with image:
        check_size(*image.size)
        if image.format == "SUN":
            image.tile = [tile._replace(args=_padded_first(tile.args)) for tile in image.tile]
        yield image


def _padded_first(words: Any) -> Any:
    """Sun's 32 bits a pixel begin with the unused byte (rasterfile(5)); Pillow 13 takes it for the last."""
    swapped = {"RGBX": "XRGB", "BGRX": "XBGR"}
    return swapped.get(words, words) if isinstance(words, str) else (swapped.get(words[0], words[0]), *words[1:])


def as_vips(pyvips: Any, descriptor: int, page: int) -> Any:
    """One page or frame, upright, as a libvips image that carries its colour profile."""
    from PIL import ImageOps

    with opened(descriptor) as image:
        count = max(1, getattr(image, "n_frames", 1))  # a PSD without layers counts none
        if page >= count:
            raise no_such_page(count)
        try:
            if page:
                image.seek(page)
                check_size(*image.size)
            image.load()
            return from_pillow(pyvips, ImageOps.exif_transpose(image), image.info.get("icc_profile"))
        except OmnicError:
            raise
        except Exception as error:  # a decoder written in Python raises whatever hostile content drives it to
            raise Corrupt("The picture is broken or cut short: it cannot be decoded.") from error


def frames(pyvips: Any, descriptor: int, most: int, most_pixels: int) -> Any | None:
    """An animation as libvips has it: frames one below the other. None where there is one frame only."""
    with opened(descriptor) as image:
        count = min(getattr(image, "n_frames", 1), most, most_pixels // (image.width * image.height))
        if count < 2:
            return None
        parts: list[Any] = []
        delays: list[int] = []
        try:
            for index in range(count):
                image.seek(index)
                delays.append(int(image.info.get("duration", 100)))
                parts.append(from_pillow(pyvips, image.convert("RGBA"), None))
        except Exception as error:  # as in as_vips
            raise Corrupt("The animation is broken or cut short.") from error
        joined = pyvips.Image.arrayjoin(parts, across=1).copy()
        joined.set_type(pyvips.GValue.gint_type, "page-height", image.height)
        joined.set_type(pyvips.GValue.array_int_type, "delay", delays)
        joined.set_type(pyvips.GValue.gint_type, "loop", int(image.info.get("loop", 0)))
        return joined


MODES = {
    "L": ("uchar", "b-w"),
    "LA": ("uchar", "b-w"),
    "RGB": ("uchar", "srgb"),
    "RGBA": ("uchar", "srgb"),
    "CMYK": ("uchar", "cmyk"),
    "I;16": ("ushort", "grey16"),
}


def from_pillow(pyvips: Any, image: Any, profile: bytes | None) -> Any:
    """A PIL image of any mode as a libvips image in memory, with the profile where it still speaks of the numbers."""
    mode = image.mode
    if mode == "1":
        image = image.convert("L")
    elif mode == "I":  # 32 bits: a 16 bit picture in Pillow's wider box, or numbers of any range
        low, high = image.getextrema()
        fits = low >= 0 and high <= 0xFFFF
        image = image.convert("I;16") if fits else _stretched(image.convert("F"))
    elif mode == "F":
        image = _stretched(image)
    elif mode.startswith("I;16"):
        image = image.convert("I").convert("I;16")
    elif mode not in MODES:
        # palette, LAB, YCbCr, HSV, premultiplied: the profile, if any, speaks of what these become
        image = image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")
    form, interpretation = MODES[image.mode]
    made = pyvips.Image.new_from_memory(image.tobytes(), *image.size, len(image.getbands()), form)
    made = made.copy(interpretation=interpretation)
    if profile and mode in MODES:
        made.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return made


def _stretched(image: Any) -> Any:
    """Numbers without a scale become grey from the least to the greatest."""
    low, high = image.getextrema()
    scale = 255 / (high - low) if high > low else 0

    def grey(value: Any) -> Any:  # Pillow calls it once, with a stand-in that records the arithmetic
        return value * scale - low * scale

    return image.point(grey).convert("L")


def to_pillow(image: Any) -> Any:
    """A finished libvips image (8 bits, grey or sRGB) as a PIL image."""
    from PIL import Image

    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[image.bands]
    return Image.frombuffer(mode, (image.width, image.height), image.write_to_memory(), "raw", mode, 0, 1)


def encoded(image: Any, kind: str, quality: int = 0) -> bytes:
    """A finished libvips image (8 bits, grey or sRGB) as a file of a format that Pillow writes."""
    from PIL import Image

    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[image.bands]
    height = image.get("page-height") if image.get_typeof("page-height") else image.height
    whole = Image.frombuffer(mode, (image.width, image.height), image.write_to_memory(), "raw", mode, 0, 1)
    buffer = io.BytesIO()
    if kind == "APNG" and image.height > height:
        parts = [whole.crop((0, top, image.width, top + height)) for top in range(0, image.height, height)]
        delays = image.get("delay") if image.get_typeof("delay") else 100
        parts[0].save(buffer, "PNG", save_all=True, append_images=parts[1:], duration=delays, loop=0)
        return buffer.getvalue()
    if kind in {"PGM", "PBM", "XBM"}:
        whole = whole.convert("L" if kind == "PGM" else "1")
    elif kind in {"PPM", "ICNS", "QOI", "JP2", "DDS"} and mode in {"L", "LA"}:
        whole = whole.convert("RGBA" if mode == "LA" else "RGB")
    elif kind in {"ICO", "TGA", "SGI"} and mode == "LA":
        whole = whole.convert("RGBA")
    options: dict[str, Any] = {}
    if kind == "JXL":
        return _jxl(whole, quality)
    if kind == "HEIC":
        import pillow_heif

        heif: Any = pillow_heif
        heif.register_heif_opener()
        options["quality"] = quality or 60
    elif kind == "JP2" and quality:
        options |= {"quality_mode": "dB", "quality_layers": [20 + quality * 0.3], "irreversible": True}
    elif kind == "ICO":
        longest = min(256, max(whole.size))
        whole.thumbnail((256, 256))
        options["sizes"] = [(side, side) for side in (16, 32, 48, 64, 128, 256) if side <= longest] or [whole.size]
    elif kind == "PDF":
        options["resolution"] = 96.0
    whole.save(buffer, PILLOW_WRITES[kind], **options)
    return buffer.getvalue()


def _jxl(picture: Any, quality: int) -> bytes:
    """The distance for a quality is libjxl's own (``JxlEncoderDistanceFromQuality``, for 30 and above)."""
    import imagecodecs
    import numpy as np

    distance = 0.1 + (100 - max(quality or 90, 30)) * 0.09
    return bytes(imagecodecs.jpegxl_encode(np.asarray(picture), distance=distance, effort=5, numthreads=1))
