"""Page formats beside PDF: DjVu, XPS, comics."""

from __future__ import annotations

from omnic_stream.converters.font import FONTTOOLS
from omnic_stream.converters.image import FITTING, PILLOW, VIPS
from omnic_stream.converters.pdf import BESIDE, LIMITS, MANY_BESIDE, PDFIUM
from omnic_stream.model.contracts import Command, Converter, Cost, Limits, Loss, Tool, WarmCall

DJVU = Tool("any2djvu", debian="djvulibre-bin", probe=("-h",))
"""Of DjVuLibre's programs the one that can be asked whether it is there: ddjvu, djvused and djvutxt end with an error whatever they are asked."""
XPS = Tool("xpstopdf", debian="libgxps-utils", probe=("--help",))
BSDTAR = Tool("bsdtar", debian="libarchive-tools")
COMICS = ("CBR", "CB7", "CBT")


def _warm(
    id: str,
    function: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    cost: Cost,
    loss: Loss,
    *tools: Tool,
    specimen: str,
    takes: tuple[str, ...] = (),
    limits: Limits = BESIDE,
    index: str | None = None,
    version: int = 1,
) -> Converter:
    return Converter(
        id=id,
        version=version,
        family="page",
        inputs=inputs,
        outputs=outputs,
        run=WarmCall(
            function=f"omnic_stream.converters.warm.{function}",
            worker="heavy",
            limits=limits,
            risky=True,
            directory=index is not None,
        ),
        cost=cost,
        loss=loss,
        takes=takes,
        tools=tools,
        specimen=specimen,
        index=index,
    )


def _comic(id: str, inputs: tuple[str, ...], specimen: str, *tools: Tool) -> tuple[Converter, ...]:
    pictures = (VIPS, PILLOW, *tools)
    return (
        _warm(
            f"{id}.page", "page:comic_page", inputs, ("PNG", "JPG"), Cost(ms=60), Loss.RASTERISES, *pictures,
            specimen=specimen, takes=(*FITTING, "page"),
        ),
        _warm(
            f"{id}.pages", "page:comic_pages", inputs, ("pages.png",), Cost(ms=300, ms_per_mib=300), Loss.RASTERISES, *pictures,
            specimen=specimen, takes=("first", "last"), limits=MANY_BESIDE, index="page-0001.png",
        ),
        _warm(
            f"{id}.pdf", "page:comic_pdf", inputs, ("pictures.pdf",), Cost(ms=100, ms_per_mib=60), Loss.REENCODES, PDFIUM, *pictures,
            specimen=specimen, limits=MANY_BESIDE,
        ),
    )  # fmt: skip


CONVERTERS: tuple[Converter, ...] = (
    _warm(
        "djvu.page", "djvu:page", ("DJVU",), ("PNG", "JPG"), Cost(ms=200), Loss.RASTERISES, DJVU, VIPS, PILLOW,
        specimen="leaflet.djvu", takes=(*FITTING, "page"),
    ),
    _warm(
        "djvu.pdf", "djvu:to_pdf", ("DJVU",), ("PDF",), Cost(ms=400, ms_per_mib=8000), Loss.REENCODES, DJVU, PDFIUM, FONTTOOLS,
        specimen="leaflet.djvu", limits=MANY_BESIDE, version=2,
    ),
    _warm(
        "djvu.text", "djvu:text", ("DJVU",), ("TXT",), Cost(ms=40, ms_per_mib=20), Loss.EXTRACTS, DJVU,
        specimen="leaflet.djvu",
    ),
    Converter(
        id="xps.pdf",
        version=1,
        family="page",
        inputs=("XPS",),
        outputs=("PDF",),
        run=Command(argv=("xpstopdf", "{input}", "{output}"), limits=LIMITS),
        cost=Cost(ms=100, ms_per_mib=300),
        tools=(XPS,),
        specimen="leaflet.xps",
    ),
    *_comic("comic", ("CBZ",), "beacon.cbz"),
    *_comic("comic.archive", COMICS, "beacon.cbt", BSDTAR),
)  # fmt: skip
