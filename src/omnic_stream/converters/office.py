"""Office documents to PDF, by LibreOffice: a warm one that tells how far it is, and a cold one for what the warm one chokes on."""

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

WRITER = ("DOCX", "DOC", "DOCM", "DOTX", "ODT", "OTT", "FODT", "RTF", "SXW", "ABW", "PAGES", "WPD", "WPS")
CALC = ("XLSX", "XLSM", "XLS", "XLSB", "ODS", "FODS", "SXC", "NUMBERS", "GNUMERIC")
IMPRESS = ("PPTX", "PPT", "PPSX", "ODP", "FODP", "SXI", "KEY")
DRAW = ("ODG", "VSDX", "VSD", "EMF", "WMF")
TABLES = ("CSV", "TSV")

# 30 pages of text take 1 s warm; 20000 rows take 60.
LIMITS = Limits(seconds=180, stall=60, cpu=170, memory=1024 * MiB, address_space=None, output=256 * MiB, file_size=256 * MiB)
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


def _warm(id: str, inputs: tuple[str, ...], cost: Cost, specimen: str | None = None) -> Converter:
    return Converter(
        id=id,
        version=1,
        family="office",
        inputs=inputs,
        outputs=("PDF",),
        run=WarmCall(function="pdf", worker="office", limits=LIMITS, risky=True),
        cost=cost,
        tools=(SOFFICE, UNO),
        specimen=specimen,
    )


CONVERTERS: tuple[Converter, ...] = (
    _warm("office.writer", WRITER, Cost(ms=180, ms_per_mib=400), "letter.docx"),
    _warm("office.calc", CALC, Cost(ms=250, ms_per_mib=3000)),
    _warm("office.impress", IMPRESS, Cost(ms=300, ms_per_mib=300)),
    _warm("office.draw", DRAW, Cost(ms=200, ms_per_mib=1000)),
    _warm("office.table", TABLES, Cost(ms=250, ms_per_mib=5000)),
    Converter(
        id="office.cold",
        version=1,
        family="office",
        inputs=(*WRITER, *CALC, *IMPRESS, *DRAW),
        outputs=("PDF",),
        run=Command(argv=cold_argv, limits=COLD_LIMITS, read_only=(*SEEN, str(RELAY)), sockets=True),
        cost=Cost(ms=2500, ms_per_mib=3000),
        loss=Loss.NONE,
        tools=(SOFFICE,),
        specimen="letter.docx",
    ),
)
