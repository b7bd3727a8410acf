"""Programs that a warm function runs beside itself, in its cage: where one argv does not do the whole Step.

A Command is the simpler thing wherever it does. The worker's cage holds these programs too: no network, its limits, its end.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from omnic_stream.model.contracts import Call, MiB, ProgressReader
from omnic_stream.model.errors import ConverterFailed

LOOKS = 0.1
"""Seconds between two looks at what a program has read."""
KEPT = 4096
"""Bytes of what a program said that a failure is explained with."""


def path_of(descriptor: int) -> str:
    """A name by which a program that is handed the descriptor (``run(..., descriptors)``) opens the same file."""
    return f"/proc/self/fd/{descriptor}"


def read_so_far(pid: int, descriptor: int) -> float:
    """What part of the file behind the descriptor a running program has read: the furthest that any descriptor of its own stands (proc(5))."""
    wanted = os.fstat(descriptor)
    furthest = 0
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - names, not paths
            held = os.stat(f"/proc/{pid}/fd/{name}")  # noqa: PTH116 - through the link
            if (held.st_dev, held.st_ino) == (wanted.st_dev, wanted.st_ino):
                told = Path(f"/proc/{pid}/fdinfo/{name}").read_text(encoding="ascii")
                furthest = max(furthest, int(told.partition("pos:")[2].split()[0]))
    except (OSError, ValueError, IndexError):  # it has ended, or there is no /proc in this cage
        return 0.0
    return min(furthest / wanted.st_size, 1.0) if wanted.st_size else 0.0


@contextmanager
def watched(pid: int, descriptor: int | None, report: Callable[[float], None]) -> Iterator[None]:
    """While the block runs, report how much of the file behind the descriptor the program has read; None watches nothing."""

    def look() -> None:
        assert descriptor is not None
        if (fraction := read_so_far(pid, descriptor)) > 0:
            report(fraction)

    with _looking(look if descriptor is not None else None):
        yield


@contextmanager
def counted(written: int, marks: tuple[bytes, int] | None, report: Callable[[float], None]) -> Iterator[None]:
    """While the block runs, report how many of the marks that its whole output will hold a program has written into this file."""
    at, found, rest = 0, 0, b""

    def look() -> None:
        nonlocal at, found, rest
        assert marks is not None
        mark, whole = marks
        while part := os.pread(written, 1 << 20, at):
            at += len(part)
            found += (rest + part).count(mark)
            rest = (rest + part)[1 - len(mark) :] if len(mark) > 1 else b""
        if found:
            report(min(found / whole, 1.0))

    with _looking(look if marks is not None else None):
        yield


@contextmanager
def _looking(look: Callable[[], None] | None) -> Iterator[None]:
    """Look every now and then, in a thread, while the block runs."""
    if look is None:
        yield
        return
    over = threading.Event()

    def again() -> None:
        while not over.wait(LOOKS):
            look()

    thread = threading.Thread(target=again, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder in the cage's own /tmp, gone with the block."""
    with tempfile.TemporaryDirectory(prefix="step-") as folder:
        yield Path(folder)


def copied(call: Call, folder: Path, name: str) -> Path:
    """The input under a name of our choosing, for a program that goes by names. A link would lead a program out of its folder."""
    path, at = folder / name, 0
    with path.open("wb") as copy:
        while part := os.pread(call.input, MiB, at):
            copy.write(part)
            at += len(part)
    return path


def run(
    argv: Sequence[str],
    *,
    descriptors: Sequence[int] = (),
    folder: Path | None = None,
    stdin: bytes | None = None,
    env: dict[str, str] | None = None,
    progress: ProgressReader | None = None,
    report: Callable[[float], None] = lambda fraction: None,
    good: Sequence[int] = (0,),
    watch: int | None = None,
    marks: tuple[bytes, int] | None = None,
) -> bytes:
    """Run to the end and answer stdout. Lines of stderr are fed to ``progress``; of a program that says nothing, ``watch`` reports how
    much of the file behind that descriptor it has read, ``marks`` how many of so many of them stand on stdout. Raises ConverterFailed
    with the program's last words.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as given:
        if stdin is not None:
            given.write(stdin)
            given.seek(0)
        with (
            subprocess.Popen(
                list(argv),
                stdin=given,
                stdout=out,
                stderr=subprocess.PIPE,
                pass_fds=tuple(descriptors),
                cwd=folder,
                env=env,
            ) as process,
            watched(process.pid, watch, report),
            counted(out.fileno(), marks, report),
        ):
            assert process.stderr is not None
            said = b""
            for line in process.stderr:
                said = (said + line)[-KEPT:]
                if progress is not None and (fraction := progress(line)) is not None:
                    report(fraction)
        if process.returncode not in good:
            words = said.decode("utf-8", "replace").strip().splitlines()
            name = Path(argv[0]).name.partition("-linux-")[0]  # a wheel's ffmpeg has its machine and version behind its name
            raise ConverterFailed(
                f"{name} could not convert this content: {words[-1]}" if words else f"{name} could not convert this content."
            )
        out.seek(0)
        return out.read()
