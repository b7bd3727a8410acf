"""The application: finished results in front, live connections beside, the framework for all the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
import trio
from quart import Response, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

from omnic_stream.model.errors import NotFound, OmnicError
from omnic_stream.web.admin import demanded
from omnic_stream.web.artifact import ArtifactRequest, artifact
from omnic_stream.web.asgi import App, Message, Receive, Scope, Send
from omnic_stream.web.asked import asks_origin, raw_path, read_query, read_target, read_wait
from omnic_stream.web.conditions import FIELDS
from omnic_stream.web.cors import Cors
from omnic_stream.web.health import Metrics, healthy, readiness
from omnic_stream.web.hits import Hits, Index
from omnic_stream.web.live import Live
from omnic_stream.web.media import Answered, MediaRequest, media
from omnic_stream.web.pages import Pages
from omnic_stream.web.problems import http_problem, method_not_allowed, unavailable
from omnic_stream.web.reply import Reply, quart_body, refusal, send_reply
from omnic_stream.web.serve import end_shielded
from omnic_stream.web.site import Site
from omnic_stream.web.sockets import Sockets
from omnic_stream.web.sse import EventStreams
from omnic_stream.web.status import MOST_BYTES, many

BODY_SECONDS = 20
"""A request's body may take so long."""

LINGER = 2.0

log = structlog.get_logger(__name__)


def create_app(site: Site, *, index: Index | None = None) -> App:
    """An ASGI application: HTTP, WebSocket and lifespan."""
    index = Index(now=site.now) if index is None else index
    live = live_of(site)
    app: App = Routes(
        websocket=Sockets(live, site.audience),
        events=EventStreams(live, site.audience),
        other=end_shielded(body_taken(framework(site, index))),
    )
    metrics = site.metrics
    app = Hits(app, index)
    if site.access.allow_origins:
        app = Cors(app, site.access)
    return Edge(app, metrics)


def live_of(site: Site) -> Live:
    return Live(
        jobs=site.jobs,
        parse=site.wanted,
        parse_address=site.address,
        access=site.access,
        href=site.links.artifact,
    )


class Routes:
    def __init__(self, *, websocket: App, events: App, other: App) -> None:
        self._websocket, self._events, self._other = websocket, events, other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] in {"/events/", "/events"}:
            await self._events(scope, receive, send)
        else:
            await self._other(scope, receive, send)


class Edge:
    """Counts answers, and lets nothing that is raised become the server's own 500."""

    def __init__(self, app: App, metrics: Metrics | None) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if not started and message["type"] == "http.response.start":
                started = True
                if self._metrics is not None:
                    self._metrics.count(route(scope["path"]), message["status"])
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:  # whatever it is, the client is owed an answer and the operator a line in the log
            if started:
                raise
            log.exception("web.fault", route=route(scope["path"]))
            await send_reply(Reply(*unavailable()), sending)


def body_taken(app: App) -> App:
    """Hold an answer back until the request's body is taken in, or for LINGER seconds.

    A client that is still sending when the connection closes gets a reset, and never sees why it was refused (RFC 9112
    section 9.6). The framework reads on, and drops what is too much, while the answer is held.
    """

    async def lingering(scope: Scope, receive: Receive, send: Send) -> None:
        taken = trio.Event()

        async def receiving() -> Message:
            message = await receive()
            if not message.get("more_body"):
                taken.set()
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                with trio.move_on_after(LINGER):
                    await taken.wait()
            await send(message)

        await app(scope, receiving, sending)

    def has_body(scope: Scope) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0") for name, value in scope["headers"]
        )

    async def choosing(scope: Scope, receive: Receive, send: Send) -> None:
        way = lingering if scope["type"] == "http" and has_body(scope) else app
        await way(scope, receive, send)

    return choosing


def route(path: str) -> str:
    """The bounded name of a path, for metrics and logs."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    if not first:
        return "/" if path == "/" else "other"
    return (
        f"/{first}"
        if first in {"media", "artifact", "events", "viewer", "demo", "admin", "healthz", "readyz", "metrics"}
        else "other"
    )


def framework(site: Site, index: Index) -> App:
    app = QuartTrio("omnic_stream.web", static_folder=None, template_folder=None)
    app.config.update(
        RESPONSE_TIMEOUT=None,  # 60 s would cut a long body in the middle
        BODY_TIMEOUT=BODY_SECONDS,
        MAX_CONTENT_LENGTH=MOST_BYTES,
        PROPAGATE_EXCEPTIONS=False,
        PROVIDE_AUTOMATIC_OPTIONS=False,
    )
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    pages = Pages(site)

    def answered(done: Answered, path: bytes) -> Reply:
        if done.result is not None and request.method in {"GET", "HEAD"} and done.reply.status in {200, 206, 304}:
            index.remember(path, request.query_string, done.result)
        return done.reply

    async def get_media() -> Reply:
        waits = request.headers.getlist("Prefer")
        wait = read_wait(waits)
        try:
            asked = MediaRequest(
                method=request.method,
                target=read_target(raw_path(request.scope["raw_path"])),
                query=read_query(request.query_string),
                fields=conditions(),
                wait=wait,
                look=asks_origin(request.headers.getlist("Cache-Control")),
                accept=", ".join(request.headers.getlist("Accept")),
            )
            reply = answered(await media(asked, site), request.scope["raw_path"])
        except OmnicError as error:
            reply = refusal(error)
        if wait is None:
            return reply
        return Reply(reply.status, [*reply.headers, (b"preference-applied", b"wait=%d" % wait)], reply.body)

    async def get_artifact() -> Reply:
        path = raw_path(request.scope["raw_path"])
        query = read_query(request.query_string)
        asked = ArtifactRequest(method=request.method, path=path, query=query, fields=conditions())
        return answered(artifact(asked, site), request.scope["raw_path"])

    async def post_status() -> Reply:
        return await many(await request.body, site)

    async def get_page() -> Reply:
        return pages.page(request.method, conditions(), request.headers.get("Accept-Encoding", ""))

    async def get_viewer() -> Reply:
        name = request.path.removeprefix("/viewer/")
        return pages.viewer(name, request.method, conditions(), request.headers.get("Accept-Encoding", ""))

    async def get_demo() -> Reply:
        return pages.demo(request.method, conditions(), request.headers.get("Accept-Encoding", ""))

    async def get_admin() -> Reply:
        admin = site.admin
        if admin is None:
            raise NotFound("There is nothing here: results are at /media/<type>/?url=<address>.")
        if not admin.admits(request.headers.get("Authorization")):
            return demanded()
        name = request.path.removeprefix("/admin/")
        if not name:
            return pages.admin(request.method, conditions(), request.headers.get("Accept-Encoding", ""))
        return await admin.answer(name, request.query_string)

    async def get_health() -> Reply:
        return healthy()

    async def get_readiness() -> Reply:
        return readiness(site.ready())

    def add(rule: str, handler: Callable[[], Awaitable[Reply]], *methods: str) -> None:
        """Every method comes here, so that the refusal of one is ours, and so is the answer to OPTIONS."""
        allow = ", ".join((*methods, "OPTIONS")).encode()

        async def view(**_: str) -> Response:
            if request.method == "OPTIONS":
                return quart(Reply(204, [(b"allow", allow)]))
            if request.method not in methods:
                return quart(Reply(*method_not_allowed(allow)))
            return quart(await handler())

        app.add_url_rule(rule, endpoint=rule, view_func=view, methods=METHODS)

    add("/media/status", post_status, "POST")
    add("/media/<path:target>", get_media, "GET", "HEAD")
    add("/media/", get_media, "GET", "HEAD")
    add("/artifact/<path:path>", get_artifact, "GET", "HEAD")
    add("/", get_page, "GET", "HEAD")
    add("/viewer/<path:name>", get_viewer, "GET", "HEAD")
    add("/demo/", get_demo, "GET", "HEAD")
    add("/admin/", get_admin, "GET", "HEAD")
    add("/admin/<path:name>", get_admin, "GET", "HEAD")
    add("/healthz", get_health, "GET", "HEAD")
    add("/readyz", get_readiness, "GET", "HEAD")
    if (metrics := site.metrics) is not None:

        async def get_metrics() -> Reply:
            return metrics.page()

        add("/metrics", get_metrics, "GET", "HEAD")

    @app.errorhandler(OmnicError)
    async def refused(error: OmnicError) -> Response:
        return quart(refusal(error))

    @app.errorhandler(HTTPException)
    async def framework_refused(error: HTTPException) -> Response:
        status = error.code or 400
        if status == 405:
            return quart(Reply(*method_not_allowed(STATUS if request.path == "/media/status" else READ)))
        if status == 404 and request.path.startswith("/media/"):
            return quart(await get_media())  # an empty segment, which the router does not match, is a type too
        if status >= 500:
            return quart(Reply(*unavailable()))
        return quart(Reply(*http_problem(status, DETAILS.get(status, "The request cannot be read."))))

    @app.errorhandler(Exception)
    async def fault(error: Exception) -> Response:
        log.error("web.fault", route=route(request.path), exc_info=error)
        return quart(Reply(*unavailable()))

    return app  # pyright: ignore[reportReturnType] - Quart types the scope as hypercorn does


READ, STATUS = b"GET, HEAD, OPTIONS", b"POST, OPTIONS"
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"]
DETAILS = {
    404: "There is nothing here: results are at /media/<type>/?url=<address>.",
    408: "The request's body did not come in time.",
    413: "The body may be 1 MiB.",
}


def conditions() -> dict[bytes, bytes]:
    """The request's conditional fields, several lines of one joined."""
    found: dict[bytes, bytes] = {}
    for name, value in request.scope["headers"]:
        if name in FIELDS:
            found[name] = value if name not in found else found[name] + b", " + value
    return found


def quart(reply: Reply) -> Response:
    """A HEAD is answered with a GET's headers, so a length may stand there that the body has not."""
    response = Response(quart_body(reply) if request.method != "HEAD" else b"", status=reply.status)
    response.headers.clear()
    for name, value in reply.headers:
        response.headers.add(name.decode("latin-1"), value.decode("latin-1"))
    return response
