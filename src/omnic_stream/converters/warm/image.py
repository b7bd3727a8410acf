"""Pictures inside a warm worker: libvips reads what it knows, Pillow the rest; one pipeline makes them fit.

The size in the header is judged before a pixel is decoded: neither library refuses a bomb by itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from omnic_stream.converters.warm import dynamic_range, nclx, pixels
from omnic_stream.converters.warm.files import write
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed, Corrupt, OmnicError

# read by libvips when it starts: loaders that its authors do not trust with hostile content stay shut
os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")
os.environ.setdefault("VIPS_CONCURRENCY", "1")

MOST_FRAMES = 240
"""Frames kept of an animation."""
MOST_MOVING = 4 * pixels.MOST_PIXELS
"""Pixels of all frames together."""
LARGEST = 10_000_000
"""libvips' VIPS_MAX_COORD: this side is free."""
PILLOW_READS = frozenset({"HEIC", "APNG", "MPO"})
"""libvips' wheel has no HEVC decoder, and of an APNG or MPO it sees one picture."""
TELL_THEIR_CURVE = frozenset({"AVIF", "HEIC"})
ANIMATES = frozenset({"GIF", "WEBP", "APNG"})
VIPS_WRITES = {
    "PNG": ".png",
    "JPG": ".jpg",
    "WEBP": ".webp",
    "AVIF": ".avif",
    "GIF": ".gif",
    "TIFF": ".tif",
}
DEEP = frozenset({"PNG", "TIFF"})
"""Files that keep 16 bits a channel where the picture has them and its own size. Stills for a page (``thumb.png``) have 8."""
OPAQUE = frozenset({"JPG", "PPM", "PGM", "PBM", "PCX", "BMP", "XBM", "PDF", "EPS"})
"""Without an alpha channel: laid on ``bg`` (white)."""


BOXES: Mapping[str, Mapping[str, str]] = {
    "thumb": {"width": "256", "height": "256"},
    "preview": {"width": "1280", "height": "1280"},
    "icon": {"width": "64", "height": "64", "fit": "pad"},
}
"""By the first word of a target such as ``preview.jpg``: the box that a still picture is made for where no size is asked for."""


def kind_of(target: str) -> str:
    """The Format that ``thumb.png``, ``preview.jpg`` or ``PNG`` is written as."""
    return target.rpartition(".")[2].upper()


def boxed(target: str, arguments: Mapping[str, str]) -> dict[str, str]:
    """The arguments, with the target's own box where they hold no size."""
    box = BOXES.get(target.partition(".")[0], {})
    if {"width", "height"} & set(arguments):
        box = {name: value for name, value in box.items() if name == "fit"}
    return {**box, **arguments}


def thumb(call: Call) -> None:
    """A still picture within (or exactly) the box; always the first page or frame unless ``page`` says otherwise."""
    _make(call, kind_of(call.target), boxed(call.target, call.arguments), still=True)


def convert(call: Call) -> None:
    """Another raster format, at its own size or made to fit. Animations stay animations where the output can be one."""
    _make(call, call.target, call.arguments, still=call.target not in ANIMATES)


def _make(call: Call, kind: str, arguments: Mapping[str, str], *, still: bool) -> None:
    import pyvips

    try:
        image = _animation(pyvips, call, arguments) if not still and "page" not in arguments else None
        if image is None:
            image = whole(pyvips, call, arguments)
        finish(call, image, kind, arguments)
    except pyvips.Error as error:
        raise complaint(str(error)) from error


def finish(call: Call, image: Any, kind: str, arguments: Mapping[str, str]) -> None:
    """Write a libvips image that already fits, and tell how far it is: here a lazy one is decoded. Raises pyvips.Error."""
    import pyvips

    if kind in OPAQUE and image.hasalpha():
        image = image.flatten(background=background(arguments) or [255, 255, 255])
    watched = image.copy()  # held until it is saved: pyvips frees a handler with the object that it was connected to
    watched.set_progress(True)

    def tell(_image: Any, progress: Any) -> None:
        call.report(progress.percent / 100)

    watched.signal_connect("eval", tell)
    _save(pyvips, call, watched, kind, arguments)


def complaint(words: str) -> OmnicError:
    if "write error" in words:  # the PNG writer says "unable to write" of a picture that could not be read, too
        return ConverterFailed("The picture could not be written.")
    return Corrupt("The picture is broken or cut short: it cannot be decoded.")


# --- reading ----------------------------------------------------------------------------------------------------------------

NUMBERS = frozenset({"short", "int", "uint", "float", "double"})
"""Of one band: heights or measurements, not light. libvips would cut them off at 0 and 255."""


def loader(pyvips: Any, call: Call) -> Any | None:
    """A lazily opened image where libvips is the right reader, else None."""
    if call.source in PILLOW_READS:
        return None
    os.lseek(call.input, 0, os.SEEK_SET)
    source = pyvips.Source.new_from_descriptor(call.input)
    if not pyvips.vips_lib.vips_foreign_find_load_source(source.pointer):
        return None
    image = pyvips.Image.new_from_source(source, "", access="sequential")
    if image.bands == 1 and image.format in NUMBERS:
        return None
    compression = image.get("heif-compression") if image.get_typeof("heif-compression") else "av1"
    return None if compression == "hevc" else image


def whole(pyvips: Any, call: Call, arguments: Mapping[str, str]) -> Any:
    """One page or frame, upright, in sRGB or grey, made to fit where a size is asked for."""
    page = int(arguments.get("page", "1")) - 1
    header = loader(pyvips, call)
    bright = nclx.curve(call.input) if call.source in TELL_THEIR_CURVE and find_spec("numpy") else ""
    if header is None:
        return fit(_usual(pixels.as_vips(pyvips, call.input, page), bright, arguments), arguments, deep=stays_deep(call))
    count = header.get_n_pages()
    if page >= count:
        raise pixels.no_such_page(count)
    pixels.check_size(header.width, header.get_page_height() if count == 1 else header.height)
    os.lseek(call.input, 0, os.SEEK_SET)
    options = f"[page={page}]" if page else ""
    if bright:
        source = pyvips.Source.new_from_descriptor(call.input)
        return fit(_usual(pyvips.Image.new_from_source(source, options, fail_on="error"), bright, arguments), arguments)
    if not {"width", "height"} & set(arguments):
        source = pyvips.Source.new_from_descriptor(call.input)
        image = pyvips.Image.new_from_source(source, options, access="sequential", fail_on="error")
        if image.get_typeof("orientation") and image.get("orientation") > 1:
            image = image.copy_memory().autorot()  # a quarter turn reads rows out of order
        return to_srgb(image, deep=stays_deep(call))
    return fit(header, arguments, source=pyvips.Source.new_from_descriptor(call.input), options=options)


def _usual(image: Any, curve: str, arguments: Mapping[str, str]) -> Any:
    """A picture of high dynamic range as sRGB; of another one, or of one with a profile, nothing is changed."""
    import pyvips

    if not curve or image.get_typeof("icc-profile-data"):
        return image
    box = [int(arguments[name]) for name in ("width", "height") if name in arguments]
    if box and (factor := min(image.width, image.height) // (2 * max(box))) > 1:
        image = image.shrink(factor, factor)  # what is thrown away afterwards need not be computed
    shades = dynamic_range.toned_picture(image.numpy(), curve)
    made: Any = pyvips.Image.new_from_memory(shades, image.width, image.height, image.bands, "uchar")
    return made.copy(interpretation="b-w" if image.bands < 3 else "srgb")


def stays_deep(call: Call) -> bool:
    """Whether 16 bits a channel are kept."""
    return call.target in DEEP and not {"width", "height"} & set(call.arguments)


def to_srgb(image: Any, *, deep: bool = False) -> Any:
    """8 bits a band (``deep``: 16 where it has them), sRGB or grey, with the profile's colours; without one it is taken at its word."""
    sixteen = image.format == "ushort" and image.interpretation in {"rgb16", "grey16"}
    if deep and sixteen:
        if image.get_typeof("icc-profile-data"):
            image = image.icc_transform("srgb", embedded=True, depth=16, intent="perceptual", black_point_compensation=True)
        return image
    if image.get_typeof("icc-profile-data"):
        image = image.icc_transform("srgb", embedded=True, intent="perceptual", black_point_compensation=True)
    elif image.interpretation == "cmyk":
        image = image.icc_transform("srgb", input_profile="cmyk", intent="perceptual")
    if image.format != "uchar" or image.interpretation not in {"srgb", "b-w"}:
        image = image.colourspace("b-w" if image.bands < 3 else "srgb")
    if image.format != "uchar":
        image = (image >> 8).cast("uchar") if sixteen and image.format == "ushort" else image.cast("uchar")
    return image


def _animation(pyvips: Any, call: Call, arguments: Mapping[str, str]) -> Any | None:
    """All frames as libvips has them, one below the other; None where there is one only."""
    header = loader(pyvips, call)
    if header is None:
        frames = pixels.frames(pyvips, call.input, MOST_FRAMES, MOST_MOVING) if call.source == "APNG" else None
        return None if frames is None else _fit_frames(pyvips, frames, arguments)
    count = header.get_n_pages()
    if count < 2 or not header.get_typeof("delay"):
        return None
    pixels.check_size(header.width, header.height)
    count = max(1, min(count, MOST_FRAMES, MOST_MOVING // max(1, header.width * header.height)))
    os.lseek(call.input, 0, os.SEEK_SET)
    source = pyvips.Source.new_from_descriptor(call.input)
    image = pyvips.Image.new_from_source(source, f"[n={count}]", access="sequential", fail_on="error")
    return _fit_frames(pyvips, to_srgb(image), arguments)


def _fit_frames(pyvips: Any, image: Any, arguments: Mapping[str, str]) -> Any:
    if not {"width", "height"} & set(arguments):
        return image
    page_height = image.get("page-height")
    image = image.copy_memory()
    frames = [fit(image.crop(0, top, image.width, page_height).copy(), arguments) for top in range(0, image.height, page_height)]
    joined = pyvips.Image.arrayjoin(frames, across=1).copy()
    joined.set_type(pyvips.GValue.gint_type, "page-height", frames[0].height)
    for name in ("delay", "loop"):
        if image.get_typeof(name):
            joined.set_type(image.get_typeof(name), name, image.get(name))
    return joined


# --- fitting ----------------------------------------------------------------------------------------------------------------


def background(arguments: Mapping[str, str]) -> list[int] | None:
    """``bg`` as [red, green, blue] or [red, green, blue, alpha], 0 to 255."""
    text = arguments.get("bg")
    return [int(text[at : at + 2], 16) for at in range(0, len(text), 2)] if text else None


def fit(image: Any, arguments: Mapping[str, str], *, source: Any = None, options: str = "", deep: bool = False) -> Any:
    """Made to fit; from ``source`` where there is one, of which ``image`` is the header: a large JPEG is then shrunk as it loads.

    ``fit`` (the default) stays within the box and never enlarges; ``crop`` and ``smart`` fill it exactly, about ``focus`` or
    what draws the eye; ``pad`` fills it with ``bg`` around a picture that is not enlarged.
    """
    if source is None and not {"width", "height"} & set(arguments):
        return to_srgb(image, deep=deep)
    width, height = int(arguments.get("width", "0")), int(arguments.get("height", "0"))
    way = arguments.get("fit", "fit" if "focus" not in arguments else "crop")
    if not (width and height) and way != "fit":
        width = height = width or height
    if way == "smart":
        made = _thumbnail(image, source, options, width, height, size="both", crop="attention")
    elif way == "crop" and "focus" not in arguments:
        made = _thumbnail(image, source, options, width, height, size="both", crop="centre")
    elif way == "crop":
        made = _about(image, source, options, width, height, arguments["focus"])
    else:
        made = _thumbnail(image, source, options, width or LARGEST, height or LARGEST, size="down")
    colour = background(arguments)
    if way == "pad":
        made = _padded(made, width, height, colour)
    elif colour and made.hasalpha():
        made = made.flatten(background=colour[:3])
    return made


def _thumbnail(image: Any, source: Any, options: str, width: int, height: int, **how: Any) -> Any:
    import pyvips

    how = {"height": height, **how}
    if image.get_typeof("icc-profile-data") or image.interpretation == "cmyk":
        # only then: libvips would take every other picture through a transform from sRGB to sRGB, at twice the time
        how |= {"output_profile": "srgb", "intent": "perceptual"}
    if source is not None:
        # libvips 8.17 forgets thumbnail's own fail_on for sources and buffers, and shows a picture cut short as if it were whole
        strict = ",".join(filter(None, (options.strip("[]"), "fail_on=error")))
        made = pyvips.Image.thumbnail_source(source, width, option_string=strict, **how)
    else:
        made = image.thumbnail_image(width, **how)
    return made if made.format == "uchar" and made.interpretation in {"srgb", "b-w"} else to_srgb(made)


def _about(image: Any, source: Any, options: str, width: int, height: int, focus: str) -> Any:
    """Cover the box, then keep the part around the point (fractions of width and height)."""
    wide, high = image.width, image.height
    if image.get_typeof("orientation") and image.get("orientation") >= 5:
        wide, high = high, wide
    scale = max(width / wide, height / high)
    cover = (max(width, round(wide * scale)), max(height, round(high * scale)))
    made = _thumbnail(image, source, options, cover[0], cover[1], size="force").copy_memory()
    x, y = (float(part) for part in focus.split("x"))
    left = min(max(0, round(x * made.width - width / 2)), made.width - width)
    top = min(max(0, round(y * made.height - height / 2)), made.height - height)
    return made.crop(left, top, width, height)


def _padded(image: Any, width: int, height: int, colour: list[int] | None) -> Any:
    if image.bands < 3:
        image = image.colourspace("srgb")
    if not image.hasalpha():
        image = image.bandjoin(255)
    if colour:
        image = image.flatten(background=colour[:3]).bandjoin(255)
    edge = [*(colour or [255, 255, 255])[:3], 255 if colour else 0]
    return image.gravity("centre", width, height, extend="background", background=edge)


# --- writing ----------------------------------------------------------------------------------------------------------------


def _save(pyvips: Any, call: Call, image: Any, kind: str, arguments: Mapping[str, str]) -> None:
    suffix = VIPS_WRITES.get(kind)
    quality = int(arguments.get("quality", "0"))
    if suffix is None:
        write(call.output, pixels.encoded(image, kind, quality))
        return
    options: dict[str, dict[str, Any]] = {
        "PNG": {"compression": 6},
        "JPG": {
            "Q": quality or 82,
            "optimize_coding": True,
            # progressive pays only where a reader sees it arrive
            "interlace": image.width * image.height > 600 * 600,
        },
        "WEBP": {"Q": quality or 80, "effort": 4},
        "AVIF": {"Q": quality or 60, "effort": 3},
        "GIF": {"effort": 5},
        "TIFF": {"compression": "deflate", "predictor": "horizontal"},
    }
    target = pyvips.Target.new_to_descriptor(call.output)
    image.write_to_target(target, suffix, keep="icc", **options[kind])


def picture(call: Call, image: Any, kind: str, *, width: int = 0, height: int = 0) -> None:
    """For other fields: write a PIL image to the call's output as ``kind``, made to fit the box where one is given."""
    import pyvips

    mode = "RGBA" if "A" in image.getbands() else "RGB"
    image = image if image.mode == mode else image.convert(mode)
    made: Any = pyvips.Image.new_from_memory(image.tobytes(), image.width, image.height, len(mode), "uchar")
    made = made.copy(interpretation="srgb")
    asked = boxed(call.target, call.arguments)
    if width or height:
        asked |= {name: str(side) for name, side in (("width", width), ("height", height)) if side}
    if {"width", "height"} & set(asked):
        made = fit(made, asked)
    if kind in OPAQUE and made.hasalpha():
        made = made.flatten(background=background(asked) or [255, 255, 255])
    _save(pyvips, call, made, kind, asked)
