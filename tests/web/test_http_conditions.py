"""Conditional and range requests: the decision against a slow oracle, and its table over a real socket."""

import calendar
import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnic_stream.web.conditions import Decision, decide, http_date
from web.http_support import BODY, WHEN, house, media

ETAG = b'"abc"'
MODIFIED = 1_700_000_000
dates = st.sampled_from([MODIFIED - 5, MODIFIED, MODIFIED + 5]).map(lambda at: formatdate(at, usegmt=True).encode())
odd_dates = st.sampled_from([b"", b"yesterday", b"Tue, 14 Nov 2023 22:13:20", b"0", b"\xff"])
tags = st.lists(st.sampled_from([b'"abc"', b'W/"abc"', b'"x"', b'W/"x"', b'"a,b"', b"*"]), min_size=1).map(b", ".join)
numbers = st.integers(0, 12).map(lambda n: b"%d" % n)
ranges = st.one_of(
    st.tuples(numbers, numbers).map(lambda two: b"bytes=" + two[0] + b"-" + two[1]),
    numbers.map(lambda n: b"bytes=" + n + b"-"),
    numbers.map(lambda n: b"bytes=-" + n),
    st.sampled_from([b"bytes=0-1,3-4", b"pages=0-1", b"bytes=", b"bytes=-", b"bytes=a-b", b"bytes=0-1x", b"BYTES=0-1"]),
)
fields = st.fixed_dictionaries(
    {},
    optional={
        b"if-match": tags,
        b"if-none-match": tags,
        b"if-modified-since": dates | odd_dates,
        b"if-unmodified-since": dates | odd_dates,
        b"range": ranges,
        b"if-range": dates | odd_dates | st.sampled_from([b'"abc"', b'W/"abc"', b'"x"']),
    },
)


def oracle(method, fields, size):
    """RFC 9110 section 13.2.2 as it reads, step by step, over the parsed list of each field."""

    def listed(value, weak):
        items = [item.strip() for item in value.replace(b'"a,b"', b'"ab"').split(b",")]
        if items == [b"*"]:
            return True
        return any((item.removeprefix(b"W/") if weak else item) == ETAG for item in items)

    def at(value):
        try:
            return calendar.timegm(time.strptime(value.decode("latin-1"), "%a, %d %b %Y %H:%M:%S GMT"))
        except ValueError:
            return None

    if b"if-match" in fields:
        if not listed(fields[b"if-match"], weak=False):
            return Decision(412)
    elif b"if-unmodified-since" in fields:
        since = at(fields[b"if-unmodified-since"])
        if since is not None and since < MODIFIED:
            return Decision(412)
    if b"if-none-match" in fields:
        if listed(fields[b"if-none-match"], weak=True):
            return Decision(304)
    elif b"if-modified-since" in fields:
        since = at(fields[b"if-modified-since"])
        if since is not None and since >= MODIFIED:
            return Decision(304)
    if b"range" in fields and method == "GET":
        held = fields.get(b"if-range")
        if held is None or held == ETAG or at(held) == MODIFIED:
            wanted = positions(fields[b"range"].decode(), size)
            if wanted == []:
                return Decision(416)
            if wanted is not None:
                return Decision(206, wanted[0], wanted[-1] + 1)
    return Decision(200, 0, size)


def positions(value, size):
    """Every position that is asked for, one by one; None where the field is to be ignored."""
    unit, _, spec = value.partition("=")
    first, dash, last = spec.partition("-")
    if unit.lower() != "bytes" or not dash or not (first + last).isdigit():
        return None
    if not first:
        return list(range(size))[-int(last) :] if int(last) else []
    if last and int(last) < int(first):
        return None
    return [at for at in range(size) if at >= int(first) and (not last or at <= int(last))]


@given(method=st.sampled_from(["GET", "HEAD"]), fields=fields, size=st.integers(0, 10))
def test_the_decision_is_the_rfcs(method, fields, size):
    if b"*" in fields.get(b"if-match", b"") + fields.get(b"if-none-match", b""):
        for name in (b"if-match", b"if-none-match"):  # a star stands alone (section 13.1.1); mixed, it is malformed
            if b"*" in fields.get(name, b""):
                fields[name] = b"*"
    assert decide(method, fields, etag=ETAG, modified=MODIFIED, size=size) == oracle(method, fields, size)


@given(value=st.binary(max_size=200))
def test_any_bytes_are_decided_on(value):
    for name in (b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"range", b"if-range"):
        decide("GET", {name: value, b"range": b"bytes=0-1"}, etag=ETAG, modified=MODIFIED, size=10)


@pytest.mark.parametrize("text", [b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994"])
def test_all_three_forms_of_a_date_are_read(text):
    assert http_date(text) == 784111777


def test_a_long_header_is_decided_on_at_once():
    began = time.perf_counter()
    for value in (b"bytes=" + b"0-," * 2700, b"bytes=" + b"0" * 8000, b'"x",' * 2000, b'W/"' * 2700, b" " * 8000, b'"' * 8000):
        for name in (b"range", b"if-none-match", b"if-match", b"if-range", b"if-modified-since"):
            decide("GET", {name: value, b"range": b"bytes=0-"}, etag=ETAG, modified=MODIFIED, size=10)
    assert time.perf_counter() - began < 0.05 * 6


OLD, NEW = "Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
TABLE = [
    ((), 200, BODY),
    (("If-None-Match: {etag}",), 304, b""),
    (("If-None-Match: W/{etag}",), 304, b""),
    (('If-None-Match: "x, y"', "If-None-Match: {etag}"), 304, b""),
    (("If-None-Match: *",), 304, b""),
    (('If-None-Match: "x"', f"If-Modified-Since: {NEW}"), 200, BODY),
    ((f"If-Modified-Since: {WHEN}",), 304, b""),
    ((f"If-Modified-Since: {OLD}",), 200, BODY),
    (('If-Match: "x"',), 412, None),
    (("If-Match: W/{etag}",), 412, None),
    (("If-Match: *",), 200, BODY),
    ((f"If-Unmodified-Since: {OLD}",), 412, None),
    (("Range: bytes=0-9",), 206, BODY[:10]),
    (("Range: bytes=-5",), 206, BODY[-5:]),
    (("Range: bytes=10200-",), 206, BODY[10200:]),
    (("Range: bytes=0-99999",), 206, BODY),
    ((f"Range: bytes={len(BODY)}-",), 416, None),
    (("Range: bytes=-0",), 416, None),
    (("Range: bytes=9-2",), 200, BODY),
    (("Range: bytes=0-1,5-6",), 200, BODY),
    (("Range: bytes=0-9", "If-Range: {etag}"), 206, BODY[:10]),
    (("Range: bytes=0-9", "If-Range: W/{etag}"), 200, BODY),
    (("Range: bytes=0-9", f"If-Range: {WHEN}"), 206, BODY[:10]),
    (("Range: bytes=0-9", f"If-Range: {OLD}"), 200, BODY),
    (("Range: bytes=0-9", "If-None-Match: {etag}"), 304, b""),
]


async def test_the_table_over_a_socket_on_the_slow_way_and_as_a_hit(tmp_path):
    async with house(tmp_path) as home:
        made = home.finish()
        for headers, status, body in TABLE:
            headers = [line.format(etag=f'"{made.sha256}"') for line in headers]
            slow = await home.ask(media(more="&fresh=" + str(hash(tuple(headers)))), *headers, "Prefer: wait=0")
            await home.ask(media())
            hit = await home.ask(media(), *headers)
            head = await home.ask(media(), *headers, method="HEAD")
            assert slow.status == hit.status == status, headers
            assert slow.body == hit.body and (body is None or hit.body == body), headers
            assert {**slow.headers, "date": 0} == {**hit.headers, "date": 0, "preference-applied": "wait=0"}, headers
            assert head.body == b""
            assert head.status == (200 if status in {206, 416} else status)
            if status == 206:
                assert hit["content-length"] == str(len(body))
                start = BODY.index(body) if len(body) < len(BODY) else 0
                assert hit["content-range"] == f"bytes {start}-{start + len(body) - 1}/{len(BODY)}"
            if status == 416:
                assert hit["content-range"] == f"bytes */{len(BODY)}"
            if status in {412, 416}:
                assert hit["content-type"] == "application/problem+json"
            if status == 304:
                assert hit["etag"] == f'"{made.sha256}"'
                assert "immutable" in hit["cache-control"]
            if status == 200:
                assert {**head.headers, "date": 0} == {**hit.headers, "date": 0}
