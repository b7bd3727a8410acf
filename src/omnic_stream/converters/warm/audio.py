"""Sound inside a warm worker: transcoded, measured, drawn; its cover and its tags. Videos pass here for their sound."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from omnic_stream.converters.warm import image, media
from omnic_stream.converters.warm.files import write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, TooExpensive

FASTEST: Final = 48_000
"""Samples a second of what is encoded with a loss: no ear hears more, and not every codec takes it."""
MOST_PCM: Final = 500 * MiB
NO_SOUND: Final = "There is no sound in this file."
NOTHING: Final = "The file is broken or cut short: no sound in it can be decoded."

ENCODERS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "MP3": ("mp3", ("-c:a", "libmp3lame", "-q:a", "2", "-id3v2_version", "3")),
    "OGG": ("ogg", ("-c:a", "libvorbis", "-q:a", "5")),
    "OPUS": ("opus", ("-c:a", "libopus", "-b:a", "112k")),
    "M4A": ("ipod", ("-c:a", "aac", "-b:a", "160k", "-movflags", "+faststart")),
    "AAC": ("adts", ("-c:a", "aac", "-b:a", "160k")),
    "WAV": ("wav", ()),
    "FLAC": ("flac", ("-c:a", "flac")),
}
"""Muxer and codec words of each Format that is written."""
EXACT: Final = frozenset({"WAV", "FLAC"})


def transcode(call: Call, program: media.Program = media.debian) -> None:
    """The best stream of sound as another Format. More channels than two are mixed down where a loss is taken anyway."""
    held = media.look(call, program)
    found = held.audio
    if found is None:
        raise ConverterFailed(NO_SOUND)
    seconds = media.check_length(call, held)
    if call.target in EXACT and seconds * found.rate * found.channels * (3 if found.bits > 16 else 2) > MOST_PCM:
        raise TooExpensive(f"Its samples alone are more than {MOST_PCM // MiB} MiB: ask for MP3 or OPUS.")
    muxer, codec = ENCODERS[call.target]
    if call.target == "WAV":
        codec = ("-c:a", "pcm_s24le" if found.bits > 16 else "pcm_s16le")
    if call.target == "FLAC":
        codec += ("-sample_fmt", "s32" if found.bits > 16 else "s16")
    words = ("-map", f"0:{found.index}", "-vn", "-sn", "-dn", *tags_of(call.source), *codec, *bounded(found, call.target))
    with media.destination(call, f"result.{muxer}") as path:
        media.encode(call, (*media.reading(call), *words, "-f", muxer, path), program=program, seconds=seconds, empty=NOTHING)


def tags_of(source: str) -> tuple[str, ...]:
    """Ogg keeps a sound's tags with its stream; they are those of the whole."""
    return ("-map_metadata", "0:s:a:0") if media.DEMUXERS.get(source) == "ogg" else ()


def bounded(found: media.Stream, target: str) -> tuple[str, ...]:
    """Words that bring rate and channels to what the codec takes. Streams that name no layout are taken as mono or stereo."""
    most = 192_000 if target in EXACT else FASTEST
    words: tuple[str, ...] = ("-ar", str(most)) if found.rate > most else ()
    if target in EXACT:
        return words
    return (*words, "-af", f"aformat=channel_layouts={'mono' if found.channels == 1 else 'stereo'}")


# --- peaks ------------------------------------------------------------------------------------------------------------------

FINEST: Final = 1 << 16
"""Blocks of samples that are told apart while decoding: when there are more, neighbours are joined."""
POINTS: Final = 4096
"""Pairs of a peaks file, at most twice as many."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """Lowest and highest sample (16 bits, mixed to mono) of each ``block`` samples, ``length`` samples in all."""

    rate: int
    block: int
    length: int
    low: Any
    high: Any


def measured(call: Call, program: media.Program) -> Peaks:
    """Decode all of the sound once, in memory that does not grow with it. Raises ConverterFailed where there is none."""
    held = media.look(call, program)
    found = held.audio
    if found is None:
        raise ConverterFailed(NO_SOUND)
    seconds = media.check_length(call, held)
    rate = min(found.rate or FASTEST, FASTEST)
    out = ("-map", f"0:{found.index}", "-ac", "1", "-ar", str(rate), "-f", "s16le", "pipe:1")
    parts = media.samples(call, (*media.reading(call), *out), program=program, expected=round(seconds * rate) * 2)
    return _gathered(parts, rate)


def _gathered(parts: Iterator[bytes], rate: int) -> Peaks:
    import numpy

    block, length, rest = 1, 0, b""
    low = high = numpy.empty(0, numpy.int16)
    for part in parts:
        rest += part
        while (count := min(len(rest) // (2 * block), FINEST - len(low))) > 0:
            rows = numpy.frombuffer(rest, "<i2", count * block).reshape(count, block)
            rest = rest[count * block * 2 :]
            length += count * block
            low, high = numpy.concatenate((low, rows.min(1))), numpy.concatenate((high, rows.max(1)))
            if len(low) == FINEST:
                low, high, block = low.reshape(-1, 2).min(1), high.reshape(-1, 2).max(1), block * 2
    if last := len(rest) // 2:
        tail = numpy.frombuffer(rest[: last * 2], "<i2")
        length += last
        low, high = numpy.append(low, tail.min()), numpy.append(high, tail.max())
    if not length:
        raise ConverterFailed(NOTHING)
    return Peaks(rate, block, length, low, high)


def joined(low: Any, high: Any, count: int) -> tuple[Any, Any]:
    """The same in ``count`` columns; fewer blocks than columns are repeated."""
    import numpy

    edges = numpy.linspace(0, len(low), count + 1)
    first = numpy.minimum(edges[:-1].astype(int), len(low) - 1)
    last = numpy.maximum(numpy.ceil(edges[1:]).astype(int), first + 1)
    return (
        numpy.array([low[a:b].min() for a, b in zip(first, last, strict=True)]),
        numpy.array([high[a:b].max() for a, b in zip(first, last, strict=True)]),
    )


def peaks(call: Call, program: media.Program = media.debian) -> None:
    """Version 2 of audiowaveform's JSON, which wavesurfer and peaks.js read: pairs of lowest and highest, 8 bits each."""
    import numpy

    found = measured(call, program)
    each = max(found.block, 2)
    while found.length > each * POINTS * 2:
        each *= 2
    count = -(-found.length // each)
    step = each // found.block
    size = -(-len(found.low) // step) * step
    low = numpy.pad(found.low, (0, size - len(found.low)), "edge").reshape(-1, step).min(1)[:count]
    high = numpy.pad(found.high, (0, size - len(found.high)), "edge").reshape(-1, step).max(1)[:count]
    pairs = numpy.stack((low >> 8, high >> 8), 1).ravel()
    facts = {"version": 2, "channels": 1, "sample_rate": found.rate, "samples_per_pixel": each, "bits": 8, "length": count}
    write(call.output, json.dumps({**facts, "data": pairs.tolist()}, separators=(",", ":")).encode())


# --- pictures ---------------------------------------------------------------------------------------------------------------

INK: Final = (61, 134, 198)
"""Contrast 3.9 to 1 on white and 4.7 to 1 on the dark ground of pages.py."""
OVERSAMPLED: Final = 4
LOUDER: Final = 16
"""A quiet sound is drawn up to so many times higher; silence stays a line."""
WIDE: Final = (1200, 300)
LEAST_COVER: Final = 32
"""Pixels of a cover's height below which it is a mark, and the waveform tells more."""


def waveform(call: Call, program: media.Program = media.debian) -> None:
    """A picture of all of it, on a transparent ground, exactly as large as asked for."""
    width, height = size_asked(call, WIDE)
    image.picture(call, drawn(measured(call, program), width, height), "PNG", width=width, height=height)


def size_asked(call: Call, default: tuple[int, int]) -> tuple[int, int]:
    """The box, its missing side by the shape of the default one."""
    width, height = int(call.arguments.get("width", "0")), int(call.arguments.get("height", "0"))
    if not (width or height):
        return default
    return width or max(1, height * default[0] // default[1]), height or max(1, width * default[1] // default[0])


def drawn(found: Peaks, width: int, height: int) -> Any:
    """An RGBA picture: a column of ink from each lowest to each highest sample, edges softened by oversampling."""
    import numpy
    from PIL import Image

    low, high = joined(found.low, found.high, width)
    gain = min(32767 / max(1, int(numpy.abs(numpy.stack((low, high)).astype(int)).max())), LOUDER) / 32768 * 0.9
    tall = height * OVERSAMPLED
    middle, least = tall / 2, max(1.0, OVERSAMPLED / 2)
    top = numpy.minimum(middle - high * gain * middle, middle - least)
    bottom = numpy.maximum(middle - low * gain * middle, middle + least)
    rows = numpy.arange(tall)[:, None] + 0.5
    covered = ((rows >= top) & (rows <= bottom)).reshape(height, OVERSAMPLED, width).mean(1)
    picture = numpy.empty((height, width, 4), numpy.uint8)
    picture[..., :3] = INK
    picture[..., 3] = numpy.round(covered * 255)
    return Image.fromarray(picture, "RGBA")


def thumb(call: Call, program: media.Program = media.debian) -> None:
    """The cover where there is one that can be made out, else the waveform."""
    asked = image.boxed(call.target, call.arguments)
    width, height = int(asked.get("width", asked.get("height", "0"))), int(asked.get("height", asked.get("width", "0")))
    held = media.look(call, program)
    found = cover_picture(call, held, program) if held.cover is not None and held.cover.height >= LEAST_COVER else None
    if found is None:
        found = drawn(measured(call, program), width, height)
    image.picture(call, found, image.kind_of(call.target))


def cover(call: Call, program: media.Program = media.debian) -> None:
    """The picture that travels with the sound, decoded and written anew."""
    found = cover_picture(call, media.look(call, program), program)
    if found is None:
        raise ConverterFailed("There is no cover picture in this file.")
    width, height = int(call.arguments.get("width", "0")), int(call.arguments.get("height", "0"))
    image.picture(call, found, "JPG", width=width, height=height)


def cover_picture(call: Call, held: media.Media, program: media.Program) -> Any | None:
    if held.cover is None:
        return None
    words = (*media.reading(call), "-map", f"0:{held.cover.index}", "-frames:v", "1", "-pix_fmt", "rgb24")
    return opened(media.encode(call, (*words, "-f", "image2pipe", "-c:v", "ppm", "pipe:1"), program=program))


def opened(frame: bytes) -> Any | None:
    """The picture of a PPM; None where ffmpeg wrote none."""
    from PIL import Image

    if not frame:
        return None
    picture = Image.open(io.BytesIO(frame))
    picture.load()
    return picture


# --- facts ------------------------------------------------------------------------------------------------------------------

NOISE: Final = frozenset({"vendor_id", "handler_name"})
"""Tags that writers of ISO media set for themselves."""


def facts(call: Call, program: media.Program = media.debian) -> None:
    """What the file holds as JSON: container, length, streams, tags, chapters. Times in seconds, rates in bits a second."""
    held = media.look(call, program)
    sound = held.audio
    own = sound.tags if sound is not None and media.DEMUXERS.get(call.source) == "ogg" else {}
    told: dict[str, Any] = {
        "format": call.source,
        "size": os.fstat(call.input).st_size,
        "duration": held.seconds or None,
        "bit_rate": held.bitrate or None,
        "tags": {**{name: value for name, value in own.items() if name != "encoder"}, **held.tags},
        "streams": [_stream(stream) for stream in held.streams if stream.codec != "none"],
        "chapters": [
            {"start": chapter.start, "end": chapter.end, "title": chapter.tags.get("title", "")} for chapter in held.chapters
        ],
    }
    write(
        call.output,
        json.dumps({name: value for name, value in told.items() if value is not None}, ensure_ascii=False, indent=1).encode(),
    )


def _stream(stream: media.Stream) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "cover" if stream.cover else stream.kind, "codec": stream.codec, "language": stream.language}
    if stream.kind == "video":
        width, height = stream.shown
        told |= {"width": width, "height": height, "frame_rate": stream.frames_a_second, "pixel_format": stream.pixels}
        told |= {"rotation": stream.turned}
    if stream.kind == "audio":
        told |= {"sample_rate": stream.rate, "channels": stream.channels, "bits": stream.bits}
    tags = {name: value for name, value in stream.tags.items() if name not in NOISE}
    return {name: value for name, value in told.items() if value} | ({"tags": tags} if tags else {})


WHEEL = media.by_wheel(transcode, peaks, waveform, thumb, cover, facts)
