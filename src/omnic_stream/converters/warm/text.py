"""Markdown, reStructuredText, code and notebooks to HTML; HTML to text; text to a picture."""

# Pygments and docutils carry no complete types: what they answer is made str at once
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

import html
import json
import re
from typing import Any

from omnic_stream.converters.warm.pages import cleaned, document, read_text, uncoloured, write
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import Corrupt

LONGEST_HIGHLIGHTED = 2 << 20
CODE_CSS = """
.k,.kd,.kn,.kr,.kt{color:#a626a4}.s,.s1,.s2,.sd,.sb{color:#2d7a31}.c,.c1,.cm,.ch{color:#6a737d;font-style:italic}.mi,.mf,.m,.mh{color:#986801}
.nf,.fm{color:#4078f2}.nc,.nn{color:#b26a00}.nt{color:#ca3a32}.na{color:#986801}.gi{color:#2d7a31}.gd{color:#ca3a32}.gh,.gu{font-weight:600}
@media(prefers-color-scheme:dark){.k,.kd,.kn,.kr,.kt{color:#d2a8ff}.s,.s1,.s2,.sd,.sb{color:#7ee787}.c,.c1,.cm,.ch{color:#8b949e}
.mi,.mf,.m,.mh,.na{color:#f2cc60}.nf,.fm{color:#79c0ff}.nc,.nn{color:#ffa657}.nt,.gd{color:#ff7b72}.gi{color:#7ee787}}
.linenos{color:var(--soft);user-select:none;padding-right:1em}.highlight a{text-decoration:none}
.highlight span[id]{scroll-margin-top:30vh}.highlight :target{background:#fff3c4}
@media(prefers-color-scheme:dark){.highlight :target{background:#4a3f14}}
"""
LEXERS = {"JS": "javascript", "MJS": "javascript", "es5.js": "javascript", "min.js": "javascript", "PY": "python", "TS": "typescript",
          "D.TS": "typescript", "TSX": "tsx", "CPP": "cpp", "RS": "rust", "RB": "ruby", "SH": "bash", "PL": "perl", "HS": "haskell",
          "KT": "kotlin", "CS": "csharp", "JL": "julia", "MAKE": "make", "SPEC": "spec", "NDJSON": "json", "GEOJSON": "json", "min.css": "css",
          "source-map.json": "json",
          "SVG": "xml", "KML": "xml", "GPX": "xml", "GML": "xml", "OSM": "xml",
          "CLJ": "clojure", "COFFEE": "coffeescript", "CR": "crystal", "DLANG": "d", "EL": "emacs-lisp", "ERL": "erlang",
          "EX": "elixir", "F90": "fortran", "FS": "fsharp", "GRADLE": "groovy", "HCL": "terraform", "HX": "haxe", "LISP": "common-lisp",
          "ML": "ocaml", "PAS": "pascal", "SCM": "scheme", "SOL": "solidity", "SVELTE": "html", "VB": "vb.net", "SV": "systemverilog",
          "ASM": "nasm", "WAT": "wast", "TTML": "xml", "VCF": "properties", "ICS": "properties",
          "EML": "email", "BIB": "bibtex", "PS1": "powershell", "PROTO": "protobuf"}  # fmt: skip


def markdown(call: Call) -> dict[str, int]:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.front_matter import front_matter_plugin
    from mdit_py_plugins.tasklists import tasklists_plugin

    text = read_text(call)
    renderer = (
        MarkdownIt("commonmark", {"html": True, "highlight": _block})
        .enable(["table", "strikethrough"])
        .use(footnote_plugin)
        .use(front_matter_plugin)
        .use(tasklists_plugin)
    )
    body = cleaned(str(renderer.render(text)))
    heading = re.search(r"^#\s+(.+?)\s*#*$", text, re.MULTILINE)
    return write(call, document(heading[1] if heading else "Document", body, css=CODE_CSS))


def _block(code: str, language: str, _: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return str(highlight(code, get_lexer_by_name(language or "text"), HtmlFormatter(nowrap=True)))
    except ClassNotFound:
        return html.escape(code)


def restructured(call: Call) -> dict[str, int]:
    from docutils.core import publish_parts

    settings = {
        "file_insertion_enabled": False, "raw_enabled": False, "_disable_config": True, "report_level": 5, "halt_level": 5,
        "syntax_highlight": "short", "math_output": "MathML", "doctitle_xform": True, "embed_stylesheet": False, "line_length_limit": 200_000,
    }  # fmt: skip
    parts: Any = publish_parts(read_text(call), writer="html5", settings_overrides=settings)
    return write(
        call, document(re.sub("<[^>]+>", "", str(parts["title"])) or "Document", cleaned(str(parts["html_body"])), css=CODE_CSS)
    )


def lexer_name(source: str) -> str:
    """Pygments' name for a Format. One that it does not know is for the caller to notice."""
    return LEXERS.get(source, source.lower())


def highlighted(call: Call) -> dict[str, int]:
    """Source code with line numbers that can be linked to (``#L12``)."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import TextLexer, get_lexer_by_name, guess_lexer
    from pygments.util import ClassNotFound

    text = read_text(call)
    try:
        if len(text) > LONGEST_HIGHLIGHTED:
            lexer = TextLexer()
        elif call.source == "TXT":
            text = uncoloured(text)
            lexer = guess_lexer(text[:20_000]) if text.startswith(("#!", "<?")) else TextLexer()
        else:
            lexer = get_lexer_by_name(lexer_name(call.source))
    except ClassNotFound:
        lexer = TextLexer()
    formatter = HtmlFormatter(linenos="inline", linespans="L", anchorlinenos=True, wrapcode=True)
    # As on every forge, without Pygments' hyphen. In the code itself a < is written as an entity.
    marked = re.sub(r'(?<=<span id="L)-(\d+"><a href="#L)-', r"\1", str(highlight(text, lexer, formatter)))
    return write(call, document(str(lexer.name), marked, css=CODE_CSS, wide=True))


def plain(call: Call) -> dict[str, int]:
    """Source code as it stands, in UTF-8. Over a page of it, the numbers of its lines would be words."""
    return write(call, read_text(call).encode())


def notebook(call: Call) -> dict[str, int]:
    try:
        data: Any = json.loads(read_text(call))
        # before version 4 a notebook had worksheets, of which Jupyter only ever made one
        cells: list[Any] = (
            [*data["cells"]] if "cells" in data else [cell for sheet in data["worksheets"] for cell in sheet["cells"]]
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Corrupt("The notebook is broken: it is not JSON with cells.") from error
    language = str(data.get("metadata", {}).get("language_info", {}).get("name", "python"))
    return write(call, document("Notebook", cleaned("\n".join(_cell(cell, language) for cell in cells)), css=CODE_CSS))


def _cell(cell: Any, language: str) -> str:
    """Of version 4, or of 3: there code is ``input``, and headings are cells of their own."""
    from markdown_it import MarkdownIt

    source = _joined(cell.get("source", cell.get("input", "")))
    kind = cell.get("cell_type")
    if kind == "heading":
        level = cell.get("level")
        kind, source = "markdown", f"{'#' * (level if isinstance(level, int) and 1 <= level <= 6 else 1)} {source}"
    if kind == "markdown":
        return str(MarkdownIt("commonmark").enable("table").render(source))
    if kind == "raw":
        return f"<pre>{html.escape(source)}</pre>"
    return "\n".join((f"<pre><code>{_block(source, language, '')}</code></pre>", *map(_output, cell.get("outputs", []))))


def _output(output: Any) -> str:
    """The richest of its forms that a page shows. Version 3 names them ``png`` and ``html``, and has no ``data`` around them."""
    forms = output.get("data", output)
    for kind, name in (("image/png", "png"), ("image/jpeg", "jpeg")):
        if picture := forms.get(kind, forms.get(name)):
            return f'<img alt="output" src="data:{kind};base64,{"".join(_joined(picture).split())}">'
    if page := forms.get("text/html", forms.get("html")):
        return _joined(page)
    if "traceback" in output:
        words = "\n".join(str(line) for line in output["traceback"])
    else:
        words = _joined(output.get("text") or forms.get("text/plain", ""))
    return f"<pre>{html.escape(uncoloured(words))}</pre>"


def _joined(value: Any) -> str:
    return "".join(str(line) for line in value) if isinstance(value, list) else str(value)  # type: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def words(call: Call) -> dict[str, int]:
    """The text of a page, a block a line."""
    import nh3

    text = read_text(call, declared=True)
    text = re.sub(r"(?is)<(script|style|head|title|template)\b.*?</\1\s*>", " ", text)
    text = re.sub(r"(?i)<(br|/p|/div|/h[1-6]|/li|/tr|/pre|/blockquote|hr)\b[^>]*>", "\n", text)
    text = re.sub(r"(?i)</t[dh]\b[^>]*>", " ", text)  # cells of a row are words of their own
    plain = html.unescape(nh3.clean(text, tags=set(), attributes={}))
    lines = [" ".join(line.split()) for line in plain.splitlines()]
    return write(call, (re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n").encode())
