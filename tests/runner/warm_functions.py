"""Functions that the runner's tests call in warm workers."""

import io
import os
import signal
import socket
import tarfile
import time
from pathlib import Path

from omnic_stream.model.errors import Corrupt

KEPT: list[object] = []


def upper(call):
    with os.fdopen(os.dup(call.input), "rb") as source, os.fdopen(os.dup(call.output), "wb") as target:
        target.write(source.read().upper())
    call.report(0.5)
    return {"source": call.source, "arguments": dict(call.arguments)}


def pid(call):
    return os.getpid()


def nothing(call):
    return None


def corrupt(call):
    raise Corrupt("This is not a picture.")


def bug(call):
    raise ValueError("/secret/path is in here")


def abort(call):
    os.kill(os.getpid(), signal.SIGABRT)


def spin(call):
    while True:
        time.sleep(0.01)


def leak(call):
    KEPT.append(os.urandom(1 << 20) * 60)
    return os.getpid()


def hog(call):
    blocks = []
    while True:
        blocks.append(os.urandom(1 << 20) * 32)
        time.sleep(0.02)


def hog_address_space(call):
    return len(bytearray(1 << 36))


def keep_output(call):
    KEPT.append(os.dup(call.output))
    os.write(call.output, b"first")


def spoil_kept_output(call):
    os.pwrite(KEPT[-1], b"WRONG", 0)
    os.write(call.output, b"second")


def endless(call):
    while True:
        os.write(call.output, bytes(1 << 20))


def fork_and_hang(call):
    if os.fork() == 0:
        os.setsid()
        time.sleep(300)
    time.sleep(300)


def chatter(call):
    """Answers twice."""
    for fd in range(3, 64):
        try:
            same = socket.socket(fileno=os.dup(fd))
        except OSError:
            continue
        if same.type == socket.SOCK_SEQPACKET:
            same.send(b'{"ok": "a word too many"}')
    return "once"


def folder(call):
    with tarfile.open(fileobj=os.fdopen(os.dup(call.output), "wb"), mode="w") as tar:
        for name, content in (("index.html", b"<p>"), ("pages/" + "ä" * 120 + ".txt", b"long")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def folder_with_link(call):
    with tarfile.open(fileobj=os.fdopen(os.dup(call.output), "wb"), mode="w") as tar:
        info = tarfile.TarInfo("link")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)


def look_around(call):
    def of(action):
        try:
            return str(action())
        except OSError as error:
            return f"refused {error.errno}"

    return {
        "uid": os.getuid(),
        "etc": of(lambda: Path("/etc/shadow").read_text()),
        "home": of(lambda: list(Path("/home").iterdir())),
        "tcp": of(lambda: socket.create_connection(("127.0.0.1", 9), 1)),
        "environ": dict(os.environ),
        "init": of(lambda: Path("/proc/1/environ").read_text()),
        "foreign": of(lambda: Path(call.arguments["foreign"]).read_text()),
    }
