"""What office files hold in their ZIP, read within bounds: DOCX to HTML, and the previews of Apple's."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.parsers.expat import ExpatError

from omnic_stream.converters.warm import zips
from omnic_stream.converters.warm.pages import cleaned, document, write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""An encrypted office file is no ZIP: it lies in the older container ([MS-OFFCRYPTO] section 1.3.2)."""
MOST_UNPACKED = 64 * MiB
MOST_MEMBERS = 100_000


@contextmanager
def opened(call: Call) -> Iterator[zipfile.ZipFile]:
    try:
        with os.fdopen(os.dup(call.input), "rb") as file, zipfile.ZipFile(file) as archive:
            if len(archive.infolist()) > MOST_MEMBERS:
                raise TooExpensive(f"The archive has more than {MOST_MEMBERS} members.")
            yield archive
    except zips.BROKEN as error:
        if os.pread(call.input, len(LOCKED), 0) == LOCKED:
            raise ConverterFailed("The document is protected by a password.") from error
        raise Corrupt("The file is broken: it is a ZIP that cannot be read to its end.") from error


def docx(call: Call) -> dict[str, int]:
    import mammoth

    with opened(call) as archive:
        if sum(info.file_size for info in archive.infolist()) > MOST_UNPACKED * 4:
            raise TooExpensive("The document unpacks to more than is allowed.")
    with os.fdopen(os.dup(call.input), "rb") as file:
        file.seek(0)
        content = io.BytesIO(file.read())  # mammoth takes the name of an open file for a path; a descriptor's is a number
        try:
            result: Any = mammoth.convert_to_html(content)
        except (*zips.BROKEN, ExpatError, KeyError, OSError, AttributeError) as error:
            raise Corrupt("The document is broken: its text cannot be found.") from error
    return write(call, document("Document", cleaned(str(result.value))))


PREVIEWS = (
    "QuickLook/Preview.pdf",
    "preview.pdf",
    "preview.jpg",
    "QuickLook/Thumbnail.jpg",
    "preview-web.jpg",
    "preview-micro.jpg",
)
"""What Pages, Numbers and Keynote leave in their files for Finder, best first: all pages until 2009, since 2013 the first as a picture."""


def apple_preview(call: Call) -> dict[str, int]:
    """Apple's own preview as PDF. Raises ConverterFailed where the document was saved without one."""
    from PIL import Image

    with opened(call) as archive:
        names = archive.namelist()
        found = next((name for last in PREVIEWS for name in names if name == last or name.endswith(f"/{last}")), None)
        if found is None:
            raise ConverterFailed("The document cannot be read, and was saved without a preview.")
        with archive.open(found) as member:
            data = member.read(MOST_UNPACKED + 1)
    if len(data) > MOST_UNPACKED:
        raise TooExpensive("The preview unpacks to more than is allowed.")
    if data.startswith(b"%PDF-"):
        return write(call, data)
    try:
        made = io.BytesIO()
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            picture.convert("RGB").save(made, "PDF", resolution=96.0)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise Corrupt("The preview in the document is broken.") from error
    return write(call, made.getvalue())
