"""What an install brings along: known by name and hash, from no named place, and free of copyleft where that matters."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFUSED = {"pymupdf", "pymeshlab", "pillow-jxl-plugin", "extract-msg", "gmsh", "openbabel-wheel"}
"""Wheels under the GPL or AGPL that would be loaded into the service's own workers."""


def locked(profile):
    return set(re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "locks" / f"{profile}.txt").read_text(), re.MULTILINE))


@pytest.mark.parametrize("profile", ["base", "core", "dev"])
def test_no_refused_wheel_and_no_address(profile):
    text = (ROOT / "locks" / f"{profile}.txt").read_text()
    names = {name.lower() for name in locked(profile)}
    assert len(names) > 20 and not names & REFUSED
    assert "://" not in text and text.count("--hash=sha256:") > len(names)


def test_a_default_install_holds_no_copyleft_wheel_and_no_heavy_one():
    names = {name.lower() for name in locked("base")}
    assert not names & {"pillow-heif", "imageio-ffmpeg", "numpy", "pyarrow", "imagecodecs", "trimesh", "cascadio"}
    assert names < {name.lower() for name in locked("core")} < {name.lower() for name in locked("dev")}
