"""Which characters the bytes of a text are: by mark, by declaration, else by which reading gives letters that belong together."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LOOKED_AT = 1 << 16
"""Bytes by which a text without a mark is judged."""
DECLARED = re.compile(rb"""<(?:meta\b[^>]*?charset\s*=|\?xml\b[^>]*?encoding\s*=)\s*["']?\s*([\w:.-]{2,40})""", re.IGNORECASE)

KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc]")
HANGUL = re.compile("[\uac00-\ud7a3]")
CYRILLIC_WORD = re.compile("[\u0430-\u044f\u0451]{3,}")
COMMON_CHINESE = frozenset(
    "的一是不了在人有我他这個个们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于於着下自之年过過"
)
FOREIGN = re.compile("[^\x00-\x7f]")


def decoded(data: bytes, *, declared: bool = False) -> str:
    """The text; what cannot be read in it becomes U+FFFD. ``declared``: HTML and XML say in their head what they are written in."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if len(data) > 3 and (encoding := _sixteen(data[:LOOKED_AT])) is not None:
        return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data" and error.start >= len(data) - 3
        if cut and not data[: error.start].isascii():  # UTF-8 that ends in mid-character
            return data.decode("utf-8", "replace")
    if declared and (found := DECLARED.search(data[:2048])) and (known := _known(found[1].decode("ascii"))):
        return data.decode(known, "replace")
    return data.decode(guessed(data[:LOOKED_AT]), "replace")


def guessed(head: bytes) -> str:
    """The encoding of a text that is not UTF-8 and says nothing: Japanese, Korean, Chinese, Cyrillic, else Western (cp1252)."""
    best, most = "cp1252", 0.25
    for encoding, likely in (
        ("cp932", _share_of(KANA)),
        ("euc_jp", _share_of(KANA)),
        ("euc_kr", _share_of(HANGUL)),
        ("gb18030", _chinese),
        ("big5", _chinese),
        ("cp1251", _small_cyrillic),
        ("koi8_r", _small_cyrillic),
        ("cp866", _small_cyrillic),
    ):
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(head) - 3:
                continue
            text = head[: error.start].decode(encoding)
        share = likely(text)
        if share > most:
            best, most = encoding, share
    return best


def _sixteen(head: bytes) -> str | None:
    """UTF-16 without a mark, where most characters are below U+0100: every other byte is zero."""
    pairs = len(head) // 2
    even, odd = head[: pairs * 2 : 2].count(0), head[1 : pairs * 2 : 2].count(0)
    if odd > pairs * 0.4 and even < pairs * 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > pairs * 0.4 and odd < pairs * 0.05 else None


def _known(name: str) -> str | None:
    """What browsers take the name for: Latin-1 is Windows-1252, Shift-JIS has Windows' additions (WHATWG Encoding Standard 4.2)."""
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return None
    if found.startswith("utf-16"):
        return "utf-8"  # a declaration that could be read as ASCII is not true
    return {"iso8859-1": "cp1252", "ascii": "cp1252", "shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030"}.get(found, found)


def _share_of(letters: re.Pattern[str]) -> Callable[[str], float]:
    def share(text: str) -> float:
        foreign = len(FOREIGN.findall(text))
        return len(letters.findall(text)) / foreign if foreign else 0.0

    return share


def _chinese(text: str) -> float:
    """The commonest characters make up a quarter of what is written; read in a wrong encoding they are rare."""
    foreign = FOREIGN.findall(text)
    return min(sum(character in COMMON_CHINESE for character in foreign) * 3 / len(foreign), 1.0) if foreign else 0.0


def _small_cyrillic(text: str) -> float:
    """Small letters in runs: accents of Western words stand alone among ASCII letters, and KOI8 read as cp1251 is all capitals.

    Most of what is not ASCII has to be such: an ÄÖÜ among accents would be one run of KOI8.
    """
    foreign = len(FOREIGN.findall(text))
    runs = sum(len(run) for run in CYRILLIC_WORD.findall(text))
    return runs / foreign if runs * 2 > foreign else 0.0
