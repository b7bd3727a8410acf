"""The service as a process of its own, asked over real sockets."""

import contextlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import httpx2
import trio
from PIL import Image

SAMPLES = files("omnic_stream").joinpath("samples")
LOOPBACK = {"OMNIC_ALLOW_ADDRESSES": "127.0.0.0/8"}
STARTS_WITHIN = 60
"""Seconds: some ten times what it takes on a machine that does much else."""


def sample(name):
    return SAMPLES.joinpath(name).read_bytes()


def environment(**settings):
    """This process's own, without what configures a service, and then ``settings``."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OMNIC_")}
    return clean | {name: str(value) for name, value in settings.items()}


@dataclass
class Running:
    """``omnic-stream serve`` on a port that it chose. Requests are read to their end; nothing is retried."""

    process: subprocess.Popen
    log: Path
    store: Path
    port: int = 0

    @property
    def root(self):
        return f"http://127.0.0.1:{self.port}"

    def printed(self):
        return self.log.read_text(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self, *, within=30):
        """SIGTERM, and the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    async def ended(self, *, within):
        with trio.fail_after(within):
            while self.process.poll() is None:
                await trio.sleep(0.02)
        return self.process.returncode

    async def get(self, path, *, method="GET", timeout=90, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx2.AsyncClient(timeout=timeout, trust_env=False) as client:
            return await client.request(method, self.root + path, headers=named)

    async def media(self, url, type, *, wait=60, method="GET", extra="", **headers):
        """``GET /media/<type>/?url=<url>``, waiting for the result unless ``wait`` is 0."""
        asked = headers | ({"Prefer": f"wait={wait}"} if wait else {})
        return await self.get(media_path(url, type) + extra, method=method, **asked)


def media_path(url, type):
    return f"/media/{quote(type, safe=':,=.')}/?url={quote(url, safe='')}"


@contextlib.contextmanager
def running(folder, store, *arguments, **settings):
    """Start it, wait until it listens, and leave nothing of it behind. ``settings`` are OMNIC_* variables."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"service-{time.monotonic_ns()}.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "omnic_stream", "serve", "--bind", "127.0.0.1:0", "--store", str(store), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env=environment(**settings),
            cwd=folder,
        )
    service = Running(process=process, log=log, store=Path(store))
    try:
        service.port = _listening(service)
        yield service
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            service.end()


def _listening(service):
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        for line in service.printed().splitlines():
            if line.startswith("omnic-stream: http://"):
                return int(line.rstrip("/").rpartition(":")[2])
        if service.process.poll() is not None:
            break
        time.sleep(0.02)
    raise AssertionError(f"The service does not listen:\n{service.printed()}")


def command_line(*words, cwd, timeout=90, **settings):
    """Run ``omnic-stream WORDS`` to its end: the CompletedProcess, with text."""
    argv = [sys.executable, "-m", "omnic_stream", *map(str, words)]
    return subprocess.run(argv, cwd=cwd, env=environment(**settings), capture_output=True, text=True, timeout=timeout, check=False)


async def command(*words, cwd, **settings):
    """The same beside an origin that lives in this process."""
    return await trio.to_thread.run_sync(lambda: command_line(*words, cwd=cwd, **settings), abandon_on_cancel=True)


def copied(store, to):
    shutil.copytree(store, to)
    return to


def picture(content):
    """(format, width, height), with every pixel decoded."""
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return image.format, *image.size


def problem(response):
    """(status, code) of a problem document, whose status agrees with the answer's."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    document = json.loads(response.content)
    assert document["status"] == response.status_code and document["detail"]
    return response.status_code, document["code"]


def conversions(store, converter="%"):
    """How often converters of this name (a pattern of SQL's LIKE) have run for this store, by its own history."""
    with contextlib.closing(sqlite3.connect(f"file:{store}/catalogue.sqlite3?mode=ro", uri=True, timeout=30)) as catalogue:
        return catalogue.execute("SELECT count(*) FROM durations WHERE converter LIKE ?", (converter,)).fetchone()[0]


def tree_of(root):
    """{(pid, start time): command line} of every process below ``root``; a start time makes a pid unique (proc(5))."""
    found, todo = {}, [root]
    while todo:
        pid = todo.pop()
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{pid}/task").iterdir():
                todo += map(int, (thread / "children").read_text().split())
            if pid != root:
                found[pid, started(pid)] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return found


def started(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def living(tree):
    """Those of a tree that still run."""
    alive = {}
    for (pid, since), words in tree.items():
        with contextlib.suppress(OSError):
            if since is not None and started(pid) == since:
                alive[pid] = words
    return alive


def naming(text):
    """{pid: command line} of the processes of this machine that name ``text``."""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if text in words:
                    found[int(entry.name)] = words
    return found
