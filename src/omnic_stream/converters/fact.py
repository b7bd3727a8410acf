"""Facts about any file whatever, as leaves: checksums, a hex dump, readable strings, metadata."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter, Cost, Limits, Loss, MiB, Tool, WarmCall

WARM = "omnic_stream.converters.warm.fact:"
LIMITS = Limits(seconds=120, stall=60, memory=768 * MiB, output=64 * MiB)
EXIFTOOL = Tool("exiftool", debian="libimage-exiftool-perl", probe=("-ver",), licence="GPL-3.0-or-later OR Artistic-1.0-Perl")


def fact(
    name: str, function: str, output: str, *, ms: float, ms_per_mib: float, programs: bool = False, tools: tuple[Tool, ...] = ()
) -> Converter:
    return Converter(
        id=f"fact.{name}",
        version=1,
        family="fact",
        inputs=("any",),
        outputs=(output,),
        run=WarmCall(function=WARM + function, worker="heavy" if programs else "python", limits=LIMITS, risky=programs),
        cost=Cost(ms=ms, ms_per_mib=ms_per_mib),
        loss=Loss.EXTRACTS,
        tools=tools,
        specimen="harbour.jpg",
    )


CONVERTERS: tuple[Converter, ...] = (
    fact("checksum", "checksum", "checksum", ms=4, ms_per_mib=8),
    fact("hex", "hexdump", "hex", ms=10, ms_per_mib=1),
    fact("strings", "strings", "strings", ms=10, ms_per_mib=60),
    # what knows a format well costs less, so it wins where both can
    fact("exiftool", "exiftool", "metadata.json", ms=900, ms_per_mib=40, programs=True, tools=(EXIFTOOL,)),
    fact("metadata", "metadata", "metadata.json", ms=2000, ms_per_mib=4),
)
