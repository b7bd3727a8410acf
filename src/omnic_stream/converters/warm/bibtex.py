"""BibTeX databases (btxdoc, section 2): entries with their fields. Macros are filled in, TeX's accents become letters."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from omnic_stream.model.errors import Corrupt

MONTHS: Final[dict[str, str]] = dict(
    zip(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
        strict=True,
    )
)
ENTRY: Final = re.compile(r"@\s*(\w+)\s*[{(]")
NAME: Final = re.compile(r"\s*,?\s*([^\s=,{}()\"#%]+)\s*=\s*")
MARKS: Final = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306", ".": "\u0307", '"': "\u0308",
                "r": "\u030a", "H": "\u030b", "v": "\u030c", "c": "\u0327", "k": "\u0328"}  # fmt: skip
LETTERS: Final = {"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "aa": "å", "AA": "Å", "i": "ı",
                  "j": "ȷ", "&": "&", "%": "%", "$": "$", "#": "#", "_": "_"}  # fmt: skip
ACCENT: Final = re.compile(r"\{?\\([`'^~=.\"]|[uHvckr](?=[\s{]))\s*\{?\\?([A-Za-z])\}?\}?")
LETTER: Final = re.compile(r"\{?\\(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![A-Za-z])(?:\{\}|\s)?\}?|\\([&%$#_])")


def entries(text: str) -> list[dict[str, str]]:
    """Each with ``type`` and ``key`` before its fields. Raises Corrupt where there is none."""
    found: list[dict[str, str]] = []
    macros = dict(MONTHS)
    at = 0
    while (start := ENTRY.search(text, at)) is not None:
        kind = start[1].lower()
        at = start.end()
        if kind in {"comment", "preamble"}:
            at = _end(text, at)
            continue
        fields: dict[str, str] = {}
        if kind != "string":
            key = re.compile(r"\s*([^,}\s]*)").match(text, at)
            fields = {"type": kind, "key": key[1] if key else ""}
            at = key.end() if key else at
        while (name := NAME.match(text, at)) is not None:
            value, at = _value(text, name.end(), macros)
            fields[name[1].lower()] = plain(value)
        if kind == "string":
            macros |= {name.lower(): value for name, value in fields.items()}
        else:
            found.append(fields)
    if not found:
        raise Corrupt("The bibliography has no entries.")
    return found


def _end(text: str, at: int) -> int:
    """Behind the brace that closes the one just before ``at``."""
    depth = 1
    while at < len(text) and depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at


def _value(text: str, at: int, macros: dict[str, str]) -> tuple[str, int]:
    """Parts joined by #: braced, quoted, numbers, macros."""
    parts: list[str] = []
    while at < len(text):
        if text[at] == "{":
            end = _end(text, at + 1)
            parts.append(text[at + 1 : end - 1])
        elif text[at] == '"':
            end, depth = at + 1, 0
            while end < len(text) and (text[end] != '"' or depth):
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            parts.append(text[at + 1 : end])
            end += 1
        else:
            word = re.compile(r"[^\s,#{}()\"=]+").match(text, at)
            if word is None:
                break
            end = word.end()
            parts.append(macros.get(word[0].lower(), word[0]))
        more = re.compile(r"\s*#\s*").match(text, end)
        at = more.end() if more else end
        if more is None:
            break
    return "".join(parts), at


def plain(value: str) -> str:
    """Without TeX's braces, with the letters that its commands stand for."""
    value = ACCENT.sub(lambda found: unicodedata.normalize("NFC", found[2] + MARKS[found[1]]), value)
    value = LETTER.sub(lambda found: LETTERS[found[1] or found[2]], value)
    value = re.sub(r"\\(?:emph|textit|textbf|texttt|url|mbox)\s*\{([^{}]*)\}", r"\1", value)
    value = value.replace("---", "—").replace("--", "–").replace("~", " ").replace("{", "").replace("}", "")
    return " ".join(value.split())
