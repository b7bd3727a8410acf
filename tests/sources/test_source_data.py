"""Inline content (RFC 2397)."""

import base64
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnic_stream.model.address import parse_address
from omnic_stream.model.errors import BadAddress, TooLarge
from omnic_stream.sources.data import MOST, DataSource, parse_data


@pytest.mark.parametrize(
    ("url", "kind", "content"),
    [
        ("data:,hello%20you", "text/plain", b"hello you"),
        ("data:image/PNG;base64,aGVsbG8=", "image/png", b"hello"),
        ("data:;base64,aGVsbG8", "text/plain", b"hello"),
        ("data:text/csv;charset=utf-8;BASE64,aGVs%0AbG8%3D", "text/csv", b"hello"),
        ("data:image/svg+xml,%3Csvg/%3E", "image/svg+xml", b"<svg/>"),
        ("data:a;b;c,?x=1,2", "text/plain", b"?x=1,2"),
        ("data:,", "text/plain", b""),
    ],
)
async def test_content_stands_in_the_address(url: str, kind: str, content: bytes, take) -> None:
    source = DataSource()
    taken = await take(source, url)
    assert taken.content == content and taken.fetched.media_type == kind
    assert taken.reports[0] == (0, len(content)) and taken.reports[-1] == (len(content), len(content))
    assert source.locked(parse_address(url, source.schemes))


@pytest.mark.parametrize("url", ["data:text/plain", "data:;base64,a", "data:;base64,a*bc", "data:;base64,aGV_"])
async def test_what_cannot_be_read_is_a_bad_address(url: str, take) -> None:
    with pytest.raises(BadAddress):
        await take(DataSource(), url)


def test_content_is_bounded() -> None:
    assert parse_data("," + "a" * MOST)[1] == b"a" * MOST
    with pytest.raises(TooLarge):
        parse_data("," + "a" * (MOST + 1))


def test_as_much_as_is_allowed_fits_into_an_address() -> None:
    address = parse_address("data:;base64," + base64.b64encode(b"\xff" * (MOST - 64)).decode(), DataSource.schemes)
    assert len(parse_data(address.path)[1]) == MOST - 64


@given(st.binary(max_size=300))
def test_every_content_comes_back(content: bytes) -> None:
    for text in (";base64," + base64.b64encode(content).decode(), "," + quote_from_bytes(content)):
        address = parse_address("data:" + text, DataSource.schemes)
        assert parse_data(address.path)[1] == content
