"""Markup to markup by pandoc, dearer than the converters that need only wheels, so that those win where both lead; AsciiDoc and
Typst by their own programs; web pages to PDF."""

from __future__ import annotations

from pathlib import Path

from omnic_stream.model.contracts import Bound, Command, Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

PANDOC = Tool("pandoc", debian="pandoc")
LIMITS = Limits(seconds=60, stall=60, memory=768 * MiB, output=256 * MiB, address_space=None, file_size=256 * MiB)
# GHC reserves a terabyte of addresses, so its own heap limit stands in for RLIMIT_AS.
HEAP = ("+RTS", "-M512m", "-RTS")
TEMPLATE = Path(__file__).with_name("pandoc.html")
"""A page of our own: pandoc's takes style sheets and raw headers from the document's metadata. What it lets through is inert by its policy."""

READERS = {
    "MD": "gfm+tex_math_dollars",
    "RST": "rst",
    "HTML": "html",
    "ORG": "org",
    "MEDIAWIKI": "mediawiki",
    "TEX": "latex",
    "MAN": "man",
    "DOCBOOK": "docbook",
    "OPML": "opml",
    "FB2": "fb2",
    "EPUB": "epub",
    "ODT": "odt",
    "DOCX": "docx",
    "IPYNB": "ipynb",
    "TEXTILE": "textile",
}
"""Formats that pandoc 2.17 reads, by its names."""

WRITERS = {
    "HTML": ("html5", "--standalone", f"--template={TEMPLATE}", "--mathml", "--sandbox"),
    "TXT": ("plain", "--columns=100", "--sandbox"),
    "MD": ("gfm", "--standalone", "--wrap=none", "--sandbox"),
    "RST": ("rst", "--standalone", "--columns=100", "--sandbox"),
    "TEX": ("latex", "--standalone", "--sandbox"),
    # These are put together from pandoc's data files, which its own sandbox hides from it where a distribution installs them as
    # files. The cage holds all the same: no network, and nothing to read but the input and what every machine has.
    "DOCX": ("docx", "--standalone"),
    "ODT": ("odt", "--standalone"),
    "EPUB": ("epub3", "--standalone"),
}
"""Formats that it writes: its name and the options. Never filters, PDF engines, ``--extract-media`` or ``--self-contained``: the last
fetches what it embeds even in pandoc's sandbox."""


def pandoc_argv(bound: Bound) -> tuple[str, ...]:
    name, *options = WRITERS[bound.target]
    return (
        "pandoc",
        *HEAP,
        "--quiet",
        f"--from={READERS[bound.source]}",
        f"--to={name}",
        *options,
        f"--output={bound.output}",
        bound.input,
    )


def _to(target: str, ms: float, loss: Loss) -> Converter:
    return Converter(
        id=f"pandoc.{target.lower()}",
        version=2 if target == "HTML" else 1,  # dark colours
        family="markup",
        inputs=tuple(source for source in READERS if source != target),
        outputs=(target,),
        run=Command(argv=pandoc_argv, limits=LIMITS, read_only=(str(TEMPLATE),) if target == "HTML" else ()),
        # office files take it longest, for what it puts together is packed and styled
        cost=Cost(ms=ms, ms_per_mib=4000 if ms < 400 else 6000),
        loss=loss,
        tools=(PANDOC,),
        specimen="field-notes.md" if target != "MD" else "harbour.rst",
    )


WEASYPRINT = Tool("weasyprint", pip="weasyprint", module=True)
ZIAMATH = Tool("ziamath", pip="ziamath", module=True)
TYPST = Tool("typst", pip="typst", module=True)
ASCIIDOCTOR = Tool("asciidoctor", debian="asciidoctor")
WARM = "omnic_stream.converters.warm.markup:"
LAID_OUT = Limits(seconds=180, stall=150, cpu=170, memory=2 * GiB, address_space=None, output=256 * MiB)


def _typst(target: str, ms: float, loss: Loss, takes: tuple[str, ...] = ()) -> Converter:
    return Converter(
        id=f"typst.{target.lower()}",
        version=1,
        family="markup",
        inputs=("TYP",),
        outputs=(target,),
        run=WarmCall(function=WARM + "typst", worker="heavy", limits=LAID_OUT),
        cost=Cost(ms=ms, ms_per_mib=3000),
        loss=loss,
        takes=takes,
        tools=(TYPST,),
        specimen="harbour.typ",
    )


CONVERTERS: tuple[Converter, ...] = (
    Converter(
        id="page.pdf",
        version=1,
        family="markup",
        inputs=("HTML",),
        outputs=("PDF",),
        run=WarmCall(function=WARM + "pdf", worker="heavy", limits=LAID_OUT, risky=True),
        cost=Cost(ms=250, ms_per_mib=2000),
        tools=(WEASYPRINT, ZIAMATH),
        specimen="tide-table.html",
    ),
    Converter(
        id="asciidoc.html",
        version=1,
        family="markup",
        inputs=("ADOC",),
        outputs=("HTML",),
        run=WarmCall(function=WARM + "asciidoc", worker="heavy", limits=LIMITS, risky=True),
        cost=Cost(ms=350, ms_per_mib=4000),
        loss=Loss.RESTYLES,
        tools=(ASCIIDOCTOR,),
        specimen="harbour.adoc",
    ),
    _typst("PDF", 60, Loss.NONE),
    _typst("SVG", 60, Loss.EXTRACTS, ("page",)),
    _to("HTML", 300, Loss.RESTYLES),
    _to("TXT", 300, Loss.EXTRACTS),
    _to("MD", 300, Loss.RESTYLES),
    _to("RST", 300, Loss.RESTYLES),
    _to("TEX", 300, Loss.RESTYLES),
    _to("DOCX", 400, Loss.RESTYLES),
    _to("ODT", 400, Loss.RESTYLES),
    _to("EPUB", 400, Loss.RESTYLES),
)
