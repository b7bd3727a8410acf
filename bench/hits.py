"""A cached result of 12 KB against a bare ASGI answer of the same bytes on the same hypercorn, as middleware and with the door."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import urlopen

from bench.bare import BODY
from bench.figures import Figure
from bench.origin import origin
from bench.running import Running, service, started

ROUNDS = 3
SECONDS = 3


def figures() -> Iterator[Figure]:
    with service("--no-door") as middleware, service() as door:
        places = {"middleware": cached(middleware), "door": cached(door)}
        bare_argv = [sys.executable, "-m", "bench.bare", "answer", json.dumps(headers(places["middleware"]))]
        with started(bare_argv) as (_, port):
            yield from compared(places | {"bare": f"http://127.0.0.1:{port}/"})


def compared(places: dict[str, str]) -> Iterator[Figure]:
    rates: dict[str, list[float]] = {name: [] for name in places}
    for _ in range(ROUNDS):  # interleaved, so that a busy machine is busy for all
        for name, place in places.items():
            rates[name].append(rate(place))
    middle = {name: statistics.median(values) for name, values in rates.items()}
    told = f"{{:.0f}} answers/s of {len(BODY) // 1024} KiB against {middle['bare']:.0f} bare"
    for name, limit in {"middleware": 0.9, "door": 6.0}.items():
        ratio = middle[name] / middle["bare"]
        yield Figure(f"hit, {name}", ratio, limit, "x", "more", told.format(middle[name]))


def headers(place: str) -> list[tuple[str, str]]:
    """Those of the answer, less the date, which the server adds."""
    with urlopen(place) as answer:
        return [(name.lower(), value) for name, value in answer.headers.items() if name.lower() != "date"]


def cached(running: Running) -> str:
    """The address of a finished result as large as the bare answer: text as it is, from an origin that lets it be kept."""
    (running.folder / "hit.txt").write_text(("x" * 63 + "\n") * (len(BODY) // 64))
    with origin(running.folder) as base:
        size = len(running.made("TXT", f"{base}hit.txt"))
    if size != len(BODY):
        raise RuntimeError(f"The result has {size} bytes, not {len(BODY)}.")
    return f"http://127.0.0.1:{running.port}{running.path('TXT', f'{base}hit.txt')}"


def rate(place: str) -> float:
    """Answers a second; any other than 200 is an error."""
    done = subprocess.run(["wrk", "-t1", "-c32", f"-d{SECONDS}s", place], capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout:
        raise RuntimeError(f"Not every answer was good: {done.stdout}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"wrk said no rate: {done.stdout}")
    return float(found[1])
