"""EPUB, FictionBook, Mobipocket and compiled help to one HTML page each, and the picture on their cover."""

from __future__ import annotations

import base64
import binascii
import html
import os
import re
import struct
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from omnic_stream.converters.warm.bindery import bound, chapter, picture, place
from omnic_stream.converters.warm.books import MOST_UNPACKED, opened
from omnic_stream.converters.warm.encodings import decoded
from omnic_stream.converters.warm.pages import cleaned, document, write
from omnic_stream.converters.warm.programs import copied, run, scratch
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

MOST_CHAPTERS = 2_000
LARGEST = 128 * MiB
"""Of a file that is handed to a program."""
Read = Callable[[str], "bytes | None"]


@dataclass(frozen=True, slots=True)
class Package:
    """What an OPF file says (EPUB 3.3 section 5): paths are within the book."""

    title: str
    order: tuple[str, ...]
    cover: str | None


ITEM = re.compile(r"<(?:\w+:)?item\b[^>]*>")
ITEM_REFERENCE = re.compile(r"<(?:\w+:)?itemref\b[^>]*?\bidref\s*=\s*[\"']([^\"']+)")
COVER_META = re.compile(r"<meta\b(?=[^>]*\bname\s*=\s*[\"']cover[\"'])[^>]*\bcontent\s*=\s*[\"']([^\"']+)", re.IGNORECASE)
TITLE = re.compile(r"<dc:title\b[^>]*>([^<]+)", re.IGNORECASE)
ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*[\"']([^\"']*)")
IMAGE = re.compile(r"<(?:img|image)\b[^>]*?\b(?:src|href)\s*=\s*[\"']([^\"']+)", re.IGNORECASE)


def package(path: str, text: str) -> Package:
    """Read without an XML parser: entities are nobody's here, and half of all books are not well formed."""
    items = [dict(ATTRIBUTE.findall(item)) for item in ITEM.findall(text)]
    places = {item["id"]: place(path, html.unescape(item["href"])) for item in items if "id" in item and "href" in item}
    named = COVER_META.search(text)
    cover = next((item.get("id") for item in items if "cover-image" in item.get("properties", "").split()), None)
    cover = cover or (named[1] if named and named[1] in places else None)
    cover = cover or next((key for key in places if re.fullmatch(r"cover[-_.]?(image|img|jpe?g|png)?", key, re.IGNORECASE)), None)
    title = TITLE.search(text)
    return Package(
        title=html.unescape(title[1].strip()) if title else "Book",
        order=tuple(places[key] for key in ITEM_REFERENCE.findall(text) if key in places),
        cover=places.get(cover) if cover else None,
    )


# --- EPUB -------------------------------------------------------------------------------------------------------------------


@contextmanager
def _unzipped(call: Call) -> Iterator[tuple[Package, Read]]:
    with opened(call) as archive:
        read = _reader(archive)
        root = next((n for n in archive.namelist() if n == "META-INF/container.xml" or n.endswith("/META-INF/container.xml")), None)
        if root is None:
            raise Corrupt("The book is broken: it does not say where its parts are.")
        base = root.removesuffix("META-INF/container.xml")  # of a book that was zipped as a folder
        if any(n == f"{base}META-INF/rights.xml" for n in archive.namelist()):
            raise ConverterFailed("The book is protected against copying (DRM).")
        found = re.search(r"full-path\s*=\s*[\"']([^\"']+)", decoded(read(root) or b"", declared=True))
        path = base + unquote(found[1]) if found else ""
        text = read(path)
        if text is None:
            raise Corrupt("The book is broken: its table of parts is not there.")
        yield package(path, decoded(text, declared=True)), read


def _reader(archive: zipfile.ZipFile) -> Read:
    names = {name.lower(): name for name in reversed(archive.namelist())}

    def read(path: str) -> bytes | None:
        name = names.get(path.lower())
        if name is None or name.endswith("/"):
            return None
        with archive.open(name) as member:
            data = member.read(MOST_UNPACKED + 1)
        if len(data) > MOST_UNPACKED:
            raise TooExpensive("A part of the book unpacks to more than is allowed.")
        return data

    return read


def epub(call: Call) -> dict[str, int]:
    """The chapters in the order of the spine, with their pictures. Raises Corrupt, TooExpensive."""
    with _unzipped(call) as (book, read):
        return _written(call, book, read)


def _written(call: Call, book: Package, read: Read) -> dict[str, int]:
    chapters = [chapter(name, data) for name in book.order[:MOST_CHAPTERS] if (data := read(name)) is not None]
    if not chapters:
        raise Corrupt("The book is broken: none of its chapters is there.")
    return write(call, bound(book.title, chapters, read, call.report))


# --- FictionBook ------------------------------------------------------------------------------------------------------------

FB = "{http://www.gribuser.ru/xml/fictionbook/2.0}"
HREF = "{http://www.w3.org/1999/xlink}href"
TAGS = {
    "p": "p", "v": "p", "strong": "strong", "emphasis": "em", "strikethrough": "s", "sub": "sub", "sup": "sup", "code": "code",
    "cite": "blockquote", "epigraph": "blockquote", "poem": "blockquote", "stanza": "div", "table": "table", "tr": "tr", "td": "td",
    "th": "th", "section": "section", "text-author": "p", "subtitle": "h4", "annotation": "div", "date": "p",
}  # fmt: skip
DEEPEST = 200


def _fiction(call: Call) -> ET.Element:
    data = os.pread(call.input, LARGEST + 1, 0)
    if len(data) > LARGEST:
        raise TooExpensive(f"The book has more than {LARGEST // MiB} MiB.")
    if re.search(rb"<!(DOCTYPE|ENTITY)", data[: 64 << 10], re.IGNORECASE):
        raise Corrupt("The book declares a document type, which a FictionBook does not have.")
    try:
        return ET.fromstring(data)  # noqa: S314
    except (ET.ParseError, LookupError, ValueError) as error:
        raise Corrupt("The book is broken: it is not well-formed XML.") from error


def _binaries(root: ET.Element) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in root.iter(f"{FB}binary"):
        try:
            found[one.get("id", "")] = base64.b64decode(one.text or "")
        except (binascii.Error, ValueError):
            continue
    return found


def fiction(call: Call) -> dict[str, int]:
    """FictionBook 2: title, cover, annotation, bodies and notes."""
    root = _fiction(call)
    binaries = _binaries(root)
    title = " ".join("".join(one.itertext()).strip() for one in root.iter(f"{FB}book-title")).strip() or "Book"
    authors = ", ".join(
        " ".join(filter(None, ((part.text or "").strip() for part in one if part.tag.endswith("name"))))
        for one in root.findall(f"{FB}description/{FB}title-info/{FB}author")
    )
    parts = [f"<h1>{html.escape(title)}</h1>", f"<p>{html.escape(authors)}</p>" if authors else ""]
    for path in (f"{FB}description/{FB}title-info/{FB}coverpage", f"{FB}description/{FB}title-info/{FB}annotation"):
        parts += [_element(one, binaries, 2, 0) for one in root.findall(path)]
    bodies = root.findall(f"{FB}body")
    for number, body in enumerate(bodies, 1):
        parts.append(_element(body, binaries, 2, 0))
        call.report(number / len(bodies))
    return write(call, document(title, cleaned("\n".join(parts))))


def _element(element: ET.Element, binaries: dict[str, bytes], level: int, depth: int) -> str:
    if depth > DEEPEST:
        raise TooExpensive("The book is nested deeper than can be shown.")
    name = element.tag.removeprefix(FB)
    if name == "image":
        source = picture(binaries.get(element.get(HREF, "").lstrip("#"), b""))
        return f'<img alt="" src="{source}">' if source else ""
    if name == "empty-line":
        return "<br>"
    deeper = level + 1 if name == "section" else level
    inner = html.escape(element.text or "") if name not in {"body", "section", "title", "coverpage"} else ""
    for child in element:
        inner += _element(child, binaries, deeper, depth + 1)
        if name not in {"body", "section", "title", "coverpage"}:
            inner += html.escape(child.tail or "")
    if name == "title":
        heading = re.sub(r"</p>\s*<p[^>]*>", "<br>", inner)
        return f"<h{min(level, 6)}>{re.sub('</?p[^>]*>', '', heading)}</h{min(level, 6)}>"
    if name == "a":
        return f'<a href="{html.escape(element.get(HREF, ""), quote=True)}">{inner}</a>'
    tag = TAGS.get(name)
    if tag is None:
        return inner
    mark = f' id="{html.escape(element.get("id", ""), quote=True)}"' if element.get("id") else ""
    return f"<{tag}{mark}>{inner}</{tag}>"


# --- Mobipocket and compiled help, by programs ------------------------------------------------------------------------------


def _folder_reader(folder: Path) -> Read:
    root = folder.resolve()
    names = {
        path.relative_to(root).as_posix().lower(): path for path in root.rglob("*") if path.is_file() and not path.is_symlink()
    }

    def read(path: str) -> bytes | None:
        found = names.get(path.lower())
        if found is None:
            return None
        if found.stat().st_size > MOST_UNPACKED:
            raise TooExpensive("A part of the book unpacks to more than is allowed.")
        return found.read_bytes()

    return read


def _checked(call: Call) -> None:
    if os.fstat(call.input).st_size > LARGEST:
        raise TooExpensive(f"The book has more than {LARGEST // MiB} MiB.")


@contextmanager
def _recreated(call: Call) -> Iterator[tuple[Package, Read]]:
    """A Mobipocket book as mobitool takes it apart: HTML, pictures and a package file."""
    _checked(call)
    head = os.pread(call.input, 86, 0)
    if len(head) < 86:
        raise Corrupt("The book is cut short.")
    first = struct.unpack(">I", head[78:82])[0]
    if int.from_bytes(os.pread(call.input, 2, first + 12), "big"):  # the encryption type of record 0
        raise ConverterFailed("The book is protected against copying (DRM).")
    with scratch() as folder:
        copied(call, folder, "book.mobi")
        run(("mobitool", "-s", "-o", str(folder), str(folder / "book.mobi")))
        made = folder / "book_markup"
        read = _folder_reader(made)
        plan = next((path for path in made.glob("*.opf")), None) if made.is_dir() else None
        if plan is None:
            raise Corrupt("The book is broken: nothing in it can be read.")
        yield package(plan.name, decoded(plan.read_bytes(), declared=True)), read


def mobi(call: Call) -> dict[str, int]:
    with _recreated(call) as (book, read):
        order = book.order or tuple(f"part{number:05d}.html" for number in range(MOST_CHAPTERS) if read(f"part{number:05d}.html"))
        return _written(call, Package(book.title, order, book.cover), read)


HELP_ENTRY = re.compile(r"<param\b[^>]*\bname\s*=\s*[\"']Local[\"'][^>]*\bvalue\s*=\s*[\"']([^\"']+)", re.IGNORECASE)
HELP_PAGE = re.compile(r"\.(html?|xhtml)$", re.IGNORECASE)


def compiled_help(call: Call) -> dict[str, int]:
    """Compiled HTML help: its pages in the order of its table of contents, then those that it does not name."""
    _checked(call)
    with scratch() as folder:
        given = copied(call, folder, "book.chm")
        out = folder / "parts"
        run(("7zz", "x", "-y", "-bso0", "-bsp0", f"-o{out}", str(given)))
        read = _folder_reader(out)
        pages = sorted(
            path.relative_to(out).as_posix() for path in out.rglob("*") if HELP_PAGE.search(path.name) and path.is_file()
        )
        order: dict[str, str] = {}
        for plan in sorted(out.rglob("*.hhc")):
            base = plan.relative_to(out).as_posix()
            for found in HELP_ENTRY.findall(decoded(plan.read_bytes())):
                name = place(base, found.replace("\\", "/").partition("#")[0])
                order.setdefault(name.lower(), name)
        for name in pages:
            order.setdefault(name.lower(), name)
        chapters = [chapter(name, data) for name in list(order.values())[:MOST_CHAPTERS] if (data := read(name)) is not None]
        if not chapters:
            raise Corrupt("The help file is broken: it holds no page.")
        return write(call, bound(_help_title(read("#SYSTEM")) or "Help", chapters, read, call.report))


def _help_title(system: bytes | None) -> str:
    """Entry 3 of ``#SYSTEM``: after a version of 4 bytes, entries of a code, a length and that many bytes."""
    at = 4
    while system is not None and at + 4 <= len(system):
        code, length = struct.unpack_from("<HH", system, at)
        if code == 3:
            return decoded(system[at + 4 : at + 4 + length].rstrip(b"\0")).strip()
        at += 4 + length
    return ""


# --- covers -----------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Shown:
    """A Call whose input is the cover."""

    input: int
    output: int
    source: str
    target: str
    arguments: Mapping[str, str]

    def report(self, fraction: float) -> None:
        """A cover takes a moment; what it is in takes the time."""


def cover(call: Call) -> None:
    """The picture on the cover. Raises ConverterFailed where a book has none, so that its first page is shown."""
    from omnic_stream.converters.warm import image

    data = {"EPUB": _epub_cover, "FB2": _fiction_cover, "MOBI": _mobi_cover}[call.source](call)
    kind = picture(data or b"")
    if data is None or kind is None:
        raise ConverterFailed("The book has no cover.")
    source = kind[11 : kind.index(";")].upper().replace("JPEG", "JPG")
    with scratch() as folder:
        file = folder / "cover"
        file.write_bytes(data)
        with file.open("rb") as shown:
            image.convert(_Shown(shown.fileno(), call.output, source, call.target[6:].upper(), call.arguments))


def _named_cover(book: Package, read: Read) -> bytes | None:
    """The picture that the package names, or the one in the page that it names, or the first picture of the first page."""
    for name in (book.cover, *book.order[:1]):
        data = read(name) if name else None
        if data is None:
            continue
        if picture(data):
            return data
        found = IMAGE.search(decoded(data[: 1 << 20], declared=True))
        inner = read(place(name or "", html.unescape(found[1]))) if found else None
        if inner is not None:
            return inner
    return None


def _epub_cover(call: Call) -> bytes | None:
    with _unzipped(call) as (book, read):
        return _named_cover(book, read)


def _mobi_cover(call: Call) -> bytes | None:
    with _recreated(call) as (book, read):
        return _named_cover(book, read)


def _fiction_cover(call: Call) -> bytes | None:
    root = _fiction(call)
    for shown in root.findall(f"{FB}description/{FB}title-info/{FB}coverpage/{FB}image"):
        return _binaries(root).get(shown.get(HREF, "").lstrip("#"))
    return None
