"""Many WebSocket clients in one thread: bytes are searched and not parsed, so that the server is what is measured."""

from __future__ import annotations

import select
import socket
import struct
import time
from types import TracebackType

import msgspec

UPGRADE = (
    b"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
READY = b'"method":"ready"'
SO_TIMESTAMPNS = 35
"""socket(7); Python's socket module has no name for it."""


def asking(url: str, type: str) -> bytes:
    """A client's frame (RFC 6455 section 5.2; masked with zeros) that subscribes to a result."""
    params = {"url": url, "type": type}
    asked = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": "media", "params": params})
    if len(asked) < 126:
        return bytes((0x81, 0x80 | len(asked))) + bytes(4) + asked
    return b"\x81\xfe" + len(asked).to_bytes(2, "big") + bytes(4) + asked


def connect(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    client.sendall(UPGRADE)
    said = b""
    while b"\r\n\r\n" not in said:  # a ping may have come with it
        said += received(client)
    if b" 101 " not in said:
        raise RuntimeError(f"No WebSocket: {said[:200]!r}")
    return client


def until(client: socket.socket, words: bytes) -> bytes:
    """All that came until the words have come."""
    said = b""
    while words not in said:
        said += received(client)
    return said


def received(client: socket.socket) -> bytes:
    data = client.recv(65536)
    if not data:
        raise RuntimeError("The server has closed the connection.")
    return data


def received_at(client: socket.socket) -> tuple[bytes, float]:
    """What came, and when it reached the socket: seconds since the epoch."""
    data, told, _, _ = client.recvmsg(65536, 64)
    if not data:
        raise RuntimeError("The server has closed the connection.")
    for level, kind, value in told:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("@qq", value[:16])
            return data, seconds + nanoseconds / 1e9
    raise RuntimeError("The kernel does not say when data came.")


class Crowd:
    """Clients that are all connected and have each said the same."""

    def __init__(self, port: int, size: int) -> None:
        self._clients = [connect(port) for _ in range(size)]

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for client in self._clients:
            client.close()

    def say(self, frame: bytes) -> None:
        """Each says it, and gets its answer."""
        for client in self._clients:
            client.sendall(frame)
        for client in self._clients:
            until(client, b'"id":1')

    def told(self, words: bytes) -> tuple[float, bytes]:
        """Seconds from the first client that has got these words to the last, and what one of them got.

        The kernel says when each got them: that this one thread reads them one after another is not the server's time.
        """
        with select.epoll() as poll:
            waiting = {client.fileno(): (client, b"") for client in self._clients}
            for number in waiting:
                poll.register(number, select.EPOLLIN)
            times: list[float] = []
            deadline, said = time.monotonic() + 30, b""
            while waiting:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{len(waiting)} clients were not told.")
                for number, _ in poll.poll(1):
                    client, before = waiting[number]
                    data, at = received_at(client)
                    waiting[number] = (client, before + data)
                    if words in before + data:
                        times.append(at)
                        said = before + data
                        poll.unregister(number)
                        del waiting[number]
            return max(times) - min(times), said
