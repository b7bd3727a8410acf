"""A connection's stream as the server wants it: sends end, bytes can be given back, a close never waits."""

from __future__ import annotations

import trio

PIECE = 64 * 1024
HEADERS = rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}+:[ \t]*+(?:[!-~\x80-\xff][ -~\x80-\xff]*+)?\r\n){1,64}+)\r\n"
"""A request's header fields, without RFC 9112's freedoms. No byte can be matched in two ways, so it takes linear time."""


class Guarded:
    """Stands for a trio.SocketStream towards hypercorn and the door.

    A send that makes no progress for ``stuck`` seconds breaks the connection: hypercorn shields its sends from every
    cancellation, so a reader that stands still would otherwise hold its task, and the service's end, for ever.
    """

    def __init__(self, stream: trio.SocketStream, *, stuck: float) -> None:
        self.stream, self.socket = stream, stream.socket
        self.over = trio.Event()
        """Set once the client has left, the connection is closed, or it is to be, as soon as it owes nothing."""
        self._stuck = stuck
        self._seen = b""
        self._idle: trio.CancelScope | None = None

    async def receive_some(self, count: int | None = None) -> bytes:
        if self._seen:
            seen, self._seen = self._seen, b""
            return seen
        try:
            data = bytes(await self.stream.receive_some(count))
        except trio.BrokenResourceError:
            self.over.set()
            raise
        if not data:
            self.over.set()
        return data

    def unread(self, data: bytes) -> None:
        """The next receive gives these back."""
        self._seen = data + self._seen

    async def receive_idle(self, seconds: float) -> bytes:
        """What comes next on a connection that owes nothing; empty after the time, or when the service stops."""
        if self.over.is_set():
            return b""
        data = b""
        with trio.move_on_after(seconds) as self._idle:
            data = await self.receive_some(PIECE)
        self._idle = None
        return data

    def hang_up(self) -> None:
        """Now, if it is idle; else once it owes nothing."""
        self.over.set()
        if self._idle is not None:
            self._idle.cancel()

    async def send_all(self, data: bytes) -> None:
        """Raises BrokenResourceError, also where the reader stands still."""
        for start in range(0, len(data), PIECE):
            with trio.move_on_after(self._stuck) as waited:
                await self.stream.send_all(data if len(data) <= PIECE else data[start : start + PIECE])
            if waited.cancelled_caught:
                self.cut()
                raise trio.BrokenResourceError("the reader stands still")

    async def send_eof(self) -> None:
        await self.stream.send_eof()

    async def aclose(self) -> None:
        self.over.set()
        await self.stream.aclose()

    def cut(self) -> None:
        """Close at once, under whoever waits on it."""
        self.over.set()
        self.socket.close()
