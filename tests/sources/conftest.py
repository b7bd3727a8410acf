from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from omnic_stream.model.address import parse_address
from omnic_stream.model.contracts import Fetched, Source, Validators
from omnic_stream.sources.guard import Guard
from omnic_stream.sources.http import HttpLimits, HttpSource, open_http
from omnic_stream.testing.origin import Origin, open_origin
from omnic_stream.testing.source import MemorySink


@dataclass
class Taken:
    fetched: Fetched
    content: bytes
    reports: list[tuple[int, int | None]] = field(default_factory=list)


Take = Callable[..., Awaitable[Taken]]


async def take_from(source: Source, url: str, known: Validators | None = None) -> Taken:
    sink, reports = MemorySink(), []
    address = parse_address(url, source.schemes)
    fetched = await source.fetch(address, sink, known=known, report=lambda size, total: reports.append((size, total)))
    return Taken(fetched, bytes(sink.content), reports)


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with open_origin() as opened:
        yield opened


@pytest.fixture
def guard() -> Guard:
    return Guard(addresses=["127.0.0.0/8"])


@pytest.fixture
async def http(guard: Guard) -> AsyncIterator[HttpSource]:
    async with open_http(guard) as source:
        yield source


@pytest.fixture
def take() -> Take:
    """``await take(source, url, known=None)``: the fetch, its content and its reports."""
    return take_from


@pytest.fixture
def take_within(guard: Guard) -> Take:
    """``await take_within(url, size=..., head=...)``: by a source of its own with these limits."""

    async def take(url: str, **limits: float) -> Taken:
        async with open_http(guard, limits=HttpLimits(**limits)) as source:  # type: ignore[arg-type]
            return await take_from(source, url)

    return take
