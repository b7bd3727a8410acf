"""A real client of ``/ws/`` for tests: trio-websocket, JSON-RPC, and answers told apart from notifications."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream


class SocketClient:
    """One connection. ``notifications`` holds what came unasked, in order, and was not yet awaited."""

    def __init__(self, connection: WebSocketConnection) -> None:
        self.connection = connection
        self.notifications: deque[dict[str, Any]] = deque()
        self._ids = count(1)

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The whole answer: ``result`` or ``error`` is in it."""
        id = next(self._ids)
        await self.send({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        while True:
            message: dict[str, Any] = await self.receive()
            if message.get("id") == id:
                return message
            self.notifications.append(message)

    async def next(self) -> dict[str, Any]:
        """The next notification."""
        return self.notifications.popleft() if self.notifications else await self.receive()

    async def until(self, method: str) -> list[dict[str, Any]]:
        """Notifications up to the first of this name, which is the last of the list."""
        seen = [await self.next()]
        while seen[-1].get("method") != method:
            seen.append(await self.next())
        return seen

    async def send(self, message: Any) -> None:
        await self.connection.send_message(message if isinstance(message, str) else json.dumps(message))

    async def receive(self) -> Any:
        return json.loads(await self.connection.get_message())

    async def closed(self) -> int | None:
        """The close code, once the other side has closed; whatever still comes is dropped."""
        while True:
            try:
                await self.connection.get_message()
            except ConnectionClosed as closed:
                return None if closed.reason is None else closed.reason.code


@asynccontextmanager
async def open_socket(
    port: int, *, path: str = "/ws/", headers: list[tuple[str, str]] | None = None, buffered: int = 10_000
) -> AsyncGenerator[SocketClient]:
    """Connect to a service on this machine. Raises trio_websocket.ConnectionRejected where it refuses."""
    extra = [(name.encode(), value.encode()) for name, value in headers or []]
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream, trio.open_nursery() as nursery:
        connection = await wrap_client_stream(
            nursery, stream, f"127.0.0.1:{port}", path, extra_headers=extra, message_queue_size=buffered
        )
        try:
            yield SocketClient(connection)
        finally:
            with trio.move_on_after(2, shield=True):
                await connection.aclose()
            nursery.cancel_scope.cancel()
