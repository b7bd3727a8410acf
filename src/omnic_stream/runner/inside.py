"""What runs inside a Python warm worker: the loop that serves calls. Imports nothing that a call does not need.

Descriptor 0 is a SOCK_SEQPACKET socket. Each request is one datagram, JSON ``{"call", "function", "source", "target", "arguments"}``, with
the input and, where one is made, the output as SCM_RIGHTS descriptors. Answers are datagrams: any number of ``{"at": fraction}``,
then ``{"ok": value}`` or ``{"error": sentence, "code": code}``; each repeats the request's ``call``. The worker says ``{"ready": pid}``
once, before the first request.
"""

from __future__ import annotations

import errno
import gc
import importlib
import json
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final

from omnic_stream.model.errors import ERRORS, ConverterFailed, DiskFull, OmnicError, TooExpensive

LARGEST: Final = 1 << 17
"""Bytes of one datagram, either way."""
EVERY: Final = 0.05
"""Seconds between two progress reports: 20 a second are more than anybody shows."""


class GivenCall:
    """contracts.Call over what came through the socket."""

    def __init__(self, request: Mapping[str, Any], descriptors: list[int], tell: Callable[[Mapping[str, Any]], None]) -> None:
        self.input = descriptors[0] if descriptors else -1
        self.output = descriptors[1] if len(descriptors) > 1 else -1
        self.source: str = request.get("source", "")
        self.target: str = request.get("target", "")
        self.arguments: Mapping[str, str] = request.get("arguments", {})
        self._tell, self._told = tell, 0.0

    def report(self, fraction: float) -> None:
        if (now := time.monotonic()) - self._told >= EVERY:
            self._told = now
            self._tell({"at": min(max(float(fraction), 0.0), 1.0)})


def answer(request: Mapping[str, Any], descriptors: list[int], tell: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """Call the function and put what came of it into the words of the protocol."""
    try:
        return {"ok": resolve(request["function"])(GivenCall(request, descriptors, tell))}
    except OmnicError as error:
        code = error.code if error.code in ERRORS else ConverterFailed.code
        return {"error": error.message, "code": code}
    except MemoryError:
        return {"error": "This needs more memory than is allowed.", "code": TooExpensive.code}
    except OSError as error:
        traceback.print_exc()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return {"error": "There is no room left for the result.", "code": DiskFull.code}
        if error.errno == errno.EFBIG:
            return {"error": "The result is larger than is allowed.", "code": TooExpensive.code}
        return {"error": "This content could not be converted.", "code": ConverterFailed.code}
    except Exception:  # whatever a library raises over hostile content; stderr has it, strangers do not
        traceback.print_exc()
        return {"error": "This content could not be converted.", "code": ConverterFailed.code}


def resolve(name: str) -> Callable[[GivenCall], Any]:
    """``module:function``, imported here; dots in the second part reach into classes."""
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def main() -> None:
    """Serve until the service closes its end."""
    service = socket.socket(fileno=os.dup(0))
    # Libraries that print, or read standard input, must not meddle with the protocol.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)

    call = 0

    def tell(message: Mapping[str, Any]) -> None:
        service.send(json.dumps({**message, "call": call}, separators=(",", ":")).encode())

    for module in sys.argv[1:]:  # imported before the first call; one that is missing is an error of the call that needs it
        try:
            importlib.import_module(module)
        except ImportError:
            traceback.print_exc()
    gc.freeze()
    tell({"ready": os.getpid()})
    while True:
        data, descriptors, _, _ = socket.recv_fds(service, LARGEST, 4)
        if not data:
            return
        try:
            request = json.loads(data)
            call = request["call"]
            message = answer(request, descriptors, tell)
            try:
                tell(message)
            except (OSError, TypeError, ValueError):
                traceback.print_exc()
                tell({"error": "What came of this call is too large to tell.", "code": ConverterFailed.code})
        finally:
            for descriptor in descriptors:
                try:
                    os.close(descriptor)
                except OSError:  # the call closed it itself
                    continue


if __name__ == "__main__":
    main()
