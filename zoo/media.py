"""Sound and film, as ffprobe measures them."""

from __future__ import annotations

import io
import json
import subprocess
import tempfile
from typing import Any

import numpy as np
from PIL import Image

from zoo.manifest import Row
from zoo.pictures import not_blank, over_white
from zoo.wrong import Wrong, must, near

CODECS = {"MP3": {"mp3"}, "OGG": {"vorbis", "opus"}, "WEBM": {"vp8", "vp9", "av1"}, "MP4": {"h264"}}
"""What browsers play."""


def probed(made: bytes) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(made)
        file.flush()
        argv = ("ffprobe", "-v", "error", "-show_streams", "-show_format", "-count_packets", "-of", "json", file.name)
        ended = subprocess.run(argv, capture_output=True, check=False, timeout=60)
    must(ended.returncode == 0, f"ffprobe cannot read it: {ended.stderr.decode(errors='replace').strip()[-120:]}")
    return dict(json.loads(ended.stdout))


def _streams(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [stream for stream in found["streams"] if stream["codec_type"] == kind]


def sound(made: bytes, row: Row, target: str) -> None:
    found = probed(made)
    streams = _streams(found, "audio")
    must(streams, "it has no sound")
    must(streams[0]["codec_name"] in CODECS[target], f"its sound is {streams[0]['codec_name']}")
    _lasts(found, row, least=0.15, share=0.04)  # encoders pad to whole frames: two of MP3's, or Opus' 60 ms


def film(made: bytes, row: Row, target: str) -> None:
    found = probed(made)
    seen, heard = _streams(found, "video"), _streams(found, "audio")
    if row.facts.film or row.format in {"GIF", "APNG"}:
        must(seen, "it has no moving picture")
        must(seen[0]["codec_name"] in CODECS[target], f"its picture is {seen[0]['codec_name']}")
        if row.facts.width and row.facts.height:
            near(seen[0]["width"] / seen[0]["height"], row.facts.width / row.facts.height, "width to height", share=0.25)
        frames = int(seen[0].get("nb_read_packets", 1))
        must(any(_inked(_frame(made, number)) for number in (0, frames // 3, frames // 2)), "its pictures are blank")
    if row.facts.sound:
        must(heard, "the sound is lost")
    _lasts(found, row, least=0.25, share=0.06)


def _inked(picture: Image.Image) -> bool:
    try:
        not_blank(picture)
    except Wrong:
        return False
    return True


def rotating(made: bytes, row: Row, target: str) -> None:
    """Some seconds of a model that turns: the first frame shows something, and a third of the way it shows something else."""
    found = probed(made)
    seen = _streams(found, "video")
    must(seen and seen[0]["codec_name"] in CODECS["WEBM"], "it has no picture that browsers play")
    frames = int(seen[0].get("nb_read_packets", 0))
    must(frames >= 12, f"it has {frames} frames")
    first, later = _frame(made, 0), _frame(made, frames // 6)
    not_blank(first)
    if not round_(row):
        moved = np.abs(np.asarray(over_white(first), dtype=np.int16) - np.asarray(over_white(later), dtype=np.int16)).max(axis=2)
        must(float((moved > 16).mean()) > 0.001, "the model does not turn")


def round_(row: Row) -> bool:
    """A ball looks the same from all sides."""
    return "sphere" in row.path.lower() or "earth" in row.path.lower()


def _frame(made: bytes, number: int) -> Image.Image:
    with tempfile.NamedTemporaryFile() as file:
        file.write(made)
        file.flush()
        argv = (
            "ffmpeg",
            "-v",
            "error",
            "-i",
            file.name,
            "-vf",
            f"select=eq(n\\,{number})",
            "-frames:v",
            "1",
            "-f",
            "image2pipe",
            "-c:v",
            "png",
            "-",
        )
        ended = subprocess.run(argv, capture_output=True, check=False, timeout=60)
    must(ended.stdout, f"frame {number} cannot be read")
    return Image.open(io.BytesIO(ended.stdout))


def _lasts(found: dict[str, Any], row: Row, *, least: float, share: float) -> None:
    length = max(
        (
            float(value)
            for value in (found["format"].get("duration"), *(stream.get("duration") for stream in found["streams"]))
            if value
        ),
        default=0.0,
    )
    must(length > 0, "it has no duration")
    if row.facts.duration is not None and "duration" not in row.facts.unheld:
        near(length, row.facts.duration, "the duration in seconds", share=share, least=least)
