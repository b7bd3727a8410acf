"""The service as a process of its own, with a new store, that may read the zoo as ``file://zoo/``."""

from __future__ import annotations

import http.client
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.running import started

from zoo.manifest import FOLDER

WAIT = 60
"""Seconds of one request; what is not done by then is asked for again."""
PATIENCE = 240
"""Seconds for one target in all."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def reason(self) -> str:
        """The detail of the problem, or what else was answered."""
        try:
            return str(json.loads(self.body)["detail"])
        except (ValueError, KeyError, TypeError):
            return f"HTTP {self.status}: {self.body[:120].decode('utf-8', 'replace')}"


@dataclass(frozen=True)
class Running:
    port: int
    pid: int

    def address(self, path: str) -> str:
        """Of a file in the zoo, by its path there. Bytes that are no UTF-8 are kept."""
        return "file://zoo/" + quote(os.fsencode(path))

    def get(self, path: str, *, wait: int = 0) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT + 60)
        start = time.monotonic()
        try:
            connection.request("GET", path, headers={"Prefer": f"wait={wait}"} if wait else {})
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, headers, answer.read(), time.monotonic() - start)
        finally:
            connection.close()

    def made(self, target: str, address: str, *, patience: float = PATIENCE) -> Answer:
        """The end of it: 200 with the result, or a problem. A directory's entry stands for it."""
        path = f"/media/{quote(target, safe=':,=.')}/?url={quote(address, safe='')}"
        start = time.monotonic()
        while True:
            answer = self.get(path, wait=WAIT)
            left = start + patience - time.monotonic()
            if answer.status == 303:
                return self.get(answer.headers["location"])
            if answer.status in {429, 503} and left > 0:
                time.sleep(min(float(answer.headers.get("retry-after", 1)), 5))
            elif answer.status != 202 or left <= 0:
                return Answer(answer.status, answer.headers, answer.body, time.monotonic() - start)


@contextmanager
def service(*, folder: Path = FOLDER, profile: str | None = None, store: str | None = None, jobs: int = 2) -> Iterator[Running]:
    """``profile``: core, standard or full: as if nothing but its Debian packages were installed."""
    with tempfile.TemporaryDirectory(prefix="omnic-zoo-") as root:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OMNIC_")}
        environment = clean | {
            "OMNIC_FILE_ROOTS": f"zoo={folder}",
            "OMNIC_STORE": store or f"{root}/store",
            "OMNIC_LOG": "error",
        }
        argv = [sys.executable, "-m", "zoo.profiled", profile or "all", "serve", "--bind", "127.0.0.1:0"]
        with started(argv, environment) as (process, port):
            yield Running(port, process.pid)
