"""Memory of the service's own process when it is warm and nobody asks; its workers not counted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from bench.running import service


def figures() -> Iterator[Figure]:
    with service() as running:
        running.made("thumb.png", "file://samples/harbour.jpg")
        time.sleep(2)
        rows = dict(line.split(":", 1) for line in Path(f"/proc/{running.pid}/smaps_rollup").read_text().splitlines()[1:])
        rss, pss = (int(rows[name].split()[0]) / 1024 for name in ("Rss", "Pss"))
        yield Figure("idle memory of the service process", rss, 120, "MiB", "less", f"PSS {pss:.0f} MiB")
