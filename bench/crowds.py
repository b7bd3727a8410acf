"""500 open sockets: what a new watcher waits for its first event, and how soon all are told ``ready``."""

from __future__ import annotations

import http.client
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.clients import READY, Crowd, asking, connect, until
from bench.figures import Figure, p95
from bench.origin import origin
from bench.running import Running, service, started

CROWD = 500
NEW = 100
ROUNDS = 5


def figures() -> Iterator[Figure]:
    yield from newcomers()
    yield from ready()


def newcomers() -> Iterator[Figure]:
    """The first event of a new watcher, from its request to its first notification, while the others are idle."""
    for arguments in ((), ("--no-door",)):
        with service(*arguments) as running, origin(running.folder) as base, Crowd(running.port, CROWD) as crowd:
            (running.folder / "first.txt").write_text("first\n")
            running.made("HTML", f"{base}first.txt")
            asked = asking(f"{base}first.txt", "HTML")
            crowd.say(asked)
            waits: list[float] = []
            for _ in range(NEW):
                with connect(running.port) as client:
                    begun = time.perf_counter()
                    client.sendall(asked)
                    until(client, b'"method":')
                    waits.append((time.perf_counter() - begun) * 1e3)
        told = f"p95 of {NEW}, median {statistics.median(waits):.2f} ms, {CROWD} sockets open"
        yield Figure(f"first event{named(arguments)}", p95(waits), 20, "ms", "less", told)


def ready() -> Iterator[Figure]:
    """From the first client told to the last; the bare loop sends the very bytes that the service sent."""
    spreads: dict[str, list[float]] = {}
    message = b""
    for arguments in ((), ("--no-door",)):
        with service(*arguments) as running, origin(running.folder) as base, Crowd(running.port, CROWD) as crowd:
            rounds = [told_ready(running, base, crowd, number) for number in range(ROUNDS)]
        spreads[named(arguments)] = [seconds for seconds, _ in rounds]
        message = rounds[-1][1]
    message = message[message.rindex(b'{"jsonrpc"') :]
    with started([sys.executable, "-m", "bench.bare", "sockets"]) as (_, port), Crowd(port, CROWD) as crowd:
        crowd.say(asking("file://bench/0.txt", "HTML"))
        bare = statistics.median(told_plainly(port, crowd, message) for _ in range(ROUNDS))
    for name, values in spreads.items():
        ours = statistics.median(values)
        told = f"{ours * 1e3:.1f} ms for {CROWD} sockets against {bare * 1e3:.1f} ms by quart-trio, {len(message)} bytes each"
        yield Figure(f"ready to all{name}", bare / ours, 3, "x", "more", told)


def named(arguments: tuple[str, ...]) -> str:
    return ", no door" if arguments else ""


def told_ready(running: Running, base: str, crowd: Crowd, number: int) -> tuple[float, bytes]:
    """All watch a conversion whose source is not there yet; then it is."""
    crowd.say(asking(f"{base}{number}.txt", "HTML"))
    appear(running.folder / f"{number}.txt", f"round {number}\n")
    return crowd.told(READY)


def appear(path: Path, text: str) -> None:
    """All at once, as a reader sees it."""
    whole = path.with_suffix(".new")
    whole.write_text(text)
    whole.rename(path)


def told_plainly(port: int, crowd: Crowd, message: bytes) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/tell", message)
    spread, _ = crowd.told(READY)
    connection.getresponse().read()
    connection.close()
    return spread
