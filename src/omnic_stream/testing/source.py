"""A Source and a Sink that live in memory, for tests of what stands on sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

import trio

from omnic_stream.model.address import MEMBER, Address, SchemeRule, parse_address
from omnic_stream.model.contracts import Fetched, MiB, Sink, Validators
from omnic_stream.model.errors import NotFound, OmnicError, TooLarge

NOTHING_LEARNED = Fetched()


class MemorySink:
    """A Sink that keeps what is written, up to a cap."""

    def __init__(self, most: int = 512 * MiB) -> None:
        self.content = bytearray()
        self._most = most

    async def write(self, chunk: bytes) -> None:
        """Raises TooLarge beyond the cap."""
        await trio.lowlevel.checkpoint()
        if len(self.content) + len(chunk) > self._most:
            raise TooLarge("The file is larger than what this sink takes.")
        self.content += chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stubbed:
    content: bytes
    fetched: Fetched
    seconds: float
    hold: trio.Event | None
    error: OmnicError | None


class StubSource:
    """A Source whose files are told to it: ``stub://host/path``, or any other scheme.

    ``locked`` says what the addresses are: as of a commit, or, as by default, of what may change.
    """

    def __init__(self, scheme: str = "stub", *, locked: bool = False) -> None:
        self.schemes: Mapping[str, SchemeRule] = MappingProxyType({scheme: SchemeRule(arguments=(MEMBER,))})
        self.fetches: list[str] = []
        """The URL of each fetch that was begun, in order."""
        self.running = 0
        """Fetches under way."""
        self._locked = locked
        self._stubbed: dict[str, _Stubbed] = {}

    def serve(
        self,
        url: str,
        content: bytes = b"",
        *,
        fetched: Fetched = NOTHING_LEARNED,
        seconds: float = 0.0,
        hold: trio.Event | None = None,
        error: OmnicError | None = None,
    ) -> Address:
        """From now on ``url`` holds ``content``; its address comes back.

        ``fetched``: what is learned with it; an etag there is honoured. ``seconds``: how long the fetch takes, in ten
        even parts. ``hold``: it waits for this after the first report. ``error``: it fails with this at the end.
        """
        address = parse_address(url, self.schemes)
        self._stubbed[address.url] = _Stubbed(content=content, fetched=fetched, seconds=seconds, hold=hold, error=error)
        return address

    def hits(self, url: str) -> int:
        return self.fetches.count(parse_address(url, self.schemes).url)

    def locked(self, address: Address) -> bool:
        return self._locked

    async def fetch(
        self, address: Address, sink: Sink, *, known: Validators | None, report: Callable[[int, int | None], None]
    ) -> Fetched:
        """Raises NotFound for what was not served, and the error that was asked for."""
        self.fetches.append(address.url)
        self.running += 1
        try:
            return await self._fetch(address, sink, known, report)
        finally:
            self.running -= 1

    async def _fetch(
        self, address: Address, sink: Sink, known: Validators | None, report: Callable[[int, int | None], None]
    ) -> Fetched:
        await trio.lowlevel.checkpoint()
        if (stubbed := self._stubbed.get(address.url)) is None:
            raise NotFound("The stub source holds no such file.")
        if known is not None and known.etag is not None and known.etag == stubbed.fetched.validators.etag:
            return replace(stubbed.fetched, unchanged=True)
        total = len(stubbed.content)
        report(0, total)
        if stubbed.hold is not None:
            await stubbed.hold.wait()
        bounds = [total * tenth // 10 for tenth in range(11)]
        for start, end in pairwise(bounds):
            await trio.sleep(stubbed.seconds / 10)
            if end > start:
                await sink.write(stubbed.content[start:end])
                report(end, total)
        if stubbed.error is not None:
            raise stubbed.error
        return stubbed.fetched
