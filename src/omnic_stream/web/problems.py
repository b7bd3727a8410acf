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


def unauthorised(detail: str) -> tuple[int, Headers, bytes]:
    """RFC 9110 section 15.5.2, with the challenge of RFC 7617 that makes a browser ask."""
    status, headers, body = _answer(401, "refused", "Not allowed", detail, {})
    headers.append((b"www-authenticate", b'Basic realm="omnic-stream admin", charset="UTF-8"'))
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


def unavailable() -> tuple[int, Headers, bytes]:
    """For what must not happen: it has been logged, and the next try may well succeed."""
    detail = "An internal fault ended this; it has been logged. Try again in a moment."
    status, headers, body = _answer(503, "unavailable", "Not available now", detail, {})
    headers.append((b"retry-after", b"1"))
    return status, headers, body


def precondition_failed() -> tuple[int, Headers, bytes]:
    """RFC 9110 section 15.5.13."""
    return _answer(412, "precondition_failed", "Precondition failed", "The content is another than you have.", {})


def range_not_satisfiable(size: int) -> tuple[int, Headers, bytes]:
    """RFC 9110 section 15.5.17."""
    detail = f"The content has {size} bytes, and none of them is in the range asked for."
    status, headers, body = _answer(416, "range_not_satisfiable", "Range not satisfiable", detail, {})
    headers.append((b"content-range", b"bytes */%d" % size))
    return status, headers, body


def http_problem(status: int, detail: str) -> tuple[int, Headers, bytes]:
    """A refusal of the framework's own, by its status; without a better word, the code is ``bad_request``."""
    code, title = _HTTP.get(status, ("bad_request", "The request cannot be read"))
    return _answer(status, code, title, detail, {})


_HTTP = {
    404: ("not_found", "Not found"),
    408: ("timeout", "The request took too long"),
    413: ("too_large", "Too large"),
}


def _answer(status: int, code: str, title: str, detail: str, extra: Mapping[str, object]) -> tuple[int, Headers, bytes]:
    body = encode({**extra, "type": "about:blank", "title": title, "status": status, "code": code, "detail": detail})
    headers: Headers = [
        (b"content-type", MEDIA_TYPE),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    return status, headers, body
