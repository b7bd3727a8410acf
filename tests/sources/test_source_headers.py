"""Headers read: freshness by RFC 9111, names by RFC 6266, and that no header can break the readers."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnic_stream.model.contracts import Validators
from omnic_stream.sources.headers import (
    LONGEST_NAME,
    YEAR,
    Headers,
    clean_name,
    file_name,
    max_age,
    media_type,
    retry_after,
    validators,
)

NOW = 1_700_000_000.0
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
URL = "http://h/dir/last%20part.png"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": "max-age=60"}, 60),
        ({"cache-control": "max-age=60", "age": "20"}, 40),
        ({"cache-control": "max-age=60", "age": "90"}, 0),
        ({"cache-control": 'public, Max-Age="60"'}, 60),
        ({"cache-control": "max-age=60, s-maxage=5"}, 5),
        ({"cache-control": "max-age=60, max-age=10"}, 10),
        ({"cache-control": "max-age=60, no-cache"}, 0),
        ({"cache-control": "no-store"}, 0),
        ({"cache-control": "private, max-age=60"}, 0),
        ({"cache-control": 'x="no-store, a", max-age=9'}, 9),
        ({"cache-control": "max-age=99999999999999999999"}, YEAR),
        ({"cache-control": "max-age=-1"}, 0),
        ({"cache-control": "max-age=ten"}, 0),
        ({"cache-control": "@@@, max-age=3"}, 3),
        ({"cache-control": "public"}, None),
        ({"cache-control": "max-age=60", "expires": "0"}, 60),
        ({"cache-control": "max-age=60", "vary": "*"}, 0),
        ({"pragma": "no-cache"}, 0),
        ({"expires": "0"}, 0),
        ({"expires": "Tue, 14 Nov 2023 22:14:20 GMT", "date": DATE}, 60),
        ({"expires": "Tue, 14 Nov 2023 22:14:20 GMT"}, 60),
        ({"expires": "Tue, 14 Nov 2023 22:14:20 -0000"}, 60),
        ({"expires": "Tue, 14 Nov 2020 22:14:20 GMT", "date": DATE}, 0),
    ],
)
def test_how_long_an_answer_is_fresh(headers: dict[str, str], seconds: float | None) -> None:
    assert max_age(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="report.pdf"', "report.pdf"),
        ("attachment; filename=report.pdf", "report.pdf"),
        ("inline; FileName = report.pdf ; x=y", "report.pdf"),
        ('attachment; filename="a \\"b\\" c.pdf"', 'a "b" c.pdf'),
        ("attachment; filename=\"x.pdf\"; filename*=UTF-8''%E2%82%AC%20rates.pdf", "€ rates.pdf"),
        ("attachment; filename*=iso-8859-1'en'%A3.pdf", "£.pdf"),
        ("attachment; filename*=koi8-r''x.pdf; filename=plain.pdf", "plain.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\x.doc"', "x.doc"),
        ('attachment; filename="a\u202efdp.exe"', "afdp.exe"),
        ('attachment; filename=".."', "last part.png"),
        ('attachment; filename=""', "last part.png"),
        ("attachment", "last part.png"),
        ("", "last part.png"),
        ('attachment; filename="bücher.txt"'.encode().decode("latin-1"), "bücher.txt"),
    ],
)
def test_the_name_of_a_file(disposition: str, name: str) -> None:
    assert file_name({"content-disposition": disposition}, URL) == name


def test_a_url_without_a_last_part_gives_no_name() -> None:
    assert file_name({}, "http://h/") is None
    assert file_name({}, "http://h/a/%2e%2e?x=/y.png") is None
    assert file_name({}, "http://h/a%2Fb.png?x") == "b.png"


def test_a_long_name_keeps_its_extension() -> None:
    name = clean_name("ü" * 300 + ".tar.gz")
    assert name is not None and name.endswith(".gz") and len(name.encode()) <= LONGEST_NAME


def test_when_to_try_again() -> None:
    assert retry_after({"retry-after": "120"}, NOW) == 120
    assert retry_after({"retry-after": "Tue, 14 Nov 2023 22:14:20 GMT"}, NOW) == 60
    assert retry_after({"retry-after": "soon"}, NOW) is None
    assert retry_after({"retry-after": "9" * 40}, NOW) == 86400


def test_malformed_validators_and_media_types_are_dropped() -> None:
    assert validators({"etag": "bare", "last-modified": "yesterday"}) == Validators()
    assert validators({"etag": '"' + "x" * 600 + '"'}) == Validators()
    assert validators({"etag": 'W/"x"', "last-modified": DATE}) == Validators(etag='W/"x"', last_modified=DATE)
    assert media_type({"content-type": "nonsense"}) is None
    assert media_type({"content-type": "Text/HTML;charset=utf-8"}) == "text/html"


anything = st.text(st.characters(max_codepoint=255)) | st.lists(
    st.sampled_from([";", ",", "=", '"', "\\", "filename", "filename*", "UTF-8''", "%41", "%", " ", "max-age", "9", "/", "a"])
).map("".join)


@given(anything)
def test_no_disposition_makes_a_name_that_is_a_path_or_cannot_be_shown(value: str) -> None:
    name = file_name({"content-disposition": "attachment;" + value}, "http://h/")
    if name is not None:
        assert name.isprintable()
        assert not set(name) & set("/\\\0\r\n") and name not in {".", ".."}
        assert 0 < len(name.encode()) <= LONGEST_NAME
        assert clean_name(name) == name


@given(anything, anything, anything)
def test_no_header_breaks_the_reading_of_freshness(control: str, expires: str, age: str) -> None:
    seconds = max_age({"cache-control": control, "expires": expires, "age": age}, NOW)
    assert seconds is None or 0 <= seconds <= YEAR


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_age_is_taken_off(lifetime: int, age: int) -> None:
    assert max_age({"cache-control": f"public, max-age={lifetime}", "age": str(age)}, NOW) == max(0, lifetime - age)


@pytest.mark.parametrize("hostile", [", " * 50_000, 'a="' * 30_000, 'a="\\' * 30_000, "a" * 100_000, ";a=" * 30_000])
def test_long_hostile_headers_are_read_at_once(hostile: str) -> None:
    started = time.perf_counter()
    max_age({"cache-control": hostile}, NOW)
    file_name({"content-disposition": "x;" + hostile}, URL)
    media_type({"content-type": hostile})
    validators({"etag": hostile})
    assert time.perf_counter() - started < 0.05


def test_repeated_fields_are_joined() -> None:
    headers = Headers([(b"Cache-Control", b"public"), (b"cache-control", b" max-age=1 ")])
    assert headers["cache-control"] == "public, max-age=1" and dict(headers) == {"cache-control": "public, max-age=1"}
