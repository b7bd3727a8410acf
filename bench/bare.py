"""The plainest servers that do the same: a bare ASGI answer on hypercorn, and quart-trio's loop over its sockets.

Usage: python -m bench.bare answer [HEADERS] | sockets; HEADERS is JSON: [[name, value], ...]
"""

from __future__ import annotations

import json
import logging
import socket
import sys
from functools import partial
from typing import Any

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config, Sockets
from hypercorn.trio.run import worker_serve
from quart import Response, request, websocket
from quart_trio import QuartTrio

BODY = bytes(range(256)) * 48


def answer(headers: str = "[]") -> Any:
    """12 KB to every request, under these headers: each costs hypercorn what it costs."""
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in json.loads(headers)]
    lines = lines or [(b"content-length", b"%d" % len(BODY))]

    async def answered(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": lines})
            await send({"type": "http.response.body", "body": BODY})
            return
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return

    return answered


def sockets() -> Any:
    """Each socket is greeted; what is posted to ``/tell`` goes to all of them."""
    app = QuartTrio("bare")
    logging.getLogger("hypercorn.error").setLevel(logging.CRITICAL)
    open_now: set[trio.MemorySendChannel[str]] = set()

    @app.websocket("/ws/")
    async def listen() -> None:
        await websocket.receive()
        put, take = trio.open_memory_channel[str](16)
        open_now.add(put)
        await websocket.send('{"jsonrpc":"2.0","id":1,"result":{}}')
        async for message in take:
            await websocket.send(message)

    @app.route("/tell", methods=["POST"])
    async def tell() -> Response:
        message = await request.get_data(as_text=True)
        for put in open_now:
            put.send_nowait(str(message))
        return Response("told")

    return app


async def main(app: Any) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        config = Config()
        config.backlog, config.accesslog = 2048, None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(worker_serve, ASGIWrapper(app), config, sockets=Sockets([], [listener], [])))
            sys.stderr.write(f"http://127.0.0.1:{listener.getsockname()[1]}/\n")
            sys.stderr.flush()


if __name__ == "__main__":
    trio.run(main, {"answer": answer, "sockets": sockets}[sys.argv[1]](*sys.argv[2:]))
