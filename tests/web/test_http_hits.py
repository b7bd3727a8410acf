"""Hits: answered from the index while they are fresh, allowed and there, and then not."""

from pathlib import Path

import trio

from web.http_support import BODY, house, media


async def test_an_evicted_file_goes_the_slow_way(tmp_path):
    async with house(tmp_path) as home:
        for body in (BODY, BODY * 20):
            made = home.finish(body=body)
            assert (await home.ask(media())).body == body
            assert (await home.ask(media())).body == body
            home.jobs.forget(home.wanted())
            assert (await home.ask(media())).status == 200  # the index still knows
            made.path.unlink()
            assert (await home.ask(media())).status == 202
            assert len(home.index) == 0
            home.jobs.forget(home.wanted())


async def test_a_line_takes_the_slow_way_again_after_a_while(tmp_path):
    clock = [0.0]
    async with house(tmp_path, clock=lambda: clock[0]) as home:
        home.finish()
        await home.ask(media())
        home.jobs.forget(home.wanted())
        clock[0] = 29
        assert (await home.ask(media())).status == 200
        clock[0] = 31
        assert (await home.ask(media())).status == 202


async def test_another_spelling_is_another_line(tmp_path):
    async with house(tmp_path) as home:
        home.finish()
        await home.ask(media("PNG"))
        await home.ask(media("image%2Fpng"))
        await home.ask(media("png", more="&x=1"))
        assert len(home.index) == 3


async def test_a_long_line_is_not_remembered(tmp_path):
    async with house(tmp_path) as home:
        home.finish()
        assert (await home.ask(media(more="&x=" + "y" * 3000))).status == 200
        assert len(home.index) == 0


async def test_a_hit_with_a_body_is_answered_and_its_connection_goes_on(tmp_path):
    async with house(tmp_path) as home:
        home.finish()
        await home.ask(media())
        answer = await home.ask(media(), method="GET", body=b"x" * 2_000_000)
        assert (answer.status, answer.body) == (200, BODY)


async def test_a_keep_alive_connection_gets_one_answer_after_the_other(tmp_path):
    async with house(tmp_path) as home:
        home.finish()
        plain = f"GET {media()} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        last = plain.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        data = await home.raw(plain * 4 + last)
        assert data.count(b"HTTP/1.1 200") == 5
        assert data.count(BODY) == 5


async def test_an_absolute_form_and_http_1_0_are_read(tmp_path):
    async with house(tmp_path) as home:
        home.finish()
        data = await home.raw(f"GET http://a{media()} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        assert data.startswith(b"HTTP/1.1 200") and data.endswith(BODY)
        data = await home.raw(f"GET {media()} HTTP/1.0\r\n\r\n".encode())
        assert data.partition(b" ")[2].startswith(b"200") and data.endswith(BODY)


async def test_no_descriptor_is_left_open_by_readers_that_leave(tmp_path):
    async with house(tmp_path) as home:
        home.finish(body=BODY * 2000)
        before = len(list(Path("/proc/self/fd").iterdir()))
        for number in range(10):
            stream = await trio.open_tcp_stream("127.0.0.1", home.port)
            await stream.send_all(f"GET {media()} HTTP/1.1\r\nHost: a\r\nX: {number}\r\n\r\n".encode())
            await stream.receive_some(1000)
            await stream.aclose()
        with trio.fail_after(5):
            while len(list(Path("/proc/self/fd").iterdir())) > before:
                await trio.sleep(0.02)
