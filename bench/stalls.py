"""The longest time that the event loop ran one task, from within the service's own process, while it is kept busy.

``python -m bench.stalls FILE --bind HOST:PORT`` serves with an instrument: on SIGUSR1 it begins anew, on SIGUSR2 it writes into FILE.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import trio

from bench.clients import READY, Crowd, asking
from bench.crowds import appear
from bench.figures import Figure
from bench.office import letter
from bench.origin import origin
from bench.pictures import draw
from bench.running import Running, service
from omnic_stream.cli.serve import serving
from omnic_stream.config import load

CROWD = 200
PICTURES, LETTERS, HITS = 30, 6, 360
FINISHED = ("thumb.png:64x64", "file://samples/harbour.jpg")


class Longest(trio.abc.Instrument):
    """Wall time and CPU time of the longest steps: where the two differ, others had the processor."""

    def __init__(self, told: Path) -> None:
        self._told = told
        self._wall, self._own, self._name = 0.0, 0.0, ""
        self._begun = (0.0, 0.0)
        signal.signal(signal.SIGUSR1, self._new)
        signal.signal(signal.SIGUSR2, self._tell)

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._begun = (time.perf_counter(), time.thread_time())

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        wall, own = time.perf_counter() - self._begun[0], time.thread_time() - self._begun[1]
        if wall > self._wall:
            self._wall, self._name = wall, task.name
        self._own = max(self._own, own)

    def _new(self, *_: object) -> None:
        self._wall, self._own, self._name = 0.0, 0.0, ""

    def _tell(self, *_: object) -> None:
        whole = self._told.with_suffix(".new")
        whole.write_text(f"{self._wall} {self._own} {self._name}")
        whole.rename(self._told)


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "told")
        program = (sys.executable, "-m", "bench.stalls", str(told))
        with service(program=program) as running, origin(running.folder) as base, Crowd(running.port, CROWD) as crowd:
            work = prepared(running)
            os.kill(running.pid, signal.SIGUSR1)
            crowd.say(asking(f"{base}later.txt", "HTML"))
            begun = time.perf_counter()
            with ThreadPoolExecutor(8) as clients:
                for done in [clients.submit(one) for one in work]:
                    done.result()
            appear(running.folder / "later.txt", "at last\n")
            crowd.told(READY)
            took = time.perf_counter() - begun
            os.kill(running.pid, signal.SIGUSR2)
            while not told.exists():
                time.sleep(0.01)
        wall, own, name = told.read_text().split(" ", 2)
    what = f"{len(work)} requests and {CROWD} sockets in {took:.0f} s"
    yield Figure("longest stall", float(wall) * 1e3, 20, "ms", "less", f"in {name}, at most {float(own) * 1e3:.1f} ms CPU; {what}")


def prepared(running: Running) -> list[Callable[[], object]]:
    """Pictures, letters and hits in turn; one of each is made beforehand, so that no start-up is measured."""
    pictures = [f"{number}.png" for number in range(PICTURES)]
    draw(running.folder, pictures)
    for number in range(LETTERS):
        letter(running.folder / f"{number}.docx", f"Dear reader number {number}")
    asked = [("thumb.jpg:512x512", name) for name in pictures] + [("PDF", f"{number}.docx") for number in range(LETTERS)]
    todo = [partial(running.made, type, f"file://bench/{name}") for type, name in asked]
    todo[0]()
    todo[-1]()
    hits = [partial(running.get, running.path(*FINISHED))] * HITS
    running.made(*FINISHED)
    each = len(hits) // len(todo)
    return [one for number, made in enumerate(todo) for one in (made, *hits[number * each : (number + 1) * each])]


def main(told: str, *arguments: str) -> None:
    """As ``omnic-stream serve`` does it, the collector's settings included."""
    gc.set_threshold(20_000, 20, 50)

    async def watched() -> None:
        trio.lowlevel.add_instrument(Longest(Path(told)))
        await serving(load({"bind": arguments[1]}))

    trio.run(watched)


if __name__ == "__main__":
    main(*sys.argv[1:])
