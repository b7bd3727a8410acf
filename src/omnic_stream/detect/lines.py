"""Texts that say what they are: by how they begin, or by lines that no other kind has."""

from __future__ import annotations

import re

FIRST = 8000
"""Characters that are looked through; what begins a text is looked for at its start alone."""

BEGINS: tuple[tuple[str, str], ...] = (
    ("BEGIN:VCALENDAR", "ICS"),
    ("BEGIN:VCARD", "VCF"),
    ("WEBVTT", "VTT"),
    ("[Script Info]", "ASS"),
    ("#VRML", "VRML"),
    ("#EXTM3U", "M3U8"),
    ("ply\n", "PLY"),
    ("ply\r\n", "PLY"),
    ("xof 0", "DIRECTX"),
    ("*3DSMAX_ASCIIEXPORT", "ASE"),
    ("AC3Db", "AC3D"),
    ("# vtk DataFile", "VTK"),
    ("$MeshFormat", "MSH"),
    ("$RXN", "RXN"),
    ("@<TRIPOS>", "MOL2"),
    ("!BIOSYM archive", "CAR"),
    ("; FBX ", "FBX"),
    ("<?php", "PHP"),
    ("%YAML", "YAML"),
)
FINDS: tuple[tuple[str, str], ...] = (
    (r"\A\d+[ \t]*\r?\n\d\d:\d\d:\d\d[,.]\d{3} --> ", "SRT"),
    (r"\A.{72}S {0,6}0*1\s*$", "IGES"),
    (r"\A@CT [0-2]\r?\n", "602"),
    (r"\A\d+:\d\d:\d\d\.\d{3},\d+:\d\d:\d\d\.\d{3}\r?\n", "SBV"),
    (r"\A\{\d+\}\{\d+\}", "MICRODVD"),
    (r"\A(?:\[[a-z]+:[^\]\n]*\]\s*)*\[\d\d:\d\d\.\d\d\]", "LRC"),
    (r"\A(?:\s*999\r?\n.*\r?\n)*\s*0\r?\nSECTION\r?\n", "DXF"),
    (r"\A(?:ST|C|N|4)*n?OFF(?: BINARY)?\s+(?:#.*\s+)*\d+\s+\d+\s+\d+", "OFF"),
    (r"\Asolid\b.*\s+facet\s+normal\s", "STL"),
    (r"^f_m_ct \{", "MAE"),
    (r"\A(?:\s*//.*\n)*\s*(?:Metric\s*\(key|GeometryNode\s+\$)", "OGEX"),
    (r"\A(?:b .*\s+)?v\s*\nfrom\s+\S+\s+\S+\s+\S+\s*\nat\s", "NFF"),
    (r"\A(?:#.*\n|\s*\n)*(?:diff --git |Index: .*\n=+\n|--- [^\n]*\n\+\+\+ [^\n]*\n@@ )", "DIFF"),
    (r"^--- [^\n]*\n\+\+\+ [^\n]*\n@@ -\d", "DIFF"),
    (r"\A(?:\s*//.*\n|\s*#.*\n|\s*/\*.*?\*/)*\s*(?:strict\s+)?(?:di)?graph\b[^\n{;=]{0,200}\{", "DOT"),
    (r"\A#! ?/bin/(?:ba)?sh[^\n]*\n(?:[^\n]*\n){0,4}# This is a shell archive", "SHAR"),
    (r"\A#! ?/\S+/(?:env )?python", "PY"),
    (r"\A#! ?/\S+/(?:env )?(?:node|deno|bun)\b", "JS"),
    (r"\A#! ?/\S+/(?:env )?perl", "PL"),
    (r"\A#! ?/\S+/(?:env )?ruby", "RB"),
    (r"\A#! ?/\S+/(?:env )?lua", "LUA"),
    (r"\A#! ?/\S+/(?:env )?php", "PHP"),
    (r"\A#!", "SH"),
    (r"\A(?:'\\\" [a-z]+\s+)?(?:[.'] ?\\\".*\n|\s*\n)*\.(?:TH|Dd|\\\"|SH|de|ie|if|so) ", "MAN"),
    (r"\A(?:%.*\n|\s*\n|\\(?:PassOptionsToPackage|RequirePackage|NeedsTeXFormat).*\n)*\\document(?:class|style)\b", "TEX"),
    (r"\A(?:\s*\n|//.*\n)*---[ \t]*\r?\n(?:#.*\n|\s*\n)*(?:[\w.\"'-]+:(?:\s|$)|- )", "YAML"),
    (r"\AFROM\s+\S+.*\n(?:\s*\n|#.*\n)*(?:(?:RUN|COPY|ADD|ENV|WORKDIR|ARG|LABEL|CMD|EXPOSE|USER|ENTRYPOINT) )", "DOCKERFILE"),
    (r"\A\s*@(?:article|book|inproceedings|misc|techreport|phdthesis|incollection|string|comment)\s*[{(]", "BIB"),
    (r"\A(?:\s*//.*\n|\s*\n)*syntax\s*=\s*[\"']proto[23][\"']", "PROTO"),
)
"""In this order; ``\\A`` stands for the text's start behind its blanks."""
PATTERNS = tuple(
    (re.compile(pattern, re.MULTILINE | re.IGNORECASE if format == "BIB" else re.MULTILINE), format) for pattern, format in FINDS
)

FRONT = re.compile(r"---[ \t]*\n(?:.*\n){1,60}?---[ \t]*\n\s*(?:#|[A-Z<!\[])")
"""Settings between two lines of dashes and prose behind them: how many Markdown files begin."""
HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]?(.*)")
MAIL = frozenset(
    {"from", "to", "subject", "date", "message-id", "received", "mime-version", "return-path", "delivered-to", "content-type", "cc"}
)
NEVER = re.compile(r"(?!)")
PROVES = {
    "from": re.compile("@"), "to": re.compile("@"), "received": re.compile("from |by "), "message-id": re.compile("<"),
    "mime-version": re.compile(r"\d"),
    "date": re.compile(r"\d \w{3} \d{4} \d\d:"),
}  # fmt: skip
"""What stands in these fields in mail, and not in other texts with keys of such names."""
POSTMARK = re.compile(r"From \S+ +(?:\S+ +)?\w{3} \w{3} +\d{1,2} \d\d:\d\d(?::\d\d)? ")
SPEC = re.compile(r"^%(?:description|prep|install|files|build|changelog|package)\b", re.MULTILINE)
TOML_LINE = re.compile(r"^[\w.\"-]+ *= *(?:[\"'\[{+-]|\d|true\b|false\b)", re.MULTILINE)
SECTION = re.compile(r"^\[{1,2}[^\]\n]+\]{1,2}[ \t]*\r?$", re.MULTILINE)
SETTING = re.compile(r"^[^=\n#;\[]+[=:]", re.MULTILINE)
YAML_LINE = re.compile(r"\s*(?:#.*|(?:- +)?[\w./\"'-]+:(?: .*)?|- .*|)\Z")
KEYED = re.compile(r"[\w./-]+:(?: [^\s].*)?\Z")


def marked(text: str, start: str) -> str | None:
    """``start`` is ``text`` without the blanks before it."""
    for mark, format in BEGINS:
        if start.startswith(mark):
            return format
    first = start[:FIRST]
    for pattern, format in PATTERNS:
        if pattern.search(first):
            return "MD" if format == "YAML" and FRONT.match(first) else format
    return _mail(start) or _settings(text, first)


def _mail(start: str) -> str | None:
    """Two header fields of mail before the first empty line (RFC 5322 section 2.1); mbox puts a postmark before each (RFC 4155)."""
    lines = start[:FIRST].splitlines()
    postmark = bool(lines) and POSTMARK.match(lines[0]) is not None
    known, sure = 0, postmark
    for line in lines[1:] if postmark else lines:
        if not line.strip():
            break
        if line[0] in " \t":
            continue
        field = HEADER.match(line)
        if field is None:
            return None
        known += field[1].lower() in MAIL
        sure = sure or PROVES.get(field[1].lower(), NEVER).search(field[2]) is not None
    if known < 2 or not sure:
        return None
    return "MBOX" if postmark else "EML"


def _settings(text: str, first: str) -> str | None:
    if re.search(r"^Name:\s", first, re.MULTILINE) and re.search(r"^Version:\s", first, re.MULTILINE) and SPEC.search(first):
        return "SPEC"
    if (SECTION.search(first) and SETTING.search(first)) or len(TOML_LINE.findall(first)) >= 3:
        lines = [line.strip() for line in first.splitlines()[:-1] or first.splitlines()]
        lines = [line for line in lines if line and line[0] not in "#;"]
        fitting = sum(SECTION.match(line) is not None or SETTING.match(line) is not None for line in lines)
        if SECTION.match(first.lstrip()) or (lines and SECTION.match(lines[0])) or fitting == len(lines):
            toml = TOML_LINE.findall(first)
            if len(toml) >= 1 and len(toml) >= 0.5 * sum("=" in line and line[0] not in " \t\"'[]{}" for line in lines):
                return "TOML"
            if lines and fitting >= 0.9 * len(lines) and SECTION.match(lines[0]):
                return "INI"
    lines = [line.rstrip() for line in first.splitlines()]
    lines = lines[:-1] if len(text) > len(first) else lines
    if len(lines) >= 3 and all(YAML_LINE.match(line) for line in lines):
        keys = [line for line in lines if KEYED.match(line)]
        nested = any(line.startswith((" ", "- ")) for line in lines)
        if len(keys) >= 2 and nested and any(line.endswith(":") for line in keys):
            return "YAML"
    return None
