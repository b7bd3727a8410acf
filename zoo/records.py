"""Tables, places, listings, archives, fonts, subtitles, scripts: what holds things that can be counted."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from fontTools.ttLib import TTFont

from zoo.manifest import Row
from zoo.wrong import Wrong, must, near


def table(made: bytes, row: Row, target: str) -> None:
    """CSV: as many records as the fact, with or without a heading, all of one width."""
    records = [record for record in csv.reader(io.StringIO(made.decode("utf-8-sig"))) if record]
    must(records, "the table is empty")
    if row.facts.rows is not None:
        must(len(records) in {row.facts.rows, row.facts.rows + 1}, f"it has {len(records)} records, not {row.facts.rows}")
        must(len({len(record) for record in records}) == 1, "its records differ in width")
    if row.facts.columns is not None:
        near(len(records[0]), row.facts.columns, "the number of columns")
    must(any(cell.strip() for record in records for cell in record), "all its cells are empty")


def workbook(made: bytes, row: Row, target: str) -> None:
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_filelike(io.BytesIO(made)).get_sheet_by_index(0).to_python()
    must(sheet, "the sheet is empty")
    if row.format == "CSV":
        source = [record for record in csv.reader(row.file.read_text(encoding="utf-8-sig").splitlines()) if record]
        near(len(sheet), len(source), "the number of rows")


def places(made: bytes, row: Row, target: str) -> None:
    found = _json(made)
    must(found.get("type") == "FeatureCollection", f"its type is {found.get('type')}")
    features = found["features"]
    must(features, "it holds no features")
    if row.facts.features is not None and "features" not in row.facts.unheld:
        near(len(features), row.facts.features, "the number of features")
    for longitude, latitude in _positions([feature["geometry"]["coordinates"] for feature in features if feature.get("geometry")]):
        must(abs(longitude) <= 180 and abs(latitude) <= 90, "a position is not on earth")


def _positions(value: Any) -> list[tuple[float, float]]:
    if value and isinstance(value[0], (int, float)):
        return [(float(value[0]), float(value[1]))]
    return [position for part in value for position in _positions(part)]


def placemarks(made: bytes, row: Row, target: str) -> None:
    root = ET.fromstring(made)
    found = sum(element.tag.endswith("}Placemark") for element in root.iter())
    near(found, row.facts.features or 1, "the number of placemarks")


def _json(made: bytes) -> Any:
    try:
        return json.loads(made)
    except ValueError as error:
        raise Wrong(f"the JSON cannot be read: {error}") from error


def listing(made: bytes, row: Row, target: str) -> None:
    """Files and folders, as many as the fact: lsar counts folders where they have an entry of their own."""
    found = _json(made)
    entries = found if isinstance(found, list) else next((value for value in found.values() if isinstance(value, list)), None)
    must(entries is not None, "it lists nothing")
    assert entries is not None
    must(
        all(isinstance(entry, dict) and any(isinstance(value, str) and value for value in entry.values()) for entry in entries),
        "an entry has no name",
    )
    wanted = row.facts.entries
    if wanted is not None and "entries" not in row.facts.unheld:
        near(len(entries), wanted, "the number of entries")
    else:
        must(entries, "it lists nothing")


def archive(made: bytes, row: Row, target: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(made)) as packed:
            must(packed.testzip() is None, "a member is damaged")
            names = packed.namelist()
    except zipfile.BadZipFile as error:
        raise Wrong(f"the ZIP cannot be read: {error}") from error
    must(names, "it holds nothing")
    must(
        not any(name.startswith("/") or ".." in Path(name).parts for name in names), "a member would be written outside its folder"
    )


def font(made: bytes, row: Row, target: str) -> None:
    try:
        found = TTFont(io.BytesIO(made))
    except Exception as error:
        raise Wrong(f"fontTools cannot read it: {error}") from error
    must((found.flavor == "woff2") == (target == "WOFF2"), f"its flavour is {found.flavor}")
    must(target != "TTF" or "glyf" in found, "its outlines are not TrueType's")
    if row.facts.glyphs is not None:
        near(found["maxp"].numGlyphs, row.facts.glyphs, "the number of glyphs")
    must(found["maxp"].numGlyphs > 1, "it has no glyphs")
    if row.facts.family is not None:
        must(found["name"].getDebugName(1) == row.facts.family, f"its family is {found['name'].getDebugName(1)}")


CUE = re.compile(r"-->|^\d+:\d\d:\d\d\.\d{3},\d+:\d\d:\d\d\.\d{3}\s*$|^Dialogue:", re.MULTILINE)


def subtitles(made: bytes, row: Row, target: str) -> None:
    text, source = made.decode("utf-8-sig"), row.file.read_text(encoding="utf-8-sig")
    must(target != "VTT" or text.startswith("WEBVTT"), "it does not begin with WEBVTT")
    near(text.count("-->"), len(CUE.findall(source)), "the number of cues")
    for cue in re.findall(r"-->.*\n(\w.*)", text):
        must(cue.strip() in source, f"the source does not say: {cue[:40]}")


HELPERS = 2000
"""Characters that may stand in for syntax that 2009 did not have; a shorter source may grow by them."""


def script(made: bytes, row: Row, target: str) -> None:
    """JavaScript that parses; smaller where it is minified; of 2009 where it is es5.js."""
    text, source = made.decode(), row.file.read_text()
    must(text.strip(), "it is empty")
    if target == "min.js" and len(source) > HELPERS and row.format != "min.js":
        must(len(text) < len(source), f"it is not smaller: {len(text)} of {len(source)} characters")
    if target == "es5.js":
        must(
            not re.search(r"=>|\b(?:const|let|class)\s|\?\?", re.sub(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", '""', text)),
            "it is newer than 2009",
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "made.mjs" if re.search(r"^\s*(?:import|export)\b|[;}]export\s*\{", text, re.MULTILINE) else "made.cjs")
        file.write_text(text)
        node = shutil.which("node")
        if node is not None:
            ended = subprocess.run((node, "--check", str(file)), capture_output=True, check=False, timeout=60)
            must(ended.returncode == 0, f"it does not parse: {ended.stderr.decode()[-150:]}")


def style(made: bytes, row: Row, target: str) -> None:
    text, source = made.decode(), row.file.read_text()
    must(text.strip(), "it is empty")
    must(text.count("{") == text.count("}"), "its braces do not match")
    must(len(text) < len(source), f"it is not smaller: {len(text)} of {len(source)} characters")


def package(made: bytes, row: Row, target: str) -> None:
    must(made.startswith(b"\xed\xab\xee\xdb"), "it does not begin as an RPM does")
