"""Finished results, raw ASGI, in front of the framework: what was answered once is answered again unparsed."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable

from omnic_stream.web.asgi import App, Receive, Scope, Send
from omnic_stream.web.conditions import FIELDS
from omnic_stream.web.reply import Reply, Result, Span, answer, send_reply

SMALL = 64 * 1024
"""Bodies up to here are kept as bytes."""
KEPT_BYTES = 64 * 1024 * 1024
MOST_LINES = 100_000
MOST_LINE = 2048
"""A longer request line is not remembered, so that strangers cannot fill memory with them."""
LOOK_AGAIN = 30.0
"""Seconds after which a line takes the slow way once: a row may be gone, and the store wants to know what is used."""


class Index:
    """Raw bytes of path and query that were answered once lead to the result while it is fresh, allowed and there."""

    def __init__(self, *, now: Callable[[], float] = time.time, clock: Callable[[], float] = time.monotonic) -> None:
        self._now, self._clock = now, clock
        self._lines: OrderedDict[tuple[bytes, bytes], tuple[Result, float]] = OrderedDict()
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._lines)

    def remember(self, raw_path: bytes, query: bytes, found: Result) -> None:
        """To be told after address, type and signature were checked."""
        if len(raw_path) + len(query) > MOST_LINE:
            return
        left = min(found.until - self._now(), LOOK_AGAIN)
        if left <= 0:
            return
        self._lines[raw_path, query] = (found, self._clock() + left)
        self._lines.move_to_end((raw_path, query))
        if len(self._lines) > MOST_LINES:
            self._lines.popitem(last=False)

    def find(self, raw_path: bytes, query: bytes) -> Result | None:
        entry = self._lines.get((raw_path, query))
        if entry is None:
            return None
        found, until = entry
        # a signature ends by the wall clock even where that clock is set forward
        if self._clock() >= until or self._now() >= found.until:
            del self._lines[raw_path, query]
            return None
        return found

    def forget(self, raw_path: bytes, query: bytes) -> None:
        entry = self._lines.pop((raw_path, query), None)
        if entry is not None and (body := self._bodies.pop(entry[0].path, None)) is not None:
            self._bytes -= len(body)

    def body(self, found: Result) -> bytes | None:
        """A small result's bytes, read the first time (some 20 us); None for a large one. Raises OSError if it is gone."""
        if found.size > SMALL:
            return None
        body = self._bodies.get(found.path)
        if body is not None:
            os.stat(found.path)  # noqa: PTH116 - 1 us: an evicted file is made again, not answered from memory
            self._bodies.move_to_end(found.path)
            return body
        with open(found.path, "rb", buffering=0) as file:  # noqa: PTH123 - as above
            body = file.read(SMALL + 1)
        if len(body) != found.size:
            raise OSError("The file is not as long as its catalogue row says.")
        self._bodies[found.path] = body
        self._bytes += len(body)
        while self._bytes > KEPT_BYTES:
            self._bytes -= len(self._bodies.popitem(last=False)[1])
        return body

    @property
    def now(self) -> float:
        return self._now()


class Hits:
    """``count(status)`` is called for each answer given here."""

    def __init__(self, app: App, index: Index, count: Callable[[int], None] = lambda status: None) -> None:
        self._app, self._index, self._count = app, index, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            found = self._index.find(scope["raw_path"], scope["query_string"])
            if found is not None and (fields := _fields(scope)) is not None:
                reply = self._reply(found, scope, fields)
                if reply is not None:
                    self._count(reply.status)
                    await send_reply(reply, send)
                    return
        await self._app(scope, receive, send)

    def _reply(self, found: Result, scope: Scope, fields: dict[bytes, bytes]) -> Reply | None:
        """None where the file is gone: the slow way makes it again."""
        reply = answer(found, scope["method"], fields, self._index.now)
        if not isinstance(reply.body, Span):
            return reply
        try:
            body = self._index.body(found)
            if body is None:
                os.stat(found.path)  # noqa: PTH116 - before anything is sent
                return reply
        except OSError:
            self._index.forget(scope["raw_path"], scope["query_string"])
            return None
        return Reply(reply.status, reply.headers, body[reply.body.start : reply.body.stop])


def _fields(scope: Scope) -> dict[bytes, bytes] | None:
    """The conditional fields; None where the request wants more than a look (a wait, the origin) or brings a body.

    Nobody here would read a body, and the server's last send then waits for room in the request's queue, for ever.
    """
    fields: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in FIELDS:
            fields[name] = value if name not in fields else fields[name] + b", " + value
        elif (
            name in {b"transfer-encoding", b"prefer"}
            or (name == b"content-length" and value != b"0")
            or (name == b"cache-control" and b"no-cache" in value.lower())
        ):
            return None
    return fields
