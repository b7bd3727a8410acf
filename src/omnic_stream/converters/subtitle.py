"""Subtitles into each other, into a page, into plain text. Nothing but Python is needed."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter, Cost, Limits, Loss, MiB, WarmCall

WARM = "omnic_stream.converters.warm.subtitle:"
FORMS = ("VTT", "SRT", "SBV", "ASS", "TTML", "MICRODVD")
LIMITS = Limits(seconds=30, stall=30, memory=512 * MiB, output=64 * MiB)


def _made(id: str, function: str, outputs: tuple[str, ...], loss: Loss) -> Converter:
    return Converter(
        id=id,
        version=1,
        inputs=FORMS,
        outputs=outputs,
        run=WarmCall(function=WARM + function, limits=LIMITS),
        cost=Cost(ms=8, ms_per_mib=400),
        loss=loss,
        specimen="watch.vtt",
        family="subtitle",
    )


CONVERTERS: tuple[Converter, ...] = (
    _made("subtitle.convert", "convert", FORMS, Loss.RESTYLES),
    _made("subtitle.html", "page", ("HTML",), Loss.RESTYLES),
    _made("subtitle.text", "words", ("TXT",), Loss.EXTRACTS),
)
