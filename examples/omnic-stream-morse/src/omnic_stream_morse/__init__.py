"""The declarations: what there is now, what makes it, and what shows it."""

from pathlib import Path

from omnic_stream.model.contracts import Converter, Cost, Limits, Loss, MiB, Viewer, WarmCall
from omnic_stream.model.formats import ArgumentRule, Format

FORMATS = (
    Format(
        name="morse.wav",
        title="Morse code",
        media_type="audio/wav",
        category="audio",
        extensions=("morse.wav",),
        parent="WAV",
        arguments=(ArgumentRule(name="wpm", kind="int", low=5, high=40),),
    ),
)

CONVERTERS = (
    Converter(
        id="morse.sound",
        version=1,
        family="morse",
        inputs=("TXT",),
        outputs=("morse.wav",),
        run=WarmCall(function="omnic_stream_morse.sound:morse", limits=Limits(seconds=30, output=64 * MiB)),
        cost=Cost(ms=20, ms_per_mib=60_000),
        loss=Loss.EXTRACTS,
        takes=("wpm",),
        specimen="omnic_stream_morse:sos.txt",
    ),
)

VIEWERS = (
    Viewer(
        name="morse",
        title="Morse",
        opens=("TXT",),
        shows=("morse.wav",),
        module="morse.js",
        folder=Path(__file__).parent / "viewer",
    ),
)
