"""Web pages to PDF by WeasyPrint, Typst by its own compiler, AsciiDoc by Asciidoctor: none of them reads or fetches anything else."""

# WeasyPrint and typst carry no complete types
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from typing import Any

from omnic_stream.converters.warm.formulas import drawn
from omnic_stream.converters.warm.pages import cleaned, document, read_text, write
from omnic_stream.converters.warm.programs import run, scratch
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

MOST_PAGE = 4 * MiB
"""Of HTML besides its pictures: WeasyPrint lays out some 100 KiB a second and holds a hundred times the text in memory."""
MOST_ELEMENTS = 200_000
MOST_PIXELS = 50_000_000
"""Of one picture in a page."""
INLINE = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=\s]+")
PRINT_STYLE = """
@page { size: A4; margin: 18mm 16mm 20mm; @bottom-center { content: counter(page); font: 9pt sans-serif; color: #777 } }
html { font-family: "Noto Sans", "DejaVu Sans", "Noto Sans CJK SC", sans-serif }
pre, code { font-family: "Noto Sans Mono", "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 8.5pt }
img, svg, table { max-width: 100% }
"""
"""Under what the page itself says. The fonts are named so that every script has one; Pango takes what a glyph needs."""


LONGEST_WORD = 20_000
"""Characters without a space: finding where to break a line takes more than linear time."""
TAG = re.compile(r"<[^>]*>")


def pdf(call: Call) -> dict[str, int]:
    """A4 pages of an HTML document, with its bookmarks and links. Only ``data:`` is read."""
    import PIL.Image
    import weasyprint

    text = read_text(call, declared=True)
    if len(INLINE.sub("", text)) > MOST_PAGE or text.count("<") > 2 * MOST_ELEMENTS:
        raise TooExpensive(f"The page is longer than is laid out ({MOST_PAGE // MiB} MiB of text, {MOST_ELEMENTS} elements).")
    if re.search(rf"\S{{{LONGEST_WORD}}}", TAG.sub("", INLINE.sub("", text))):
        raise TooExpensive(f"The page holds a word of more than {LONGEST_WORD} characters: such lines cannot be laid out.")
    PIL.Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with _told(call.report):
        page = weasyprint.HTML(string=drawn(text), base_url="about:blank", url_fetcher=_only_inline(weasyprint), media_type="print")
        style = weasyprint.CSS(string=PRINT_STYLE, url_fetcher=_only_inline(weasyprint))
        try:
            made = page.render(stylesheets=[style])
        except (RecursionError, OverflowError) as error:
            raise TooExpensive("The page is nested deeper than can be laid out.") from error
        pages = len(made.pages)
        data = bytes(made.write_pdf() or b"")
    write(call, data)
    return {"pages": pages}


def _only_inline(weasyprint: Any) -> Any:
    """A fetcher for which nothing but ``data:`` exists: no file, no network, no redirect."""
    return weasyprint.urls.URLFetcher(allowed_protocols={"data"}, allow_redirects=False)


class _told(logging.Handler):  # noqa: N801 - used as a block
    """While it is open, WeasyPrint's steps are told as fractions: a seventh part each, as it numbers them."""

    STEP = re.compile(r"Step (\d)")

    def __init__(self, report: Callable[[float], None]) -> None:
        super().__init__(logging.INFO)
        self._report, self._log = report, logging.getLogger("weasyprint.progress")

    def emit(self, record: logging.LogRecord) -> None:
        if found := self.STEP.match(record.getMessage()):
            self._report(int(found[1]) / 8)

    def __enter__(self) -> _told:
        self._before = self._log.level, self._log.propagate
        self._log.setLevel(logging.INFO)
        self._log.propagate = False
        self._log.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._log.removeHandler(self)
        self._log.level, self._log.propagate = self._before


def typst(call: Call) -> dict[str, int]:
    """A Typst document to PDF, or the page asked for to PNG or SVG.

    Its root is an empty folder, out of which the compiler lets nothing lead; packages would need a network, which the cage has not.
    """
    import typst as library

    compiler: Any = library

    source, kind = read_text(call).encode(), call.target.lower()
    with scratch() as root:
        try:
            made = compiler.compile(source, root=str(root), format=kind, ppi=144.0 if kind == "png" else None)
        except compiler.TypstError as error:
            raise Corrupt(f"The Typst document does not compile: {_reason(str(error))}.") from error
    pages = made if isinstance(made, list) else [made]
    number = int(call.arguments.get("page", "1"))
    if not 1 <= number <= len(pages):
        raise ConverterFailed(f"The document has no page {number}: there are {len(pages)}.")
    return write(call, bytes(pages[number - 1]))


def _reason(words: str) -> str:
    """The compiler's first line without paths and addresses."""
    if "package" in words:
        return "it uses a package, and packages are not fetched"
    if "not found" in words or "escape" in words:
        return "it uses a file beside it, and there is none"
    return re.sub(r"\S*/\S*", "...", words.strip().partition("\n")[0]).rstrip(".")


ADOC_TITLE = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)


def asciidoc(call: Call) -> dict[str, int]:
    """AsciiDoc to HTML. Asciidoctor's mode ``secure`` includes no file, embeds no picture and runs no extension."""
    argv = ("asciidoctor", "-S", "secure", "-b", "html5", "-s", "-a", "showtitle", "-a", "reproducible", "-o", "-", "-")
    given = read_text(call)
    made = run(argv, stdin=given.encode(), env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8"})
    body = cleaned(made.decode("utf-8", "replace"))
    heading = ADOC_TITLE.search(body)
    title = re.sub("<[^>]+>", "", heading[1]) if heading else "Document"
    return write(call, document(title, body))
