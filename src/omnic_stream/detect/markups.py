"""Prose with marks: which of the light markup languages has them."""

from __future__ import annotations

import re

FIRST = 16000


def _many(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.MULTILINE) for pattern in patterns)


MARKS: tuple[tuple[str, tuple[re.Pattern[str], ...]], ...] = (
    (
        "ORG",
        _many(
            r"^\s*#\+\w+(?:\[[^\]\n]*\])?:", r"^\s*#\+(?:begin|end)_\w+", r"^\s*:(?:PROPERTIES|END):\s*$", r"^\*+ (?:TODO|DONE|\S)",
            r"\[\[[^\]\n]+\]\[[^\]\n]+\]\]",
        ),
    ),
    (
        "MEDIAWIKI",
        _many(
            r"^(={1,6}) ?[^=\n].*[^=\n] ?\1\s*$", r"^\{\|", r"^\|-", r"\[\[[^\]\n]+\]\]", r"''[^'\n]+''", r"<(?:syntaxhighlight|ref|nowiki|source)\b",
            r"^\{\{[^}\n]+\}?\}?", r"^__[A-Z]+__",
        ),
    ),
    (
        "ADOC",
        _many(
            r"^={1,6} \S[^\n]*[^=\s]\s*$", r"^:[\w-]+:(?: |$)", r"^\|===\s*$", r"^\[(?:source|cols|quote|NOTE|options|%|\[)[^\]\n]*\]+\s*$",
            r"^(?:-{4}|={4}|\.{4}|_{4}|\*{4})\s*$", r"^(?:NOTE|TIP|WARNING|IMPORTANT|CAUTION): ", r"(?:image|include|link|xref)::?[^\s\[]*\[",
        ),
    ),
    (
        "TYP",
        _many(
            r"^={1,6} \S[^\n]*[^=\s]\s*$", r"^#(?:set|show|let|import|include)\b", r"#(?:figure|image|table|text|align|link|cite|grid|box|block)\(",
            r"\$[^$\n]+\$", r"^(?:\+|-) \S", r"<[a-z][\w:-]*>\s*$",
        ),
    ),
    (
        "TEX",
        _many(
            r"^\s*\\(?:begin|end)\{\w+\*?\}", r"^\s*\\(?:re)?newcommand\b", r"^\s*\\(?:usepackage|input|include)\b", r"^\s*\\(?:sub)*section\b",
            r"^\s*\\(?:def|let|newenvironment|DeclareMathOperator|providecommand)\b", r"\\(?:textbf|emph|textit|cite|ref|label)\{",
            r"\\(?:alpha|beta|frac|mathbf|ensuremath|sum|int)\b",
        ),
    ),
    (
        "RST",
        _many(
            r"^\.\. [\w|:-]+::", r"^\.\. _[^:\n]+:", r":[a-z]+:`[^`\n]+`", r"^(?![=\-~^\"'`#*+.])\S.*\n([=\-~^\"'`#*+.])\1{2,}\s*$", r"\w::\s*$",
            r"^([=~^\"'`#*+.])\1{2,}\n.+\n\1{3,}\s*$", r"``[^`\n]+``", r"`[^`\n]+`_\b",
        ),
    ),
    (
        "MD",
        _many(
            r"^#{1,6} \S", r"^[-*+] \S", r"^\d+\. \S", r"^(?:```|~~~)", r"^> \S", r"^\[[^\]\n]+\]: \S", r"^\|.+\|\s*$", r"!?\[[^\]\n]*\]\([^)\n]+\)",
            r"\*\*[^*\n]+\*\*", r"(?<!`)`[^`\n]+`(?!`)",
        ),
    ),
    (
        "TEXTILE",
        _many(r"^h[1-6]\. \S", r"^(?:bq|p|bc)\. \S", r"\"[^\"\n]+\":https?://"),
    ),
)  # fmt: skip
SURE = {
    "ORG": {0, 1, 2},
    "MEDIAWIKI": {1, 3, 5, 6, 7},
    "ADOC": {2, 3, 6},
    "TYP": {1, 2},
    "TEX": {0, 1, 2, 3, 4},
    "RST": {0, 1, 2},
    "MD": {0, 3, 5, 7},
    "TEXTILE": {0},
}
"""Marks, by their place above, of which one must be there: the others stand in other languages and in prose too."""


def refined(text: str) -> str | None:
    """The language with the most kinds of marks, two at least; the first of these in the table where they tie."""
    first = text[:FIRST]
    best, most = None, 1
    for name, patterns in MARKS:
        found = {place for place, pattern in enumerate(patterns) if pattern.search(first)}
        if len(found) > most and found & SURE[name]:
            best, most = name, len(found)
    if best is None and re.match(r"= \S[^\n]*[^=\s]\n", first) and re.search(r"\$[^$\n]+\$", first):
        return "TYP"  # one heading and mathematics
    return best
