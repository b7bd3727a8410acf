"""Mail and mailboxes as a page, as text, as a card and as JSON. Nothing is fetched: pictures of the network are left out and counted."""

from __future__ import annotations

import base64
import html
import json
import re
import textwrap
from urllib.parse import unquote

from omnic_stream.converters.warm.cards import Card, Row, write_card
from omnic_stream.converters.warm.dossier import basics
from omnic_stream.converters.warm.files import read
from omnic_stream.converters.warm.letters import LARGEST, Attachment, Letter, letter_of, messages
from omnic_stream.converters.warm.members import sized
from omnic_stream.converters.warm.pages import cleaned, document, write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt

MOST_MESSAGES = 200
"""Messages of a mailbox that a page shows whole."""
MOST_EMBEDDED = 24 * MiB
"""Bytes of pictures that are put into a page."""
MOST_TEXT = 4 * MiB
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
CID = re.compile(r"""(\bsrc\s*=\s*)(?:"\s*cid:([^"]*)"|'\s*cid:([^']*)'|cid:([^\s>]+))""", re.IGNORECASE)
REMOTE = re.compile(r"""<img\b[^>]*\bsrc\s*=\s*["']?\s*(?:https?:)?//""", re.IGNORECASE)
LINK = re.compile(r"""\bhttps?://[^\s<>"']*[^\s<>"'.,;:!?)\]}]""")
BODY = re.compile(r"(?is)<body\b[^>]*>(.*)(?:</body>|\Z)")
HEADERS = ("From", "Sender", "Reply-To", "To", "Cc", "Bcc")
COLOUR = "#2f5d8a"
CSS = """
.mail{border:1px solid var(--line);border-radius:8px;padding:1rem 1.25rem;margin:0 0 1.5rem}.mail h1{font-size:1.4rem;margin:0 0 .6rem}
.head{display:table;margin:0 0 1rem;border:0}.head th,.head td{
border:0;padding:.1rem .8rem .1rem 0;background:none;position:static;vertical-align:top}
.head th{color:var(--soft);font-weight:500;white-space:nowrap}.text{white-space:pre-wrap}.text .quote{color:var(--soft)}
.files{border-top:1px solid var(--line);margin-top:1.2rem;padding-top:.6rem;color:var(--soft)}.files ul{margin:.3rem 0}.note{color:var(--soft)}
figure{margin:1rem 0}figcaption{color:var(--soft);font-size:.85em}
"""


def letters(call: Call) -> list[Letter]:
    """All that the file holds. What cannot be read within a mailbox is left out. Raises Corrupt, TooExpensive."""
    data = read(call.input, LARGEST)
    if call.source != "MBOX":
        return [letter_of(data)]
    found: list[Letter] = []
    for each in messages(data):
        try:
            found.append(letter_of(each))
        except Corrupt:
            continue
    if not found:
        raise Corrupt("The mailbox holds no message that can be read.")
    return found


def page(call: Call) -> None:
    found = letters(call)
    room = [MOST_EMBEDDED]
    shown = [_shown(letter, room) for letter in found[:MOST_MESSAGES]]
    if len(found) > MOST_MESSAGES:
        shown.append(f'<p class="note">The first {MOST_MESSAGES} of {len(found):,} messages.</p>')
    title = found[0].subject if len(found) == 1 else f"{len(found):,} messages"
    body = "\n".join(shown) if len(found) == 1 else f"<h1>{title}</h1>" + "\n".join(shown)
    write(call, document(title, body, css=CSS))


def _shown(letter: Letter, room: list[int]) -> str:
    """``room``: bytes of pictures that may still be embedded."""
    pairs = [(name, letter.header(name)) for name in HEADERS] + [("Date", letter.date)]
    rows = "".join(f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in pairs if value)
    parts: dict[str | None, Attachment] = {each.cid: each for each in letter.attachments if each.cid}
    used: set[str] = set()
    bodies = [_body(kind, text[:MOST_TEXT], parts, used, room) for kind, text in letter.texts]
    files = [each for each in letter.attachments if each.cid not in used]
    figures = "".join(_figure(each, room) for each in files if each.type in PICTURES)
    forwarded = "".join(f"<h2>Forwarded</h2>{_shown(inner, room)}" for inner in letter.letters)
    return (
        f'<article class="mail"><h1>{html.escape(letter.subject)}</h1><table class="head"><tbody>{rows}</tbody></table>'
        f"{''.join(bodies)}{figures}{_files(files)}{forwarded}</article>"
    )


def _body(kind: str, text: str, parts: dict[str | None, Attachment], used: set[str], room: list[int]) -> str:
    if kind != "html":
        return _plain(_unflowed(text) if kind == "flowed" else text)

    def embedded(match: re.Match[str]) -> str:
        cid = unquote(next(group for group in match.groups()[1:] if group is not None)).strip()
        part = parts.get(cid)
        source = _data(part, room) if part is not None else None
        if source is None:
            return f'{match[1]}""'
        used.add(cid)
        return f'{match[1]}"{source}"'

    inner = BODY.search(text)
    made = cleaned(CID.sub(embedded, inner[1] if inner else text))
    remote = len(REMOTE.findall(text))
    note = (
        f'<p class="note">{remote} picture{"" if remote == 1 else "s"} of the network {"is" if remote == 1 else "are"} not shown.</p>'
        if remote
        else ""
    )
    return f"<div>{made}</div>{note}"


def _plain(text: str) -> str:
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").strip("\n").split("\n"):
        marked = LINK.sub(
            lambda match: f'<a href="{match[0]}" rel="noopener noreferrer nofollow">{match[0]}</a>', html.escape(line, quote=False)
        )
        lines.append(f'<span class="quote">{marked}</span>' if line.startswith(">") else marked)
    return f'<div class="text">{chr(10).join(lines)}</div>'


def _unflowed(text: str) -> str:
    """format=flowed (RFC 3676 section 4): a line that ends with a space goes on in the next one of the same quote depth."""
    made: list[str] = []
    depth = open_at = -1
    for line in text.replace("\r\n", "\n").split("\n"):
        quote = len(line) - len(line.lstrip(">"))
        content = line[quote:].removeprefix(" ")
        if made and open_at == quote == depth and made[-1] != "-- ":
            made[-1] += content
        else:
            made.append((">" * quote + " " if quote else "") + content)
        depth = quote
        open_at = quote if content.endswith(" ") and content != "-- " else -1
    return "\n".join(made)


def _data(part: Attachment, room: list[int]) -> str | None:
    if part.type not in PICTURES or len(part.content) > room[0] or not part.content:
        return None
    room[0] -= len(part.content)
    return f"data:{part.type};base64,{base64.b64encode(part.content).decode()}"


def _figure(part: Attachment, room: list[int]) -> str:
    source = _data(part, room)
    name = html.escape(part.name)
    return f'<figure><img alt="{name}" src="{source}"><figcaption>{name}</figcaption></figure>' if source else ""


def _files(files: list[Attachment]) -> str:
    rows = "".join(f"<li>{html.escape(each.name)} ({html.escape(each.type)}, {sized(len(each.content))})</li>" for each in files)
    return f'<div class="files">{len(files)} attachment{"" if len(files) == 1 else "s"}<ul>{rows}</ul></div>' if files else ""


def text(call: Call) -> None:
    """Headers and text, one message after the other."""
    write(call, ("\n\n" + "=" * 72 + "\n\n").join(_written(letter) for letter in letters(call)).encode("utf-8", "replace"))


def _written(letter: Letter) -> str:
    head = [(name, letter.header(name)) for name in (*HEADERS, "Subject")] + [("Date", letter.date)]
    lines = [f"{name}: {value}" for name, value in head if value]
    files = [f"[Attachment: {each.name}, {each.type}, {sized(len(each.content))}]" for each in letter.attachments]
    forwarded = [f"[Forwarded]\n\n{_written(inner)}" for inner in letter.letters]
    return "\n".join(["\n".join(lines), "", letter.plain, "", *files, *forwarded]).rstrip() + "\n"


def picture(call: Call) -> None:
    found = letters(call)
    if len(found) == 1:
        write_card(call, card_of(call, found[0]))
        return
    rows = [Row(text=each.subject, note=_who(each.header("from")), icon=COLOUR) for each in found[:MOST_MESSAGES]]
    write_card(
        call, Card(badge="MBOX", title=f"{len(found):,} messages", subtitle=_who(found[0].header("to")), rows=rows, colour=COLOUR)
    )


def card_of(call: Call, letter: Letter) -> Card:
    across = 46 if call.target.startswith("thumb.") else 78
    lines = [line for each in letter.plain[:8_000].splitlines() for line in (textwrap.wrap(each, across) or [""])]
    body = [Row(text=line) for line in lines[:60]]
    while body and not body[-1].text:
        body.pop()
    files = [Row(text=each.name, note=sized(len(each.content)), icon="file", strong=True) for each in letter.attachments]
    shown = [*files[:3], *body] if len(body) > 8 else [*body, *files]
    subtitle = ", ".join(filter(None, (_who(letter.header("from")), letter.date)))
    return Card(badge="MAIL", title=letter.subject, subtitle=subtitle, rows=shown, colour=COLOUR)


def _who(address: str) -> str:
    """The name, or the address where there is none."""
    from email.utils import parseaddr

    name, mail = parseaddr(address)
    return name or mail or address


def metadata(call: Call) -> None:
    """Each message's headers and attachments; of one mail, at the top."""
    found = [_facts(letter) for letter in letters(call)]
    more = found[0] if call.source != "MBOX" else {"count": len(found), "messages": found[:1_000]}
    write(call, json.dumps(basics(call) | more, ensure_ascii=False, indent=1).encode("utf-8", "replace"))


def _facts(letter: Letter) -> dict[str, object]:
    names = ("subject", "from", "to", "cc", "date", "message-id", "in-reply-to", "reply-to")
    return {
        **{name.replace("-", "_"): letter.header(name) for name in names if letter.header(name)},
        "parts": letter.parts,
        "attachments": [{"name": each.name, "type": each.type, "size": len(each.content)} for each in letter.attachments],
        "forwarded": [_facts(inner) for inner in letter.letters],
    }
