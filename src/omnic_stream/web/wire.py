"""Events as clients see them: the params of a notification, and its bytes, made once for all who asked alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, assert_never, cast

from omnic_stream.model.events import (
    Converting,
    Downloaded,
    Downloading,
    Event,
    Failed,
    Logged,
    Queued,
    Ready,
)
from omnic_stream.web import rpc_protocol

Href = Callable[[str, str, bool], str]
"""Where an Artifact is to be had: (artifact key, its entry's name, whether it is a directory) -> path here, signed where signing is on."""

Form = Callable[[str, Mapping[str, Any]], bytes]
"""(event's name, params) -> what goes on a connection: a JSON-RPC notification, a whole frame, an SSE event."""


def params(logged: Logged, *, key: str, url: str, type: str, href: Href) -> dict[str, Any]:
    """``url`` and ``type`` exactly as asked; then what the event holds, in the wire's names."""
    return {"key": key, "url": url, "type": type, "seq": logged.seq, "at": logged.at, **fields(logged.event, href)}


def fields(event: Event, href: Href) -> dict[str, Any]:
    told = cast("Queued | Downloading | Downloaded | Converting | Ready | Failed", event)
    match told:
        case Queued():
            return {"position": told.position}
        case Downloading():
            return {"bytes": told.bytes, "total": told.total}
        case Downloaded():
            return {"bytes": told.bytes, "format": told.format}
        case Converting():
            waiting = {} if told.waiting is None else {"waiting": told.waiting}
            return {
                "step": told.step,
                "steps": told.steps,
                "from": told.source,
                "to": told.target,
                "fraction": told.fraction,
                "overall": told.overall,
                "estimated": told.estimated,
                "eta": told.eta,
                **waiting,
            }
        case Ready():
            return {
                "href": href(told.artifact, told.entry, told.directory),
                "media_type": told.media_type,
                "bytes": told.bytes,
                "etag": told.etag,
            }
        case Failed():
            return {"code": told.code, "message": told.message}
    assert_never(told)


class Spelling:
    """One way in which a Job was asked for. All who asked in these words are told in the same bytes."""

    __slots__ = ("_form", "_href", "_slot", "key", "type", "url")

    def __init__(self, *, key: str, url: str, type: str, href: Href, form: Form) -> None:
        self.key, self.url, self.type = key, url, type
        self._href, self._form = href, form
        self._slot = (form, href, url, type)

    def encoded(self, logged: Logged) -> bytes:
        """Kept in the log's entry, which belongs to one Job: it is encoded once, however many read it."""
        made = logged.forms.get(self._slot)
        if made is None:
            told = params(logged, key=self.key, url=self.url, type=self.type, href=self._href)
            made = logged.forms[self._slot] = self._form(logged.event.name, told)
        return made


def notification(name: str, told: Mapping[str, Any]) -> bytes:
    return rpc_protocol.notification(name, told)


def sse(name: str, told: Mapping[str, Any]) -> bytes:
    """Server-sent events, HTML Living Standard section 9.2.6: JSON has no bare newline, so ``data`` is one line."""
    return b"event: %s\nid: %d\ndata: %s\n\n" % (name.encode(), told["seq"], rpc_protocol.encode(told))
