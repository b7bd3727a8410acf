"""Plain text as a picture of its first page, each line in a font that has its script."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from omnic_stream.converters.warm.pages import read_text, uncoloured
from omnic_stream.model.contracts import Call

SIZE, MARGIN, LEADING = (816, 1056), 64, 22
"""US letter at 96 dpi."""
EM = 16
LONGEST = 1_000
"""Characters of a line that are looked at."""
NOTO = "/usr/share/fonts/truetype/noto/NotoSans"
CJK = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
SCRIPTS = (
    (re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\u3000-\u303f]"), CJK),
    (re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]"), f"{NOTO}Arabic-Regular.ttf"),
    (re.compile("[\u0590-\u05ff]"), f"{NOTO}Hebrew-Regular.ttf"),
    (re.compile("[\u0900-\u097f]"), f"{NOTO}Devanagari-Regular.ttf"),
    (re.compile("[\u0e00-\u0e7f]"), f"{NOTO}Thai-Regular.ttf"),
)
LATIN = ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", f"{NOTO}-Regular.ttf")


def page(call: Call) -> dict[str, int]:
    """Dark on white, right-to-left lines at the right."""
    from PIL import Image, ImageDraw

    text = uncoloured(read_text(call)).expandtabs(4)
    image = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(image)
    fonts: dict[str | None, Any] = {}
    most = (SIZE[1] - 2 * MARGIN) // LEADING
    for number, line in zip(range(most), _wrapped(text), strict=False):
        path = next((path for letters, path in SCRIPTS if letters.search(line)), None)
        if path not in fonts:
            fonts[path] = _font(path)
        right = _right_to_left(line)
        place = (SIZE[0] - MARGIN if right else MARGIN, MARGIN + number * LEADING)
        draw.text(place, line, fill="#1d2329", font=fonts[path], anchor="ra" if right else "la")
    with os.fdopen(os.dup(call.output), "wb") as file:
        image.save(file, "PNG")
    return {"width": SIZE[0], "height": SIZE[1]}


def _wrapped(text: str) -> Iterator[str]:
    """Lines of at most the page's width, counted in half ems: broken at a space where there is one, else anywhere."""
    room = (SIZE[0] - 2 * MARGIN) // (EM // 2)
    for line in text.splitlines():
        rest = "".join(character for character in line[:LONGEST] if character.isprintable())
        while True:
            cut = _fitting(rest, room)
            if cut < len(rest) and (space := rest.rfind(" ", 0, cut)) > cut // 2:
                cut = space + 1
            yield rest[:cut]
            rest = rest[cut:]
            if not rest:
                break


def _fitting(text: str, room: int) -> int:
    used = 0
    for index, character in enumerate(text):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > room:
            return max(index, 1)
    return len(text)


def _right_to_left(line: str) -> bool:
    """By its first letter with a direction (Unicode Annex 9, rule P2)."""
    strong = next((kind for c in line if (kind := unicodedata.bidirectional(c)) in {"L", "R", "AL"}), "L")
    return strong != "L"


def _font(path: str | None) -> Any:
    from PIL import ImageFont

    for one in (path, *LATIN):
        try:
            return ImageFont.truetype(one, EM) if one else ImageFont.truetype(LATIN[0], EM)
        except OSError:
            continue
    return ImageFont.load_default(EM)
