"""PDF: pages as pictures, some pages, the text, facts and contents. pdfium does most; poppler, where it is installed, the rest better."""

from __future__ import annotations

from dataclasses import replace

from omnic_stream.converters.image import FITTING, PILLOW, VIPS
from omnic_stream.converters.vector import GHOSTSCRIPT
from omnic_stream.model.contracts import (
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
BESIDE = replace(LIMITS, memory=2 * GiB, address_space=None)
MANY = Limits(seconds=300, stall=60, cpu=300, memory=1 * GiB, output=512 * MiB)
MANY_BESIDE = replace(MANY, memory=2 * GiB, address_space=None)


def poppler(name: str) -> Tool:
    return Tool(name, debian="poppler-utils", probe=("-v",))


CONVERTERS: tuple[Converter, ...] = (
    Converter(
        id="pdf.page",
        version=2,
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
        version=2,
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
        version=2,
        inputs=("PDF",),
        outputs=("TXT",),
        run=WarmCall(function="omnic_stream.converters.warm.pdf:layout", worker="heavy", limits=BESIDE, risky=True),
        cost=Cost(ms=40, ms_per_mib=30),
        loss=Loss.EXTRACTS,
        tools=(PDFIUM, poppler("pdftotext")),
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
        version=2,
        inputs=("PDF",),
        outputs=("SVG",),
        run=WarmCall(function="omnic_stream.converters.warm.pdf:svg", worker="heavy", limits=BESIDE, risky=True),
        cost=Cost(ms=120, ms_per_mib=60),
        loss=Loss.EXTRACTS,
        takes=("page",),
        tools=(PDFIUM, poppler("pdftocairo")),
        specimen="leaflet.pdf",
        family="pdf",
    ),
    Converter(
        id="pdf.postscript",
        version=1,
        inputs=("PDF",),
        outputs=("PS",),
        run=WarmCall(function="omnic_stream.converters.warm.pdf:postscript", worker="heavy", limits=MANY_BESIDE, risky=True),
        cost=Cost(ms=150, ms_per_mib=300),
        tools=(PDFIUM, poppler("pdftops")),
        specimen="leaflet.pdf",
        family="pdf",
    ),
    Converter(
        id="pdf.encapsulated",
        version=1,
        inputs=("PDF",),
        outputs=("EPS",),
        run=WarmCall(function="omnic_stream.converters.warm.pdf:postscript", worker="heavy", limits=BESIDE, risky=True),
        cost=Cost(ms=150, ms_per_mib=100),
        loss=Loss.EXTRACTS,
        takes=("page",),
        tools=(PDFIUM, poppler("pdftops")),
        specimen="leaflet.pdf",
        family="pdf",
    ),
    Converter(
        id="pdf.html",
        version=1,
        inputs=("PDF",),
        outputs=("HTML",),
        run=WarmCall(function="omnic_stream.converters.warm.pdf_page:to_html", worker="heavy", limits=BESIDE, risky=True),
        cost=Cost(ms=120, ms_per_mib=150),
        loss=Loss.EXTRACTS,
        tools=(PDFIUM, PILLOW, poppler("pdftotext")),
        specimen="leaflet.pdf",
        family="pdf",
    ),
    Converter(
        id="pdf.selection",
        version=1,
        inputs=("PDF",),
        outputs=("PDF",),
        run=WarmCall(function="omnic_stream.converters.warm.pdf:selection", limits=LIMITS),
        cost=Cost(ms=20, ms_per_mib=20),
        loss=Loss.NONE,  # what is left out was asked for
        takes=("first", "last"),
        tools=(PDFIUM,),
        specimen="leaflet.pdf",
        family="pdf",
    ),
    Converter(
        id="pdf.facts",
        version=1,
        inputs=("PDF",),
        outputs=("metadata.json",),
        run=WarmCall(function="omnic_stream.converters.warm.pdf_facts:facts", limits=LIMITS),
        # far dearer than it is, yet cheaper than the facts of any file: a DOCX is not to be told of by the PDF that is made of it
        cost=Cost(ms=850),
        loss=Loss.EXTRACTS,
        tools=(PDFIUM,),
        specimen="leaflet.pdf",
        family="pdf",
    ),
    Converter(
        id="pdf.outline",
        version=1,
        inputs=("PDF",),
        outputs=("outline.json",),
        run=WarmCall(function="omnic_stream.converters.warm.pdf_facts:outline", limits=LIMITS),
        cost=Cost(ms=5),
        loss=Loss.EXTRACTS,
        tools=(PDFIUM,),
        specimen="leaflet.pdf",
        family="pdf",
    ),
    Converter(
        id="pdf.archival",
        version=1,
        inputs=("PDF",),
        outputs=("PDFA",),
        run=WarmCall(function="omnic_stream.converters.warm.page:archival", worker="heavy", limits=MANY_BESIDE, risky=True),
        cost=Cost(ms=700, ms_per_mib=1500),
        loss=Loss.REENCODES,
        tools=(PDFIUM, PILLOW, GHOSTSCRIPT),
        specimen="leaflet.pdf",
        family="pdf",
    ),
)
