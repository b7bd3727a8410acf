"""Many WebSocket clients in one thread: bytes are searched and not parsed, so that the server is what is measured."""

from __future__ import annotations

import select
import socket
import time
from types import TracebackType

import msgspec

UPGRADE = (
    b"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
READY = b'"method":"ready"'


def asking(url: str, type: str) -> bytes:
    """A client's frame (RFC 6455 section 5.2; masked with zeros) that subscribes to a result."""
    params = {"url": url, "type": type}
    asked = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": "media", "params": params})
    if len(asked) < 126:
        return bytes((0x81, 0x80 | len(asked))) + bytes(4) + asked
    return b"\x81\xfe" + len(asked).to_bytes(2, "big") + bytes(4) + asked


def connect(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
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
        """Seconds from the first client that has got these words to the last, and what one of them got."""
        with select.epoll() as poll:
            waiting = {client.fileno(): (client, b"") for client in self._clients}
            for number in waiting:
                poll.register(number, select.EPOLLIN)
            first, deadline, said = 0.0, time.monotonic() + 30, b""
            while waiting:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{len(waiting)} clients were not told.")
                for number, _ in poll.poll(1):
                    client, before = waiting[number]
                    got = before + received(client)
                    waiting[number] = (client, got)
                    if words in got:
                        first, said = first or time.perf_counter(), got
                        poll.unregister(number)
                        del waiting[number]
            return time.perf_counter() - first, said
