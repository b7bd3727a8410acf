"""A program that uses the library keeps its standard output to itself, unless it configures logging."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
import structlog
import omnic_stream

if sys.argv[3] == "configured":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
try:
    omnic_stream.convert(sys.argv[1], "JPG", config=omnic_stream.Config(store=sys.argv[2], warm=False))
except omnic_stream.OmnicError as error:
    sys.stderr.write(f"told: {error.code}\\n")
if sys.argv[3] == "own":
    structlog.get_logger("their.module").info("their.word")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One store for all: what its tools are is asked once."""
    made = tmp_path_factory.mktemp("silence")
    (made / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(200)))
    return made


def run(folder: Path, how: str) -> subprocess.CompletedProcess[str]:
    words = (sys.executable, "-c", PROGRAM, str(folder / "broken.png"), str(folder / "store"), how)
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    assert "told: corrupt" in done.stderr, "the failure itself is raised, not a group with it"
    return done


def test_a_failed_conversion_prints_nothing(folder):
    done = run(folder, "plain")
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, "only what the program itself said"


def test_who_configures_logging_sees_it(folder):
    done = run(folder, "configured")
    assert done.stdout == "" and "worker.failed" in done.stderr


def test_the_programs_own_loggers_stay_as_they_are(folder):
    assert "their.word" in run(folder, "own").stdout
