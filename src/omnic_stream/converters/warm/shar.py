"""Shell archives, read as text by the forms that GNU sharutils and its elders write. No shell ever sees them."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

START = re.compile(
    rb"""^[^\n]*?(?:sed\s[^\n]*?|cat\s[^\n]*?)<<\s*(?P<quote>\\|'|"|)(?P<end>[A-Za-z_][\w.-]*)(?:'|"|)(?P<rest>[^\n]*)\n""",
    re.MULTILINE,
)
TARGET = re.compile(rb""">\s*(?:'([^'\n]+)'|"([^"\n]+)"|([\w./+-]+))""")
PREFIX = re.compile(rb"""sed\s+(?:-e\s+)?['"]?s/\^(?P<mark>[^/\n]{1,4})//""")
BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} ([^\n]+)\n", re.MULTILINE)


def shar_parts(text: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each here-document that is written to a file."""
    at = 0
    while match := START.search(text, at):
        mark = b"\n" + match["end"] + b"\n"
        end = text.find(mark, match.end() - 1)
        if end < 0:
            return
        at = end + len(mark) - 1
        line, body = match[0], text[match.end() : end + 1]
        if prefix := PREFIX.search(line):
            body = b"".join(each.removeprefix(prefix["mark"]) for each in body.splitlines(keepends=True))
        if begin := BEGIN.search(body):
            yield begin[1].decode("utf-8", "replace").strip(), _uudecoded(body[begin.end() :], base64=b"-base64" in begin[0])
        elif target := TARGET.search(line.replace(b"2>&1", b"")):
            name = next(group for group in target.groups() if group)
            if name != b"/dev/null":
                yield name.decode("utf-8", "replace"), body


def _uudecoded(lines: bytes, *, base64: bool) -> bytes:
    """POSIX uuencode, both ways; a line that cannot be read ends the content."""
    made: list[bytes] = []
    for line in lines.splitlines():
        if line in {b"end", b"====", b"`"}:
            break
        try:
            made.append(binascii.a2b_base64(line) if base64 else _uu(line))
        except binascii.Error:
            break
    return b"".join(made)


def _uu(line: bytes) -> bytes:
    """One line: its length, then six bits a character. binascii refuses what sharutils leaves in the bits of a last byte not counted."""
    values = [(byte - 32) & 63 for byte in line]
    bits = b"".join(
        (a << 18 | b << 12 | c << 6 | d).to_bytes(3, "big")
        for a, b, c, d in zip(*[iter(values[1:] + [0] * (-(len(values) - 1) % 4))] * 4, strict=True)
    )
    return bits[: values[0]] if values else b""
