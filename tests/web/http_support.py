"""The whole application on a real server and a real port, with jobs that the test drives and files on a real disk."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import trio

from omnic_stream.model.address import SchemeRule
from omnic_stream.model.contracts import Artifact
from omnic_stream.model.formats import Formats, read_formats
from omnic_stream.testing.jobs import FakeJobs
from omnic_stream.web.app import create_app
from omnic_stream.web.hits import Index
from omnic_stream.web.serve import Serving, serve
from omnic_stream.web.site import Site

FORMATS = Formats(read_formats((Path(__file__).parents[2] / "src/omnic_stream/model/formats.toml").read_text()))
SCHEMES = {
    "http": SchemeRule(),
    "https": SchemeRule(),
    "git+https": SchemeRule(arguments=("ref", "path")),
    "data": SchemeRule(host=False),
}
URL = "https://example.org/a%20dir/Bericht%20%C3%BC.pdf"
CREATED = 1_700_000_000.5
WHEN = formatdate(int(CREATED), usegmt=True)
BODY = b"".join(number.to_bytes(2, "big") for number in range(5120))


class FakeShelves:
    """contracts.Shelves over what the test put there."""

    def __init__(self):
        self.artifacts = {}

    def finished(self, job_key):
        return None

    def artifact(self, key):
        return self.artifacts.get(key)

    def snapshot(self, address_key):
        return None


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    def __getitem__(self, name):
        return self.headers.get(name.lower())


@dataclass
class House:
    port: int
    site: Site
    jobs: FakeJobs
    store: FakeShelves
    folder: Path
    index: Index
    stopping: trio.Event = field(default_factory=trio.Event)

    def wanted(self, url=URL, type="PNG"):
        return self.site.wanted(url, type)

    def file(self, body=BODY, format="PNG", name=None) -> Artifact:
        entry = name or f"result.{FORMATS.get(format).extension}"
        digest = sha256(body).hexdigest()
        key = sha256(b"key" + body + format.encode()).hexdigest()
        path = self.folder / f"{key}-{format}"
        path.write_bytes(body)
        made = Artifact(
            key=key,
            format=format,
            media_type=FORMATS.get(format).media_type,
            entry=entry,
            size=len(body),
            sha256=digest,
            directory=False,
            created=CREATED,
            path=path,
        )
        self.store.artifacts[key] = made
        return made

    def finish(self, url=URL, type="PNG", body=BODY, **more) -> Artifact:
        made = self.file(body, self.wanted(url, type).target.format)
        self.jobs.finish(self.wanted(url, type), made, **more)
        return made

    async def ask(self, target, *headers, method="GET", body=b"", seconds=5) -> Answer:
        """One request of its own connection; ``target`` as it goes on the wire."""
        lines = [f"{method} {target} HTTP/1.1", "Host: omnic.example", "Connection: close", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return parse(await self.raw("\r\n".join([*lines, "", ""]).encode("latin-1") + body, seconds=seconds))

    async def raw(self, data: bytes, *, seconds=5) -> bytes:
        got = b""
        with trio.fail_after(seconds):
            async with await trio.open_tcp_stream("127.0.0.1", self.port) as stream:
                await stream.send_all(data)
                async for piece in stream:
                    got += piece
        return got


def parse(data: bytes) -> Answer:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.lower()
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return Answer(int(first.split()[1]), headers, body)


def media(type="PNG", url=URL, more=""):
    return f"/media/{type}/?url={quote(url, safe='')}{more}"


@asynccontextmanager
async def house(folder: Path, *, jobs=None, clock=None, **given) -> AsyncGenerator[House]:
    jobs, store = jobs or FakeJobs(), FakeShelves()
    site = Site(jobs=jobs, store=store, formats=FORMATS, schemes=SCHEMES, **given)
    index = Index(now=site.now) if clock is None else Index(now=site.now, clock=clock)
    serving = Serving(signals=(), grace=1, keep_alive=2)
    async with trio.open_nursery() as nursery:
        stopping = trio.Event()

        async def run(task_status=trio.TASK_STATUS_IGNORED):
            await serve(
                create_app(site, index=index),
                bind="127.0.0.1:0",
                stopping=stopping,
                serving=serving,
                leave=site.audience.dismiss,
                task_status=task_status,
            )

        _, port = await nursery.start(run)
        try:
            yield House(port, site, jobs, store, folder, index, stopping)
        finally:
            stopping.set()
