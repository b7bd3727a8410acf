"""Mail messages (RFC 5322, MIME in RFC 2045 to 2049, 2231) and mailboxes (RFC 4155), read forgivingly and within bounds."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import Header, decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, parsedate_to_datetime
from pathlib import PurePosixPath
from typing import Any

from omnic_stream.converters.warm.files import read
from omnic_stream.converters.warm.members import Held, Member
from omnic_stream.converters.warm.pages import decoded
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

LARGEST = 128 * MiB
DEEPEST = 20
MOST_PARTS = 2_000
SEPARATOR = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]*\r?\n")
"""The line before each message of a mailbox: at its start, or after an empty line."""
QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
EXTENSIONS = {"text/plain": "txt", "text/html": "html", "message/rfc822": "eml", "image/jpeg": "jpg", "text/calendar": "ics"}


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    type: str
    content: bytes
    cid: str | None = None
    """By which the text shows it (RFC 2392)."""
    inline: bool = False


@dataclass(slots=True)
class Letter:
    headers: dict[str, str]
    """Decoded; the first of each name, in lower case."""
    texts: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """(``plain``, ``flowed`` or ``html``; the text), in order."""
    attachments: list[Attachment] = field(default_factory=list[Attachment])
    letters: list[Letter] = field(default_factory=list["Letter"])
    """Forwarded as a part."""
    parts: int = 0

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    @property
    def subject(self) -> str:
        return self.header("subject") or "(no subject)"

    @property
    def date(self) -> str:
        """In words, with the offset of who wrote it; as it stands where it is no date."""
        text = self.header("date")
        try:
            when = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return text
        return f"{when:%A}, {when.day} {when:%B %Y, %H:%M} {when.strftime('%z') or 'UTC'}"

    @property
    def plain(self) -> str:
        """The text alone."""
        return "\n\n".join(text if kind != "html" else stripped(text) for kind, text in self.texts).strip()


def letter_of(data: bytes) -> Letter:
    """Raises Corrupt for what has no header, TooExpensive for what has too many parts."""
    message = message_from_bytes(data)
    if not message.keys():
        raise Corrupt("This is no mail: it has no header.")
    return _letter(message, [0], 0)


def _letter(message: Message, seen: list[int], depth: int) -> Letter:
    headers: dict[str, str] = {}
    for name, value in message.items():
        headers.setdefault(name.lower(), words(value))
    letter = Letter(headers)
    _gather(message, letter, seen, depth)
    return letter


def _gather(part: Message, letter: Letter, seen: list[int], depth: int) -> None:
    seen[0] += 1
    letter.parts += 1
    if seen[0] > MOST_PARTS or depth > DEEPEST:
        raise TooExpensive("The mail has more parts, or parts within parts, than are read.")
    kind = part.get_content_type()
    inside = _inside(part)
    if kind == "message/rfc822" and inside:
        letter.letters.append(_letter(inside[0], seen, depth + 1))
    elif kind == "multipart/alternative" and inside:
        _alternative(inside, letter, seen, depth)
    elif inside:
        for each in inside:
            _gather(each, letter, seen, depth + 1)
    elif kind in {"text/plain", "text/html"} and _disposition(part) != "attachment":
        flowed = str(part.get_param("format") or "").lower() == "flowed"
        letter.texts.append(("html" if kind == "text/html" else "flowed" if flowed else "plain", text_of(part)))
    elif not kind.startswith("multipart/"):
        cid = words(part.get("content-id", "")).strip().strip("<>") or None
        letter.attachments.append(
            Attachment(
                _name(part) or _made_name(kind, letter),
                kind,
                _content(part),
                cid,
                _disposition(part) == "inline" or cid is not None,
            )
        )


def _alternative(parts: list[Message], letter: Letter, seen: list[int], depth: int) -> None:
    """The last that can be shown (RFC 2046 section 5.1.4): the richest text; invitations beside it are attachments."""
    shown = [each for each in parts if each.get_content_type() in {"text/plain", "text/html"} or each.is_multipart()]
    for each in parts:
        if each is (shown[-1] if shown else None) or each not in shown:
            _gather(each, letter, seen, depth + 1)
        else:
            seen[0] += 1
            letter.parts += 1


def _inside(part: Message) -> list[Message]:
    payload: Any = part.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []  # type: ignore[reportUnknownVariableType]


def _content(part: Message) -> bytes:
    try:
        content: Any = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        content = None
    return content if isinstance(content, bytes) else b""


def _disposition(part: Message) -> str:
    return str(part.get("content-disposition", "")).partition(";")[0].strip().lower()


def _name(part: Message) -> str:
    """The file name (RFC 2231; RFC 2047 words, which are not allowed there and common), without folders."""
    try:
        raw: Any = part.get_param("filename", None, "content-disposition") or part.get_param("name")
        name = words(collapse_rfc2231_value(raw)) if raw else ""
    except (LookupError, ValueError, TypeError):
        name = ""
    return "".join(letter for letter in name.replace("\\", "/").rpartition("/")[2] if letter.isprintable()).strip()


def _made_name(kind: str, letter: Letter) -> str:
    extension = EXTENSIONS.get(kind) or re.sub(r"[^a-z0-9]", "", kind.partition("/")[2])[:8] or "bin"
    return f"part-{len(letter.attachments) + 1}.{extension}"


def text_of(part: Message) -> str:
    """By its charset, or by what its bytes look like."""
    data = _content(part)
    try:
        return data.decode(part.get_content_charset() or "ascii")
    except (LookupError, UnicodeDecodeError):
        return decoded(data)


def words(value: Any) -> str:
    """A header's text: RFC 2047's encoded words, and bytes that nobody encoded, in whatever charset they are."""
    try:
        parts = decode_header(value)
    except Exception:  # the standard library meets some broken words with whatever happens to fail
        return str(value)
    made: list[str] = []
    for part, charset in parts:
        if isinstance(part, str):
            made.append(part)
            continue
        try:
            made.append(part.decode(charset or "ascii"))
        except (LookupError, UnicodeDecodeError):
            made.append(decoded(part))
    text = "".join(made) if not isinstance(value, Header) else str("".join(made))
    raw = text.encode("utf-8", "surrogateescape")
    return " ".join(decoded(raw).split())


def stripped(markup: str) -> str:
    import html

    text = re.sub(r"(?is)<(script|style|head|title|template)\b.*?</\1\s*>", " ", markup)
    text = re.sub(r"(?i)<(?:br|/p|/div|/h[1-6]|/li|/tr)\b[^>]*>", "\n", text)
    lines = [" ".join(line.split()) for line in html.unescape(re.sub(r"<[^>]*>", "", text)).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


# --- mailboxes --------------------------------------------------------------------------------------------------------------


def messages(data: bytes) -> list[bytes]:
    """Each message, without the separator and with ``>From`` undone. Raises Corrupt where there is none."""
    starts = [(match.start(), match.end()) for match in SEPARATOR.finditer(data)]
    if not starts or starts[0][0] != 0:
        raise Corrupt("This is no mailbox: it does not begin as one.")
    ends = [start for start, _ in starts[1:]] + [len(data)]
    return [QUOTED.sub(rb"\1", data[begin:end]) for (_, begin), end in zip(starts, ends, strict=True)]


def message(call: Call) -> None:
    """One message of a mailbox, by its number (``page``, 1 is the first)."""
    from omnic_stream.converters.warm.pages import write

    found, wanted = messages(read(call.input, LARGEST)), int(call.arguments.get("page", "1"))
    if wanted > len(found):
        raise ConverterFailed(f"The mailbox has {len(found)} messages, so there is no message {wanted}.")
    write(call, found[wanted - 1])


def message_members(call: Call) -> Iterator[Held]:
    """The messages of a mailbox as an archive's members."""
    for number, data in enumerate(messages(read(call.input, LARGEST)), 1):
        try:
            subject = letter_of(data).subject
        except Corrupt:
            subject = ""
        name = " ".join(re.sub(r"[^\w .-]+", " ", subject).split())[:60] or "message"
        yield Member(name=f"{number:04} {name}.eml", size=len(data)), io.BytesIO(data)


def part_members(call: Call) -> Iterator[Held]:
    """The attachments of a mail as an archive's members; of forwarded mails, in folders."""
    yield from _members(letter_of(read(call.input, LARGEST)), "")


def _members(letter: Letter, folder: str) -> Iterator[Held]:
    taken: set[str] = set()
    for each in letter.attachments:
        path, name, number = PurePosixPath(each.name), each.name, 2
        while name in taken:
            name, number = f"{path.stem} ({number}){path.suffix}", number + 1
        taken.add(name)
        yield Member(name=folder + name, size=len(each.content)), io.BytesIO(each.content)
    for number, inner in enumerate(letter.letters, 1):
        yield from _members(inner, f"{folder}forwarded {number}/")
