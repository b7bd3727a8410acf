"""Contact cards (vCard 2.1, 3.0 in RFC 2426, 4.0 in RFC 6350) as a page, text and a card."""

from __future__ import annotations

import base64
import binascii
import html
import json
import quopri
import re
from dataclasses import dataclass, field

from omnic_stream.converters.warm.cards import Card, Row, write_card
from omnic_stream.converters.warm.dossier import basics
from omnic_stream.converters.warm.files import read
from omnic_stream.converters.warm.pages import decoded, document, write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt

LARGEST = 32 * MiB
MOST = 1_000
LARGEST_PHOTO = 2 * MiB
MAGIC = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"), (b"RIFF", "webp"))
LABELS = {
    "TEL": "Telephone", "EMAIL": "Mail", "ADR": "Address", "URL": "Link", "BDAY": "Birthday", "IMPP": "Messaging", "NOTE": "Note",
    "CATEGORIES": "Categories", "ROLE": "Role", "ANNIVERSARY": "Anniversary", "TZ": "Time zone", "GEO": "Place", "LANG": "Language",
}  # fmt: skip
QUIET = {"PREF", "INTERNET", "VOICE", "X400"}
COLOUR = "#3c6e5a"
CSS = """
.contact{display:flex;gap:1.2rem;border:1px solid var(--line);border-radius:8px;padding:1rem 1.25rem;margin:0 0 1rem}.contact h2{margin:0}
.contact img,.initials{width:96px;height:96px;border-radius:50%;object-fit:cover;flex:none}
.initials{background:#3c6e5a;color:#fff;font-size:2rem;line-height:96px;text-align:center}.contact table{border:0;margin-top:.5rem}
.contact th,.contact td{border:0;padding:.1rem .8rem .1rem 0;background:none;position:static;vertical-align:top}.contact th{color:var(--soft);
font-weight:500}.note{color:var(--soft)}.contact td{white-space:pre-line}
"""


@dataclass(slots=True)
class Contact:
    name: str = ""
    work: str = ""
    """Title and organization."""
    facts: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    photo: str | None = None
    """A ``data:`` URI."""


def contacts(call: Call) -> list[Contact]:
    """Raises Corrupt, TooExpensive."""
    text = decoded(read(call.input, LARGEST)).replace("\r\n", "\n").replace("\r", "\n")
    found: list[Contact] = []
    lines: list[str] | None = None
    for line in _unfolded(text):
        mark = line.strip().upper()
        if mark == "BEGIN:VCARD":
            lines = []
        elif mark == "END:VCARD" and lines is not None:
            found.append(_contact(lines))
            lines = None
        elif lines is not None:
            lines.append(line)
    if not found:
        raise Corrupt("The file is broken: it holds no whole contact card.")
    return found


def _unfolded(text: str) -> list[str]:
    """RFC 6350 section 3.2: a line that begins with a space goes on; a quoted-printable one of vCard 2.1 that ends with ``=`` too."""
    made: list[str] = []
    for line in text.split("\n"):
        if made and line[:1] in {" ", "\t"}:
            made[-1] += line[1:]
        elif made and made[-1].endswith("=") and "QUOTED-PRINTABLE" in made[-1].partition(":")[0].upper():
            made[-1] = made[-1][:-1] + line
        else:
            made.append(line)
    return made


def _contact(lines: list[str]) -> Contact:
    contact = Contact()
    title = organization = ""
    for line in lines:
        head, colon, value = _parted(line)
        name, *parameters = head.split(";")
        name = name.rpartition(".")[2].upper()
        if not colon:
            continue
        if name in {"PHOTO", "LOGO"}:
            contact.photo = contact.photo or _photo(parameters, value)
            continue
        value = _plain(parameters, value)
        if name == "FN":
            contact.name = _unescaped(value)
        elif name == "N" and not contact.name:
            parts = [_unescaped(part) for part in _split(value)] + [""] * 5
            contact.name = " ".join(filter(None, (parts[3], parts[1], parts[2], parts[0], parts[4])))
        elif name == "ORG":
            organization = ", ".join(filter(None, (_unescaped(part) for part in _split(value))))
        elif name == "TITLE":
            title = _unescaped(value)
        elif name in LABELS and value.strip(" ;"):
            shown = (
                "\n".join(filter(None, (_unescaped(part).strip() for part in _split(value))))
                if name == "ADR"
                else _unescaped(value)
            )
            contact.facts.append((_label(name, parameters), re.sub(r"^(mailto|tel):", "", shown.strip())))
    contact.work = ", ".join(filter(None, (title, organization)))
    contact.name = contact.name or organization or "(without a name)"
    return contact


def _parted(line: str) -> tuple[str, str, str]:
    """At the first colon that is not within quotes."""
    quoted = False
    for at, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter == ":" and not quoted:
            return line[:at], ":", line[at + 1 :]
    return line, "", ""


def _split(value: str) -> list[str]:
    return re.split(r"(?<!\\);", value)


def _unescaped(value: str) -> str:
    return re.sub(r"\\([nN,;:\\])", lambda match: "\n" if match[1] in "nN" else match[1], value)


def _plain(parameters: list[str], value: str) -> str:
    words = [word.upper() for word in parameters]
    if any(word.endswith("QUOTED-PRINTABLE") for word in words):
        charset = next((word.partition("=")[2].strip('"') for word in parameters if word.upper().startswith("CHARSET=")), "utf-8")
        data = quopri.decodestring(value.encode("latin-1", "replace"))
        try:
            return data.decode(charset)
        except (LookupError, UnicodeDecodeError):
            return decoded(data)
    return value


def _label(name: str, parameters: list[str]) -> str:
    kinds = [
        kind.strip('"').lower()
        for word in parameters
        for kind in (word.partition("=")[2] if word.upper().startswith("TYPE=") else "" if "=" in word else word).split(",")
    ]
    kinds = [
        kind for kind in dict.fromkeys(kinds) if kind and kind.upper() not in QUIET and "quoted" not in kind and kind.isalpha()
    ]
    return f"{LABELS[name]} ({', '.join(kinds)})" if kinds else LABELS[name]


def _photo(parameters: list[str], value: str) -> str | None:
    """Only what is in the card itself, and a picture by its first bytes: addresses are never followed."""
    inline = value.lower().startswith("data:")
    if not inline and not any(word.upper().rpartition("=")[2] in {"B", "BASE64"} for word in parameters):
        return None
    try:
        data = base64.b64decode("".join((value.partition(",")[2] if inline else value).split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    kind = next((kind for magic, kind in MAGIC if data.startswith(magic)), None)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}" if kind and len(data) <= LARGEST_PHOTO else None


def page(call: Call) -> None:
    found = contacts(call)
    shown = "\n".join(_shown(contact) for contact in found[:MOST])
    more = f'<p class="note">The first {MOST:,} of {len(found):,} contacts.</p>' if len(found) > MOST else ""
    title = found[0].name if len(found) == 1 else f"{len(found):,} contacts"
    heading = "" if len(found) == 1 else f"<h1>{title}</h1>"
    write(call, document(title, heading + shown + more, css=CSS))


def _shown(contact: Contact) -> str:
    letters = "".join(word[0] for word in contact.name.split()[:2] if word).upper()
    face = f'<img alt="" src="{contact.photo}">' if contact.photo else f'<div class="initials">{html.escape(letters)}</div>'
    rows = "".join(f"<tr><th>{html.escape(label)}</th><td>{html.escape(value)}</td></tr>" for label, value in contact.facts)
    work = f'<div class="note">{html.escape(contact.work)}</div>' if contact.work else ""
    return f'<article class="contact">{face}<div><h2>{html.escape(contact.name)}</h2>{work}<table><tbody>{rows}</tbody></table></div></article>'


def text(call: Call) -> None:
    blocks = [
        "\n".join(filter(None, (each.name, each.work, *(f"{label}: {value}" for label, value in each.facts))))
        for each in contacts(call)
    ]
    write(call, ("\n\n".join(blocks) + "\n").encode("utf-8", "replace"))


def picture(call: Call) -> None:
    found = contacts(call)
    if len(found) == 1:
        rows = [Row(text=label, note=value.replace("\n", ", "), icon=COLOUR) for label, value in found[0].facts]
        write_card(call, Card(badge="VCF", title=found[0].name, subtitle=found[0].work or "Contact", rows=rows, colour=COLOUR))
        return
    rows = [Row(text=each.name, note=each.facts[0][1] if each.facts else each.work, icon=COLOUR) for each in found[:200]]
    write_card(call, Card(badge="VCF", title=f"{len(found):,} contacts", rows=rows, colour=COLOUR))


def metadata(call: Call) -> None:
    found = contacts(call)
    told = [
        {"name": each.name, "work": each.work, "photo": each.photo is not None, "facts": [list(fact) for fact in each.facts]}
        for each in found[:10_000]
    ]
    write(
        call,
        json.dumps(basics(call) | {"count": len(found), "contacts": told}, ensure_ascii=False, indent=1).encode("utf-8", "replace"),
    )
