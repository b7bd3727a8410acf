from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from omnic_stream.converters import binary as declared
from omnic_stream.converters.warm import binary
from omnic_stream.model.errors import Corrupt

SAMPLES = Path(declared.__file__).parents[1] / "samples"


def facts(run, content, source: str) -> dict:
    return json.loads(run(binary.metadata, content, source, "metadata.json").read())


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def test_an_elf_program_of_the_zoo(run):
    told = facts(run, "code/get-versions.64bit.little.elf", "ELF")
    assert (told["kind"], told["bits"], told["byte_order"], told["machine"], told["size"]) == (
        "executable",
        64,
        "little",
        "x86-64",
        6944,
    )
    assert told["needed"] == ["libgpm.so.2", "libc.so.6"]
    assert told["interpreter"] == "/lib64/ld-linux-x86-64.so.2"
    assert told["build_id"] == "fe21a893d5216207ace4b34e433e2f34396d015c"
    assert "Gpm_GetLibVersion" in told["imports"]
    assert told["stripped"]
    assert not told["debug_information"]
    assert {"name": ".interp", "type": "PROGBITS", "address": 0x400238, "size": 28} in told["sections"]


def test_an_elf_library(run):
    told = facts(run, sample("lighthouse.elf"), "ELF")
    assert (told["kind"], told["soname"], told["needed"]) == ("shared object", "liblighthouse.so.1", ["libc.so.6"])
    assert (told["imports"], told["exports"]) == (["puts"], ["lighthouse_blink", "lighthouse_name"])
    assert told["compilers"][0].startswith("GCC: (Debian")


def test_a_windows_program(run):
    told = facts(run, sample("lighthouse.exe"), "PE")
    assert (told["kind"], told["bits"], told["machine"], told["built"]) == ("program", 64, "x86-64", "2026-01-01T00:00:00+00:00")
    assert told["imports"] == {"KERNEL32.dll": ["ExitProcess"]}
    assert told["version"]["FileDescription"] == "Lighthouse keeper"
    assert told["address_randomised"]
    assert not told["dotnet"]
    made = run(binary.page, sample("lighthouse.exe"), "PE", "HTML").read().decode()
    assert "<h1>Lighthouse keeper</h1>" in made
    assert "<td>ExitProcess</td>" in made


def test_a_java_class_of_the_zoo(run):
    told = facts(run, "code/ReferenceMap.class", "CLASS")
    assert (told["name"], told["superclass"], told["class_version"]) == (
        "org.apache.commons.collections.ReferenceMap", "java.util.AbstractMap", "45.3",
    )  # fmt: skip
    assert (told["java"], told["source_file"]) == ("Java 1.1", "ReferenceMap.java")
    fields = {field["name"]: field for field in told["fields"]}
    assert fields["table"]["type"] == "org.apache.commons.collections.ReferenceMap$Entry[]"
    assert fields["queue"] == {"name": "queue", "modifiers": "private transient", "type": "java.lang.ref.ReferenceQueue"}
    signatures = {method["signature"] for method in told["methods"]}
    assert "Object put(Object, Object)" in signatures
    assert "void <init>(int, int, int, float, boolean)" in signatures


def test_a_newer_java_class(run):
    told = facts(run, sample("Lighthouse.class"), "CLASS")
    assert (told["java"], told["interfaces"], told["modifiers"]) == ("Java 11", ["java.lang.Runnable"], ["public"])
    assert told["methods"][2]["signature"] == "String[] names(int, java.util.List)"
    made = run(binary.page, sample("Lighthouse.class"), "CLASS", "HTML").read().decode()
    assert "void &lt;init&gt;()" in made


def test_a_webassembly_module(run):
    told = facts(run, sample("lighthouse.wasm"), "WASM")
    assert told["imports"] == [{"module": "env", "name": "log", "kind": "function", "type": "(i32) → ()"}]
    assert told["exports"] == [{"name": "add", "kind": "function"}, {"name": "memory", "kind": "memory"}]
    assert (told["functions"], told["memories"]) == (1, [{"minimum": 1, "maximum": 16}])
    assert [each["name"] for each in told["sections"]][-1] == "custom: producers"


@pytest.mark.parametrize(
    ("name", "source"),
    [("lighthouse.elf", "ELF"), ("lighthouse.exe", "PE"), ("Lighthouse.class", "CLASS"), ("lighthouse.wasm", "WASM")],
)
def test_a_card_and_what_is_cut_short(run, name, source):
    made = Image.open(run(binary.picture, sample(name), source, "thumb.png", width="200", height="200")).convert("L")
    assert made.size == (200, 200)
    assert made.getextrema()[0] < 120
    assert made.getextrema()[1] > 240
    for cut in (20, len(sample(name)) // 2):
        try:
            told = facts(run, sample(name)[:cut], source)
        except Corrupt as error:
            assert "/" not in error.message
        else:
            assert told["size"] == cut
    with pytest.raises(Corrupt):
        facts(run, sample(name)[:7], source)
