"""Documents: pages and their words."""

from __future__ import annotations

import html
import json
import re
import zipfile
from collections.abc import Iterable

import pypdfium2 as pdfium

from zoo.manifest import Row
from zoo.pictures import not_blank
from zoo.wrong import Wrong, must, near

LEAST_SHARE = 0.6
"""Of the source's words, for a markup's own words (options, syntaxhighlight) are among them and are rightly gone."""
MOST_WORDS = 60
TEXTUAL = frozenset(
    {"MD", "RST", "HTML", "ORG", "MEDIAWIKI", "ADOC", "MAN", "DOCBOOK", "OPML", "FB2", "TOML", "XML", "CSS", "CMAKE", "DIFF", "PY", "JS", "min.js",
     "D.TS", "TSX", "TS", "IPYNB", "EML", "MBOX", "ICS", "CSV", "TSV", "NDJSON", "FODT", "FODS", "ABW", "TYP", "TEX"}
)  # fmt: skip
ZIPPED = frozenset({"DOCX", "PPTX", "ODT", "ODP", "ODS", "EPUB", "SXW"})
WORD = re.compile(r"[^\W\d_]{4,}")


def pdf(made: bytes, row: Row, target: str) -> None:
    try:
        document = pdfium.PdfDocument(made)
    except pdfium.PdfiumError as error:
        raise Wrong(f"the PDF cannot be read: {error}") from error
    pages = len(document)
    must(pages >= 1, "the PDF has no pages")
    if row.facts.pages is not None:
        near(pages, row.facts.pages, "the number of pages")
    must("ink" in row.facts.unheld or any(_inked(document[number]) for number in range(min(pages, 3))), "its pages are blank")
    said = " ".join(document[number].get_textpage().get_text_range() for number in range(min(pages, 30)))
    holds(said, row)


def _inked(page: pdfium.PdfPage) -> bool:
    try:
        not_blank(page.render(scale=1).to_pil())
    except Wrong:
        return False
    return True


def page(made: bytes, row: Row, target: str) -> None:
    """HTML without scripts of its source, with its words and as many rows as its tables."""
    text = made.decode("utf-8", "replace")
    must("<" in text and len(text) > 30, "the page is empty")
    must(re.search(r"<script[^>]+src=[\"']?(?:https?:)?//", text) is None, "the page fetches scripts")
    said = html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"<(style|script)\b.*?</\1>", " ", text, flags=re.DOTALL | re.IGNORECASE)))
    must(len(said.split()) >= 1, "the page has no words")
    holds(said, row)
    if row.facts.rows is not None:
        near(
            len(re.findall(r"<tr\b", text)), row.facts.rows, "the number of table rows", least=3
        )  # headings and a note on the rest


def plain(made: bytes, row: Row, target: str) -> None:
    text = made.decode("utf-8", "strict")
    must(text.strip(), "the text is empty")
    holds(text, row)


def mail(made: bytes, row: Row, target: str) -> None:
    must(re.match(rb"[A-Za-z-]+: ", made), "it begins with no header field")
    holds(made.decode("utf-8", "replace"), row)


def holds(said: str, row: Row) -> None:
    """The source's words are in what was made of it, hyphens and line ends aside."""
    if row.facts.subject is not None:
        must(_flat(row.facts.subject) in _flat(said), "the subject is not in it")
    wanted = list(dict.fromkeys(word.lower() for word in words_of(row)))[:MOST_WORDS]
    if len(wanted) < 3:
        return
    there = _flat(said)
    found = sum(word in there for word in wanted)
    must(found >= LEAST_SHARE * len(wanted), f"only {found} of {len(wanted)} words of the source are in it")


def _flat(text: str) -> str:
    return re.sub(r"[\s\xad-]+", "", text).lower()


def words_of(row: Row) -> Iterable[str]:
    if row.format in TEXTUAL:
        text = row.file.read_bytes().decode("utf-8", "replace")
        if row.format in {"EML", "MBOX"}:
            return []  # parts may be encoded; the subject is held instead
        if row.format == "IPYNB":
            text = " ".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        return WORD.findall(_visible(text, row.format))
    if row.format in ZIPPED:
        return WORD.findall(_zipped(row))
    return []


def _visible(text: str, format: str) -> str:
    if format in {"XML", "CSS", "TOML", "CMAKE", "DIFF", "PY", "JS", "min.js", "D.TS", "TSX", "TS", "CSV", "TSV"}:
        return text
    if format == "ICS":
        return " ".join(re.findall(r"^SUMMARY[^:\n]*:(.*)$", text, re.MULTILINE))
    if format == "NDJSON":
        return " ".join(re.findall(r'"([^"]+)":', text.splitlines()[0]))
    if format in {"MAN", "TEX", "TYP"}:
        body = text.rpartition("\\begin{document}")[2] if format == "TEX" else text
        return " ".join(line for line in body.splitlines() if not line.startswith((".", "'", "%", "\\", "#")))
    return _stripped(text)


def _stripped(text: str) -> str:
    text = re.sub(r"<!--.*?-->", " ", text, flags=re.DOTALL)
    text = re.sub(
        r"<(style|script|office:automatic-styles|office:styles|office:settings|office:meta|binary|data|s)\b.*?</\1>",
        " ",
        text,
        flags=re.DOTALL,
    )
    return html.unescape(re.sub(r"<[^>]*>", " ", text))


def _zipped(row: Row) -> str:
    main = re.compile(r"word/document\.xml|ppt/slides/slide\d+\.xml|content\.xml|.*\.x?html?")
    with zipfile.ZipFile(row.file) as archive:
        return " ".join(
            _stripped(archive.read(name).decode("utf-8", "replace")) for name in archive.namelist() if main.fullmatch(name)
        )
