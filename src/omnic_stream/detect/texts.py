"""What a text is: XML by its root, JSON by its keys, the rest by marks that its kind has, and by its name among kinds of text."""

from __future__ import annotations

import csv
import re

from omnic_stream.detect.sample import Sample
from omnic_stream.model.formats import Formats

ROOT = re.compile(r"<(?:(?P<prefix>[\w.-]+):)?(?P<name>[A-Za-z_][\w.-]*)(?P<rest>[^>]{0,4000})", re.ASCII)
PROLOGUE = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\])?[^>]*>|\s+)", re.DOTALL | re.IGNORECASE)
ROOTS = {
    "svg": "SVG", "html": "HTML", "fictionbook": "FB2", "kml": "KML", "gpx": "GPX", "osm": "OSM", "collada": "DAE", "x3d": "X3D",
    "opml": "OPML", "article": "DOCBOOK", "book": "DOCBOOK", "abiword": "ABW", "cml": "CML", "cdxml": "CDXML", "amf": "AMF",
    "molecule": "CML", "vtkfile": "VTU", "featurecollection": "GML",
}  # fmt: skip
MARKDOWN = re.compile(
    r"^(#{1,6} \S|[-*] \S|\d+\. \S|```|> \S|\[[^\]]+\]:|\|.+\|$)|\[[^\]\n]+\]\([^)\n]+\)|^={3,}$|^-{3,}$", re.MULTILINE
)
RST = re.compile(r"^\.\. [\w|:-]+::|^\.\. _|^([=\-~^\"'`#*+])\1{3,}$\n?.*|:\w+:`", re.MULTILINE)
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
        return None
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 3:
            return head[: error.start].decode("utf-8")
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head[:4096])
    return head.decode("latin-1") if controls == 0 else None


def refined(sample: Sample, known: Formats, hint: str | None) -> str | None:
    text = decoded(sample.head)
    if text is None:
        return None
    start = text.lstrip("\ufeff \t\r\n")
    if sample.name is not None and sample.name.rpartition("/")[2] == "CMakeLists.txt":
        return "CMAKE"
    if XBM.match(start):
        return "XBM"
    if hint == "MEDIAWIKI" and not start[:14].lower().startswith(("<!doctype html", "<html")):
        return hint  # its tags are those of HTML
    if start.startswith("<"):
        found = _xml(start)
        if found is not None:
            return found if found != "XML" or hint is None or not known.descends(hint, "XML") else hint
    if start[:1] in {"{", "["}:
        found = _json(start, hint)
        if found is not None:
            return found
    for mark, format in (
        ("BEGIN:VCALENDAR", "ICS"),
        ("BEGIN:VCARD", "VCF"),
        ("WEBVTT", "VTT"),
        ("[Script Info]", "ASS"),
        ("#VRML", "VRML"),
    ):
        if start.startswith(mark):
            return format
    if hint is not None and hint in known and known.get(hint).category in TEXTUAL and hint not in BINARY_ONLY:
        return hint
    if start.startswith("solid ") and "facet normal" in text[:2000]:
        return "STL"
    if start.startswith(("\\documentclass", "\\documentstyle")):
        return "TEX"
    if start.startswith("#!"):
        return "PY" if "python" in start[:60] else "SH"
    if RST.search(text[:8000]) and re.search(r"^\.\. \w+", text, re.MULTILINE):
        return "RST"
    if len(
        {match[:3] for match in re.findall(r"^(?:#{1,6} |```|[-*] |\d+\. )", text[:20000], re.MULTILINE)}
    ) >= 2 and MARKDOWN.search(text):
        return "MD"
    return _table(text) or "TXT"


BINARY_ONLY = frozenset(
    {"DOCX", "XLSX", "PPTX", "ODT", "ODS", "ODP", "GLB", "3MF", "BLEND", "ELF", "PE", "WASM", "VSD", "VSDX", "SVGZ"}
)
"""Formats of textual categories that are never text: a text with such a name is a text."""


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
        for kind, format in (("text", "FODT"), ("spreadsheet", "FODS"), ("presentation", "FODP")):
            if f"opendocument.{kind}" in more:
                return format
    if "//DTD DocBook " in text[:4000]:
        return "DOCBOOK"
    if name in {"article", "book"} and "docbook" not in text[:4000].lower():
        return "XML"
    if name in ROOTS:
        return ROOTS[name]
    if html or name in {"head", "body", "div", "p", "h1", "table", "title", "meta", "script", "style", "br", "span", "a"}:
        return "HTML"
    return "XML" if text.startswith("<?xml") or "</" in rest else None


def _json(text: str, hint: str | None) -> str | None:
    start = text[:4000]
    if '"nbformat"' in text and '"cells"' in text:
        return "IPYNB"
    if re.match(r'\{\s*"type"\s*:\s*"(FeatureCollection|Feature|Point|Polygon|LineString|Multi\w+|GeometryCollection)"', start):
        return "GEOJSON"
    if '"asset"' in text and ('"meshes"' in text or '"scenes"' in text):
        return "GLTF"
    lines = text.splitlines()[:3]
    if len(lines) > 1 and all(line.startswith("{") and line.rstrip().endswith("}") for line in lines if line):
        return "NDJSON"
    return (
        "JSON"
        if re.match(r'(\{\s*("|\})|\[\s*(["\[\]{\d]|-\d|true|false|null))', start) and hint in {None, "JSON", "TXT", "BIN"}
        else None
    )


def _table(text: str) -> str | None:
    """Lines that all have the same number of fields, more than one."""
    lines = text.splitlines()[:20]
    if len(lines) < 2:
        return None
    for delimiter, format in ((",", "CSV"), ("\t", "TSV"), (";", "CSV")):
        try:
            widths = {len(row) for row in csv.reader(lines[:-1] if len(lines) == 20 else lines, delimiter=delimiter) if row}
        except csv.Error:
            continue
        if len(widths) == 1 and widths.pop() > 1 and not text.lstrip().startswith(("#", "<")):
            return format
    return None
