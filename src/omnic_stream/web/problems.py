"""Errors as ``application/problem+json`` (RFC 9457): status, headers and body of the one error taxonomy."""

from __future__ import annotations

import math
from collections.abc import Mapping

from omnic_stream.model.errors import OmnicError
from omnic_stream.web.asgi import Headers
from omnic_stream.web.rpc_protocol import encode

MEDIA_TYPE = b"application/problem+json"


def problem(error: OmnicError) -> tuple[int, Headers, bytes]:
    """The error's own message is for strangers, so it goes out as it is."""
    status, headers, body = _answer(error.status, error.code, error.title, error.message, error.extra)
    if error.retry_after is not None:
        headers.append((b"retry-after", b"%d" % max(1, math.ceil(error.retry_after))))
    return status, headers, body


def method_not_allowed(allow: bytes) -> tuple[int, Headers, bytes]:
    """RFC 9110 section 15.5.6."""
    detail = f"Use one of {allow.decode()}."
    status, headers, body = _answer(405, "method_not_allowed", "Method not allowed", detail, {})
    headers.append((b"allow", allow))
    return status, headers, body


def overloaded(detail: str) -> tuple[int, Headers, bytes]:
    status, headers, body = _answer(503, "busy", "Too many connections", detail, {})
    headers += [(b"retry-after", b"5"), (b"connection", b"close")]
    return status, headers, body


def _answer(status: int, code: str, title: str, detail: str, extra: Mapping[str, object]) -> tuple[int, Headers, bytes]:
    body = encode({**extra, "type": "about:blank", "title": title, "status": status, "code": code, "detail": detail})
    headers: Headers = [
        (b"content-type", MEDIA_TYPE),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    return status, headers, body
