"""ffmpeg beside a warm function: looked at once for what a file holds, then run with its doors shut.

The demuxer is forced by the detected Format, and no other is let in: a playlist that calls itself a video opens nothing (ffmpeg-formats(1),
``-format_whitelist``). What a file holds is read from the banner, since the wheel brings ffmpeg without ffprobe.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from omnic_stream.converters.warm import programs
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, OmnicError, TooExpensive
from omnic_stream.model.progress import ffmpeg_progress

DEMUXERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("MP4", "MOV", "M4V", "M4A", "M4B", "3GP", "3G2"), "mov"),
    **dict.fromkeys(("MKV", "WEBM"), "matroska"),
    **dict.fromkeys(("OGG", "OPUS", "SPX", "OGV"), "ogg"),
    **dict.fromkeys(("WMA", "WMV"), "asf"),
    **dict.fromkeys(("AIFF", "AIFC"), "aiff"),
    **dict.fromkeys(("MPG", "VOB"), "mpeg"),
    **{"MPEGTS": "mpegts", "AVI": "avi", "FLV": "flv", "MXF": "mxf", "GIF": "gif", "APNG": "apng", "JXL": "jpegxl_pipe"},
    **{"MP3": "mp3", "WAV": "wav", "FLAC": "flac", "AAC": "aac", "AU": "au", "AC3": "ac3", "EAC3": "eac3", "APE": "ape"},
    **{"WV": "wv", "TTA": "tta", "TAK": "tak", "DSF": "dsf", "VOC": "voc", "8SVX": "iff", "CAF": "caf", "AMR": "amr"},
}
"""The demuxer of each Format (``ffmpeg -demuxers``); Musepack has two, told apart by the file's head."""
MOST_BANNER: Final = 1 * MiB
MOST_SECONDS: Final = 6 * 3600
MOST_PIXELS: Final = 50_000_000
SPARSEST: Final = 300
"""Bits a second below which no sound is believed: a header may claim any length."""
_HARD: Final = ("-hide_banner", "-nostdin", "-max_alloc", str(256 * MiB))
_STREAM: Final = re.compile(r"^\s+Stream #0:(\d+)(?:\[0x[0-9a-f]+\])?(?:\((\w+)\))?: (\w+): (\w+)(.*)$")
_CHAPTER: Final = re.compile(r"^\s+Chapter #0[:.]\d+: start (-?[\d.]+), end (-?[\d.]+)")
_DURATION: Final = re.compile(r"^\s+Duration: (\d+):(\d\d):(\d\d\.\d+)")
_RATE: Final = re.compile(r"bitrate: (\d+) kb/s")
_TAG: Final = re.compile(r"^\s+(\S[^:]*?)\s*: (.*)$")
_TURN: Final = re.compile(r"rotation of (-?[\d.]+) degrees")
_CHANNELS: Final = {"mono": 1, "stereo": 2, "downmix": 2, "quad": 4, "hexagonal": 6, "octagonal": 8}


# --- programs ---------------------------------------------------------------------------------------------------------------


def debian() -> str:
    return "ffmpeg"


def wheel() -> str:
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


Program = Callable[[], str]


def by_wheel(*functions: Callable[..., Any]) -> SimpleNamespace:
    """The same warm functions with the wheel's ffmpeg: named as ``module:WHEEL.function``."""
    return SimpleNamespace(**{function.__name__: partial(function, program=wheel) for function in functions})


# --- what a file holds ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Stream:
    """One stream. Sizes are pixels as stored; ``ratio`` is a pixel's width over its height, ``turned`` degrees counter-clockwise."""

    index: int
    kind: str
    codec: str
    language: str = ""
    details: str = ""
    width: int = 0
    height: int = 0
    ratio: float = 1.0
    turned: int = 0
    frames_a_second: float = 0.0
    pixels: str = ""
    rate: int = 0
    channels: int = 0
    bits: int = 0
    default: bool = False
    cover: bool = False
    tags: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height as seen: square pixels, turned upright."""
        size = (round(self.width * max(1, self.ratio)), round(self.height * max(1, 1 / self.ratio)))
        return size if self.turned % 180 == 0 else (size[1], size[0])


@dataclass(slots=True)
class Chapter:
    start: float
    end: float
    tags: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Media:
    """``seconds`` is 0 where the file does not tell; ``bitrate`` in bits a second."""

    container: str = ""
    seconds: float = 0.0
    bitrate: int = 0
    tags: dict[str, str] = field(default_factory=dict[str, str])
    chapters: list[Chapter] = field(default_factory=list[Chapter])
    streams: list[Stream] = field(default_factory=list[Stream])

    def _best(self, kind: str) -> Stream | None:
        found = [stream for stream in self.streams if stream.kind == kind and not stream.cover]
        return next((stream for stream in found if stream.default), found[0] if found else None)

    @property
    def video(self) -> Stream | None:
        found = self._best("video")
        return found if found is not None and found.width and found.height else None

    @property
    def audio(self) -> Stream | None:
        return self._best("audio")

    @property
    def subtitle(self) -> Stream | None:
        return self._best("subtitle")

    @property
    def cover(self) -> Stream | None:
        found = [stream for stream in self.streams if stream.cover]
        return max(found, key=lambda stream: stream.width * stream.height, default=None)


def read_banner(lines: Sequence[str]) -> Media:
    """What ``ffmpeg -i`` prints of its input (``av_dump_format``). Values of several lines go on after a bare colon."""
    media = Media()
    scope: dict[str, str] = media.tags
    last = ""
    for line in lines:
        if line.startswith(("Output #0", "Stream mapping")):
            break
        if found := _STREAM.match(line):
            stream = _stream(found)
            media.streams.append(stream)
            scope, last = stream.tags, ""
        elif found := _CHAPTER.match(line):
            media.chapters.append(Chapter(float(found[1]), float(found[2])))
            scope, last = media.chapters[-1].tags, ""
        elif found := _DURATION.match(line):
            media.seconds = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
            media.bitrate = int(rate[1]) * 1000 if (rate := _RATE.search(line)) else 0
            scope, last = {}, ""
        elif line.startswith("Input #0, "):
            media.container = line.removeprefix("Input #0, ").partition(", from ")[0]
        elif media.streams and (found := _TURN.search(line)):
            media.streams[-1].turned = round(float(found[1])) % 360
        elif line.lstrip().startswith("Program "):
            scope, last = {}, ""
        elif last and line.lstrip().startswith(": "):
            scope[last] += "\n" + line.lstrip().removeprefix(": ")
        elif media.container and (found := _TAG.match(line)):
            last = found[1]
            scope.setdefault(last, found[2])
    return media


def _stream(found: re.Match[str]) -> Stream:
    index, language, kind, codec, rest = found.groups()
    stream = Stream(int(index), kind.lower(), codec, language or "", rest.strip(" ,"))
    stream.default, stream.cover = "(default)" in rest, "(attached pic)" in rest
    if size := re.search(r", (\d{1,6})x(\d{1,6})\b", rest):
        stream.width, stream.height = int(size[1]), int(size[2])
    if (ratio := re.search(r"SAR (\d+):(\d+)", rest)) and int(ratio[1]) and int(ratio[2]):
        stream.ratio = int(ratio[1]) / int(ratio[2])
    if rate := re.search(r"([\d.]+)(k?) fps", rest):
        stream.frames_a_second = float(rate[1]) * (1000 if rate[2] else 1)
    if kind == "Video" and (pixels := re.search(r", ((?:yuv|rgb|bgr|gbr|gray|pal|nv|p0|ya|mono|argb|abgr)\w*)", rest)):
        stream.pixels = pixels[1]
    if sound := re.search(r"(\d+) Hz, ([^,]+)(?:, (\w+)(?: \((\d+) bit\))?)?", rest):
        stream.rate, stream.channels = int(sound[1]), _channels(sound[2])
        depth = re.match(r"[su](\d+)", sound[3] or "")
        stream.bits = int(sound[4] or (depth[1] if depth else 0))
    return stream


def _channels(layout: str) -> int:
    name = layout.strip().partition("(")[0].strip()
    if name in _CHANNELS:
        return _CHANNELS[name]
    if counted := re.match(r"(\d+) channels", name):
        return int(counted[1])
    parts = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", name)
    return sum(int(part) for part in parts.groups() if part) if parts else 2


def look(call: Call, program: Program = debian) -> Media:
    """What the input holds. Raises ConverterFailed where ffmpeg finds nothing in it, for another ffmpeg may."""
    lines: list[str] = []
    size = 0

    def collect(line: bytes) -> None:
        nonlocal size
        size += len(line)
        if size < MOST_BANNER:
            lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))

    programs.run((program(), *_HARD, *reading(call)), descriptors=(call.input,), progress=collect, good=(0, 1))
    media = read_banner(lines)
    if not media.streams:
        raise unreadable()
    return media


def unreadable() -> ConverterFailed:
    return ConverterFailed("The file is broken or cut short: neither sound nor picture is found in it.")


def check_length(call: Call, media: Media, most: float = MOST_SECONDS) -> float:
    """Seconds that the file may really hold: what it claims, or what its bytes have room for. Raises TooExpensive."""
    room = os.fstat(call.input).st_size * 8 / SPARSEST
    seconds = min(media.seconds, room)
    if seconds > most:
        raise TooExpensive(f"It lasts longer than {spoken(most)}, which is the most that is converted at once.")
    return seconds


def spoken(seconds: float) -> str:
    return f"{seconds / 3600:g} hours" if seconds >= 2 * 3600 else f"{seconds / 60:g} minutes"


# --- running ----------------------------------------------------------------------------------------------------------------


def reading(call: Call, *options: str) -> tuple[str, ...]:
    """Options and ``-i`` for the call's input."""
    name = DEMUXERS.get(call.source) or ("mpc8" if os.pread(call.input, 4, 0) == b"MPCK" else "mpc")
    return (
        *("-protocol_whitelist", "file,pipe", "-format_whitelist", name, "-max_streams", "64"),
        *("-max_pixels", str(MOST_PIXELS), "-threads", "2", *options),
        *("-f", name, "-i", programs.path_of(call.input)),
    )


def encode(
    call: Call,
    words: Sequence[str],
    *,
    program: Program = debian,
    seconds: float = 0.0,
    part: tuple[float, float] = (0.0, 1.0),
    folder: Path | None = None,
    empty: str = "",
    banner: list[str] | None = None,
) -> bytes:
    """Run ffmpeg with ``words`` (inputs from ``reading``, then outputs) and answer its stdout.

    ``seconds`` is the length of the output, for progress; ``part`` the start and share of the whole Step that this run is. With
    ``empty`` that is the sentence for a run that ended well and wrote no moment of sound or picture; ``banner`` gets what ffmpeg
    says on its way. Raises ConverterFailed,
    TooExpensive.
    """
    measure = ffmpeg_progress(seconds or None)
    said: list[str] = []
    reached = size = 0

    def read(line: bytes) -> float | None:
        nonlocal reached, size
        size += len(line)
        if banner is not None and size < MOST_BANNER:
            banner.append(line.decode("utf-8", "replace").rstrip("\r\n"))
        if line.startswith(b"out_time_us=") and (value := line[12:].strip()).isdigit():
            reached = max(reached, int(value))
        if (fraction := measure(line)) is None and b"=" not in line[:24] and line.strip():
            said.append(line.decode("utf-8", "replace").strip())
            del said[:-20]
        return fraction

    def report(fraction: float) -> None:
        call.report(part[0] + fraction * part[1])

    argv = (
        program(),
        *_HARD,
        "-v",
        "error" if banner is None else "info",
        "-nostats",
        "-stats_period",
        "0.2",
        "-progress",
        "pipe:2",
        "-y",
        *words,
    )
    descriptors = (call.input, call.output) if call.output >= 0 else (call.input,)
    try:
        made = programs.run(argv, descriptors=descriptors, folder=folder, progress=read, report=report)
    except ConverterFailed as error:
        raise _complaint("\n".join(said), error) from error
    if empty and not reached:
        raise ConverterFailed(empty)
    return made


class NoStream(ConverterFailed):
    """The file holds no stream of the kind that is wanted."""


def _complaint(said: str, error: ConverterFailed) -> OmnicError:
    if "matches no streams" in said:
        return NoStream("There is nothing of that kind in this file.")
    if "No space left" in said or "File too large" in said:
        return TooExpensive("The result is larger than is allowed.")
    if "Cannot allocate memory" in said:
        return TooExpensive("A frame of it is larger than is decoded.")
    if re.search(r"Invalid data|moov atom|End of file|could not find codec|Could not find|does not contain any stream", said):
        return ConverterFailed("The file is broken or cut short: it cannot be decoded.")
    words = [line for line in said.splitlines() if "Last message repeated" not in line]
    return ConverterFailed(f"ffmpeg could not convert this content: {words[-1]}") if words else error


def samples(call: Call, words: Sequence[str], *, program: Program = debian, expected: int = 0) -> Iterator[bytes]:
    """Stdout of ffmpeg as it comes; ``expected`` bytes make the progress."""
    argv = (program(), *_HARD, "-v", "error", *words)
    done = 0
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, pass_fds=(call.input,)) as process,
    ):
        assert process.stdout is not None
        while part := process.stdout.read(MiB):
            done += len(part)
            if expected:
                call.report(min(done / expected, 1.0))
            yield part
        if process.wait() and not done:
            errors.seek(0)
            raise _complaint(errors.read(4096).decode("utf-8", "replace"), unreadable())


@contextmanager
def destination(call: Call, name: str) -> Iterator[str]:
    """A path for ffmpeg to write the result to: the output itself where it may be opened again, else a file that is copied to it.

    Most containers are written out of order, which a pipe does not let them.
    """
    path = programs.path_of(call.output)
    try:
        os.close(os.open(path, os.O_RDWR))
    except OSError:
        with programs.scratch() as folder:
            yield str(folder / name)
            made = folder / name
            if made.exists():
                _copy(made, call.output)
        return
    yield path


def _copy(made: Path, output: int) -> None:
    with made.open("rb") as file:
        at = 0
        while part := file.read(MiB):
            view = memoryview(part)
            while view:
                moved = os.pwrite(output, view, at)
                at, view = at + moved, view[moved:]
