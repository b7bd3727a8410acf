"""The catalogue's tables, and how an older file becomes one of today."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from omnic_stream.model.errors import MisconfiguredError

SCHEMA: tuple[tuple[str, ...], ...] = (
    (
        # room: bytes on disk, counted in blocks; last_used: seconds since the epoch, some seconds late
        """CREATE TABLE contents (sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, room INTEGER NOT NULL,
            created REAL NOT NULL, last_used REAL NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE artifacts (key TEXT PRIMARY KEY, input TEXT NOT NULL, format TEXT NOT NULL,
            media_type TEXT NOT NULL, entry TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
            directory INTEGER NOT NULL, room INTEGER NOT NULL, created REAL NOT NULL, last_used REAL NOT NULL
            ) WITHOUT ROWID""",
        """CREATE TABLE addresses (address_key TEXT PRIMARY KEY, sha256 TEXT NOT NULL, format TEXT NOT NULL, name TEXT,
            media_type TEXT, etag TEXT, last_modified TEXT, looked_at REAL NOT NULL, fresh_until REAL NOT NULL
            ) WITHOUT ROWID""",
        # a Plan without Steps ends with the Snapshot itself, whose format is the address's word: so it stands here too
        """CREATE TABLE finished (job_key TEXT PRIMARY KEY, address_key TEXT NOT NULL, address TEXT NOT NULL,
            target TEXT NOT NULL, snapshot TEXT NOT NULL, artifact TEXT NOT NULL, format TEXT NOT NULL,
            media_type TEXT NOT NULL, entry TEXT NOT NULL, digest TEXT NOT NULL, looked_at REAL NOT NULL,
            fresh_until REAL NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE durations (id INTEGER PRIMARY KEY, converter TEXT NOT NULL, source TEXT NOT NULL,
            size INTEGER NOT NULL, seconds REAL NOT NULL)""",
        "CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL, written REAL NOT NULL) WITHOUT ROWID",
        "CREATE TABLE totals (artifacts INTEGER NOT NULL, snapshots INTEGER NOT NULL, room INTEGER NOT NULL)",
        "INSERT INTO totals VALUES (0, 0, 0)",
        "CREATE INDEX contents_by_use ON contents (last_used)",
        "CREATE INDEX artifacts_by_use ON artifacts (last_used)",
        "CREATE INDEX artifacts_by_input ON artifacts (input)",
        "CREATE INDEX addresses_by_content ON addresses (sha256)",
        "CREATE INDEX finished_by_address ON finished (address_key)",
        "CREATE INDEX finished_by_artifact ON finished (artifact)",
        "CREATE INDEX finished_by_snapshot ON finished (snapshot)",
        "CREATE INDEX durations_by_step ON durations (converter, source, id)",
        """CREATE TRIGGER content_in AFTER INSERT ON contents BEGIN
            UPDATE totals SET snapshots = snapshots + 1, room = room + new.room; END""",
        """CREATE TRIGGER content_out AFTER DELETE ON contents BEGIN
            UPDATE totals SET snapshots = snapshots - 1, room = room - old.room; END""",
        """CREATE TRIGGER artifact_in AFTER INSERT ON artifacts BEGIN
            UPDATE totals SET artifacts = artifacts + 1, room = room + new.room; END""",
        """CREATE TRIGGER artifact_out AFTER DELETE ON artifacts BEGIN
            UPDATE totals SET artifacts = artifacts - 1, room = room - old.room; END""",
    ),
    (
        # of a member, the address key of its archive
        "ALTER TABLE addresses ADD COLUMN archive TEXT",
        "CREATE INDEX addresses_by_archive ON addresses (archive) WHERE archive IS NOT NULL",
    ),
    (
        # one page and five hundred of the same file are not alike
        "ALTER TABLE durations ADD COLUMN wish TEXT NOT NULL DEFAULT ''",
    ),
)
"""Each entry leads from the version before (its index) to the next; ``PRAGMA user_version`` tells which a file has."""


def prepare(path: Path) -> None:
    """Make the catalogue, or bring an older one up to today. Raises MisconfiguredError, or sqlite3.Error and OSError.

    Called while the lock of the store's opening is held: a change of journal mode ignores the busy time-out.
    """
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(SCHEMA):
            raise MisconfiguredError(
                f"The store in {path.parent} was written by a newer omnic-stream: upgrade, or use another folder."
            )
        connection.execute("PRAGMA journal_mode=WAL")
        if version < len(SCHEMA):
            connection.execute("BEGIN IMMEDIATE")
            for statements in SCHEMA[version:]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version={len(SCHEMA)}")
            connection.execute("COMMIT")
        connection.execute("SELECT room FROM totals").fetchone()
    finally:
        connection.close()
