"""The server: hypercorn's HTTP on our own accept loop, with nothing left at its defaults, and an end that is orderly.

Hypercorn 0.18 brings no limit on connections, no time-out for a reader that stands still, and lets an error in one
connection end the whole server; each is cured here, around it.
"""

from __future__ import annotations

import logging
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext

from omnic_stream.model.errors import MisconfiguredError
from omnic_stream.web.asgi import App, Message, Receive, Scope, Send
from omnic_stream.web.problems import overloaded
from omnic_stream.web.streams import Guarded

log = logging.getLogger("omnic_stream.web")

Handler = Callable[[Guarded], Awaitable[None]]
"""Of a whole connection, which it closes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How connections are treated; times in seconds."""

    keep_alive: float = 5
    """How long a connection may be idle, and how long a request's head may take."""
    read_timeout: int = 75
    """A connection that says nothing for so long (no pong either) ends. Longer than any ``Prefer: wait``."""
    ping: float = 20
    stuck: float = 20
    """A reader that takes nothing for so long is gone."""
    grace: float = 30
    """What is in flight when the service is told to stop may take so long."""
    message: int = 64 * 1024
    """Bytes of one WebSocket message."""
    head: int = 16 * 1024
    """Bytes of a request's head."""
    connections: int = 4096
    """Further ones are answered 503. Never more than the process may open files for."""
    backlog: int = 2048
    signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT)
    """The first begins an orderly end, the second ends at once."""


def listen(bind: str, serving: Serving) -> socket.socket:
    """A listening TCP socket for ``HOST:PORT`` (``[::1]:8800`` for IPv6; port 0 takes a free one).

    Accepted connections inherit its options: no waiting to fill packets, and the kernel gives up peers that no longer
    acknowledge anything (tcp(7)).
    """
    host, colon, port = bind.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise MisconfiguredError(f"Bind to HOST:PORT, such as 127.0.0.1:8800, not {bind!r}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(serving.stuck * 1000))
        sock.setblocking(False)
        sock.bind((host.strip("[]"), int(port)))
        sock.listen(serving.backlog)
    except OSError as error:
        sock.close()
        raise MisconfiguredError(f"Cannot listen on {bind}: {error.strerror}. Choose another with --bind.") from error
    return sock


async def serve(
    app: App,
    *,
    bind: str | socket.socket,
    stopping: trio.Event,
    serving: Serving | None = None,
    leave: Callable[[], None] = lambda: None,
    door: Callable[[Handler], Handler] | None = None,
    task_status: trio.TaskStatus[tuple[str, int]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until ``stopping`` is set or a signal comes; then drain, and return.

    ``leave`` is called when the end begins, so that sockets and event streams say goodbye. ``door`` may put a handler
    of whole connections in front of HTTP. Started means listening; the value is (host, port) as bound.
    """
    serving = serving or Serving()
    sock = listen(bind, serving) if isinstance(bind, str) else bind
    server = Server(app, serving, door)
    try:
        async with trio.open_nursery() as nursery:
            hurry = trio.Event()
            if serving.signals:
                nursery.start_soon(_heed, serving.signals, stopping, hurry)
            nursery.start_soon(_hurry, hurry, server, nursery.cancel_scope)
            await server.run(sock, stopping=stopping, leave=leave, task_status=task_status)
            nursery.cancel_scope.cancel()
    finally:
        sock.close()


async def _heed(signals: Sequence[signal.Signals], stopping: trio.Event, hurry: trio.Event) -> None:
    with trio.open_signal_receiver(*signals) as received:
        async for _ in received:
            if stopping.is_set():
                hurry.set()
            stopping.set()


async def _hurry(hurry: trio.Event, server: Server, everything: trio.CancelScope) -> None:
    await hurry.wait()
    server.cut()
    everything.cancel()


class Server:
    """One listener's connections, and what of them is in flight."""

    def __init__(self, app: App, serving: Serving, door: Callable[[Handler], Handler] | None) -> None:
        self._serving = serving
        self._app = ASGIWrapper(cast(Any, self._counting(end_shielded(app))))
        self._config = configuration(serving)
        self._state: dict[str, Any] = {}
        self._open: set[Guarded] = set()
        self._flights: set[object] = set()
        self._landed = trio.Event()
        self._most = min(serving.connections, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
        self._handle = door(self._http) if door is not None else self._http

    async def run(
        self,
        sock: socket.socket,
        *,
        stopping: trio.Event,
        leave: Callable[[], None],
        task_status: trio.TaskStatus[tuple[str, int]],
    ) -> None:
        """Nurseries end from within: no new connections, then no connections, then the app's lifespan."""
        lifespan = Lifespan(self._app, self._config, self._state)
        async with trio.open_nursery() as living:
            await living.start(lifespan.handle_lifespan)
            await lifespan.wait_for_startup()
            async with trio.open_nursery() as connections:
                accepting = trio.CancelScope()
                connections.start_soon(self._accept, sock, accepting, connections)
                task_status.started(sock.getsockname()[:2])
                await stopping.wait()
                deadline = trio.current_time() + self._serving.grace
                connections.start_soon(self._cut_at, deadline, connections.cancel_scope)
                leave()
                await self._landing(frozenset(self._flights))
                accepting.cancel()
                for stream in self._open:
                    stream.hang_up()
                await self._all_gone()
                connections.cancel_scope.cancel()
            await lifespan.wait_for_shutdown()
            living.cancel_scope.cancel()

    def cut(self) -> None:
        """Close every connection under whoever uses it: hypercorn shields its sends, so a cancel alone would wait."""
        for stream in tuple(self._open):
            stream.cut()

    async def _accept(self, sock: socket.socket, scope: trio.CancelScope, connections: trio.Nursery) -> None:
        with scope:
            listener = trio.SocketListener(trio.socket.from_stdlib_socket(sock))
            await trio.serve_listeners(self._connection, [listener], handler_nursery=connections)

    async def _connection(self, stream: trio.SocketStream) -> None:
        if len(self._open) >= self._most:
            await _refuse(stream)
            return
        guarded = Guarded(stream, stuck=self._serving.stuck)
        self._open.add(guarded)
        try:
            await self._handle(guarded)
        except* Exception as errors:
            # what one client sends must not end the service: hypercorn lets parsing errors of some headers through
            log.exception("A connection ended with an error", exc_info=errors)
        finally:
            self._open.discard(guarded)
            self._landed.set()
            guarded.cut()

    async def _http(self, stream: Guarded) -> None:
        await TCPServer(self._app, self._config, ConnectionContext(stream.over), cast(Any, self._state), cast(Any, stream))

    def _counting(self, app: App) -> App:
        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                await app(scope, receive, send)
                return
            flight = object()
            self._flights.add(flight)
            try:
                await app(scope, receive, send)
            finally:
                self._flights.discard(flight)
                self._landed.set()

        return counted

    async def _landing(self, flights: frozenset[object]) -> None:
        """Until those that were in flight when the end began are done; later ones are answered meanwhile."""
        while flights & self._flights:
            self._landed = trio.Event()
            await self._landed.wait()

    async def _all_gone(self) -> None:
        while self._open:
            self._landed = trio.Event()
            await self._landed.wait()

    async def _cut_at(self, deadline: float, connections: trio.CancelScope) -> None:
        await trio.sleep_until(deadline)
        self.cut()
        connections.cancel()


class ConnectionContext(WorkerContext):
    """What hypercorn asks of its server, answered for one connection: nothing sleeps longer than that one lives.

    Else its idle timer and its ping loop, which look only after each interval whether the connection is still there,
    would keep it open until then.
    """

    def __init__(self, over: trio.Event) -> None:
        super().__init__(None)
        self._over = over
        self.terminated = cast(Any, Terminated(over))

    async def sleep(self, wait: float) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        await trio.sleep(min(wait, 0.05))  # never none: the loop may not yet know that the connection has ended
        with trio.move_on_after(wait):
            await self._over.wait()


class Terminated:
    """Hypercorn's kind of event over one of trio's."""

    def __init__(self, over: trio.Event) -> None:
        self.is_set, self.wait = over.is_set, over.wait


def configuration(serving: Serving) -> Config:
    """Hypercorn's settings; each with its reason in Serving or here."""
    config = Config()
    config.accesslog = None
    config.errorlog = logging.getLogger("omnic_stream.web.http")
    config.loglevel = "WARNING"
    config.include_server_header = False
    config.keep_alive_timeout = serving.keep_alive
    config.keep_alive_max_requests = 100_000
    config.read_timeout = serving.read_timeout
    config.graceful_timeout = serving.grace
    config.startup_timeout = config.shutdown_timeout = serving.grace
    config.h11_max_incomplete_size = serving.head
    config.h2_max_concurrent_streams = 32
    config.websocket_max_message_size = serving.message
    config.websocket_ping_interval = serving.ping
    config.max_app_queue_size = 10
    return config


def end_shielded(app: App) -> App:
    """Keep the last message of a response from being cancelled.

    Hypercorn tells the app of a disconnect while it still closes the connection, or arms its idle timer, within that
    very send; an app that cancels its request then (quart-trio does) would leave the connection open for ever.
    """

    async def shielded(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                with trio.CancelScope(shield=True):
                    await send(message)
            else:
                await send(message)

        await app(scope, receive, sending if scope["type"] == "http" else send)

    return shielded


async def _refuse(stream: trio.SocketStream) -> None:
    status, headers, body = overloaded("The service holds as many connections as it can: try again in some seconds.")
    head = b"".join(b"%s: %s\r\n" % header for header in headers)
    with trio.move_on_after(2):
        try:
            await stream.receive_some(65536)  # unread, it would turn our close into a reset
            await stream.send_all(b"HTTP/1.1 %d \r\n%s\r\n%s" % (status, head, body))
        except trio.BrokenResourceError:
            pass
    await trio.aclose_forcefully(stream)
