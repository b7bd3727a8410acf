"""What a file really is. Names and media types are hints; content decides.

Everything that reads hostile bytes runs in a warm worker (``inside.py``); this side opens the file and asks.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from omnic_stream.model.contracts import Detect, Hints, Limits, Runner, WarmCall
from omnic_stream.model.errors import Corrupt, OmnicError
from omnic_stream.model.formats import Formats

EMPTY, DIRECTORY, UNKNOWN = "EMPTY", "DIRECTORY", "BIN"

LOOK = WarmCall(
    worker="detect",
    function="omnic_stream.detect.inside:detect",
    limits=Limits(seconds=15, stall=15, cpu=15),
)


class Detection:
    """contracts.Detect by content."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def __call__(self, file: Path, hints: Hints) -> str:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            state = os.fstat(descriptor)
            if stat.S_ISDIR(state.st_mode):
                return DIRECTORY
            if not stat.S_ISREG(state.st_mode):
                raise Corrupt("This is neither a file nor a folder.")
            if state.st_size == 0:
                return EMPTY
            words = {name: value for name in ("name", "media_type", "expected") if (value := getattr(hints, name)) is not None}
            try:
                return str(await self._runner.call(LOOK, [descriptor], words))
            except OmnicError:  # content that breaks the worker is content that nothing here should touch by guess
                return UNKNOWN
        finally:
            os.close(descriptor)


def by_name(formats: Formats) -> Detect:
    """contracts.Detect without a look at the content: what the name says, else the server's media type."""

    async def detect(file: Path, hints: Hints) -> str:
        if file.is_dir():
            return DIRECTORY
        if file.stat().st_size == 0:
            return EMPTY
        return hints.expected or named(formats, hints.name) or typed(formats, hints.media_type) or UNKNOWN

    return detect


def named(formats: Formats, name: str | None) -> str | None:
    """The Format of the longest extension that is known."""
    found = formats.by_file_name(name or "")
    return found.name if found is not None else None


def typed(formats: Formats, media_type: str | None) -> str | None:
    found = formats.by_media_type(media_type) if media_type else None
    return found.name if found is not None else None
