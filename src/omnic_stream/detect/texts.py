"""What a text is: XML by its root, JSON by its keys, the rest by marks that its kind has, and by its name among kinds of text."""

from __future__ import annotations

import csv
import re

from omnic_stream.detect import languages, lines, markups, molecules
from omnic_stream.detect.sample import Sample
from omnic_stream.model.formats import Formats

ROOT = re.compile(r"<(?:(?P<prefix>[\w.-]+):)?(?P<name>[A-Za-z_][\w.-]*)(?P<rest>[^>]{0,4000})", re.ASCII)
PROLOGUE = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\])?[^>]*>|\s+)", re.DOTALL | re.IGNORECASE)
ROOTS = {
    "svg": "SVG", "html": "HTML", "fictionbook": "FB2", "kml": "KML", "gpx": "GPX", "osm": "OSM", "collada": "DAE", "x3d": "X3D",
    "opml": "OPML", "article": "DOCBOOK", "book": "DOCBOOK", "abiword": "ABW", "cml": "CML", "cdxml": "CDXML", "amf": "AMF",
    "plist": "PLIST", "math": "MML", "tt": "TTML",
    "molecule": "CML", "vtkfile": "VTU", "featurecollection": "GML",
}  # fmt: skip
HTML_START = re.compile(r"<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
XBM = re.compile(r"(?:/\*.*?\*/\s*)?#define\s+\w*_?width\s+\d+\s+#define\s+\w*_?height\s+\d+", re.DOTALL)
TEXTUAL = frozenset(
    {
        "text",
        "markup",
        "code",
        "data",
        "table",
        "notebook",
        "subtitle",
        "mail",
        "calendar",
        "geo",
        "molecule",
        "mesh",
        "vector",
        "office",
        "binary",
    }
)


def decoded(head: bytes) -> str | None:
    """The text that the bytes are, or None. UTF-8 cut in mid-character is text; so is what a byte order mark announces."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if head.startswith(mark):
            return head.decode(encoding, "replace")
    if b"\0" in head[:4096]:
        return _wide(head)
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 3:
            return head[: error.start].decode("utf-8")
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head[:4096])
    return head.decode("latin-1") if controls == 0 else None


def _wide(head: bytes) -> str | None:
    """UTF-16 without its mark: zeros at every second byte, as Latin letters have them, and no other control among the rest."""
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = head[start:4096:2], head[1 - start : 4096 : 2]
        if (
            len(zeros) > 8
            and zeros.count(0) > 0.9 * len(zeros)
            and not any(byte < 32 and byte not in b"\t\n\r\f" for byte in others)
        ):
            return head[: len(head) & ~1].decode(encoding, "replace")
    return None


def refined(sample: Sample, known: Formats, hint: str | None) -> str | None:
    text = decoded(sample.head)
    if text is None:
        return _binary_xml(sample.head)
    start = text.lstrip("\ufeff \t\r\n")
    if format := NAMED.get((sample.name or "").rpartition("/")[2].lower()):
        return format
    if XBM.match(start):
        return "XBM"
    if start[:5].lower() == "<?php":
        return "PHP"
    if hint == "MEDIAWIKI" and not start[:14].lower().startswith(("<!doctype html", "<html")):
        return hint  # its tags are those of HTML
    if start.startswith("<"):
        found = _xml(start)
        if found == "HTML" and hint is None and not HTML_START.match(start) and markups.refined(text) == "MEDIAWIKI":
            return "MEDIAWIKI"
        if found is not None:
            return found if found != "XML" or hint is None or not known.descends(hint, "XML") else hint
    if start[:1] in {"{", "["}:
        found = _json(start, hint)
        if found is not None:
            return found
    if any(start.startswith(mark) for mark in SPOKEN):
        found = lines.marked(text, start)
        return found if found in known else "TXT"
    if hint is not None and hint in known and known.get(hint).category in TEXTUAL and hint not in BINARY_ONLY:
        return hint
    found = lines.marked(text, start) or molecules.refined(text, start) or _table(text, rows=5, columns=3)
    found = found or languages.refined(text) or markups.refined(text) or _table(text, rows=2, columns=2) or "TXT"
    return found if found in known else "TXT"


SPOKEN = ("BEGIN:VCALENDAR", "BEGIN:VCARD", "WEBVTT", "[Script Info]", "#VRML", "#EXTM3U")
"""What no other kind of text begins with, whatever its name says."""
NAMED = {
    "cmakelists.txt": "CMAKE",
    "makefile": "MAKE",
    "gnumakefile": "MAKE",
    "dockerfile": "DOCKERFILE",
    "containerfile": "DOCKERFILE",
}
BINARY_ONLY = frozenset(
    {"DOCX", "XLSX", "PPTX", "ODT", "ODS", "ODP", "GLB", "3MF", "BLEND", "ELF", "PE", "WASM", "VSD", "VSDX", "SVGZ", "SVG", "EPS", "PS",
     "PAGES", "DOC", "XLS", "PPT", "KEY", "NUMBERS", "GPKG", "KMZ", "FGB", "SHP.ZIP", "OSM.PBF", "MSG", "CLASS", "RTF", "EMF", "WMF", "LWO", "3DS",
     "B3D", "MS3D", "CDX", "PARQUET", "ARROW", "SQLITE", "TORRENT", "PCAPNG"}
)  # fmt: skip
"""Formats of textual categories that are never text, or whose texts begin with a mark that was looked for: a text with such a name is
what it looks like."""


def _binary_xml(head: bytes) -> str | None:
    """VTK puts raw bytes behind an underscore into its XML."""
    start = head[:400].lstrip()
    return "VTU" if start.startswith(b"<") and b"<VTKFile" in start else None


def _xml(text: str) -> str | None:
    """By the root element, without parsing: entities are not looked at, nothing is fetched."""
    rest, html = text[:16000], False
    while match := PROLOGUE.match(rest):
        html = html or match[0].lstrip()[:14].lower() == "<!doctype html"
        rest = rest[match.end() :]
    root = ROOT.match(rest)
    if root is None:
        return "HTML" if html else None
    name, more = root["name"].lower(), root["rest"]
    if name == "document" and "office:mimetype" in more:
        for kind, format in (("text", "FODT"), ("spreadsheet", "FODS"), ("presentation", "FODP"), ("graphics", "FODG")):
            if f"opendocument.{kind}" in more:
                return format
    if name == "uof":
        return next((format for kind, format in (("spreadsheet", "UOS"), ("presentation", "UOP")) if f"uof.{kind}" in more), "UOT")
    if "//DTD DocBook " in text[:4000]:
        return "DOCBOOK"
    if name in {"article", "book"} and "docbook" not in text[:4000].lower():
        return "XML"
    if name in ROOTS:
        return ROOTS[name]
    if html or name in {"head", "body", "div", "p", "h1", "table", "title", "meta", "script", "style", "br", "span", "a"}:
        return "HTML"
    return "XML" if text.startswith("<?xml") or "</" in rest else None


PLACES = re.compile(r'\{\s*"type"\s*:\s*"(?:FeatureCollection|Feature|Point|Polygon|LineString|Multi\w+|GeometryCollection)"')
LATER = re.compile(
    r'\{\s*(?:"\w+"\s*:\s*(?:"[^"]*"|-?\d[\d.eE+-]*|\[[^]\[{}"]*\]|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})\s*,\s*){1,8}'
    r'"type"\s*:\s*"Feature(?:Collection)?"'
)
"""The type behind other members: a name, a reference system, a box, a single geometry. Other things than maps have a type, too, so more is asked."""
SORTED = re.compile(r'\{\s*"features"\s*:\s*\[\s*\{\s*"(?:bbox|geometry|id|properties|type)"')
"""As what sorts its members writes them: the type comes last of all."""


def _json(text: str, hint: str | None) -> str | None:
    start = text[:4000]
    if '"nbformat"' in text and '"cells"' in text:
        return "IPYNB"
    if PLACES.match(start) or ('"geometry"' in start and '"coordinates"' in start and (LATER.match(start) or SORTED.match(start))):
        return "GEOJSON"
    if '"asset"' in text and ('"meshes"' in text or '"scenes"' in text):
        return "GLTF"
    rows = text.splitlines()[:3]
    if len(rows) > 1 and all(row.startswith("{") and row.rstrip().endswith("}") for row in rows if row):
        return "NDJSON"
    return (
        "JSON"
        if re.match(
            r'(\{\s*("|\})|\[\s*(["\[\]{]|-?\d[\d.eE+-]*\s*,|true\b|false\b|null\b|-?\d[\d.eE+-]*\s*\]\s*\Z))',
            start,
        )
        and hint in {None, "JSON", "TXT", "BIN"}
        else None
    )


def _table(text: str, *, rows: int, columns: int) -> str | None:
    """Lines that all have the same number of fields. Few of them may be anything, and code is looked for before they are believed."""
    first = text.splitlines()[:20]
    if len(first) < rows or text.lstrip().startswith(("#", "<")):
        return None
    for delimiter, format in ((",", "CSV"), ("\t", "TSV"), (";", "CSV")):
        try:
            widths = {len(row) for row in csv.reader(first[:-1] if len(first) == 20 else first, delimiter=delimiter) if row}
        except csv.Error:
            continue
        if len(widths) == 1 and widths.pop() >= columns:
            return format if sum(line.rstrip().endswith((".", "!", "?")) for line in first) < len(first) / 2 else None  # sentences
    return None
