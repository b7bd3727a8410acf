"""A specimen laid out: what is written where, at which size. Drawn as pixels by Pillow, as outlines in SVG."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from omnic_stream.converters.warm.font_face import PRIVATE, Face, family_of, neutral
from omnic_stream.converters.warm.font_samples import DIGITS, PUNCTUATION, SAMPLES, Sample

WIDTH, LEAST, MOST = 1000, 420, 1500
"""Pixels: a specimen's width where nobody asks for one, and the bounds of its height then."""
MARGIN = 56
LEGIBLE = 0.5
"""Of the usual sizes: a small picture shows less rather than smaller letters."""
FEW = 96
"""A font of fewer characters is shown whole."""
MOST_SCRIPTS = 10
STEPS = (12, 16, 22, 30, 42, 60)
Voice = Literal["own", "caption", "rule"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Text on a baseline from x, in pixels; of a ``rule`` the size is its length."""

    x: float
    y: float
    text: str
    size: float
    voice: Voice = "own"
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    width: int
    height: int
    pieces: tuple[Piece, ...]


def sheet(face: Face, width: int = 0, height: int = 0, *, plain: bool = False) -> Sheet:
    """A specimen of the font. Given both sides: in the largest type with which all of it fits, else as much as fits.

    ``plain``: without scripts that need shaping.
    """
    width = width or WIDTH
    if not height:
        pieces, used = _Page(face, width, width / WIDTH, plain=plain).filled()
        most = round(MOST * width / WIDTH)
        high = min(max(round(used), round(LEAST * width / WIDTH)), most)
        return Sheet(width, high, tuple(piece for piece in pieces if piece.y <= high - 8))
    scale = max(min(width / 480, height / 360), LEGIBLE)
    while True:
        pieces, used = _Page(face, width, scale, plain=plain).filled()
        if used <= height or scale <= min(LEGIBLE, width / 700):
            return Sheet(
                width, height, tuple(piece for piece in pieces if piece.y + piece.size * 0.3 <= height or piece.voice == "rule")
            )
        scale *= 0.9


def samples(face: Face, *, plain: bool = False) -> list[Sample]:
    """Those whose script the font has, the one with the most characters first."""
    rank = {name: number for number, (name, _) in enumerate(face.scripts)}
    rank["Japanese"] = min(rank.get("Hiragana", 999), rank.get("Katakana", 999))
    latin = rank.get("Latin", 999)
    rank |= {"Accents": latin, "Vietnamese": latin}
    able = [s for s in SAMPLES if rank.get(s.script, 999) < 999 and (s.plain or not plain)]
    return sorted(able, key=lambda sample: (rank[sample.script], SAMPLES.index(sample)))[: MOST_SCRIPTS + 2]


class _Page:
    """A page that is written from top to bottom."""

    def __init__(self, face: Face, width: int, scale: float, *, plain: bool) -> None:
        self.face, self.width, self.scale, self.plain = face, width, scale, plain
        self.margin = min(MARGIN * scale, width * 0.08)
        self.y = self.margin
        self.pieces: list[Piece] = []

    def filled(self) -> tuple[list[Piece], float]:
        self._head()
        written = [sample for sample in samples(self.face, plain=self.plain) if self._script(sample)]
        unknown = [
            name for name, count in self.face.scripts if count >= 8 and name not in {s.script for s in SAMPLES} - {"Accents"}
        ]
        known = {"Katakana", "Hiragana", "Bopomofo"}
        others = [name for name in unknown if name not in known][: MOST_SCRIPTS - len(written)] if not self.plain else []
        for name in others:
            self._characters(name, self.face.shown(60, name), 34)
        rest = "".join(sample.alphabet for sample in written) + DIGITS + PUNCTUATION
        few = self.face.shown(FEW + 1)
        if not written and not others:
            self._grid(self.face.shown(240))
        elif len(few) <= FEW and (left := [character for character in few if character not in rest]):
            self._characters("Further characters", left, 34)
        if written:
            self._sizes(written[0])
        return self.pieces, self.y + self.margin * 0.6

    def _head(self) -> None:
        family, style = family_of(self.face.font)
        room = self.width - 2 * self.margin
        own = self.face.has(family) and (not self.plain or not _complex(family))
        voice: Voice = "own" if own else "caption"
        size = 64 * self.scale
        while size > 12 * self.scale and self._measure(family, size, voice) > room:
            size *= 0.92
        self._line(family, size, voice)
        opened = self.face.opened
        count = len(self.face.font.getGlyphOrder())
        facts = [style, _version(self.face), f"{count} glyph{'s' if count != 1 else ''}"]
        if opened.members > 1:
            facts.append(f"font {opened.member} of {opened.members}")
        self.y += 6 * self.scale
        self._line(" · ".join(fact for fact in facts if fact), 17 * self.scale, "caption", soft=True)
        self.y += 14 * self.scale
        self.pieces.append(Piece(self.margin, self.y, "", room, "rule"))
        self.y += 16 * self.scale

    def _script(self, sample: Sample) -> bool:
        """An alphabet and a sentence, as far as the font has them."""
        alphabet = self.face.of(sample.alphabet)
        sentence = next((text for text in sample.sentences if self.face.has(text)), "")
        if len(alphabet) < 8 and not sentence:
            return False
        self._label(sample.script)
        if alphabet:
            middle = next((n for n, c in enumerate(alphabet) if c.islower()), 0)
            parts = (alphabet[:middle], alphabet[middle:]) if sample.script in {"Latin", "Greek", "Cyrillic"} else (alphabet,)
            for part in filter(None, parts):
                self._wrapped(" ".join(part) if not sample.plain else part, 36, anywhere=True)
        if sample.script == self._first() and (marks := self.face.of(DIGITS + PUNCTUATION)):
            self._wrapped(marks, 36, anywhere=True)
        if sentence:
            self._wrapped(sentence, 25, anywhere=sample.script in {"Han", "Japanese", "Thai", "Lao", "Khmer", "Myanmar"})
        self.y += 8 * self.scale
        return True

    def _first(self) -> str:
        """The script below which digits stand."""
        names = [sample.script for sample in samples(self.face, plain=self.plain)]
        return "Latin" if "Latin" in names else names[0]

    def _characters(self, label: str, shown: Sequence[str], size: float) -> None:
        if shown:
            self._label(label)
            self._cells(shown, size, 1.5)
            self.y += 8 * self.scale

    def _grid(self, shown: Sequence[str]) -> None:
        """All that there is, the larger the fewer, each over its code point."""
        if not shown:
            self._line("No glyph of this font leaves ink.", 20 * self.scale, "caption", soft=True)
            return
        size = next((size for most, size in ((8, 130), (24, 88), (60, 58)) if len(shown) <= most), 40)
        self._cells(shown, size, 1.45, coded=size >= 58)

    def _cells(self, shown: Sequence[str], size: float, pitch: float, *, coded: bool = False) -> None:
        step, small = size * pitch * self.scale, 11 * self.scale
        columns = max(int((self.width - 2 * self.margin) / step), 1)
        for number, character in enumerate(shown):
            if number % columns == 0:
                self.y += step + (2.2 * small if coded else 0)
            left, _, right, _ = self.face.at(size * self.scale).getbbox(character, anchor="ls")
            fits = min(1.0, step * 0.96 / max(right - left, 1))
            x = self.margin + (number % columns + 0.5) * step - (left + right) * fits / 2
            self.pieces.append(Piece(x, self.y - step * 0.24, character, size * self.scale * fits))
            if coded and (code := _code(character)):
                wide = self._measure(code, small, "caption")
                at = self.margin + (number % columns + 0.5) * step - wide / 2
                self.pieces.append(Piece(at, self.y + small, code, small, "caption", soft=True))
        self.y += 2 * small if coded else 0

    def _sizes(self, sample: Sample) -> None:
        text = next((text for text in sample.sentences if self.face.has(text)), "")
        if not text:
            return
        self._label("Sizes")
        for step in STEPS:
            size, left = step * self.scale, self.margin + 44 * self.scale
            line = self._fitting(text, size, self.width - self.margin - left)
            self._line(line, size, "own", x=left)
            self.pieces.append(Piece(self.margin, self.pieces[-1].y, str(step), 12 * self.scale, "caption", soft=True))
            self.y += 6 * self.scale

    # --- lines

    def _label(self, text: str) -> None:
        self.y += 8 * self.scale
        self._line(text, 13 * self.scale, "caption", soft=True)
        self.y += 4 * self.scale

    def _wrapped(self, text: str, size: float, *, anywhere: bool) -> None:
        size *= self.scale
        room = self.width - 2 * self.margin
        while text:
            line = self._fitting(text, size, room, anywhere=anywhere)
            self._line(line.strip(), size, "own")
            text = text[len(line) :].strip()

    def _fitting(self, text: str, size: float, room: float, *, anywhere: bool = False) -> str:
        """As much of the text's start as has room: whole words, or ``anywhere`` but never without a mark that combines."""
        if self._measure(text, size, "own") <= room:
            return text
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._measure(text[:middle], size, "own") <= room else (low, middle - 1)
        while 1 < low < len(text) and unicodedata.category(text[low]).startswith("M"):
            low -= 1
        space = text.rfind(" ", 0, low + 1)
        return text[:space] if space > 0 and not anywhere else text[:low]

    def _line(self, text: str, size: float, voice: Voice, *, x: float | None = None, soft: bool = False) -> None:
        """A line below the last, as high as its own ink or the usual, whichever is more."""
        _, top, _, bottom = _box(self.face, text, size, voice)
        above, below = max(-top, size * 0.78), max(bottom, size * 0.26)
        self.y += above
        self.pieces.append(Piece(self.margin if x is None else x, self.y, text, size, voice, soft))
        self.y += below

    def _measure(self, text: str, size: float, voice: Voice) -> float:
        return sum(advance for _, advance in words(self.face, text, size, voice))


def words(face: Face, text: str, size: float, voice: Voice) -> list[tuple[str, float]]:
    """The text and its advance; word by word where the font has no space, which would come out as a box."""
    font = face.at(size) if voice == "own" else neutral(size)
    if voice != "own" or " " not in text or ord(" ") in face.glyphs:
        return [(text, float(font.getlength(text)))]
    parts = text.split(" ")
    return [
        (part, float(font.getlength(part)) + (0 if number == len(parts) - 1 else size * 0.3)) for number, part in enumerate(parts)
    ]


def _box(face: Face, text: str, size: float, voice: Voice) -> tuple[float, float, float, float]:
    font = face.at(size) if voice == "own" else neutral(size)
    visible = text.replace(" ", "") if voice == "own" and ord(" ") not in face.glyphs else text
    return font.getbbox(visible, anchor="ls") if visible else (0, 0, 0, 0)


def initials(face: Face) -> str:
    """What a small picture shows: two letters of the script that the font is for, else its first glyphs."""
    by_script: dict[str, Sample] = {sample.script: sample for sample in SAMPLES}
    by_script |= {"Hiragana": by_script["Japanese"], "Katakana": by_script["Japanese"]}

    def able(sample: Sample | None) -> str | None:
        return next((text for text in sample.initials if face.has(text)), None) if sample else None

    scripts = [name for name, _ in face.scripts]
    for name in scripts[:1] + (["Latin"] if "Latin" in scripts else []) + scripts[1:]:
        if (found := able(by_script.get(name))) is not None:
            return found
        if name == scripts[0] and name not in by_script and len(shown := face.shown(2, name)) == 2:
            return "".join(shown)
    return "".join(face.shown(3))


def _code(character: str) -> str:
    return f"U+{ord(character):04X}" if ord(character) < PRIVATE else ""


def _version(face: Face) -> str:
    names = face.font.get("name")
    text = str((names and names.getDebugName(5)) or "").partition(";")[0].strip()
    return text if len(text) <= 40 else ""


def _complex(text: str) -> bool:
    return any(unicodedata.bidirectional(c) in {"R", "AL"} or unicodedata.category(c).startswith("M") for c in text)
