"""E-books: EPUB, FictionBook, Mobipocket and compiled help as one page of HTML, from which the other forms come; their covers."""

from __future__ import annotations

from omnic_stream.converters.image import FITTING, PILLOW, VIPS
from omnic_stream.model.contracts import Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

WARM = "omnic_stream.converters.warm.ebook:"
LIMITS = Limits(seconds=90, stall=60, cpu=90, memory=1 * GiB, output=256 * MiB)
NH3 = Tool("nh3", pip="nh3", module=True)
MOBITOOL = Tool("mobitool", debian="libmobi-tools", probe=("-v",))
SEVEN_ZIP = Tool("7zz", debian="7zip", probe=("i",))


def _page(
    source: str, function: str, *, ms: float, tools: tuple[Tool, ...] = (), worker: str = "python", specimen: str
) -> Converter:
    return Converter(
        id=f"{source.lower()}.html",
        version=2 if source == "EPUB" else 1,
        family="ebook",
        inputs=(source,),
        outputs=("HTML",),
        run=WarmCall(function=WARM + function, worker=worker, limits=LIMITS, risky=worker == "heavy"),
        cost=Cost(ms=ms, ms_per_mib=400),
        loss=Loss.RESTYLES,
        tools=(NH3, *tools),
        specimen=specimen,
    )


def _cover(source: str, tools: tuple[Tool, ...] = (), *, worker: str = "python", specimen: str) -> Converter:
    return Converter(
        id=f"{source.lower()}.cover",
        version=1,
        family="ebook",
        inputs=(source,),
        outputs=("cover.png", "cover.jpg"),
        run=WarmCall(function=WARM + "cover", worker=worker, limits=LIMITS, risky=worker == "heavy"),
        cost=Cost(ms=40, ms_per_mib=50),
        loss=Loss.RASTERISES,
        takes=FITTING,
        tools=(VIPS, PILLOW, *tools),
        specimen=specimen,
    )


# A cover is a Format of its own and not a thumb: the price of a thumb's further Step keeps texts that pandoc could make a book of
# from taking the road of books.
CONVERTERS: tuple[Converter, ...] = (
    _page("EPUB", "epub", ms=40, specimen="log-book.epub"),
    _page("FB2", "fiction", ms=30, specimen="log-book.fb2"),
    _page("MOBI", "mobi", ms=120, tools=(MOBITOOL,), worker="heavy", specimen="log-book.mobi"),
    _page("CHM", "compiled_help", ms=120, tools=(SEVEN_ZIP,), worker="heavy", specimen="log-book.chm"),
    _cover("EPUB", specimen="log-book.epub"),
    _cover("FB2", specimen="log-book.fb2"),
    _cover("MOBI", (MOBITOOL,), worker="heavy", specimen="log-book.mobi"),
)
