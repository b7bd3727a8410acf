"""Archives: what they hold as JSON, as a page and as a picture; packed anew as a ZIP, and unpacked."""

from __future__ import annotations

import html
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from omnic_stream.converters.warm import letters, parcels, repository, unpackers
from omnic_stream.converters.warm.cards import Card, Row, write_card
from omnic_stream.converters.warm.members import MOST_LISTED, Budget, Chosen, Held, Member, allowance, counted, placed, sized
from omnic_stream.converters.warm.pages import document, write
from omnic_stream.converters.warm.readers import READERS, failures_in_plain_words, zip_members
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed, TooExpensive

MOST_ROWS = 2_000
MOST_FILES = 19_000
"""Files of an unpacked folder: the runner takes 20,000 entries with their folders."""
CONTENTS: dict[str, Callable[[Call], Iterator[Held]]] = {
    **READERS, **unpackers.PROGRAMS, "ZIP": zip_members, "DEB": parcels.deb_files, "RPM": parcels.rpm_files,
    "GIT.BUNDLE": repository.bundle_members,
    "EML": letters.part_members,
    "MBOX": letters.message_members,
}  # fmt: skip
LISTED: dict[str, Callable[[Call], list[Member]]] = {**unpackers.LISTINGS, "RPM": parcels.rpm_payload}
PAYLOADS = frozenset({"DEB", "RPM"})
"""Packages: an archive within an archive, and the inner one is what counts."""
KINDS = {
    "APK": "Android app",
    "DEB": "Debian package",
    "JAR": "Java archive",
    "RPM": "RPM package",
    "WHL": "Python wheel",
    "ISO": "Disc image",
    "EML": "Mail",
    "MBOX": "Mailbox",
}
CSS = """
.tree td{border:0;border-bottom:1px solid var(--line);padding:.25rem .6rem;vertical-align:top}.tree td+td{text-align:right;white-space:nowrap;
color:var(--soft);font-variant-numeric:tabular-nums}.tree .folder{font-weight:600}.note{color:var(--soft)}.tree{width:100%}
"""


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that a listing says."""

    members: Sequence[Member]
    truncated: bool
    payload: Sequence[Member] | None = None
    left_out: Sequence[tuple[str, str]] = ()
    commits: Sequence[repository.Commit] = ()
    """Of a repository, the newest first."""

    @property
    def shown(self) -> Sequence[Member]:
        return self.members if self.payload is None else self.payload


# --- reading ----------------------------------------------------------------------------------------------------------------


def contents(call: Call) -> Iterator[Held]:
    return counted(CONTENTS.get(call.source, zip_members)(call))


def told(call: Call) -> Told:
    """Raises Corrupt, TooExpensive, ConverterFailed."""
    with failures_in_plain_words():
        if call.source == "GIT.BUNDLE":
            _, commits, _, members = repository.about(call)
            return Told(members, truncated=False, commits=commits)
        if call.source in LISTED:
            members = LISTED[call.source](call)
        elif call.source in READERS:
            members = list(_measured(call, counted(READERS[call.source](call))))
        else:
            members = list(_measured(call, contents(call)))
        payload = [member for member, _ in contents(call)] if call.source in PAYLOADS else None
    return Told(members, any(member.size is None for member in members), payload)


def _measured(call: Call, held: Iterator[Held]) -> Iterator[Member]:
    """A compressed file does not say how long it is: its content is counted, as far as is allowed."""
    most = allowance(os.fstat(call.input).st_size)
    for member, content in held:
        if member.size is not None or content is None:
            yield member
            continue
        count = 0
        while chunk := content.read(1 << 18):
            count += len(chunk)
            if count > most:
                break
        yield replace(member, size=count if count <= most else None)


def _listing(all_of: Told) -> dict[str, Any]:
    members = [member.told(number) for number, member in enumerate(all_of.members[:MOST_LISTED], 1)]
    made: dict[str, Any] = {
        "members": members,
        "count": len(all_of.members),
        "size": sum(member.size or 0 for member in all_of.members),
        "truncated": all_of.truncated or len(all_of.members) > MOST_LISTED,
    }
    if all_of.commits:
        made["commits"] = [asdict(commit) for commit in all_of.commits]
    if all_of.payload is not None:
        made["payload"] = _listing(Told(all_of.payload, truncated=False))
    return made


def listing(call: Call) -> None:
    """``listing.json``: ``members``, ``count``, ``size`` (unpacked bytes together), ``truncated``; of a package, ``payload``.

    A member's ``name`` is what an address names it by (``<member:...>``). It may be hostile, and may lead nowhere.
    """
    write(call, json.dumps(_listing(told(call)), ensure_ascii=False, indent=1).encode("utf-8", "replace"))


# --- showing ----------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Branch:
    """A folder of the tree; ``size`` of all below."""

    name: str
    member: Member | None
    branches: dict[str, Branch]
    size: int = 0


def tree(members: Sequence[Member]) -> Branch:
    """By the names' slashes. A name that leads nowhere stands as a whole at the top."""
    root = Branch("", None, {})
    for member in members:
        place = placed(member.name)
        parts = place.split("/") if place is not None else [member.name]
        here = root
        here.size += member.size or 0
        for part in parts:
            here = here.branches.setdefault(part, Branch(part, None, {}))
            here.size += member.size or 0
        here.member = member
    return root


def _walked(branch: Branch, depth: int = 0) -> Iterator[tuple[int, Branch]]:
    """Folders first, then by name; not by recursion of Python, for names may be deep."""
    todo = [(depth, each) for each in _ordered(branch)]
    while todo:
        level, here = todo.pop()
        yield level, here
        todo += [(level + 1, each) for each in _ordered(here)]


def _ordered(branch: Branch) -> list[Branch]:
    return sorted(branch.branches.values(), key=lambda each: (not _is_folder(each), each.name.casefold()), reverse=True)


def _is_folder(branch: Branch) -> bool:
    return bool(branch.branches) or (branch.member is not None and branch.member.kind == "directory")


def summed(members: Sequence[Member]) -> str:
    files, folders = sum(each.kind != "directory" for each in members), sum(each.kind == "directory" for each in members)
    words = [f"{files:,} file{'' if files == 1 else 's'}"]
    words += [f"{folders:,} folder{'' if folders == 1 else 's'}"] if folders else []
    return ", ".join(words)


def kind_of(source: str) -> str:
    return KINDS.get(source, f"{source} archive")


def page(call: Call) -> None:
    """The tree with sizes and times."""
    if call.source == "GIT.BUNDLE":
        write(call, _repository_page(call))
        return
    all_of = told(call)
    write(call, document(kind_of(call.source), _tree_page(call, all_of, lambda place: None), css=CSS))


def _repository_page(call: Call) -> bytes:
    """Branches, the last commits, the files of HEAD, and the README as it is written."""
    with failures_in_plain_words():
        branches, commits, readme, members = repository.about(call)
    rows = "".join(
        f"<tr><td>{html.escape(commit.subject)}</td><td>{html.escape(commit.author)}</td><td>{commit.when[:10]}</td><td>{commit.sha[:10]}</td></tr>"
        for commit in commits
    )
    words = f"<h2>{html.escape(readme[0])}</h2><pre>{html.escape(readme[1])}</pre>" if readme else ""
    body = (
        f'<h1>Git repository</h1><p class="note">{html.escape(", ".join(branches[:50]))}</p>'
        f'<h2>Commits</h2><table class="tree"><tbody>{rows}</tbody></table>'
        f"<h2>Files</h2>{tree_table(call, Told(members, truncated=False))}{words}"
    )
    return document("Git repository", body, css=CSS)


def _tree_page(call: Call, all_of: Told, link: Callable[[str], str | None]) -> str:
    return f"<h1>{html.escape(kind_of(call.source))}</h1>{tree_table(call, all_of, link)}"


def tree_table(call: Call, all_of: Told, link: Callable[[str], str | None] = lambda place: None) -> str:
    """The sums, the tree, and what was left out: clean markup. ``link`` tells where a member's name leads."""
    members = all_of.shown
    size = sum(member.size or 0 for member in members)
    packed = os.fstat(call.input).st_size
    rows: list[str] = []
    for depth, branch in _walked(tree(members)):
        if len(rows) >= MOST_ROWS:
            rows.append(f'<tr><td colspan="3" class="note">The first {MOST_ROWS:,} of {len(members):,}.</td></tr>')
            break
        rows.append(_tree_row(depth, branch, link))
    left_out = "".join(f"<li>{html.escape(name)}: {html.escape(reason)}</li>" for name, reason in all_of.left_out[:200])
    return (
        f'<p class="note">{html.escape(summed(members))}; {sized(size)}, packed in {sized(packed)}.</p>'
        f'<table class="tree"><tbody>{"".join(rows)}</tbody></table>'
        + (f"<h2>Left out</h2><ul>{left_out}</ul>" if left_out else "")
    )


def _tree_row(depth: int, branch: Branch, link: Callable[[str], str | None]) -> str:
    member, folder = branch.member, _is_folder(branch)
    name = html.escape(branch.name) + ("/" if folder else "")
    if member is not None and not folder and (place := placed(member.name)) is not None and (to := link(place)):
        name = f'<a href="{html.escape(to)}">{name}</a>'
    notes: list[str] = []
    if member is not None and member.kind in {"link", "special"}:
        notes.append(f"→ {html.escape(member.target or '')}" if member.kind == "link" else "device or pipe")
    if member is not None and member.encrypted:
        notes.append("encrypted")
    note = f' <span class="note">{", ".join(notes)}</span>' if notes else ""
    when = (member.modified or "").replace("T", " ")[:16] if member is not None else ""
    size = sized(branch.size if folder else member.size if member is not None else 0)
    return (
        f'<tr><td style="padding-left:{0.6 + 1.3 * min(depth, 20):.1f}rem"{" class=folder" if folder else ""}>{name}{note}</td>'
        f"<td>{size}</td><td>{when}</td></tr>"
    )


def picture(call: Call) -> None:
    all_of = told(call)
    members = all_of.shown
    rows = tree_rows(members)
    size = sum(member.size or 0 for member in members)
    write_card(
        call, Card(badge=call.source, title=summed(members), subtitle=f"{kind_of(call.source)}, {sized(size)} unpacked", rows=rows)
    )


def tree_rows(members: Sequence[Member]) -> list[Row]:
    return [_row(depth, branch) for depth, branch in _walked(tree(members[:MOST_LISTED]))]


def _row(depth: int, branch: Branch) -> Row:
    folder, member = _is_folder(branch), branch.member
    if member is not None and member.kind == "link":
        return Row(text=branch.name, note=f"→ {(member.target or '')[-40:]}", depth=depth, icon="file")
    size = branch.size if folder else member.size if member is not None else 0
    return Row(text=branch.name, note=sized(size), depth=depth, icon="folder" if folder else "file", strong=folder)


# --- unpacking --------------------------------------------------------------------------------------------------------------


@contextmanager
def filling(call: Call) -> Iterator[io.BufferedRandom]:
    with os.fdopen(os.dup(call.output), "w+b") as file, failures_in_plain_words():
        yield file


def _taken(call: Call, chosen: Chosen) -> Iterator[tuple[str, Member, Any]]:
    """Place, member and whole content of every file that may come out."""
    budget = Budget(os.fstat(call.input).st_size)
    for member, content in contents(call):
        place = chosen.place(member)
        if place is None:
            continue
        if content is None:
            chosen.left_out.append((member.name, "its content was not to be had"))
            continue
        with budget.spooled(content) as file:
            yield place, member, file


def zipped(call: Call) -> None:
    """A plain ZIP of the files. What was left out is told in its comment."""
    chosen = Chosen()
    with filling(call) as made, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, member, file in _taken(call, chosen):
            info = zipfile.ZipInfo(place, _zip_date(member.modified))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            with archive.open(info, "w") as into:
                while chunk := file.read(1 << 18):
                    into.write(chunk)
        _refuse_all_encrypted(chosen, len(archive.infolist()))
        archive.comment = "; ".join(f"Left out: {name} ({reason})" for name, reason in chosen.left_out[:100]).encode()[:60_000]


def _refuse_all_encrypted(chosen: Chosen, taken: int) -> None:
    if not taken and any(reason == "encrypted" for _, reason in chosen.left_out):
        raise ConverterFailed(unpackers.PASSWORD)


def _zip_date(modified: str | None) -> tuple[int, int, int, int, int, int]:
    try:
        when = datetime.fromisoformat(modified or "")
    except ValueError:
        return (1980, 1, 1, 0, 0, 0)
    return (
        (when.year, when.month, when.day, when.hour, when.minute, when.second)
        if 1980 <= when.year < 2108
        else (1980, 1, 1, 0, 0, 0)
    )


def tarred(call: Call) -> None:
    """A plain tar of the files."""
    chosen = Chosen()
    with filling(call) as made, tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for place, _, file in _taken(call, chosen):
            _add(archive, place, file.seek(0, os.SEEK_END), file)
        _refuse_all_encrypted(chosen, len(archive.getmembers()))


def unpacked(call: Call) -> None:
    """A folder: the files below ``files/``, and ``index.html``, which lists them."""
    chosen, members = Chosen(), list[Member]()
    with filling(call) as made, tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for place, member, file in _taken(call, chosen):
            if len(members) >= MOST_FILES:
                raise TooExpensive(f"The archive has more than the {MOST_FILES:,} files that are unpacked.")
            size = file.seek(0, os.SEEK_END)
            _add(archive, f"files/{place}", size, file)
            members.append(replace(member, name=place, size=size))
        _refuse_all_encrypted(chosen, len(members))
        listed = Told(members, truncated=False, left_out=chosen.left_out)
        index = document(kind_of(call.source), _tree_page(call, listed, lambda place: quote(f"files/{place}")), css=CSS)
        _add(archive, "index.html", len(index), io.BytesIO(index))


def _add(archive: tarfile.TarFile, name: str, size: int, file: Any) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    file.seek(0)
    archive.addfile(info, file)
