"""JSON-RPC 2.0 as the specification has it, whatever comes in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from omnic_stream.web import rpc_protocol as rpc

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
IDS = st.none() | st.text(max_size=8) | st.integers(-(2**63), 2**63 - 1)
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | JSON,
        "method": st.sampled_from(["media", "unwatch", "prioritise", "types", "bundle"]) | JSON,
        "id": IDS | JSON,
        "params": JSON
        | st.fixed_dictionaries(
            {}, optional={"url": st.text() | JSON, "type": st.text() | JSON, "key": st.text(), "priority": JSON}
        ),
    },
)


def said(data):
    """Every reply when each request is performed, checked to be well formed."""
    parsed = rpc.parse(data)
    out = rpc.joined(parsed, [rpc.answer(r.id, "done") for r in parsed.requests if r.id is not UNSET])
    if out is None:
        return []
    message = json.loads(out)
    assert isinstance(message, list) == parsed.batch
    replies = message if parsed.batch else [message]
    for reply in replies:
        assert set(reply) in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"})
        assert reply["jsonrpc"] == "2.0"
        if "error" in reply:
            assert reply["error"]["code"] in {-32700, -32600, -32601, -32602}
            assert reply["error"]["message"]
    return replies


def codes(data):
    return [reply["error"]["code"] for reply in said(data)]


@settings(max_examples=500, deadline=None)
@given(st.binary() | st.text())
def test_any_bytes_get_a_well_formed_answer(data):
    said(data)


@settings(max_examples=800, deadline=None)
@given(NEARLY | JSON | st.lists(NEARLY | JSON, max_size=5))
def test_any_json_is_answered_once_and_a_notification_never(message):
    replies = said(json.dumps(message))
    if isinstance(message, list):
        assert len(replies) <= max(1, len(message))
    elif isinstance(message, dict) and message.get("jsonrpc") == "2.0" and isinstance(message.get("method"), str):
        if "id" not in message:
            assert replies == []
        elif isinstance(message["id"], str | None) or type(message["id"]) is int:
            assert [reply["id"] for reply in replies] == [message["id"]]


@settings(max_examples=300, deadline=None)
@given(IDS, st.text(min_size=1), st.text(min_size=1, max_size=256), st.integers(-1, 1), st.booleans())
def test_by_name_and_by_position_is_the_same(id, url, type, priority, follow):
    by_name = {"url": url, "type": type, "priority": priority, "follow": follow}
    expected = rpc.Media(url=url, type=type, priority=priority, follow=follow)
    for params in (by_name, list(by_name.values())):
        parsed = rpc.parse(json.dumps({"jsonrpc": "2.0", "id": id, "method": "media", "params": params}))
        assert parsed.requests == (rpc.Request(expected, id),)
        assert not parsed.replies


def test_the_examples_of_the_specification():
    assert codes('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]') == [-32700]
    assert codes('{"jsonrpc": "2.0", "method": 1, "params": "bar"}') == [-32600]
    assert codes('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}') == [-32601]
    assert codes('[{"jsonrpc": "2.0", "method": "sum", "params": [1], "id": "1"}, {"jsonrpc": "2.0", "method"') == [-32700]
    assert codes("[]") == [-32600]
    assert codes("[1]") == [-32600]
    assert codes("[1,2,3]") == [-32600] * 3
    assert said('{"jsonrpc": "2.0", "method": "foobar"}') == []
    assert said('[{"jsonrpc": "2.0", "method": "a"}, {"jsonrpc": "2.0", "method": "b"}]') == []
    mixed = said(
        """[{"jsonrpc": "2.0", "method": "types", "params": ["u"], "id": "1"},
            {"jsonrpc": "2.0", "method": "unwatch", "params": {"key": "k"}},
            {"foo": "boo"},
            {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"}]"""
    )
    assert sorted((reply["id"] or "", "error" in reply) for reply in mixed) == [("", True), ("1", False), ("5", True)]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"url": "u"},
        {"url": "", "type": "PNG"},
        {"url": "u", "type": ""},
        {"url": "u", "type": "x" * 257},
        {"url": "u" * (64 * 1024 + 1), "type": "PNG"},
        {"url": "u", "type": "PNG", "priority": 2},
        {"url": "u", "type": "PNG", "priority": 0.5},
        {"url": "u", "type": "PNG", "priority": True},
        {"url": "u", "type": "PNG", "follow": "yes"},
        {"url": "u", "type": "PNG", "exp": -1},
        {"url": "u", "type": "PNG", "surplus": 1},
        {"url": 1, "type": "PNG"},
        ["u"],
        ["u", "PNG", 0, False, 1],
        "u",
        None,
    ],
)
def test_params_that_do_not_fit(params):
    assert codes(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "media", "params": params})) == [-32602]


def test_a_hundred_thousand_brackets():
    assert codes("[" * 100_000) == [-32700]
    assert codes('{"a":' * 100_000) == [-32700]
    deep = b"[" * 5_000 + b"]" * 5_000
    assert codes(b'{"jsonrpc":"2.0","id":1,"method":"media","params":' + deep + b"}")[0] in {-32602, -32700}


def test_a_batch_has_at_most_a_hundred_members():
    one = {"jsonrpc": "2.0", "id": 1, "method": "unwatch", "params": {"key": "k"}}
    assert len(said(json.dumps([one] * 100))) == 100
    assert codes(json.dumps([one] * 101)) == [-32600]


def test_an_id_is_repeated_where_it_can_be_told():
    assert said('{"id": 7, "method": "media"}')[0]["id"] == 7
    assert said('{"id": {}, "method": "media"}')[0]["id"] is None
