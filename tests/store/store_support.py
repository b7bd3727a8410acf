"""What the store's tests share: a store of each kind, small things to keep, and other processes to share a store with."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from omnic_stream.model.contracts import Artifact, Finished, Provenance, Snapshot, Store, Validators

CHILD = Path(__file__).with_name("store_child.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def key_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def provenance(input: str = "") -> Provenance:
    return Provenance(
        input=input or key_of("input"),
        converter="test.copy",
        version=1,
        arguments={"page": "1"},
        source="TXT",
        target="TXT",
        argv=("cp", "in", "out"),
        tier="rlimits",
        seconds=0.1,
        tools={"cp": "9.1"},
    )


async def keep(store: Store, address: str, content: bytes, *, fresh_until: float = 60.0, archive: str | None = None) -> Snapshot:
    async with store.folder() as folder:
        async with store.sink(folder) as sink:
            await sink.write(content)
        return await store.keep(
            sink,
            Snapshot(
                address_key=key_of(address),
                sha256=sink.sha256,
                size=sink.size,
                format="TXT",
                name="a.txt",
                media_type="text/plain",
                validators=Validators(etag='"e"', last_modified="yesterday"),
                looked_at=1.0,
                fresh_until=fresh_until,
                path=sink.path,
                archive=archive,
            ),
        )


async def publish(store: Store, name: str, content: bytes, *, input: str = "", format: str = "TXT") -> Artifact:
    async with store.folder() as folder:
        (folder / "result.txt").write_bytes(content)
        return await store.publish(
            folder / "result.txt",
            key=key_of(name),
            format=format,
            media_type="text/plain",
            index=None,
            provenance=provenance(input),
        )


def finished(address: str, artifact: Artifact, snapshot: str, *, target: str = "txt") -> Finished:
    return Finished(
        job_key=key_of(address + target),
        address=address,
        target=target,
        snapshot=snapshot,
        artifact=artifact,
        digest="graph",
        looked_at=1.0,
        fresh_until=float("inf"),
    )


@contextmanager
def start(*arguments: object) -> Generator[subprocess.Popen[str]]:
    """Another process on a store, running a verb of ``store_child.py``; killed where the block is left before it ends."""
    process = subprocess.Popen(
        [sys.executable, str(CHILD), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)
