"""The server around the app: how connections begin, idle, stand still and end."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import trio
from quart import request
from quart_trio import QuartTrio

from omnic_stream.model.errors import MisconfiguredError
from omnic_stream.testing.sockets import open_socket
from omnic_stream.web.serve import Serving, listen
from web.live_support import QUICK, open_house
from web.test_live_sockets import masked, upgrade

HELLO = b"GET /x HTTP/1.1\r\nHost: own\r\n"


@pytest.fixture
async def house():
    async with open_house() as house:
        yield house


def quart_app():
    app = QuartTrio("behind")

    @app.get("/x")
    async def hello():
        await trio.sleep(float(request.args.get("wait", 0)))
        return "hello"

    return app


@pytest.mark.parametrize("behind", [None, quart_app])
async def test_connection_close_gets_an_end(behind):
    async with open_house(**({"behind": behind()} if behind else {})) as house:
        before = time.monotonic()
        assert b"\r\n\r\n" in await house.talk(HELLO + b"Connection: close\r\n\r\n", seconds=3)
        assert time.monotonic() - before < 0.4
        if behind:  # an idle connection ends after keep_alive, 0.5 s here
            await house.talk(HELLO + b"\r\n", seconds=3)
            assert 0.4 < time.monotonic() - before < 2.5


async def test_idle_and_trickling_connections_end(house):
    assert await house.talk(b"", seconds=3) == b""
    async with await trio.open_tcp_stream("127.0.0.1", house.port) as stream:
        with trio.fail_after(3):
            try:
                while True:
                    await stream.send_all(b"X")
                    await trio.sleep(0.1)
            except trio.BrokenResourceError:
                pass


async def test_no_name_of_the_server_is_told(house):
    answer = await house.get("/x")
    assert "server" not in answer.headers
    assert "date" in answer.headers


async def test_what_one_client_sends_does_not_end_the_service(house, caplog):
    # hypercorn 0.18 decodes this header as ASCII and lets the error through
    odd = upgrade().replace(b"Connection: Upgrade", b"Connection: Upgrade, \xff")
    assert b"200" not in await house.talk(odd)
    assert (await house.get("/x")).status == 203
    assert "A connection ended with an error" in caplog.text


async def test_beyond_the_limit_connections_are_told_so():
    async with open_house(serving=Serving(signals=(), connections=2, grace=2)) as house:
        held = [await trio.open_tcp_stream("127.0.0.1", house.port) for _ in range(2)]
        for stream in held:
            await stream.send_all(HELLO + b"\r\n")
            await stream.receive_some(100)
        answer = await house.get("/x")
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        for stream in held:
            await stream.aclose()
        with trio.fail_after(5):
            while (await house.get("/x")).status != 203:
                await trio.sleep(0.05)


async def test_a_closed_socket_leaves_nothing_behind(house):
    for _ in range(3):
        async with open_socket(house.port) as client:
            await client.call("unwatch", key="x")
    stream = await trio.open_tcp_stream("127.0.0.1", house.port)
    await stream.send_all(upgrade() + masked("{"))
    await stream.receive_some(100)
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    await stream.aclose()  # a reset
    with trio.fail_after(3):
        while sum(
            f":{house.port:04X} " in line
            for line in Path("/proc/net/tcp").read_text().splitlines()
            if " 01 " in line or " 08 " in line
        ):
            await trio.sleep(0.02)


async def test_a_half_closed_client_still_gets_no_harm(house):
    async with await trio.open_tcp_stream("127.0.0.1", house.port) as stream:
        await stream.send_all(HELLO + b"\r\n")
        await stream.send_eof()
        with trio.fail_after(3):
            b"".join([bytes(chunk) async for chunk in stream])
    async with await trio.open_tcp_stream("127.0.0.1", house.port) as stream:
        await stream.send_all(upgrade())
        await stream.receive_some(1000)
        await stream.send_eof()
        with trio.fail_after(3):
            b"".join([bytes(chunk) async for chunk in stream])
    with trio.fail_after(3):
        while len(house.audience):
            await trio.sleep(0.01)


def stuck_reader(port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    sock.sendall(b"GET /much HTTP/1.1\r\nHost: own\r\n\r\n")
    return sock


async def test_a_reader_that_stands_still_is_cut():
    async with open_house(serving=Serving(signals=(), stuck=1, grace=60)) as house:
        stuck = await trio.to_thread.run_sync(stuck_reader, house.port)
        await trio.sleep(0.3)
        house.stopping.set()
        with trio.fail_after(5):
            await house.stopped.wait()
        stuck.close()


async def test_a_stuck_reader_does_not_hold_up_the_end():
    async with open_house(serving=Serving(signals=(), stuck=60, grace=1)) as house:
        stuck = await trio.to_thread.run_sync(stuck_reader, house.port)
        await trio.sleep(0.3)
        house.stopping.set()
        with trio.fail_after(3):
            await house.stopped.wait()
        stuck.close()


async def test_what_is_in_flight_is_answered_and_new_ones_meanwhile(house):
    answers = []

    async def ask(path):
        answers.append((await house.get(path)).status)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, "/slow")
        await trio.sleep(0.2)
        house.stopping.set()
        nursery.start_soon(ask, "/x")
    assert answers == [203, 203]
    with trio.fail_after(2):
        await house.stopped.wait()
    with pytest.raises(OSError):
        await trio.open_tcp_stream("127.0.0.1", house.port)


@pytest.mark.parametrize("bind", ["nowhere", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:x", "no.such.host.invalid:80"])
def test_where_it_cannot_listen_it_says_so(bind):
    with pytest.raises(MisconfiguredError):
        listen(bind, QUICK)


def test_a_port_that_is_taken():
    first = listen("127.0.0.1:0", QUICK)
    with pytest.raises(MisconfiguredError, match="--bind"):
        listen(f"127.0.0.1:{first.getsockname()[1]}", QUICK)
    first.close()
    six = listen("[::1]:0", QUICK)
    assert six.family == socket.AF_INET6
    six.close()


@pytest.fixture
def process():
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "live_server.py")], stdout=subprocess.PIPE, env=environment
    ) as process:
        process.port = int(process.stdout.readline())
        yield process
        process.kill()


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_and_ends_with_0(process, which):
    answers = []

    async def ask():
        async with await trio.open_tcp_stream("127.0.0.1", process.port) as stream:
            await stream.send_all(b"GET /slow HTTP/1.1\r\nHost: own\r\n\r\n")
            answers.append(b"".join([bytes(chunk) async for chunk in stream]))

    async with open_socket(process.port) as client, trio.open_nursery() as nursery:
        await client.call("unwatch", key="x")
        nursery.start_soon(ask)
        await trio.sleep(0.3)
        process.send_signal(which)
        with trio.fail_after(5):
            assert await client.closed() == 1001
            assert await trio.to_thread.run_sync(process.wait) == 0
    assert answers[0].endswith(b"other 0")


async def test_a_second_signal_ends_at_once(process):
    stuck = await trio.to_thread.run_sync(stuck_reader, process.port)
    await trio.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    await trio.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    with trio.fail_after(3):
        assert await trio.to_thread.run_sync(process.wait) == 0
    stuck.close()
