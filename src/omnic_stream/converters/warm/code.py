"""What a source file or a marked-up text declares: functions, classes, headings, each with its line. By patterns, not by a parser.

Comments and strings are blanked by Pygments first, so that what stands in them is not taken for code; what is nested is told by how
far it is indented. A file that does not compile has an outline all the same.
"""

# Pygments carries no complete types
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

import html
import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

from omnic_stream.converters.warm.pages import read_text, write
from omnic_stream.converters.warm.text import lexer_name
from omnic_stream.model.contracts import Call

MOST_ENTRIES = 20_000
LONGEST_CODE = 2 << 20
"""Characters of a source that are looked at: Pygments reads about one MiB a second."""
LONGEST_LINE = 500
"""Patterns are tried on shorter lines alone: a minified file has no outline that anybody reads."""


class Entry(NamedTuple):
    depth: int
    """The outer the smaller; only its order among the entries counts."""
    kind: str
    title: str
    at: int
    """Offset in the text."""


def _all(*patterns: tuple[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern, re.MULTILINE)) for kind, pattern in patterns)


# Each pattern begins with the indentation and has the name as ``name``; a kind of "" is taken from the group ``kind``.
I = r"^(?P<indent>[ \t]*)"  # noqa: E741
CALLS = r"(?!(?:if|for|while|switch|catch|return|function|else|do|try|with|new|await|typeof|super)\b)"
MODIFIERS = (
    r"(?:(?:public|private|protected|internal|static|final|abstract|override|virtual|async|sealed|synchronized|partial|extern|unsafe|"
    r"native|default|open|inline|suspend|data|export|declare|readonly|get|set|case|implicit|lazy|fileprivate|mutating|required|"
    r"convenience|@\w+(?:\([^)\n]*\))?)\s+)*"
)
SCRIPT = _all(
    ("class", I + MODIFIERS + r"class\s+(?P<name>[\w$]+)"),
    ("", I + MODIFIERS + r"(?:const\s+)?(?P<kind>interface|enum|namespace)\s+(?P<name>[\w$.]+)"),
    ("type", I + MODIFIERS + r"type\s+(?P<name>[\w$]+)\s*(?:<[^=\n]*>)?\s*="),
    ("function", I + MODIFIERS + r"function\s*\*?\s*(?P<name>[\w$]+)"),
    (
        "function",
        I
        + r"(?:export\s+)?(?:const|let|var)\s+(?P<name>[\w$]+)[^=\n]*=\s*(?:async\s+)?(?:function\b|\([^)\n]*\)[^=\n]*=>|[\w$]+\s*=>)",
    ),
    (
        "method",
        r"^(?P<indent>[ \t]+)" + MODIFIERS + CALLS + r"\*?(?P<name>[\w$#]+)\s*(?:<[^>\n]*>)?\([^;{}]{0,600}?\)\s*(?::[^{;\n]+)?\{",
    ),
)
TYPED = (
    (
        "",
        I
        + MODIFIERS
        + r"(?P<kind>class|interface|enum|record|struct|object|trait|protocol|extension|actor|namespace|delegate)\s+(?P<name>[\w.]+)",
    ),
)
CURLY = _all(
    *TYPED,
    (
        "method",
        r"^(?P<indent>[ \t]+)"
        + MODIFIERS
        + r"(?:[\w.]+(?:<[^;{}()\n]*>)?(?:\[\])*\s+)"
        + CALLS
        + r"(?P<name>\w+)\s*\([^;{}]{0,600}?\)\s*(?:throws\s[\w,.\s]+)?(?:\{|=>)",
    ),
)
NATIVE = _all(
    (
        "",
        I
        + r"(?:typedef\s+|template\s*<[^>\n]*>\s*)?(?P<kind>class|struct|union|enum|namespace)\s+(?:class\s+)?(?P<name>[\w:]+)[^;()\n]*(?:\{|$)",
    ),
    (
        "function",
        I
        + r"(?!\s|else|return|typedef)[A-Za-z_][\w:<>,&*~ \t]*?[\s*&]"
        + CALLS
        + r"(?P<name>~?[\w:]++)\s*+\([^;{}]{0,600}?\)[\w\s]*\{",
    ),
    ("macro", r"^(?P<indent>)#[ \t]*define\s+(?P<name>\w+)\("),
)
CODE: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    "PY": _all(("class", I + r"class\s+(?P<name>\w+)"), ("function", I + r"(?:async\s+)?def\s+(?P<name>\w+)")),
    **dict.fromkeys(("JS", "MJS", "TS", "TSX", "JSX", "VUE", "es5.js"), SCRIPT),
    "D.TS": (
        *SCRIPT,
        *_all(("method", r"^(?P<indent>[ \t]+)" + MODIFIERS + CALLS + r"(?P<name>[\w$]+)\??\s*(?:<[^>\n]*>)?\([^;{}]{0,600}?\)\s*:[^;{\n]+;")),
    ),
    **dict.fromkeys(("C", "CPP"), NATIVE),
    **dict.fromkeys(("JAVA", "CS"), CURLY),
    "KT": _all(*TYPED, ("function", I + MODIFIERS + r"fun\s+(?:<[^>\n]*>\s*)?(?P<name>[\w.]+)")),
    "SWIFT": _all(*TYPED, ("function", I + MODIFIERS + r"func\s+(?P<name>\w+)"), ("function", I + MODIFIERS + r"(?P<name>init)\??\(")),
    "SCALA": _all(*TYPED, ("function", I + MODIFIERS + r"def\s+(?P<name>[^\s(\[:=]+)")),
    "GO": _all(
        ("function", r"^(?P<indent>)func\s+(?:\([^)\n]*\)\s*)?(?P<name>\w+)"),
        ("", r"^(?P<indent>)type\s+(?P<name>\w+)(?:\[[^\]\n]*\])?\s+(?P<kind>struct|interface)"),
    ),
    "RS": _all(
        ("", I + r"(?:pub(?:\([^)\n]*\))?\s+)?(?:unsafe\s+)?(?P<kind>struct|enum|trait|union|mod)\s+(?P<name>\w+)"),
        ("impl", I + r"(?:unsafe\s+)?impl\b(?:\s*<[^{\n]*?>)?\s+(?P<name>[^{\n]+?)\s*(?:where\b|\{|$)"),
        ("function", I + r"(?:pub(?:\([^)\n]*\))?\s+)?(?:default\s+|const\s+|async\s+|unsafe\s+|extern\s+)*fn\s+(?P<name>\w+)"),
        ("macro", I + r"macro_rules!\s+(?P<name>\w+)"),
    ),
    "RB": _all(("", I + r"(?P<kind>class|module)\s+(?P<name>[\w:]+)"), ("function", I + r"def\s+(?P<name>(?:self\.)?[\w]+[?!=]?)")),
    "PHP": _all(
        ("", I + MODIFIERS + r"(?P<kind>class|interface|trait|enum|namespace)\s+(?P<name>[\w\\]+)"),
        ("function", I + MODIFIERS + r"function\s+&?(?P<name>\w+)"),
    ),
    "PL": _all(("package", I + r"package\s+(?P<name>[\w:]+)"), ("function", I + r"sub\s+(?P<name>\w+)")),
    "SH": _all(("function", I + r"(?:function\s+)?(?P<name>[\w:.-]+)\s*\(\)"), ("function", I + r"function\s+(?P<name>[\w:.-]+)\s*\{")),
    "PS1": _all(("", I + r"(?P<kind>(?i:function|filter|class|enum))\s+(?P<name>[\w:-]+)")),
    "LUA": _all(("function", I + r"(?:local\s+)?function\s+(?P<name>[\w.:]+)"), ("function", I + r"(?:local\s+)?(?P<name>[\w.]+)\s*=\s*function\b")),
    "HS": _all(
        ("", r"^(?P<indent>)(?P<kind>module|data|newtype|type|class|instance)\s+(?P<name>[^=\n]+?)\s*(?:=|where\b|\(|$)"),
        ("function", r"^(?P<indent>)(?P<name>[a-z_][\w']*)\s*::"),
    ),
    "R": _all(("function", I + r"(?P<name>[\w.]+)\s*(?:<-|=)\s*function\b")),
    "JL": _all(
        ("", I + r"(?:mutable\s+|abstract\s+)?(?P<kind>struct|module|macro|type)\s+(?P<name>\w+)"),
        ("function", I + r"function\s+(?P<name>[\w.!]+)"),
    ),
    "SQL": _all(
        ("", r"(?i)" + I + r"create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+|unique\s+|materialized\s+)*"
        r"(?P<kind>table|view|index|function|procedure|trigger|type|schema)\s+(?:if\s+not\s+exists\s+)?(?P<name>[\w.]+)")
    ),
    **dict.fromkeys(("CSS", "SCSS", "LESS"), _all(
        ("rule", I + r"(?P<name>[^{};@\s/][^{};\n]*?)\s*\{"),
        ("rule", I + r"(?P<name>@(?:media|supports|keyframes|mixin|layer|font-face)[^{;\n]*?)\s*\{")),
    ),
    "CMAKE": _all(("", r"(?i)" + I + r"(?P<kind>function|macro|project|add_executable|add_library)\s*\(\s*(?P<name>[\w:.-]+)")),
    "MAKE": _all(("target", r"^(?P<indent>)(?P<name>[\w./%$(){}-][^:=#\n\t]*?)\s*::?(?!=)")),
    "DOCKERFILE": _all(("stage", r"(?i)" + I + r"from\s+(?P<name>\S+(?:\s+as\s+\S+)?)")),
    "PROTO": _all(("", I + r"(?P<kind>message|enum|service|rpc|oneof)\s+(?P<name>\w+)")),
    "GRAPHQL": _all(("", I + r"(?:extend\s+)?(?P<kind>type|interface|enum|input|union|scalar|query|mutation|subscription|fragment)\s+(?P<name>\w+)")),
}  # fmt: skip
PLAIN = {
    "DIFF": _all(("file", r"^(?P<indent>)\+\+\+ (?:b/)?(?P<name>[^\t\n]+)")),
    "SPEC": _all(("section", r"^(?P<indent>)%(?P<name>(?:package|description|prep|build|install|check|files|changelog|pre|post)\b.*)")),
    "ORG": _all(("heading", r"^(?P<level>\*+)[ \t]+(?P<name>.+)")),
    "ADOC": _all(("heading", r"^(?P<level>={1,6})[ \t]+(?P<name>.+)")),
    "TYP": _all(("heading", r"^[ \t]*(?P<level>=+)[ \t]+(?P<name>.+)")),
    "MEDIAWIKI": _all(("heading", r"^(?P<level>={1,6})[ \t]*(?P<name>[^=\n].*?)[ \t]*={1,6}[ \t]*$")),
    "MAN": _all(("heading", r"^\.SH[ \t]+\"?(?P<name>[^\"\n]+)"), ("heading", r"^(?P<level>\.S)S[ \t]+\"?(?P<name>[^\"\n]+)")),
    "TEX": _all(
        ("heading", r"\\(?P<level>part|chapter|section|subsection|subsubsection|paragraph)\*?(?:\[[^\]\n]*\])?\{(?P<name>(?:[^{}]|\{[^{}]*\})+)\}")
    ),
}  # fmt: skip
PARTS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?^ {0,3}\1[`~]*\s*$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$|^(?![#>\-+*\d ])(\S[^\n]*)\n {0,3}(=+|-{2,})[ \t]*$", re.MULTILINE)
UNDERLINED = re.compile(
    r"^(?:(?P<over>[^\w\s])(?P=over){2,}[ \t]*\n)?[ \t]*(?P<name>\S[^\n]*)\n(?P<under>[^\w\s])(?P=under){2,}[ \t]*$", re.MULTILINE
)
WEB_HEADING = re.compile(r"<h([1-6])\b[^>]{0,500}>(.{0,500}?)</h\1\s*>", re.DOTALL | re.IGNORECASE)
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
LANGUAGES = (*CODE, *PLAIN, "MD", "RST", "HTML")
"""Formats that have an outline."""


def outline(call: Call) -> dict[str, int]:
    """``[{"title", "kind", "line", "children": [...]}]``; lines count from 1."""
    text = read_text(call, declared=call.source == "HTML").replace("\r\n", "\n").replace("\r", "\n")
    entries = sorted(_entries(call.source, text), key=lambda entry: entry.at)[:MOST_ENTRIES]
    breaks = [at for at, character in enumerate(text) if character == "\n"]
    nested = _nested([(entry, bisect_right(breaks, entry.at - 1) + 1) for entry in entries])
    write(call, json.dumps(nested, ensure_ascii=False, indent=1).encode())
    return {"entries": len(entries)}


def _entries(source: str, text: str) -> list[Entry]:
    if source == "MD":
        return list(_markdown(FENCE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)))
    if source == "RST":
        return list(_underlined(text))
    if source in {"HTML", "XHTML"}:
        shown = COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
        return [Entry(int(f[1]), "heading", _words(f[2]), f.start()) for f in WEB_HEADING.finditer(shown)]
    if source in PLAIN:
        return [_heading(kind, found) for kind, pattern in PLAIN[source] for found in pattern.finditer(text)]
    return _declared(source, _without_words(source, text[:LONGEST_CODE]))


def _heading(kind: str, found: re.Match[str]) -> Entry:
    level = found.groupdict().get("level") or ""
    return Entry(PARTS.index(level) if level in PARTS else len(level), kind, found["name"].strip(), found.start())


def _markdown(text: str) -> Iterator[Entry]:
    for found in HEADING.finditer(text):
        marks, title, under = found[1], found[2] or found[3], found[4]
        yield Entry(len(marks) if marks else (1 if under[0] == "=" else 2), "heading", title.strip(), found.start())


def _underlined(text: str) -> Iterator[Entry]:
    """RST: the first style of underline that is met is the highest (docutils' reference, "Sections")."""
    styles: list[tuple[str | None, str]] = []
    for found in UNDERLINED.finditer(text):
        style = (found["over"], found["under"])
        if len(found["name"].rstrip()) > len(found[0].splitlines()[-1].rstrip()) + 1:
            continue  # what is shorter than its title is no underline
        if style not in styles:
            styles.append(style)
        yield Entry(styles.index(style), "heading", found["name"].strip(), found.start("name"))


def _words(markup: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", "", markup)).split())


def _without_words(source: str, text: str) -> str:
    """The code with its comments and strings blanked, character for character."""
    from pygments.lexers import get_lexer_by_name
    from pygments.token import Comment, String

    lexer: Any = get_lexer_by_name(lexer_name(source), stripnl=False, ensurenl=False)
    kept: list[str] = []
    at = 0
    for index, kind, value in lexer.get_tokens_unprocessed(text):
        blank = (kind in Comment and kind not in Comment.Preproc) or (
            kind in String and source not in {"MAKE", "CMAKE", "SQL", "DOCKERFILE"}
        )
        kept += [text[at:index], re.sub(r"[^\n]", " ", value) if blank else value]
        at = index + len(value)
    return "".join(kept)


def _declared(source: str, text: str) -> list[Entry]:
    short = re.sub(rf"[^\n]{{{LONGEST_LINE},}}", lambda found: " " * len(found[0]), text)
    found: dict[int, Entry] = {}
    for kind, pattern in CODE[source]:
        for one in pattern.finditer(short):
            name = one.group("name").strip()
            found.setdefault(
                one.start("name"), Entry(len(one["indent"].expandtabs(4)), kind or one["kind"].lower(), name, one.start("name"))
            )
    return list(found.values())


def _nested(entries: list[tuple[Entry, int]]) -> list[dict[str, Any]]:
    top: list[dict[str, Any]] = []
    above: list[tuple[int, list[dict[str, Any]]]] = []
    for entry, line in entries:
        made: dict[str, Any] = {"title": entry.title, "kind": entry.kind, "line": line, "children": []}
        while above and above[-1][0] >= entry.depth:
            above.pop()
        (above[-1][1] if above else top).append(made)
        above.append((entry.depth, made["children"]))
    return top
