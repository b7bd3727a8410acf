"""What a tool prints, kept within bounds: pure."""

from __future__ import annotations

from typing import Final

LONGEST_LINE: Final = 4096
"""A line longer than this is cut there: no progress line is, and a tool may print without ever ending a line."""

_ENDS: Final = bytes.maketrans(b"\r\b", b"\n\n")


class Kept:
    """The first half and the last half of what it is fed: bounded, and the error message at the end survives."""

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._head = bytearray()
        self._tail = bytearray()
        self.seen = 0

    def feed(self, chunk: bytes | bytearray) -> None:
        self.seen += len(chunk)
        room = self._half - len(self._head)
        self._head += chunk[: max(room, 0)]
        self._tail += chunk[max(room, 0) :]
        del self._tail[: -self._half]

    def value(self) -> bytes:
        return bytes(self._head + self._tail)

    def tail(self) -> bytes:
        """The last half of the limit."""
        return self.value()[-self._half :]


class Lines:
    """Splits at newline, carriage return and backspace, the three ways in which tools end a progress line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes | bytearray) -> list[bytes]:
        """The lines that the chunk completes, without their ends and without empty ones."""
        *done, rest = (self._rest + chunk).translate(_ENDS).split(b"\n")
        self._rest = rest[-LONGEST_LINE:]
        return [line for line in done if line]

    def last(self) -> list[bytes]:
        """What stood after the last line end."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []
