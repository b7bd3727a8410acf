"""A connection that is read in sips while heads are expected.

An HTTP parser works through all that one read brought before anybody else has a turn. Bodies are handed out chunk by chunk, but
interim answers (1xx, RFC 9110 section 15.2) are passed over in silence: 64 KiB of them took the event loop 200 ms and more.
"""

from __future__ import annotations

import ssl
from typing import Any

import httpcore2

from omnic_stream.model.contracts import KiB
from omnic_stream.model.errors import OriginFailed

SIP = 2 * KiB
MOST_HEAD = 128 * KiB
"""Of all heads of one answer together; the parser itself takes a single one of 100 KiB."""


class SippingStream(httpcore2.AsyncNetworkStream):
    """Each request that is written makes it sip again; ``gulp`` says that the head is there."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._head: int | None = 0

    def gulp(self) -> None:
        self._head = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Raises OriginFailed where heads do not come to an end."""
        if self._head is None:
            return await self._stream.read(max_bytes, timeout)
        received = await self._stream.read(min(max_bytes, SIP), timeout)
        self._head += len(received)
        if self._head > MOST_HEAD:
            raise OriginFailed("The origin sends headers without end instead of a file.")
        return received

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._head = 0
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        return SippingStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
