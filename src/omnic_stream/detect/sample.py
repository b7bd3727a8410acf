"""What the refiners look at."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """An open file: its first bytes, its size, and the name that strangers gave it."""

    descriptor: int
    head: bytes
    size: int
    name: str | None

    def read(self, offset: int, count: int) -> bytes:
        return os.pread(self.descriptor, count, offset)

    @property
    def extension(self) -> str:
        return (self.name or "").lower().rpartition(".")[2]
