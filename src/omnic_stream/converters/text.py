"""Text, markup and code: to HTML that is safe to show, to plain text, and to a picture of the first page. Wheels alone."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter, Cost, Limits, Loss, MiB, Tool, WarmCall

LIMITS = Limits(seconds=60, stall=60, memory=512 * MiB)
WARM = "omnic_stream.converters.warm.text:"
OFFICE_TEXT = "omnic_stream.converters.warm.books:"
DATA = ("JSON", "JSON5", "NDJSON", "XML", "YAML", "TOML", "INI", "BIB")
"""Texts of the data category, which Pygments knows as it knows source code."""
PYGMENTS = Tool("pygments", pip="Pygments", module=True)
PILLOW = Tool("PIL", pip="Pillow", module=True)
NH3 = Tool("nh3", pip="nh3", module=True)


def converter(
    id: str,
    function: str,
    inputs: tuple[str, ...],
    output: str,
    *,
    ms: float,
    loss: Loss,
    tools: tuple[Tool, ...],
    specimen: str | None = None,
    version: int = 1,
) -> Converter:
    return Converter(
        id=id,
        version=version,
        family="text",
        inputs=inputs,
        outputs=(output,),
        run=WarmCall(function=function, limits=LIMITS),
        cost=Cost(ms=ms, ms_per_mib=ms * 10),
        loss=loss,
        tools=tools,
        specimen=specimen,
    )


CONVERTERS = (
    converter(
        "markdown.html",
        WARM + "markdown",
        ("MD",),
        "HTML",
        ms=10,
        loss=Loss.RESTYLES,
        tools=(Tool("markdown_it", pip="markdown-it-py", module=True), PYGMENTS, NH3),
        specimen="field-notes.md",
    ),
    converter(
        "rst.html",
        WARM + "restructured",
        ("RST",),
        "HTML",
        ms=40,
        loss=Loss.RESTYLES,
        tools=(Tool("docutils", pip="docutils", module=True), NH3),
        specimen="harbour.rst",
    ),
    converter(
        "code.html",
        WARM + "highlighted",
        ("TXT", "category:code", "SVG", *DATA),
        "HTML",
        version=3,
        ms=15,
        loss=Loss.RESTYLES,
        tools=(PYGMENTS,),
        specimen="tide.ts",
    ),
    converter(
        "code.text",
        WARM + "plain",
        ("category:code", *(name for name in DATA if name != "NDJSON")),
        "TXT",
        ms=5,
        loss=Loss.EXTRACTS,
        tools=(),
        specimen="tide.ts",
    ),
    converter(
        "notebook.html",
        WARM + "notebook",
        ("IPYNB",),
        "HTML",
        version=2,
        ms=20,
        loss=Loss.RESTYLES,
        tools=(PYGMENTS, NH3),
        specimen="harbour.ipynb",
    ),
    converter(
        "html.text", WARM + "words", ("HTML",), "TXT", version=2, ms=8, loss=Loss.EXTRACTS, tools=(NH3,), specimen="tide-table.html"
    ),
    converter(
        "text.page",
        "omnic_stream.converters.warm.drawn_text:page",
        ("TXT",),
        "PNG",
        version=2,
        ms=30,
        loss=Loss.RASTERISES,
        tools=(PILLOW,),
        specimen="log.txt",
    ),
    converter(
        "docx.html",
        OFFICE_TEXT + "docx",
        ("DOCX",),
        "HTML",
        ms=60,
        loss=Loss.RESTYLES,
        tools=(Tool("mammoth", pip="mammoth", module=True), NH3),
        specimen="letter.docx",
    ),
)
