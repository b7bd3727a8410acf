"""In front of hypercorn, on the stream itself: the plainest hits and ``/ws/`` are answered here, all else is handed on.

A connection stays here while what comes is exactly one plain GET, whole, whose raw target is in the index. The first
bytes that are anything else go, as they came, to hypercorn, which keeps the connection from then on: nothing is parsed
twice, and no rule of HTTP is decided here that hypercorn would decide otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import formatdate

import trio

from omnic_stream.web.access import ANY, Access
from omnic_stream.web.asgi import Headers
from omnic_stream.web.cors import EXPOSED
from omnic_stream.web.frames import FrameSockets
from omnic_stream.web.hits import Index
from omnic_stream.web.live import Live
from omnic_stream.web.mailbox import Audience
from omnic_stream.web.reply import Result, answer
from omnic_stream.web.serve import Handler, Serving
from omnic_stream.web.streams import HEADERS, Guarded

LONGEST = 8192
"""Bytes of a request that is looked at here; hypercorn's own limit is higher."""
PLAIN = re.compile(rb"GET (/[!-~]{0,4096}+) HTTP/1\.1\r\n" + HEADERS)
"""RFC 9112 without its freedoms: no folding, no bare LF, no other method, version or form of target."""
NOT_PLAIN = re.compile(
    rb"^(?:content-length|transfer-encoding|expect|connection|upgrade|te|trailer|http2-settings"
    rb"|range|if-[a-z-]+|prefer|cache-control|origin):",
    re.IGNORECASE | re.MULTILINE,
)
"""Whatever changes the answer, the connection or the framing."""
HOST = re.compile(rb"^host:", re.IGNORECASE | re.MULTILINE)
MOST_HEADS = 10_000


def open_door(
    *, live: Live, audience: Audience, index: Index, serving: Serving, count: Callable[[int], None] = lambda status: None
) -> Callable[[Handler], Handler]:
    """What ``serve`` takes as its door; ``index`` is the one that the application's Hits answer from."""
    frames = FrameSockets(live, audience, ping=serving.ping, read_timeout=serving.read_timeout)
    headers = _shared(live.access)

    def door(http: Handler) -> Handler:
        return Door(http, index=index, frames=frames, keep_alive=serving.keep_alive, headers=headers, count=count)

    return door


def _shared(access: Access) -> Headers:
    """What Cors adds for who sends no Origin."""
    if not access.allow_origins:
        return []
    if ANY in access.allow_origins:
        return [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", EXPOSED)]
    return [(b"vary", b"Origin")]


class Door:
    """``headers`` are those that the layers in front of Hits add to an answer to who sends no Origin."""

    def __init__(
        self,
        http: Handler,
        *,
        index: Index,
        frames: FrameSockets | None,
        keep_alive: float,
        headers: Headers | None = None,
        count: Callable[[int], None] = lambda status: None,
    ) -> None:
        self._http, self._index, self._frames = http, index, frames
        self._keep_alive, self._headers, self._count = keep_alive, headers or [], count
        self._heads: dict[int, tuple[Result, bytes]] = {}
        self._second = -1

    async def __call__(self, stream: Guarded) -> None:
        try:
            while True:
                data = await stream.receive_idle(self._keep_alive)
                if not data:
                    await stream.aclose()
                    return
                said = self.plain(data)
                if said is None:
                    break
                self._count(200)
                await stream.send_all(said)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return
        upgraded = self._frames.handshake(data) if self._frames is not None and len(data) <= LONGEST else None
        if self._frames is not None and upgraded is not None:
            await self._frames.serve(stream, *upgraded)
        else:
            stream.unread(data)
            await self._http(stream)

    def plain(self, data: bytes) -> bytes | None:
        """The whole answer, where these bytes are one plain request for a small result that is at hand."""
        if len(data) > LONGEST or (asked := PLAIN.fullmatch(data)) is None:
            return None
        target, fields = asked.groups()
        path, _, query = target.partition(b"?")
        found = self._index.find(path, query)
        if found is None or NOT_PLAIN.search(fields) or len(HOST.findall(fields)) != 1:
            return None
        try:
            body = self._index.body(found)
        except OSError:
            return None  # gone: the slow way makes it again
        return None if body is None else self._head(found) + body

    def _head(self, found: Result) -> bytes:
        """Made once a second for each result, as dates and ages on it go by seconds."""
        now = self._index.now
        if int(now) != self._second or len(self._heads) > MOST_HEADS:
            self._heads.clear()
            self._second = int(now)
        kept = self._heads.get(id(found))
        if kept is not None and kept[0] is found:
            return kept[1]
        reply = answer(found, "GET", {}, now)
        lines = [*reply.headers, *self._headers, (b"date", formatdate(now, usegmt=True).encode())]
        head = b"HTTP/1.1 200 \r\n" + b"".join(b"%s: %s\r\n" % line for line in lines) + b"\r\n"
        self._heads[id(found)] = (found, head)
        return head
