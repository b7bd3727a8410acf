"""What leaves when room runs short: a pure choice. What acts on it is the store's."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

DOWN_TO = 0.9
"""Of the limit: so that not every publication evicts."""
GRACE = 60.0
"""Seconds for which what was used last is left alone while other processes work on the store: they may hold it."""
GRACE_ALONE = 10.0
"""The same for a process alone, which knows what it holds: time enough to fetch what one was just told of."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that may be evicted. ``room`` is bytes on disk, ``last_used`` seconds since the epoch."""

    key: str
    snapshot: bool
    """Fetched content; else an Artifact."""
    room: int
    last_used: float


def choose(kept: Iterable[Kept], *, total: int, limit: int, held: Container[str], now: float, grace: float) -> list[Kept]:
    """The least recently used that must go to bring ``total`` to 90 % of ``limit``; nothing while it is within the limit.

    ``kept`` comes least recently used first, and is read only as far as needed. What is held, or was used less than ``grace``
    seconds ago, stays, even where the limit is then not met.
    """
    chosen: list[Kept] = []
    if total <= limit:
        return chosen
    for candidate in kept:
        if total <= limit * DOWN_TO or candidate.last_used > now - grace:
            break
        if candidate.key not in held:
            chosen.append(candidate)
            total -= candidate.room
    return chosen
