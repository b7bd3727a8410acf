"""Files from http and https addresses: every hop through the Guard, every byte and second bounded.

Redirects are followed five times at most, each judged like an address that a stranger typed; never from https down to http, where
what TLS vouched for would be lost. A GET whose connection breaks before the first byte of content is asked once more.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

import httpcore2
import trio

from omnic_stream.model.address import DEFAULT_PORTS, MEMBER, Address, SchemeRule, parse_address
from omnic_stream.model.contracts import Fetched, KiB, MiB, Sink, Validators
from omnic_stream.model.errors import BadAddress, NotFound, OriginFailed, OriginTimeout, Refused
from omnic_stream.sources import headers as read
from omnic_stream.sources.delivery import Crumbs, Delivery, Pace, Reporting
from omnic_stream.sources.guard import Guard, GuardedBackend
from omnic_stream.sources.unpack import unpacker

SCHEMES: Final[Mapping[str, SchemeRule]] = MappingProxyType(dict.fromkeys(("http", "https"), SchemeRule(arguments=(MEMBER,))))

_URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BROKEN = (httpcore2.ReadError, httpcore2.WriteError, httpcore2.RemoteProtocolError)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """Beyond any of these the fetch ends: TooLarge for bytes, OriginTimeout for time, OriginFailed for redirects."""

    size: int = 512 * MiB
    """Of the content as it is kept, after unpacking."""
    head: float = 15.0
    """Seconds until the whole head of an answer is there: looking up, connecting and TLS included, on each hop."""
    total: float = 600.0
    """Seconds for everything."""
    rate: int = 1 * KiB
    """Bytes per second that must arrive on the average of each window. The time that our own disk takes does not count."""
    window: float = 15.0
    redirects: int = 5
    ratio: int = 200
    """Unpacked bytes per byte on the wire, once 16 MiB are unpacked."""


@asynccontextmanager
async def open_http(
    guard: Guard,
    *,
    limits: HttpLimits = HttpLimits(),
    trust: ssl.SSLContext | None = None,
    user_agent: str = "omnic-stream",
) -> AsyncGenerator[HttpSource]:
    """The source of http and https addresses; its idle connections are closed with the block.

    ``trust``: whose certificates to believe; None stands for the machine's. Proxy variables of the environment are not read:
    a proxy would dial in our place, past the Guard.
    """
    pool = httpcore2.AsyncConnectionPool(
        ssl_context=trust,
        network_backend=GuardedBackend(guard),
        max_connections=None,  # how many fetches run at once is the business of whoever starts them
        max_keepalive_connections=16,
        keepalive_expiry=15.0,
    )
    async with pool:
        yield HttpSource(pool, limits, user_agent)


class HttpSource:
    """A Source. Made by open_http."""

    schemes: Mapping[str, SchemeRule] = SCHEMES

    def __init__(self, pool: httpcore2.AsyncConnectionPool, limits: HttpLimits, user_agent: str) -> None:
        self._pool = pool
        self._limits = limits
        self._user_agent = user_agent

    def locked(self, address: Address) -> bool:
        """Never: what a URL names can change."""
        return False

    async def fetch(self, address: Address, sink: Sink, *, known: Validators | None, report: Reporting) -> Fetched:
        """As in Source.fetch. Raises Refused, NotFound, TooLarge, OriginFailed, OriginTimeout, and what the sink raises."""
        with trio.move_on_after(self._limits.total):
            return await self._follow(address.url, sink, known, report)
        raise OriginTimeout(f"The origin did not deliver the file within {self._limits.total:g} seconds.")

    async def _follow(self, url: str, sink: Sink, known: Validators | None, report: Reporting) -> Fetched:
        for _ in range(self._limits.redirects + 1):
            found = await self._ask_twice(url, sink, known, report)
            if isinstance(found, Fetched):
                return found
            url = found
        raise OriginFailed(f"The origin redirects more than {self._limits.redirects} times.")

    async def _ask_twice(self, url: str, sink: Sink, known: Validators | None, report: Reporting) -> Fetched | str:
        delivery = Delivery(sink, self._limits.size, report)
        try:
            return await self._ask(url, delivery, known)
        except _BROKEN:
            if delivery.size:
                raise OriginFailed("The origin broke off before the file was complete.") from None
        # Asking again is safe: GET changes nothing, and nothing was written yet. The usual cause is a kept connection that the
        # origin gave up just when it was used again.
        try:
            return await self._ask(url, delivery, known)
        except _BROKEN:
            raise OriginFailed(
                "The origin broke off before the file was complete."
                if delivery.size
                else "The origin answers with nothing that is HTTP."
            ) from None

    async def _ask(self, url: str, delivery: Delivery, known: Validators | None) -> Fetched | str:
        """One GET: the next hop's URL, or what was fetched. Lets a broken connection's error of httpcore through."""
        response = None
        with trio.move_on_after(self._limits.head):
            response = await self._begin(self._request(url, known))
        if response is None:
            raise OriginTimeout(f"The origin did not begin to answer within {self._limits.head:g} seconds.")
        response.extensions["network_stream"].gulp()
        try:
            return await self._answer(url, response, delivery, known)
        finally:
            with trio.CancelScope(shield=True):
                await response.aclose()

    def _request(self, url: str, known: Validators | None) -> httpcore2.Request:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").replace("%25", "%"), parts.port or DEFAULT_PORTS[parts.scheme]
        fields = [
            ("Host", parts.netloc),
            ("User-Agent", self._user_agent),
            ("Accept", "*/*"),
            ("Accept-Encoding", "gzip"),
        ]
        if known and known.etag:
            fields.append(("If-None-Match", known.etag))
        if known and known.last_modified:
            fields.append(("If-Modified-Since", known.last_modified))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return httpcore2.Request(
            "GET",
            httpcore2.URL(scheme=parts.scheme, host=host, port=port, target=target),
            headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in fields],
        )

    async def _begin(self, request: httpcore2.Request) -> httpcore2.Response:
        try:
            return await self._pool.handle_async_request(request)
        except httpcore2.ConnectError:
            # Connecting itself raises errors of ours: what is left is TLS.
            raise OriginFailed("No secure connection to the origin: its certificate or its TLS cannot be trusted.") from None
        except httpcore2.LocalProtocolError:
            raise BadAddress("The address holds characters that HTTP cannot carry.") from None

    async def _answer(self, url: str, response: httpcore2.Response, delivery: Delivery, known: Validators | None) -> Fetched | str:
        headers = read.Headers(response.headers)
        if response.status == 304 and known is not None and (known.etag or known.last_modified):
            given = read.validators(headers)
            return Fetched(
                unchanged=True,
                validators=Validators(etag=given.etag or known.etag, last_modified=given.last_modified or known.last_modified),
                max_age=read.max_age(headers, time.time()),
            )
        if response.status in _REDIRECTS and "location" in headers:
            return next_hop(url, headers["location"])
        if response.status not in {200, 203}:
            raise _failure(response.status, headers)
        await self._receive(response, headers, delivery)
        return Fetched(
            validators=read.validators(headers),
            max_age=read.max_age(headers, time.time()),
            media_type=read.media_type(headers),
            name=read.file_name(headers, url),
        )

    async def _receive(self, response: httpcore2.Response, headers: Mapping[str, str], delivery: Delivery) -> None:
        coding = headers.get("content-encoding", "")
        unpack = unpacker(coding, ratio=self._limits.ratio)
        length = headers.get("content-length", "")
        plain = coding.strip().lower() in {"", "identity"}
        delivery.begin(int(length) if plain and length.isascii() and length.isdigit() else None)
        crumbs = Crumbs()
        pace = Pace(rate=self._limits.rate, window=self._limits.window)
        with pace.hold() as scope:
            async with aclosing(response.aiter_stream()) as chunks:
                async for chunk in chunks:
                    pace.received(len(chunk))
                    crumbs.count(len(chunk))
                    with pace.paused():
                        for piece in unpack.feed(chunk):
                            await delivery.write(piece)
                            await trio.lowlevel.checkpoint()  # inflating is work: 64 KiB of it, then others have their turn
            unpack.finish()
        if scope.cancelled_caught:
            raise OriginTimeout(
                f"The origin is too slow: less than {self._limits.rate:,} bytes a second for {self._limits.window:g} seconds."
            )
        delivery.end()


def next_hop(url: str, location: str) -> str:
    """The canonical URL that a Location field (RFC 9110 section 10.2.2) leads to. Raises Refused.

    It is parsed as strictly as an address that is typed: another scheme, user and password, or control characters are refused.
    """
    # Octets that no URL may hold are sent by many servers as they are; < and > would read as an address's arguments.
    reference = quote(location.encode("latin-1"), safe=_URL_CHARACTERS)
    try:
        found = parse_address(urljoin(url, reference), SCHEMES)
    except (BadAddress, ValueError):
        raise Refused("The origin redirects to an address that this service does not fetch.") from None
    if url.startswith("https:") and found.scheme != "https":
        raise Refused("The origin redirects from https to plain http, which is not followed. Ask for the http address itself.")
    return found.url


def _failure(status: int, headers: Mapping[str, str]) -> NotFound | OriginFailed:
    if status in {404, 410}:
        return NotFound("The origin says that there is no such file.")
    if status in {401, 403, 407}:
        return OriginFailed("The origin asks for a login, or does not let this service read the file.")
    if status in {429, 503}:
        return OriginFailed(
            "The origin is overloaded or wants to be asked less often. Try again later.",
            retry_after=read.retry_after(headers, time.time()),
        )
    try:
        phrase = f" ({HTTPStatus(status).phrase})"
    except ValueError:
        phrase = ""
    return OriginFailed(f"The origin answers with status {status}{phrase} instead of a file.")
