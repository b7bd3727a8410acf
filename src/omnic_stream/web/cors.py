"""Cross-origin reading (Fetch Standard, section 3.2) for the pages that the configuration names; in front of all."""

from __future__ import annotations

from omnic_stream.web.access import ANY, Access
from omnic_stream.web.asgi import App, Headers, Message, Receive, Scope, Send

SHARED = ("/media/", "/artifact/", "/viewer/")
EXPOSED = b"Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Omnic-State, Preference-Applied, Retry-After"
ASKED = b"Cache-Control, Content-Type, If-Match, If-None-Match, If-Range, Prefer, Range"


class Cors:
    """Never with credentials: there are none here that a browser would add by itself."""

    def __init__(self, app: App, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(SHARED):
            await self._app(scope, receive, send)
            return
        shared = self._shared(scope)
        if scope["method"] == "OPTIONS":
            shared += _preflight(scope) if len(shared) > 1 else []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *shared]
            await send(message)

        await self._app(scope, receive, sending)

    def _shared(self, scope: Scope) -> Headers:
        """``Vary`` stands on every answer: a cache must not give one origin's answer to another."""
        if ANY in self._access.allow_origins:
            return [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", EXPOSED)]
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        vary = (b"vary", b"Origin")
        if len(origins) != 1 or not self._access.origin_configured(origins[0].decode("latin-1")):
            return [vary]
        return [
            vary,
            (b"access-control-allow-origin", origins[0]),
            (b"access-control-expose-headers", EXPOSED),
        ]


def _preflight(scope: Scope) -> Headers:
    if not any(name == b"access-control-request-method" for name, _ in scope["headers"]):
        return []
    return [
        (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS"),
        (b"access-control-allow-headers", ASKED),
        (b"access-control-max-age", b"600"),
    ]
