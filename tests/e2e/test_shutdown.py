"""SIGTERM: who waits is told or answered, no process is left, and the exit code is 0."""

import os
import signal
import time

import httpx2
import pytest
import trio

from e2e.e2e_support import LOOPBACK, copied, living, media_path, naming, picture, running, sample, tree_of
from omnic_stream.testing.sockets import open_socket

GRACE = 4


@pytest.fixture
def ending(tmp_path, warm_store):
    """A service that will be ended, with four seconds of grace."""
    with running(tmp_path, copied(warm_store, tmp_path / "store"), **LOOPBACK, OMNIC_GRACE=GRACE) as started:
        yield started


async def drains(service):
    """A balancer that looks is told to send nobody any more; who comes still is answered."""
    with trio.fail_after(GRACE):
        while (await service.get("/readyz")).status_code != 503:
            await trio.sleep(0.02)


async def ended_clean(service, tree, *, within):
    assert await service.ended(within=within) == 0, service.printed()
    with trio.move_on_after(1):
        while living(tree) or naming(str(service.store)):
            await trio.sleep(0.02)
    assert not living(tree) and not naming(str(service.store))
    assert not list((service.store / "work").iterdir())
    assert "Traceback" not in service.printed()


async def test_who_is_in_flight_is_answered_and_sockets_get_1001(ending, origin):
    """The download ends within the grace: the request that waits for it gets its picture from a service that is closing."""
    hold = trio.Event()
    origin.serve("/harbour.jpg", sample("harbour.jpg"), hold=hold)
    url, answers, codes = origin.url("/harbour.jpg"), [], []

    async def waits():
        answers.append(await ending.media(url, "thumb.png:88x88"))

    async def listens(task_status):
        async with open_socket(ending.port) as socket:
            await socket.call("media", url=url, type="thumb.png:44x44")
            task_status.started()
            codes.append(await socket.closed())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(waits)
        await nursery.start(listens)
        with trio.fail_after(20):
            while not origin.active:
                await trio.sleep(0.02)
        tree = tree_of(ending.process.pid)
        os.kill(ending.process.pid, signal.SIGTERM)
        await drains(ending)
        hold.set()
    assert codes == [1001]
    assert [answer.status_code for answer in answers] == [200] and picture(answers[0].content) == ("PNG", 88, 59)
    await ended_clean(ending, tree, within=GRACE + 5)


async def test_what_outlasts_the_grace_is_cut(ending, origin):
    origin.serve("/never.jpg", sample("harbour.jpg"), hold=trio.Event())
    cut = []

    async def waits():
        try:
            async with httpx2.AsyncClient(timeout=60, trust_env=False) as client:
                answer = await client.get(ending.root + media_path(origin.url("/never.jpg"), "PNG"), headers={"Prefer": "wait=60"})
                cut.append(answer.status_code)
        except httpx2.TransportError:
            cut.append(None)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(waits)
        with trio.fail_after(20):
            while not origin.active:
                await trio.sleep(0.02)
        tree, start = tree_of(ending.process.pid), time.monotonic()
        os.kill(ending.process.pid, signal.SIGTERM)
    assert cut in ([None], [202], [503]) and time.monotonic() - start < GRACE + 4
    await ended_clean(ending, tree, within=5)


async def test_a_conversion_that_runs_is_ended_with_all_its_processes(ending):
    """LibreOffice, where it is installed, is in the middle of something; the second signal is no harm."""
    asked = [("file://samples/letter.docx", "pages.png"), ("file://samples/leaflet.pdf", "pages.png")]

    async def waits(url, type):
        try:
            answer = await ending.media(url, type)
            assert answer.status_code in {303, 415, 503}
        except httpx2.TransportError:
            pass  # cut within the grace

    async with trio.open_nursery() as nursery:
        for url, type in asked:
            nursery.start_soon(waits, url, type)
        await trio.sleep(0.4)
        tree = tree_of(ending.process.pid)
        assert tree
        os.kill(ending.process.pid, signal.SIGTERM)
        await trio.sleep(0.3)
        if ending.process.poll() is None:
            os.kill(ending.process.pid, signal.SIGTERM)
    await ended_clean(ending, tree, within=GRACE + 5)


async def test_an_idle_service_ends_at_once_on_either_signal(tmp_path, warm_store):
    store = copied(warm_store, tmp_path / "store")
    for number in (signal.SIGTERM, signal.SIGINT):
        with running(tmp_path, store, **LOOPBACK) as started:
            assert (await started.media("file://samples/harbour.jpg", "thumb.png")).status_code == 200
            tree, start = tree_of(started.process.pid), time.monotonic()
            os.kill(started.process.pid, number)
            await ended_clean(started, tree, within=10)
            assert time.monotonic() - start < 6
