"""PDF inside a warm worker, with pdfium alone: a page as a picture, every page, the text."""

from __future__ import annotations

import io
import math
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from omnic_stream.converters.warm import image, pixels
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
    """One page as PNG or JPG, also as a thumb: rendered at the size that is asked for."""
    number = int(call.arguments.get("page", "1"))
    kind = call.target.rpartition(".")[2].upper()
    still = call.target.startswith("thumb.")
    with document(call.input) as opened:
        if number > len(opened):
            raise pixels.no_such_page(len(opened))
        width, height = int(call.arguments.get("width", "0")), int(call.arguments.get("height", "0"))
        if still and not (width or height):
            width = height = 256
        picture = _rendered(opened, number - 1, width, height, cover=call.arguments.get("fit") in {"crop", "smart"})
    call.report(0.8)
    image.picture(call, picture, kind, width=width, height=height)


def _rendered(opened: Any, index: int, width: int, height: int, *, cover: bool = False) -> Any:
    import pypdfium2

    try:
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
        return sheet.render(scale=scale, may_draw_forms=False, rev_byteorder=True).to_pil()
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
                words = sheet.get_textpage().get_text_bounded().replace("\r\n", "\n")
                sheet.close()
            except pypdfium2.PdfiumError as error:
                raise Corrupt(f"Page {index + 1} is broken: its text cannot be read.") from error
            size += len(words)
            if size > MOST_TEXT:
                raise TooExpensive("The PDF holds more text than is taken out at once.")
            parts.append(words)
            call.report((index + 1) / len(opened))
    write(call.output, "\n\f".join(parts).encode("utf-8", "replace") or b"\n")
