"""MathML as drawings: WeasyPrint shows the letters of a formula and nothing of its shape."""

# ziamath carries no complete types
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false

from __future__ import annotations

import base64
import html
import re
import warnings
from typing import Any

FORMULA = re.compile(r"<(?:m:)?math\b.{0,20000}?</(?:m:)?math\s*>", re.DOTALL | re.IGNORECASE)
ANNOTATION = re.compile(r"<annotation\b[^>]*>(.*?)</annotation(?:-xml)?\s*>", re.DOTALL | re.IGNORECASE)
BLOCK = re.compile(r"""<math\b[^>]*\bdisplay\s*=\s*["']block""", re.IGNORECASE)
MOST = 3_000
"""Formulas that are drawn; what follows stays text."""
SIZE = 16.0
"""CSS pixels of an em, as a browser's text has."""


def drawn(text: str) -> str:
    """An HTML text with each formula as an inline picture on the line's base; one that cannot be drawn stays as it is."""
    if "<math" not in text.lower():
        return text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it finds its font by an old way of importlib
        import ziamath

    return FORMULA.sub(lambda found: _picture(ziamath, found[0]), text, count=MOST)


def _picture(ziamath: Any, formula: str) -> str:
    source = ANNOTATION.search(formula)
    try:
        made = ziamath.Math(ANNOTATION.sub("", formula), size=SIZE)
        svg, below = str(made.svg()), float(made.getyofst())
    except Exception:  # whatever it raises over odd MathML: a formula as letters is better than no page
        return formula
    alt = html.escape(source[1].strip() if source else re.sub("<[^>]+>", "", formula), quote=True)
    data = base64.b64encode(svg.encode()).decode()
    picture = f'<img alt="{alt}" style="vertical-align:{below:.2f}px" src="data:image/svg+xml;base64,{data}">'
    return f'<div style="text-align:center;margin:.8em 0">{picture}</div>' if BLOCK.match(formula) else picture
