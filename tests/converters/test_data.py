from __future__ import annotations

import json
import plistlib
import re
import struct
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml

from omnic_stream.converters import data as declared
from omnic_stream.converters.warm import data, packets, structures
from omnic_stream.model.contracts import Work
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive
from omnic_stream.runner import open_runner

SAMPLES = Path(data.__file__).parents[2] / "samples"
BUOY = {"name": "Outer buoy", "depth": 31.5, "lit": True, "lamp": {"colour": "red", "periods": [2, 2, 6]}}


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def as_json(run, content, source: str):
    return json.loads(run(data.convert, content, source, "JSON").read())


def page(run, function, content, source: str) -> str:
    return run(function, content, source, "HTML").read().decode().partition("<body")[2]


def words(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


# --- into each other --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "source"), [("buoy.toml", "TOML"), ("buoy.yaml", "YAML"), ("buoy.plist", "PLIST")])
@pytest.mark.parametrize("target", ["JSON", "YAML", "TOML"])
def test_the_same_buoy_in_every_format(run, name, source, target):
    made = run(data.convert, sample(name), source, target).read()
    value = {"JSON": json.loads, "YAML": yaml.safe_load, "TOML": lambda text: tomllib.loads(text.decode())}[target](made)
    since = value.pop("since", None)
    assert value == BUOY
    if source != "PLIST":
        assert since == (date(1998, 4, 1) if (source, target) == ("TOML", "TOML") else "1998-04-01")


def test_yaml_is_read_as_its_newer_version_says(run):
    given = b"country: no\nswitch: on\nday: 2024-01-02\noct: 010\nhex: 0x10\nnothing: ~\nbase: &b {x: 1}\nmore: {<<: *b, y: 2}\n1: one\n"
    assert as_json(run, given, "YAML") == {
        "country": "no", "switch": "on", "day": "2024-01-02", "oct": 10, "hex": 16, "nothing": None, "base": {"x": 1},
        "more": {"x": 1, "y": 2}, "1": "one",
    }  # fmt: skip
    assert as_json(run, b"a: 1\n---\nb: 2\n", "YAML") == [{"a": 1}, {"b": 2}]
    back = run(data.convert, b'{"country": "no", "n": "1", "t": "a: b\\n- c"}', "JSON", "YAML").read()
    assert yaml.safe_load(back) == {"country": "no", "n": "1", "t": "a: b\n- c"}


def test_json_with_comments_is_read(run):
    given = b"""// settings
    {"a": 1, /* two
    lines */ "url": "https://x.example/*no*/", "q": "a\\"//b,]", "list": [1, 2, // last
    ], }"""
    assert as_json(run, given, "JSON") == {"a": 1, "url": "https://x.example/*no*/", "q": 'a"//b,]', "list": [1, 2]}
    assert "https://x.example" in page(run, data.page, given, "JSON")
    for endless in (b"/*" * 500_000, b'"' + b'\\"' * 500_000, b"," * 500_000):
        with pytest.raises(Corrupt):
            run(data.page, b"[" + endless, "JSON", "HTML")


def test_settings_and_bibliographies(run):
    assert as_json(run, sample("buoy.ini"), "INI") == {"name": "Outer buoy", "lamp": {"colour": "red", "period": "10"}}
    (book,) = as_json(run, sample("tides.bib"), "BIB")
    assert book == {
        "type": "book", "key": "weiss1998", "author": "Weiß, Ann and Müller, Bo", "title": "Tides of the North Sea", "publisher": "Harbour Press",
        "year": "1998", "month": "April",
    }  # fmt: skip
    made = words(page(run, data.bibliography, sample("tides.bib"), "BIB"))
    assert "Ann Weiß and Bo Müller. Tides of the North Sea . Harbour Press . 1998." in made


def test_xml_becomes_json(run):
    made = json.loads(run(data.markup_convert, b'<a x="1">t<b>2</b><b/><c y="3">z</c></a>', "XML", "JSON").read())
    assert made == {"a": {"@x": "1", "b": ["2", None], "c": {"@y": "3", "#text": "z"}, "#text": "t"}}


def test_what_a_format_cannot_hold_is_said(run):
    with pytest.raises(ConverterFailed, match="TOML"):
        run(data.convert, b"[1, 2]", "JSON", "TOML")
    assert tomllib.loads(run(data.convert, b'{"a": null, "b": [1, null]}', "JSON", "TOML").read().decode()) == {"b": [1]}


# --- pages ------------------------------------------------------------------------------------------------------------------


def test_a_tree_has_every_name_and_value(run, zoo):
    made = page(run, data.page, "data/pyproject.toml", "TOML")
    value = tomllib.loads((zoo / "data/pyproject.toml").read_text())
    assert made.count("<details") > 20
    assert "<details open>" in made
    text = words(made)
    assert "name : pypdf" in text
    assert all(f"{number}: {each}" in text.replace(" : ", ": ") for number, each in enumerate(value["project"]["classifiers"]))
    assert "true" in words(page(run, data.page, sample("buoy.yaml"), "YAML"))


def test_an_xml_document_is_shown_with_its_elements_and_its_unknown_names(run, zoo):
    made = page(run, data.markup_page, "data/data-move-copy.xml", "XML")
    text = words(made)
    assert "<h1>&lt;sect1&gt;</h1>" in made
    assert "Moving and Copying Data" in text
    assert "Currently &amp;gnum; only supports copying" in text
    assert made.count("&lt;step</span>") == (zoo / "data/data-move-copy.xml").read_text().count("<step>") == 4


def test_markup_in_values_is_shown_as_its_letters(run):
    attack = '<script>alert(1)</script><img src=x onerror="alert(1)">'
    for made in (
        page(run, data.page, json.dumps({attack: attack}).encode(), "JSON"),
        page(run, data.markup_page, f"<a b='&lt;script>'><![CDATA[{attack}]]></a>".encode(), "XML"),
        page(run, data.bibliography, f"@book{{k, title={{{attack}}}}}".encode(), "BIB"),
        page(run, data.torrent_page, b"d4:infod6:lengthi1e4:name8:<script>12:piece lengthi1e6:pieces0:ee", "TORRENT"),
    ):
        assert "<script" not in made
        assert "<img" not in made
        assert "&lt;script&gt;" in made


def test_a_torrent(run):
    made = words(page(run, data.torrent_page, "data/debian-31r4-i386-binary-1.iso.torrent", "TORRENT"))
    for fact in ("debian-31r4-i386-binary-1.iso", "669,775,872", "1,278 of 512 KiB", "0b7b735f6040f28fe9a89f91485180b39ef74337",
                 "http://bttracker.acc.umu.se:6969/announce", "2006-11-16 21:44 UTC"):  # fmt: skip
        assert fact in made
    told = json.loads(run(data.torrent_facts, sample("tides.torrent"), "TORRENT", "metadata.json").read())
    assert told["files"] == [{"path": "tides.csv", "size": 845}, {"path": "notes/readme.txt", "size": 30}]
    assert (told["size"], told["trackers"]) == (875, ["http://tracker.invalid/announce"])


def test_captured_packets(run):
    made = words(page(run, data.packet_page, "data/test.little_endian.pcapng", "PCAPNG"))
    assert "packets 4 bytes 1,312 link Ethernet" in made
    assert "2 0.295000 192.168.0.1:67 192.168.0.10:68 UDP 342" in made
    made = words(page(run, data.packet_page, sample("ping.pcap"), "PCAP"))
    assert "from 2023-11-14 22:13:20 UTC to 2023-11-14 22:13:21 UTC duration 1.002 s" in made
    assert "ICMP 4" in made
    assert "192.0.2.1 192.0.2.9 4" in made


def test_a_capture_in_the_other_byte_order(tmp_path):
    packet = (
        bytes(12)
        + b"\x86\xdd"
        + b"\x60"
        + bytes(5)
        + b"\x11\x40"
        + bytes(15)
        + b"\1"
        + bytes(15)
        + b"\2"
        + struct.pack(">HH", 53, 5353)
    )
    (tmp_path / "c").write_bytes(struct.pack(">IHHiIIIIIII", 0xA1B23C4D, 2, 4, 0, 0, 9999, 1, 7, 5, len(packet), 99) + packet)
    with (tmp_path / "c").open("rb") as file:
        (found,) = packets.packets(file.fileno())
    assert (found.moment, found.length, found.protocol, found.source, found.target, found.ports) == (
        7_000_000_005,
        99,
        "UDP",
        "::1",
        "::2",
        (53, 5353),
    )


@pytest.mark.parametrize(
    ("name", "words"), [("data/test.little_endian.pcapng", b"192.168.0.1.67 > 192.168.0.10.68: BOOTP/DHCP, Reply, length 300")]
)
async def test_tcpdump_in_its_cage(tmp_path, zoo, name, words):
    converter = next(each for each in declared.CONVERTERS if each.id == "data.packets-text")
    async with open_runner(slots=1) as runner:
        work = Work(
            converter=converter, input=zoo / name, source="PCAPNG", target="TXT", arguments={}, folder=tmp_path, output="made"
        )
        await runner.run(work, priority=lambda: 0, report=lambda state: None)
    made = (tmp_path / "made").read_bytes()
    assert len(made.splitlines()) == 4
    assert words in made


# --- hostile ----------------------------------------------------------------------------------------------------------------

LAUGHS = (
    "<!DOCTYPE a [<!ENTITY l0 'ha'>" + "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10)) + "]><a>&l9;</a>"
)


@pytest.mark.parametrize("function", [data.markup_page, data.markup_convert])
def test_entities_fill_in_nothing(run, tmp_path, function):
    (tmp_path / "secret").write_text("the-secret-word")
    outside = f"<!DOCTYPE a [<!ENTITY x SYSTEM 'file://{tmp_path}/secret'>]><a>&x;</a>"
    subset = f"<!DOCTYPE a SYSTEM 'file://{tmp_path}/secret'><a>&x;</a>"
    parameter = f"<!DOCTYPE a [<!ENTITY % x SYSTEM 'file://{tmp_path}/secret'>%x;]><a>1</a>"
    for given in (LAUGHS, outside, parameter):
        with pytest.raises(Corrupt, match="entities"):
            run(function, given.encode(), "XML", "JSON")
    made = run(function, subset.encode(), "XML", "JSON").read()
    assert b"the-secret-word" not in made
    made = run(function, b"<!DOCTYPE a [<!ENTITY who 'Ann'>]><a>&who;</a>", "XML", "JSON").read()
    assert b"&who;" in made or b"&amp;who;" in made


def test_aliases_do_not_multiply(run):
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    with pytest.raises(TooExpensive, match="1,000,000 values"):
        as_json(run, "\n".join(lines).encode(), "YAML")
    with pytest.raises((TooExpensive, Corrupt)):
        as_json(run, b"a: &a [*a]\n", "YAML")


def test_a_tag_makes_no_object(run):
    given = b"a: !!python/object/apply:os.system ['echo omnic']\nb: !ruby/object:X {y: 1}\nc: !!python/name:os.system ''\n"
    assert as_json(run, given, "YAML") == {"a": ["echo omnic"], "b": {"y": 1}, "c": ""}


@pytest.mark.parametrize(("content", "source"), [(b"[" * 50_000, "JSON"), (b"[" * 500 + b"]" * 500, "JSON"), (b"[" * 3000 + b"]" * 3000, "YAML"),
    (b"a = " + b"[" * 3000 + b"]" * 3000, "TOML"), (b"<a>" * 5000, "XML")])  # fmt: skip
def test_what_is_nested_too_deeply_is_refused_by_its_limit(run, content, source):
    with pytest.raises((TooExpensive, Corrupt)):
        run(data.markup_page if source == "XML" else data.page, content, source, "HTML")


@pytest.mark.parametrize(("content", "source", "line"), [(b'{"a": 1,\n"b" 2}', "JSON", "line 2"), (b"a = 1\nb = \n", "TOML", "line 2"),
    (b"a: 1\nb: [\n", "YAML", "line 3"), (b"<a>\n<b>\n</a>", "XML", "line 3"), (b"bplist00 nothing", "PLIST", "broken"),
    (b"nothing", "BIB", "no entries")])  # fmt: skip
def test_what_is_broken_is_said_with_its_place(run, content, source, line):
    with pytest.raises(Corrupt, match=line):
        run(data.markup_page if source == "XML" else data.page, content, source, "HTML")


@pytest.mark.parametrize(
    "content", [b"d4:info", b"d4:infod6:lengthi1eee", b"l" * 500, b"d4:info999999999:x", b"i" + b"9" * 500 + b"e"]
)
def test_a_broken_torrent_is_corrupt(run, content):
    with pytest.raises((Corrupt, TooExpensive)):
        run(data.torrent_page, content, "TORRENT", "HTML")


def test_a_broken_capture_is_corrupt(run):
    head = sample("ping.pcap")[:24]
    for content in (head, head + struct.pack("<IIII", 0, 0, 1 << 31, 1), b"\n\r\r\n" + b"\xff" * 20):
        with pytest.raises(Corrupt):
            run(data.packet_page, content, "PCAP", "HTML")


def test_values_are_counted_as_they_are_written():
    structures.check({"a": [1] * 1000})
    with pytest.raises(TooExpensive):
        structures.check([[0] * 1000] * 2000)
    assert plistlib.loads(sample("buoy.plist")) == BUOY
