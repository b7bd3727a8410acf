"""Office documents by LibreOffice: a warm one that tells how far it is, and a cold one to PDF for what the warm one chokes on.

Each kind of document becomes PDF and the formats of its kind; which filter writes them stands in ``office_relay.WRITERS``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from omnic_stream.model.contracts import Bound, Command, Converter, Cost, Limits, Loss, MiB, Tool, WarmCall, WarmWorker

PYTHON = "/usr/bin/python3"
"""The Python for which the distribution builds ``uno``."""
RELAY = Path(__file__).with_name("office_relay.py")

SOFFICE = Tool("soffice", debian="libreoffice-writer-nogui")
UNO = Tool("uno", module=True, python=PYTHON, debian="python3-uno")
SEEN = ("/etc/libreoffice",)
"""Debian keeps the registry there, behind links."""

TEXTS = (
    *("DOCX", "DOC", "DOCM", "DOTX", "ODT", "OTT", "FODT", "RTF", "SXW", "ABW", "PAGES"),
    *("DOTM", "WPD", "WPS", "WRI", "602"),
)
SHEETS = (
    *("XLSX", "XLSM", "XLTX", "XLS", "XLSB", "ODS", "OTS", "FODS", "SXC", "NUMBERS", "GNUMERIC"),
    *("WK1", "WB2", "SLK", "DIF", "DBF"),
)
SLIDES = ("PPTX", "PPT", "PPSX", "PPTM", "POTX", "ODP", "OTP", "FODP", "SXI", "KEY")
DRAWINGS = ("ODG", "OTG", "FODG", "VSDX", "VSD", "EMF", "WMF")
PRINTED = ("PUB",)
"""Pages as they are printed: to LibreOffice they are drawings. It reads QuarkXPress, too, of which no file with a licence was to be had."""
TABLES = ("CSV", "TSV")
APPLE = ("PAGES", "NUMBERS", "KEY")

# 30 pages of text take 1 s warm; 20000 rows take 60.
LIMITS = Limits(seconds=180, stall=60, cpu=170, memory=1024 * MiB, address_space=None, output=256 * MiB, file_size=256 * MiB)
PREVIEW = Limits(seconds=30, stall=30, memory=512 * MiB, output=256 * MiB)
COLD_LIMITS = replace(LIMITS, stall=120, processes=200, open_files=1024)

OFFICE = WarmWorker(
    name="office",
    argv=(PYTHON, "-I", "-B", "{package}/omnic_stream/converters/office_relay.py"),
    limits=replace(LIMITS, seconds=3600, cpu=36000, processes=200, open_files=1024),
    calls=500,
    memory=900 * MiB,
    ready_seconds=60,
    read_only=SEEN,
    risky=True,
    sockets=True,
    tools=(SOFFICE, UNO),
)
"""One LibreOffice, about 190 MiB resident, ready 1 s after its start."""

WORKERS = (OFFICE,)


def cold_argv(bound: Bound) -> tuple[str, ...]:
    return (PYTHON, "-I", "-B", str(RELAY), bound.input, bound.output)


def _warm(
    id: str,
    inputs: tuple[str, ...],
    cost: Cost,
    *,
    outputs: tuple[str, ...] = ("PDF",),
    loss: Loss = Loss.NONE,
    specimen: str | None = None,
) -> Converter:
    return Converter(
        id=f"office.{id}",
        version=3,
        family="office",
        inputs=inputs,
        outputs=outputs,
        run=WarmCall(function="convert", worker="office", limits=LIMITS, risky=True),
        cost=cost,
        loss=loss,
        tools=(SOFFICE, UNO),
        specimen=specimen,
    )


TEXT_COST = Cost(ms=180, ms_per_mib=400)
SHEET_COST = Cost(ms=250, ms_per_mib=3000)
SLIDE_COST = Cost(ms=300, ms_per_mib=300)
DRAWING_COST = Cost(ms=200, ms_per_mib=1000)
PAGE_COST = Cost(ms=400, ms_per_mib=1000)
"""Dearer than mammoth and pandoc where they read the document too: their pages have the house's style."""

CONVERTERS: tuple[Converter, ...] = (
    _warm("writer", TEXTS, TEXT_COST, specimen="letter.docx"),
    _warm("writer-files", TEXTS, TEXT_COST, outputs=("DOCX", "DOC", "ODT", "RTF"), loss=Loss.REENCODES, specimen="letter.docx"),
    _warm("writer-page", TEXTS, PAGE_COST, outputs=("HTML",), loss=Loss.RESTYLES, specimen="letter.docx"),
    _warm("writer-text", TEXTS, TEXT_COST, outputs=("TXT",), loss=Loss.EXTRACTS, specimen="letter.docx"),
    _warm("calc", SHEETS, SHEET_COST, specimen="tides.fods"),
    _warm("calc-files", SHEETS, SHEET_COST, outputs=("XLSX", "XLS", "ODS"), loss=Loss.REENCODES, specimen="tides.fods"),
    _warm("calc-page", SHEETS, Cost(ms=400, ms_per_mib=3000), outputs=("HTML",), loss=Loss.RESTYLES, specimen="tides.fods"),
    _warm("calc-first", SHEETS, SHEET_COST, outputs=("CSV",), loss=Loss.EXTRACTS, specimen="tides.fods"),
    _warm("impress", SLIDES, SLIDE_COST, specimen="pier.fodp"),
    _warm("impress-files", SLIDES, SLIDE_COST, outputs=("PPTX", "PPT", "ODP"), loss=Loss.REENCODES, specimen="pier.fodp"),
    _warm("draw", (*DRAWINGS, *PRINTED), DRAWING_COST, specimen="buoy.fodg"),
    _warm("draw-files", (*DRAWINGS, *PRINTED), DRAWING_COST, outputs=("SVG", "ODG"), loss=Loss.REENCODES, specimen="buoy.fodg"),
    _warm("table", TABLES, Cost(ms=250, ms_per_mib=5000), specimen="tides.csv"),
    Converter(
        id="office.cold",
        version=1,
        family="office",
        # what LibreOffice cannot read of Apple's is better seen by the preview inside than tried again
        inputs=tuple(name for name in (*TEXTS, *SHEETS, *SLIDES, *DRAWINGS, *PRINTED) if name not in APPLE),
        outputs=("PDF",),
        run=Command(argv=cold_argv, limits=COLD_LIMITS, read_only=(*SEEN, str(RELAY)), sockets=True),
        cost=Cost(ms=2500, ms_per_mib=3000),
        loss=Loss.NONE,
        tools=(SOFFICE,),
        specimen="letter.docx",
    ),
    Converter(
        id="apple.preview",
        version=1,
        family="office",
        inputs=APPLE,
        outputs=("PDF",),
        run=WarmCall(function="omnic_stream.converters.warm.books:apple_preview", limits=PREVIEW),
        cost=Cost(ms=30, ms_per_mib=10),
        loss=Loss.RASTERISES,
        tools=(Tool("PIL", pip="Pillow", module=True),),
        specimen="note.pages",
    ),
)
