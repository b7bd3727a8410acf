"""Sound: transcoded, measured, drawn; covers, tags and chapters. ffmpeg does it, Debian's or the wheel's; MIDI is played by FluidSynth."""

from __future__ import annotations

from collections.abc import Iterable

from omnic_stream.converters.image import FITTING, PILLOW, STILLS, VIPS
from omnic_stream.model.contracts import Command, Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

FFMPEG = Tool("ffmpeg", debian="ffmpeg", probe=("-version",), licence="GPL-2.0-or-later")
WHEEL = Tool("imageio_ffmpeg", pip="imageio-ffmpeg", module=True, licence="GPL-3.0-or-later")
NUMPY = Tool("numpy", pip="numpy", module=True)
WARM = "omnic_stream.converters.warm."
PATIENT = Limits(seconds=1800, stall=120, cpu=3600, memory=2 * GiB, output=512 * MiB)
"""For all that decodes a whole file."""
QUICK = Limits(seconds=90, stall=60, cpu=120, memory=2 * GiB, output=64 * MiB)

SOUNDS = (
    *("MP3", "WAV", "FLAC", "OGG", "OPUS", "M4A", "M4B", "AAC", "AIFF", "AIFC", "AU", "WMA", "AC3", "EAC3"),
    *("APE", "WV", "TTA", "SPX", "TAK", "MPC", "DSF", "VOC", "8SVX", "CAF", "AMR"),
)
VIDEOS = ("MP4", "WEBM", "MKV", "MOV", "M4V", "AVI", "WMV", "FLV", "MPG", "VOB", "MPEGTS", "3GP", "3G2", "OGV", "MXF")
WRITTEN = ("MP3", "OGG", "OPUS", "M4A", "AAC", "WAV", "FLAC")


def by_ffmpeg(
    id: str,
    function: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    cost: Cost,
    loss: Loss,
    *,
    takes: tuple[str, ...] = (),
    tools: tuple[Tool, ...] = (),
    limits: Limits = PATIENT,
    index: str | None = None,
    specimen: str = "chime.ogg",
    version: int = 1,
) -> Iterable[Converter]:
    """The same by Debian's ffmpeg and, a little dearer, by the wheel's: where both are there, the second is tried after the first.

    ``function`` is ``module:name`` below ``converters/warm``; its twin is ``module:WHEEL.name``.
    """
    module, _, name = function.partition(":")
    for suffix, path, tool, dearer in (("", f"{module}:{name}", FFMPEG, 1.0), ("-wheel", f"{module}:WHEEL.{name}", WHEEL, 1.1)):
        yield Converter(
            id=id + suffix,
            version=version,
            inputs=inputs,
            outputs=outputs,
            run=WarmCall(function=WARM + path, worker="heavy", limits=limits, directory=index is not None, risky=True),
            cost=Cost(ms=cost.ms * dearer, ms_per_mib=cost.ms_per_mib * dearer),
            loss=loss,
            takes=takes,
            tools=(tool, *tools),
            specimen=specimen,
            family=id.partition(".")[0],
            index=index,
        )


SOUNDFONT = "/usr/share/sounds/sf2/default-GM.sf2"
"""What Debian points at one of the installed General MIDI sound fonts."""
DRAWS = (NUMPY, PILLOW, VIPS)
DECODES = Cost(ms=160, ms_per_mib=120)
CONVERTERS: tuple[Converter, ...] = (
    *by_ffmpeg("audio.transcode", "audio:transcode", SOUNDS, WRITTEN, Cost(ms=300, ms_per_mib=700), Loss.REENCODES),
    *by_ffmpeg("audio.web", "video:web", SOUNDS, ("web.mp4", "web.webm"), Cost(ms=320, ms_per_mib=800), Loss.REENCODES),
    *by_ffmpeg("audio.peaks", "audio:peaks", SOUNDS, ("peaks.json",), DECODES, Loss.RESTYLES, tools=(NUMPY,)),
    *by_ffmpeg("audio.waveform", "audio:waveform", SOUNDS, ("waveform.png",), DECODES, Loss.RASTERISES, takes=FITTING, tools=DRAWS),
    *by_ffmpeg("audio.thumb", "audio:thumb", SOUNDS, STILLS, DECODES, Loss.RASTERISES, takes=FITTING, tools=DRAWS),
    *by_ffmpeg(
        "audio.cover",
        "audio:cover",
        (*SOUNDS, *VIDEOS),
        ("cover.jpg",),
        Cost(ms=150),
        Loss.EXTRACTS,
        takes=FITTING,
        tools=DRAWS,
        limits=QUICK,
        specimen="chime.mp3",
    ),
    *by_ffmpeg("audio.facts", "audio:facts", (*SOUNDS, *VIDEOS), ("metadata.json",), Cost(ms=80), Loss.RESTYLES, limits=QUICK),
    *by_ffmpeg(
        "audio.chapters",
        "video:chapters",
        (*SOUNDS, *VIDEOS),
        ("chapters.vtt",),
        Cost(ms=80),
        Loss.EXTRACTS,
        limits=QUICK,
        specimen="chime.mp3",
    ),
    Converter(
        id="audio.midi",
        version=1,
        inputs=("MIDI",),
        outputs=("WAV",),
        run=Command(
            argv=("fluidsynth", "-ni", "-q", "-g", "0.7", "-r", "44100", "-T", "wav", "-F", "{output}", SOUNDFONT, "{input}"),
            limits=Limits(seconds=300, stall=120, cpu=300, memory=1 * GiB, output=512 * MiB),
        ),
        cost=Cost(ms=3000),
        loss=Loss.RESTYLES,
        tools=(Tool("fluidsynth", debian="fluidsynth timgm6mb-soundfont"),),
        specimen="scale.mid",
        family="audio",
    ),
)
