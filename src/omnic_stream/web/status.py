"""How it stands, without starting anything: ``just_checking=1`` for one, ``POST /media/status`` for many."""

from __future__ import annotations

from typing import Any

import msgspec
import trio

from omnic_stream.model.contracts import Wanted
from omnic_stream.model.errors import BadAddress, OmnicError, TooLarge
from omnic_stream.web.access import Signature
from omnic_stream.web.reply import Reply, plain
from omnic_stream.web.site import Site

MOST_ENTRIES = 1000
MOST_BYTES = 1 << 20
BREATH = 16
"""Entries looked up before others get a turn: each is a row or two of the catalogue."""


class Entry(msgspec.Struct, frozen=True):
    url: str
    type: str
    profile: str | None = None
    kid: str | None = None
    exp: int | str | None = None
    sig: str | None = None


_entries = msgspec.json.Decoder(list[msgspec.Raw]).decode
_entry = msgspec.json.Decoder(Entry).decode


def described(site: Site, wanted: Wanted, *, url: str, type: str) -> Reply:
    return plain(200, "application/json", msgspec.json.encode(_state(site, wanted, url=url, type=type)))


async def many(body: bytes, site: Site) -> Reply:
    """The same objects as for one, in the order of the request; what is wrong with an entry stands in its object."""
    if len(body) > MOST_BYTES:
        raise TooLarge("The body may be 1 MiB: ask in several requests.")
    try:
        raw = _entries(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadAddress('Send a JSON array of objects: [{"url": ..., "type": ...}].') from None
    if len(raw) > MOST_ENTRIES:
        raise TooLarge(f"One request may ask for {MOST_ENTRIES} entries.")
    states: list[dict[str, Any]] = []
    for number, entry in enumerate(raw):
        if number % BREATH == BREATH - 1:
            await trio.lowlevel.checkpoint()
        states.append(_entry_state(entry, site))
    return plain(200, "application/json", msgspec.json.encode(states))


def _entry_state(raw: msgspec.Raw, site: Site) -> dict[str, Any]:
    try:
        entry = _entry(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {"url": None, "type": None, "ready": False, "state": "failed", "code": BadAddress.code}
    try:
        wanted = site.wanted(entry.url, entry.type, entry.profile)
        exp = None if entry.exp is None else str(entry.exp)
        site.access.check(target=entry.type, url=entry.url, signature=Signature(entry.kid, exp, entry.sig))
    except OmnicError as error:
        return {"url": entry.url, "type": entry.type, "ready": False, "state": "failed", "code": error.code}
    return _state(site, wanted, url=entry.url, type=entry.type)


def _state(site: Site, wanted: Wanted, *, url: str, type: str) -> dict[str, Any]:
    """``url`` and ``type`` exactly as asked. Renews the lease of a live Job."""
    status = site.jobs.status(wanted)
    told: dict[str, Any] = {"url": url, "type": type, "ready": status.state == "ready", "state": status.state}
    if status.finished is not None:
        made = status.finished.artifact
        told["href"] = site.links.artifact(made.key, made.entry, made.directory)
    if status.code is not None:
        told["code"] = status.code
    if status.state not in {"absent", "ready", "failed"}:
        site.jobs.lease(wanted)
    return told
