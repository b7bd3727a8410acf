"""``/ws/`` on our own stream: one encoded event is one frame for every watcher, written without waking a task.

A server's frames are not masked (RFC 6455 section 5.1), so the same bytes do for all; what fits a socket's buffer is
written by whoever puts it. Handshake and the client's frames are wsproto's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import trio
from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Request, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from omnic_stream.web import wire
from omnic_stream.web.live import Live
from omnic_stream.web.mailbox import NOT_TEXT, TOO_BIG, Audience, Mailbox
from omnic_stream.web.rpc import Session
from omnic_stream.web.rpc_protocol import MAX_MESSAGE
from omnic_stream.web.sockets import FAREWELL
from omnic_stream.web.streams import HEADERS, Guarded

TEXT, CLOSE, PING = 0x1, 0x8, 0x9
ASKED = re.compile(rb"GET /ws/(?:\?[!-~]{0,1024}+)? HTTP/1\.1\r\n" + HEADERS)
ONCE = (b"host", b"upgrade", b"connection", b"sec-websocket-key", b"sec-websocket-version")


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A whole server frame (RFC 6455 section 5.2)."""
    size = len(payload)
    first = bytes((0x80 | opcode,))
    if size < 126:
        return first + bytes((size,)) + payload
    if size < 1 << 16:
        return first + b"\x7e" + size.to_bytes(2, "big") + payload
    return first + b"\x7f" + size.to_bytes(8, "big") + payload


def notification_frame(name: str, told: Mapping[str, Any]) -> bytes:
    return frame(wire.notification(name, told))


class DirectMailbox(Mailbox):
    """A mailbox whose socket is ours. What does not fit is kept as in any other, and a task is started to bring it out."""

    __slots__ = ("_busy", "_drain", "_rest", "_shut", "_socket")

    def __init__(self, socket: trio.socket.SocketType, drain: Callable[[], None]) -> None:
        super().__init__()
        self._socket, self._drain = socket, drain
        self._busy = self._shut = False
        self._rest = b""

    def put(self, entry: bytes, slot: Hashable | None = None) -> None:
        if self._shut or self.code is not None:
            return
        if not self._busy and not len(self):
            try:
                sent = os.write(self._socket.fileno(), entry)  # asked for anew each time: it may have been closed
            except BlockingIOError:
                sent = 0
            except OSError:
                return  # the reading task sees it too, and ends the session
            if sent == len(entry):
                return
            if sent:  # a frame once begun must be ended, whatever becomes of the rest
                self._rest = entry[sent:]
                self._start()
                return
        super().put(entry, slot)
        self._start()

    def end(self, code: int) -> None:
        super().end(code)
        self._start()

    def shut(self) -> None:
        """Nothing is to be written any more."""
        self._shut = True

    async def written(self) -> None:
        """Wait until nothing waits."""
        while self._busy:
            await self._change()

    def pending(self) -> bytes:
        """What is to be written next; empty, and idle, where there is nothing."""
        whole = b"".join((self._rest, *self.take_nowait()))
        self._rest = b""
        self._busy = bool(whole)
        return whole

    def _start(self) -> None:
        if not self._busy and not self._shut:
            self._busy = True
            self._drain()


class FrameSockets:
    """``ping``: seconds of silence after which a client is asked; ``read_timeout``: after which it is gone."""

    def __init__(self, live: Live, audience: Audience, *, ping: float, read_timeout: float) -> None:
        self._live, self._audience = live, audience
        self._ping, self._read_timeout = ping, read_timeout

    def handshake(self, data: bytes) -> tuple[bytes, bytes] | None:
        """The answer to an upgrade that is well formed and allowed, and what came after it; None for anything else."""
        asked = ASKED.match(data)
        if asked is None:
            return None
        fields: dict[bytes, list[bytes]] = {}
        for line in asked[1].split(b"\r\n")[:-1]:
            name, _, value = line.partition(b":")
            fields.setdefault(name.lower(), []).append(value.strip(b" \t"))
        if any(len(fields.get(name, ())) != 1 for name in ONCE) or len(fields.get(b"origin", ())) > 1:
            return None
        if {b"content-length", b"transfer-encoding", b"expect"} & fields.keys():
            return None
        origin = fields[b"origin"][0].decode("latin-1") if b"origin" in fields else None
        if not self._live.access.origin_allowed(origin, fields[b"host"][0].decode("latin-1")):
            return None
        peer = WSConnection(ConnectionType.SERVER)
        try:
            peer.receive_data(asked[0])
            if not isinstance(next(peer.events(), None), Request):
                return None
            return peer.send(AcceptConnection()), data[asked.end() :]
        except (RemoteProtocolError, LocalProtocolError, UnicodeError):
            return None

    async def serve(self, stream: Guarded, accepted: bytes, data: bytes) -> None:
        """Until the client is gone. ``data``: what it has sent already."""
        await stream.send_all(accepted)
        async with trio.open_nursery() as nursery:

            def drain() -> None:
                nursery.start_soon(_drain, stream, mailbox, nursery.cancel_scope)

            mailbox = DirectMailbox(stream.socket, drain)
            session = Session(self._live, mailbox, form=notification_frame, frame=frame)
            try:
                with self._audience.seat(mailbox):
                    await self._read(stream, data, session, mailbox, nursery)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass
            finally:
                session.close()
                mailbox.shut()
                nursery.cancel_scope.cancel()

    async def _read(self, stream: Guarded, data: bytes, session: Session, mailbox: DirectMailbox, nursery: trio.Nursery) -> None:
        """After an end of our own we go on reading, so that the client's answer to the close is seen."""
        peer, message = Connection(ConnectionType.SERVER), Message()
        while True:
            if data:
                peer.receive_data(data)
            for event in peer.events():
                match event:
                    case TextMessage() | BytesMessage() if mailbox.code is not None:
                        pass
                    case BytesMessage():
                        mailbox.end(NOT_TEXT)
                    case TextMessage():
                        message.add(event.data)
                        if message.size > MAX_MESSAGE:
                            mailbox.end(TOO_BIG)
                        elif event.message_finished:
                            session.receive(message.whole(), nursery)
                    case Ping():
                        mailbox.put(peer.send(event.response()))
                    case CloseConnection():
                        if mailbox.code is None:
                            mailbox.put(peer.send(event.response()))
                            with trio.move_on_after(FAREWELL):
                                await mailbox.written()
                        return
                    case _:
                        pass
            await mailbox.room()
            data = await self._receive(stream, mailbox)
            if not data:
                return

    async def _receive(self, stream: Guarded, mailbox: Mailbox) -> bytes:
        """What comes next; empty when the client is gone, or has not said anything for too long, pongs included."""
        silent = 0.0
        while silent < self._read_timeout:
            with trio.move_on_after(self._ping):
                return await stream.receive_some(65536)
            silent += self._ping
            mailbox.put(frame(b"", PING))
        return b""


class Message:
    """The parts of a text message that has not ended."""

    __slots__ = ("_parts", "size")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.size = 0

    def add(self, part: str) -> None:
        self._parts.append(part)
        self.size += len(part.encode())

    def whole(self) -> str:
        whole = "".join(self._parts)
        self._parts.clear()
        self.size = 0
        return whole


async def _drain(stream: Guarded, mailbox: DirectMailbox, connection: trio.CancelScope) -> None:
    """Write until nothing waits; then, where it has ended, say so, and give the client time to answer."""
    try:
        while waiting := mailbox.pending():
            await stream.send_all(waiting)
        if mailbox.code is not None:
            mailbox.shut()
            await stream.send_all(frame(mailbox.code.to_bytes(2, "big"), CLOSE))
            connection.deadline = trio.current_time() + FAREWELL
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        connection.cancel()
