from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from omnic_stream.converters import package as declared
from omnic_stream.converters.warm import package, parcels
from omnic_stream.model.contracts import Work
from omnic_stream.model.errors import ConverterFailed, Corrupt
from omnic_stream.runner import open_runner

SAMPLES = Path(declared.__file__).parents[1] / "samples"
ALL = {converter.id: converter for converter in declared.CONVERTERS}


def facts(run, content, source: str) -> dict:
    return json.loads(run(package.metadata, content, source, "metadata.json").read())


def page(run, content, source: str) -> str:
    return run(package.page, content, source, "HTML").read().decode()


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def test_a_debian_package_of_the_zoo(run):
    told = facts(run, "archive/t.deb", "DEB")
    assert (told["name"], told["version"], told["architecture"]) == ("libvolume-id-dev", "0.140-2", "amd64")
    assert told["dependencies"] == ["libvolume-id1 (= 0.140-2)"]
    assert told["fields"]["Description"].splitlines()[1:] == [
        "This package provides the static libraries and header files needed", "to link programs with libvolume_id.",
    ]  # fmt: skip
    made = page(run, "archive/t.deb", "DEB")
    assert "<h1>libvolume-id-dev 0.140-2</h1>" in made
    assert "Marco d&#x27;Itri &lt;md@linux.it&gt;" in made
    assert made.index("libvolume_id.h") > made.index("<h2>Files</h2>")


def test_an_rpm_of_the_zoo(run):
    told = facts(run, "archive/t.rpm", "RPM")
    assert (told["name"], told["version"], told["release"], told["architecture"]) == ("glusterfs-client", "2.0.6", "2.fc12", "i686")
    assert told["built"] == "2009-09-17T06:32:12+00:00"
    assert {"fuse", "glusterfs-common = 2.0.6-2.fc12", "rpmlib(PayloadIsXz) <= 5.2-1"} <= set(told["dependencies"])
    assert told["payload"] == "cpio, xz"
    assert "mount.glusterfs" in page(run, "archive/t.rpm", "RPM")


def test_an_android_app_of_the_zoo(run):
    told = facts(run, "archive/t.apk", "APK")
    assert (told["name"], told["version_code"], told["label"]) == ("com.example.android.helloactivity", 13, "Hello, Activity!")
    assert told["components"]["activity"] == ["HelloActivity"]
    told = facts(run, sample("parcel.apk"), "APK")
    assert (told["version"], told["minimum_sdk"], told["permissions"]) == ("1.2", 24, ["android.permission.INTERNET"])
    assert told["architectures"] == ["arm64-v8a"]


def test_a_java_archive(run):
    assert facts(run, "archive/t.jar", "JAR")["manifest"] == {"Manifest-Version": "1.0", "Created-By": "0.98"}
    told = facts(run, sample("parcel.jar"), "JAR")
    assert (told["name"], told["version"], told["main_class"], told["classes"]) == ("Harbour", "1.2", "harbour.Lighthouse", 1)
    assert told["dependencies"] == ["tides.jar", "a-very-long-name-of-a-library-that-goes-beyond-a-line.jar"]


def test_a_python_wheel(run):
    told = facts(run, sample("parcel.whl"), "WHL")
    assert (told["name"], told["version"], told["requires_python"]) == ("harbour", "1.2", ">=3.11")
    assert told["dependencies"] == ["trio>=0.26", 'pytest; extra == "test"']
    assert (told["commands"], told["tags"]) == (["tides = harbour:main"], ["py3-none-any"])


def test_folded_fields_keep_their_lines():
    assert parcels.stanza("A: one\n two\n .\n  three\nB: x\n") == {"A": "one\ntwo\n\n three", "B": "x"}


@pytest.mark.parametrize("name", ["parcel.deb", "parcel.rpm", "parcel.jar", "parcel.apk", "parcel.whl"])
def test_a_card_in_its_box(run, name):
    source = name.rpartition(".")[2].upper()
    made = Image.open(run(package.picture, sample(name), source, "thumb.png", width="240", height="180")).convert("L")
    assert made.size == (240, 180)
    assert len(made.getcolors(256)) > 30
    for cut in (30, len(sample(name)) // 3):
        with pytest.raises(Corrupt):
            facts(run, sample(name)[:cut], source)


async def built(tmp_path: Path, spec: Path) -> bytes:
    async with open_runner(slots=1) as runner:
        work = Work(
            converter=ALL["spec.rpm"], input=spec, source="SPEC", target="RPM", arguments={}, folder=tmp_path, output="result.rpm"
        )
        await runner.run(work, priority=lambda: 0, report=lambda state: None)
    return (tmp_path / "result.rpm").read_bytes()


async def test_a_spec_is_built_in_the_cage(run, tmp_path):
    made = await built(tmp_path, SAMPLES / "parcel.spec")
    told = facts(run, made, "RPM")
    assert (told["name"], told["version"], told["release"], told["summary"]) == ("harbour", "1.2", "3", "Tides of the week")
    assert "tides >= 2" in told["dependencies"]
    assert "/usr/share/harbour" not in told["payload"]
    assert "tides.csv" in page(run, made, "RPM")


async def test_a_spec_that_reaches_out_fails(tmp_path):
    spec = tmp_path / "evil.spec"
    spec.write_text(
        (SAMPLES / "parcel.spec").read_text().replace("mkdir -p", "cp /etc/shadow x; cat /dev/tcp/127.0.0.1/1; false; mkdir -p", 1)
    )
    (tmp_path / "job").mkdir()
    try:
        await built(tmp_path / "job", spec)
    except* ConverterFailed as group:
        assert "rpmbuild could not convert this content" in group.exceptions[0].message
    else:
        raise AssertionError
