"""Source code: which language's own words stand at the beginnings of lines."""

from __future__ import annotations

import re

FIRST = 6000
LONG_LINES = 400
"""Characters a line, on average, from which code was written by a minifier."""


def _many(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.MULTILINE) for pattern in patterns)


MARKS: tuple[tuple[str, tuple[re.Pattern[str], ...]], ...] = (
    (
        "PY",
        _many(
            r"^[ \t]*(?:async )?def \w+\(.*(?:\)|,)?",
            r"^(?:from [\w.]+ import |import [\w.]+(?: as \w+)?\s*$)",
            r"^[ \t]*class \w+(?:\([^)\n]*\))?:\s*$",
            r"^[ \t]*(?:if|elif|for|while|with|try|except|else)\b[^{;\n]*:\s*(?:#.*)?$",
            r"^[ \t]*(?:self\.\w+|return|raise|yield|pass)\b[^;{]*$",
            r"^(?:\"\"\"|''')",
            r"^[ \t]*@\w[\w.]*(?:\(.*\))?\s*$",
        ),
    ),
    (
        "JS",
        _many(
            r"^[ \t]*(?:const|let|var)\s+[\w${\[]",
            r"\bfunction\b\s*\*?\s*\w*\s*\(",
            r"=>\s*[{(\w]",
            r"\brequire\(\s*[\"']",
            r"\bmodule\.exports\b|\bexports\.\w+\s*=",
            r"^[ \t]*import\s+(?:[\w{*][^;\n]*\bfrom\s+)?[\"']",
            r"^[ \t]*export\s+(?:default|const|let|function|class|\{|\*|async)",
            r"^[\"']use strict[\"'];?",
            r"\b(?:console\.\w+|document\.\w+|window\.\w+|Promise\.\w+|JSON\.\w+)\b",
            r"===|!==",
            r"\btypeof\b",
            r"\}\s*\)\s*;?\s*$",
        ),
    ),
    (
        "C",
        _many(
            r"^[ \t]*#\s*(?:include\s*[<\"]|ifndef\b|ifdef\b|define\s+\w+)",
            r"^(?:static |extern |const |unsigned |inline )*(?:int|void|char|float|double|size_t|struct \w+)\s+\**\w+\s*\(",
            r"^[ \t]*(?:typedef|struct|enum|union)\b",
            r"\w->\w",
            r"\b(?:printf|malloc|free|sizeof|strlen|memcpy)\s*\(",
            r";\s*$",
        ),
    ),
    (
        "CPP",
        _many(
            r"^[ \t]*#\s*include\s*<(?:iostream|vector|string|map|memory|algorithm|cstd\w+)>",
            r"\bstd::\w+",
            r"^[ \t]*(?:namespace|using namespace)\b",
            r"^[ \t]*template\s*<",
            r"^[ \t]*(?:public|private|protected):\s*$",
            r"\bclass\s+\w+\s*(?::\s*public\b|\{)",
            r"\w+::\w+\s*\(",
        ),
    ),
    (
        "JAVA",
        _many(
            r"^[ \t]*package [\w.]+;\s*$",
            r"^[ \t]*import (?:static )?(?:java|javax|org|com)\.[\w.*]+;",
            r"^[ \t]*(?:public|private|protected)\s+(?:static |final |abstract )*(?:class|interface|enum|\w+(?:<[^>\n]*>)?\s+\w+\s*\()",
            r"\bSystem\.out\.print",
            r"^[ \t]*@Override\b",
            r"\bnew \w+(?:<[^>\n]*>)?\(",
        ),
    ),
    (
        "CS",
        _many(
            r"^[ \t]*using System(?:\.[\w.]+)?;",
            r"^[ \t]*namespace [\w.]+\s*[;{]?\s*$",
            r"\{ get; (?:private )?set; \}",
            r"\bConsole\.Write",
            r"^[ \t]*(?:public|internal|private) (?:sealed |static |partial )*class ",
        ),
    ),
    (
        "GO",
        _many(
            r"^package \w+\s*$",
            r"^import (?:\(|\")",
            r"^func (?:\([^)\n]*\) )?\w+\(",
            r":=",
            r"^type \w+ (?:struct|interface) \{",
            r"\bif err != nil\b",
        ),
    ),
    (
        "RS",
        _many(
            r"^[ \t]*(?:pub(?:\(\w+\))? )?(?:async )?fn \w+",
            r"^[ \t]*use (?:std|crate|super|self|\w+)::",
            r"\blet (?:mut )?\w+",
            r"^[ \t]*impl\b",
            r"^#!?\[\w+",
            r"\b(?:println|vec|format)!\(",
            r"^[ \t]*(?:pub )?(?:struct|enum|trait|mod) \w+",
            r"->\s*(?:Result|Option|Self|&|\w+)",
        ),
    ),
    (
        "RB",
        _many(
            r"^[ \t]*def \w+[?!]?(?:\(.*\))?\s*$",
            r"^[ \t]*end\s*$",
            r"^[ \t]*require(?:_relative)? ['\"]",
            r"^[ \t]*(?:class|module) [A-Z]\w*(?: < \S+)?\s*$",
            r"\bdo \|\w+",
            r"\battr_(?:reader|accessor)\b",
            r"\bputs\b",
        ),
    ),
    (
        "PL",
        _many(r"^[ \t]*use (?:strict|warnings)\b", r"^[ \t]*(?:my|our) [$@%(]", r"^[ \t]*sub \w+\s*\{", r"\$\w+->", r"=~\s*[ms/]"),
    ),
    (
        "LUA",
        _many(
            r"^[ \t]*local (?:function )?\w+",
            r"^[ \t]*(?:local )?function [\w.:]*\(.*\)\s*$",
            r"^[ \t]*end\)?\s*$",
            r"\bthen\s*$",
            r"^[ \t]*--",
            r"~=",
        ),
    ),
    (
        "SH",
        _many(
            r"^[ \t]*(?:if|while) \[{1,2} .* \]{1,2}",
            r"^[ \t]*fi\s*$",
            r"^[ \t]*done\b",
            r"^[ \t]*esac\s*$",
            r"^[ \t]*(?:export )?[A-Z_]+=[\"$\w]",
            r"\$\{\w+",
            r"^[ \t]*(?:echo|set -[eux]+|source) ",
        ),
    ),
    (
        "SQL",
        _many(
            r"(?i)^[ \t]*create (?:table|index|view|database)\b",
            r"(?i)^[ \t]*insert into\b",
            r"(?i)^[ \t]*select\b[\s\S]{1,400}?\bfrom\b",
            r"(?i)\b(?:varchar|primary key|not null|integer)\b",
            r"(?i)^[ \t]*(?:drop|alter) table\b",
            r"(?i)^[ \t]*update \w+ set\b",
            r";\s*$",
        ),
    ),
    (
        "CMAKE",
        _many(
            r"(?i)^[ \t]*cmake_minimum_required\s*\(",
            r"(?i)^[ \t]*project\s*\(",
            r"(?i)^[ \t]*(?:add_executable|add_library|target_link_libraries|find_package|include_directories)\s*\(",
            r"(?i)^[ \t]*option\s*\(",
            r"(?i)^[ \t]*set\s*\(\s*\w+",
            r"(?i)^[ \t]*end(?:if|foreach|function|macro)\s*\(",
        ),
    ),
    (
        "MAKE",
        _many(r"^\.PHONY\s*:", r"^[\w./%$()-]+\s*:(?!=)[^=\n]*\n\t\S", r"^\w+\s*[:?+]?=\s", r"\$\(\w+\)", r"^\t@?\w+"),
    ),
    (
        "CSS",
        _many(
            r"^[ \t]*[-\w]+\s*:\s*[^;{}\n]+;\s*(?:/\*.*)?$",
            r"^[ \t]*(?:[.#]?[\w-]+|\*|\[[^\]\n]+\])(?:[ ,>+~:.#\w()-]*)\s*\{\s*$",
            r"^[ \t]*@(?:media|import|font-face|charset|keyframes|define-color)\b",
            r"#[0-9a-fA-F]{3,8}\b\s*;",
            r"\b\d+(?:px|em|rem|%|pt|vh|vw)\b",
        ),
    ),
    (
        "SCSS",
        _many(
            r"^[ \t]*\$[\w-]+\s*:\s*[^;\n]+;",
            r"^[ \t]*@(?:mixin|include|extend|use|function)\b",
            r"^[ \t]*&[:.\s-]",
            r"^[ \t]*[-\w]+\s*:\s*[^;{}\n]+;\s*$",
        ),
    ),
    (
        "PHP",
        _many(r"<\?php", r"\$this->\w+", r"^[ \t]*(?:public|private|protected) function\b", r"^[ \t]*namespace [\w\\]+;"),
    ),
    (
        "SWIFT",
        _many(
            r"^import (?:UIKit|Foundation|SwiftUI)\b",
            r"^[ \t]*(?:func|init)\b.*\{\s*$",
            r"\bguard let\b|\bif let\b",
            r"^[ \t]*(?:let|var) \w+\s*(?::\s*\w+)?\s*=",
            r"^[ \t]*(?:struct|class|extension|protocol) \w+.*\{\s*$",
        ),
    ),
    (
        "KT",
        _many(
            r"^[ \t]*(?:override |private |suspend )*fun \w+\(",
            r"^[ \t]*va[lr] \w+",
            r"^package [\w.]+\s*$",
            r"^[ \t]*(?:data )?class \w+\(",
            r"^import [\w.]+\s*$",
        ),
    ),
    (
        "HS",
        _many(r"^module [\w.]+", r"^import (?:qualified )?[A-Z][\w.]+", r"^\w+ :: .+", r"^[ \t]*where\s*$", r"^data \w+ ="),
    ),
    (
        "GRAPHQL",
        _many(
            r"^(?:type|input|interface|enum|scalar|union) \w+.*\{?\s*$",
            r"^\s+\w+(?:\([^)\n]*\))?: \[?\w+!?\]?!?\s*$",
            r"^(?:query|mutation|subscription|fragment) \w+",
        ),
    ),
)
SURE = {
    "PY": {0, 1, 2, 5}, "JS": {0, 1, 3, 4, 5, 6, 7}, "C": {0, 1}, "CPP": {0, 1, 3, 4}, "JAVA": {0, 1, 2}, "CS": {0, 2, 3}, "GO": {0}, "RS": {0, 1, 5},
    "RB": {0, 2, 3}, "PL": {0, 1, 2}, "LUA": {0, 1}, "SH": {0, 1, 2, 3}, "SQL": {0, 1, 4}, "CMAKE": {0, 1, 2, 3}, "MAKE": {0, 1}, "CSS": {0, 1, 2},
    "SCSS": {0, 1}, "PHP": {0}, "SWIFT": {0, 2}, "KT": {0}, "HS": {0, 2}, "GRAPHQL": {0},
}  # fmt: skip
"""Marks, by their place above, of which one must be there."""
TYPED = _many(
    r"^[ \t]*(?:export )?(?:declare )?(?:interface|type|enum|namespace|abstract class) \w+[^\n]*[={]", r"^[ \t]*import type\b|^[ \t]*export type\b",
    r"[)\w]\??:\s*(?:string|number|boolean|void|any|unknown|Promise<|[A-Z]\w*(?:\[\]|<)?)[\s,;)=|{]", r"\bas (?:const|unknown|any|[A-Z]\w+)\b",
    r"\b(?:private|public|protected|readonly) \w+[?!]?\s*[:(]", r"\buseState<",
)  # fmt: skip
TAGGED = re.compile(r"(?:return|=>|\()\s*<[A-Za-z][\w.]*(?:\s[^<>]*)?(?:>|/>)|<>|^[ \t]*<[A-Z]\w*(?:\s|>|/)", re.MULTILINE)
CLOSED = re.compile(r"</[A-Za-z][\w.]*>|/>")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
FENCE = re.compile(r"^(?:```|~~~)", re.MULTILINE)
MODULE = re.compile(
    r"^[ \t]*(?:import\s+(?:[\w{*][^;]*?\bfrom\s+)?[\"']|export\s+(?:default|const|let|var|function|class|async|\{|\*))",
    re.MULTILINE,
)
DECLARED = re.compile(
    r"^(?:export )?declare (?:default )?(?:abstract )?(?:class|function|const|let|var|module|namespace|global|enum|type|interface)\b",
    re.MULTILINE,
)
DECLARES = re.compile(
    r"export (?:declare|default (?:class|\w+;)|type|interface|\*|\{|=)|declare |import |interface |type |///|//|/\*| ?\*|[})\];]|\s|$"
)


def refined(text: str) -> str | None:
    """The language with the most kinds of marks, two at least; the first of these in the table where they tie."""
    first = COMMENT.sub("", text[: 2 * FIRST])[:FIRST]
    if FENCE.search(first):
        return None  # prose with code in it
    best, most = None, 1
    for name, patterns in MARKS:
        found = {place for place, pattern in enumerate(patterns) if pattern.search(first)}
        if len(found) > most and found & SURE[name]:
            best, most = name, len(found)
    if DECLARED.search(first):
        return "D.TS" if _declares(text) else "TS"
    typed = sum(pattern.search(first) is not None for pattern in TYPED)
    if best == "JS" or (typed >= 3 and best is None):
        return _script(text, first, typed)
    return best


def _script(text: str, first: str, typed: int) -> str:
    """Which of JavaScript's relatives: with types, with tags, a module, or written by a minifier."""
    tagged = TAGGED.search(first) is not None and CLOSED.search(first) is not None
    if typed >= 2:
        return "TSX" if tagged else "TS"
    if len(text) > 1000 and len(text) / (text.count("\n") + 1) > LONG_LINES:
        return "min.js"
    if tagged:
        return "JSX"
    return "MJS" if MODULE.search(first) else "JS"


def _declares(text: str) -> bool:
    """Every line at the margin declares: nothing in it would run."""
    return all(DECLARES.match(line) for line in text.splitlines())
