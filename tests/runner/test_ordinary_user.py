"""The same trees and workers with a service that is not root: in an interpreter and a copy of the code that any user can read."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import omnic_stream

NOBODY = 65534
NEEDED = (
    "py.py",
    "trio",
    "structlog",
    "outcome",
    "sniffio",
    "sortedcontainers",
    "attr",
    "attrs",
    "idna",
    "msgspec",
    "pyseccomp.py",
    "pytest",
    "_pytest",
    "pluggy",
    "iniconfig",
    "packaging",
    "pygments",
    "pytest_trio",
    "hypothesis",
    "_hypothesis_globals.py",
    "_hypothesis_pytestplugin.py",
)
CORE = "fork or daemons or cancelled or reaches or killed or failure_the_worker or deaf or recycled or progress"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def interpreter() -> str:
    """One of the service's own version that every user can run: what was compiled for it is copied along."""
    for text in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        path = Path(text)
        if path.exists() and all(parent.stat().st_mode & 1 for parent in path.resolve().parents):
            version = subprocess.run(
                [text, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, check=True
            )
            if version.stdout.strip() == str(sys.version_info[:2]):
                return text
    pytest.skip("no interpreter of this version can be read by other users")


@pytest.fixture(scope="module")
def readable() -> Iterator[Path]:
    """A folder that the other user owns, with the code, the tests and what they import."""
    with tempfile.TemporaryDirectory(prefix="omnic-user-") as text:
        folder = Path(text)
        (folder / "lib").mkdir()
        site = Path(pytest.__file__).parents[1]
        for name in NEEDED:
            for found in (site / name, *site.glob(f"{name.removesuffix('.py').replace('_', '?')}-*.dist-info")):
                if found.is_dir():
                    shutil.copytree(
                        found, folder / "lib" / found.name, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
                    )
                elif found.exists():
                    shutil.copy(found, folder / "lib" / found.name)
        ignore = shutil.ignore_patterns("__pycache__", "assets")
        shutil.copytree(Path(omnic_stream.__file__).parent, folder / "src" / "omnic_stream", ignore=ignore)
        shutil.copytree(Path(__file__).parent, folder / "tests", ignore=ignore)
        for base, names, files in os.walk(folder):
            for name in (".", *names, *files):
                os.chown(Path(base, name), NOBODY, NOBODY)
        yield folder


def run_as_nobody(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join((str(folder / "lib"), str(folder / "src")))
    user = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", interpreter())
    options = ("-c", "/dev/null", "--rootdir", str(folder), "-o", "trio_mode=true", "-o", "markers=full", "--import-mode=importlib")
    return subprocess.run(
        [*user, "-m", "pytest", "-q", *words, *options, "-p", "no:cacheprovider", "--basetemp", str(folder / "work")],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": paths, "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def test_the_core_holds_for_an_ordinary_user(readable):
    result = run_as_nobody(readable, "tests/test_trees.py", "tests/test_warm.py", "-k", CORE, "-m", "not full")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
    assert "[bwrap" in (seen := run_as_nobody(readable, "tests/test_trees.py", "--collect-only").stdout) and "[landlock" in seen


@pytest.mark.full
def test_everything_holds_for_an_ordinary_user(readable):
    result = run_as_nobody(readable, "tests/test_trees.py", "tests/test_warm.py")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
