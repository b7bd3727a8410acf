"""JSON-RPC 2.0 (jsonrpc.org/specification) as pure functions: one message in, requests and ready-made errors out.

Each message is decoded twice, the envelope first and the params then: a tagged union could not tell a method that does
not exist (-32601) from params that do not fit (-32602). Params may be given by name or by position.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
FAILED = -32000
"""The product's own errors; ``data`` holds the taxonomy's code and status."""

MAX_BATCH = 100
MAX_MESSAGE = 64 * 1024
"""Bytes of one message, which bounds an url (``data:`` included) as well."""

Id = str | int | float | None
Url = Annotated[str, Meta(min_length=1, max_length=MAX_MESSAGE)]
Key = Annotated[str, Meta(max_length=256)]
Priority = Annotated[int, Meta(ge=-1, le=1)]


class Signed(Struct, frozen=True, kw_only=True):
    """What a signed request carries besides; all three, or none where signing is off."""

    kid: Annotated[str, Meta(max_length=256)] | None = None
    exp: Annotated[int, Meta(ge=0, le=2**53)] | Annotated[str, Meta(max_length=16)] | None = None
    sig: Annotated[str, Meta(max_length=256)] | None = None


class Media(Signed, frozen=True, forbid_unknown_fields=True):
    """Subscribe to a Job, starting it where it does not run."""

    url: Url
    type: Annotated[str, Meta(min_length=1, max_length=256)]
    priority: Priority = 0
    follow: bool = False
    profile: Annotated[str, Meta(max_length=256)] | None = None


class Unwatch(Struct, frozen=True, forbid_unknown_fields=True):
    key: Key


class Prioritise(Struct, frozen=True, forbid_unknown_fields=True):
    key: Key
    priority: Priority


class Types(Signed, frozen=True, forbid_unknown_fields=True):
    """What the content of an address can become."""

    url: Url


Params = Media | Unwatch | Prioritise | Types


class _Envelope(Struct, frozen=True):
    jsonrpc: Literal["2.0"]
    method: str
    params: Raw | UnsetType = UNSET
    id: Id | UnsetType = UNSET


class Request(Struct, frozen=True):
    params: Params
    id: Id | UnsetType
    """UNSET: a notification, which is performed and never answered."""


class Parsed(Struct, frozen=True):
    requests: tuple[Request, ...] = ()
    replies: tuple[Raw, ...] = ()
    """Errors that are known without performing anything."""
    batch: bool = False


encode = msgspec.json.Encoder().encode
_envelope = msgspec.json.Decoder(_Envelope).decode
_batch = msgspec.json.Decoder(list[Raw]).decode
_members = msgspec.json.Decoder(dict[str, Raw]).decode
_places = msgspec.json.Decoder(list[Any]).decode
_id = msgspec.json.Decoder(Id).decode
_KINDS: dict[str, type[Params]] = {"media": Media, "unwatch": Unwatch, "prioritise": Prioritise, "types": Types}
_by_name = {method: msgspec.json.Decoder(kind).decode for method, kind in _KINDS.items()}


def parse(message: bytes | str) -> Parsed:
    """What one message asks for. Never raises: whatever is wrong is a reply."""
    try:
        data = message.encode() if isinstance(message, str) else message
        if data.lstrip(b" \t\r\n")[:1] != b"[":
            return _parsed((_one(data),), batch=False)
        items = _batch(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Parsed((), (failure(None, PARSE_ERROR, "Parse error: send JSON in UTF-8"),))
    if not 0 < len(items) <= MAX_BATCH:
        return Parsed((), (failure(None, INVALID_REQUEST, f"Invalid Request: a batch has 1 to {MAX_BATCH} members"),))
    return _parsed(tuple(_one(item) for item in items), batch=True)


def answer(id: Id, result: Any) -> Raw:
    return Raw(encode({"jsonrpc": "2.0", "id": id, "result": result}))


def failure(id: Id, code: int, message: str, data: Any = None) -> Raw:
    error: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return Raw(encode({"jsonrpc": "2.0", "id": id, "error": error}))


def notification(method: str, params: Any) -> bytes:
    return encode({"jsonrpc": "2.0", "method": method, "params": params})


def joined(parsed: Parsed, replies: Sequence[Raw]) -> bytes | None:
    """What goes on the wire when all is done; None where nothing may be said (notifications only)."""
    every = [*parsed.replies, *replies]
    if not every:
        return None
    return encode(every) if parsed.batch else bytes(every[0])


def _parsed(done: tuple[Request | Raw | None, ...], *, batch: bool) -> Parsed:
    requests = tuple(item for item in done if isinstance(item, Request))
    replies = tuple(item for item in done if isinstance(item, Raw))
    return Parsed(requests, replies, batch)


def _one(data: bytes | Raw) -> Request | Raw | None:
    """A request, the error that answers it, or None for a notification that cannot be performed."""
    try:
        envelope = _envelope(data)
    except msgspec.ValidationError as error:
        return failure(_found_id(data), INVALID_REQUEST, f"Invalid Request: {error}")
    silent = envelope.id is UNSET
    id = None if isinstance(envelope.id, UnsetType) else envelope.id
    if envelope.method not in _KINDS:
        known = ", ".join(_KINDS)
        return None if silent else failure(id, METHOD_NOT_FOUND, f"Method not found: there are {known}")
    try:
        return Request(_params(envelope), envelope.id)
    except msgspec.ValidationError as error:
        return None if silent else failure(id, INVALID_PARAMS, f"Invalid params: {error}")


def _params(envelope: _Envelope) -> Params:
    if isinstance(envelope.params, UnsetType):
        return _by_name[envelope.method](b"{}")
    if bytes(envelope.params).lstrip()[:1] != b"[":
        return _by_name[envelope.method](envelope.params)
    kind = _KINDS[envelope.method]
    names = _POSITIONS[envelope.method]
    values = _places(envelope.params)
    if len(values) > len(names):
        raise msgspec.ValidationError(f"at most {len(names)} of them by position")
    return msgspec.convert(dict(zip(names, values, strict=False)), kind)


_POSITIONS: dict[str, tuple[str, ...]] = {
    "media": ("url", "type", "priority", "follow"),
    "unwatch": ("key",),
    "prioritise": ("key", "priority"),
    "types": ("url",),
}


def _found_id(data: bytes | Raw) -> Id:
    """The id of JSON that is not a Request, where it can be told (section 5: null where it cannot)."""
    try:
        return _id(_members(data).get("id", b"null"))
    except msgspec.DecodeError:
        return None
