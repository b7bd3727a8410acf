"""The door says what hypercorn says, byte for byte but for the time: hypercorn itself is the oracle."""

import re
import struct
import time
from contextlib import asynccontextmanager

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnic_stream.testing.jobs import FakeJobs
from omnic_stream.web.access import Access
from omnic_stream.web.cors import Cors
from omnic_stream.web.door import open_door
from omnic_stream.web.frames import FrameSockets, frame
from omnic_stream.web.hits import Hits, Index
from omnic_stream.web.live import Live
from omnic_stream.web.mailbox import Audience
from omnic_stream.web.reply import result
from omnic_stream.web.serve import Serving, serve
from web.live_support import QUICK, make_app, make_live, other
from web.test_live_sockets import masked, upgrade

BODY = bytes(range(256)) * 40
PATH, QUERY = b"/media/thumb.png:64x64/", b"url=https%3A%2F%2Fe.org%2Fa.png"
PLAIN = b"GET " + PATH + b"?" + QUERY + b" HTTP/1.1\r\nHost: own\r\n\r\n"
NO_ORIGINS = Access()
SERVING = Serving(signals=(), grace=2, keep_alive=0.3)


@asynccontextmanager
async def both(folder, access=NO_ORIGINS):
    """Two servers on one index: [port without a door, port with one], and how many answers the door gave."""
    file = folder / "a.png"
    file.write_bytes(BODY)
    index, counted = Index(), []
    index.remember(
        PATH,
        QUERY,
        result(path=str(file), size=len(BODY), tag="e" * 64, created=1e9, media_type="image/png", name="a.png"),
    )
    base = make_live(FakeJobs())
    live = Live(jobs=base.jobs, parse=base.parse, parse_address=base.parse_address, access=access, href=base.href)
    audience, stopping, ports = Audience(), trio.Event(), []
    app = Hits(make_app(live, audience, other), index)
    if access.allow_origins:
        app = Cors(app, access)
    async with trio.open_nursery() as nursery:
        for door in (None, open_door(live=live, audience=audience, index=index, serving=SERVING, count=counted.append)):

            async def run(task_status, door=door):
                await serve(
                    app,
                    bind="127.0.0.1:0",
                    stopping=stopping,
                    serving=SERVING,
                    leave=audience.dismiss,
                    door=door,
                    task_status=task_status,
                )

            ports.append((await nursery.start(run))[1])
        yield *ports, counted
        stopping.set()


async def ask(port, *parts):
    """Everything that comes back, the date left out; a reset counts as an end, and 2 s of silence are told."""
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        data = b""
        with trio.move_on_after(2) as silent:
            try:
                for part in parts:
                    await stream.send_all(part)
                    if len(parts) > 1:
                        await trio.sleep(0.01)
                async for chunk in stream:
                    data += chunk
            except trio.BrokenResourceError:
                pass
    return re.sub(rb"date: [^\r]*", b"date:", data) + b"(still open)" * silent.cancelled_caught


async def test_a_plain_hit_is_the_door_s_and_the_same(tmp_path):
    async with both(tmp_path) as (bare, door, counted):
        said = await ask(door, PLAIN)
        assert said == await ask(bare, PLAIN)
        assert said.startswith(b"HTTP/1.1 200 ")
        assert said.endswith(BODY)
        assert counted == [200]


@pytest.mark.parametrize("origins", [frozenset(), frozenset({"*"}), frozenset({"https://friend.example"})])
async def test_cross_origin_headers_are_the_same(tmp_path, origins):
    async with both(tmp_path, Access(allow_origins=origins)) as (bare, door, counted):
        friendly = PLAIN[:-2] + b"Origin: https://friend.example\r\n\r\n"
        for request in (PLAIN, friendly):
            assert sorted((await ask(door, request)).split(b"\r\n")) == sorted((await ask(bare, request)).split(b"\r\n"))
        assert counted == [200]


ODD = [
    PLAIN * 5,
    PLAIN.replace(b"Host: own\r\n", b""),
    PLAIN.replace(b"Host: own", b"Host: own\r\nHost: b"),
    PLAIN.replace(b"1.1", b"1.0"),
    PLAIN.replace(b"GET", b"get"),
    PLAIN.replace(b"Host: own", b"Host: own\r\n folded"),
    PLAIN.replace(b"Host: own", b"Host : own"),
    PLAIN.replace(b"Host: own", b"Host: own\r\n: x"),
    PLAIN.replace(b"\r\n", b"\n"),
    PLAIN.replace(b"\r\n", b"\r"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nTransfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n",
    PLAIN.replace(b"Host: own", b"Host: own\r\nContent-Length: 3") + b"abc",
    PLAIN.replace(b"Host: own", b"Host: own\r\nContent-Length: 0"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nContent-Length: 1\r\nContent-Length: 2"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nX: \0"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nX: \x7f"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nX: \xc3\xa9"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nX:"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nX:\t y \t"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nX: a\tb"),
    PLAIN.replace(b"Host: own", b"Host:own"),
    PLAIN.replace(b"Host: own", b"host: \xff"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nX: " + b"y" * 9000),
    PLAIN.replace(b"Host: own", b"Host: own" + b"\r\nX: y" * 70),
    PLAIN.replace(b"GET ", b"GET  "),
    PLAIN.replace(b" HTTP", b"#x HTTP"),
    PLAIN.replace(b"?", b"?&"),
    PLAIN.replace(b"%2F", b"%2f"),
    PLAIN.replace(b"/media", b"//media"),
    PLAIN.replace(b"/media", b"http://own/media"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nConnection: close"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nConnection: keep-alive"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nExpect: 100-continue"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nRange: bytes=0-9"),
    PLAIN.replace(b"Host: own", b'Host: own\r\nIf-None-Match: "' + b"e" * 64 + b'"'),
    PLAIN.replace(b"Host: own", b"Host: own\r\nPrefer: wait=1"),
    PLAIN.replace(b"Host: own", b"Host: own\r\nCache-Control: no-cache"),
    b"\r\n" + PLAIN,
    PLAIN + b"x",
    PLAIN[:-2],
    b"POST" + PLAIN[3:],
    b"HEAD" + PLAIN[3:],
    b"\x16\x03\x01\x02\0\x01\0\x01\xfc",
    b"",
]


async def test_what_is_odd_is_answered_by_hypercorn(tmp_path):
    async with both(tmp_path) as (bare, door, _):

        async def compare(request):
            assert await ask(bare, request) == await ask(door, request), request

        async with trio.open_nursery() as nursery:
            for request in ODD:
                nursery.start_soon(compare, request)


@pytest.mark.parametrize(
    "fields",
    [b"X: y\r\n" * 1000, b"X:" + b" " * 8000 + b"\0", b"X: " + b"a b\t" * 1900, b"X:\t \r\n" * 1000, b"x" * 8000],
)
def test_no_request_takes_long_to_look_at(fields):
    index, handled = Index(), []
    live = make_live(FakeJobs())
    door = open_door(live=live, audience=Audience(), index=index, serving=SERVING)(handled.append)
    frames = FrameSockets(live, Audience(), ping=1, read_timeout=1)
    before = time.perf_counter()
    assert door.plain(b"GET / HTTP/1.1\r\n" + fields + b"\r\n") is None
    assert frames.handshake(b"GET /ws/ HTTP/1.1\r\n" + fields + b"\r\n") is None
    assert time.perf_counter() - before < 0.05


async def test_split_anywhere_it_is_the_same(tmp_path):
    async with both(tmp_path) as (bare, door, _):
        whole = await ask(bare, PLAIN)

        async def compare(place):
            assert await ask(door, PLAIN[:place], PLAIN[place:]) == whole, place

        async with trio.open_nursery() as nursery:
            for place in range(1, len(PLAIN), 7):
                nursery.start_soon(compare, place)


PIECES = st.sampled_from(
    [
        *(bytes((byte,)) for byte in b"\r\n \t:;,?&/=%#\"'\\\0\x7f\x80\xffGgHX1"),
        b"\r\n",
        b"\r\n\r\n",
        b"\n\n",
        b"\r\nX: y",
        b"\r\n x",
        b"\r\nContent-Length: 5",
        b"\r\ncontent-length:0",
        b"\r\nTransfer-Encoding: chunked",
        b"\r\nHost: b",
        b"\r\nConnection: close",
        b"\r\nConnection: keep-alive, x",
        b"\r\nRange: bytes=1-2",
        b"\r\nIf-Range: x",
        b"\r\nTE: trailers",
        b"HTTP/1.1",
        b"GET ",
        PLAIN,
    ]
)
EDITS = st.lists(
    st.tuples(st.sampled_from(["insert", "replace", "delete"]), st.integers(0, len(PLAIN)), PIECES),
    min_size=1,
    max_size=3,
)


def edited(edits):
    data = PLAIN
    for kind, place, piece in edits:
        place = min(place, len(data))
        data = {
            "insert": data[:place] + piece + data[place:],
            "replace": data[:place] + piece + data[place + len(piece) :],
            "delete": data[:place] + data[place + len(piece) :],
        }[kind]
    return data


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDITS, min_size=20, max_size=20))
async def test_whatever_is_asked_the_door_and_hypercorn_agree(tmp_path, edits):
    async with both(tmp_path) as (bare, door, _):
        unlike = []

        async def compare(request):
            if await ask(bare, request) != await ask(door, request):
                unlike.append(request)

        async with trio.open_nursery() as nursery:
            for edit in edits:
                nursery.start_soon(compare, edited(edit))
        for request in unlike:  # alone: among twenty, a busy machine may leave one idle for longer than a connection may be
            assert await ask(bare, request) == await ask(door, request), request


async def test_hits_then_anything_else_on_one_connection(tmp_path):
    post = b"POST /x HTTP/1.1\r\nHost: own\r\nContent-Length: 5\r\n\r\nhello"
    async with both(tmp_path) as (_, door, counted):
        async with await trio.open_tcp_stream("127.0.0.1", door) as stream:
            for request, end in ((PLAIN, BODY), (PLAIN, BODY), (post, b"other 5"), (PLAIN, BODY)):
                await stream.send_all(request)
                data = b""
                with trio.fail_after(5):
                    while not data.endswith(end):
                        data += await stream.receive_some(65536)
        assert counted == [200, 200]  # the rest was hypercorn's


async def test_what_was_evicted_is_not_answered_from_memory(tmp_path):
    async with both(tmp_path) as (_, door, _):
        assert (await ask(door, PLAIN)).endswith(BODY)
        (tmp_path / "a.png").unlink()
        assert (await ask(door, PLAIN)).endswith(b"other 0")


HANDSHAKES = [
    upgrade(),
    upgrade(path="/ws/?x=y"),
    upgrade(path="/ws"),
    upgrade(b"Origin: https://evil.example\r\n"),
    upgrade(b"Origin: null\r\n"),
    upgrade(b"Origin: http://own\r\nOrigin: https://evil.example\r\n"),
    upgrade(b"Content-Length: 3\r\n") + b"abc",
    upgrade().replace(b"13", b"12"),
    upgrade().replace(b"Sec-WebSocket-Version: 13\r\n", b""),
    upgrade().replace(b"Host: own\r\n", b""),
    upgrade().replace(b"Upgrade: websocket", b"Upgrade: other"),
    upgrade().replace(b"Connection: Upgrade", b"Connection: close"),
    upgrade().replace(b"GET", b"POST"),
]


async def shaken(port, request):
    """The status of a handshake; of an accepted one, what comes once the client has closed it (1000, masked)."""
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        await stream.send_all(request)
        data = b""
        with trio.fail_after(10):
            while b"\r\n\r\n" not in data:
                data += await stream.receive_some(65536)
            status = int(data.split()[1])
            if status != 101:
                return status, b""
            await stream.send_all(b"\x88\x82\0\0\0\0\x03\xe8")
            async for chunk in stream:
                data += chunk
    return status, data[-4:]


@pytest.mark.parametrize("request_", HANDSHAKES)
async def test_handshakes_end_alike(tmp_path, request_):
    async with both(tmp_path) as (bare, door, _):
        status, end = await shaken(bare, request_)
        assert (status, end) == await shaken(door, request_)
        assert end == (b"\x88\x02\x03\xe8" if status == 101 else b"")


async def test_frames_that_break_the_protocol_are_closed_as_such(tmp_path):
    unmasked, reserved = b"\x81\x02{}", b"\xf1\x80\0\0\0\0"
    for broken in (unmasked, reserved, b"\x81\x84\0\0\0\0\xff\xfe\xfd\xfc"):
        async with both(tmp_path) as (_, door, _):
            said = await ask(door, upgrade(), broken)
            closing = said.split(b"\r\n\r\n", 1)[1]
            assert closing[0] == 0x88
            assert struct.unpack(">H", closing[2:4])[0] in {1002, 1007}


async def test_what_comes_with_the_handshake_is_read(tmp_path):
    ask_unwatch = masked('{"jsonrpc":"2.0","id":1,"method":"unwatch","params":{"key":"x"}}')
    async with both(tmp_path) as (_, door, _):
        said = await ask(door, upgrade() + ask_unwatch + b"\x88\x82\0\0\0\0\x03\xe8")
        assert said.endswith(b'{"jsonrpc":"2.0","id":1,"result":{"key":"x","known":false}}\x88\x02\x03\xe8')


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_frames(size):
    payload = b"x" * size
    made = frame(payload)
    assert made.endswith(payload)
    assert len(made) - size == (2 if size < 126 else 4 if size < 65536 else 10)
    assert QUICK.message == 65536
