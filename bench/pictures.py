"""512 px JPEGs of new 2-megapixel PNGs through the service, against the same pyvips call in plain loops in two processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from PIL import Image, ImageFilter

from bench.figures import Figure
from bench.running import service

PICTURES = 60
PROCESSES = 2
SIZE = (1632, 1224)
TARGET = "thumb.jpg:512x512"
LOOP = """
import os, sys
os.environ["VIPS_CONCURRENCY"] = "1"  # one thread in each: more of them only get in each other's way
import pyvips
print(flush=True)
sys.stdin.readline()
for name in sys.argv[1:]:
    pyvips.Image.thumbnail(name, 512, height=512).jpegsave_buffer(Q=82)
"""


def figures() -> Iterator[Figure]:
    with service() as running:
        names = [f"{number}.png" for number in range(PICTURES + 2)]
        draw(running.folder, names)
        *cold, first, second = names
        for name in (first, second):  # the workers stand ready, as they do in a service that has been running
            running.made(TARGET, f"file://bench/{name}")
        bare = plainly([str(running.folder / name) for name in cold])
        with ThreadPoolExecutor(8) as clients:
            begun = time.perf_counter()
            list(clients.map(partial(running.made, TARGET), [f"file://bench/{name}" for name in cold]))
            ours = time.perf_counter() - begun
    told = f"{PICTURES / ours:.1f}/s against {PICTURES / bare:.1f}/s by pyvips in {PROCESSES} processes"
    yield Figure("cold picture", bare / ours, 0.6, "x", "more", told)


def draw(folder: Path, names: list[str]) -> None:
    """Pictures of 2 megapixels that compress as photographs do, each different from all others."""
    small = Image.effect_noise((SIZE[0] // 8, SIZE[1] // 8), 80).convert("RGB")
    grain = Image.effect_noise(SIZE, 6).convert("RGB")
    photograph = Image.blend(small.resize(SIZE).filter(ImageFilter.GaussianBlur(2)), grain, 0.2)
    for number, name in enumerate(names):
        photograph.putpixel((number, 0), (255, 0, 0))
        photograph.save(folder / name, compress_level=1)


def plainly(paths: list[str]) -> float:
    """Seconds, counted from when all processes have loaded their library."""
    loops = [
        subprocess.Popen([sys.executable, "-c", LOOP, *paths[start::PROCESSES]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for start in range(PROCESSES)
    ]
    for loop in loops:
        if loop.stdout is not None:
            loop.stdout.readline()
    begun = time.perf_counter()
    for loop in loops:
        loop.communicate(b"\n")
    if any(loop.returncode for loop in loops):
        raise RuntimeError("The plain loop failed.")
    return time.perf_counter() - begun
