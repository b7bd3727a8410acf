"""A Store for tests of what stands on one: rows in dictionaries, bytes in a folder of the test's, nothing ever evicted."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import trio

from omnic_stream.model.contracts import Artifact, Finished, HashingSink, MiB, Provenance, Run, Snapshot
from omnic_stream.store.claims import TaskClaims
from omnic_stream.store.disk import remove_tree
from omnic_stream.store.sealing import seal
from omnic_stream.store.sink import open_sink


class MemoryStore:
    """Implements ``contracts.Store`` for the tasks of one process. ``folder`` is any empty folder, such as ``tmp_path``.

    ``held`` counts the holds on each key, ``provenance`` has what was published with each, for tests to look at.
    """

    def __init__(self, folder: Path, *, max_content: int = 512 * MiB) -> None:
        self.held: Counter[str] = Counter()
        self.provenance: dict[str, Provenance] = {}
        self._folder, self._max_content = folder, max_content
        self._limiter = trio.CapacityLimiter(4)
        self._claims = TaskClaims()
        self._names = itertools.count(1)
        self._snapshots: dict[str, Snapshot] = {}
        self._artifacts: dict[str, Artifact] = {}
        self._finished: dict[str, Finished] = {}
        self._durations: defaultdict[tuple[str, str], list[Run]] = defaultdict(list)
        self._notes: dict[str, str] = {}

    # --- look-ups

    def finished(self, job_key: str) -> Finished | None:
        found = self._finished.get(job_key)
        return found if found is not None and found.artifact.path.exists() else None

    def artifact(self, key: str) -> Artifact | None:
        found = self._artifacts.get(key)
        return found if found is not None and found.path.exists() else None

    def snapshot(self, address_key: str) -> Snapshot | None:
        found = self._snapshots.get(address_key)
        return found if found is not None and found.path.exists() else None

    # --- room to work

    @asynccontextmanager
    async def folder(self) -> AsyncGenerator[Path]:
        path = self._new_folder("job")
        try:
            yield path
        finally:
            remove_tree(path)

    def sink(self, folder: Path) -> AbstractAsyncContextManager[HashingSink]:
        return open_sink(folder, most=self._max_content, limiter=self._limiter)

    def claim(self, key: str) -> AbstractAsyncContextManager[None]:
        return self._claims.claim(key)

    @asynccontextmanager
    async def hold(self, *keys: str) -> AsyncGenerator[None]:
        self.held.update(keys)
        try:
            yield
        finally:
            self.held.subtract(keys)

    # --- the way in

    async def keep(self, content: HashingSink, snapshot: Snapshot) -> Snapshot:
        await trio.lowlevel.checkpoint()
        path = self._new_folder("snapshot") / content.sha256
        content.path.chmod(0o444)
        content.path.rename(path)
        kept = replace(snapshot, sha256=content.sha256, size=content.size, path=path)
        self._snapshots[snapshot.address_key] = kept
        return kept

    async def renew(self, address_key: str, *, looked_at: float, fresh_until: float) -> Snapshot | None:
        await trio.lowlevel.checkpoint()
        found = self.snapshot(address_key)
        if found is not None:
            found = self._snapshots[address_key] = replace(found, looked_at=looked_at, fresh_until=fresh_until)
        return found

    async def publish(
        self, output: Path, *, key: str, format: str, media_type: str, index: str | None, provenance: Provenance
    ) -> Artifact:
        await trio.lowlevel.checkpoint()
        sealed = seal(output, index=index, most=self._max_content)
        found = self.artifact(key)
        if found is not None:
            return found
        path = self._new_folder("artifact") / ("files" if sealed.directory else sealed.entry)
        if sealed.directory:
            output.chmod(0o755)
        output.rename(path)
        self.provenance[key] = provenance
        artifact = self._artifacts[key] = Artifact(
            key=key,
            format=format,
            media_type=media_type,
            entry=sealed.entry,
            size=sealed.size,
            sha256=sealed.sha256,
            directory=sealed.directory,
            created=path.stat().st_mtime,
            path=path,
        )
        return artifact

    async def finish(self, finished: Finished) -> None:
        await trio.lowlevel.checkpoint()
        self._finished[finished.job_key] = finished
        self._artifacts.setdefault(finished.artifact.key, finished.artifact)

    # --- history and notes

    def recent(self, converter: str, source: str, wish: str) -> Sequence[Run]:
        newest_first = self._durations[converter, source][::-1]
        return sorted(newest_first, key=lambda run: run.wish != wish)[:50]

    async def record(self, converter: str, source: str, run: Run) -> None:
        await trio.lowlevel.checkpoint()
        self._durations[converter, source].append(run)

    def note(self, key: str) -> str | None:
        return self._notes.get(key)

    async def put_note(self, key: str, value: str) -> None:
        await trio.lowlevel.checkpoint()
        self._notes[key] = value

    async def clear(self, address_key: str | None = None, format: str | None = None) -> int:
        """Forget results as ``DiskStore.clear`` does; their bytes stay until the test's folder goes."""
        await trio.lowlevel.checkpoint()
        keys = [key for key, known in self._snapshots.items() if address_key in (None, key, known.archive)]
        gone = [
            finished
            for finished in self._finished.values()
            if (address_key is None or sha256(finished.address.encode()).hexdigest() in (address_key, *keys))
            and format in (None, finished.artifact.format)
        ]
        for finished in gone:
            del self._finished[finished.job_key]
            self._artifacts.pop(finished.artifact.key, None)
        if format is None:
            for key in keys:
                del self._snapshots[key]
        if address_key is None:
            for key, artifact in list(self._artifacts.items()):
                if format in (None, artifact.format):
                    del self._artifacts[key]
        return len(gone)

    def _new_folder(self, prefix: str) -> Path:
        path = self._folder / f"{prefix}-{next(self._names)}"
        path.mkdir(mode=0o700, parents=True)
        return path
