"""Addresses, targets, formats, keys and signatures: what is written is read back, and hostile text is refused by name."""

import csv
import json
import time
from contextlib import suppress
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from string import ascii_letters
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnic_stream.model.address import SchemeRule, parse_address
from omnic_stream.model.errors import BadAddress, BadTarget, Refused
from omnic_stream.model.formats import Formats, read_formats
from omnic_stream.model.keys import address_key, framed, job_key, step_key
from omnic_stream.model.signing import sign, verify
from omnic_stream.model.target import Target, parse_target

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "threats_vectors.json").read_text(encoding="utf-8"))
SCHEMES = {
    "http": SchemeRule(),
    "https": SchemeRule(),
    "file": SchemeRule(query=False),
    "data": SchemeRule(host=False),
}
GIT = {**SCHEMES, "git+https": SchemeRule(arguments=("ref", "path", "member")), "http": SchemeRule(arguments=("member",))}
FORMATS = Formats(read_formats(files("omnic_stream.model").joinpath("formats.toml").read_text(encoding="utf-8")))

pieces = st.sampled_from(
    [
        "http://",
        "https://",
        "file://",
        "data:",
        "git+https://",
        "//",
        "/",
        "..",
        ".",
        "%2e",
        "%2F",
        "%",
        "%00",
        "@",
        ":",
        "80",
        "[",
        "]",
        "::1",
        "h",
        "①",
        "é",
        "?",
        "#",
        "<ref:",
        "<member:",
        ">",
        "<",
        "\\",
        " ",
        "\r\n",
        "0x7f",
        "127.1",
        "xn--",
        ",",
        "℀",
        "�",
    ]
)
hostile = st.lists(pieces | st.text(max_size=3), max_size=12).map("".join)
words = st.sampled_from(
    [
        "thumb.png",
        "PNG",
        "image/png",
        "pdf",
        ":",
        ",",
        "200x200",
        "width=",
        "7",
        "007",
        "crop",
        "fit=",
        "focus=0.5x0.3",
        "bg=fff",
        "bg=ffffff",
        "page=2",
        "=",
        "x",
        "..",
        "/",
        "%",
        "é",
        "²",
        "-1",
        "1e3",
        "0",
        "quality=80",
        "\n",
    ]
)


@settings(max_examples=500)
@given(st.text(max_size=80) | hostile)
def test_any_text_is_an_address_with_one_canonical_text_or_a_bad_address(text):
    try:
        address = parse_address(text, GIT)
    except BadAddress as refused:
        assert refused.message
        return
    assert parse_address(address.text, GIT) == address
    assert address.text.isascii() and "#" not in address.url
    assert address.host is None or address.host == address.host.lower()


@settings(max_examples=500)
@given(st.text(max_size=80) | st.lists(words, max_size=10).map("".join))
def test_any_text_is_a_target_with_one_canonical_text_or_a_bad_target(text):
    try:
        target = parse_target(text, FORMATS)
    except BadTarget as refused:
        assert refused.message
        return
    assert parse_target(target.text, FORMATS) == target
    assert target.format in FORMATS


@given(st.text(min_size=1, max_size=40))
def test_a_member_of_any_name_is_written_as_browsers_encode_it_or_leads_out(name):
    """``quote`` without safe characters is encodeURIComponent, but for five that it encodes too."""
    hidden = any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in name)
    parts = name.replace("\\", "/").split("/")
    leads_out = parts[0] == "" or ".." in parts or (len(parts[0]) == 2 and parts[0][0] in ascii_letters and parts[0][1] == ":")
    text = f"http://host/a.zip<member:{quote(name, safe='')}>"
    if hidden or leads_out:
        with pytest.raises(BadAddress):
            parse_address(text, GIT)
        return
    address = parse_address(text, GIT)
    assert address.member == name and parse_address(address.text, GIT) == address
    assert address.outer == parse_address("http://host/a.zip", GIT) and address.outer.member is None
    assert address_key(address) != address_key(address.outer)


@pytest.mark.parametrize(
    "member",
    ["../a", "a/..", "a/../b", "/etc/passwd", "%2Fetc", "..%5Ca", "C:%5Ca", "c:/a", "a><path:b><path:c", "", "a%00b", "a<b", "%zz"],
)
def test_a_member_that_leads_out_of_its_archive_or_is_written_badly_is_refused(member):
    with pytest.raises(BadAddress):
        parse_address(f"http://host/a.zip<member:{member}>", GIT)


def test_members_lead_from_the_outside_in():
    address = parse_address("http://host/a.zip<member:z/b.zip><member:c.zip><member:d%20e>", GIT)
    assert address.text == "http://host/a.zip<member:z/b.zip><member:c.zip><member:d%20e>"
    assert address.member == "d e"
    assert address.outer.text == "http://host/a.zip<member:z/b.zip><member:c.zip>"
    assert address.outer.outer.outer == address.outer.outer.outer.outer == address.fetched
    assert address.fetched.text == "http://host/a.zip"
    with pytest.raises(BadAddress, match="4 archives"):
        parse_address(address.text + "<member:e><member:f>", GIT)


def test_a_member_stands_beside_other_arguments():
    address = parse_address("git+https://host/r<ref:main><member:x><path:a.zip>", GIT)
    assert address.text == "git+https://host/r<member:x><path:a.zip><ref:main>"
    assert address.outer.text == "git+https://host/r<path:a.zip><ref:main>"


@pytest.mark.parametrize("url", VECTORS["url_syntax_all_must_400"])
def test_confusing_urls_are_refused(url):
    with pytest.raises(BadAddress):
        parse_address(url, SCHEMES)


@pytest.mark.parametrize("path", VECTORS["paths_all_must_be_refused"])
def test_unclean_paths_are_refused_below_a_root(path):
    for written in {path, path.replace("\\", "%5C").replace("\0", "%00"), path.replace("/", "%2F").replace(".", "%2e")}:
        with pytest.raises(BadAddress):
            parse_address(f"file://root/{written}", SCHEMES)


@pytest.mark.parametrize("host", VECTORS["ssrf_hosts_all_must_403"])
def test_a_private_host_is_read_so_that_the_guard_can_refuse_it(host):
    address = parse_address(f"http://{host}/x", SCHEMES)
    assert parse_address(address.text, SCHEMES) == address
    if host in {"127.1", "2130706433", "0177.0.0.1", "0x7f.1", "①②⑦.0.0.1"}:
        assert address.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("HTTP://Example.COM:80", "http://example.com/"),
        ("https://h:443/a/./b/../%7ex#part", "https://h/a/~x"),
        ("http://h/%2e%2e/é?b=2&a=%c3", "http://h/%C3%A9?b=2&a=%C3"),
        ("http://bücher.de:8080/", "http://xn--bcher-kva.de:8080/"),
        ("http://１２７.0.0.1/", "http://127.0.0.1/"),
        ("http://[::FFFF:7f00:1]/", "http://[::ffff:127.0.0.1]/"),
        ("file://Root/a/b%20c.png", "file://root/a/b%20c.png"),
        ("data:text/plain;base64,aGk=", "data:text/plain;base64,aGk="),
        ("git+https://h/r.git<ref:main><path:a%20b>", "git+https://h/r.git<path:a%20b><ref:main>"),
    ],
)
def test_one_file_has_one_text(text, canonical):
    assert parse_address(text, GIT).text == canonical


@pytest.mark.parametrize(
    "text",
    [
        "http://h:0/", "http://h:65536/", "http://h:８０/",
        "http://h:8a/", "http://%31.1.1.1/", "http://1.2.3.4.5/", "http://a℀b/",
        "http://[::1", "http://[fe80::1%lo]/", "http://-h/",
        "http://h/%4", "http://h/a>b", "data:nothing", "file://root:80/x",
        "file://root/a?b", "http://h/<ref:x>",
        "git+https://h/<ref:a><ref:b>", "git+https://h/<ref:>", "git+https://h/<ref:%0a>",
        "git+https://h/<ref:a>tail", "http://h/" + "a" * 8192, "http://h/" + "é" * 2000, "data:," + "a" * 65_536, "",
    ],
)  # fmt: skip
def test_what_cannot_be_read_for_sure_is_refused(text):
    with pytest.raises(BadAddress):
        parse_address(text, GIT)


@pytest.mark.parametrize(
    "text",
    ["data:," + "%41" * 21_000, "data:," + "%" * 65_000, "http://" + "." * 65_000, "git+https://h/" + "<" * 8000, "é" * 65_536],
)
def test_hostile_length_costs_little(text):
    """Printed and not asserted: shared machines are noisy."""
    began = time.perf_counter()
    with suppress(BadAddress):
        parse_address(text, GIT)
    print(f"{(time.perf_counter() - began) * 1e3:.2f} ms for {len(text)} characters")  # noqa: T201 - a figure for who runs it with -s


def test_one_target_has_many_spellings():
    spellings = ("PDF", "pdf", "application/pdf", "Application/PDF")
    assert {parse_target(text, FORMATS) for text in spellings} == {Target("PDF")}
    assert parse_target("THUMB.PNG:height=020,width=10,CROP", FORMATS).text == "thumb.png:10x20,fit=crop"


@pytest.mark.parametrize(
    "text",
    [
        *VECTORS["same_cache_path_in_ancestor"], "thumb.png:200x200git+", "png:", "png:1x1:",
        "png::1x1", "png:0x1", "png:1x8193", "png:1x1,",
        "png:1x1,width=1", "png:width=1,width=2", "png:fit=", "png:=1", "png:nothing=1",
        "png:1x1/..", "../png", "png/..", "png%2f", "ＰＮＧ",
        "png:width=²", "png:width=+1", "png:width=1.0", "no-such-format", "inlined.js:x;alert(1)//", "png:" + "1" * 300, "",
    ],
)  # fmt: skip
def test_bad_targets_are_refused(text):
    with pytest.raises(BadTarget):
        parse_target(text, FORMATS)


def test_every_format_of_the_zoo_is_known_by_name_and_every_format_by_its_own():
    assert len(FORMATS) >= 150
    for format in FORMATS:
        for spelling in (format.name, format.name.lower(), format.name.upper()):
            assert FORMATS.find(spelling) is format
        assert FORMATS.find(format.media_type) is not None
        assert all(format in FORMATS.by_extension(extension) for extension in format.extensions)
    assert FORMATS.ancestors("min.js")[:2] == ("es5.js", "JS")
    manifest = Path(__file__).parent.parent / "zoo" / "MANIFEST.csv"
    if manifest.exists():
        with manifest.open(newline="", encoding="utf-8") as rows:
            assert [row["format"] for row in csv.DictReader(rows) if row["format"] not in FORMATS] == []


def test_facts_are_leaves_and_stand_for_nothing():
    facts = FORMATS.in_category("fact")
    assert {"metadata.json", "strings", "hex", "checksum"} <= {fact.name for fact in facts}
    assert all(fact.leaf and not fact.stands_for for fact in facts)
    assert FORMATS.get("listing.json").stands_for == ("JSON",)


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_no_two_lists_of_fields_share_a_text(one, other):
    assert (framed(*one) == framed(*other)) == (one == other)


def test_keys_tell_apart_what_differs():
    a, b = (parse_address(url, SCHEMES) for url in ("http://h/a", "http://h/b"))
    jobs = [job_key(x, t, p) for x in (a, b) for t in (Target("PNG"), Target("PDF")) for p in (None, "", "x")]
    steps = [
        step_key(*fields)
        for fields in (
            ("i", "c", 1, "PNG", {}),
            ("i", "c", 11, "PNG", {}),
            ("i", "c", 1, "PNG", {"a": "b"}),
            ("ic", "", 1, "PNG", {}),
        )
    ]
    assert all(one != other for one, other in combinations([*jobs, *steps, address_key(a), address_key(b)], 2))
    assert step_key("i", "c", 1, "PNG", {"a": "1", "b": "2"}) == step_key("i", "c", 1, "PNG", {"b": "2", "a": "1"})


KEYS = {"one": b"first secret", "two": b"second secret"}


def test_a_signature_holds_for_what_was_signed_and_for_nothing_else():
    fields = {"kid": "one", "exp": "2000", "target": "PDF", "url": "http://h/A"}
    sig = sign(KEYS["one"], "one", 2000, "PDF", "http://h/A")
    verify(KEYS, sig=sig, now=1999, **fields)
    changed = [
        {"kid": "two"},
        {"kid": "three"},
        {"exp": "2001"},
        {"exp": "02000"},
        {"exp": "２０００"},
        {"target": "pdf"},
        {"url": "http://h/%41"},
    ]
    bad = [{**fields, **change} for change in changed]
    for given_fields, given_sig, now in [
        *((each, sig, 0) for each in bad),
        *((fields, each, 0) for each in (None, "", sig[:-1], sig + "=", sig * 2, sig.swapcase(), "é", "\ud800")),
        (fields, sig, 2000),
    ]:
        with pytest.raises(Refused) as refused:
            verify(KEYS, sig=given_sig, now=now, **given_fields)
        assert sig not in refused.value.message


def test_the_ancestors_pair_has_two_signatures():
    assert len({sign(b"s", "k", 1, *pair) for pair in VECTORS["same_digest_in_ancestor"]}) == 2
