from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

collect_ignore = [] if shutil.which("blender") else ["test_blender.py"]
ZOO = Path(__file__).parent.parent / "zoo"


@dataclass
class Handed:
    """A Call as a warm worker hands it on: unlinked files behind bare descriptors."""

    input: int
    output: int
    source: str
    target: str
    arguments: Mapping[str, str]
    told: list[float] = field(default_factory=list)

    def report(self, fraction: float) -> None:
        self.told.append(fraction)


@pytest.fixture
def run() -> Callable[..., io.BytesIO]:
    """Call a warm function on bytes (or a file of the zoo) and answer what it wrote."""

    def call(function: Callable[[Handed], object], content: bytes | str, source: str, target: str, **arguments: str) -> io.BytesIO:
        data = (ZOO / content).read_bytes() if isinstance(content, str) else content
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as made:
            given.write(data)
            given.flush()
            os.lseek(given.fileno(), 0, os.SEEK_SET)
            function(Handed(given.fileno(), made.fileno(), source, target, arguments))
            return io.BytesIO(os.pread(made.fileno(), os.fstat(made.fileno()).st_size, 0))

    return call


@pytest.fixture
def zoo() -> Path:
    return ZOO
