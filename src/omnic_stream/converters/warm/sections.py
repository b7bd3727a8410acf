"""Archives that are one member after the other: ar(5) and cpio(5), read from front to back from any stream."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime

from omnic_stream.converters.warm.members import Held, Member, Readable
from omnic_stream.model.contracts import MiB
from omnic_stream.model.errors import Corrupt


def instant(seconds: float) -> str | None:
    """Seconds since the epoch as ISO 8601 in UTC; None for none and for what no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds > 0 else None
    except (OverflowError, ValueError, OSError):
        return None


class Section:
    """The next so many bytes of a stream, whose rest is skipped by ``skip``."""

    def __init__(self, stream: Readable, size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        part = self._stream.read(wanted) if wanted else b""
        if wanted and not part:
            raise EOFError
        self._left -= len(part)
        return part

    def skip(self) -> None:
        while self._left:
            self.read(1 << 16)


def exactly(stream: Readable, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = stream.read(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def ar_stream(stream: Readable) -> Iterator[Held]:
    """ar(5): headers of 60 characters; long names by GNU (``/12`` into the ``//`` member) and BSD (``#1/20`` before the content)."""
    if exactly(stream, 8) != b"!<arch>\n":
        raise Corrupt("The archive is broken: it does not begin as an ar archive does.")
    names = b""
    while header := stream.read(60):
        if len(header) < 60 or header[58:] != b"`\n":
            raise EOFError
        name, size = header[:16].decode("latin-1").rstrip(), int(header[48:58])
        content = Section(stream, size)
        length = size
        if name == "//":
            names = content.read(MiB)
        elif name.startswith("#1/"):
            length = size - int(name[3:])
            name = content.read(size - length).rstrip(b"\0").decode("utf-8", "replace")
        elif name.startswith("/") and name[1:].isdigit():
            name = names[int(name[1:]) :].partition(b"/\n")[0].decode("utf-8", "replace")
        if name not in {"/", "//", "/SYM64/", "__.SYMDEF", "__.SYMDEF SORTED"}:
            yield (
                Member(name=name.rstrip("/"), size=length, packed=length, modified=instant(float(header[16:28].strip() or 0))),
                content,
            )
        content.skip()
        if size % 2:
            stream.read(1)


def cpio_stream(stream: Readable) -> Iterator[Held]:
    """cpio(5): the old binary form of either byte order, ``odc`` and both ``newc`` forms."""
    while True:
        magic = exactly(stream, 2)
        if magic in {b"\xc7\x71", b"\x71\xc7"}:
            order = "little" if magic == b"\xc7\x71" else "big"
            fields = exactly(stream, 24)
            half = [int.from_bytes(fields[at : at + 2], order) for at in range(0, 24, 2)]  # type: ignore[arg-type]
            mode, modified, length, size, align = half[2], half[7] << 16 | half[8], half[9], half[10] << 16 | half[11], 2
            start = 26
        elif (magic := magic + exactly(stream, 4)) == b"070707":
            fields = exactly(stream, 70)
            mode, modified, length, size = (
                int(fields[12:18], 8),
                int(fields[42:53], 8),
                int(fields[53:59], 8),
                int(fields[59:70], 8),
            )
            align, start = 1, 76
        elif magic in {b"070701", b"070702"}:
            fields = exactly(stream, 104)
            word = [int(fields[at : at + 8], 16) for at in range(0, 104, 8)]
            mode, modified, size, length, align, start = word[1], word[5], word[6], word[11], 4, 110
        else:
            raise Corrupt("The archive is broken: a member does not begin as one of cpio does.")
        if not 0 < length < 1 << 14:
            raise Corrupt("The archive is broken: a member's name has no length that is possible.")
        name = exactly(stream, length + -(start + length) % align)[: length - 1].decode("utf-8", "replace")
        if name == "TRAILER!!!":
            return
        kind = {stat.S_IFDIR: "directory", stat.S_IFREG: "file", stat.S_IFLNK: "link"}.get(stat.S_IFMT(mode), "special")
        content = Section(stream, size)
        target = content.read(4096).decode("utf-8", "replace") if kind == "link" and size else None
        yield (
            Member(name=name, size=size, kind=kind, modified=instant(modified), target=target),
            content if kind == "file" else None,
        )
        content.skip()
        exactly(stream, -size % align)
