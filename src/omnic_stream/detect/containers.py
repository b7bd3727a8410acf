"""What a ZIP, an OLE file or a gzip stream really is."""

from __future__ import annotations

import io
import os
import zipfile
import zlib

from omnic_stream.detect.sample import Sample

MOST_MEMBERS = 5_000
MOST_DIRECTORY = 4 << 20
"""Bytes of a ZIP's central directory that are read; a larger one is simply a ZIP."""

OPEN_DOCUMENT = {
    "application/vnd.oasis.opendocument.text": "ODT",
    "application/vnd.oasis.opendocument.text-template": "OTT",
    "application/vnd.oasis.opendocument.spreadsheet": "ODS",
    "application/vnd.oasis.opendocument.presentation": "ODP",
    "application/vnd.oasis.opendocument.graphics": "ODG",
    "application/vnd.sun.xml.writer": "SXW",
    "application/vnd.sun.xml.calc": "SXC",
    "application/vnd.sun.xml.impress": "SXI",
    "application/epub+zip": "EPUB",
}
BY_MEMBER = (
    ("word/document.xml", "DOCX"),
    ("xl/workbook.xml", "XLSX"),
    ("xl/workbook.bin", "XLSB"),
    ("ppt/presentation.xml", "PPTX"),
    ("visio/document.xml", "VSDX"),
    ("3D/3dmodel.model", "3MF"),
    ("AndroidManifest.xml", "APK"),
    ("META-INF/MANIFEST.MF", "JAR"),
    ("doc.kml", "KMZ"),
    ("index.apxl", "KEY"),
)
OLE = {
    "WordDocument": "DOC",
    "Workbook": "XLS",
    "Book": "XLS",
    "PowerPoint Document": "PPT",
    "VisioDocument": "VSD",
    "__properties_version1.0": "MSG",
}
PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp")


def refined(sample: Sample) -> str | None:
    if sample.head.startswith(b"PK\x03\x04") or sample.head.startswith(b"PK\x05\x06"):
        return _zip(sample)
    if sample.head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole(sample)
    if sample.head.startswith(b"\x1f\x8b"):
        return _gzip(sample)
    return None


def _zip(sample: Sample) -> str:
    if (
        sample.head[30:38] == b"mimetype"
    ):  # stored first and uncompressed, so that it can be read at offset 38 (ODF 1.2 part 3, 3.3)
        size = int.from_bytes(sample.head[18:22], "little")
        if known := OPEN_DOCUMENT.get(sample.head[38 : 38 + min(size, 100)].decode("ascii", "replace").strip()):
            return known
    names = _names(sample)
    if "META-INF/container.xml" in names and (sample.extension == "epub" or "mimetype" in names):
        return "EPUB"  # its mimetype is compressed or not the first, which readers forgive
    for member, format in BY_MEMBER:
        if member in names:
            return format
    if any(name.endswith(".dist-info/WHEEL") for name in names):
        return "WHL"
    if "Index/Document.iwa" in names or "index.xml" in names or "Index.zip" in names:
        return {"pages": "PAGES", "numbers": "NUMBERS", "key": "KEY"}.get(sample.extension, "ZIP")
    if any(name.endswith(".kml") for name in names) and sample.extension == "kmz":
        return "KMZ"
    if any(name.endswith(".shp") for name in names):
        return "SHP.ZIP"
    if sample.extension == "cbz" and any(name.lower().endswith(PICTURES) for name in names):
        return "CBZ"
    return "ZIP"


def _names(sample: Sample) -> frozenset[str]:
    """Member names by the central directory; by local headers alone where that is broken or huge."""
    end = sample.read(max(sample.size - 66_000, 0), 66_000)
    place = end.rfind(b"PK\x05\x06")
    if place < 0 or int.from_bytes(end[place + 12 : place + 16], "little") > MOST_DIRECTORY:
        return frozenset()
    try:
        with os.fdopen(os.dup(sample.descriptor), "rb") as file, zipfile.ZipFile(file) as archive:
            return frozenset(info.filename for info in archive.infolist()[:MOST_MEMBERS])
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        return frozenset()


def _ole(sample: Sample) -> str | None:
    """Names of the root's streams, UTF-16 in 128-byte entries of the directory sectors ([MS-CFB] section 2.6)."""
    size = 1 << min(int.from_bytes(sample.head[30:32], "little"), 12)
    first = int.from_bytes(sample.head[48:52], "little")
    directory = sample.read((first + 1) * size, 64 * 128)
    whole = directory + sample.head
    for name, format in OLE.items():
        if name.encode("utf-16-le") in whole:
            return format
    return None


def _gzip(sample: Sample) -> str:
    try:
        inner = zlib.decompressobj(wbits=31).decompress(sample.head, 4096)
    except zlib.error:
        return "GZ"
    if inner[257:262] == b"ustar":
        return "TAR.GZ"
    start = io.BytesIO(inner).read(2048)
    if inner.startswith(b"BLENDER"):
        return "BLEND"
    if b"<svg" in start:
        return "SVGZ"
    if b"gnumeric.org" in start or b"<gnm:Workbook" in start:
        return "GNUMERIC"
    return "GZ"
