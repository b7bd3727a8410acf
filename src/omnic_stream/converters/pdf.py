"""PDF: a page as a picture, every page, the text. pdfium does all of it; poppler, where it is installed, what it does better."""

from __future__ import annotations

from omnic_stream.converters.image import FITTING, PILLOW, VIPS
from omnic_stream.model.contracts import (
    Bound,
    Command,
    Converter,
    Cost,
    GiB,
    Limits,
    Loss,
    MiB,
    Tool,
    WarmCall,
)

PDFIUM = Tool("pypdfium2", pip="pypdfium2", module=True)
LIMITS = Limits(seconds=60, stall=30, memory=1 * GiB, output=64 * MiB)
MANY = Limits(seconds=300, stall=60, cpu=300, memory=1 * GiB, output=512 * MiB)


def poppler(name: str) -> Tool:
    return Tool(name, debian="poppler-utils", probe=("-v",))


def to_text(bound: Bound) -> tuple[str, ...]:
    return ("pdftotext", "-layout", "-enc", "UTF-8", bound.input, bound.output)


def to_svg(bound: Bound) -> tuple[str, ...]:
    page = bound.arguments.get("page", "1")
    return ("pdftocairo", "-svg", "-f", page, "-l", page, bound.input, bound.output)


CONVERTERS: tuple[Converter, ...] = (
    Converter(
        id="pdf.page",
        version=1,
        inputs=("PDF",),
        outputs=("PNG", "JPG"),
        run=WarmCall(function="omnic_stream.converters.warm.pdf:page", limits=LIMITS),
        cost=Cost(ms=90),
        loss=Loss.RASTERISES,
        takes=(*FITTING, "page"),
        tools=(PDFIUM, PILLOW, VIPS),
        specimen="leaflet.pdf",
        family="pdf",
    ),
    Converter(
        id="pdf.pages",
        version=1,
        inputs=("PDF",),
        outputs=("pages.png",),
        run=WarmCall(function="omnic_stream.converters.warm.pdf:pages", limits=MANY, directory=True),
        cost=Cost(ms=400, ms_per_mib=500),
        loss=Loss.RASTERISES,
        takes=("first", "last"),
        tools=(PDFIUM, PILLOW),
        specimen="leaflet.pdf",
        family="pdf",
        index="page-0001.png",
    ),
    Converter(
        id="pdf.layout",
        version=1,
        inputs=("PDF",),
        outputs=("TXT",),
        run=Command(argv=to_text, limits=LIMITS),
        cost=Cost(ms=40, ms_per_mib=30),
        loss=Loss.EXTRACTS,
        tools=(poppler("pdftotext"),),
        specimen="leaflet.pdf",
        family="pdf",
    ),
    Converter(
        id="pdf.text",
        version=1,
        inputs=("PDF",),
        outputs=("TXT",),
        run=WarmCall(function="omnic_stream.converters.warm.pdf:text", limits=LIMITS),
        # dearer than poppler on purpose: that one keeps columns apart
        cost=Cost(ms=80, ms_per_mib=60),
        loss=Loss.EXTRACTS,
        tools=(PDFIUM,),
        specimen="leaflet.pdf",
        family="pdf",
    ),
    Converter(
        id="pdf.svg",
        version=1,
        inputs=("PDF",),
        outputs=("SVG",),
        run=Command(argv=to_svg, limits=LIMITS),
        cost=Cost(ms=120, ms_per_mib=60),
        loss=Loss.EXTRACTS,
        takes=("page",),
        tools=(poppler("pdftocairo"),),
        specimen="leaflet.pdf",
        family="pdf",
    ),
)
