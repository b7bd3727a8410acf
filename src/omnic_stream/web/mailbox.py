"""What one reader has still to be told: bounded, never waiting, honest about what it leaves out."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterator
from contextlib import contextmanager

import trio

MOST_ENTRIES = 1024
"""About what 256 subscriptions put, one life each, if none of it is read."""
MOST_BYTES = 1 << 20

NORMAL, GOING_AWAY, NOT_TEXT, TOO_BIG, TRY_AGAIN_LATER = 1000, 1001, 1003, 1009, 1013
"""Close codes (RFC 6455 section 7.4.1 and the IANA registry)."""


class Ended(Exception):
    """Nothing more will be told. ``code`` is the WebSocket close code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Mailbox:
    """Entries in the order in which they are to be told.

    An entry put with a ``slot`` is fleeting: it replaces the older one of that slot and goes to the end, so what is
    read never goes back in time. All others are kept. Beyond either bound the reader is too slow and is given up
    (1013): a hole in what must be told would be worse than an end.
    """

    __slots__ = ("_bytes", "_changed", "_code", "_most_bytes", "_most_entries", "_waiting")

    def __init__(self, *, most_entries: int = MOST_ENTRIES, most_bytes: int = MOST_BYTES) -> None:
        self._waiting: dict[Hashable, bytes] = {}
        self._bytes = 0
        self._code: int | None = None
        self._changed: trio.Event | None = None
        self._most_entries, self._most_bytes = most_entries, most_bytes

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def code(self) -> int | None:
        """The close code, once it has ended."""
        return self._code

    @property
    def polite(self) -> bool:
        return self._code in {NORMAL, GOING_AWAY}

    def put(self, entry: bytes, slot: Hashable | None = None) -> None:
        """Never waits and never raises; after the end, nothing happens."""
        if self._code is not None:
            return
        if slot is None:
            slot = object()
        elif (older := self._waiting.pop(slot, None)) is not None:
            self._bytes -= len(older)
        self._waiting[slot] = entry
        self._bytes += len(entry)
        if len(self._waiting) > self._most_entries or self._bytes > self._most_bytes:
            self.end(TRY_AGAIN_LATER)
        self._wake()

    def end(self, code: int) -> None:
        """The first end counts. A polite one (NORMAL, GOING_AWAY) lets what waits be told; any other is told alone."""
        if self._code is not None:
            return
        self._code = code
        if not self.polite:
            self._waiting.clear()
            self._bytes = 0
        self._wake()

    async def take(self) -> list[bytes]:
        """All that waits, at least one entry. Raises Ended."""
        while not self._waiting:
            if self._code is not None:
                raise Ended(self._code)
            await self._change()
        return self.take_nowait()

    def take_nowait(self) -> list[bytes]:
        taken = list(self._waiting.values())
        self._waiting.clear()
        self._bytes = 0
        self._wake()
        return taken

    async def room(self) -> None:
        """Wait until half of both bounds is free: who asks without reading the answers is not read from meanwhile."""
        while self._code is None and (2 * len(self._waiting) > self._most_entries or 2 * self._bytes > self._most_bytes):
            await self._change()

    async def _change(self) -> None:
        if self._changed is None:
            self._changed = trio.Event()
        await self._changed.wait()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None


class Audience:
    """The mailboxes of all live connections, so that they can be dismissed when the service stops."""

    def __init__(self) -> None:
        self._mailboxes: set[Mailbox] = set()
        self._leaving = False

    def __len__(self) -> int:
        return len(self._mailboxes)

    def __iter__(self) -> Iterator[Mailbox]:
        return iter(tuple(self._mailboxes))

    @contextmanager
    def seat(self, mailbox: Mailbox) -> Generator[None]:
        self._mailboxes.add(mailbox)
        if self._leaving:
            mailbox.end(GOING_AWAY)
        try:
            yield
        finally:
            self._mailboxes.discard(mailbox)

    def dismiss(self) -> None:
        """Tell each, and whoever still comes, that the service goes away (1001; an event stream just ends)."""
        self._leaving = True
        for mailbox in self:
            mailbox.end(GOING_AWAY)
