"""Readers of archives that need no program beside: ZIP, TAR in every compression, single compressed files, ar, cpio, RPM, shar, ACE.

Each yields its members in order with their contents. What a hostile archive says of itself is repeated, never believed.
"""

# zstandard and acefile carry no complete types
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from omnic_stream.converters.warm.encodings import LOOKED_AT, guessed
from omnic_stream.converters.warm.members import Held, Member
from omnic_stream.converters.warm.sections import ar_stream, cpio_stream, instant
from omnic_stream.converters.warm.shar import shar_parts
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, OmnicError, TooExpensive

LARGEST_WINDOW = 128 * MiB
"""Memory that a Zstandard or LZMA stream may ask for."""
BROKEN = "The archive is broken: it cannot be read to its end."


class Watched(io.RawIOBase):
    """The input as a file that tells how far it was read, as long as it is read from front to back."""

    def __init__(self, call: Call) -> None:
        self._call, self._at, self.length = call, 0, os.fstat(call.input).st_size
        self._straight = True

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0, /) -> int:
        goal = max(offset + (0, self._at, self.length)[whence], 0)
        self._straight = self._straight and goal == self._at
        self._at = goal
        return goal

    def readinto(self, buffer: Any, /) -> int:
        part = os.pread(self._call.input, len(buffer), self._at)
        buffer[: len(part)] = part
        self._at += len(part)
        if self.length and self._straight:
            self._call.report(min(self._at / self.length, 1.0))
        return len(part)


def opened(call: Call) -> io.BufferedReader:
    return io.BufferedReader(Watched(call), 1 << 16)


def told_of(call: Call, size: int, start: float = 0.0) -> Callable[[int], None]:
    """Told of bytes that were unpacked, reports what part of ``size`` is done; ``start`` is what was before."""
    done = 0

    def report(count: int) -> None:
        nonlocal done
        done += count
        call.report(start + (1 - start) * min(done / size, 1.0) if size else 1.0)

    return report


@contextmanager
def failures_in_plain_words() -> Iterator[None]:
    """What Python's readers raise, as Corrupt and TooExpensive."""
    try:
        yield
    except OmnicError:
        raise
    except MemoryError as error:
        raise TooExpensive("The archive asks for more memory than is allowed.") from error
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        lzma.LZMAError,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        IndexError,
        KeyError,
    ) as error:
        raise Corrupt(BROKEN) from error


# --- zip --------------------------------------------------------------------------------------------------------------------


def zip_members(call: Call) -> Iterator[Held]:
    """APPNOTE.TXT 6.3.10. Names without the UTF-8 flag are in whatever the packer's machine spoke."""
    with opened(call) as file, zipfile.ZipFile(file) as archive:
        report = told_of(call, sum(info.file_size for info in archive.infolist()))
        encoding = _zip_encoding(archive.infolist())
        for info in archive.infolist():
            mode = info.external_attr >> 16
            kind = "directory" if info.is_dir() else "link" if stat.S_ISLNK(mode) else "file"
            encrypted = bool(info.flag_bits & 1)
            member = Member(
                name=_zip_name(info, encoding), size=info.file_size, packed=info.compress_size, kind=kind, encrypted=encrypted,
                modified=_zip_time(info.date_time),
            )  # fmt: skip
            yield member, None if encrypted or kind != "file" else _ZipContent(archive, info, report)


class _ZipContent:
    """Opened when it is first read: a listing reads none."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, report: Callable[[int], None]) -> None:
        self._archive, self._info, self._report = archive, info, report
        self._file: Any = None

    def read(self, size: int = -1, /) -> bytes:
        if self._file is None:
            try:
                self._file = self._archive.open(self._info)
            except (NotImplementedError, RuntimeError) as error:
                raise ConverterFailed("A member is packed in a way that is not understood.") from error
        part = bytes(self._file.read(size))
        self._report(len(part))
        return part


def _zip_name(info: zipfile.ZipInfo, encoding: str) -> str:
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    raw = info.filename.encode("cp437")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode(encoding, "replace")


def _zip_encoding(infos: Sequence[zipfile.ZipInfo]) -> str:
    """Of all names that do not tell, for one alone is too short to judge by; cp437, as the specification has it, where they look Western."""
    names = [info.filename.encode("cp437") for info in infos if not (info.flag_bits & 0x800 or info.filename.isascii())]
    found = guessed(b"\n".join(names)[:LOOKED_AT])
    return "cp437" if found == "cp1252" else found


def _zip_time(when: tuple[int, int, int, int, int, int]) -> str | None:
    try:
        return datetime(*when).isoformat() if when > (1980, 1, 1, 0, 0, 0) else None
    except ValueError:
        return None


# --- compressed streams -----------------------------------------------------------------------------------------------------


class Lzip(io.RawIOBase):
    """A stream of lzip members (draft-diaz-lzip-09 section 2): a 6-byte header, raw LZMA, a 20-byte trailer."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file, self._spare = file, b""
        self._decoder: lzma.LZMADecompressor | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while True:
            if self._decoder is None:
                header = self._take(6)
                if not header:
                    return 0
                if len(header) < 6 or header[:5] != b"LZIP\1":
                    raise lzma.LZMAError("not an lzip member")
                size = 1 << (header[5] & 31)
                size -= size // 16 * (header[5] >> 5)
                if size > LARGEST_WINDOW:
                    raise TooExpensive("The archive asks for more memory than is allowed.")
                coder = {"id": lzma.FILTER_LZMA1, "dict_size": max(size, 4096), "lc": 3, "lp": 0, "pb": 2}
                self._decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[coder])
            if self._decoder.eof:
                self._spare = self._decoder.unused_data + self._spare
                if len(self._take(20)) < 20:
                    raise EOFError
                self._decoder = None
                continue
            fresh = b""
            if self._decoder.needs_input:
                fresh, self._spare = self._spare or self._file.read(1 << 16), b""
                if not fresh:
                    raise EOFError
            part = self._decoder.decompress(fresh, len(buffer))
            if part:
                buffer[: len(part)] = part
                return len(part)

    def _take(self, count: int) -> bytes:
        data = self._spare + self._file.read(max(count - len(self._spare), 0))
        self._spare = data[count:]
        return data[:count]


def unpacked_stream(file: io.BufferedReader) -> Any:
    """The stream behind the compression that its first bytes tell of; the file itself where there is none."""
    head = file.peek(6)[:6]
    if head[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=file)
    if head[:3] == b"BZh":
        return bz2.BZ2File(file)
    if head[:6] == b"\xfd7zXZ\0":
        return lzma.LZMAFile(file)
    if head[:5] == b"LZIP\1":
        return io.BufferedReader(Lzip(file), 1 << 16)
    if head[:4] == b"\x28\xb5\x2f\xfd":
        import zstandard

        reader = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW).stream_reader(file, read_across_frames=True)
        return _Zstandard(reader, zstandard.ZstdError)
    if head[:3] == b"\x5d\0\0":
        return lzma.LZMAFile(file, format=lzma.FORMAT_ALONE)
    return file


class _Zstandard:
    """zstandard's errors are of its own kind, and it answers the end of a cut stream as if it were the whole's."""

    def __init__(self, reader: Any, error: type[Exception]) -> None:
        self._reader, self._error = reader, error

    def read(self, size: int = -1, /) -> bytes:
        try:
            return bytes(self._reader.read(size))
        except self._error as error:
            raise Corrupt(BROKEN) from error


def single(call: Call) -> Iterator[Held]:
    """One compressed file: its name is in the header (gzip, RFC 1952 section 2.3), or unknown."""
    with opened(call) as file:
        head = file.peek(512)[:512]
        modified = instant(int.from_bytes(head[4:8], "little")) if head[:2] == b"\x1f\x8b" else None
        yield (
            Member(name=_gzip_name(head) or "content", size=None, packed=os.fstat(call.input).st_size, modified=modified),
            unpacked_stream(file),
        )


def _gzip_name(head: bytes) -> str | None:
    if head[:2] != b"\x1f\x8b" or len(head) < 12 or not head[3] & 8:
        return None
    at = 10
    if head[3] & 4:
        at += 2 + int.from_bytes(head[10:12], "little")
    name = head[at:].partition(b"\0")[0].decode("latin-1")
    return name.replace("\\", "/").rpartition("/")[2] or None


# --- tar --------------------------------------------------------------------------------------------------------------------


def tar_members(call: Call) -> Iterator[Held]:
    with opened(call) as file:
        yield from tar_stream(unpacked_stream(file))


def tar_stream(stream: Any) -> Iterator[Held]:
    with tarfile.open(fileobj=stream, mode="r|", bufsize=1 << 16, errors="surrogateescape") as archive:
        for info in archive:
            archive.members = []  # type: ignore[reportAttributeAccessIssue] # or a stream of a million members would be kept in memory
            kind = (
                "directory" if info.isdir() else "link" if info.issym() or info.islnk() else "file" if info.isfile() else "special"
            )
            yield (
                Member(
                    name=_readable(info.name),
                    size=info.size,
                    kind=kind,
                    modified=instant(info.mtime),
                    target=_readable(info.linkname) if kind == "link" else None,
                ),
                archive.extractfile(info) if kind == "file" else None,
            )


def _readable(name: str) -> str:
    """Names that are not UTF-8 as Latin-1."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("latin-1")
    return name


# --- ar, cpio, rpm ----------------------------------------------------------------------------------------------------------


def ar_members(call: Call) -> Iterator[Held]:
    with opened(call) as file:
        yield from ar_stream(file)


def cpio_members(call: Call) -> Iterator[Held]:
    with opened(call) as file:
        yield from cpio_stream(unpacked_stream(file))


# --- others -----------------------------------------------------------------------------------------------------------------


def shar_members(call: Call) -> Iterator[Held]:
    """A shell archive, read as a text: nothing of it is run."""
    with opened(call) as file:
        text = file.read(64 * MiB + 1)
    if len(text) > 64 * MiB:
        raise TooExpensive("The shell archive has more than 64 MiB.")
    for name, content in shar_parts(text):
        yield Member(name=name, size=len(content)), io.BytesIO(content)


def ace_members(call: Call) -> Iterator[Held]:
    import acefile

    with opened(call) as file:
        try:
            archive: Any = acefile.open(file)
        except acefile.AceError as error:
            raise Corrupt(BROKEN) from error
        for info in archive.getmembers():
            kind = "directory" if info.is_dir() else "file" if info.is_reg() else "special"
            member = Member(
                name=str(info.filename), size=int(info.size), packed=int(info.packsize), kind=kind, encrypted=bool(info.is_enc()),
                modified=info.datetime.isoformat() if info.datetime.year > 1980 else None,
            )  # fmt: skip
            yield member, _AceContent(archive, info, acefile.AceError) if kind == "file" and not member.encrypted else None


class _AceContent:
    def __init__(self, archive: Any, info: Any, error: type[Exception]) -> None:
        self._archive, self._info, self._error = archive, info, error
        self._blocks: Iterator[bytes] | None = None

    def read(self, size: int = -1, /) -> bytes:
        if self._blocks is None:
            self._blocks = iter(self._archive.readblocks(self._info))
        try:
            return next((bytes(block) for block in self._blocks if block), b"")
        except self._error as error:
            raise Corrupt(BROKEN) from error


READERS: dict[str, Callable[[Call], Iterator[Held]]] = {
    "TAR": tar_members,
    "CBT": tar_members,
    "TAR.GZ": tar_members,
    "TAR.BZ2": tar_members,
    "TAR.XZ": tar_members,
    "TAR.LZ": tar_members,
    "TAR.ZST": tar_members,
    "GZ": single,
    "BZ2": single,
    "XZ": single,
    "LZ": single,
    "ZST": single,
    "AR": ar_members,
    "DEB": ar_members,
    "CPIO": cpio_members,
    "SHAR": shar_members,
    "ACE": ace_members,
}
"""By Format; what is not here is read as a ZIP, which all the others are inside."""
