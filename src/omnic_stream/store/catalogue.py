"""The SQLite catalogue: point look-ups inline on a read connection, all writes through one task that batches them.

A write is a function of the connection, run in a thread within a transaction that holds SQLite's write lock. That lock is the one
mutex among all processes on a store, so a function may also move files into and out of the store: a row and its bytes appear
together, and go together, for everybody who looks while holding it.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Generic, TypeVar

import trio

from omnic_stream.model.errors import Busy, DiskFull, OmnicError
from omnic_stream.store.disk import NO_ROOM, disk_full

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], T]

BUSY_SECONDS = 20
"""How long a write waits for another process's; theirs take milliseconds, so beyond this one of them is stopped."""
BATCH = 64


class _Write(Generic[T]):
    """One change in line: taken by the writer, or taken back by whoever waits for it."""

    def __init__(self, change: Change[T]) -> None:
        self.change = change
        self.done = trio.Event()
        self.taken = False
        self.value: T | None = None
        self.error: Exception | None = None

    def outcome(self) -> T:
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value] - done without an error: it is what the change answered


class Catalogue:
    """``path`` is a prepared file. Use it from one Trio thread; ``run`` is its writer, in a task of its own."""

    def __init__(self, path: Path, *, fsync: bool) -> None:
        self._read = _reader(path)
        self._writer = sqlite3.connect(
            path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False
        )  # used by one thread at a time: the writer's
        # without fsync an operating system that crashes may lose the newest rows, never the file's order
        self._writer.execute(f"PRAGMA synchronous={'FULL' if fsync else 'NORMAL'}")
        self._path = path
        self._waiting: deque[_Write[Any]] = deque()
        self._news = trio.Event()
        self._closing = False
        self._limiter = trio.CapacityLimiter(1)
        self._survey_limiter = trio.CapacityLimiter(2)

    def row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """One row by an index: some tens of microseconds, so it does not wait. A damaged catalogue has no rows."""
        try:
            return self._read.execute(sql, values).fetchone()
        except sqlite3.DatabaseError:
            return None

    def rows(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """A few dozen rows by an index."""
        try:
            return self._read.execute(sql, values).fetchall()
        except sqlite3.DatabaseError:
            return ()

    async def write(self, change: Change[T]) -> T:
        """Run the change in a transaction; what is answered is committed. A change that raises is undone alone.

        Raises what the change raises, DiskFull, or Busy. Cancelled before its turn, the change does not happen.
        """
        if self._closing:
            raise trio.ClosedResourceError("the store is closed")
        entry = _Write(change)
        self._waiting.append(entry)
        self._news.set()
        try:
            await entry.done.wait()
        except trio.Cancelled:
            if not entry.taken:
                self._waiting.remove(entry)
            else:
                with trio.CancelScope(shield=True):
                    await entry.done.wait()
            raise
        return entry.outcome()

    async def survey(self, look: Change[T]) -> T:
        """Run a longer look at the rows in a thread, on a connection of its own. Raises as ``write`` does."""

        def open_and_look() -> T:
            try:
                with closing(_reader(self._path)) as connection:
                    return look(connection)
            except sqlite3.Error as error:
                raise _named(error) from error

        return await trio.to_thread.run_sync(open_and_look, limiter=self._survey_limiter)

    async def run(self) -> None:
        """Write what comes until ``close``, then what is left. Shielded: whoever waits for a write always gets its outcome."""
        with trio.CancelScope(shield=True):
            while self._waiting or not self._closing:
                if not self._waiting:
                    self._news = trio.Event()
                    await self._news.wait()
                    continue
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                for entry in batch:
                    entry.taken = True
                await trio.to_thread.run_sync(self._write, batch, limiter=self._limiter)
                for entry in batch:
                    entry.done.set()
            self._read.close()
            await trio.to_thread.run_sync(self._writer.close, limiter=self._limiter)

    def close(self) -> None:
        """No further writes; ``run`` ends once the last is written."""
        self._closing = True
        self._news.set()

    def _write(self, batch: Sequence[_Write[Any]]) -> None:
        """In the writer's thread."""
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            for entry in batch:
                self._apply(entry)
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            named = _named(error)
            for entry in batch:
                entry.error = entry.error or named
        finally:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")

    def _apply(self, entry: _Write[Any]) -> None:
        self._writer.execute("SAVEPOINT change")
        try:
            entry.value = entry.change(self._writer)
        except sqlite3.Error as error:
            entry.error = _named(error)
        except OSError as error:
            entry.error = disk_full() if error.errno in NO_ROOM else error
        except Exception as error:  # whoever waits for this change gets it; the batch goes on
            entry.error = error
        if entry.error is not None:
            if not self._writer.in_transaction:
                raise sqlite3.OperationalError("the transaction ended early")  # SQLite rolled all of it back
            self._writer.execute("ROLLBACK TO change")
        self._writer.execute("RELEASE change")


def _named(error: sqlite3.Error) -> OmnicError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        named: OmnicError = Busy("The store is busy with other work; try again in a moment.", retry_after=5)
    elif code == sqlite3.SQLITE_FULL:
        named = disk_full()
    else:
        named = DiskFull("The store cannot be written to; whoever runs this service has to look at its disk.")
    named.__cause__ = error
    return named


def _reader(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=1)
    connection.execute("PRAGMA query_only=ON")  # not opened read-only: WAL's shared memory is written by readers too
    return connection
