"""The README's examples, taken from it and run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from zoo import manifest

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"<!-- test: ([^>]+?) -->\n```\w+\n(.*?)```", re.DOTALL)
EXAMPLES = dict(EXAMPLE.findall((ROOT / "README.md").read_text()))
OMNIC = str(Path(sys.executable).parent / "omnic-stream")


@pytest.fixture
def folder(tmp_path):
    for sample in files("omnic_stream").joinpath("samples").iterdir():
        shutil.copy(str(sample), tmp_path)
    return tmp_path


def run(argv, folder):
    environment = os.environ | {"OMNIC_STORE": str(folder / "store"), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_figures_are_those_of_the_manifest():
    rows = manifest.read()
    told = re.search(r"proven on more than (\d+) real files", (ROOT / "README.md").read_text())
    assert told, "the README says on how many files the formats are proven"
    assert int(told[1]) == (len(rows) - 1) // 10 * 10, f"the manifest has {len(rows)} files"
    run = re.search(r"\*\*(\d+) of (\d+) targets are right", (ROOT / "docs/formats.md").read_text())
    assert run, "docs/formats.md says how many targets are right"
    asked = sum(len(row.targets) for row in rows)
    assert int(run[1]) <= int(run[2]) and asked * 0.9 < int(run[2]) <= asked, (
        f"the manifest asks for {asked} targets: `scripts/zoo --write-docs` writes docs/formats.md again"
    )


def test_every_marked_example_is_known():
    assert set(EXAMPLES) == {
        "command",
        "library",
        "service",
        "server",
        "wish",
        "plugin omnic.toml",
        "plugin shouting.py",
        "plugin command",
    }


def test_commands(folder):
    for line in EXAMPLES["command"].splitlines():
        run(shlex.split(line), folder)
    assert (folder / "cover.png").read_bytes().startswith(b"\x89PNG")
    assert "<h1" in (folder / "notes.html").read_text()


@pytest.mark.parametrize(("name", "printed"), [("library", "image/png"), ("service", "ready")])
def test_library(folder, name, printed):
    (folder / "example.py").write_text(EXAMPLES[name])
    assert printed in run([sys.executable, "example.py"], folder)


def test_a_project_with_a_converter_of_its_own(folder):
    (folder / "omnic.toml").write_text(EXAMPLES["plugin omnic.toml"])
    (folder / "shouting.py").write_text(EXAMPLES["plugin shouting.py"])
    (folder / "hello.txt").write_text("hello, harbour\n")
    run(shlex.split(EXAMPLES["plugin command"]), folder)
    assert (folder / "hello.shout").read_text() == "HELLO, HARBOUR\n"
    run([OMNIC, "convert", "leaflet.pdf", "leaflet.shout"], folder)
    assert "LIGHTHOUSE" in (folder / "leaflet.shout").read_text()


def test_a_server(folder):
    environment = os.environ | {"OMNIC_STORE": str(folder / "store")}
    with subprocess.Popen([OMNIC, "serve", "--bind", "127.0.0.1:0"], env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            base = next(word for line in server.stderr for word in line.split() if word.startswith("http://"))
            answers = [
                run(shlex.split(line.replace("http://127.0.0.1:8800/", base)), folder) for line in EXAMPLES["server"].splitlines()
            ]
            assert (folder / "thumb.jpg").read_bytes().startswith(b"\xff\xd8")
            run(shlex.split(EXAMPLES["wish"].replace("http://127.0.0.1:8800/", base)), folder)
            assert (folder / "thumb.avif").read_bytes()[4:12] == b"ftypavif"
            assert '"ready":false' in answers[1].replace(" ", "")
            assert "event: ready" in answers[2]
        finally:
            server.terminate()
            server.communicate(timeout=30)
    assert server.returncode == 0
