"""PDF inside a warm worker, with pdfium alone: a page as a picture, every page, the text."""

from __future__ import annotations

import io
import math
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from omnic_stream.converters.warm import image, pixels, programs
from omnic_stream.converters.warm.files import write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

RESOLUTION = 150
"""Pixels an inch where no size is asked for."""
LONGEST = 4096
"""Pixels of a page's longer side where no size is asked for."""
MOST_PAGES = 500
MOST_TEXT = 32 * MiB
POINTS = 72
WRONG_PASSWORD = 4
"""FPDF_ERR_PASSWORD of fpdfview.h."""


@contextmanager
def document(descriptor: int) -> Iterator[Any]:
    """A pypdfium2 document. Raises Corrupt, ConverterFailed where it asks for a password."""
    import pypdfium2

    os.lseek(descriptor, 0, os.SEEK_SET)
    # not by a path below /proc, which a cage need not have: pdfium reads through a callback
    with os.fdopen(os.dup(descriptor), "rb") as file:
        try:
            opened = pypdfium2.PdfDocument(file)
        except pypdfium2.PdfiumError as error:
            if getattr(error, "err_code", None) == WRONG_PASSWORD or "password" in str(error).lower():
                raise ConverterFailed("The PDF is protected with a password: only one without can be shown.") from error
            raise Corrupt("The PDF is broken or cut short: it cannot be opened.") from error
        try:
            if len(opened) < 1:
                raise Corrupt("The PDF has no pages.")
            yield opened
        finally:
            opened.close()


def page(call: Call) -> None:
    """One page as PNG or JPG, rendered at the size that is asked for."""
    number = int(call.arguments.get("page", "1"))
    with document(call.input) as opened:
        if number > len(opened):
            raise pixels.no_such_page(len(opened))
        width, height = int(call.arguments.get("width", "0")), int(call.arguments.get("height", "0"))
        picture = _rendered(opened, number - 1, width, height, cover=call.arguments.get("fit") in {"crop", "smart"})
    call.report(0.8)
    image.picture(call, picture, image.kind_of(call.target), width=width, height=height)


def _rendered(opened: Any, index: int, width: int, height: int, *, cover: bool = False) -> Any:
    import pypdfium2
    from pypdfium2.raw import FORMTYPE_ACRO_FORM

    try:
        if opened.formenv is None and opened.get_formtype() == FORMTYPE_ACRO_FORM:
            opened.init_forms()  # what was filled in is drawn; this build of pdfium runs no script
        sheet = opened[index]
        wide, high = sheet.get_size()
        if not (0 < wide < math.inf and 0 < high < math.inf):
            raise Corrupt("The page has no size.")
        if width or height:
            scales = [side / length for side, length in ((width, wide), (height, high)) if side]
            scale = max(scales) if cover else min(scales)
        else:
            scale = min(RESOLUTION / POINTS, LONGEST / max(wide, high))
        pixels.check_size(max(1, math.ceil(wide * scale)), max(1, math.ceil(high * scale)))
        return sheet.render(scale=scale, may_draw_forms=True, rev_byteorder=True).to_pil()
    except pypdfium2.PdfiumError as error:
        raise Corrupt("The page is broken: it cannot be drawn.") from error


def pages(call: Call) -> None:
    """A tar of ``page-0001.png`` and so on, from ``first`` to ``last``."""
    with document(call.input) as opened:
        first = int(call.arguments.get("first", "1"))
        last = min(len(opened), int(call.arguments.get("last", len(opened))))
        if first > last:
            raise pixels.no_such_page(len(opened))
        if last - first >= MOST_PAGES:
            raise TooExpensive(f"More than {MOST_PAGES} pages: ask for fewer with first and last.")
        with os.fdopen(os.dup(call.output), "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
            for number in range(first, last + 1):
                buffer = io.BytesIO()
                _rendered(opened, number - 1, 0, 0).save(buffer, "PNG", compress_level=3)
                entry = tarfile.TarInfo(f"page-{number:04}.png")
                entry.size = buffer.tell()
                buffer.seek(0)
                tar.addfile(entry, buffer)
                call.report((number - first + 1) / (last - first + 1))


def text(call: Call) -> None:
    """The text of all pages, in UTF-8, a form feed between them."""
    import pypdfium2

    parts: list[str] = []
    size = 0
    with document(call.input) as opened:
        for index in range(len(opened)):
            try:
                sheet = opened[index]
                found = sheet.get_textpage()
                # what stands outside the page's box (a slide's bleed, a thumbnail's label) is better than nothing
                words = (found.get_text_bounded() or found.get_text_range()).replace("\r\n", "\n")
                sheet.close()
            except pypdfium2.PdfiumError as error:
                raise Corrupt(f"Page {index + 1} is broken: its text cannot be read.") from error
            size += len(words)
            if size > MOST_TEXT:
                raise TooExpensive("The PDF holds more text than is taken out at once.")
            parts.append(words)
            call.report((index + 1) / len(opened))
    write(call.output, "\n\f".join(parts).encode("utf-8", "replace") or b"\n")


def layout(call: Call) -> None:
    """The text of all pages where it stands on them, in UTF-8, by poppler: columns and tables keep their shape.

    Where poppler finds none (letters of fonts without names), pdfium is asked.
    """
    with document(call.input) as opened:
        found = told(call, len(opened), "-layout", b"\f", call.report)
    if len(found) > MOST_TEXT:
        raise TooExpensive("The PDF holds more text than is taken out at once.")
    if found.strip():
        write(call.output, found)
    else:
        text(call)


def told(call: Call, pages: int, kind: str, mark: bytes, report: Callable[[float], None]) -> bytes:
    """What pdftotext says of the whole document. How far it is, it says by what it has written: each page ends with a mark."""
    with programs.scratch() as folder:
        given = programs.copied(call, folder, "in.pdf")
        words = ("pdftotext", kind, "-enc", "UTF-8", str(given), "-")
        return programs.run(words, folder=folder, marks=(mark, pages), report=report)


def selection(call: Call) -> None:
    """The pages from ``first`` to ``last`` as a document of their own."""
    import pypdfium2

    with document(call.input) as opened:
        first, last = int(call.arguments.get("first", "1")), min(len(opened), int(call.arguments.get("last", len(opened))))
        if first > last:
            raise pixels.no_such_page(len(opened))
        made = pypdfium2.PdfDocument.new()
        try:
            made.import_pages(opened, pages=list(range(first - 1, last)))
            buffer = io.BytesIO()
            made.save(buffer)
        except pypdfium2.PdfiumError as error:
            raise Corrupt("A page is broken: it cannot be copied.") from error
        finally:
            made.close()
    write(call.output, buffer.getvalue())


def svg(call: Call) -> None:
    """One page by poppler's cairo: letters as shapes, so that it looks the same everywhere."""
    number = str(_chosen(call))
    with programs.scratch() as folder:
        given, made = programs.copied(call, folder, "in.pdf"), folder / "out.svg"
        programs.run(("pdftocairo", "-svg", "-f", number, "-l", number, str(given), str(made)), folder=folder)
        write(call.output, made.read_bytes())


def postscript(call: Call) -> None:
    """All pages as PS, or one as EPS, by poppler."""
    number = str(_chosen(call))
    chosen = ("-eps", "-f", number, "-l", number) if call.target == "EPS" else ("-level3",)
    with programs.scratch() as folder:
        given, made = programs.copied(call, folder, "in.pdf"), folder / "out.ps"
        programs.run(("pdftops", *chosen, str(given), str(made)), folder=folder)
        write(call.output, made.read_bytes())


def _chosen(call: Call) -> int:
    """The page that is asked for. Raises as ``document`` does, and for one that is not there."""
    number = int(call.arguments.get("page", "1"))
    with document(call.input) as opened:
        if number > len(opened):
            raise pixels.no_such_page(len(opened))
    return number


def goes_in_as_it_is(content: bytes) -> bool:
    """Whether a picture is a JPEG whose numbers mean in a PDF what they mean alone: upright, grey or RGB, without a profile."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            upright = image.getexif().get(0x0112, 1) in {0, 1}
            return image.format == "JPEG" and upright and image.mode in {"L", "RGB"} and "icc_profile" not in image.info
    except (OSError, SyntaxError, ValueError):
        return False


def printed(sheets: Iterable[bytes], inch: float = RESOLUTION) -> bytes:
    """A PDF with a page for each JPEG, ``inch`` pixels an inch; none is compressed again."""
    import pypdfium2

    made = pypdfium2.PdfDocument.new()
    try:
        for content in sheets:
            picture = pypdfium2.PdfImage.new(made)
            picture.load_jpeg(io.BytesIO(content), inline=True)
            wide, high = (side * POINTS / inch for side in picture.get_px_size())
            picture.set_matrix(pypdfium2.PdfMatrix().scale(wide, high))
            sheet = made.new_page(wide, high)
            sheet.insert_obj(picture)
            sheet.gen_content()
            sheet.close()
        buffer = io.BytesIO()
        made.save(buffer)
        return buffer.getvalue()
    except pypdfium2.PdfiumError as error:
        raise Corrupt("A picture cannot be put on paper.") from error
    finally:
        made.close()
