"""Bounded reading and whole writing on the descriptors of a Call."""

from __future__ import annotations

import os

from omnic_stream.model.contracts import MiB
from omnic_stream.model.errors import TooExpensive

MOST_TEXT = 16 * MiB
"""Longest text that is turned into a page at once."""


def read(descriptor: int, most: int) -> bytes:
    """The whole file. Raises TooExpensive where it is longer than ``most`` bytes."""
    size = os.fstat(descriptor).st_size
    if size > most:
        raise TooExpensive(f"The file is longer than the {most // MiB} MiB that are read for this type.")
    parts: list[bytes] = []
    at = 0
    while at < size and (part := os.pread(descriptor, size - at, at)):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def write(descriptor: int, content: bytes) -> None:
    """All of it, from the start of an empty file."""
    view = memoryview(content)
    at = 0
    while at < len(view):
        at += os.pwrite(descriptor, view[at:], at)
