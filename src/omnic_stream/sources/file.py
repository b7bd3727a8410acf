"""Files of this machine: ``file://ROOT/path`` below folders that the operator named, and single files that were granted.

A path is walked by the kernel with every symbolic link refused (openat2, Linux 5.6; else one openat after the other), so there is
no moment between looking and opening. What is named on the command line is granted as an open descriptor: its address
works for that very file and for nothing else.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import quote, unquote

import trio

from omnic_stream.model.address import MEMBER, Address, SchemeRule, clean_path
from omnic_stream.model.contracts import Fetched, MiB, Sink, Validators
from omnic_stream.model.errors import BadAddress, MisconfiguredError, NotFound, OmnicError, OriginFailed, Refused
from omnic_stream.sources.beneath import open_beneath
from omnic_stream.sources.delivery import Delivery, Reporting
from omnic_stream.sources.headers import clean_name

_T = TypeVar("_T")

GRANTED = "granted"
"""The root of what was granted; no folder may be configured by this name."""

CHUNK = 1 * MiB

SETTLED = 2.0
"""Seconds: a file written as recently may be written again without its times showing it (FAT and NFS count in 1 to 2 s)."""


@asynccontextmanager
async def open_files(roots: Mapping[str, Path], *, most: int = 512 * MiB, settled: float = SETTLED) -> AsyncGenerator[FileSource]:
    """The source of ``file:`` addresses; what was granted is closed with the block.

    ``most``: bytes of a file. ``settled``: seconds since its last change after which its times are believed.
    Raises MisconfiguredError for a root's name that no address can hold.
    """
    source = FileSource(roots, most=most, settled=settled)
    try:
        yield source
    finally:
        source.close()


class FileSource:
    """A Source. Made by open_files."""

    schemes: Mapping[str, SchemeRule] = MappingProxyType({"file": SchemeRule(query=False, arguments=(MEMBER,))})

    def __init__(self, roots: Mapping[str, Path], *, most: int = 512 * MiB, settled: float = SETTLED) -> None:
        self._roots = {_root_name(name): folder for name, folder in roots.items()}
        self._most = most
        self._settled = settled
        self._granted: dict[str, int] = {}
        self._threads = trio.CapacityLimiter(8)

    def locked(self, address: Address) -> bool:
        """Never: a file can be written anew."""
        return False

    def grant(self, file: Path | int, name: str | None = None) -> str:
        """The text of an address for one file, given as a path or as an open descriptor (which is duplicated).

        ``name`` is a hint for detection; that of the path is the default. The address stays the same while the file is unchanged.
        Raises MisconfiguredError for what is no readable regular file.
        """
        try:
            granted = os.dup(file) if isinstance(file, int) else os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise MisconfiguredError(f"The file {file} cannot be read: {os.strerror(error.errno or 0).lower()}.") from None
        found = os.fstat(granted)
        if not stat.S_ISREG(found.st_mode):
            os.close(granted)
            raise MisconfiguredError(f"{file} is no regular file.")
        shown = _path_name(name or ("" if isinstance(file, int) else file.name))
        token = hashlib.sha256(f"{found.st_dev}:{_etag(found)}:{shown}".encode()).hexdigest()[:32]
        if (former := self._granted.get(token)) is not None:
            os.close(former)
        self._granted[token] = granted
        return f"file://{GRANTED}/{token}/{quote(shown)}"

    def revoke(self, text: str) -> None:
        """Take back what ``grant`` gave: its address is not found any more. Nothing where there is none."""
        token = text.removeprefix(f"file://{GRANTED}/").partition("/")[0]
        if (granted := self._granted.pop(token, None)) is not None:
            os.close(granted)

    def close(self) -> None:
        while self._granted:
            os.close(self._granted.popitem()[1])

    async def fetch(self, address: Address, sink: Sink, *, known: Validators | None, report: Reporting) -> Fetched:
        """Raises NotFound, Refused, TooLarge, OriginFailed, BadAddress, and what the sink raises."""
        opened = await self._in_thread(partial(self._open, address))
        try:
            found = os.fstat(opened)
            if not stat.S_ISREG(found.st_mode):
                raise Refused("The address names something that is no regular file.")
            validators = Validators(etag=_etag(found)) if _age(found) > self._settled else Validators()
            if known is not None and known.etag is not None and known.etag == validators.etag:
                return Fetched(unchanged=True, validators=validators, max_age=0.0)
            await self._read(opened, found.st_size, Delivery(sink, self._most, report))
            return Fetched(validators=validators, max_age=0.0, name=clean_name(unquote(address.path.rpartition("/")[2])))
        finally:
            os.close(opened)

    async def _read(self, opened: int, size: int, delivery: Delivery) -> None:
        delivery.begin(size)
        while delivery.size < size:
            chunk = await self._in_thread(partial(os.pread, opened, min(CHUNK, size - delivery.size), delivery.size))
            if not chunk:
                raise OriginFailed("The file became shorter while it was read. Ask again.")
            await delivery.write(chunk)
        delivery.end()

    async def _in_thread(self, work: partial[_T]) -> _T:
        try:
            return await trio.to_thread.run_sync(work, limiter=self._threads)
        except OSError as error:
            raise _named(error) from None

    def _open(self, address: Address) -> int:
        root, path = address.host or "", unquote(address.path, errors="surrogateescape").removeprefix("/")
        if root == GRANTED:
            granted = self._granted.get(path.partition("/")[0])
            if granted is None:
                raise NotFound("That file is not granted any more.")
            return os.dup(granted)
        folder = self._roots.get(root)
        if folder is None:
            raise NotFound("No folder of that name is configured for file addresses.")
        return open_beneath(folder, clean_path(path))


def _named(error: OSError) -> OmnicError:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR | errno.ENAMETOOLONG | errno.ESTALE:
            return NotFound("There is no such file.")
        case errno.ELOOP | errno.EXDEV:
            return Refused("The path leads through a symbolic link, which this service does not follow.")
        case errno.EACCES | errno.EPERM | errno.ENXIO | errno.ENODEV:
            return Refused("This service may not read that file.")
        case _:
            return OriginFailed("The file cannot be read: the disk or the file system reports an error.")


def _etag(found: os.stat_result) -> str:
    # The change time too: copying tools set back the other one.
    return f'"{found.st_ino:x}-{found.st_size:x}-{found.st_mtime_ns:x}-{found.st_ctime_ns:x}"'


def _age(found: os.stat_result) -> float:
    return time.time() - max(found.st_mtime, found.st_ctime)


def _path_name(name: str) -> str:
    try:
        return clean_path(clean_name(name) or "")
    except BadAddress:
        return "file"


def _root_name(name: str) -> str:
    plain = name.lower()
    if plain == GRANTED or not plain.isascii() or not plain.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise MisconfiguredError(f"A file root cannot be called {name!r}: take letters, digits and hyphens, but not {GRANTED!r}.")
    return plain
