"""``/ws/`` on a real server with a real client."""

import json
import time

import pytest
import trio
from trio_websocket import ConnectionRejected

from omnic_stream.model.contracts import Possible, PossibleType
from omnic_stream.model.errors import Busy, NoRoad
from omnic_stream.model.events import Converting, Downloaded, Downloading, Failed, Queued, Ready
from omnic_stream.model.signing import sign
from omnic_stream.testing.sockets import open_socket
from omnic_stream.web.door import open_door
from omnic_stream.web.hits import Index
from web.live_support import QUICK, SECRET, URL, open_house, wanted

READY = Ready(artifact="a" * 64, entry="r.png", media_type="image/png", bytes=5, etag="e" * 64)
FAILED = Failed(code="corrupt", message="The content is broken.")
LIFE = (
    Queued(position=0),
    Downloading(bytes=0, total=10),
    Downloading(bytes=10, total=10),
    Downloaded(bytes=10, format="PDF"),
    Converting(step=1, steps=1, source="PDF", target="PNG", fraction=0.5, overall=0.5, estimated=False, eta=1.0),
    READY,
)


@pytest.fixture(params=["asgi", "frames"])
async def house(request):
    """Every story is told twice: through hypercorn, and on our own stream."""
    async with open_house(make_door=framed if request.param == "frames" else lambda live, audience: None) as house:
        yield house


def framed(live, audience):
    return open_door(live=live, audience=audience, index=Index(), serving=QUICK)


async def test_a_job_from_asking_to_ready(house):
    async with open_socket(house.port) as socket:
        answer = await socket.call("media", url=URL, type="png")
        key = wanted().key
        assert answer["result"] == {"key": key, "state": "queued", "seq": 1}
        job = await house.jobs.started()
        for event in LIFE[1:]:
            job.tell(event)
            await socket.next()
        job.tell(READY)
        assert not job.watches  # over for this watcher, so nothing more is told
        assert (await socket.call("unwatch", key=key))["result"] == {"key": key, "known": False}


async def test_events_come_in_order_with_the_words_that_were_asked(house):
    async with open_socket(house.port) as socket:
        await socket.call("media", url=URL, type="image/PNG")
        job = await house.jobs.started()
        with trio.fail_after(5):
            first = await socket.next()  # the current state, after the answer
            seen = [first]
            for event in LIFE[1:]:
                job.tell(event)
                seen.append(await socket.next())
    assert [event["method"] for event in seen] == [
        "queued",
        "downloading",
        "downloading",
        "downloaded",
        "converting",
        "ready",
    ]
    assert [event["params"]["seq"] for event in seen] == [1, 2, 3, 4, 5, 6]
    assert all((event["params"]["url"], event["params"]["type"]) == (URL, "image/PNG") for event in seen)
    times = [event["params"]["at"] for event in seen]
    assert times == sorted(times)
    assert seen[-1]["params"]["href"] == f"/artifact/{'a' * 64}/r.png"
    assert all(set(event) == {"jsonrpc", "method", "params"} for event in seen)


async def test_a_late_watcher_gets_the_current_state_at_once(house):
    async with open_socket(house.port) as early, open_socket(house.port) as late:
        await early.call("media", url=URL, type="png")
        job = await house.jobs.started()
        for event in LIFE[1:4]:
            job.tell(event)
        answer = await late.call("media", url=URL, type="png")
        assert answer["result"] == {"key": job.key, "state": "downloaded", "seq": 4}
        assert not late.notifications  # the answer comes before the notifications
        assert (await late.next())["method"] == "downloaded"
        job.tell(READY)
        assert (await late.next())["method"] == "ready"


async def test_what_is_finished_is_answered_and_told(house):
    async with open_socket(house.port) as socket:
        await socket.call("media", url=URL, type="png", follow=True)
        job = await house.jobs.started()
        job.tell(READY)
        await socket.until("ready")
        assert len(job.watches) == 1  # follow: it stays
        house.jobs.refusal = Busy("Too much at once.")
        answer = await socket.call("media", url=URL, type="png")
        assert answer["error"] == {
            "code": -32000,
            "message": "Too much at once.",
            "data": {"code": "busy", "status": 429},
        }


async def test_asking_twice_tells_nothing_twice(house):
    async with open_socket(house.port) as socket:
        for priority in (0, 1):
            await socket.call("media", url=URL, type="png", priority=priority)
        await socket.call("media", url=URL, type="image/png")
        job = await house.jobs.started()
        assert len(job.watches) == 2
        assert job.priority == 1
        job.tell(FAILED)
        seen = [await socket.next() for _ in range(4)]
        assert sorted((event["method"], event["params"]["type"]) for event in seen) == [
            ("failed", "image/png"),
            ("failed", "png"),
            ("queued", "image/png"),
            ("queued", "png"),
        ]
        assert seen[-1]["params"]["code"] == "corrupt"
        assert await socket.call("types", url="nonsense") and not socket.notifications


async def test_unwatch_and_prioritise(house):
    async with open_socket(house.port) as socket:
        key = (await socket.call("media", url=URL, type="png"))["result"]["key"]
        job = await house.jobs.started()
        assert (await socket.call("prioritise", key=key, priority=-1))["result"] == {"key": key, "known": True}
        assert job.priority == -1
        assert (await socket.call("prioritise", key="?", priority=1))["result"] == {"key": "?", "known": False}
        assert (await socket.call("unwatch", key=key))["result"] == {"key": key, "known": True}
        assert not job.watches


async def test_a_client_that_leaves_lets_go(house):
    async with open_socket(house.port) as stays:
        await stays.call("media", url=URL, type="png")
        job = await house.jobs.started()
        async with open_socket(house.port) as leaves:
            await leaves.call("media", url=URL, type="png")
            assert len(job.watches) == 2
        with trio.fail_after(5):
            while len(job.watches) != 1 or len(house.audience) != 1:
                await trio.sleep(0.01)
        job.tell(READY)
        assert (await stays.until("ready"))[-1]["params"]["bytes"] == 5


async def test_types(house):
    house.jobs.possible[URL] = Possible(format="PDF", types=(PossibleType(type="PNG", steps=1, cost=80.0),))
    async with open_socket(house.port) as socket:
        assert (await socket.call("types", url=URL))["result"] == {
            "format": "PDF",
            "types": [{"type": "PNG", "steps": 1, "cost": 80.0}],
        }
        assert (await socket.call("types", url=URL + "?"))["error"]["data"] == {"code": "not_found", "status": 404}
        house.jobs.possible[URL] = NoRoad("Nothing leads there.")
        assert (await socket.call("types", url=URL))["error"]["data"] == {"code": "no_road", "status": 415}


@pytest.mark.parametrize(
    ("url", "type", "code"),
    [("gopher://x/", "png", "bad_address"), (URL, "png:0x0x0", "bad_target"), (URL, "no-such", "bad_target")],
)
async def test_what_cannot_be_read_says_so(house, url, type, code):
    async with open_socket(house.port) as socket:
        error = (await socket.call("media", url=url, type=type))["error"]
        assert error["code"] == -32000
        assert error["data"] == {"code": code, "status": 400}
        assert error["message"]


async def test_a_batch_is_answered_as_one(house):
    house.jobs.possible[URL] = Possible(format="PDF", types=())
    batch = [
        {"jsonrpc": "2.0", "id": 1, "method": "media", "params": {"url": URL, "type": "png"}},
        {"jsonrpc": "2.0", "id": 2, "method": "types", "params": {"url": URL}},
        {"jsonrpc": "2.0", "id": 3, "method": "bundle"},
        {"jsonrpc": "2.0", "method": "unwatch", "params": {"key": "x"}},
        {"jsonrpc": "2.0", "id": 4, "method": "media", "params": {"url": URL}},
    ]
    async with open_socket(house.port) as socket:
        await socket.send(batch)
        messages = [await socket.receive(), await socket.receive()]
        (answers,) = [message for message in messages if isinstance(message, list)]
        codes = {answer["id"]: answer.get("error", {}).get("code") for answer in answers}
        assert codes == {1: None, 2: None, 3: -32601, 4: -32602}
        await socket.send(batch[:1] * 101)
        assert (await socket.receive())["error"]["code"] == -32600
        await socket.send("{")
        assert (await socket.receive())["error"]["code"] == -32700


async def test_256_subscriptions_and_ten_thousand_tries(house):
    async with open_socket(house.port) as socket:
        with trio.fail_after(60):
            for start in range(0, 10_000, 100):
                batch = [
                    {
                        "jsonrpc": "2.0",
                        "id": number,
                        "method": "media",
                        "params": {"url": f"{URL}?{number}", "type": "png"},
                    }
                    for number in range(start, start + 100)
                ]
                await socket.send(batch)
            answers = []
            while len(answers) < 10_000:
                message = await socket.receive()
                if isinstance(message, list):
                    answers += message
    taken = [answer for answer in answers if "result" in answer]
    refused = [answer for answer in answers if "error" in answer]
    assert len(taken) == 256
    assert {json.dumps(answer["error"]["data"]) for answer in refused} == {'{"code": "busy", "status": 429}'}
    with trio.fail_after(5):
        while any(job.watches for job in house.jobs.live.values()):
            await trio.sleep(0.01)


@pytest.mark.parametrize("origin", [None, "http://own", "https://friend.example"])
async def test_origins_that_may(house, origin):
    headers = [("Host", "own")] + ([("Origin", origin)] if origin else [])
    headers = [("Origin", origin.replace("own", f"127.0.0.1:{house.port}"))] if origin else []
    async with open_socket(house.port, headers=headers) as socket:
        assert "result" in await socket.call("unwatch", key="x")


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://own.evil.example", "https://friend.example, x"])
async def test_origins_that_may_not(house, origin):
    with pytest.RaisesGroup(ConnectionRejected, allow_unwrapped=True, flatten_subgroups=True) as refused:
        async with open_socket(house.port, headers=[("Origin", origin)]):
            pass
    error = refused.value
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert error.status_code == 403
    assert json.loads(error.body)["code"] == "refused"


async def test_other_paths_are_not_found(house):
    answer = await house.talk(upgrade(path="/ws/x"))
    assert answer.startswith(b"HTTP/1.1 404 ")


async def test_deflate_is_not_accepted(house):
    async with await trio.open_tcp_stream("127.0.0.1", house.port) as stream:
        await stream.send_all(upgrade(b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"))
        head = bytes(await stream.receive_some(4096)).lower()
        assert head.startswith(b"http/1.1 101 ")
        assert b"sec-websocket-extensions" not in head


async def test_a_binary_frame_closes_with_1003(house):
    async with open_socket(house.port) as socket:
        await socket.connection.send_message(b"{}")
        with trio.fail_after(5):
            assert await socket.closed() == 1003


@pytest.mark.parametrize("letter", ["x", "ü"])
async def test_a_message_over_64_kib_closes_with_1009(house, letter):
    async with open_socket(house.port) as socket:
        await socket.send(json.dumps(letter * 40_000, ensure_ascii=False))
        fits = len(letter.encode()) == 1
        with trio.fail_after(5):
            if fits:
                assert (await socket.receive())["error"]["code"] == -32600
                await socket.send("x" * 70_000)
            assert await socket.closed() == 1009


def upgrade(more=b"", path="/ws/"):
    return (
        b"GET %s HTTP/1.1\r\nHost: own\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n" % (path.encode(), more)
    )


def masked(text):
    payload = text.encode()
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else bytes((0x81, 0xFE)) + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


async def open_small(port):
    """A connection whose own buffer holds little."""
    sock = trio.socket.socket()
    sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 4096)
    await sock.connect(("127.0.0.1", port))
    return trio.SocketStream(sock)


def gave_up(house):
    return any(mailbox.code == 1013 for mailbox in house.audience)


async def test_a_slow_reader_is_let_go_and_the_others_miss_nothing(house):
    async with open_socket(house.port, buffered=100_000) as good:
        await good.call("media", url=URL, type="png", follow=True)
        job = await house.jobs.started()
        slow = await open_small(house.port)
        await slow.send_all(upgrade())
        await slow.receive_some(4096)
        ask = {"jsonrpc": "2.0", "id": 1, "method": "media", "params": {"url": URL, "type": "png", "follow": True}}
        await slow.send_all(masked(json.dumps(ask)))
        await slow.receive_some(16)
        seen, told = [], 0
        with trio.fail_after(60):
            while told < 5_000 and not gave_up(house):
                for _ in range(50):
                    job.tell(Downloaded(bytes=told, format="PDF" * 3_000))  # 9 KiB, so that buffers are soon full
                    told += 1
                seen += [(await good.next())["params"]["seq"] for _ in range(50)]
            data = b""
            while b"\x88\x02\x03\xf5" not in data[-8:]:
                chunk = await slow.receive_some(1 << 20)
                if not chunk:
                    break
                data = (data + chunk)[-64:]
        assert data.endswith(b"\x88\x02\x03\xf5")  # a close frame that says 1013
        assert seen == list(range(1, len(seen) + 1))
        await slow.aclose()


async def test_shutdown_says_1001(house):
    async with open_socket(house.port) as socket:
        await socket.call("media", url=URL, type="png")
        house.stopping.set()
        with trio.fail_after(5):
            assert await socket.closed() == 1001
            await house.stopped.wait()


async def test_signed():
    async with open_house(signed=True) as house, open_socket(house.port) as socket:
        error = (await socket.call("media", url=URL, type="png"))["error"]
        assert error["data"] == {"code": "refused", "status": 403}
        exp = int(time.time()) + 60
        sig = sign(SECRET, "k", exp, "png", URL)
        assert "result" in await socket.call("media", url=URL, type="png", kid="k", exp=exp, sig=sig)
        assert "result" in await socket.call("media", url=URL, type="png", kid="k", exp=str(exp), sig=sig)
        house.jobs.possible[URL] = Possible(format="PDF", types=())
        assert "error" in await socket.call("types", url=URL)
        sig = sign(SECRET, "k", exp, "", URL)
        assert "result" in await socket.call("types", url=URL, kid="k", exp=exp, sig=sig)
