"""Many ask at once: one download, one conversion, bounded waiting, and what is finished never waits."""

import contextlib
import time

import httpx2
import pytest
import trio

from e2e.e2e_support import LOOPBACK, conversions, copied, media_path, picture, problem, running, sample
from omnic_stream.testing.sockets import open_socket

CROWD = 200


@pytest.fixture(scope="module")
def small(tmp_path_factory, warm_store):
    """A service with one slot, before which four may wait."""
    folder = tmp_path_factory.mktemp("small")
    store = copied(warm_store, folder / "store")
    with running(folder, store, **LOOPBACK, OMNIC_SLOTS=1, OMNIC_QUEUE_LIMIT=4) as started:
        yield started


@contextlib.asynccontextmanager
async def many_clients(connections=CROWD):
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    async with httpx2.AsyncClient(timeout=120, trust_env=False, limits=limits) as client:
        yield client


async def office_is_there(service):
    async with open_socket(service.port) as socket:
        answer = await socket.call("types", url="file://samples/letter.docx")
    return "PDF" in {one["type"] for one in answer["result"]["types"]}


async def test_two_hundred_want_one_letter_as_pdf(service, origin):
    """One GET at the origin, LibreOffice once, one ETag for all; those who leave take nothing from those who stay."""
    type, converter = ("PDF", "office.%") if await office_is_there(service) else ("HTML", "docx.html")
    origin.serve("/letter.docx", sample("letter.docx"), delay=1.5)  # all are there before it is downloaded
    path = service.root + media_path(origin.url("/letter.docx"), type)
    before = conversions(service.store, converter)
    answers = []

    async def asks(client):
        answers.append(await client.get(path, headers={"Prefer": "wait=60"}))

    async def leaves():
        stream = await trio.open_tcp_stream("127.0.0.1", service.port)
        await stream.send_all(f"GET {path.removeprefix(service.root)} HTTP/1.1\r\nHost: x\r\nPrefer: wait=60\r\n\r\n".encode())
        await trio.sleep(0.8)
        await trio.aclose_forcefully(stream)

    async with many_clients() as client, trio.open_nursery() as nursery:
        for number in range(CROWD):
            nursery.start_soon(asks, client)
            if number % 10 == 0:
                nursery.start_soon(leaves)
    assert len(answers) == CROWD and {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["etag"] for answer in answers}) == 1 and len({answer.content for answer in answers}) == 1
    assert origin.hits("/letter.docx") == 1
    assert conversions(service.store, converter) - before == 1


async def test_when_the_first_who_asked_leaves_the_others_still_get_it(service, origin):
    hold = trio.Event()
    origin.serve("/leaflet.pdf", sample("leaflet.pdf"), hold=hold)
    url, type = origin.url("/leaflet.pdf"), "thumb.png:77x77"
    async with open_socket(service.port) as stays:
        async with open_socket(service.port) as leaves:
            first = await leaves.call("media", url=url, type=type)
            second = await stays.call("media", url=url, type=type)
            assert first["result"]["key"] == second["result"]["key"]
        await trio.sleep(1.3)  # longer than what nobody watches lives
        hold.set()
        with trio.fail_after(60):
            ready = (await stays.until("ready"))[-1]["params"]
    assert picture((await service.get(ready["href"])).content) == ("PNG", 54, 77)
    assert origin.hits("/leaflet.pdf") == 1


async def test_when_all_leave_the_download_ends(service, origin):
    origin.serve("/slow.jpg", sample("harbour.jpg"), drip=2000)
    async with open_socket(service.port) as socket:
        await socket.call("media", url=origin.url("/slow.jpg"), type="PNG")
        with trio.fail_after(20):
            while not origin.active:
                await trio.sleep(0.02)
    with trio.fail_after(5):
        while origin.active:
            await trio.sleep(0.05)


async def test_beyond_the_queue_it_is_429_and_finished_results_stay_fast(small, origin):
    origin.serve("/ready.jpg", sample("harbour.jpg"), headers=[("Cache-Control", "max-age=600")])
    ready = origin.url("/ready.jpg")
    assert (await small.media(ready, "thumb.png:50x50")).status_code == 200
    hold = trio.Event()
    origin.serve("/held.jpg", sample("harbour.jpg"), hold=hold)
    held, answers = origin.url("/held.jpg"), []

    async def asks(client, size):
        answers.append(await client.get(small.root + media_path(held, f"thumb.png:{size}x{size}"), headers={"Prefer": "wait=60"}))

    async with many_clients() as client, trio.open_nursery() as nursery:
        for size in range(1, 21):
            nursery.start_soon(asks, client, size)
        with trio.fail_after(60):
            while len(answers) < 15:
                await trio.sleep(0.02)
        assert {problem(answer) for answer in answers} == {(429, "busy")}
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
        took = []
        for _ in range(30):
            start = time.perf_counter()
            hit = await client.get(small.root + media_path(ready, "thumb.png:50x50"))
            took.append(time.perf_counter() - start)
            assert hit.status_code == 200
        assert sorted(took)[15] < 0.1  # some milliseconds; the rest is room for a busy machine
        hold.set()
    made = [answer for answer in answers if answer.status_code == 200]
    assert len(made) == 5 and origin.hits("/held.jpg") == 1  # one slot, four that wait
    again = await small.media(held, "thumb.png:99x99")
    assert again.status_code == 200


async def test_sixty_different_wishes_get_sixty_different_answers(service, origin):
    """Distinct work beside each other, each with a fact of its own: nobody is given what another asked for."""
    origin.serve("/harbour.jpg", sample("harbour.jpg"))
    got = {}

    async def asks(client, width):
        path = service.root + media_path(origin.url("/harbour.jpg"), f"PNG:{width}x{width}")
        got[width] = (await client.get(path, headers={"Prefer": "wait=60"})).content

    async with many_clients() as client, trio.open_nursery() as nursery:
        for width in range(10, 70):
            nursery.start_soon(asks, client, width)
    assert {width: picture(content)[1] for width, content in got.items()} == {width: width for width in range(10, 70)}
    assert origin.hits("/harbour.jpg") == 1
