"""How things get into the store: checked and sealed in the work folder, then moved in and written down in one transaction."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from omnic_stream.model.contracts import Finished, Provenance, Run, Snapshot
from omnic_stream.store.disk import naming_full_disks, sync_file, sync_folder
from omnic_stream.store.layout import Layout
from omnic_stream.store.removal import NewTrash, discard
from omnic_stream.store.sealing import BLOCK, Sealed, room_for
from omnic_stream.store.shelves import SNAPSHOT, is_whole

DURATIONS_KEPT = 200
"""Of each Step, over all wishes."""
DURATIONS_GIVEN = 50
NOTES_KEPT = 4096


def stage(output: Path, sealed: Sealed, provenance: Provenance, at: Path, *, fsync: bool) -> int:
    """Build in the empty folder ``at`` what will be the Artifact's folder; the room that it takes. Blocks."""
    text = json.dumps(asdict(provenance), indent=1, sort_keys=True)
    with naming_full_disks():
        if sealed.directory:
            output.chmod(0o755)  # moving a folder writes its ".."
            output.rename(at / "files")
        else:
            (at / "files").mkdir(mode=0o755)
            output.rename(at / "files" / sealed.entry)
        (at / "files").chmod(0o555)
        beside = at / "provenance.json"
        beside.write_text(text, encoding="utf-8")
        beside.chmod(0o444)
        at.chmod(0o755)
        if fsync:
            sync_file(beside)
            sync_folder(at / "files")
            sync_folder(at)
    return sealed.room + room_for(len(text)) + 2 * BLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """An Artifact's folder as it will be, still in the work folder, and what its row will tell."""

    key: str
    format: str
    media_type: str
    input: str
    sealed: Sealed
    room: int
    folder: Path


def put_artifact(
    connection: sqlite3.Connection, layout: Layout, staged: Staged, trash: NewTrash, *, now: float, fsync: bool
) -> None:
    """Move the folder in and write its row; nothing where another process was faster and its Artifact is whole."""
    key, sealed = staged.key, staged.sealed
    found = connection.execute("SELECT entry, size, directory FROM artifacts WHERE key = ?", (key,)).fetchone()
    if found is not None:
        entry, size, directory = found
        if is_whole(layout.files(key, entry, bool(directory)), size, bool(directory)):
            return
        connection.execute("DELETE FROM artifacts WHERE key = ?", (key,))
    path = layout.artifact(key)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    discard(path, trash)  # bytes without a row: somebody died in between
    staged.folder.rename(path)
    if fsync:
        sync_folder(path.parent)
    connection.execute(
        "INSERT INTO artifacts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key,
            staged.input,
            staged.format,
            staged.media_type,
            sealed.entry,
            sealed.size,
            sealed.sha256,
            sealed.directory,
            staged.room,
            now,
            now,
        ),
    )


def put_snapshot(
    connection: sqlite3.Connection,
    layout: Layout,
    content: Path,
    snapshot: Snapshot,
    *,
    now: float,
    fsync: bool,
) -> None:
    """Move the content in and write its rows. What was there under the same hash is replaced: it might have been damaged."""
    path = layout.snapshot(snapshot.sha256)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    content.rename(path)
    if fsync:
        sync_folder(path.parent)
    connection.execute(
        """INSERT INTO contents VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (sha256) DO UPDATE SET last_used = excluded.last_used""",
        (snapshot.sha256, snapshot.size, room_for(snapshot.size), now, now),
    )
    connection.execute(
        "INSERT OR REPLACE INTO addresses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            snapshot.address_key,
            snapshot.sha256,
            snapshot.format,
            snapshot.name,
            snapshot.media_type,
            snapshot.validators.etag,
            snapshot.validators.last_modified,
            snapshot.looked_at,
            snapshot.fresh_until,
            snapshot.archive,
        ),
    )


def renewed(connection: sqlite3.Connection, address_key: str, *, looked_at: float, fresh_until: float) -> tuple[Any, ...] | None:
    """The row of SNAPSHOT, with new times; None where the address has none."""
    connection.execute(
        "UPDATE addresses SET looked_at = ?, fresh_until = ? WHERE address_key = ?",
        (looked_at, fresh_until, address_key),
    )
    return connection.execute(SNAPSHOT, (address_key,)).fetchone()


def seal_content(path: Path, *, fsync: bool) -> None:
    with naming_full_disks():
        path.chmod(0o444)
        if fsync:
            sync_file(path)


def put_finished(connection: sqlite3.Connection, finished: Finished) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO finished VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            finished.job_key,
            sha256(finished.address.encode()).hexdigest(),  # the address key, by its definition
            finished.address,
            finished.target,
            finished.snapshot,
            finished.artifact.key,
            finished.artifact.format,
            finished.artifact.media_type,
            finished.artifact.entry,
            finished.digest,
            finished.looked_at,
            finished.fresh_until,
        ),
    )


def put_duration(connection: sqlite3.Connection, converter: str, source: str, run: Run) -> None:
    connection.execute(
        "INSERT INTO durations (converter, source, size, seconds, wish) VALUES (?, ?, ?, ?, ?)",
        (converter, source, run.size, run.seconds, run.wish),
    )
    connection.execute(
        """DELETE FROM durations WHERE id IN (SELECT id FROM durations WHERE converter = ? AND source = ?
        ORDER BY id DESC LIMIT -1 OFFSET ?)""",
        (converter, source, DURATIONS_KEPT),
    )


def put_note(connection: sqlite3.Connection, key: str, value: str, now: float) -> None:
    connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", (key, value, now))
    connection.execute(
        "DELETE FROM notes WHERE key IN (SELECT key FROM notes ORDER BY written DESC LIMIT -1 OFFSET ?)", (NOTES_KEPT,)
    )
