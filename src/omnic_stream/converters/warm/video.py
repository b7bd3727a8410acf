"""Moving pictures inside a warm worker: clips, what browsers play, streams of several qualities, the words inside."""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from omnic_stream.converters.warm import audio, colours, media
from omnic_stream.converters.warm.dynamic_range import curve, toned
from omnic_stream.converters.warm.files import write
from omnic_stream.converters.warm.programs import scratch
from omnic_stream.converters.warm.stills import HIGH, NOTHING, WIDE, from_, picture_of, scaled, square
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed

# --- for the web ------------------------------------------------------------------------------------------------------------

LONGEST: Final = 1280
"""Pixels of the longer side where no size is asked for."""
MOST_ENCODED: Final = 3600
"""Seconds of video that are encoded at once; what is only packed anew may last as long as sound may."""
SMOOTHEST: Final = 60
EVEN: Final = "crop=trunc(iw/2)*2:trunc(ih/2)*2"
"""4:2:0 needs it."""
H264: Final = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p", "-threads", "2")
VP9: Final = (
    *("-c:v", "libvpx-vp9", "-b:v", "0", "-crf", "34", "-deadline", "realtime", "-cpu-used", "6"),
    *("-row-mt", "1", "-pix_fmt", "yuv420p", "-threads", "2"),
)
SOUND: Final[Mapping[str, tuple[str, ...]]] = {"mp4": ("-c:a", "aac", "-b:a", "128k"), "webm": ("-c:a", "libopus", "-b:a", "96k")}
FASTSTART: Final = ("-movflags", "+faststart", "-write_tmcd", "0")
"""The index first, so that a browser plays what has arrived; and no track of time codes beside the picture's."""
PICTURE: Final = {"mp4": H264, "webm": VP9}
AS_IS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "mp4": (frozenset({"h264"}), frozenset({"aac", "mp3"})),
    "webm": (frozenset({"vp8", "vp9", "av1"}), frozenset({"opus", "vorbis"})),
}
"""Codecs of picture and sound that browsers play in that container: they are packed anew, not encoded."""
WHOLE: Final = frozenset({"MP4", "MOV", "M4V", "MKV", "WEBM", "FLV", "3GP", "3G2"})
"""Containers that keep the times which packing anew needs."""


def web(call: Call, program: media.Program = media.debian) -> None:
    """MP4 (H.264, AAC, its index first) or WEBM (VP9, Opus); of a file that holds sound alone, that with nothing to see."""
    kind = call.target.rpartition(".")[2].lower()
    held = media.look(call, program)
    found, heard = held.video, held.audio
    if found is None and heard is None:
        raise media.unreadable()
    longest, asked = _asked(call)
    copied = found is not None and not asked and as_is(call, kind, found, longest)
    seconds = media.check_length(call, held, media.MOST_SECONDS if found is None or copied else MOST_ENCODED)
    faststart = FASTSTART if kind == "mp4" else ()
    sentence = NOTHING if found is not None else audio.NOTHING
    with media.destination(call, f"result.{kind}") as path, toned(found) as usual:
        words: list[str] = []
        if found is not None:
            encoded = ("-c:v", "copy") if copied else _encoded(kind, found, asked or square(longest), usual)
            words += ["-map", f"0:{found.index}", *encoded]
        if heard is not None:
            words += ["-map", f"0:{heard.index}", *_heard(kind, heard, call.source)]
        out = (*words, "-sn", "-dn", *audio.tags_of(call.source if found is None else ""), *faststart, "-f", kind, path)
        media.encode(call, (*media.reading(call), *out), program=program, seconds=seconds, empty=sentence)


def _asked(call: Call, more: str = "") -> tuple[int, str]:
    """The longest side, and the filter for a box that was asked for: within it, never enlarged."""
    width, height = int(call.arguments.get("width", "0")), int(call.arguments.get("height", "0"))
    if not (width or height):
        return LONGEST, ""
    sides = [f"{side}/{length}" for side, length in ((width, WIDE), (height, HIGH)) if side]
    return LONGEST, scaled(f"min(1,{sides[0]})" if len(sides) == 1 else f"min(1,min({sides[0]},{sides[1]}))", 2, more)


def as_is(call: Call, kind: str, found: media.Stream, longest: int) -> bool:
    return (
        call.source in WHOLE
        and found.codec in AS_IS[kind][0]
        and found.pixels.removeprefix("yuvj") in {"yuv420p", "420p"}
        and max(found.shown) <= longest
        and not found.turned
        and found.ratio == 1.0
        and not curve(found)
    )


def _encoded(kind: str, found: media.Stream, scale: str, usual: str) -> tuple[str, ...]:
    """Even sides; at most sixty frames a second."""
    slower = f"fps={SMOOTHEST}," if SMOOTHEST < found.frames_a_second < 1000 else ""
    return ("-vf", f"{slower}{scale},{EVEN}{usual},format=yuv420p", *PICTURE[kind], *colours.tag_words(found))


def _heard(kind: str, heard: media.Stream, source: str) -> tuple[str, ...]:
    if source in WHOLE and heard.codec in AS_IS[kind][1] and heard.channels <= 2:
        return ("-c:a", "copy")
    return (*SOUND[kind], *audio.bounded(heard, "MP3"))


# --- clips and animations ---------------------------------------------------------------------------------------------------

EXCERPTS: Final = (0.1, 0.35, 0.6, 0.85)
EXCERPT: Final = 1.5
"""Seconds of each excerpt of a preview clip."""
CLIP: Final = EXCERPT * len(EXCERPTS)
CLIP_SIDE: Final = 480


def clip(call: Call, program: media.Program = media.debian) -> None:
    """Six seconds, small and silent: from ``t`` on, else four excerpts from all of it."""
    kind = call.target.rpartition(".")[2].lower()
    held = media.look(call, program)
    found = picture_of(held)
    scale = _asked(call)[1] or square(CLIP_SIDE)
    faststart = FASTSTART if kind == "mp4" else ()
    seconds = min(CLIP, held.seconds) if held.seconds else CLIP
    with media.destination(call, f"result.{kind}") as path, toned(found) as usual:
        inputs, graph = _excerpts(call, held, found, f"fps=24,{scale},{EVEN}{usual},format=yuv420p")
        out = (
            "-filter_complex",
            graph,
            "-map",
            "[v]",
            "-an",
            "-map_metadata",
            "-1",
            *PICTURE[kind],
            *colours.tag_words(found),
            *faststart,
            "-f",
            kind,
            path,
        )
        media.encode(call, (*inputs, *out), program=program, seconds=seconds, empty=NOTHING)


def _excerpts(call: Call, held: media.Media, found: media.Stream, fit: str) -> tuple[list[str], str]:
    """The inputs, and the graph that makes ``[v]`` of them."""
    inputs: list[str] = []
    if "t" in call.arguments or held.seconds <= 2 * CLIP:
        inputs += media.reading(call, *from_(call), "-t", f"{CLIP:g}")
        return inputs, f"[0:{found.index}]{fit}[v]"
    for share in EXCERPTS:
        inputs += media.reading(call, "-ss", f"{held.seconds * share:.3f}", "-t", f"{EXCERPT:g}")
    chains = ";".join(f"[{number}:{found.index}]{fit},setpts=PTS-STARTPTS[v{number}]" for number in range(len(EXCERPTS)))
    return inputs, f"{chains};{''.join(f'[v{number}]' for number in range(len(EXCERPTS)))}concat=n={len(EXCERPTS)}[v]"


MOVING_SECONDS: Final = 10
MOVING_SIDE: Final = 480
MOVING_RATE: Final = 12
MOVING: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "GIF": ("gif", ("-loop", "0")),
    "WEBP": ("webp", ("-c:v", "libwebp_anim", "-loop", "0", "-q:v", "65", "-compression_level", "3")),
    "APNG": ("apng", ("-plays", "0")),
}


def animation(call: Call, program: media.Program = media.debian) -> None:
    """The first ten seconds (from ``t`` on) as a picture that moves: twelve frames a second, a palette of its own for GIF."""
    held = media.look(call, program)
    found = picture_of(held)
    start = float(call.arguments.get("t", "0"))
    more = colours.scale_words(found)
    fit = f"fps={MOVING_RATE},{_asked(call, more)[1] or square(MOVING_SIDE, more)}"
    pixels = f"format={'bgra' if found.pixels == 'bgra' else 'rgb24'}"
    if call.target == "GIF":
        pixels += ",split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle"
    muxer, words = MOVING[call.target]
    seconds = min(MOVING_SECONDS, max(held.seconds - start, 0.1)) if held.seconds else MOVING_SECONDS
    inputs = media.reading(call, *from_(call), "-t", str(MOVING_SECONDS))
    with media.destination(call, f"result.{muxer}") as path, toned(found, rgb=True) as usual:
        out = (
            "-filter_complex",
            f"[0:{found.index}]{fit}{usual},{pixels}[v]",
            "-map",
            "[v]",
            "-an",
            "-sn",
            *words,
            "-f",
            muxer,
            path,
        )
        media.encode(call, (*inputs, *out), program=program, seconds=seconds, empty=NOTHING)


# --- streams of several qualities -------------------------------------------------------------------------------------------

LADDER: Final = ((360, 700), (720, 2400), (1080, 4500))
"""Height (the shorter side) and most kbit/s of each quality."""
SEGMENT: Final = 4
MOST_STREAMED: Final = 1800


def hls(call: Call, program: media.Program = media.debian) -> None:
    """``master.m3u8`` and below it a folder of fragmented MP4 for each quality (RFC 8216), keyframes at every segment's start."""
    held = media.look(call, program)
    found, heard = picture_of(held), held.audio
    seconds = media.check_length(call, held, MOST_STREAMED)
    shorter = min(found.shown)
    steps = [step for step in LADDER if step[0] < shorter * 1.1] or [(shorter, LADDER[0][1])]
    words: list[str] = []
    for number, (_, rate) in enumerate(steps):
        words += ["-map", f"[v{number}]", f"-maxrate:v:{number}", f"{rate}k", f"-bufsize:v:{number}", f"{2 * rate}k"]
        if heard is not None:
            words += ["-map", f"0:{heard.index}"]
    words += [*H264, *colours.tag_words(found), "-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT})", "-sc_threshold", "0"]
    if heard is not None:
        words += [*SOUND["mp4"], *audio.bounded(heard, "MP3")]
    words += ["-map_metadata", "-1", "-map_chapters", "-1"]
    streams = " ".join(f"v:{n},a:{n}" if heard is not None else f"v:{n}" for n in range(len(steps)))
    start = "start-%v.mp4" if len(steps) > 1 else "start.mp4"
    words += ["-f", "hls", "-hls_time", str(SEGMENT), "-hls_playlist_type", "vod", "-hls_flags", "independent_segments"]
    words += ["-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", start, "-hls_segment_filename", "q%v/part-%04d.mp4"]
    words += ["-master_pl_name", "master.m3u8", "-var_stream_map", streams, "q%v/index.m3u8"]
    with scratch() as folder, toned(found) as usual:
        made = folder / "hls"
        for number in range(len(steps)):
            (made / f"q{number}").mkdir(parents=True)
        graph = _ladder(found, [side for side, _ in steps], usual)
        out = (*media.reading(call), "-filter_complex", graph, *words)
        media.encode(call, out, program=program, seconds=seconds, folder=made, empty=NOTHING)
        _packed(call, made)


def _ladder(found: media.Stream, sides: Sequence[int], usual: str) -> str:
    """The graph that makes ``[v0]``, ``[v1]`` ... of these shorter sides."""
    graph = f"[0:{found.index}]fps='min(source_fps,30)',split={len(sides)}" + "".join(f"[s{n}]" for n in range(len(sides)))
    for number, side in enumerate(sides):
        even = scaled(f"min(1,{side}/min({WIDE},{HIGH}))", 2)
        graph += f";[s{number}]{even},{EVEN}{usual},format=yuv420p[v{number}]"
    return graph


def _packed(call: Call, folder: Path) -> None:
    with os.fdopen(os.dup(call.output), "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                tar.add(path, str(path.relative_to(folder)), filter=_plain)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


# --- words inside -----------------------------------------------------------------------------------------------------------

DRAWN: Final = frozenset({"hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub"})
CUES: Final[Mapping[str, str]] = {"VTT": "webvtt", "SRT": "srt"}


def subtitles(call: Call, program: media.Program = media.debian) -> None:
    """The subtitles that travel inside, as VTT or SRT: those that the file marks as its default, or the ``item``-th, counted from 1."""
    held = media.look(call, program)
    inside = [stream for stream in held.streams if stream.kind == "subtitle"]
    if not inside:
        raise ConverterFailed("There are no subtitles in this file.")
    item = int(call.arguments.get("item", "0"))
    if item > len(inside):
        raise ConverterFailed(f"There are only {len(inside)} subtitles in this file.")
    found = inside[item - 1] if item else held.subtitle or inside[0]
    if found.codec in DRAWN:
        raise ConverterFailed("The subtitles in this file are pictures: there is no text in them.")
    muxer = CUES[call.target]
    words = (*media.reading(call), "-map", f"0:{found.index}", "-f", muxer, "pipe:1")
    made = media.encode(call, words, program=program)
    if b"-->" not in made:
        raise ConverterFailed("The subtitles in this file are empty.")
    write(call.output, made)


def chapters(call: Call, program: media.Program = media.debian) -> None:
    """The chapters as WebVTT, as ``<track kind="chapters">`` reads them."""
    held = media.look(call, program)
    if not held.chapters:
        raise ConverterFailed("There are no chapters in this file.")
    cues = ["WEBVTT\n"]
    for number, chapter in enumerate(held.chapters, 1):
        title = re.sub(r"\s+", " ", chapter.tags.get("title", "")).replace("-->", "→").strip() or f"Chapter {number}"
        title = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        cues.append(f"{moment(chapter.start)} --> {moment(chapter.end)}\n{title}\n")
    write(call.output, "\n".join(cues).encode())


def moment(seconds: float) -> str:
    """WebVTT's ``hh:mm:ss.ttt``."""
    total = max(0, round(seconds * 1000))
    return f"{total // 3_600_000:02}:{total // 60_000 % 60:02}:{total // 1000 % 60:02}.{total % 1000:03}"


WHEEL = media.by_wheel(web, clip, animation, hls, subtitles, chapters)
