"""The HTML documents that converters make: whole, self-contained, without script, light and dark."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable

import nh3

from omnic_stream.converters.warm.encodings import decoded
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import TooExpensive

MOST_TEXT = 16 * MiB
WIDE, NARROW = ' class="wide"', ""

STYLE = """
:root{color-scheme:light dark;--ink:#1d2329;--soft:#59636e;--line:#d5dae0;--ground:#fff;--code:#f4f6f8;--link:#0b5cad}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ec;--soft:#9aa5b1;--line:#38414a;--ground:#15191d;--code:#1e2429;--link:#7db8f5}}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:46rem;background:var(--ground);color:var(--ink);
font:1rem/1.6 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:anywhere}
body.wide{max-width:none}
h1,h2,h3,h4{line-height:1.25;margin:1.6em 0 .5em}h1:first-child{margin-top:0}a{color:var(--link)}img{max-width:100%;height:auto}
pre{background:var(--code);padding:.9rem 1rem;overflow:auto;border-radius:6px;line-height:1.45}
code,pre{font-family:ui-monospace,"SF Mono",Menlo,Consolas,monospace;font-size:.9em}
blockquote{margin:1em 0;padding-left:1em;border-left:3px solid var(--line);color:var(--soft)}
table{border-collapse:collapse;display:block;overflow:auto;max-width:100%}th,td{border:1px solid var(--line);padding:.35rem .6rem;text-align:left}
th{background:var(--code);position:sticky;top:0}hr{border:0;border-top:1px solid var(--line);margin:2em 0}
@media print{body{padding:0;max-width:none}pre{white-space:pre-wrap}table{display:table}tr,img{break-inside:avoid}h1,h2,h3,h4{break-after:avoid}}
"""

TAGS = set(nh3.ALLOWED_TAGS) | {"section", "article", "header", "footer", "figure", "figcaption", "input", "main"}
ATTRIBUTES = {name: set(values) for name, values in nh3.ALLOWED_ATTRIBUTES.items()}
ATTRIBUTES["*"] = {"class", "id", "lang", "dir", "title"}
ATTRIBUTES["input"] = {"type", "checked", "disabled"}
for cell in ("td", "th"):
    ATTRIBUTES[cell] = ATTRIBUTES.get(cell, set()) | {"colspan", "rowspan", "align"}


Rewrite = Callable[[str, str, str], "str | None"]
"""Given a tag, an attribute and its value: another value, or None to drop the attribute."""


def cleaned(markup: str, rewrite: Rewrite | None = None) -> str:
    """Without script, style, frames, forms, event handlers, and without anything that a browser would fetch by itself.

    ``rewrite`` sees each attribute first. Schemes are judged before it, so it may answer what stood there, a fragment, or a picture.
    """

    def filtered(tag: str, name: str, value: str) -> str | None:
        changed = value if rewrite is None else rewrite(tag, name, value)
        return None if changed is None else _only_inline_pictures(tag, name, changed)

    return nh3.clean(
        markup,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "data"},
        attribute_filter=filtered,
        link_rel="noopener noreferrer nofollow",
    )


def _only_inline_pictures(tag: str, name: str, value: str) -> str | None:
    if name in {"src", "srcset", "poster", "background"}:
        return (
            value
            if tag == "img"
            and name == "src"
            and value.startswith(("data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp"))
            else None
        )
    if name == "href" and value.lstrip().lower().startswith("data:"):
        return None
    return value


def document(title: str, body: str, *, css: str = "", wide: bool = False) -> bytes:
    """``body`` is trusted to be clean; ``title`` is text."""
    return (
        f'<!doctype html>\n<html><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}{css}</style></head><body{WIDE if wide else NARROW}>\n{body}\n</body></html>\n"
    ).encode()


def read_text(call: Call, *, declared: bool = False) -> str:
    """The input as text; ``declared`` as for ``encodings.decoded``. Raises TooExpensive."""
    data = os.pread(call.input, MOST_TEXT + 1, 0)
    if len(data) > MOST_TEXT:
        raise TooExpensive(f"The text has more than {MOST_TEXT // MiB} MiB.")
    return decoded(data, declared=declared)


TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
"""Control sequences and operating system commands (ECMA-48 5.4, 5.6): colours, mostly."""


def uncoloured(text: str) -> str:
    """What a program wrote for a terminal, without what a terminal would not show as letters."""
    return TERMINAL.sub("", text)


def write(call: Call, data: bytes) -> dict[str, int]:
    view = memoryview(data)
    while view:
        view = view[os.write(call.output, view) :]
    return {"bytes": len(data)}
