"""Drawings: SVG, PostScript, graphs and CAD to pictures, SVG and PDF. Visio's, Windows' and OpenDocument's are LibreOffice's (``office``)."""

from __future__ import annotations

from omnic_stream.converters.image import FITTING, STILLS
from omnic_stream.model.contracts import Bound, Command, Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

RSVG = Tool("rsvg-convert", debian="librsvg2-bin")
GHOSTSCRIPT = Tool("gs", debian="ghostscript", licence="AGPL-3.0")
GRAPHVIZ = Tool("dot", debian="graphviz", probe=("-V",))
RESVG = Tool("resvg_py", pip="resvg-py", module=True)
EZDXF = Tool("ezdxf", pip="ezdxf", module=True)
LIMITS = Limits(seconds=60, stall=60, memory=1024 * MiB)
HEAVY = Limits(seconds=60, stall=60, memory=2 * GiB, address_space=None)


def ghostscript_argv(bound: Bound) -> tuple[str, ...]:
    crop = ("-dEPSCrop",) if bound.source == "EPS" else ()
    return ("gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", *crop, f"-sOutputFile={bound.output}", bound.input)


CONVERTERS = (
    Converter(
        id="svg.resvg",
        version=2,
        family="vector",
        inputs=("SVG", "SVGZ"),
        outputs=("PNG", "JPG", "WEBP", "AVIF", *STILLS),
        run=WarmCall(function="omnic_stream.converters.warm.svg:convert", limits=LIMITS),
        cost=Cost(ms=30, ms_per_mib=300),
        loss=Loss.RASTERISES,
        takes=FITTING,
        tools=(RESVG,),
        specimen="compass.svg",
    ),
    Converter(
        id="svg.rsvg",
        version=2,
        family="vector",
        inputs=("SVG", "SVGZ"),
        outputs=("PNG",),
        run=WarmCall(function="omnic_stream.converters.warm.svg:rsvg", worker="heavy", limits=HEAVY, risky=True),
        cost=Cost(ms=60, ms_per_mib=300),
        loss=Loss.RASTERISES,
        takes=("width", "height"),
        tools=(RSVG,),
        specimen="compass.svg",
    ),
    Converter(
        id="svg.pdf",
        version=2,
        family="vector",
        inputs=("SVG", "SVGZ"),
        outputs=("PDF", "PS", "EPS"),
        run=WarmCall(function="omnic_stream.converters.warm.svg:rsvg", worker="heavy", limits=HEAVY, risky=True),
        cost=Cost(ms=70, ms_per_mib=300),
        tools=(RSVG,),
        specimen="compass.svg",
    ),
    Converter(
        id="svg.plain",
        version=1,
        family="vector",
        inputs=("SVGZ",),
        outputs=("SVG",),
        run=WarmCall(function="omnic_stream.converters.warm.svg:plain", limits=LIMITS),
        cost=Cost(ms=3, ms_per_mib=10),
        specimen="compass.svgz",
    ),
    Converter(
        id="svg.packed",
        version=1,
        family="vector",
        inputs=("SVG",),
        outputs=("SVGZ",),
        run=WarmCall(function="omnic_stream.converters.warm.svg:packed", limits=LIMITS),
        cost=Cost(ms=5, ms_per_mib=60),
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
        specimen="compass.eps",
    ),
    Converter(
        id="dot.svg",
        version=1,
        family="vector",
        inputs=("DOT",),
        outputs=("SVG",),
        run=WarmCall(function="omnic_stream.converters.warm.vector:graph", worker="heavy", limits=HEAVY, risky=True),
        cost=Cost(ms=60, ms_per_mib=20000),
        tools=(GRAPHVIZ,),
        specimen="ferries.dot",
    ),
    Converter(
        id="dxf.svg",
        version=1,
        family="vector",
        inputs=("DXF",),
        outputs=("SVG",),
        run=WarmCall(function="omnic_stream.converters.warm.vector:cad", worker="heavy", limits=HEAVY),
        cost=Cost(ms=150, ms_per_mib=2000),
        tools=(EZDXF,),
        specimen="pier.dxf",
    ),
)
