"""A page in Chromium: 200 finished thumbnails, and an event's way from the socket to the pixels."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, p95

VIEWERS = Path(__file__).parents[1] / "viewers"


def figures() -> Iterator[Figure]:
    done = subprocess.run(["node", "test/figures.mjs"], cwd=VIEWERS, capture_output=True, text=True, check=True, timeout=300)
    told = json.loads(done.stdout)
    blocked, waits = told["blocked"], told["waits"]
    longest = f"{len(blocked)} long tasks, {told['statusCalls']} status call"
    yield Figure("200 ready thumbnails: main thread blocked", sum(blocked), 100, "ms", "less", longest)
    yield Figure("an event from the socket to the pixels, p95", p95(waits), 32, "ms", "less", f"{len(waits)} events")
