"""What the Runner adds to the tools: the same documents, pictures, videos and specimens with it and without it, in one run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import trio
from PIL import Image, ImageFilter

from bench.caged import all_of, argvs_of, convert, handed, median, run_plainly, seconds
from bench.figures import Figure
from bench.office import LETTER
from bench.overheads import overheads
from bench.pictures import plainly
from bench.unoserver import unoserver
from omnic_stream.converters.warm import stills
from omnic_stream.model.contracts import Converter
from omnic_stream.plugins import Plugins, collect
from omnic_stream.runner import CagedRunner, open_runner

ZOO = Path(__file__).parent.parent / "tests" / "zoo" / "image"
SLOTS = 2
LETTERS, ROUNDS = 24, 3
PICTURES = 100
KINDS = {"png": "PNG", "jpg": "JPG", "webp": "WEBP", "gif": "GIF", "tif": "TIFF", "avif": "AVIF"}
POSTERS = 7


def figures() -> Iterator[Figure]:
    """Each as soon as it is there: Trio runs beside, in a thread of its own."""
    told: SimpleQueue[Figure | BaseException | None] = SimpleQueue()

    def run() -> None:
        try:
            trio.run(_all, told.put)
            told.put(None)
        except BaseException as error:  # raised again where the figures are asked for
            told.put(error)

    # forked tools are to die with the thread that forked them: it must outlive them all, and it does
    Thread(target=run).start()
    while (figure := told.get()) is not None:
        if isinstance(figure, BaseException):
            raise figure
        yield figure


async def _all(tell: Callable[[Figure], None]) -> None:
    plugins = collect()
    parts = (letters, thumbs, poster, overheads)
    async with open_runner(slots=SLOTS, workers=plugins.workers) as runner:
        for part in parts:
            async for figure in part(runner, plugins):
                tell(figure)


def named(plugins: Plugins, id: str) -> Converter:
    return next(converter for converter in plugins.converters if converter.id == id)


# --- documents --------------------------------------------------------------------------------------------------------------


async def letters(runner: CagedRunner, plugins: Plugins) -> AsyncIterator[Figure]:
    """Warm on both sides, turn by turn, so that a busy machine is busy for all."""
    one = partial(convert, runner, named(plugins, "office.writer"), LETTER, "DOCX", "PDF", {}, "pdf")
    async with _in_thread(unoserver()) as theirs:
        await all_of([one] * SLOTS * 3, SLOTS)
        await trio.to_thread.run_sync(theirs, LETTER)
        rates: dict[str, list[float]] = {"one": [], "two": [], "unoserver": []}
        for _ in range(ROUNDS):
            rates["one"].append(LETTERS / await all_of([one] * LETTERS, 1) * 60)
            rates["two"].append(LETTERS / await all_of([one] * LETTERS, 2) * 60)
            bare = await trio.to_thread.run_sync(seconds, lambda: [theirs(LETTER) for _ in range(LETTERS)])
            rates["unoserver"].append(LETTERS / bare * 60)
    middle = {name: median(values) for name, values in rates.items()}
    told = f"{middle['one']:.0f} documents a minute against {middle['unoserver']:.0f} by unoserver"
    yield Figure("warm DOCX to PDF", middle["one"] / middle["unoserver"], 1.2, "x", "more", told)
    told = f"{middle['two']:.0f} documents a minute by two LibreOffices against {middle['one']:.0f} by one"
    yield Figure("two slots, DOCX to PDF", middle["two"] / middle["one"], 1.8, "x", "more", told)


@asynccontextmanager
async def _in_thread(manager: Any) -> AsyncIterator[Any]:
    value = await trio.to_thread.run_sync(manager.__enter__)
    try:
        yield value
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(manager.__exit__, None, None, None)


# --- pictures ---------------------------------------------------------------------------------------------------------------


async def thumbs(runner: CagedRunner, plugins: Plugins) -> AsyncIterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="omnic-bench-") as text:
        paths = await trio.to_thread.run_sync(pictures, Path(text))
        single, paged = named(plugins, "image.thumb"), named(plugins, "image.paged-thumb")
        works = [
            partial(convert, runner, single if kind in single.inputs else paged, path, kind, "thumb.jpg", SIDES, "jpg")
            for path in paths
            for kind in [KINDS[path.suffix[1:]]]
        ]
        await all_of(works[: SLOTS * 4], SLOTS)
        ours, bare = [], []
        for _ in range(ROUNDS):
            ours.append(await all_of(works, SLOTS))
            bare.append(await trio.to_thread.run_sync(plainly, [str(path) for path in paths]))
    rates = [len(paths) / median(times) for times in (ours, bare)]
    told = f"{len(paths)} mixed pictures: {rates[0]:.0f}/s against {rates[1]:.0f}/s by pyvips in {SLOTS} processes"
    yield Figure("thumbs", rates[0] / rates[1], 0.6, "x", "more", told)


SIDES = {"width": "512", "height": "512"}


def pictures(folder: Path) -> list[Path]:
    """Those of the zoo that libvips reads by itself, and drawn ones of every kind to make up the number."""
    import pyvips

    found: list[Path] = []
    for path in sorted(ZOO.iterdir()):
        if path.suffix[1:] in KINDS:
            try:
                pyvips.Image.thumbnail(str(path), 512, height=512).jpegsave_buffer()
            except pyvips.Error:
                continue
            found.append(path)
    base = Image.effect_noise((300, 200), 80).convert("RGB").filter(ImageFilter.GaussianBlur(1))
    for number in range(PICTURES - len(found)):
        suffix = tuple(KINDS)[number % len(KINDS)]
        path = folder / f"{number}.{suffix}"
        large = base.resize((900 + 13 * number, 600 + 9 * number))
        large.putpixel((number, 0), (255, 0, 0))
        large.save(path, **({"speed": 10} if suffix == "avif" else {}))
        found.append(path)
    return found[:PICTURES]


# --- video ------------------------------------------------------------------------------------------------------------------


async def poster(runner: CagedRunner, plugins: Plugins) -> AsyncIterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="omnic-bench-") as text:
        clip = Path(text, "clip.mp4")
        await trio.to_thread.run_sync(draw_clip, clip)
        one = partial(convert, runner, named(plugins, "video.frame"), clip, "MP4", "poster.jpg", {}, "jpg")
        with handed(clip, "MP4", "poster.jpg") as call:
            argvs = await trio.to_thread.run_sync(argvs_of, stills.frame, call)
            await one()
            ours, bare = [], []
            for _ in range(POSTERS):
                ours.append(await one())
                bare.append(await trio.to_thread.run_sync(seconds, lambda: [run_plainly(argv, call) for argv in argvs]))
    least = median(bare) * 1e3
    told = f"against {least:.0f} ms by {len(argvs)} bare ffmpeg; the limit is 1.15 of it and 30 ms"
    yield Figure("poster", median(ours) * 1e3, round(1.15 * least + 30, 1), "ms", "less", told)


def draw_clip(path: Path) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        sys.exit("bench: ffmpeg is not installed")
    made = ("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=25:d=20", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50")
    subprocess.run([ffmpeg, "-v", "error", *made, "-pix_fmt", "yuv420p", str(path)], check=True)
