"""DjVu by DjVuLibre's programs: a page as a picture, all of them on paper with the words behind them, the words alone."""

from __future__ import annotations

import re
from pathlib import Path

from omnic_stream.converters.warm import djvu_words, image, pdf, pixels, programs
from omnic_stream.converters.warm.files import write
from omnic_stream.model.contracts import Call, ProgressReader
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

MOST_PAGES = 1_000
LONGEST = 4096
"""Pixels of a page's longer side where no size is asked for."""


def page(call: Call) -> None:
    """One page as a picture."""
    number = int(call.arguments.get("page", "1"))
    width, height = int(call.arguments.get("width", "0")), int(call.arguments.get("height", "0"))
    with programs.scratch() as folder:
        given = programs.copied(call, folder, "in.djvu")
        if number > (count := _count(given, folder)):
            raise pixels.no_such_page(count)
        made = folder / "page.ppm"
        box = f"{LONGEST}x{LONGEST}"  # an upper bound: ddjvu keeps the page's shape within it
        wide, high = _size(given, folder, number)
        size = ("-size=" + box,) if max(wide, high) > LONGEST else ("-scale=100",) if wide * high > pixels.MOST_PIXELS else ()
        programs.run(("ddjvu", "-format=ppm", f"-page={number}", *size, str(given), str(made)), folder=folder)
        call.report(0.6)
        with pixels.reading(made.read_bytes()) as picture:
            picture.load()
            image.picture(call, picture, image.kind_of(call.target), width=width, height=height)


def to_pdf(call: Call) -> None:
    """Every page as a picture on paper, and its words where they stand on it: to be searched and marked."""
    with programs.scratch() as folder:
        given, made = programs.copied(call, folder, "in.djvu"), folder / "out.pdf"
        count = _count(given, folder)
        argv = ("ddjvu", "-verbose", "-format=pdf", "-quality=80", str(given), str(made))
        programs.run(argv, folder=folder, progress=page_progress(count), report=lambda done: call.report(0.8 * done))
        sheets = djvu_words.read(
            programs.run(("djvused", "-u", "-e", "size", str(given)), folder=folder),
            programs.run(("djvused", "-u", "-e", "print-txt", str(given)), folder=folder),
        )
        if any(sheet.words for sheet in sheets):
            djvu_words.lay_behind(made, sheets, report=lambda done: call.report(0.8 + 0.2 * done))
        write(call.output, made.read_bytes())


def text(call: Call) -> None:
    """The text that lies behind the pages, a form feed after each."""
    with programs.scratch() as folder:
        given, made = programs.copied(call, folder, "in.djvu"), folder / "out.txt"
        programs.run(("djvutxt", str(given), str(made)), folder=folder)
        found = made.read_bytes()
    if not found.strip():
        raise ConverterFailed("The pages are pictures alone: the document holds no text.")
    if len(found) > pdf.MOST_TEXT:
        raise TooExpensive("The document holds more text than is taken out at once.")
    write(call.output, found)


def page_progress(count: int) -> ProgressReader:
    """``ddjvu -verbose`` announces each page: ``-------- page 2 -------``."""

    def read(line: bytes) -> float | None:
        found = re.match(rb"-+ page (\d+) -+", line)
        return min(1.0, (int(found[1]) - 1) / count) if found else None

    return read


def _count(given: Path, folder: Path) -> int:
    try:
        count = int(programs.run(("djvused", "-e", "n", str(given)), folder=folder).strip() or b"0")
    except (ConverterFailed, ValueError) as error:
        raise Corrupt("The DjVu document is broken or cut short: it cannot be opened.") from error
    if count > MOST_PAGES:
        raise TooExpensive(f"The document has more than {MOST_PAGES} pages.")
    return count


def _size(given: Path, folder: Path, number: int) -> tuple[int, int]:
    told = programs.run(("djvused", "-e", f"select {number}; size", str(given)), folder=folder)
    found = re.search(rb"width=(\d+) height=(\d+)", told)
    if found is None:
        raise Corrupt("The page has no size.")
    return int(found[1]), int(found[2])
