"""Content codings undone in small steps, so that a bomb is noticed while it is still small (RFC 9110 section 8.4)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

from omnic_stream.model.contracts import KiB, MiB
from omnic_stream.model.errors import OriginFailed, TooLarge

PIECE = 64 * KiB
HARMLESS = 16 * MiB
"""Below this much, any ratio is let through: zeros deflate a thousandfold, and a blank bitmap is no attack."""


class Unpacker(Protocol):
    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The plain content of one chunk from the wire, in pieces of PIECE bytes at most. Raises OriginFailed, TooLarge."""
        ...

    def finish(self) -> None:
        """Raises OriginFailed where the content ends too early."""
        ...


def unpacker(content_encoding: str, *, ratio: int) -> Unpacker:
    """For a Content-Encoding field. One layer at most, identity and gzip and deflate. Raises OriginFailed for others."""
    codings = [coding for word in content_encoding.lower().split(",") if (coding := word.strip()) not in {"", "identity"}]
    match codings:
        case []:
            return _Plain()
        case ["gzip" | "x-gzip" | "deflate"]:
            return _Inflating(ratio)
        case _:
            raise OriginFailed("The origin packed the file in a way that was not asked for and is not understood.")


class _Plain:
    def feed(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def finish(self) -> None:
        """Nothing to miss: the framing told the length."""


class _Inflating:
    """gzip (RFC 1952, several members too), zlib (RFC 1950), and the bare deflate (RFC 1951) that some servers send instead."""

    def __init__(self, ratio: int) -> None:
        self._ratio = ratio
        self._wire = 0
        self._out = 0
        self._inflate = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        first = self._wire == 0
        self._wire += len(chunk)
        rest = chunk
        while rest:
            if self._inflate.eof:
                # Zeros may pad the last member (gzip's manual, section "Tapes"); anything else has to be another member.
                rest = rest.lstrip(b"\0")
                if not rest:
                    return
                self._inflate = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)
            try:
                piece = self._inflate.decompress(rest, PIECE)
            except zlib.error:
                if not first or self._out:
                    raise OriginFailed("The origin sent packed data that cannot be unpacked.") from None
                self._inflate, first = zlib.decompressobj(wbits=-zlib.MAX_WBITS), False
                continue
            rest = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            self._out += len(piece)
            if self._out > HARMLESS and self._out > self._wire * self._ratio:
                raise TooLarge(f"The file unpacks to more than {self._ratio} times what the origin sends.")
            yield piece

    def finish(self) -> None:
        if self._wire and not self._inflate.eof:
            raise OriginFailed("The origin broke off: its packed data ends too early.")
