"""Pictures as larger things: Deep Zoom tiles, and paper."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Iterator
from typing import Any

from omnic_stream.converters.warm import image, pdf, pixels
from omnic_stream.converters.warm.files import read, write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import TooExpensive

MANY_PAGES = frozenset({"TIFF", "GEOTIFF"})
MOST_TILED = 400_000_000
"""Pixels of what is cut into tiles: libvips holds some rows at a time."""


def tiles(call: Call) -> None:
    """A tar of Deep Zoom tiles (``tiles.dzi`` beside the folder ``tiles_files``), 254 pixels each with 1 of overlap."""
    import pyvips

    try:
        header = image.loader(pyvips, call)
        if header is None:
            made = pixels.as_vips(pyvips, call.input, 0)
        else:
            pixels.check_size(header.width, header.height, MOST_TILED)
            os.lseek(call.input, 0, os.SEEK_SET)
            source = pyvips.Source.new_from_descriptor(call.input)
            made: Any = pyvips.Image.new_from_source(source, "", access="sequential", fail_on="error")
            if made.get_typeof("orientation") and made.get("orientation") > 1:
                pixels.check_size(made.width, made.height)
                made = made.copy_memory().autorot()
        made = image.to_srgb(made)
        clear = made.hasalpha()
        made = made.copy()
        made.set_progress(True)

        def tell(_image: Any, progress: Any) -> None:
            call.report(progress.percent / 100 * 0.9)

        made.signal_connect("eval", tell)
        suffix = ".png" if clear else ".jpg[Q=85]"
        packed: bytes = pyvips.Operation.call("dzsave_buffer", made, container="zip", suffix=suffix, basename="tiles", keep="none")
    except pyvips.Error as error:
        raise image.complaint(str(error)) from error
    with (
        zipfile.ZipFile(io.BytesIO(packed)) as archive,
        os.fdopen(os.dup(call.output), "wb") as file,
        tarfile.open(fileobj=file, mode="w") as tar,
    ):
        for info in archive.infolist():
            if info.is_dir():
                continue
            entry = tarfile.TarInfo(info.filename)
            entry.size = info.file_size
            tar.addfile(entry, archive.open(info))


MOST_PAPER = 2 * pixels.MOST_PIXELS
"""Pixels of all pages that become one PDF."""
LARGEST_AS_IT_IS = 128 * MiB
SCREEN = 96
"""Pixels an inch of a picture that does not say."""


def document(call: Call) -> None:
    """A PDF of every page of a TIFF, or of one picture (of an animation or icon: the first), as large as its resolution says."""
    import pyvips

    try:
        header = image.loader(pyvips, call)
        count = header.get_n_pages() if header is not None and call.source in MANY_PAGES else 1
        resolution = header.xres * 25.4 if header is not None else SCREEN
        # 72 is what libvips and most programs say where they know nothing
        inch = resolution if 72.5 < resolution < 2400 else SCREEN
        write(call.output, pdf.printed(_sheets(pyvips, call, count), inch))
    except pyvips.Error as error:
        raise image.complaint(str(error)) from error


def _sheets(pyvips: Any, call: Call, count: int) -> Iterator[bytes]:
    """Each page as JPEG; what is one already, and means the same in a PDF, as it is."""
    if call.source == "JPG" and pdf.goes_in_as_it_is(content := read(call.input, LARGEST_AS_IT_IS)):
        image.whole(pyvips, call, {}).avg()  # decoded once, so that what is cut short is told of
        yield content
        return
    left = MOST_PAPER
    for page in range(count):
        sheet = image.whole(pyvips, call, {"page": str(page + 1)})
        left -= sheet.width * sheet.height
        if left < 0:
            raise TooExpensive(f"The pages have more than {MOST_PAPER // 1_000_000} million pixels together.")
        if sheet.hasalpha():
            sheet = sheet.flatten(background=[255, 255, 255])
        yield sheet.write_to_buffer(".jpg", Q=90, keep="none")
        call.report((page + 1) / (count + 1))
