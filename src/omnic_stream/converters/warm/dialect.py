"""What a delimited text is written in: its encoding, its delimiter, its quotes. Nothing in the file says so (RFC 4180)."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from omnic_stream.converters.warm.encodings import LOOKED_AT, guessed
from omnic_stream.model.contracts import KiB, MiB
from omnic_stream.model.errors import Corrupt, TooExpensive

LARGEST: Final = 256 * MiB
LONGEST_LINE: Final = 4 * MiB
SAMPLE: Final = 256 * KiB
DELIMITERS: Final = ("\t", ";", "|", ",")
"""Where two would do, the first: 1,5;2,5 is two numbers of a country that writes them so."""
MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Dialect:
    encoding: str
    delimiter: str
    quote: str
    skipped: int
    """Lines before the table: ``sep=;``, comments."""


class Positioned(io.RawIOBase):
    """A descriptor read from the start, whatever offset others give it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._at = descriptor, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = os.pread(self._descriptor, len(buffer), self._at)
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)


def text_lines(descriptor: int, encoding: str) -> Iterator[str]:
    """Lines with their ends. Raises TooExpensive for one without measure."""
    with io.TextIOWrapper(
        io.BufferedReader(Positioned(descriptor), 1 << 18), encoding=encoding, errors="replace", newline=""
    ) as text:
        while line := text.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE and not line.endswith("\n"):
                raise TooExpensive(f"A line of the table is longer than {LONGEST_LINE // MiB} million characters.")
            yield line


def records(descriptor: int, dialect: Dialect) -> Iterator[list[str]]:
    """The rows, blank ones left out. Raises Corrupt, TooExpensive."""
    csv.field_size_limit(LONGEST_LINE)
    lines = text_lines(descriptor, dialect.encoding)
    for _ in range(dialect.skipped):
        next(lines, None)
    try:
        for row in _reader(lines, dialect.delimiter, dialect.quote):
            if row:
                yield row
    except csv.Error as error:
        raise Corrupt("The table cannot be read: a quoted field has no end.") from error


def _reader(lines: Iterator[str], delimiter: str, quote: str) -> Iterator[list[str]]:
    if quote:
        return csv.reader(lines, delimiter=delimiter, quotechar=quote)
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def sniffed(descriptor: int, source: str) -> Dialect:
    """By content. Raises TooExpensive for a text of more than 256 MiB."""
    size = os.fstat(descriptor).st_size
    if size > LARGEST:
        raise TooExpensive(f"The table has more than {LARGEST // MiB} MiB.")
    encoding = encoding_of(descriptor)
    lines: list[str] = []
    length = 0
    for line in text_lines(descriptor, encoding):
        lines.append(line)
        length += len(line)
        if length > SAMPLE:
            break
    skipped, said = 0, None
    if lines and (found := re.match(r"\ufeff?sep=(.)\s*$", lines[0], re.IGNORECASE)):
        skipped, said = 1, found[1]
    body = lines[skipped:]
    if source == "TSV" and any("\t" in line for line in body):
        said = "\t"
    delimiter = said or _delimiter(body)
    quote = _quote(body, delimiter)
    return Dialect(encoding, delimiter, quote, skipped + _comments(body, delimiter, quote))


def encoding_of(descriptor: int) -> str:
    """By its mark, by its zeros, as UTF-8; else Shift-JIS where that gives what Japanese is written with, else as a text's is guessed."""
    head = os.pread(descriptor, SAMPLE, 0)
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding
    if head.count(0) > len(head) // 8:
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    if _decodes(descriptor, "utf-8"):
        return "utf-8"
    if _japanese(head) and _decodes(descriptor, "cp932"):
        return "cp932"
    if (likely := guessed(head[:LOOKED_AT])) != "cp1252" and _decodes(descriptor, likely):
        return likely
    return "cp1252" if _decodes(descriptor, "cp1252") else "latin-1"


def _decodes(descriptor: int, encoding: str) -> bool:
    import codecs

    decoder = codecs.getincrementaldecoder(encoding)()
    at = 0
    try:
        while part := os.pread(descriptor, MiB, at):
            decoder.decode(part)
            at += len(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _japanese(head: bytes) -> bool:
    """Most of what is not ASCII are kana, common kanji and full-width signs: accented Latin, read so, gives rare kanji."""
    text = head.decode("cp932", "replace")
    beyond = [letter for letter in text if letter > "\x7f"]
    common = sum("\u3000" <= letter <= "\u30ff" or "\uff00" <= letter <= "\uff5f" or _first_level(letter) for letter in beyond)
    return bool(beyond) and common > 0.6 * len(beyond)


def _first_level(letter: str) -> bool:
    """Kanji of JIS X 0208's first level, which are by reading: lead bytes 88 to 97, and half of 98."""
    try:
        code = letter.encode("cp932")
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and b"\x88\x9f" <= code <= b"\x98\x72"


def _widths(lines: list[str], delimiter: str, quote: str) -> Counter[int]:
    try:
        return Counter(len(row) for row in _reader(iter(lines), delimiter, quote) if row)
    except csv.Error:
        return Counter()


def _delimiter(lines: list[str]) -> str:
    """The one that gives the most rows the same number of fields, more than one."""
    best, score = ",", 0.0
    for delimiter in DELIMITERS:
        widths = _widths(lines[:2000], delimiter, '"')
        rows = sum(widths.values())
        width, same = widths.most_common(1)[0] if widths else (1, 0)
        # one row in twenty may be torn, and a tie goes to the first
        if width > 1 and (found := round(20 * same / rows) / 20) > score:
            best, score = delimiter, found
    return best


def _quote(lines: list[str], delimiter: str) -> str:
    text = "".join(lines)
    if '"' in text:
        edge = re.escape(delimiter)
        proper = re.search(rf'(?:^|{edge})\s?"', text, re.MULTILINE)
        return '"' if proper or delimiter != "\t" else ""  # in a TSV an inch mark is a letter
    edge = re.escape(delimiter)
    single = len(re.findall(rf"(?:^|{edge})'[^'\n]*'(?={edge}|\s*$)", text, re.MULTILINE))
    return "'" if single and single > text.count("'") // 4 else '"'


def _comments(lines: list[str], delimiter: str, quote: str) -> int:
    """Lines at the top that begin with # and have not the table's width."""
    widths = _widths(lines[:2000], delimiter, quote)
    width = widths.most_common(1)[0][0] if widths else 1
    count = 0
    while count < len(lines) and lines[count].startswith("#") and width not in _widths(lines[count : count + 1], delimiter, quote):
        count += 1
    return count if width > 1 else 0
