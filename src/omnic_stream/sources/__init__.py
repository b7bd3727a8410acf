"""Sources: each fetches the Addresses of some schemes into a Sink. The network is reached through ``guard`` alone."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from omnic_stream.model.contracts import OpenSource, Source, SourceSettings
from omnic_stream.sources.data import DataSource
from omnic_stream.sources.file import open_files
from omnic_stream.sources.guard import Guard
from omnic_stream.sources.http import HttpLimits, open_http


@asynccontextmanager
async def _http(settings: SourceSettings) -> AsyncGenerator[Source]:
    guard = Guard(addresses=settings.allow_addresses, hosts=settings.allow_hosts)
    async with open_http(guard, limits=HttpLimits(size=settings.max_bytes, total=settings.seconds)) as source:
        yield source


@asynccontextmanager
async def _files(settings: SourceSettings) -> AsyncGenerator[Source]:
    async with open_files(settings.file_roots, most=settings.max_bytes) as source:
        yield source


@asynccontextmanager
async def _data(settings: SourceSettings) -> AsyncGenerator[Source]:
    yield DataSource()


SOURCES: tuple[OpenSource, ...] = (_http, _files, _data)
"""What the entry point ``omnic_stream.sources`` names."""
