"""What archives hold: one shape for all of them, and the bounds within which they are unpacked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import IO, Any, Protocol

from omnic_stream.model.contracts import MiB
from omnic_stream.model.errors import TooExpensive
from omnic_stream.model.formats import Formats, read_formats

MOST_MEMBERS = 100_000
"""Members that are looked at."""
MOST_LISTED = 10_000
"""Members that a listing tells one by one."""
MOST_UNPACKED = 512 * MiB
MOST_RATIO = 100
"""Unpacked bytes for each packed one. Honest archives reach it only with content that says nothing."""
FREE = 16 * MiB
"""As much is unpacked whatever the ratio."""
DEEPEST = 24
CHUNK = 1 << 18
UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    name: str
    size: int | None = 0
    """Unpacked bytes as the archive tells them; None where it does not."""
    kind: str = "file"
    """``file``, ``directory``, ``link`` or ``special`` (a device, a pipe)."""
    packed: int | None = None
    modified: str | None = None
    """ISO 8601; with an offset where the archive knows it."""
    encrypted: bool = False
    target: str | None = None
    """Where a link leads."""

    def told(self, item: int) -> dict[str, Any]:
        """As a listing has it: what is not known is left out. ``format`` and ``category`` are what the name of a file says."""
        facts = {"item": item, "name": self.name, "size": self.size, "directory": self.kind == "directory"}
        found = registry().by_file_name(self.name.replace("\\", "/")) if self.kind == "file" else None
        if found is not None:
            facts |= {"format": found.name, "category": found.category}
        rest = {name: value for name, value in asdict(self).items() if name not in facts and value not in (None, False)}
        return facts | rest


@cache
def registry() -> Formats:
    """Read once in the life of a worker (50 ms)."""
    return Formats(read_formats(files("omnic_stream.model").joinpath("formats.toml").read_text(encoding="utf-8")))


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


Held = tuple[Member, "Readable | None"]
"""A member and its content, which is good until the next member is asked for; None for what has none."""


def allowance(size: int) -> int:
    """Bytes that an archive of so many may unpack to."""
    return min(MOST_UNPACKED, max(FREE, MOST_RATIO * size))


class Budget:
    """Counts what is unpacked, and stops where it is too much."""

    def __init__(self, size: int) -> None:
        self._left = self._all = allowance(size)

    def spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise TooExpensive(
                f"The archive unpacks to more than the {self._all // MiB} MiB that are allowed for its size: it may be a bomb."
            )

    def chunks(self, content: Readable) -> Iterator[bytes]:
        while chunk := content.read(CHUNK):
            self.spend(len(chunk))
            yield chunk

    def spooled(self, content: Readable) -> IO[bytes]:
        """The whole content in a file at offset 0, whose size is then known. The caller closes it."""
        file = tempfile.SpooledTemporaryFile(max_size=4 * MiB)  # noqa: SIM115
        try:
            for chunk in self.chunks(content):
                file.write(chunk)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file  # type: ignore[return-value]


def counted(members: Iterator[Held]) -> Iterator[Held]:
    """The same, until there are too many. Raises TooExpensive."""
    for number, held in enumerate(members):
        if number >= MOST_MEMBERS:
            raise TooExpensive(f"The archive has more than {MOST_MEMBERS} members.")
        yield held


def placed(name: str) -> str | None:
    """Where a member may be put: relative, plain, bounded; None for a name that leads elsewhere or cannot be written."""
    parts = [part for part in name.replace("\\", "/").rstrip("/").split("/") if part != "."]
    if not parts or len(parts) > DEEPEST or name.startswith(("/", "\\")) or (len(parts[0]) == 2 and parts[0].endswith(":")):
        return None
    for part in parts:
        if part in {"", ".."} or len(part.encode("utf-8", "replace")) > 255 or not _writable(part):
            return None
    return "/".join(parts)


def _writable(part: str) -> bool:
    return all(ord(letter) >= 32 and letter != "\x7f" and not "\ud800" <= letter <= "\udfff" for letter in part)


class Chosen:
    """Decides which members are unpacked, and remembers what was left out and why."""

    def __init__(self) -> None:
        self.left_out: list[tuple[str, str]] = []
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def place(self, member: Member) -> str | None:
        """The place of a file; None for folders (which come of themselves) and for what is left out."""
        if member.kind == "directory":
            return None
        place = placed(member.name)
        reason = (
            "a link" if member.kind == "link"
            else "neither a file nor a folder" if member.kind != "file"
            else "its name leads out of the archive or cannot be written" if place is None
            else "a second one of this name" if self._taken(place)
            else "encrypted" if member.encrypted
            else None
        )  # fmt: skip
        if reason is None and place is not None:
            self._files.add(place)
            self._folders.update(_parents(place))
            return place
        self.left_out.append((member.name, reason or ""))
        return None

    def _taken(self, place: str) -> bool:
        return place in self._files or place in self._folders or not self._files.isdisjoint(_parents(place))


def _parents(place: str) -> list[str]:
    parts = place.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def sized(size: int | None) -> str:
    if size is None:
        return "unknown"
    if size < 1024:
        return f"{size} byte{'' if size == 1 else 's'}"
    number, unit = float(size), 0
    while number >= 1024 and unit < len(UNITS):
        number, unit = number / 1024, unit + 1
    return f"{number:.1f} {UNITS[unit - 1]}"
