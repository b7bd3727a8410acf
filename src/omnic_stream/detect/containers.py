"""What a ZIP or an OLE file really is, by its members."""

from __future__ import annotations

import os
import re
import zipfile
import zlib

from omnic_stream.detect.sample import Sample

MOST_MEMBERS = 5_000
MOST_DIRECTORY = 4 << 20
"""Bytes of a ZIP's central directory that are read; a larger one is simply a ZIP."""
MOST_TYPES = 64 << 10

OPEN_DOCUMENT = {
    "application/vnd.oasis.opendocument.text": "ODT",
    "application/vnd.oasis.opendocument.text-template": "OTT",
    "application/vnd.oasis.opendocument.spreadsheet": "ODS",
    "application/vnd.oasis.opendocument.presentation": "ODP",
    "application/vnd.oasis.opendocument.graphics": "ODG",
    "application/vnd.oasis.opendocument.graphics-template": "OTG",
    "application/vnd.oasis.opendocument.spreadsheet-template": "OTS",
    "application/vnd.oasis.opendocument.presentation-template": "OTP",
    "application/vnd.oasis.opendocument.formula": "ODF",
    "application/vnd.sun.xml.draw": "SXD",
    "application/vnd.sun.xml.writer.template": "STW",
    "application/vnd.sun.xml.calc.template": "STC",
    "application/vnd.sun.xml.impress.template": "STI",
    "application/vnd.sun.xml.writer": "SXW",
    "application/vnd.sun.xml.calc": "SXC",
    "application/vnd.sun.xml.impress": "SXI",
    "application/epub+zip": "EPUB",
}
OFFICE = (
    ("ms-word.document.macroEnabled.main+xml", "DOCM"),
    ("ms-word.template.macroEnabledTemplate.main+xml", "DOTM"),
    ("wordprocessingml.template.main+xml", "DOTX"),
    ("wordprocessingml.document.main+xml", "DOCX"),
    ("ms-excel.sheet.macroEnabled.main+xml", "XLSM"),
    ("ms-excel.sheet.binary.macroEnabled.main", "XLSB"),
    ("spreadsheetml.template.main+xml", "XLTX"),
    ("spreadsheetml.sheet.main+xml", "XLSX"),
    ("ms-powerpoint.presentation.macroEnabled.main+xml", "PPTM"),
    ("presentationml.template.main+xml", "POTX"),
    ("presentationml.slideshow.main+xml", "PPSX"),
    ("presentationml.presentation.main+xml", "PPTX"),
    ("visio.drawing.main+xml", "VSDX"),
)
"""Content types of the main part, in ``[Content_Types].xml`` (ECMA-376 part 1, 11.3 and 15)."""
BY_MEMBER = (
    ("word/document.xml", "DOCX"),
    ("xl/workbook.xml", "XLSX"),
    ("xl/workbook.bin", "XLSB"),
    ("ppt/presentation.xml", "PPTX"),
    ("visio/document.xml", "VSDX"),
    ("FixedDocumentSequence.fdseq", "XPS"),
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
    "StarWriterDocument": "SDW",
    "StarCalcDocument": "SDC",
    "StarDrawDocument3": "SDD",
    "HwpSummaryInformation": "HWP",
    "Quill": "PUB",
    "PageMaker": "PMD",
    "MatOST": "WPS",
}
BY_STREAM = (("CONTENTS", b"CHNK", "WPS"), ("Contents", b"\xe8\xac", "PUB"))
"""Works since 5.0, and Publisher before 98, which knew no Quill: the stream's name is common, what it begins with is theirs."""
INSTALLER = bytes.fromhex("84100c0000000000c000000000000046")
"""Class of the root storage of Windows Installer's databases; their streams have no plain names."""
PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp")


def refined(sample: Sample) -> str | None:
    if sample.head.startswith(b"PK\x03\x04") or sample.head.startswith(b"PK\x05\x06"):
        return _zip(sample)
    if sample.head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole(sample)
    return None


def _zip(sample: Sample) -> str:
    if (
        sample.head[30:38] == b"mimetype"
    ):  # stored first and uncompressed, so that it can be read at offset 38 (ODF 1.2 part 3, 3.3)
        size = int.from_bytes(sample.head[18:22], "little")
        if known := OPEN_DOCUMENT.get(sample.head[38 : 38 + min(size, 100)].decode("ascii", "replace").strip()):
            return known
    end = sample.read(max(sample.size - 66_000, 0), 66_000)
    place = end.rfind(b"PK\x05\x06")
    if place < 0 or int.from_bytes(end[place + 12 : place + 16], "little") > MOST_DIRECTORY:
        return _by_local_header(sample)
    try:
        with os.fdopen(os.dup(sample.descriptor), "rb") as file, zipfile.ZipFile(file) as archive:
            return _by_members(sample, archive)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError, RuntimeError, zlib.error):
        return _by_local_header(sample)


def _by_local_header(sample: Sample) -> str:
    """Where the directory at the end is cut off, broken or huge: what the first headers name."""
    head = sample.head
    names = {name.decode("utf-8", "replace") for name in re.findall(rb"PK\x03\x04.{26}([\x20-\x7e]{3,120})", head, re.DOTALL)}
    for member, format in BY_MEMBER:
        if any(name.startswith(member) for name in names):
            return format
    return "ZIP"


def _by_members(sample: Sample, archive: zipfile.ZipFile) -> str:
    infos = archive.infolist()[:MOST_MEMBERS]
    names = frozenset(info.filename for info in infos)
    if "META-INF/container.xml" in names and (sample.extension == "epub" or "mimetype" in names):
        return "EPUB"  # its mimetype is compressed or not the first, which readers forgive
    if "[Content_Types].xml" in names:
        types = _member(archive, "[Content_Types].xml", MOST_TYPES).decode("utf-8", "replace")
        for kind, format in OFFICE:
            if kind in types:
                return format
    for member, format in BY_MEMBER:
        if member in names:
            return format
    if {"META-INF/manifest.xml", "content.xml"} <= names and (known := _by_manifest(archive)):
        return known
    if any(name.endswith(".dist-info/WHEEL") for name in names):
        return "WHL"
    if "Index/Document.iwa" in names or "index.xml" in names or "Index.zip" in names:
        return _apple(sample, archive, names)
    if any(name.endswith(".shp") for name in names):
        return "SHP.ZIP"
    if any(name.endswith(".kml") and "/" not in name for name in names):
        return "KMZ"
    if "ComicInfo.xml" in names or (sample.extension == "cbz" and any(name.lower().endswith(PICTURES) for name in names)):
        return "CBZ"
    if any(
        name.endswith("/META-INF/container.xml") and name[: -len("META-INF/container.xml")] + "mimetype" in names for name in names
    ):
        return "EPUB"  # the folder of a book, zipped as a whole
    return "ZIP"


def _by_manifest(archive: zipfile.ZipFile) -> str | None:
    """The first OpenOffices wrote no mimetype, and who packs a document anew may lose it: the manifest says it too (ODF 1.2 part 3, 4.3)."""
    for entry in re.findall(rb"<manifest:file-entry\b[^>]*>", _member(archive, "META-INF/manifest.xml", MOST_TYPES)):
        if b'full-path="/"' in entry and (kind := re.search(rb'media-type="([\w./+-]+)"', entry)):
            return OPEN_DOCUMENT.get(kind[1].decode("ascii"))
    return None


def _member(archive: zipfile.ZipFile, name: str, count: int) -> bytes:
    with archive.open(name) as file:
        return file.read(count)


def _apple(sample: Sample, archive: zipfile.ZipFile, names: frozenset[str]) -> str:
    """Pages, Numbers or Keynote: by the root's namespace until 2009, by the first object of the document since 2013."""
    named = {"pages": "PAGES", "numbers": "NUMBERS", "key": "KEY"}.get(sample.extension, "ZIP")
    if "Index/Document.iwa" in names:
        if any(re.match(r"Index/(Master)?Slide", name) for name in names):
            return "KEY"
        # ArchiveInfo {1: identifier 1, 2: MessageInfo {1: type}}; the type 10000 is TP.DocumentArchive, 1 is TN.DocumentArchive
        object_type = re.search(rb"\x08\x01\x12.\x08([\x80-\xff]*[\0-\x7f])", _member(archive, "Index/Document.iwa", 64), re.DOTALL)
        if object_type is not None and object_type[1] in {b"\x90\x4e", b"\x01"}:
            return "PAGES" if object_type[1] == b"\x90\x4e" else "NUMBERS"
    if "index.xml" in names:
        root = _member(archive, "index.xml", 4096)
        if b"<sl:document" in root:
            return "PAGES"
        if b"<ls:document" in root:
            return "NUMBERS"
    return named


def _ole(sample: Sample) -> str | None:
    """Names of the root's streams, UTF-16 in 128-byte entries of the directory sectors ([MS-CFB] section 2.6)."""
    size = 1 << min(int.from_bytes(sample.head[30:32], "little"), 12)
    first = int.from_bytes(sample.head[48:52], "little")
    directory = sample.read((first + 1) * size, 64 * 128)
    if directory[80:96] == INSTALLER:
        return "MSI"
    whole = directory + sample.head
    if "EncryptedPackage".encode("utf-16-le") in whole:  # [MS-OFFCRYPTO] 2.3.4.4: what it is cannot be seen, the name must do
        return {"xlsx": "XLSX", "xlsm": "XLSX", "pptx": "PPTX"}.get(sample.extension, "DOCX")
    for name, format in OLE.items():
        if name.encode("utf-16-le") in whole:
            return format
    for name, magic, format in BY_STREAM:
        if _stream(sample, directory, size, name).startswith(magic):
            return format
    return None


def _stream(sample: Sample, directory: bytes, size: int, name: str) -> bytes:
    """The first bytes of one of the root's streams; short ones lie in 64-byte pieces within the root's own ([MS-CFB] section 2.6.3)."""
    wanted = (name + "\0").encode("utf-16-le")
    for place in range(0, len(directory) - 127, 128):
        entry = directory[place : place + 128]
        if entry.startswith(wanted):
            start, length = (int.from_bytes(entry[at : at + 4], "little") for at in (116, 120))
            if length >= 4096:
                return sample.read((start + 1) * size, 16)
            root = int.from_bytes(directory[116:120], "little")
            return sample.read((root + 1) * size + start * 64, 16)
    return b""
