"""Fonts: specimens, tables of glyphs, facts; for the web, and one kind of outlines for the other. Wheels alone, but for SFD."""

from __future__ import annotations

from omnic_stream.converters.image import FITTING, PILLOW, THUMBS, VIPS
from omnic_stream.model.contracts import Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

FONTTOOLS = Tool("fontTools", pip="fonttools", module=True)
BROTLI = Tool("brotli", pip="brotli", module=True)
FONTFORGE = Tool("fontforge", debian="fontforge-nox", probe=("-version",), licence="GPL-3.0")
WARM = "omnic_stream.converters.warm.font:"
PAGES = "omnic_stream.converters.warm.font_pages:"

SINGLE = ("TTF", "OTF", "WOFF", "WOFF2")
SEVERAL = ("TTC", "DFONT")
"""Files of several fonts: ``page`` chooses one, the first unless it is said."""
LIMITS = Limits(seconds=60, stall=60, memory=1 * GiB, output=64 * MiB)
# a Chinese font of 65535 glyphs: 90 s
LONG = Limits(seconds=300, stall=60, cpu=290, memory=2 * GiB, output=128 * MiB, address_space=None)


def _of(
    id: str,
    function: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    cost: Cost,
    loss: Loss,
    *tools: Tool,
    takes: tuple[str, ...] = (),
    limits: Limits = LIMITS,
    specimen: str | None = "seven.ttf",
    version: int = 1,
) -> Converter:
    return Converter(
        id=id,
        version=version,
        family="font",
        inputs=inputs,
        outputs=outputs,
        run=WarmCall(function=function, limits=limits, worker="heavy" if limits is LONG else "python"),
        cost=cost,
        loss=loss,
        takes=takes,
        tools=(FONTTOOLS, BROTLI, *tools),
        specimen=specimen,
    )


PICTURES = (PILLOW, VIPS)
CONVERTERS: tuple[Converter, ...] = (
    _of(
        "font.specimen",
        WARM + "specimen",
        (*SINGLE, *SEVERAL),
        ("specimen.png", "PNG"),
        Cost(ms=120, ms_per_mib=60),
        Loss.RASTERISES,
        *PICTURES,
        takes=("width", "height", "fit", "focus", "bg", "page"),
    ),
    _of(
        "font.thumb",
        WARM + "thumb",
        (*SINGLE, *SEVERAL),
        THUMBS,
        Cost(ms=30, ms_per_mib=30),
        Loss.RASTERISES,
        *PICTURES,
        takes=(*FITTING, "page"),
    ),
    _of(
        "font.drawing",
        PAGES + "drawing",
        (*SINGLE, *SEVERAL),
        ("SVG",),
        Cost(ms=100, ms_per_mib=60),
        Loss.EXTRACTS,
        PILLOW,
        takes=("page",),
    ),
    _of(
        "font.glyphs",
        PAGES + "glyphs",
        (*SINGLE, *SEVERAL),
        ("glyphs.html",),
        Cost(ms=150, ms_per_mib=100),
        Loss.RESTYLES,
        takes=("page",),
    ),
    _of("font.facts", PAGES + "facts", (*SINGLE, *SEVERAL), ("metadata.json",), Cost(ms=40, ms_per_mib=100), Loss.NONE, version=2),
    _of("font.packed", WARM + "packed", SINGLE, ("WOFF2", "WOFF"), Cost(ms=300, ms_per_mib=3000), Loss.NONE, limits=LONG),
    _of("font.outlines", WARM + "outlines", SINGLE, ("TTF", "OTF"), Cost(ms=300, ms_per_mib=8000), Loss.REENCODES, limits=LONG),
    _of(
        "font.member",
        WARM + "outlines",
        SEVERAL,
        ("TTF", "OTF"),
        Cost(ms=300, ms_per_mib=8000),
        Loss.EXTRACTS,
        takes=("page",),
        limits=LONG,
        specimen="seven.ttc",
    ),
    _of("font.type1", WARM + "type1", ("PFB",), ("OTF",), Cost(ms=200, ms_per_mib=4000), Loss.REENCODES, specimen="seven.pfb"),
    Converter(
        id="font.fontforge",
        version=1,
        family="font",
        inputs=("SFD",),
        outputs=("TTF",),
        run=WarmCall(function=WARM + "fontforge", worker="heavy", limits=LIMITS, risky=True),
        cost=Cost(ms=400, ms_per_mib=1000),
        loss=Loss.REENCODES,
        tools=(FONTFORGE,),
        specimen="seven.sfd",
    ),
)
