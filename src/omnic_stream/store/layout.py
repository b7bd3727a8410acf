"""Where things lie below a store's folder, and how a folder becomes a store."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from omnic_stream.model.errors import MisconfiguredError
from omnic_stream.store.schema import prepare

OPENING_SECONDS = 30


class Layout:
    """``snapshots/ab/<hash>``; ``artifacts/ab/<key>/`` with ``provenance.json`` and, in ``files/``, the file or the tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.snapshots, self.artifacts = root / "snapshots", root / "artifacts"
        self.work, self.locks = root / "work", root / "locks"
        self.catalogue = root / "catalogue.sqlite3"
        self._prefix = str(root)

    def snapshot(self, sha256: str) -> Path:
        return Path(f"{self._prefix}/snapshots/{sha256[:2]}/{sha256}")

    def artifact(self, key: str) -> Path:
        return Path(f"{self._prefix}/artifacts/{key[:2]}/{key}")

    def files(self, key: str, entry: str, directory: bool) -> Path:
        return Path(f"{self._prefix}/artifacts/{key[:2]}/{key}/files" + ("" if directory else f"/{entry}"))


def lay_out(root: Path) -> Layout:
    """Make the folder a store, or see that it is one. Blocks. Raises MisconfiguredError."""
    layout = Layout(root.absolute())
    with naming_unusable(root):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_foreign(layout)
        root.chmod(0o700)
        for folder in (layout.snapshots, layout.artifacts, layout.work, layout.locks):
            folder.mkdir(mode=0o700, exist_ok=True)
        with _opening(root):
            prepare(layout.catalogue)
    return layout


@contextmanager
def naming_unusable(root: Path) -> Generator[None]:
    """Turn what a disk or SQLite says of a folder that cannot be a store into a line for whoever named the folder."""
    try:
        yield
    except sqlite3.Error as error:
        if _is_damaged(error):
            raise MisconfiguredError(
                f"The store's catalogue in {root} is damaged: remove that folder, what it held can be made again."
            ) from error
        raise _unusable(root, str(error)) from error
    except OSError as error:
        raise _unusable(root, error.strerror or "unknown error") from error


def _unusable(root: Path, why: str) -> MisconfiguredError:
    return MisconfiguredError(f"The store folder {root} cannot be used ({why}): choose one that can be written to.")


def _is_damaged(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or "no such table" in str(error)


def _refuse_foreign(layout: Layout) -> None:
    """A folder with other things in it was probably named by mistake: nothing in it is made unreadable or swept."""
    if layout.catalogue.exists():
        return
    ours = {"snapshots", "artifacts", "work", "locks", "lost+found"}
    foreign = {path.name for path in layout.root.iterdir() if not path.name.startswith("catalogue.sqlite3")} - ours
    if foreign:
        raise MisconfiguredError(f"The folder {layout.root} holds other things: choose an empty one for the store.")


@contextmanager
def _opening(root: Path) -> Generator[None]:
    """One process at a time: the lock is on the folder itself, so it leaves no file and dies with its owner."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + OPENING_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise MisconfiguredError(
                        f"Another process has been opening the store in {root} for {OPENING_SECONDS} s: end it first."
                    ) from None
                time.sleep(0.01)
            else:
                break
        yield
    finally:
        os.close(descriptor)
