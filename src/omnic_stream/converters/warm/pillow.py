"""Pictures by Pillow: the formats that libvips' wheel does not know."""

from __future__ import annotations

import io
import os
import warnings
from typing import Any

from PIL import Image, ImageCms, ImageOps, ImageSequence, UnidentifiedImageError

from omnic_stream.converters.warm.box import MOST_FRAMES, MOST_PIXELS, Wish, check_pixels, covering, cut, wish, within
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)

NAMES = {"JPG": "JPEG", "JP2": "JPEG2000", "PGM": "PPM", "APNG": "PNG"}
MOVING = frozenset({"GIF", "WEBP", "APNG"})
TRANSPARENT = frozenset({"PNG", "WEBP", "AVIF", "GIF", "TIFF", "ICO", "APNG", "JP2"})
SRGB = ImageCms.createProfile("sRGB")


def convert_heif(call: Call) -> dict[str, int]:
    import pillow_heif  # type: ignore[import-not-found, reportMissingImports]

    pillow_heif.register_heif_opener()  # type: ignore[reportUnknownMemberType]
    return convert(call)


def convert(call: Call) -> dict[str, int]:
    asked = wish(call.arguments, call.target)
    base = call.target.rpartition(".")[2].upper()
    try:
        with os.fdopen(os.dup(call.input), "rb") as file, Image.open(file) as image:
            check_pixels(*image.size)
            frames = getattr(image, "n_frames", 1)
            if asked.page >= frames:
                raise ConverterFailed(f"There is no page {asked.page + 1}: the picture has {frames}.")
            if base in MOVING and call.source in MOVING and frames > 1 and "page" not in call.arguments:
                return _moving(image, asked, base, call)
            image.seek(asked.page)
            done = _prepared(image, asked, base)
            _save(done, call.output, base, asked)
            return {"width": done.width, "height": done.height}
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise TooExpensive("The picture has more pixels than are allowed.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise Corrupt("The picture cannot be read to its end.") from error


def frame(call: Call) -> dict[str, int]:
    """One page or frame, as it is stored."""
    return convert(call)


def finish(image: Any, asked: Wish, base: str, output: int) -> dict[str, int]:
    """A picture that some renderer made, fitted and saved as asked."""
    if base not in TRANSPARENT or asked.fit == "pad":
        image = _flat(image, asked)
    done = _resized(image, asked)
    _save(done, output, base, asked)
    return {"width": done.width, "height": done.height}


def _prepared(image: Any, asked: Wish, base: str) -> Any:
    """Upright, in sRGB, eight bits, of the size that is wanted."""
    if image.format == "JPEG" and asked.width and asked.height and asked.fit in {"fit", "pad"}:
        image.draft("RGB", (asked.width, asked.height))
    image.load()
    image = ImageOps.exif_transpose(image)
    image = _srgb(image)
    if base not in TRANSPARENT or asked.fit == "pad":
        image = _flat(image, asked)
    return _resized(image, asked)


def _srgb(image: Any) -> Any:
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        low, high = image.getextrema()
        scale = 255 / (65535 if image.mode.startswith("I;16") or high > 255 else max(high, 1))
        image = image.point(lambda value: value * scale).convert("L") if low >= 0 else image.convert("L")
    if profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            alpha = image.getchannel("A") if image.mode == "RGBA" else None
            flat = image.convert("RGB") if image.mode == "RGBA" else image
            image = ImageCms.profileToProfile(flat, source, SRGB, outputMode="RGB") or flat
            if alpha is not None:
                image.putalpha(alpha)
        except (ImageCms.PyCMSError, OSError, ValueError):  # a broken profile: the numbers are taken as sRGB, as browsers do
            pass
    if image.mode in {"L", "RGB", "RGBA", "LA"}:
        return image
    return image.convert("RGBA" if image.mode in {"PA", "La", "RGBa"} or "transparency" in image.info else "RGB")


def _flat(image: Any, asked: Wish) -> Any:
    if image.mode not in {"RGBA", "LA"}:
        return image
    ground = Image.new("RGB", image.size, asked.bg)
    ground.paste(image.convert("RGBA"), mask=image.getchannel("A"))
    return ground


def _resized(image: Any, asked: Wish) -> Any:
    if asked.width is None or asked.height is None:
        return image
    box = (asked.width, asked.height)
    if asked.fit in {"fit", "pad"}:
        small = image.resize(within(*image.size, box), Image.Resampling.LANCZOS)
        if asked.fit == "fit":
            return small
        ground = Image.new("RGB", box, asked.bg)
        ground.paste(small, ((box[0] - small.width) // 2, (box[1] - small.height) // 2))
        return ground
    whole = image.resize(covering(*image.size, box), Image.Resampling.LANCZOS)
    left, top = cut(*whole.size, box, asked.focus)
    return whole.crop((left, top, left + box[0], top + box[1]))


def _moving(image: Any, asked: Wish, base: str, call: Call) -> dict[str, int]:
    total = min(image.n_frames, MOST_FRAMES)
    check_pixels(image.width, image.height * total)
    frames: list[Any] = []
    durations: list[int] = []
    for number, frame in enumerate(ImageSequence.Iterator(image)):
        if number >= total:
            break
        frames.append(_resized(_srgb(frame.copy()), asked))
        durations.append(int(frame.info.get("duration", 100)) or 100)
        call.report((number + 1) / total)
    with os.fdopen(os.dup(call.output), "wb") as file:
        frames[0].save(
            file, NAMES.get(base, base), save_all=True, append_images=frames[1:], duration=durations, loop=image.info.get("loop", 0)
        )
    return {"width": frames[0].width, "height": frames[0].height, "frames": len(frames)}


def _save(image: Any, output: int, base: str, asked: Wish) -> None:
    options: dict[str, dict[str, Any]] = {
        "JPG": {"quality": asked.quality, "optimize": True},
        "WEBP": {"quality": asked.quality},
        "AVIF": {"quality": asked.quality, "speed": 8, "max_threads": 1},
        "JP2": {"quality_mode": "rates", "quality_layers": [20]},
        "TIFF": {"compression": "tiff_lzw"},
        "ICO": {"sizes": [within(*image.size, (256, 256))]},
    }
    if base == "PGM":
        image = image.convert("L")
    elif base in {"PPM", "BMP", "JP2"} and image.mode in {"LA"}:
        image = image.convert("RGBA")
    if base == "PPM":
        image = image.convert("RGB")
    with os.fdopen(os.dup(output), "wb") as file:
        image.save(file, NAMES.get(base, base), **options.get(base, {}))
