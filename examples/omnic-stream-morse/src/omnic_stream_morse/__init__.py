"""The declarations: what there is now, and what makes it."""

from omnic_stream.model.contracts import Converter, Cost, Limits, Loss, MiB, WarmCall
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
