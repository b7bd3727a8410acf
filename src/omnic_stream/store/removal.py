"""How things leave the store: within a write transaction, the rows and the bytes together.

Bytes are moved to the trash under SQLite's write lock, so nobody publishes the same key meanwhile, and removed later.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from omnic_stream.store.eviction import Kept
from omnic_stream.store.layout import Layout
from omnic_stream.store.shelves import is_whole

HEX = "0123456789abcdef"
SHARDS = tuple(first + second for first in HEX for second in HEX)
NewTrash = Callable[[], Path]

BY_USE = """SELECT key, 0, room, last_used FROM artifacts UNION ALL
    SELECT sha256, 1, room, last_used FROM contents ORDER BY last_used"""
THIS_AND_MEMBERS = "SELECT ? UNION ALL SELECT address_key FROM addresses WHERE archive = ?"


def drop_artifact(connection: sqlite3.Connection, layout: Layout, key: str, trash: NewTrash) -> None:
    connection.execute("DELETE FROM artifacts WHERE key = ?", (key,))
    connection.execute("DELETE FROM finished WHERE artifact = ?", (key,))
    discard(layout.artifact(key), trash)


def drop_content(connection: sqlite3.Connection, layout: Layout, sha256: str, trash: NewTrash) -> None:
    connection.execute("DELETE FROM contents WHERE sha256 = ?", (sha256,))
    connection.execute("DELETE FROM addresses WHERE sha256 = ?", (sha256,))
    connection.execute("DELETE FROM finished WHERE artifact = ?", (sha256,))
    discard(layout.snapshot(sha256), trash)


def discard(path: Path, trash: NewTrash) -> None:
    with suppress(FileNotFoundError):
        path.rename(trash())


def evict(connection: sqlite3.Connection, layout: Layout, chosen: Sequence[Kept], trash: NewTrash) -> int:
    """Drop what was chosen, unless it was used since; the room that it took."""
    freed = 0
    for kept in chosen:
        table, column = ("contents", "sha256") if kept.snapshot else ("artifacts", "key")
        used = connection.execute(f"SELECT last_used FROM {table} WHERE {column} = ?", (kept.key,)).fetchone()  # noqa: S608
        if used is None or used[0] > kept.last_used:
            continue
        (drop_content if kept.snapshot else drop_artifact)(connection, layout, kept.key, trash)
        freed += kept.room
    return freed


def drop_missing(connection: sqlite3.Connection, layout: Layout, keys: set[str], trash: NewTrash) -> None:
    """Drop rows whose bytes are gone, if that is still so."""
    for key in keys:
        row = connection.execute("SELECT entry, size, directory FROM artifacts WHERE key = ?", (key,)).fetchone()
        if row is not None and not is_whole(layout.files(key, row[0], bool(row[2])), row[1], bool(row[2])):
            drop_artifact(connection, layout, key, trash)
        row = connection.execute("SELECT size FROM contents WHERE sha256 = ?", (key,)).fetchone()
        if row is not None and not is_whole(layout.snapshot(key), row[0], False):
            drop_content(connection, layout, key, trash)


def strays(connection: sqlite3.Connection, layout: Layout, shard: str) -> tuple[set[str], set[str]]:
    """In one shard: names on disk that no row knows, and keys of rows that no name on disk meets. Both are suspicions only."""
    upper = f"{shard}g"  # hex digits end with f
    unknown: set[str] = set()
    missing: set[str] = set()
    for folder, table, column in ((layout.artifacts, "artifacts", "key"), (layout.snapshots, "contents", "sha256")):
        on_disk = _names(folder / shard)  # before the rows: what is published in between has both
        rows = {
            key
            for (key,) in connection.execute(
                f"SELECT {column} FROM {table} WHERE {column} >= ? AND {column} < ?",  # noqa: S608
                (shard, upper),
            )
        }
        unknown |= on_disk - rows
        missing |= rows - on_disk
    return unknown, missing


def drop_strays(connection: sqlite3.Connection, layout: Layout, names: set[str], trash: NewTrash) -> int:
    """Discard bytes that have no row: under the write lock nobody is between a rename and its row, so they are orphans."""
    dropped = 0
    for name in names:
        for path, known in (
            (layout.artifact(name), "SELECT 1 FROM artifacts WHERE key = ?"),
            (layout.snapshot(name), "SELECT 1 FROM contents WHERE sha256 = ?"),
        ):
            if connection.execute(known, (name,)).fetchone() is None and os.path.lexists(path):
                discard(path, trash)
                dropped += 1
    return dropped


def forget(
    connection: sqlite3.Connection,
    layout: Layout,
    address_key: str | None,
    format: str | None,
    held: frozenset[str],
    trash: NewTrash,
) -> int:
    """Drop the rows of an address, of a format, of both or of all, then the bytes that no row refers to; how many results.

    An archive's address stands for its members' too.
    What this process holds keeps its bytes: it is in use.
    """
    where, values = "1", list[str]()
    if address_key is not None:
        where, values = f"{where} AND address_key IN ({THIS_AND_MEMBERS})", [*values, address_key, address_key]
    if format is not None:
        where, values = f"{where} AND format = ?", [*values, format]
    results: list[tuple[str, str]] = connection.execute(f"SELECT artifact, snapshot FROM finished WHERE {where}", values).fetchall()  # noqa: S608
    connection.execute(f"DELETE FROM finished WHERE {where}", values)  # noqa: S608
    artifacts: set[str]
    snapshots: set[str] = {snapshot for _, snapshot in results}
    if address_key is None and format is None:
        connection.execute("DELETE FROM addresses")
        artifacts = {key for (key,) in connection.execute("SELECT key FROM artifacts")}
        snapshots = {key for (key,) in connection.execute("SELECT sha256 FROM contents")}
    elif format is None:
        for (sha256,) in connection.execute("SELECT sha256 FROM addresses WHERE address_key = ?1 OR archive = ?1", (address_key,)):
            snapshots.add(sha256)
        connection.execute("DELETE FROM addresses WHERE address_key = ?1 OR archive = ?1", (address_key,))
        snapshots = {sha256 for sha256 in snapshots if not _referred(connection, sha256)}
        artifacts = {key for sha256 in snapshots for key in _made_of(connection, sha256)}
    elif address_key is None:
        artifacts = {key for (key,) in connection.execute("SELECT key FROM artifacts WHERE format = ?", (format,))}
        snapshots = set()
    else:
        artifacts = {key for key, _ in results}
        snapshots = set()
    for key in artifacts - held:
        if connection.execute("SELECT 1 FROM finished WHERE artifact = ?", (key,)).fetchone() is None:
            drop_artifact(connection, layout, key, trash)
    for sha256 in snapshots - held:
        drop_content(connection, layout, sha256, trash)
    return len(results)


def _referred(connection: sqlite3.Connection, sha256: str) -> bool:
    for query in ("SELECT 1 FROM addresses WHERE sha256 = ?", "SELECT 1 FROM finished WHERE snapshot = ?"):
        if connection.execute(query, (sha256,)).fetchone() is not None:
            return True
    return False


def _made_of(connection: sqlite3.Connection, sha256: str) -> set[str]:
    return {
        key
        for (key,) in connection.execute(
            """WITH RECURSIVE made(key) AS (SELECT key FROM artifacts WHERE input = ?
                UNION SELECT a.key FROM artifacts a JOIN made ON a.input = made.key) SELECT key FROM made""",
            (sha256,),
        )
    }


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))  # noqa: PTH208 - names are all that is wanted, and there may be many
    except FileNotFoundError:
        return set()
