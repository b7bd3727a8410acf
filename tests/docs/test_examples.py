"""examples/ as a stranger uses them: installed, then asked through the command line."""

import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which the package was installed, to be put on the path."""
    folder = tmp_path_factory.mktemp("site")
    folder.chmod(0o755)  # pytest's folders are private, and workers run as a user of their own
    source = ROOT / "examples" / "omnic-stream-morse"
    install = [
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--target",
        str(folder),
        str(source),
    ]
    subprocess.run([sys.executable, *install], check=True, capture_output=True, timeout=120)
    return folder


def run(*words, folder, installed):
    environment = os.environ | {"PYTHONPATH": str(installed), "OMNIC_STORE": str(folder / "store")}
    argv = [sys.executable, "-m", "omnic_stream", *words]
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_package_of_its_own_adds_a_format_and_a_converter(tmp_path, installed):
    (tmp_path / "hello.txt").write_text("Paris paris\n")
    run("convert", "hello.txt", "hello.morse.wav", "--type", "morse.wav:wpm=20", folder=tmp_path, installed=installed)
    with wave.open(str(tmp_path / "hello.morse.wav")) as sound:
        assert (
            abs(sound.getnframes() / sound.getframerate() - 2 * 50 * 0.06) < 0.01
        )  # PARIS is 50 dots, of 60 ms at 20 words a minute
        samples = memoryview(sound.readframes(sound.getnframes())).cast("h")
    assert max(samples) > 11_000 and sum(map(bool, samples)) > len(samples) / 4
    run("convert", "hello.txt", "hello.mp3", "--type", "MP3", folder=tmp_path, installed=installed)
    assert (tmp_path / "hello.mp3").read_bytes()[:3] in {b"ID3", b"\xff\xfb\x90", b"\xff\xfb\x50"}


def test_doctor_runs_it_on_the_specimen_of_its_own_package(tmp_path, installed):
    report = json.loads(run("doctor", "--json", "--family", "morse", folder=tmp_path, installed=installed))
    [finding] = report["converters"]
    assert (finding["converter"], finding["state"], finding["detail"]) == ("morse.sound", "works", "TXT to morse.wav")


def test_its_viewer_stands_in_the_manifest_and_its_files_are_served_as_they_are(tmp_path, installed):
    script = """
import json, sys
from omnic_stream.plugins import collect
from omnic_stream.web.bundle import load
from pathlib import Path
found = collect()
bundle = load(None, found.viewers, found.formats)
manifest = json.loads(bundle.assets["manifest.json"].body)
viewer = manifest["viewers"][0]
beside = viewer["module"].replace("morse.js", "code.js")
headers = {name.decode(): value.decode() for name, value in bundle.assets[beside].headers}
print(json.dumps({"viewer": viewer, "body": bundle.assets[beside].body.decode(), "headers": headers}))
"""
    environment = os.environ | {"PYTHONPATH": str(installed)}
    argv = [sys.executable, "-c", script]
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True)
    told = json.loads(done.stdout)
    assert told["viewer"]["name"] == "morse" and told["viewer"]["shows"] == ["morse.wav"] and "TXT" in told["viewer"]["opens"]
    assert told["viewer"]["module"].startswith("others/morse-") and "ITU-R M.1677" in told["body"]
    assert told["headers"]["content-type"] == "text/javascript; charset=utf-8" and "immutable" in told["headers"]["cache-control"]
