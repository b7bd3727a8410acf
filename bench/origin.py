"""A plain HTTP server for a folder, as a wiki's: what it serves may be kept for an hour. A file that is not there yet is waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

PATIENCE = 20.0


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not Path(self.translate_path(self.path)).exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        super().do_GET()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the figures are the output."""


@contextmanager
def origin(folder: Path) -> Iterator[str]:
    """Its address, with a slash at the end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
