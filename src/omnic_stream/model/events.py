"""What happens to a Job, in the order in which it happens: queued, downloading, downloaded, converting, then ready or failed.

Order never returns. Times are seconds since the epoch. ``overall`` is the Job's fraction: it alone never goes back, and is never 1
before ``ready``; ``fraction`` is the Step's own.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. ``name`` is the notification's method on the wire."""

    @property
    def name(self) -> str:
        return type(self).__name__.lower()


class Queued(Event, frozen=True, kw_only=True):
    position: int
    """Jobs before this one; 0 is next."""


class Downloading(Event, frozen=True, kw_only=True):
    bytes: int
    total: int | None


class Downloaded(Event, frozen=True, kw_only=True):
    bytes: int
    format: str
    """Detected Format's name, whatever the address's extension says."""


class Converting(Event, frozen=True, kw_only=True):
    step: int
    """1 for the first."""
    steps: int
    source: str
    """Format name; ``from`` on the wire."""
    target: str
    """Format name; ``to`` on the wire."""
    fraction: float | None
    overall: float
    estimated: bool
    """True where the fraction comes from this Step's own history and not from the tool."""
    eta: float | None
    """Seconds to ``ready``, where there is anything to tell it from."""
    waiting: int | None = None
    """Place in the line for a slot, where the Step has not started."""


class Ready(Event, frozen=True, kw_only=True):
    artifact: str
    """Artifact key; the wire says ``href`` instead."""
    entry: str
    """The file's name in the artifact, or a directory's index."""
    directory: bool = False
    media_type: str
    bytes: int
    etag: str
    """SHA-256 of the content, in hex."""


class Failed(Event, frozen=True, kw_only=True):
    code: str
    message: str
    extra: dict[str, Any] = {}
    retry_after: float | None = None


FLEETING: tuple[type[Event], ...] = (Downloading, Converting)
"""Only the newest of these is worth telling: a reader too slow for them may miss some, of the others never one."""

SETTLED: tuple[type[Event], ...] = (Ready, Failed)


class Logged:
    """One entry of a Job's log. ``seq`` numbers the log without holes, from 1; ``at`` never decreases.

    ``forms`` lets the edge keep what it made of the entry (an encoded message), so that an event is encoded once for all watchers.
    """

    __slots__ = ("at", "event", "forms", "seq")

    def __init__(self, seq: int, at: float, event: Event) -> None:
        self.seq, self.at, self.event = seq, at, event
        self.forms: dict[object, bytes] = {}

    def __repr__(self) -> str:
        return f"Logged({self.seq}, {self.event!r})"
