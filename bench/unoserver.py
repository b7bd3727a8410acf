"""unoserver as it comes, called directly: what else keeps a LibreOffice warm."""

from __future__ import annotations

import importlib.metadata
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
    try:
        for file in importlib.metadata.files("unoserver") or ():
            if ".." not in file.parts and Path(str(file.locate())).is_file():
                copy = folder / file
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), copy)  # its own facts too: it asks for its version
    except importlib.metadata.PackageNotFoundError:
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
