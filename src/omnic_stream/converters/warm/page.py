"""Page formats beside PDF: comics by zipfile and libarchive, PDF/A by Ghostscript."""

from __future__ import annotations

import io
import os
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omnic_stream.converters.warm import image, pdf, pixels, programs
from omnic_stream.converters.warm.files import write
from omnic_stream.model.contracts import Call, MiB, ProgressReader
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

MOST_PAGES = 1_000

# --- comics -----------------------------------------------------------------------------------------------------------------

DRAWN = re.compile(r"\.(jpe?g|png|gif|webp|avif|bmp|tiff?|jxl)$", re.IGNORECASE)
HIDDEN = re.compile(r"(^|/)(\.|__MACOSX/)")
MOST_MEMBERS = 20_000
LARGEST_MEMBER = 64 * MiB
MOST_TOGETHER = 1024 * MiB
Read = Callable[[str], bytes]


def comic_page(call: Call) -> None:
    """The cover, or the page that is asked for."""
    number = int(call.arguments.get("page", "1"))
    width, height = int(call.arguments.get("width", "0")), int(call.arguments.get("height", "0"))
    with comic(call) as (names, read):
        if number > len(names):
            raise pixels.no_such_page(len(names))
        content = read(names[number - 1])
    call.report(0.5)
    with _drawn(content) as picture:
        image.picture(call, picture, image.kind_of(call.target), width=width, height=height)


def comic_pages(call: Call) -> None:
    """A tar of ``page-0001.png`` and so on, from ``first`` to ``last``."""
    with comic(call) as (names, read), os.fdopen(os.dup(call.output), "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
        first, last = int(call.arguments.get("first", "1")), min(int(call.arguments.get("last", "100000")), len(names))
        if first > last:
            raise pixels.no_such_page(len(names))
        if last - first >= pdf.MOST_PAGES:
            raise TooExpensive(f"More than {pdf.MOST_PAGES} pages: ask for fewer with first and last.")
        for number in range(first, last + 1):
            buffer = io.BytesIO()
            with _drawn(read(names[number - 1])) as picture:
                picture.save(buffer, "PNG", compress_level=3)
            entry = tarfile.TarInfo(f"page-{number:04}.png")
            entry.size = buffer.tell()
            buffer.seek(0)
            tar.addfile(entry, buffer)
            call.report((number - first + 1) / (last - first + 1))


def comic_pdf(call: Call) -> None:
    """All pages on paper; pictures that are JPEG already go in as they are."""

    def sheets() -> Iterator[bytes]:
        left = MOST_TOGETHER
        for number, name in enumerate(names, 1):
            content = read(name)
            left -= len(content)
            if left < 0:
                raise TooExpensive(f"The comic's pages have more than {MOST_TOGETHER // MiB} MiB together.")
            yield content if pdf.goes_in_as_it_is(content) else _as_jpeg(content)
            call.report(number / len(names) * 0.95)

    with comic(call) as (names, read):
        if len(names) > MOST_PAGES:
            raise TooExpensive(f"The comic has more than {MOST_PAGES} pages.")
        write(call.output, pdf.printed(sheets()))


@contextmanager
def comic(call: Call) -> Iterator[tuple[list[str], Read]]:
    """Names of the pages in reading order, and how to read one. Raises Corrupt, ConverterFailed where there are none."""
    with programs.scratch() as folder:
        if os.pread(call.input, 4, 0) == b"PK\x03\x04":
            with os.fdopen(os.dup(call.input), "rb") as file, _zip(file) as archive:
                yield _ordered(archive.namelist()), lambda name: _from_zip(archive, name)
        else:
            given = programs.copied(call, folder, "comic")
            try:
                told = programs.run(("bsdtar", "-tf", str(given)), folder=folder)
            except ConverterFailed as error:
                raise Corrupt("The comic's archive is broken, or of a kind that is not known here.") from error
            yield _ordered(told.decode("utf-8", "replace").splitlines()), lambda name: _from_archive(given, folder, name)


@contextmanager
def _zip(file: Any) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        raise Corrupt("The comic's archive is broken or cut short.") from error
    with archive:
        yield archive


def _ordered(names: Sequence[str]) -> list[str]:
    """As people count: page 2 before page 10."""
    if len(names) > MOST_MEMBERS:
        raise TooExpensive(f"The comic's archive has more than {MOST_MEMBERS} members.")
    found = [name for name in dict.fromkeys(names) if DRAWN.search(name) and not HIDDEN.search(name)]
    if not found:
        raise ConverterFailed("The comic holds no pictures.")
    return sorted(found, key=lambda name: [int(part) if part.isdigit() else part.lower() for part in re.split(r"(\d+)", name)])


def _from_zip(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > LARGEST_MEMBER:
        raise TooExpensive(f"A page has more than {LARGEST_MEMBER // MiB} MiB.")
    try:
        with archive.open(name) as member:
            return member.read(LARGEST_MEMBER + 1)[: LARGEST_MEMBER + 1]
    except RuntimeError as error:
        raise ConverterFailed("The comic is protected with a password.") from error
    except Exception as error:  # zipfile and zlib raise many kinds
        raise Corrupt("A page of the comic is broken.") from error


def _from_archive(given: Path, folder: Path, name: str) -> bytes:
    """Names are patterns to bsdtar: what is special in one is escaped. Its standard output is a file in the cage, bounded by its limits."""
    pattern = re.sub(r"([*?\[\]\\{}])", r"\\\1", name)
    content = programs.run(("bsdtar", "-xOf", str(given), "--", pattern), folder=folder)
    if len(content) > LARGEST_MEMBER:
        raise TooExpensive(f"A page has more than {LARGEST_MEMBER // MiB} MiB.")
    return content


@contextmanager
def _drawn(content: bytes) -> Iterator[Any]:
    """A page as a PIL image, upright, RGB."""
    from PIL import ImageOps

    with pixels.reading(content) as picture:
        try:
            picture.load()
            upright = ImageOps.exif_transpose(picture)
        except Exception as error:  # a decoder written in Python raises whatever hostile content drives it to
            raise Corrupt("A page of the comic is broken.") from error
        yield upright.convert("RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB")


def _as_jpeg(content: bytes) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    with _drawn(content) as picture:
        if picture.mode == "RGBA":
            ground = Image.new("RGB", picture.size, (255, 255, 255))
            ground.paste(picture, mask=picture.getchannel("A"))
            picture = ground
        picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


# --- PDF/A ------------------------------------------------------------------------------------------------------------------

PREFIX = """%!
/ICCProfile (srgb.icc) def
[/_objdef {icc_PDFA} /type /stream /OBJ pdfmark
[{icc_PDFA} << /N 3 >> /PUT pdfmark
[{icc_PDFA} ICCProfile (r) file /PUT pdfmark
[/_objdef {OutputIntent_PDFA} /type /dict /OBJ pdfmark
[{OutputIntent_PDFA} <<
  /Type /OutputIntent /S /GTS_PDFA1 /DestOutputProfile {icc_PDFA} /OutputConditionIdentifier (sRGB)
>> /PUT pdfmark
[{Catalog} <</OutputIntents [ {OutputIntent_PDFA} ]>> /PUT pdfmark
"""
"""The output intent that PDF/A wants (ISO 19005-2 section 6.2.3), by Ghostscript's pdfmarks (its VectorDevices.htm, PDF/A)."""


def archival(call: Call) -> None:
    """PDF/A-2b: fonts embedded, colours in sRGB. What the standard forbids is left out."""
    from PIL import ImageCms

    with pdf.document(call.input):
        pass  # a password is told of in one sentence
    with programs.scratch() as folder:
        given, made = programs.copied(call, folder, "in.pdf"), folder / "out.pdf"
        colours: Any = ImageCms
        (folder / "srgb.icc").write_bytes(colours.ImageCmsProfile(colours.createProfile("sRGB")).tobytes())
        (folder / "prefix.ps").write_text(PREFIX, encoding="ascii")
        argv = (
            *("gs", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", "-dPDFA=2", "-dPDFACompatibilityPolicy=1"),
            *("-sColorConversionStrategy=RGB", "--permit-file-read=srgb.icc", "-sstdout=%stderr"),
            *(f"-sOutputFile={made}", "prefix.ps", str(given)),
        )
        programs.run(argv, folder=folder, progress=ghostscript_progress(), report=call.report)
        write(call.output, made.read_bytes())


def ghostscript_progress() -> ProgressReader:
    """Ghostscript says ``Processing pages 1 through 6.``, then ``Page 1`` and so on."""
    first, last = 1, 0

    def read(line: bytes) -> float | None:
        nonlocal first, last
        if found := re.match(rb"Processing pages (\d+) through (\d+)", line):
            first, last = int(found[1]), int(found[2])
        elif (found := re.match(rb"Page (\d+)", line)) and last >= first:
            return min(1.0, int(found[1]) / (last - first + 1))
        return None

    return read
