"""An answer as a value, how a finished file becomes one, and the two ways out: raw ASGI and Quart."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from math import inf
from types import TracebackType
from typing import Any
from urllib.parse import quote

import trio
from quart.wrappers.response import ResponseBody

from omnic_stream.model.errors import OmnicError
from omnic_stream.web.asgi import Headers, Send
from omnic_stream.web.conditions import Decision, decide
from omnic_stream.web.problems import precondition_failed, problem, range_not_satisfiable

CHUNK = 256 * 1024
"""One read and one send of a streamed body."""
YEAR = 31_536_000
NO_STORE = (b"cache-control", b"no-store")
NOSNIFF = (b"x-content-type-options", b"nosniff")

ACTIVE = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml", "text/xsl"})
"""Media types that a browser runs scripts of, or hands to a style sheet that does; ``+xml`` types are as active."""
SANDBOX = (
    "sandbox; default-src 'none'; img-src {self}data:; style-src {self}'unsafe-inline'; font-src {self}data:; media-src {self}data:"
)
_SHOWN = ("image/", "audio/", "video/", "text/", "font/", "model/")
_SHOWN_TYPES = frozenset({"application/pdf", "application/json", "application/xml", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a file: bytes from ``start`` to before ``stop``."""

    path: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Reply:
    """``headers`` are whole, content-length included."""

    status: int
    headers: Headers
    body: bytes | Span = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One finished, immutable file and how it is shown. ``headers`` lack content-length and cache-control."""

    path: str
    size: int
    etag: bytes
    modified: int
    """Whole seconds since the epoch."""
    headers: tuple[tuple[bytes, bytes], ...]
    kept: tuple[tuple[bytes, bytes], ...]
    """Those that a 304 repeats (RFC 9110 section 15.4.5)."""
    fresh_until: float
    """Seconds since the epoch; ``inf`` for what can never change."""
    allowed_until: float = inf
    """End of the signature by which it was asked for."""

    @property
    def until(self) -> float:
        return min(self.fresh_until, self.allowed_until)


def result(
    *,
    path: str,
    size: int,
    tag: str,
    created: float,
    media_type: str,
    name: str,
    fresh_until: float = inf,
    allowed_until: float = inf,
    siblings: bool = False,
) -> Result:
    """``tag``: the content's digest. ``name``: what it is called when it is saved.

    ``siblings``: it may show what lies beside it, though it is active.
    """
    etag = b'"%s"' % tag.encode()
    kept = ((b"etag", etag), (b"last-modified", formatdate(int(created), usegmt=True).encode()))
    headers = (
        *kept,
        (b"content-type", charset(media_type).encode()),
        (b"accept-ranges", b"bytes"),
        (b"content-disposition", disposition(media_type, name)),
        NOSNIFF,
    )
    if is_active(media_type):
        headers += ((b"content-security-policy", SANDBOX.format(self="'self' " if siblings else "").encode()),)
    return Result(
        path=path,
        size=size,
        etag=etag,
        modified=int(created),
        headers=headers,
        kept=kept,
        fresh_until=fresh_until,
        allowed_until=allowed_until,
    )


def cache_control(found: Result, now: float) -> bytes:
    """RFC 9111: how long what is answered ``now`` may be kept. Never beyond the signature by which it was asked for."""
    if found.fresh_until == inf:
        return b"public, max-age=%d, immutable" % min(YEAR, max(0, int(min(YEAR, found.allowed_until - now))))
    left = int(min(YEAR, found.until - now))
    return b"public, max-age=%d" % left if left > 0 else b"no-cache"


def answer(found: Result, method: str, fields: Mapping[bytes, bytes], now: float) -> Reply:
    """``fields``: the request's conditional ones, by lower-case name."""
    decision = decide(method, fields, etag=found.etag, modified=found.modified, size=found.size) if fields else None
    return shape(found, decision or Decision(200, 0, found.size), method, now)


def shape(found: Result, decision: Decision, method: str, now: float) -> Reply:
    status, start, stop = decision
    if status == 412:
        return Reply(*precondition_failed())
    if status == 416:
        return Reply(*range_not_satisfiable(found.size))
    cache = (b"cache-control", cache_control(found, now))
    if status == 304:
        return Reply(304, [*found.kept, cache])
    headers = [*found.headers, cache, (b"content-length", b"%d" % (stop - start))]
    if status == 206:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, found.size)))
    return Reply(status, headers, b"" if method == "HEAD" else Span(found.path, start, stop))


def plain(status: int, media_type: str, body: bytes, *headers: tuple[bytes, bytes]) -> Reply:
    """A small answer that nobody may keep."""
    mine = [
        (b"content-type", media_type.encode()),
        (b"content-length", b"%d" % len(body)),
        NO_STORE,
        NOSNIFF,
        *headers,
    ]
    return Reply(status, mine, body)


def refusal(error: OmnicError) -> Reply:
    return Reply(*problem(error))


def is_active(media_type: str) -> bool:
    bare = media_type.partition(";")[0].strip().lower()
    return bare in ACTIVE or bare.endswith("+xml")


def charset(media_type: str) -> str:
    """Text that says nothing of its encoding is UTF-8; HTML and XML say it themselves."""
    if media_type.startswith("text/") and ";" not in media_type and media_type not in ACTIVE:
        return f"{media_type}; charset=utf-8"
    return media_type


def disposition(media_type: str, name: str) -> bytes:
    """RFC 6266, with RFC 8187 for names beyond ASCII. What browsers cannot show is offered as a download."""
    shown = media_type.startswith(_SHOWN) or media_type.partition(";")[0] in _SHOWN_TYPES
    safe = safe_name(name)
    simple = "".join(letter if letter.isascii() and letter not in '"\\%' else "_" for letter in safe)
    value = f'{"inline" if shown else "attachment"}; filename="{simple}"'
    if simple != safe:
        value += f"; filename*=UTF-8''{quote(safe, safe='')}"
    return value.encode("ascii")


def safe_name(name: str) -> str:
    """One file name that no system reads as a path, a hidden file or a command; 150 characters at most."""
    letters = [letter if letter.isprintable() and letter not in '/\\:*?"<>|' else "_" for letter in name]
    stem, dot, extension = "".join(letters).strip(" .").rpartition(".")
    cut = f"{stem[:130]}{dot}{extension[:20]}".strip(" .")
    return cut or "file"


async def send_reply(reply: Reply, send: Send) -> None:
    """Raw ASGI. A file that is gone raises before anything is sent."""
    if isinstance(reply.body, bytes):
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        await send({"type": "http.response.body", "body": reply.body})
        return
    async with Streaming(reply.body) as streaming:
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        async for data in streaming:
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class Streaming(ResponseBody):
    """A Span's bytes in chunks: from the page cache in place, and from a disk that must be asked, in a thread."""

    def __init__(self, span: Span) -> None:
        self._at, self._stop = span.start, span.stop
        self._fd = os.open(span.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)

    async def __aenter__(self) -> Streaming:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        os.close(self._fd)
        self._fd = -1

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._at >= self._stop:
            raise StopAsyncIteration
        data = await read_at(self._fd, min(CHUNK, self._stop - self._at), self._at)
        if not data:
            raise OSError("The file is shorter than its catalogue row says.")
        self._at += len(data)
        return data

    def __del__(self) -> None:
        if getattr(self, "_fd", -1) >= 0:  # made, and the request cancelled before it was entered
            os.close(self._fd)


async def read_at(fd: int, count: int, offset: int) -> bytes:
    """preadv2(2) with RWF_NOWAIT: what is in the page cache comes at once, and nothing else may stall the loop."""
    buffer = bytearray(count)
    try:
        got = os.preadv(fd, [buffer], offset, os.RWF_NOWAIT)
    except OSError:  # not cached, or a file system that cannot tell
        got = 0
    if got > 0:
        return bytes(memoryview(buffer)[:got])
    return await trio.to_thread.run_sync(os.pread, fd, count, offset)


def quart_body(reply: Reply) -> Any:
    """What Quart takes as a Response's body."""
    return reply.body if isinstance(reply.body, bytes) else Streaming(reply.body)
