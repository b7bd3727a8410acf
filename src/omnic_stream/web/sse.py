"""``GET /events/?url=&type=``: a Job's events as an event stream (HTML Living Standard section 9.2), raw ASGI."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import trio

from omnic_stream.model.contracts import Watch
from omnic_stream.model.errors import BadAddress, BadTarget, OmnicError, Refused
from omnic_stream.model.events import FLEETING, SETTLED, Logged
from omnic_stream.web import wire
from omnic_stream.web.access import Signature
from omnic_stream.web.asgi import Headers, Receive, Scope, Send, header
from omnic_stream.web.asked import read_query
from omnic_stream.web.live import Live
from omnic_stream.web.mailbox import NORMAL, Audience, Ended, Mailbox
from omnic_stream.web.problems import method_not_allowed, problem

KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment is sent: proxies and the server itself end what is silent for longer."""
METHODS = b"GET, HEAD, OPTIONS"


class Reading:
    """A watcher for one stream. After ``ready`` or ``failed`` the mailbox ends, once all in it is told."""

    def __init__(self, mailbox: Mailbox, spelling: wire.Spelling) -> None:
        self._mailbox, self._spelling = mailbox, spelling

    def put(self, logged: Logged) -> None:
        slot = type(logged.event) if isinstance(logged.event, FLEETING) else None
        self._mailbox.put(self._spelling.encoded(logged), slot)
        if isinstance(logged.event, SETTLED):
            self._mailbox.end(NORMAL)


class EventStreams:
    def __init__(self, live: Live, audience: Audience) -> None:
        self._live, self._audience = live, audience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """HEAD answers what GET would begin with and starts nothing."""
        cors: Headers = []
        try:
            cors = self._cors(scope)
            if scope["method"] not in {"GET", "HEAD"}:
                await _other_method(scope["method"], cors, send)
                return
            asked = _asked(scope["query_string"])
            self._live.access.check(target=asked.type, url=asked.url, signature=asked.signature)
            wanted = self._live.parse(asked.url, asked.type, asked.profile)
            mailbox = Mailbox()
            spelling = wire.Spelling(key=wanted.key, url=asked.url, type=asked.type, href=self._live.href, form=wire.sse)
            if scope["method"] == "HEAD":
                await _start(send, cors)
                await send({"type": "http.response.body", "body": b""})
                return
            reading = Reading(mailbox, spelling)
            since = _since(header(scope, b"last-event-id"))
            watch = self._live.jobs.watch(wanted, reading, since=since)
            if since is not None and watch.latest.seq < since:  # another log than the one that was read: from its now
                watch.close()
                mailbox, since = Mailbox(), None
                watch = self._live.jobs.watch(wanted, Reading(mailbox, spelling))
        except OmnicError as error:
            status, headers, body = problem(error)
            await send({"type": "http.response.start", "status": status, "headers": headers + cors})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
            return
        try:
            with self._audience.seat(mailbox):
                if _told_all(watch, since):
                    await _nothing_more(send, cors)
                else:
                    await _start(send, cors)
                    await _stream(mailbox, receive, send)
        finally:
            watch.close()

    def _cors(self, scope: Scope) -> Headers:
        origin = header(scope, b"origin")
        if origin is None:
            return [(b"vary", b"origin")]
        if not self._live.access.origin_allowed(origin, header(scope, b"host")):
            raise Refused("Pages of this origin may not read events; see OMNIC_ALLOW_ORIGINS.")
        return [(b"vary", b"origin"), (b"access-control-allow-origin", origin.encode("latin-1"))]


async def _stream(mailbox: Mailbox, receive: Receive, send: Send) -> None:
    """Until all is told, the reader is gone or too slow, or the service stops; the answer's end is always sent."""
    async with trio.open_nursery() as nursery:

        async def until_gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            nursery.cancel_scope.cancel()

        nursery.start_soon(until_gone)
        try:
            while True:
                told = [b": still here\n\n"]
                with trio.move_on_after(KEEP_ALIVE):
                    told = await mailbox.take()
                await send({"type": "http.response.body", "body": b"".join(told), "more_body": True})
        except Ended:
            await send({"type": "http.response.body", "body": b""})
        nursery.cancel_scope.cancel()


def _told_all(watch: Watch, since: int | None) -> bool:
    latest = watch.latest
    return since is not None and isinstance(latest.event, SETTLED) and since >= latest.seq


async def _nothing_more(send: Send, cors: Headers) -> None:
    """204 tells an EventSource, which comes again after every end, to stay away."""
    await send({"type": "http.response.start", "status": 204, "headers": [(b"cache-control", b"no-store"), *cors]})
    await send({"type": "http.response.body", "body": b""})


async def _start(send: Send, cors: Headers) -> None:
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),  # nginx would hold events back
        (b"x-content-type-options", b"nosniff"),
        *cors,
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _other_method(method: str, cors: Headers, send: Send) -> None:
    if method == "OPTIONS":
        allowed = [(b"allow", METHODS), (b"access-control-allow-methods", METHODS), *cors]
        await send({"type": "http.response.start", "status": 204, "headers": allowed})
        await send({"type": "http.response.body", "body": b""})
        return
    status, headers, body = method_not_allowed(METHODS)
    await send({"type": "http.response.start", "status": status, "headers": headers + cors})
    await send({"type": "http.response.body", "body": body})


@dataclass(frozen=True, slots=True)
class Asked:
    url: str
    type: str
    signature: Signature
    profile: str | None


def _asked(query: bytes) -> Asked:
    """Raises BadAddress, BadTarget and Refused."""
    fields = read_query(query)
    types = [value for name, _, value in (pair.partition(b"=") for pair in query.split(b"&")) if name == b"type"]
    if not fields.url:
        raise BadAddress("Say which file: /events/?url=<address>&type=<type>.")
    if len(types) != 1 or not types[0]:
        raise BadTarget("Say which type, once: /events/?url=<address>&type=<type>.")
    try:
        return Asked(fields.url, unquote_to_bytes(types[0]).decode(), fields.signature, fields.profile)
    except UnicodeDecodeError:
        raise BadTarget("A type is ASCII.") from None


def _since(value: str | None) -> int | None:
    """An id that is none of ours is as good as none."""
    return int(value) if value is not None and value.isascii() and value.isdigit() and len(value) <= 15 else None
