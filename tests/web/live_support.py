"""A real server on a real port, with jobs that the test drives; and raw bytes to talk to it."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote

import trio

from omnic_stream.model.address import SchemeRule, parse_address
from omnic_stream.model.contracts import Wanted
from omnic_stream.model.formats import Format, Formats
from omnic_stream.model.target import parse_target
from omnic_stream.testing.jobs import FakeJobs
from omnic_stream.web.access import Access
from omnic_stream.web.live import Live
from omnic_stream.web.mailbox import Audience
from omnic_stream.web.serve import Serving, serve
from omnic_stream.web.sockets import Sockets
from omnic_stream.web.sse import EventStreams

FORMATS = Formats(
    [
        Format(name="PNG", media_type="image/png", extensions=("png",), category="raster"),
        Format(name="PDF", media_type="application/pdf", extensions=("pdf",), category="document"),
    ]
)
SCHEMES = {"https": SchemeRule(), "http": SchemeRule()}
QUICK = Serving(signals=(), grace=3, keep_alive=0.5)
SECRET = b"s" * 32
URL = "https://example.org/a.pdf"


def wanted(url=URL, type="png", profile=None):
    return Wanted(address=parse_address(url, SCHEMES), target=parse_target(type, FORMATS))


def href(key, entry, directory=False):
    return f"/artifact/{key}/{entry}"


async def other(scope, receive, send):
    """A small app behind the live parts: answers with the size of the body; ``/slow`` after a second."""
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": kind + ".complete"})
            if kind.endswith("shutdown"):
                return
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    if scope["path"] == "/slow":
        await trio.sleep(1)
    if scope["path"] == "/much":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    body = b"other %d" % size
    await send({"type": "http.response.start", "status": 203, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@dataclass
class House:
    port: int
    jobs: FakeJobs
    audience: Audience
    stopping: trio.Event
    live: Live
    stopped: trio.Event = field(default_factory=trio.Event)

    async def talk(self, data: bytes, *, seconds: float = 5) -> bytes:
        """Send raw bytes, and read until the server closes."""
        async with await trio.open_tcp_stream("127.0.0.1", self.port) as stream:
            await stream.send_all(data)
            with trio.fail_after(seconds):
                return b"".join([bytes(chunk) async for chunk in stream])

    async def get(self, path: str, *headers: str, method: str = "GET") -> "Answer":
        lines = "".join(f"{line}\r\n" for line in headers)
        raw = await self.talk(f"{method} {path} HTTP/1.1\r\nHost: own\r\nConnection: close\r\n{lines}\r\n".encode())
        return Answer.read(raw)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @staticmethod
    def read(raw: bytes) -> "Answer":
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        if headers.get("transfer-encoding") == "chunked":
            body = unchunked(body)
        return Answer(int(first.split()[1]), headers, body)


def unchunked(body: bytes) -> bytes:
    whole = b""
    while match := re.match(rb"([0-9a-fA-F]+)\r\n", body):
        size = int(match[1], 16)
        whole += body[match.end() : match.end() + size]
        body = body[match.end() + size + 2 :]
    return whole


def events_path(url=URL, type="png", more=""):
    return f"/events/?url={quote(url, safe='')}&type={quote(type, safe='')}{more}"


def make_live(jobs, *, signed=False) -> Live:
    return Live(
        jobs=jobs,
        parse=wanted,
        parse_address=lambda url: parse_address(url, SCHEMES),
        access=Access(signing_keys={"k": SECRET} if signed else {}, allow_origins=frozenset({"https://friend.example"})),
        href=href,
    )


def make_app(live, audience, behind=other):
    sockets, streams = Sockets(live, audience), EventStreams(live, audience)

    async def app(scope, receive, send):
        if scope["type"] == "websocket":
            await sockets(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == "/events/":
            await streams(scope, receive, send)
        else:
            await behind(scope, receive, send)

    return app


@asynccontextmanager
async def open_house(
    *, serving: Serving = QUICK, signed=False, behind=other, make_door=lambda live, audience: None
) -> AsyncGenerator[House]:
    jobs, audience, stopping = FakeJobs(), Audience(), trio.Event()
    live = make_live(jobs, signed=signed)
    app = make_app(live, audience, behind)
    async with trio.open_nursery() as nursery:
        run = partial(
            serve,
            app,
            bind="127.0.0.1:0",
            stopping=stopping,
            serving=serving,
            leave=audience.dismiss,
            door=make_door(live, audience),
        )
        house = None

        async def until_stopped(task_status):
            await run(task_status=task_status)
            house.stopped.set()

        _, port = await nursery.start(until_stopped)
        house = House(port, jobs, audience, stopping, live)
        yield house
        stopping.set()
        with trio.fail_after(serving.grace + 5):
            await house.stopped.wait()
        nursery.cancel_scope.cancel()
