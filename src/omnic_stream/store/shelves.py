"""Look-ups: an indexed row each, and a look whether its bytes are there."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from omnic_stream.model.contracts import Artifact, Finished, Snapshot, Validators
from omnic_stream.store.catalogue import Catalogue
from omnic_stream.store.layout import Layout

USE_SECONDS = 20.0
"""A use is written down when the last one written is older than this."""

FINISHED = """SELECT f.job_key, f.address, f.target, f.snapshot, f.artifact, f.digest, f.looked_at, f.fresh_until,
    f.format, f.media_type, f.entry, a.size, a.sha256, a.directory, a.created, a.last_used,
    c.size, c.created, c.last_used
    FROM finished f LEFT JOIN artifacts a ON a.key = f.artifact LEFT JOIN contents c ON c.sha256 = f.artifact
    WHERE f.job_key = ?"""
ARTIFACT = """SELECT key, format, media_type, entry, size, sha256, directory, created, last_used
    FROM artifacts WHERE key = ?"""
SNAPSHOT_AS_ARTIFACT = """SELECT c.sha256, f.format, f.media_type, f.entry, c.size, c.sha256, 0, c.created, c.last_used
    FROM contents c JOIN finished f ON f.artifact = c.sha256 WHERE c.sha256 = ? ORDER BY f.looked_at DESC LIMIT 1"""
SNAPSHOT = """SELECT a.address_key, a.sha256, c.size, a.format, a.name, a.media_type, a.etag, a.last_modified,
    a.looked_at, a.fresh_until, a.archive, c.last_used
    FROM addresses a JOIN contents c ON c.sha256 = a.sha256 WHERE a.address_key = ?"""


class CatalogueShelves:
    """What comes back exists on disk with the size that its row tells."""

    def __init__(self, catalogue: Catalogue, layout: Layout, *, now: Callable[[], float]) -> None:
        self._catalogue, self._layout, self._now = catalogue, layout, now
        self.used: set[str] = set()
        """Keys used since this was last emptied, whose rows tell of no use in the last 20 s."""
        self.gone: set[str] = set()
        """Keys whose rows were met without their bytes."""

    def finished(self, job_key: str) -> Finished | None:
        row = self._catalogue.row(FINISHED, job_key)
        if row is None:
            return None
        _, address, target, snapshot, key, digest, looked_at, fresh_until, format, media_type, entry = row[:11]
        if row[11] is not None:
            size, sha256, directory, created, last_used = row[11:16]
            artifact = self._artifact(key, format, media_type, entry, size, sha256, bool(directory), created, last_used)
        elif row[16] is not None:
            size, created, last_used = row[16:]
            artifact = self._artifact(
                key, format, media_type, entry, size, key, False, created, last_used, self._layout.snapshot(key)
            )
        else:
            return None
        if artifact is None:
            return None
        return Finished(
            job_key=job_key,
            address=address,
            target=target,
            snapshot=snapshot,
            artifact=artifact,
            digest=digest,
            looked_at=looked_at,
            fresh_until=fresh_until,
        )

    def artifact(self, key: str) -> Artifact | None:
        row = self._catalogue.row(ARTIFACT, key)
        if row is not None:
            return self._artifact_of(row)
        row = self._catalogue.row(SNAPSHOT_AS_ARTIFACT, key)
        if row is not None:
            return self._artifact_of(row, self._layout.snapshot(key))
        return None

    def snapshot(self, address_key: str) -> Snapshot | None:
        row = self._catalogue.row(SNAPSHOT, address_key)
        return None if row is None else self.snapshot_of(row)

    def snapshot_of(self, row: tuple[Any, ...]) -> Snapshot | None:
        """From a row of SNAPSHOT."""
        key, sha256, size, format, name, media_type, etag, last_modified, looked_at, fresh_until, archive, last_used = row
        path = self._layout.snapshot(sha256)
        if not self._there(sha256, path, size, False, last_used):
            return None
        return Snapshot(
            address_key=key,
            sha256=sha256,
            size=size,
            format=format,
            name=name,
            media_type=media_type,
            validators=Validators(etag=etag, last_modified=last_modified),
            looked_at=looked_at,
            fresh_until=fresh_until,
            path=path,
            archive=archive,
        )

    def _artifact_of(self, row: tuple[Any, ...], path: Path | None = None) -> Artifact | None:
        key, format, media_type, entry, size, sha256, directory, created, last_used = row
        return self._artifact(key, format, media_type, entry, size, sha256, bool(directory), created, last_used, path)

    def _artifact(
        self,
        key: str,
        format: str,
        media_type: str,
        entry: str,
        size: int,
        sha256: str,
        directory: bool,
        created: float,
        last_used: float,
        path: Path | None = None,
    ) -> Artifact | None:
        path = path or self._layout.files(key, entry, directory)
        if not self._there(key, path, size, directory, last_used):
            return None
        return Artifact(
            key=key,
            format=format,
            media_type=media_type,
            entry=entry,
            size=size,
            sha256=sha256,
            directory=directory,
            created=created,
            path=path,
        )

    def _there(self, key: str, path: Path, size: int, directory: bool, last_used: float) -> bool:
        if not is_whole(path, size, directory):
            self.gone.add(key)
            return False
        if last_used < self._now() - USE_SECONDS:
            self.used.add(key)
        return True


def is_whole(path: Path, size: int, directory: bool) -> bool:
    """Whether the bytes are there, as far as one look at the file tells."""
    try:
        facts = os.lstat(path)
    except OSError:
        return False
    if directory:
        return stat.S_ISDIR(facts.st_mode)
    return stat.S_ISREG(facts.st_mode) and facts.st_size == size


def mark_used(connection: sqlite3.Connection, keys: set[str], now: float) -> None:
    values = [(now, key, now) for key in keys]
    connection.executemany("UPDATE artifacts SET last_used = ? WHERE key = ? AND last_used < ?", values)
    connection.executemany("UPDATE contents SET last_used = ? WHERE sha256 = ? AND last_used < ?", values)
