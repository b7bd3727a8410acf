"""Tables and workbooks into each other, as pages, charts and summaries. Wheels alone; plain text and SQLite need none of them."""

from __future__ import annotations

from dataclasses import dataclass

from omnic_stream.model.contracts import Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

WARM = "omnic_stream.converters.warm.table:"
PYARROW = Tool("pyarrow", pip="pyarrow", module=True)
CALAMINE = Tool("python_calamine", pip="python-calamine", module=True)
XLSXWRITER = Tool("xlsxwriter", pip="xlsxwriter", module=True)
NUMBERS = Tool("numbers_parser", pip="numbers-parser", module=True)
DRAWN = (
    Tool("resvg_py", pip="resvg-py", module=True),
    Tool("PIL", pip="Pillow", module=True),
    Tool("pyvips", pip="pyvips", module=True),
)
THUMBS = ("thumb.png", "thumb.jpg", "thumb.webp", "thumb.avif")
FITTING = ("width", "height", "fit", "focus", "bg", "quality")
LIMITS = Limits(seconds=180, stall=90, cpu=170, memory=1 * GiB, output=512 * MiB)
COLUMNAR = frozenset({"PARQUET", "ARROW"})


@dataclass(frozen=True)
class Reader:
    """Formats that are opened by one way, and what that costs."""

    name: str
    inputs: tuple[str, ...]
    tools: tuple[Tool, ...] = ()
    ms: float = 10
    ms_per_mib: float = 100
    heavy: bool = False
    several: bool = False
    """A file may hold several tables: as one table it is an extract."""
    written: bool = False
    """Cells are text without a type."""
    workbook: bool = False
    """Looks, formulas and charts are left behind: LibreOffice, where it is there, has the better picture."""
    guess: bool = False
    """Not every file of the Format holds a table."""
    specimen: str | None = None
    version: int = 1


READERS = (
    Reader("delimited", ("CSV", "TSV"), written=True, specimen="tides.csv", version=2),
    Reader("lines", ("NDJSON",), specimen="tides.ndjson"),
    Reader("json", ("JSON",), several=True, guess=True, specimen="tides.json"),
    Reader("sqlite", ("SQLITE",), several=True, specimen="tides.sqlite"),
    Reader("dbase", ("DBF",), specimen="tides.dbf"),
    Reader("columns", ("PARQUET", "ARROW"), (PYARROW,), ms=60, ms_per_mib=300, heavy=True, specimen="tides.parquet"),
    Reader(
        "workbook",
        ("XLSX", "XLSM", "XLS", "XLSB", "ODS"),
        (CALAMINE,),
        ms=20,
        ms_per_mib=800,
        several=True,
        workbook=True,
        specimen="tides.xlsx",
    ),
    Reader(
        "apple",
        ("NUMBERS",),
        (NUMBERS,),
        ms=900,
        ms_per_mib=8000,
        heavy=True,
        several=True,
        workbook=True,
        specimen="tides.numbers",
    ),
)
WRITERS = {
    "CSV": (),
    "TSV": (),
    "JSON": (),
    "NDJSON": (),
    "SQLITE": (),
    "XLSX": (XLSXWRITER,),
    "PARQUET": (PYARROW,),
    "ARROW": (PYARROW,),
}
ONE = frozenset({"CSV", "TSV", "NDJSON", "PARQUET", "ARROW"})
"""Hold one table."""


def _loss(reader: Reader, output: str) -> Loss:
    if reader.guess or (reader.several and output in ONE):
        return Loss.EXTRACTS
    if reader.workbook:
        return Loss.RESTYLES
    text = output in {"CSV", "TSV"}
    return Loss.NONE if reader.written == text and output != "XLSX" else Loss.REENCODES


def _call(function: str, *, heavy: bool) -> WarmCall:
    limits = LIMITS if not heavy else Limits(seconds=180, stall=90, cpu=170, memory=2 * GiB, address_space=None, output=512 * MiB)
    return WarmCall(function=WARM + function, worker="heavy" if heavy else "python", limits=limits)


def _into(reader: Reader) -> list[Converter]:
    """One Converter for each loss and set of tools: an output whose library is missing takes nothing from the others."""
    made: list[Converter] = []
    for output, tools in WRITERS.items():
        if output in reader.inputs and len(reader.inputs) == 1:
            continue
        heavy = reader.heavy or output in COLUMNAR
        made.append(
            Converter(
                id=f"table.{reader.name}-{output.lower()}",
                version=reader.version,
                family="table",
                inputs=reader.inputs,
                outputs=(output,),
                run=_call("convert", heavy=heavy),
                cost=Cost(
                    ms=reader.ms + (60 if heavy and not reader.heavy else 5),
                    ms_per_mib=reader.ms_per_mib + (500 if output == "XLSX" else 150),
                ),
                loss=_loss(reader, output),
                takes=("sheet",),
                tools=tuple(dict.fromkeys((*reader.tools, *tools))),
                specimen=reader.specimen,
            )
        )
    return made


def _shown(
    reader: Reader,
    kind: str,
    function: str,
    outputs: tuple[str, ...],
    loss: Loss,
    takes: tuple[str, ...] = ("sheet",),
    tools: tuple[Tool, ...] = (),
) -> Converter:
    return Converter(
        id=f"table.{reader.name}-{kind}",
        version=reader.version,
        family="table",
        inputs=reader.inputs,
        outputs=outputs,
        run=_call(function, heavy=reader.heavy),
        cost=Cost(ms=reader.ms + 15, ms_per_mib=reader.ms_per_mib),
        loss=loss,
        takes=takes,
        tools=(*reader.tools, *tools),
        specimen=reader.specimen,
    )


def _all(reader: Reader) -> list[Converter]:
    made = _into(reader)
    if not reader.guess:
        # every value is there: no more is lost than on the page of the JSON that the table could become, which reads worse
        page_loss = Loss.RESTYLES if reader.workbook else Loss.REENCODES
        made.append(_shown(reader, "html", "page", ("HTML",), page_loss, ()))
        made.append(_shown(reader, "text", "convert", ("TXT",), Loss.EXTRACTS, ()))
        loss = Loss.EXTRACTS if reader.workbook else Loss.RASTERISES
        made.append(_shown(reader, "picture", "picture", ("PNG", *THUMBS), loss, (*FITTING, "page"), DRAWN))
    made.append(_shown(reader, "chart", "plot", ("plot.png",), Loss.EXTRACTS, (*FITTING, "sheet"), DRAWN))
    made.append(_shown(reader, "drawing", "plot", ("plot.svg",), Loss.EXTRACTS))
    made.append(_shown(reader, "facts", "facts", ("schema.json", "summary.json"), Loss.EXTRACTS))
    return made


CONVERTERS: tuple[Converter, ...] = tuple(converter for reader in READERS for converter in _all(reader))
