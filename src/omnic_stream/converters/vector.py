"""SVG and PostScript: to pictures and PDF."""

from __future__ import annotations

from omnic_stream.model.contracts import Bound, Command, Converter, Cost, Limits, Loss, MiB, Tool, WarmCall

RSVG = Tool("rsvg-convert", debian="librsvg2-bin")
GHOSTSCRIPT = Tool("gs", debian="ghostscript")
RESVG = Tool("resvg_py", pip="resvg-py", module=True)
THUMBS = ("thumb.png", "thumb.jpg", "thumb.webp", "thumb.avif")
LIMITS = Limits(seconds=60, stall=60, memory=1024 * MiB)


def rsvg_argv(bound: Bound) -> tuple[str, ...]:
    """rsvg-convert(1): ``--unlimited`` is never given; standard input, so that no file lies beside the SVG for it to refer to."""
    size = (
        ("--width", bound.arguments["width"], "--height", bound.arguments["height"], "--keep-aspect-ratio")
        if "width" in bound.arguments
        else ()
    )
    form = "pdf" if bound.target == "PDF" else "png"
    return ("rsvg-convert", "--format", form, *size, "--output", bound.output)


def ghostscript_argv(bound: Bound) -> tuple[str, ...]:
    crop = ("-dEPSCrop",) if bound.source == "EPS" else ()
    return ("gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", *crop, f"-sOutputFile={bound.output}", bound.input)


CONVERTERS = (
    Converter(
        id="svg.resvg",
        version=1,
        family="vector",
        inputs=("SVG", "SVGZ"),
        outputs=("PNG", *THUMBS),
        run=WarmCall(function="omnic_stream.converters.warm.svg:convert", limits=LIMITS),
        cost=Cost(ms=30, ms_per_mib=300),
        loss=Loss.RASTERISES,
        takes=("width", "height", "fit", "focus", "bg", "quality"),
        tools=(RESVG,),
        specimen="compass.svg",
    ),
    Converter(
        id="svg.rsvg",
        version=1,
        family="vector",
        inputs=("SVG", "SVGZ"),
        outputs=("PNG",),
        run=Command(argv=rsvg_argv, stdin=True, limits=LIMITS),
        cost=Cost(ms=60, ms_per_mib=300),
        loss=Loss.RASTERISES,
        takes=("width", "height"),
        tools=(RSVG,),
        specimen="compass.svg",
    ),
    Converter(
        id="svg.pdf",
        version=1,
        family="vector",
        inputs=("SVG", "SVGZ"),
        outputs=("PDF",),
        run=Command(argv=rsvg_argv, stdin=True, limits=LIMITS),
        cost=Cost(ms=70, ms_per_mib=300),
        tools=(RSVG,),
        specimen="compass.svg",
    ),
    Converter(
        id="postscript.pdf",
        version=1,
        family="vector",
        inputs=("PS", "EPS"),
        outputs=("PDF",),
        run=Command(argv=ghostscript_argv, limits=LIMITS),
        cost=Cost(ms=400, ms_per_mib=300),
        tools=(GHOSTSCRIPT,),
    ),
)
