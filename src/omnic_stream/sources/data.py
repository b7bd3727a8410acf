"""Inline content: ``data:[<media type>][;base64],<content>`` (RFC 2397)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from omnic_stream.model.address import MEMBER, Address, SchemeRule
from omnic_stream.model.contracts import Fetched, KiB, Sink, Validators
from omnic_stream.model.errors import BadAddress, TooLarge
from omnic_stream.sources.delivery import Reporting
from omnic_stream.sources.headers import media_type

MOST = 48 * KiB
"""Bytes of content: what base64 makes of them just fits into the longest address."""


class DataSource:
    """A Source. What it serves stands in the address itself, so it never changes."""

    schemes: Mapping[str, SchemeRule] = MappingProxyType({"data": SchemeRule(host=False, arguments=(MEMBER,))})

    def locked(self, address: Address) -> bool:
        return True

    async def fetch(self, address: Address, sink: Sink, *, known: Validators | None, report: Reporting) -> Fetched:
        """Raises BadAddress, TooLarge, and what the sink raises."""
        kind, content = parse_data(address.path)
        report(0, len(content))
        if content:
            await sink.write(content)
            report(len(content), len(content))
        return Fetched(media_type=kind)


def parse_data(text: str) -> tuple[str, bytes]:
    """Media type and content of what follows ``data:``. Raises BadAddress, TooLarge."""
    head, comma, body = text.partition(",")
    if not comma:
        raise BadAddress("A data address has a comma before its content (RFC 2397).")
    kind, *parameters = head.split(";")
    content = unquote_to_bytes(body)
    if parameters and parameters[-1].strip().lower() == "base64":
        content = _from_base64(content)
    if len(content) > MOST:
        raise TooLarge(f"A data address holds {MOST // KiB} KiB of content at most: put the file on a server instead.")
    return media_type({"content-type": unquote_to_bytes(kind).decode("latin-1")}) or "text/plain", content


def _from_base64(encoded: bytes) -> bytes:
    # Line ends and missing padding are forgiven, as browsers do (Infra standard, "forgiving-base64 decode").
    packed = b"".join(encoded.split()).rstrip(b"=")
    try:
        return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadAddress("The content of the data address is not valid base64.") from None
