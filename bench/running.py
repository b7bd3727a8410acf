"""The service as a process of its own, with a new store, and plain requests to it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

OMNIC = str(Path(sys.executable).parent / "omnic-stream")


@dataclass(frozen=True)
class Running:
    """A service that answers, and the folder that it may read as ``file://bench/``."""

    port: int
    pid: int
    folder: Path

    def path(self, type: str, address: str) -> str:
        return f"/media/{quote(type)}/?url={quote(address, safe='')}"

    def get(self, path: str, *, wait: int = 0) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Prefer": f"wait={wait}"} if wait else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def made(self, type: str, address: str) -> bytes:
        """The finished result; raises RuntimeError for any other answer."""
        status, body = self.get(self.path(type, address), wait=60)
        if status != 200:
            raise RuntimeError(f"{address} as {type}: {status} {body[:300].decode(errors='replace')}")
        return body


@contextmanager
def service(*arguments: str, program: Sequence[str] = (OMNIC, "serve")) -> Iterator[Running]:
    """``arguments`` go to ``omnic-stream serve``, or to a program that takes the same."""
    with tempfile.TemporaryDirectory(prefix="omnic-bench-") as root:
        folder = Path(root, "files")
        folder.mkdir()
        environment = os.environ | {
            "OMNIC_ALLOW_ADDRESSES": "127.0.0.0/8",
            "OMNIC_FILE_ROOTS": f"bench={folder}",
            "OMNIC_STORE": f"{root}/store",
            "OMNIC_LOG": "error",
        }
        with started([*program, "--bind", "127.0.0.1:0", *arguments], environment) as (process, port):
            yield Running(port, process.pid, folder)


@contextmanager
def started(argv: list[str], environment: dict[str, str] | None = None) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server that says ``http://127.0.0.1:PORT/`` on stderr once it listens; asked to end when the block ends."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=said, text=True)
        try:
            yield process, _port(process, said.fileno())
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _port(process: subprocess.Popen[str], said: int) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        text = os.pread(said, 1 << 16, 0).decode(errors="replace")
        _, found, rest = text.partition("http://127.0.0.1:")
        if found and "/" in rest:
            return int(rest.partition("/")[0])
        if process.poll() is not None:
            raise RuntimeError(f"The server ended: {text[-500:]}")
        time.sleep(0.02)
    raise RuntimeError("The server does not listen.")
