"""What the house promises, kept by the real parts: real files, real tools in their cages, a real origin."""

import io
import struct
import sys
import zlib
from importlib.resources import files
from itertools import pairwise

import pytest
import trio
from PIL import Image

from omnic_stream.config import Config
from omnic_stream.model.errors import Busy, OmnicError, Refused
from omnic_stream.model.events import Converting, Downloaded, Failed, Ready
from omnic_stream.service import open_service

SAMPLES = files("omnic_stream").joinpath("samples")
PICTURE = SAMPLES.joinpath("harbour.jpg").read_bytes()
LEAFLET = SAMPLES.joinpath("leaflet.pdf").read_bytes()


async def settled(service, url, type, **how):
    with service.follow(service.wanted(url, type), **how) as follower:
        return await follower.settled()


async def events(service, url, type):
    with service.follow(service.wanted(url, type)) as follower:
        return [logged async for logged in follower.events()]


def png_claiming(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


async def test_a_road_is_walked_and_every_step_is_kept(service, origin):
    origin.serve("/leaflet.pdf", LEAFLET)
    url = origin.url("/leaflet.pdf")
    told = await events(service, url, "thumb.png:120x120,page=2")
    names = [logged.event.name for logged in told]
    assert names[-1] == "ready" and "downloaded" in names and "converting" in names
    assert next(logged.event for logged in told if isinstance(logged.event, Downloaded)).format == "PDF"
    steps = {(e.source, e.target) for e in (logged.event for logged in told) if isinstance(e, Converting)}
    assert ("PNG", "thumb.png") in steps
    artifact = service.result(service.wanted(url, "thumb.png:120x120,page=2"))
    with Image.open(artifact.path) as image:
        assert image.format == "PNG" and image.size == (85, 120)
    assert artifact.path.stat().st_mode & 0o222 == 0
    again = await events(service, url, "thumb.png:60x60,page=2")
    assert {e.step for e in (logged.event for logged in again) if isinstance(e, Converting)} <= {2}  # the page's picture is shared
    assert origin.hits("/leaflet.pdf") == 1


async def test_progress_is_honest(service, origin):
    origin.serve("/leaflet.pdf", LEAFLET)
    told = await events(service, origin.url("/leaflet.pdf"), "thumb.jpg:99x99")
    assert [logged.seq for logged in told] == sorted({logged.seq for logged in told})
    overall = [logged.event.overall for logged in told if isinstance(logged.event, Converting)]
    assert overall == sorted(overall) and all(0 <= share < 1 for share in overall)
    assert all(one.at <= other.at for one, other in pairwise(told))


async def test_forty_ask_at_once_one_download_one_conversion_and_one_may_leave(service, origin):
    origin.serve("/harbour.jpg", PICTURE, delay=0.3)
    url = origin.url("/harbour.jpg")
    ready = []

    async def one():
        ready.append(await settled(service, url, "thumb.png:64x64"))

    async def leaves():
        with trio.move_on_after(0.1):
            await one()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(leaves)
        for _ in range(40):
            nursery.start_soon(one)
    assert len(ready) == 40 and all(isinstance(event, Ready) for event in ready)
    assert len({event.etag for event in ready}) == 1
    assert origin.hits("/harbour.jpg") == 1
    assert service.store.stats().artifacts == 1


async def test_a_late_watcher_gets_the_current_state_at_once(service, origin):
    origin.serve("/harbour.jpg", PICTURE, delay=1.0)
    wanted = service.wanted(origin.url("/harbour.jpg"), "thumb.png:32x32")
    with service.follow(wanted) as early, service.follow(wanted) as late:
        first = await late.next()
        assert first.event.name in {"queued", "downloading"}
        assert isinstance(await early.settled(), Ready)


async def test_what_nobody_watches_ends_within_a_second(service, origin):
    origin.serve("/harbour.jpg", PICTURE, delay=30)
    wanted = service.wanted(origin.url("/harbour.jpg"), "thumb.png")
    with service.follow(wanted):
        assert service.jobs.status(wanted).state in {"queued", "downloading"}
    with trio.fail_after(1.6):
        while service.jobs.counts():
            await trio.sleep(0.05)
    assert service.jobs.status(wanted).state == "absent"


async def test_a_lease_keeps_a_job_alive(service, origin):
    origin.serve("/harbour.jpg", PICTURE, delay=1.5)
    wanted = service.wanted(origin.url("/harbour.jpg"), "thumb.png:40x40")
    with service.follow(wanted):
        service.jobs.lease(wanted, 20)
    with trio.fail_after(15):
        while service.jobs.status(wanted).state != "ready":
            await trio.sleep(0.05)
    assert origin.hits("/harbour.jpg") == 1


async def test_beyond_the_queue_it_is_busy_and_what_is_finished_still_answers(service, origin):
    origin.serve("/ready.jpg", PICTURE)
    assert isinstance(await settled(service, origin.url("/ready.jpg"), "thumb.png"), Ready)
    origin.serve("/slow.jpg", PICTURE, delay=30)
    url = origin.url("/slow.jpg")
    followers, refused = [], 0
    for size in range(1, 21):
        try:
            followers.append(service.follow(service.wanted(url, f"thumb.png:{size}x{size}")))
            followers[-1].__enter__()
        except Busy as busy:
            followers.pop()
            refused += 1
            assert busy.retry_after
    assert (len(followers), refused) == (8, 12)  # two slots, six that wait
    with trio.fail_after(0.5):
        assert isinstance(await settled(service, origin.url("/ready.jpg"), "thumb.png"), Ready)
    for follower in followers:
        follower.__exit__(None, None, None)


async def test_a_failure_is_remembered_and_a_broken_file_does_not_loop(service, origin):
    origin.serve("/broken.png", PICTURE[:30_000].replace(b"\xff\xd8", b"\x89PNG\r\n\x1a\n", 1))
    url = origin.url("/broken.png")
    first = await settled(service, url, "thumb.png")
    second = await settled(service, url, "thumb.png")
    assert isinstance(first, Failed) and first == second and first.code in {"corrupt", "converter_failed"}
    assert origin.hits("/broken.png") == 1
    assert str(service.config.store) not in first.message


async def test_a_mutable_address_is_asked_again_only_when_it_is_stale_or_wanted(service, origin):
    origin.serve("/harbour.jpg", PICTURE, headers=[("Cache-Control", "max-age=100")])
    url = origin.url("/harbour.jpg")
    await settled(service, url, "thumb.png")
    await settled(service, url, "thumb.png")
    assert origin.hits("/harbour.jpg") == 1
    await settled(service, url, "thumb.png", look=True)  # within five seconds: not asked
    assert origin.hits("/harbour.jpg") == 1


async def test_a_bomb_is_refused_by_its_header(service, origin):
    origin.serve("/bomb.png", png_claiming(60_000, 60_000))
    warm = await settled(service, "file://samples/harbour.jpg", "thumb.png")
    assert isinstance(warm, Ready)
    start = trio.current_time()
    event = await settled(service, origin.url("/bomb.png"), "thumb.png")
    assert isinstance(event, Failed) and event.code == "too_expensive"
    assert trio.current_time() - start < 5  # one second where the machine is idle; the bench measures
    assert isinstance(await settled(service, "file://samples/harbour.jpg", "thumb.png:77x77"), Ready)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.png", b"", "corrupt"),
        ("truncated.jpg", PICTURE[:2000], "corrupt"),
        ("truncated.pdf", LEAFLET[:300], "corrupt"),
        ("noise.png", b"\x00\x07\xfe" * 4000, "no_road"),
    ],
)
async def test_bad_content_gets_a_clear_error(service, origin, name, content, code):
    origin.serve(f"/{name}", content)
    event = await settled(service, origin.url(f"/{name}"), "thumb.png")
    assert isinstance(event, Failed) and event.code == code
    assert "/" not in event.message.replace("://", "") and "Traceback" not in event.message


async def test_a_wrong_extension_is_handled_as_what_it_is(service, origin):
    origin.serve("/photo.pdf", PICTURE, media_type="application/pdf")
    told = await events(service, origin.url("/photo.pdf"), "thumb.png:50x50")
    assert isinstance(told[-1].event, Ready)
    assert next(logged.event for logged in told if isinstance(logged.event, Downloaded)).format == "JPG"


async def test_private_addresses_are_refused_unless_named(tmp_path, origin):
    origin.serve("/a.png", PICTURE)
    async with open_service(Config(store=str(tmp_path / "store"), slots=1)) as guarded:
        event = await settled(guarded, origin.url("/a.png"), "thumb.png")
    assert isinstance(event, Failed) and event.code == Refused.code and origin.hits("/a.png") == 0


async def test_types_say_what_a_file_can_become(service, origin):
    origin.serve("/leaflet.pdf", LEAFLET)
    possible = await service.jobs.types(service.address(origin.url("/leaflet.pdf")))
    assert possible.format == "PDF" and {"PNG", "TXT", "thumb.jpg"} <= {type.type for type in possible.types}


async def test_a_known_format_that_no_road_reaches_says_what_is_possible(service):
    event = await settled(service, "file://samples/harbour.jpg", "DOCX")
    assert isinstance(event, Failed) and event.code == "no_road" and "PNG" in event.extra["possible"]


async def test_an_unknown_type_is_refused_before_any_work(service):
    with pytest.raises(OmnicError) as caught:
        service.wanted("file://samples/harbour.jpg", "nonsense")
    assert caught.value.code == "bad_target"


async def test_two_processes_on_one_store_make_it_once(tmp_path, origin):
    origin.serve("/harbour.jpg", PICTURE, delay=0.5)
    program = (
        "import sys, omnic_stream as o\n"
        "c = o.Config(store=sys.argv[1], allow_addresses=('127.0.0.0/8',), slots=1, warm=False)\n"
        "r = o.convert(sys.argv[2], 'thumb.png:48x48', config=c)\n"
        "print(r.etag)\n"
    )

    async def run():
        argv = [sys.executable, "-c", program, str(tmp_path / "store"), origin.url("/harbour.jpg")]
        done = await trio.run_process(argv, capture_stdout=True, capture_stderr=True)
        printed.append(done.stdout.decode().strip())

    printed = []
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(run)
    assert len(printed) == 3 and len(set(printed)) == 1
    assert origin.hits("/harbour.jpg") == 1


async def test_animations_and_transparency_survive(service, origin):
    frames = [Image.new("RGBA", (40, 30), (255, 0, 0, alpha)) for alpha in (255, 128, 64)]
    data = io.BytesIO()
    frames[0].save(data, "PNG", save_all=True, append_images=frames[1:], duration=100)
    origin.serve("/moving.png", data.getvalue())
    event = await settled(service, origin.url("/moving.png"), "WEBP")
    assert isinstance(event, Ready)
    with Image.open(service.result(service.wanted(origin.url("/moving.png"), "WEBP")).path) as image:
        assert image.n_frames == 3


async def test_what_took_longer_than_it_was_fresh_is_served_all_the_same(service, origin):
    origin.serve("/leaflet.pdf", LEAFLET, headers=[("Cache-Control", "max-age=0")])
    url = origin.url("/leaflet.pdf")
    wanted = service.wanted(url, "pages.png")
    assert isinstance(await settled(service, url, "pages.png"), Ready)
    assert service.jobs.status(wanted).state == "ready"
    finished = service.jobs.status(wanted).finished
    assert finished.artifact.directory and len(list(finished.artifact.path.glob("*.png"))) == 3
