"""Programs that a warm function runs beside itself, in its cage: where one argv does not do the whole Step.

A Command is the simpler thing wherever it does. The worker's cage holds these programs too: no network, its limits, its end.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from omnic_stream.model.contracts import Call, MiB, ProgressReader
from omnic_stream.model.errors import ConverterFailed

KEPT = 4096
"""Bytes of what a program said that a failure is explained with."""


def path_of(descriptor: int) -> str:
    """A name by which a program that is handed the descriptor (``run(..., descriptors)``) opens the same file."""
    return f"/proc/self/fd/{descriptor}"


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
) -> bytes:
    """Run to the end and answer stdout. Lines of stderr are fed to ``progress``. Raises ConverterFailed with the program's last words."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as given:
        if stdin is not None:
            given.write(stdin)
            given.seek(0)
        with subprocess.Popen(
            list(argv),
            stdin=given,
            stdout=out,
            stderr=subprocess.PIPE,
            pass_fds=tuple(descriptors),
            cwd=folder,
            env=env,
        ) as process:
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
