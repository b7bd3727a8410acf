"""Pictures by libvips: shrink on load, one pass, little memory (libvips.org, ``vips_thumbnail_source``)."""

from __future__ import annotations

import os
import time
from typing import Any

from omnic_stream.converters.warm.box import MOST_FRAMES, Wish, check_pixels, covering, cut, wish
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed, Corrupt

os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")
os.environ.setdefault("VIPS_CONCURRENCY", "1")  # one picture keeps one core busy; the slots fill the others
import pyvips  # noqa: E402

pyvips.cache_set_max(0)

SUFFIX = {"JPG": ".jpg", "PNG": ".png", "WEBP": ".webp", "AVIF": ".avif", "GIF": ".gif", "TIFF": ".tif"}
MOVING = frozenset({"GIF", "WEBP"})
TRANSPARENT = frozenset({"PNG", "WEBP", "AVIF", "GIF", "TIFF"})


def convert(call: Call) -> dict[str, int]:
    asked = wish(call.arguments, call.target)
    base = call.target.rpartition(".")[2].upper()
    try:
        header = pyvips.Image.new_from_source(_source(call), "")
        frames = header.get("n-pages") if "n-pages" in header.get_fields() else 1
        height = header.get("page-height") if "page-height" in header.get_fields() else header.height
        check_pixels(header.width, height)
        if asked.page >= frames:
            raise ConverterFailed(f"There is no page {asked.page + 1}: the picture has {frames}.")
        moving = base in MOVING and call.source in MOVING and frames > 1 and asked.fit == "fit"
        if moving:
            check_pixels(header.width, height * min(frames, MOST_FRAMES))
        image = _sized(call, asked, (header.width, height), min(frames, MOST_FRAMES) if moving else None)
        image = _finished(image, asked, base)
        _report(image, call)
        _write(image, call.output, base, asked)
    except pyvips.Error as error:
        raise Corrupt(_reason(error)) from error
    return {"width": image.width, "height": image.height}


def _source(call: Call) -> Any:
    os.lseek(call.input, 0, os.SEEK_SET)
    return pyvips.Source.new_from_descriptor(call.input)


def _sized(call: Call, asked: Wish, size: tuple[int, int], frames: int | None) -> Any:
    """Loaded at the size that is wanted; colours in sRGB, upright."""
    options = f"[n={frames}]" if frames else f"[page={asked.page}]" if call.source in {"GIF", "WEBP", "TIFF", "AVIF"} else ""
    colour = {"output_profile": "srgb", "fail_on": "error"}
    if asked.width is None or asked.height is None:
        # a box no picture exceeds: thumbnail is used for its upright, colour-managed loading alone
        return pyvips.Image.thumbnail_source(
            _source(call), 10_000_000, height=10_000_000, size="down", option_string=options, **colour
        )
    if asked.fit in {"fit", "pad"}:
        return pyvips.Image.thumbnail_source(
            _source(call), asked.width, height=asked.height, size="down", option_string=options, **colour
        )
    if asked.fit == "smart" and asked.focus is None:
        return pyvips.Image.thumbnail_source(
            _source(call), asked.width, height=asked.height, crop="attention", option_string=options, **colour
        )
    if asked.focus is None:
        return pyvips.Image.thumbnail_source(
            _source(call), asked.width, height=asked.height, crop="centre", option_string=options, **colour
        )
    box = (asked.width, asked.height)
    whole = pyvips.Image.thumbnail_source(
        _source(call), *_across(covering(*size, box)), size="both", option_string=options, **colour
    )
    if whole.width < box[0] or whole.height < box[1]:  # the picture lies on its side: its upright shape covers otherwise
        whole = pyvips.Image.thumbnail_source(
            _source(call), *_across(covering(size[1], size[0], box)), size="both", option_string=options, **colour
        )
    left, top = cut(whole.width, whole.height, box, asked.focus)
    return whole.copy_memory().crop(left, top, *box)


def _across(size: tuple[int, int]) -> tuple[int]:
    return (max(size),)


def _finished(image: Any, asked: Wish, base: str) -> Any:
    """Eight bits, flattened where the format knows no transparency, padded where asked."""
    if image.interpretation in {"grey16", "rgb16", "scrgb", "cmyk", "lab"}:
        image = image.colourspace("b-w" if image.interpretation == "grey16" else "srgb")
    if image.format != "uchar":
        image = image.cast("uchar")
    if image.hasalpha() and (base not in TRANSPARENT or asked.fit == "pad"):
        image = image.flatten(background=list(asked.bg))
    if asked.fit == "pad" and asked.width and asked.height:
        if image.bands < 3:
            image = image.colourspace("srgb")
        left, top = (asked.width - image.width) // 2, (asked.height - image.height) // 2
        image = image.embed(left, top, asked.width, asked.height, background=list(asked.bg))
    return image


def _write(image: Any, output: int, base: str, asked: Wish) -> None:
    options: dict[str, dict[str, Any]] = {
        "JPG": {"Q": asked.quality, "optimize_coding": True, "interlace": False},
        "PNG": {"compression": 6},
        "WEBP": {"Q": asked.quality, "effort": 2},
        "AVIF": {"Q": asked.quality, "effort": 2},
        "GIF": {"effort": 3},
        "TIFF": {"compression": "lzw"},
    }
    image.write_to_target(pyvips.Target.new_to_descriptor(output), SUFFIX[base], keep="icc", **options[base])


def _report(image: Any, call: Call) -> None:
    last = time.monotonic()

    def tell(_: Any, progress: Any) -> None:
        nonlocal last
        if (now := time.monotonic()) - last > 0.05:
            last = now
            call.report(progress.percent / 100)

    image.set_progress(True)
    image.signal_connect("eval", tell)


def _reason(error: Exception) -> str:
    """libvips names the loader and the fault; file names do not occur, for it was given a descriptor."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[-1] if lines else "unreadable"
    return f"The picture cannot be read to its end: {reason[:120]}."
