"""DOCX and EPUB to HTML, each from its ZIP, read within bounds."""

from __future__ import annotations

import io
import os
import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from omnic_stream.converters.warm.pages import cleaned, decoded, document, write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt, TooExpensive

MOST_UNPACKED = 64 * MiB
MOST_MEMBERS = 100_000
MOST_CHAPTERS = 500


@contextmanager
def opened(call: Call) -> Iterator[zipfile.ZipFile]:
    try:
        with os.fdopen(os.dup(call.input), "rb") as file, zipfile.ZipFile(file) as archive:
            if len(archive.infolist()) > MOST_MEMBERS:
                raise TooExpensive(f"The archive has more than {MOST_MEMBERS} members.")
            yield archive
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
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
        except (KeyError, ValueError, OSError, AttributeError) as error:
            raise Corrupt("The document is broken: its text cannot be found.") from error
    return write(call, document("Document", cleaned(str(result.value))))


def epub(call: Call) -> dict[str, int]:
    """The chapters in the order of the spine (EPUB 3.3 section 5.7), one after another."""
    with opened(call) as archive:
        container = _read(archive, "META-INF/container.xml")
        found = re.search(r'full-path\s*=\s*["\']([^"\']+)', container)
        if found is None:
            raise Corrupt("The book is broken: it does not say where its parts are.")
        package = _read(archive, found[1])
        items: dict[str, str] = {}
        for item in re.findall(r"<(?:\w+:)?item\b[^>]*>", package):
            values = dict(re.findall(r'([\w-]+)\s*=\s*["\']([^"\']*)', item))
            items[values.get("id", "")] = values.get("href", "")
        order = re.findall(r"<(?:\w+:)?itemref\b[^>]*\bidref\s*=\s*[\"']([^\"']+)", package)[:MOST_CHAPTERS]
        title = re.search(r"<dc:title[^>]*>([^<]+)", package)
        base, size = posixpath.dirname(found[1]), 0
        chapters: list[str] = []
        for number, name in enumerate(order):
            text = _read(archive, posixpath.normpath(posixpath.join(base, items.get(name, "").partition("#")[0])))
            size += len(text)
            if size > MOST_UNPACKED:
                raise TooExpensive("The book unpacks to more than is allowed.")
            body = re.search(r"(?is)<body\b[^>]*>(.*)</body>", text)
            chapters.append(f"<section>{cleaned(body[1] if body else text)}</section>")
            call.report((number + 1) / len(order))
    return write(call, document(title[1].strip() if title else "Book", "\n".join(chapters)))


def _read(archive: zipfile.ZipFile, name: str) -> str:
    try:
        with archive.open(name) as member:
            data = member.read(MOST_UNPACKED + 1)
    except KeyError:
        raise Corrupt("The book is broken: a part that it names is not there.") from None
    if len(data) > MOST_UNPACKED:
        raise TooExpensive("A part of the book unpacks to more than is allowed.")
    return decoded(data)
