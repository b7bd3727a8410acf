"""What ffprobe says of a result, and small sounds and videos that ffmpeg makes for a test."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any


def probed(content: bytes) -> dict[str, Any]:
    """``format`` and ``streams`` of ffprobe; ``duration`` in seconds; streams by their kind."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        words = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-show_chapters", "-of", "json", file.name]
        found: dict[str, Any] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    found["duration"] = float(found["format"].get("duration", 0))
    for stream in found["streams"]:
        found.setdefault(stream["codec_type"], stream)
    return found


def made(folder: Path, name: str, *words: str) -> bytes:
    """What ffmpeg writes with these words, for what no zoo file has."""
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *words, str(folder / name)], check=True)
    return (folder / name).read_bytes()


def decoded(content: bytes, *words: str) -> bytes:
    """The raw samples or pixels of a result."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", "-i", file.name, *words, "-"], check=True, capture_output=True
        ).stdout
