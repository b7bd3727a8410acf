"""DOCX to PDF over HTTP with a LibreOffice that stands ready, against starting ``soffice`` for each document."""

from __future__ import annotations

import statistics
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

from bench.figures import Figure
from bench.running import service

LETTER = Path(str(files("omnic_stream").joinpath("samples", "letter.docx")))
WARM, COLD = 8, 3


def figures() -> Iterator[Figure]:
    with service() as running:
        for number in range(WARM + COLD + 2):
            letter(running.folder / f"{number}.docx", f"Dear reader number {number}")
        out = running.folder.parent / "cold"

        def cold(number: int) -> None:
            profile = f"-env:UserInstallation={(out / 'profile').as_uri()}"
            argv = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(out)]
            subprocess.run([*argv, str(running.folder / f"{number}.docx")], check=True, capture_output=True)
            if not (out / f"{number}.pdf").read_bytes().startswith(b"%PDF"):
                raise RuntimeError("soffice made no PDF.")

        def warm(number: int) -> None:
            running.made("PDF", f"file://bench/{number}.docx")

        cold(WARM + COLD)  # this one makes the profile, which the others find
        warm(WARM + COLD + 1)
        slow = statistics.median(seconds(cold, number) for number in range(COLD))
        fast = statistics.median(seconds(warm, number) for number in range(COLD, COLD + WARM))
    yield Figure("DOCX to PDF", slow / fast, 6, "x", "more", f"{fast * 1e3:.0f} ms against {slow * 1e3:.0f} ms by a cold soffice")


def letter(path: Path, greeting: str) -> None:
    """The sample letter with another greeting, so that no result is there already."""
    with zipfile.ZipFile(LETTER) as sample, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as copy:
        for entry in sample.infolist():
            body = sample.read(entry)
            if entry.filename == "word/document.xml":
                body = body.replace(b"Dear reader", greeting.encode())
            copy.writestr(entry, body)


def seconds(work: Callable[[int], None], number: int) -> float:
    begun = time.perf_counter()
    work(number)
    return time.perf_counter() - begun
