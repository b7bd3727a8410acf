"""``/ws/`` as raw ASGI: JSON-RPC in text messages. One task reads, another sends from the mailbox."""

from __future__ import annotations

import trio

from omnic_stream.model.errors import NotFound, Refused
from omnic_stream.web import wire
from omnic_stream.web.asgi import Receive, Scope, Send, header
from omnic_stream.web.live import Live
from omnic_stream.web.mailbox import NOT_TEXT, TOO_BIG, Audience, Ended, Mailbox
from omnic_stream.web.problems import problem
from omnic_stream.web.rpc import Session
from omnic_stream.web.rpc_protocol import MAX_MESSAGE

PATH = "/ws/"
FAREWELL = 2.0
"""Seconds in which a client may answer our close: cut at once, it might never read the code."""


class Sockets:
    def __init__(self, live: Live, audience: Audience) -> None:
        self._live, self._audience = live, audience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        if scope["path"] != PATH:
            await _reject(send, NotFound(f"There is one socket, {PATH}."))
            return
        if not self.admits(header(scope, b"origin"), header(scope, b"host")):
            await _reject(send, Refused("Pages of this origin may not open the socket; see OMNIC_ALLOW_ORIGINS."))
            return
        _without_deflate(send)
        await send({"type": "websocket.accept"})
        mailbox = Mailbox()
        session = Session(self._live, mailbox, form=wire.notification, frame=bytes)
        with self._audience.seat(mailbox):
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_write, mailbox, send, nursery.cancel_scope)
                    await _read(receive, session, mailbox, nursery)
                    nursery.cancel_scope.cancel()
            finally:
                session.close()

    def admits(self, origin: str | None, host: str | None) -> bool:
        """Browsers always send the Origin of the page that opens a socket (RFC 6455 section 10.2)."""
        return self._live.access.origin_allowed(origin, host)


async def _read(receive: Receive, session: Session, mailbox: Mailbox, nursery: trio.Nursery) -> None:
    """Until the client is gone. After an end of our own we go on reading, so that its answer to the close is seen."""
    while True:
        await mailbox.room()
        message = await receive()
        if message["type"] != "websocket.receive":
            return
        if mailbox.code is not None:
            continue
        text = message.get("text")
        if text is None:
            mailbox.end(NOT_TEXT)
        elif len(text) > MAX_MESSAGE or len(text.encode()) > MAX_MESSAGE:
            mailbox.end(TOO_BIG)  # the server underneath counts characters
        else:
            session.receive(text, nursery)


async def _write(mailbox: Mailbox, send: Send, connection: trio.CancelScope) -> None:
    try:
        while True:
            for entry in await mailbox.take():
                if mailbox.code is not None and not mailbox.polite:
                    break
                await send({"type": "websocket.send", "text": entry.decode()})
    except Ended as ended:
        await send({"type": "websocket.close", "code": ended.code})
        connection.deadline = trio.current_time() + FAREWELL


async def _reject(send: Send, error: NotFound | Refused) -> None:
    """An HTTP answer in the place of the handshake's (ASGI's Websocket Denial Response)."""
    status, headers, body = problem(error)
    headers.append((b"connection", b"close"))
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def _without_deflate(send: Send) -> None:
    """Hypercorn 0.18 always accepts permessage-deflate, which costs 100 KiB a socket and compresses each copy anew.

    There is no setting for it; ``send`` is a method of its stream, whose handshake has not been answered yet.
    """
    handshake = getattr(getattr(send, "__self__", None), "handshake", None)
    if handshake is not None:
        handshake.extensions = None
