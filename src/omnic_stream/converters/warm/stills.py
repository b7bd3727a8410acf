"""Stills of video inside a warm worker: one that tells what it is about, that of a moment, a contact sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from omnic_stream.converters.warm import audio, colours, image, media
from omnic_stream.converters.warm.dynamic_range import curve, toned
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed

NO_PICTURE: Final = "There is no picture in this file, only sound."
NOTHING: Final = "The file is broken or cut short: no picture in it can be decoded."

# --- stills -----------------------------------------------------------------------------------------------------------------

LARGEST: Final = 2560
"""Pixels of a still's longer side before it is made to fit."""
CANDIDATES: Final = 6
"""Keyframes among which the most typical is chosen: decoding them alone is quick at any size."""
DEEPER: Final = (0.3, 0.6, 0.85)
"""Where in the video one looks next, as a share of its length, when what came first is blank."""


WIDE, HIGH = "(iw*max(1,sar))", "(ih*max(1,1/sar))"
"""A frame's sides with square pixels, as expressions of the filter ``scale``: the shorter one of a pixel is stretched, so that none is lost."""


def square(longest: int, more: str = "") -> str:
    """A scale filter: square pixels, no side longer than ``longest``, never enlarged; ``more`` are further options of it."""
    return scaled(f"min(1,{longest}/max({WIDE},{HIGH}))", more=more)


def scaled(share: str, least: int = 1, more: str = "") -> str:
    return f"scale=w='max({least},{WIDE}*{share})':h='max({least},{HIGH}*{share})'{more},setsar=1"


def thumb(call: Call, program: media.Program = media.debian) -> None:
    """A still that fits the box; of a file that holds sound alone, what ``audio.thumb`` shows."""
    try:
        found = still(call, program)
    except media.NoStream:
        audio.thumb(call, program)
        return
    image.picture(call, found, image.kind_of(call.target))


def frame(call: Call, program: media.Program = media.debian) -> None:
    """One frame as PNG or JPG, at its own size where none is asked for: that at ``t`` seconds, number ``page``, or a telling one."""
    width, height = int(call.arguments.get("width", "0")), int(call.arguments.get("height", "0"))
    image.picture(call, still(call, program), image.kind_of(call.target), width=width, height=height)


def still(call: Call, program: media.Program) -> Any:
    """A PIL picture. Raises media.NoStream, ConverterFailed."""
    if "t" in call.arguments:
        found, held = frames(call, program, from_(call))
        if not found:
            found, held = frames(call, program, (), f"select=gte(t\\,{call.arguments['t']}),")
        if not found:
            seconds = held.seconds or media.look(call, program).seconds
            raise ConverterFailed(f"There is no picture at that time: the video lasts {seconds:g} s.")
        return colours.picture(found[0], held)
    if "page" in call.arguments:
        number = int(call.arguments["page"])
        found, held = frames(call, program, (), f"select=eq(n\\,{number - 1}),")
        if not found:
            raise ConverterFailed(f"There is no frame {number}: the video has fewer.")
        return colours.picture(found[0], held)
    found, held = frames(call, program, ("-skip_frame", "nokey", "-t", "240"), count=CANDIDATES)
    best = colours.typical(found)
    seconds = held.seconds if found else media.look(call, program).seconds
    for number, share in enumerate((*DEEPER, 0.0) if seconds else (0.0,)):
        if best is not None and not best.blank:
            break
        call.report(0.3 + 0.15 * number)
        sought = ("-ss", f"{seconds * share:.3f}") if share else ()
        deeper, told = frames(call, program, (*sought, "-t", "10"), "fps=1,", count=CANDIDATES)
        best, held = (colours.typical(deeper), told) if deeper else (best, held)
    if best is None:
        raise ConverterFailed(NOTHING)
    return colours.picture(best, held)


def from_(call: Call) -> tuple[str, ...]:
    """The words that seek to ``t``; none for the start, which some containers cannot be sought to."""
    at = call.arguments.get("t", "0")
    return ("-ss", at) if float(at) else ()


def frames(
    call: Call, program: media.Program, options: Sequence[str], chosen: str = "", *, count: int = 1, made_usual: str = ""
) -> tuple[list[colours.Frame], media.Media]:
    """The first ``count`` frames that there are, and what the file holds; none where they cannot be decoded so."""
    words = (
        "-map",
        "0:V:0",
        "-vf",
        f"{chosen}{square(LARGEST)}{made_usual},format=yuv420p|yuv444p",
        "-frames:v",
        str(count),
        "-an",
        "-sn",
    )
    banner: list[str] = []
    try:
        out = (*media.reading(call, *options), *words, "-f", "yuv4mpegpipe", "pipe:1")
        made = media.encode(call, out, program=program, banner=banner)
    except media.NoStream as error:
        raise media.NoStream(NO_PICTURE) from error
    except ConverterFailed:
        # not every decoder can leave out frames, not every container can be sought: what needs neither is tried next
        made = b""
    held = media.read_banner(banner)
    if made and not made_usual and curve(held.video):
        # known only now: to look first would cost every other video the start of another ffmpeg
        with toned(held.video) as filters:
            return frames(call, program, options, chosen, count=count, made_usual=filters)
    return colours.read(made), held


def picture_of(held: media.Media) -> media.Stream:
    """Raises media.NoStream."""
    if held.video is None:
        raise media.NoStream(NO_PICTURE)
    return held.video


# --- contact sheet ----------------------------------------------------------------------------------------------------------

TILES: Final = 16
COLUMNS: Final = 4
TILE: Final = 320
"""Pixels of a tile's longer side."""
GAP: Final = 6
GROUND: Final = (24, 28, 32)
ONE_PASS: Final = 1500
"""Videos of at most so many frames are decoded once; in longer ones each tile is sought."""


def sheet(call: Call, program: media.Program = media.debian) -> None:
    """Sixteen frames, evenly spread, each with its time."""
    held = media.look(call, program)
    found = picture_of(held)
    wide, high = found.shown
    scale = TILE / max(wide, high)
    size = (max(2, round(wide * scale)), max(2, round(high * scale)))
    times = [(number + 0.5) / TILES * held.seconds for number in range(TILES)]
    with toned(found, rgb=True) as filters:
        fit = f"scale={size[0]}:{size[1]}{colours.scale_words(found)},setsar=1{filters},format=rgb24"
        tiles = _tiles(call, program, held, found, times, size, fit)
    if not tiles:
        raise ConverterFailed(NOTHING)
    image.picture(call, _laid(tiles, size), "JPG")


def _tiles(
    call: Call,
    program: media.Program,
    held: media.Media,
    found: media.Stream,
    times: Sequence[float],
    size: tuple[int, int],
    fit: str,
) -> list[tuple[float, bytes]]:
    """Times and pixels (RGB) of the frames that could be decoded."""
    length = size[0] * size[1] * 3
    out = ("-map", f"0:{found.index}", "-an", "-sn", "-f", "rawvideo")
    if held.seconds * (found.frames_a_second or 30) <= ONE_PASS:
        rate = f"fps={TILES}/{held.seconds:.3f}:round=zero," if held.seconds else ""
        words = (*media.reading(call), *out, "-vf", rate + fit, "-frames:v", str(TILES), "pipe:1")
        made = media.encode(call, words, program=program, seconds=held.seconds)
        return [(times[at // length], made[at : at + length]) for at in range(0, len(made) - length + 1, length)]
    tiles: list[tuple[float, bytes]] = []
    for number, time in enumerate(times):
        options = ("-noaccurate_seek", "-ss", f"{time:.3f}")
        words = (*media.reading(call, *options), *out, "-vf", fit, "-frames:v", "1", "pipe:1")
        made = media.encode(call, words, program=program, part=(number / TILES, 1 / TILES))
        if len(made) == length:
            tiles.append((time, made))
        call.report((number + 1) / TILES)
    return tiles


def _laid(tiles: Sequence[tuple[float, bytes]], size: tuple[int, int]) -> Any:
    from PIL import Image, ImageDraw

    columns = min(COLUMNS, len(tiles))
    rows = math.ceil(len(tiles) / columns)
    whole = Image.new("RGB", (columns * (size[0] + GAP) + GAP, rows * (size[1] + GAP) + GAP), GROUND)
    draw, font = ImageDraw.Draw(whole), _font(14)
    for number, (time, pixels) in enumerate(tiles):
        left, top = GAP + number % columns * (size[0] + GAP), GAP + number // columns * (size[1] + GAP)
        whole.paste(Image.frombytes("RGB", size, pixels), (left, top))
        words = clock(time, tenths=tiles[-1][0] < TILES)
        box = draw.textbbox((left + 6, top + size[1] - 22), words, font=font)
        draw.rectangle((box[0] - 4, box[1] - 3, box[2] + 4, box[3] + 3), fill=(0, 0, 0))
        draw.text((left + 6, top + size[1] - 22), words, fill=(255, 255, 255), font=font)
    return whole


def _font(size: int) -> Any:
    from PIL import ImageFont

    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)


def clock(seconds: float, *, tenths: bool = False) -> str:
    hours, rest = divmod(int(seconds), 3600)
    if tenths:
        return f"{int(seconds) // 60}:{seconds % 60:04.1f}"
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


WHEEL = media.by_wheel(thumb, frame, sheet)
