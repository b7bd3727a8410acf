"""unoserver as it comes, called directly: what else keeps a LibreOffice warm."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from xmlrpc.client import ServerProxy

SYSTEM = "/usr/bin/python3"
"""The one that has ``uno``; it must see nothing of the service's environment but unoserver."""


@contextmanager
def unoserver() -> Iterator[Callable[[Path], None]]:
    """A function that makes a PDF of a file."""
    with tempfile.TemporaryDirectory(prefix="omnic-bench-") as text:
        folder = Path(text)
        packages = alone(folder / "packages")
        port, uno_port = _free_ports()
        words = ("--port", str(port), "--uno-port", str(uno_port), "--user-installation", str(folder / "profile"))
        with subprocess.Popen(
            [SYSTEM, "-m", "unoserver.server", *words],
            env={"PATH": "/usr/bin:/bin", "HOME": text, "PYTHONPATH": str(packages)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                proxy = cast("Any", ServerProxy(f"http://127.0.0.1:{port}", allow_none=True))
                _answers(process, port)

                def convert(file: Path) -> None:
                    made = folder / "made.pdf"
                    made.unlink(missing_ok=True)
                    proxy.convert(str(file), None, str(made), "pdf", None, [], True, None, None)
                    if not made.read_bytes().startswith(b"%PDF"):
                        raise RuntimeError("unoserver made no PDF.")

                yield convert
            finally:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()


def alone(folder: Path) -> Path:
    """A folder that holds unoserver and nothing else: from the development environment, else from the registry."""
    found = importlib.util.find_spec("unoserver")
    if found is not None and found.origin is not None:
        shutil.copytree(Path(found.origin).parent, folder / "unoserver")
    else:
        pip = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), "unoserver")
        subprocess.run(pip, check=True)
    return folder


def _free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def _answers(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"unoserver ended with {process.returncode}.")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("unoserver does not listen.")
