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
    if descriptor is None:
        yield
        return
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOKS):
            if (fraction := read_so_far(pid, descriptor)) > 0:
                report(fraction)

    thread = threading.Thread(target=look, daemon=True)
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
) -> bytes:
    """Run to the end and answer stdout. Lines of stderr are fed to ``progress``; of a program that says nothing, ``watch`` reports how
    much of the file behind that descriptor it has read. Raises ConverterFailed with the program's last words.
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
        ):
            assert process.stderr is not None
            said = b""
            for line in process.stderr:
                said = (said + line)[-KEPT:]
                if progress is not None and (fraction := progress(line)) is not None:
                    report(fraction)
        if process.returncode not in good:
            words = said.decode("utf-8", "replace").strip().splitlines()
            name = Path(argv[0]).name
            raise ConverterFailed(
                f"{name} could not convert this content: {words[-1]}" if words else f"{name} could not convert this content."
            )
        out.seek(0)
        return out.read()
