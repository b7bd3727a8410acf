"""``watch``: the Python client of the wire, with a bar."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import urlsplit

import trio
from trio_websocket import ConnectionClosed, HandshakeError, open_websocket_url

from omnic_stream.cli.running import progress_bar
from omnic_stream.cli.running import run as run_trio
from omnic_stream.model.errors import ERRORS, ConverterFailed, MisconfiguredError, OriginFailed
from omnic_stream.model.events import Converting, Downloaded, Downloading, Event, Queued


def run(address: str, type: str, server: str) -> None:
    parts = urlsplit(server)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise MisconfiguredError(f"--server is an address such as http://127.0.0.1:8800, not {server!r}.")
    socket = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}{parts.path.rstrip('/')}/ws/"
    href = run_trio(lambda: _watch(socket, address, type))
    sys.stdout.write(f"{parts.scheme}://{parts.netloc}{href}\n")


async def _watch(socket: str, address: str, type: str) -> str:
    try:
        with progress_bar() as show:
            async with open_websocket_url(socket) as connection:
                await connection.send_message(
                    json.dumps(
                        {
                            "jsonrpc": "2.0",
                            "id": 1,
                            "method": "media",
                            "params": {"url": address, "type": type, "priority": 1},
                        }
                    )
                )
                while True:
                    href = _read(json.loads(await connection.get_message()), show)
                    if href is not None:
                        return href
    except (OSError, HandshakeError, trio.BrokenResourceError) as error:
        raise MisconfiguredError(
            f"No service answers at {socket}: start one with omnic-stream serve, or name it with --server."
        ) from error
    except ConnectionClosed as error:
        raise OriginFailed("The service closed the connection; ask again.") from error


def _read(message: dict[str, Any], show: Any) -> str | None:
    """The result's href once there is one. Raises what the service says failed."""
    if "error" in message:
        error: dict[str, Any] = message["error"]
        data: dict[str, str] = error.get("data", {})
        raise ERRORS.get(data.get("code", ""), ConverterFailed)(error["message"])
    if "method" not in message:
        return message["result"].get("href") if message["result"]["state"] == "ready" else None
    params = message["params"]
    if message["method"] == "ready":
        return params["href"]
    if message["method"] == "failed":
        raise ERRORS.get(params["code"], ConverterFailed)(params["message"])
    show(event(message["method"], params))
    return None


def event(name: str, params: dict[str, Any]) -> Event:
    """A notification as the event that it was."""
    if name == "queued":
        return Queued(position=params["position"])
    if name == "downloading":
        return Downloading(bytes=params["bytes"], total=params["total"])
    if name == "downloaded":
        return Downloaded(bytes=params["bytes"], format=params["format"])
    names = ("step", "steps", "fraction", "overall", "estimated", "eta")
    return Converting(
        **{key: params[key] for key in names}, source=params["from"], target=params["to"], waiting=params.get("waiting")
    )
