"""Moving pictures: stills, sheets, clips, what browsers play, streams of several qualities; their sound and their words."""

from __future__ import annotations

from omnic_stream.converters.audio import DECODES, DRAWS, NUMPY, QUICK, VIDEOS, WRITTEN, by_ffmpeg
from omnic_stream.converters.image import FITTING, PILLOW, STILLS, VIPS
from omnic_stream.model.contracts import Converter, Cost, Loss

PICTURES = (VIPS, PILLOW)
SIZE = ("width", "height")
SAMPLE = "beacon.mp4"
ANIMATED = ("GIF", "APNG")
STILL = Cost(ms=180, ms_per_mib=10)
ENCODES = Cost(ms=700, ms_per_mib=3000)

CONVERTERS: tuple[Converter, ...] = (
    *by_ffmpeg(
        *("video.thumb", "stills:thumb", VIDEOS, STILLS, STILL, Loss.EXTRACTS),
        takes=(*FITTING, "t", "page"),
        tools=(*PICTURES, NUMPY),
        limits=QUICK,
        specimen=SAMPLE,
        version=2,
    ),
    *by_ffmpeg(
        *("video.frame", "stills:frame", VIDEOS, ("PNG", "JPG", "poster.jpg"), STILL, Loss.EXTRACTS),
        takes=(*FITTING, "t", "page"),
        tools=(*PICTURES, NUMPY),
        limits=QUICK,
        specimen=SAMPLE,
        version=2,
    ),
    *by_ffmpeg(
        *("video.sheet", "stills:sheet", VIDEOS, ("sheet.jpg",), Cost(ms=1500, ms_per_mib=100), Loss.EXTRACTS),
        takes=FITTING,
        tools=(*PICTURES, NUMPY),
        specimen=SAMPLE,
        version=2,
    ),
    *by_ffmpeg(
        *("video.web", "video:web", VIDEOS, ("MP4", "WEBM", "web.mp4", "web.webm"), ENCODES, Loss.REENCODES),
        takes=SIZE,
        tools=(NUMPY,),
        specimen=SAMPLE,
        version=2,
    ),
    *by_ffmpeg(
        *("video.of-animation", "video:web", ANIMATED, ("web.mp4", "web.webm"), ENCODES, Loss.REENCODES),
        takes=SIZE,
        specimen="beacon.gif",
    ),
    *by_ffmpeg(
        *("video.clip", "video:clip", VIDEOS, ("clip.webm", "clip.mp4"), Cost(ms=1200, ms_per_mib=50), Loss.EXTRACTS),
        takes=(*SIZE, "t"),
        tools=(NUMPY,),
        specimen=SAMPLE,
        version=2,
    ),
    *by_ffmpeg(
        *("video.animation", "video:animation", VIDEOS, ("GIF", "WEBP", "APNG"), Cost(ms=1500, ms_per_mib=100), Loss.EXTRACTS),
        takes=(*SIZE, "t"),
        tools=(NUMPY,),
        specimen=SAMPLE,
        version=2,
    ),
    *by_ffmpeg(
        *("video.hls", "video:hls", VIDEOS, ("hls",), Cost(ms=1500, ms_per_mib=6000), Loss.REENCODES),
        index="master.m3u8",
        tools=(NUMPY,),
        specimen=SAMPLE,
        version=2,
    ),
    *by_ffmpeg("video.sound", "audio:transcode", VIDEOS, WRITTEN, Cost(ms=300, ms_per_mib=100), Loss.EXTRACTS, specimen=SAMPLE),
    *by_ffmpeg("video.peaks", "audio:peaks", VIDEOS, ("peaks.json",), DECODES, Loss.EXTRACTS, tools=(NUMPY,), specimen=SAMPLE),
    *by_ffmpeg(
        "video.waveform",
        "audio:waveform",
        VIDEOS,
        ("waveform.png",),
        DECODES,
        Loss.EXTRACTS,
        takes=FITTING,
        tools=DRAWS,
        specimen=SAMPLE,
    ),
    *by_ffmpeg(
        "video.subtitles",
        "video:subtitles",
        VIDEOS,
        ("VTT", "SRT"),
        Cost(ms=120, ms_per_mib=10),
        Loss.EXTRACTS,
        takes=("item",),
        specimen="beacon.mkv",
    ),
)
