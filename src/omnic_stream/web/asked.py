"""What a request line and its headers ask for, read once and strictly. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from omnic_stream.model.errors import BadAddress, BadTarget, Refused
from omnic_stream.web.access import Signature

LONGEST_WAIT = 60
_WAIT = re.compile(r"wait[ \t]*=[ \t]*\"?([0-9]{1,9})\"?[ \t]*(?:;.*)?", re.IGNORECASE)
_ZERO = re.compile(r"q[ \t]*=[ \t]*0(?:\.0{0,3})?")


@dataclass(frozen=True, slots=True)
class Query:
    """The fields of a query string that count here; others mean nothing."""

    url: str | None
    signature: Signature
    just_checking: bool
    profile: str | None = None
    """Name of a configured profile."""


def read_query(query: bytes) -> Query:
    """A plus stays one (``git+https``): no address holds a space. Raises BadAddress and Refused."""
    fields: dict[bytes, list[bytes]] = {}
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name in {b"url", b"kid", b"exp", b"sig", b"just_checking", b"profile"}:
            fields.setdefault(name, []).append(value)
    if len(fields.get(b"url", [])) > 1:
        raise BadAddress("Give url once.")
    if len(fields.get(b"profile", [])) > 1:
        raise BadTarget("Give profile once.")
    if any(len(fields.get(name, [])) > 1 for name in (b"kid", b"exp", b"sig")):
        raise Refused("Give kid, exp and sig once each.")
    kid, exp, sig = (_text(fields[name][0], name.decode()) if name in fields else None for name in (b"kid", b"exp", b"sig"))
    return Query(
        url=_text(fields[b"url"][0], "url") if b"url" in fields else None,
        signature=Signature(kid, exp, sig),
        just_checking=b"1" in fields.get(b"just_checking", []),
        profile=_text(fields[b"profile"][0], "profile") if b"profile" in fields else None,
    )


def raw_path(scope_path: bytes) -> bytes:
    """The path of a request line as sent; the scheme and authority of an absolute form are left out (RFC 9112)."""
    if scope_path.startswith(b"/"):
        return scope_path
    _, _, rest = scope_path.partition(b"://")
    return b"/" + rest.partition(b"/")[2]


def read_target(path: bytes) -> str:
    """The one segment behind ``/media/``, decoded once, with or without a final slash. Raises BadTarget."""
    segment = path.removeprefix(b"/media/").removesuffix(b"/")
    if not segment:
        raise BadTarget("Say which type: /media/<type>/?url=<address>.")
    if b"/" in segment:
        raise BadTarget("The type is one path segment: write a / within it as %2F.")
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise BadTarget("A type is ASCII.") from None


def read_wait(values: list[str]) -> int | None:
    """Seconds of ``Prefer: wait=N`` (RFC 7240 section 4.3), 60 at most; None for none, and for what is malformed."""
    for value in values:
        for preference in value.split(","):
            if preference.strip().lower().startswith("wait"):
                match = _WAIT.fullmatch(preference.strip())
                return min(int(match[1]), LONGEST_WAIT) if match else None
    return None


def names(accept: str, media_type: str) -> bool:
    """Whether an Accept field names the media type itself, and not with a weight of 0 (RFC 9110 section 12.5.1).

    Wildcards do not count: every client sends them, and few mean a picture format that is ten years old by them.
    """
    for word in accept.lower().split(","):
        name, *parameters = (part.strip() for part in word.split(";"))
        if name == media_type:
            return all(not _ZERO.fullmatch(parameter) for parameter in parameters)
    return False


def asks_origin(values: list[str]) -> bool:
    """``Cache-Control: no-cache`` in a request (RFC 9111 section 5.2.1.4)."""
    return any(directive.strip().lower() == "no-cache" for value in values for directive in value.split(","))


def _text(value: bytes, name: str) -> str:
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise BadAddress(f"{name} is not UTF-8: encode it as encodeURIComponent does.") from None
