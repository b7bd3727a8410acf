"""A counting origin: a real HTTP/1.1 server that serves what it is told to, also slowly, brokenly and dishonestly.

    async with open_origin() as origin:
        origin.serve("/a.png", picture, media_type="image/png")
        ...  # let the service fetch origin.url("/a.png")
        assert origin.hits("/a.png") == 1

Whoever fetches from it needs 127.0.0.0/8 among the allowed addresses.
"""

from __future__ import annotations

import gzip
import hashlib
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email.utils import formatdate

import trio

HEAD_LIMIT = 64 * 1024
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def conditional(self) -> bool:
        return "if-none-match" in self.headers or "if-modified-since" in self.headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a path answers with, and how it misbehaves. See Origin.serve."""

    body: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    etag: str | None
    last_modified: str | None
    delay: float
    head_drip: float
    drip: float | None
    hold: trio.Event | None
    hold_at: int | None
    reset_at: int | None
    cut_at: int | None
    content_length: int | str | None
    chunked: bool
    endless: bool
    raw: bytes | None
    times: int | None


class Origin:
    """Made by open_origin. Paths are exact; a query is not part of them. What is not served answers 404."""

    def __init__(self, scheme: str, host: str, port: int) -> None:
        self.scheme, self.host, self.port = scheme, host, port
        self.requests: list[Seen] = []
        """Every request, in the order in which their heads were complete."""
        self.connections = 0
        """TCP connections accepted so far: 0 for a canary that nobody reached."""
        self.active = 0
        """Answers being sent just now."""
        self._served: dict[str, list[Served]] = {}

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        """The address of a path; ``host`` under another name (``localhost``, a name that a stub resolver knows)."""
        return f"{self.scheme}://{host or self.host}:{self.port}/{path.removeprefix('/')}"

    def serve(
        self,
        path: str,
        body: bytes = b"",
        *,
        media_type: str | None = None,
        status: int = 200,
        headers: Sequence[tuple[str, str]] = (),
        etag: str | None = "",
        last_modified: str | float | None = None,
        delay: float = 0.0,
        head_drip: float = 0.0,
        drip: float | None = None,
        hold: trio.Event | None = None,
        hold_at: int | None = None,
        reset_at: int | None = None,
        cut_at: int | None = None,
        content_length: int | str | None = None,
        chunked: bool = False,
        endless: bool = False,
        gzipped: bool = False,
        raw: bytes | None = None,
        times: int | None = None,
    ) -> None:
        """Answer GET and HEAD of ``path`` so from now on, in place of what was served there before.

        ``etag``: a whole field value; the empty text makes one from the body; None gives none. ``last_modified``: a field value, or
        seconds since the epoch. Both are honoured with 304.
        ``delay``: seconds before the head. ``head_drip``: seconds between the head's bytes. ``drip``: bytes of the body per second.
        ``hold``: wait for this event, before the head, or after ``hold_at`` bytes of the body.
        ``reset_at``: reset the connection after so many bytes of the body (-1: instead of the head); ``cut_at``: close it there.
        ``content_length``: what the field says, true or not; ``chunked``: none, but chunks.
        ``endless``: the body for ever, without a length.
        ``gzipped``: pack the body and say so. ``raw``: these bytes instead of anything of HTTP, then close.
        ``times``: so many answers, after which what was served before is served again.
        """
        fields = [("Content-Type", media_type)] if media_type else []
        packed = gzip.compress(body, mtime=0) if gzipped else body
        if gzipped:
            fields.append(("Content-Encoding", "gzip"))
        made = f'"{hashlib.sha256(packed).hexdigest()[:16]}"' if etag == "" and status == 200 else etag or None
        modified = formatdate(last_modified, usegmt=True) if isinstance(last_modified, (int, float)) else last_modified
        answer = Served(
            body=packed,
            status=status,
            headers=(*fields, *headers),
            etag=made,
            last_modified=modified,
            delay=delay,
            head_drip=head_drip,
            drip=drip,
            hold=hold,
            hold_at=hold_at,
            reset_at=reset_at,
            cut_at=cut_at,
            content_length=content_length,
            chunked=chunked,
            endless=endless,
            raw=raw,
            times=times,
        )
        place = f"/{path.removeprefix('/')}"
        self._served[place] = [answer, *self._served.get(place, [])] if times else [answer]

    def redirect(self, path: str, location: str, *, status: int = 302) -> None:
        self.serve(path, status=status, headers=[("Location", location)], etag=None)

    def remove(self, path: str) -> None:
        self._served.pop(f"/{path.removeprefix('/')}", None)

    def hits(self, path: str) -> int:
        """GETs of a path, conditional ones too."""
        return len(self._asked(path))

    def conditional_hits(self, path: str) -> int:
        return sum(seen.conditional for seen in self._asked(path))

    def last(self, path: str) -> Seen:
        """The newest GET of a path. Raises IndexError where there is none."""
        return self._asked(path)[-1]

    def _asked(self, path: str) -> list[Seen]:
        place = f"/{path.removeprefix('/')}"
        return [seen for seen in self.requests if seen.method == "GET" and seen.path == place]

    def _take(self, path: str) -> Served | None:
        answers = self._served.get(path)
        if not answers:
            return None
        answer = answers[0]
        if answer.times is not None:
            left = answer.times - 1
            answers[:1] = [replace(answer, times=left)] if left else []
        return answer


@asynccontextmanager
async def open_origin(*, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncGenerator[Origin]:
    """Serve at a free port of ``host`` until the block is left. ``tls``: a server's context with its certificate."""
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host=host)
        port = listeners[0].socket.getsockname()[1]
        origin = Origin("https" if tls else "http", f"[{host}]" if ":" in host else host, port)

        async def connected(stream: trio.SocketStream) -> None:
            origin.connections += 1
            secured = trio.SSLStream(stream, tls, server_side=True, https_compatible=True) if tls else stream
            try:
                await _converse(origin, secured, stream)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass  # the client went away, which is its right
            finally:
                await trio.aclose_forcefully(secured)

        nursery.start_soon(trio.serve_listeners, connected, listeners)
        yield origin
        nursery.cancel_scope.cancel()


async def _converse(origin: Origin, stream: trio.abc.Stream, below: trio.SocketStream) -> None:
    pending = b""
    while True:
        while b"\r\n\r\n" not in pending:
            received = await stream.receive_some(_PIECE)
            if not received or len(pending) > HEAD_LIMIT:
                return
            pending += received
        head, _, pending = bytes(pending).partition(b"\r\n\r\n")
        seen = _read_head(head)
        origin.requests.append(seen)
        origin.active += 1
        try:
            goes_on = await _answer(origin._take(seen.path), seen, stream, below)  # pyright: ignore[reportPrivateUsage]
        finally:
            origin.active -= 1
        if not goes_on or seen.headers.get("connection", "").lower() == "close":
            return


def _read_head(head: bytes) -> Seen:
    first, *lines = head.decode("utf-8", errors="surrogateescape").split("\r\n")
    method, target, _ = first.split(" ", 2)
    fields = (line.partition(":") for line in lines)
    return Seen(method, target, {name.lower(): value.strip() for name, _, value in fields})


async def _answer(answer: Served | None, seen: Seen, stream: trio.abc.Stream, below: trio.SocketStream) -> bool:
    """Whether the connection may be used again."""
    if answer is None:
        await stream.send_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        return True
    if answer.hold is not None and answer.hold_at is None:
        await answer.hold.wait()
    await trio.sleep(answer.delay)
    if answer.reset_at == -1:
        return _reset(below)
    if answer.raw is not None:
        await stream.send_all(answer.raw)
        return False
    head = _head(answer, unchanged := _unchanged(answer, seen))
    if answer.head_drip:
        for byte in head:
            await stream.send_all(bytes([byte]))
            await trio.sleep(answer.head_drip)
    else:
        await stream.send_all(head)
    if unchanged or seen.method == "HEAD":
        return True
    return await _send_body(answer, stream, below)


def _unchanged(answer: Served, seen: Seen) -> bool:
    if answer.status != 200:
        return False
    if (wanted := seen.headers.get("if-none-match")) is not None:
        return answer.etag is not None and answer.etag in [etag.strip() for etag in wanted.split(",")]
    return answer.last_modified is not None and seen.headers.get("if-modified-since") == answer.last_modified


def _head(answer: Served, unchanged: bool) -> bytes:
    fields = list(answer.headers)
    if answer.etag:
        fields.append(("ETag", answer.etag))
    if answer.last_modified:
        fields.append(("Last-Modified", answer.last_modified))
    if unchanged:
        return _lines(304, fields)
    if answer.chunked:
        fields.append(("Transfer-Encoding", "chunked"))
    elif answer.endless and answer.content_length is None:
        fields.append(("Connection", "close"))
    else:
        length = len(answer.body) if answer.content_length is None else answer.content_length
        fields.append(("Content-Length", str(length)))
    return _lines(answer.status, fields)


def _lines(status: int, fields: Sequence[tuple[str, str]]) -> bytes:
    head = f"HTTP/1.1 {status} -\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
    return head.encode("utf-8", errors="surrogateescape")


async def _send_body(answer: Served, stream: trio.abc.Stream, below: trio.SocketStream) -> bool:
    sent = 0
    stops = [at for at in (answer.reset_at, answer.cut_at, answer.hold_at) if at is not None]
    while True:
        if sent == answer.reset_at:
            return _reset(below)
        if sent == answer.cut_at:
            return False
        if answer.hold is not None and sent == answer.hold_at:
            await answer.hold.wait()
        position = sent % len(answer.body) if answer.endless and answer.body else sent
        piece = answer.body[position : position + min([_PIECE, *(at - sent for at in stops if at > sent)])]
        if answer.drip:
            piece = piece[: max(1, int(answer.drip / 10))]
        if not piece:
            break
        await stream.send_all(b"%x\r\n%b\r\n" % (len(piece), piece) if answer.chunked else piece)
        sent += len(piece)
        if answer.drip:
            await trio.sleep(len(piece) / answer.drip)
    if answer.chunked:
        await stream.send_all(b"0\r\n\r\n")
    return answer.content_length is None


def _reset(stream: trio.SocketStream) -> bool:
    # Closing with a linger time of 0 makes the kernel send RST (socket(7)).
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.socket.close()
    return False
