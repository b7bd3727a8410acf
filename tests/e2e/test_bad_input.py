"""Whatever comes in, the answer is a clear error, and nothing else changes: the next good request is answered."""

import io
import json
import re
import socket
import struct
import time
import zlib
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote, quote_from_bytes

import httpx2
import pytest
import trio

from e2e.e2e_support import LOOPBACK, copied, picture, problem, running, sample
from omnic_stream.testing.sockets import open_socket

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "threats_vectors.json").read_text())
PICTURE, LEAFLET = sample("harbour.jpg"), sample("leaflet.pdf")
LEAKS = re.compile(
    r"Traceback|File \"|\.py\b|/(?:tmp|usr|root|home|work|proc|var|etc)/|\b[0-9a-f]{32,}\b|Error\(|Exception|0x[0-9a-f]{6,}|errno",
    re.IGNORECASE,
)
PACKAGE = str(files("omnic_stream"))


@pytest.fixture(scope="module")
def service(tmp_path_factory, warm_store):
    """With limits that a test can meet: 3 MB a source, two seconds a download."""
    folder = tmp_path_factory.mktemp("service")
    store = copied(warm_store, folder / "store")
    with running(folder, store, **LOOPBACK, OMNIC_MAX_BYTES=3_000_000, OMNIC_FETCH_SECONDS=2) as started:
        yield started


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, warm_store):
    """As it comes: no private network is named."""
    folder = tmp_path_factory.mktemp("guarded")
    with running(folder, copied(warm_store, folder / "store")) as started:
        yield started


def refused(service, answer, *expected):
    """A problem document of one of these (status, code), which gives nothing away."""
    assert problem(answer) in expected, answer.text
    assert not LEAKS.search(answer.text), answer.text
    assert str(service.store) not in answer.text and PACKAGE not in answer.text
    return answer


async def still_well(service):
    size = time.monotonic_ns() % 150 + 20
    answer = await service.media("file://samples/harbour.jpg", f"thumb.png:{size}x{size}")
    assert answer.status_code == 200 and picture(answer.content)[1] == size
    assert service.process.poll() is None


async def test_every_private_host_is_refused_and_never_called(guarded, origin):
    origin.serve("/secret.png", PICTURE)
    async with httpx2.AsyncClient(timeout=60, trust_env=False) as client:
        for host in VECTORS["ssrf_hosts_all_must_403"]:
            asked = f"{guarded.root}/media/PNG/?url={quote(f'http://{host}:{origin.port}/secret.png', safe='')}"
            refused(guarded, await client.get(asked, headers={"Prefer": "wait=20"}), (403, "refused"))
    for address in VECTORS["python_3_11_is_global_wrongly_true"]:
        host = f"[{address}]" if ":" in address else address
        refused(guarded, await guarded.media(f"http://{host}:{origin.port}/secret.png", "PNG"), (403, "refused"))
    assert origin.connections == 0
    await still_well(guarded)


async def test_every_private_host_is_refused_on_the_socket_too(guarded, origin):
    async with open_socket(guarded.port) as client:
        for host in VECTORS["ssrf_hosts_all_must_403"]:
            url = f"http://{host}:{origin.port}/secret.png"
            answer = await client.call("types", url=url)
            assert answer["error"]["data"]["code"] == "refused", answer
            answer = await client.call("media", url=url, type="PNG")
            if "result" in answer and answer["result"]["state"] != "failed":
                assert (await client.until("failed"))[-1]["params"]["code"] == "refused"
            elif "error" in answer:
                assert answer["error"]["data"]["code"] == "refused"
            client.notifications.clear()
    assert origin.connections == 0


async def test_a_redirect_into_the_private_network_is_refused(service, origin):
    origin.redirect("/away.png", "http://10.0.0.1/secret.png")
    origin.redirect("/file.png", "file:///etc/passwd")
    origin.redirect("/round.png", origin.url("/round.png"))
    refused(service, await service.media(origin.url("/away.png"), "PNG"), (403, "refused"))
    refused(
        service, await service.media(origin.url("/file.png"), "PNG"), (403, "refused"), (502, "origin_failed"), (400, "bad_address")
    )
    refused(service, await service.media(origin.url("/round.png"), "PNG"), (502, "origin_failed"))
    assert origin.hits("/round.png") == 6
    await still_well(service)


@pytest.mark.parametrize("url", VECTORS["url_syntax_all_must_400"])
async def test_an_address_of_wrong_syntax_is_400(service, url):
    for safe in ("%", ""):  # escapes of a vector as the query's own, and as the address's
        answer = await service.get(f"/media/PNG/?url={quote(url, safe=safe)}")
        refused(service, answer, (400, "bad_address"))
    refused(service, await service.get(f"/events/?type=PNG&url={quote(url, safe='%')}"), (400, "bad_address"))


@pytest.mark.parametrize("path", VECTORS["paths_all_must_be_refused"])
async def test_a_path_that_leads_elsewhere_is_refused(service, path):
    url = "file://samples/" + path
    answer = await service.get(f"/media/PNG/?url={quote(url, safe='')}")
    if answer.status_code == 202:
        answer = await service.media(url, "PNG")
    refused(service, answer, (400, "bad_address"), (403, "refused"), (404, "not_found"))


@pytest.mark.parametrize("ref", VECTORS["git_refs_all_must_400"])
async def test_a_git_ref_that_is_more_than_a_name_is_400(service, ref):
    url = f"git+https://git.invalid/r.git<ref:{ref}><path:a.png>"
    refused(service, await service.get(f"/media/PNG/?url={quote(url, safe='')}"), (400, "bad_address"))


async def test_what_collided_in_the_ancestor_is_two_things_here(service):
    """Its digest joined type and address; its cache name wrote a comma and a dot alike."""
    for target, url in VECTORS["same_digest_in_ancestor"]:
        answer = await service.get(f"/media/{quote(target, safe='')}/?url={quote(url, safe='')}&just_checking=1")
        if target.endswith("git+"):
            refused(service, answer, (400, "bad_target"))
        else:
            assert answer.status_code in {200, 400}  # 400 where no git source is configured
    for target in VECTORS["same_cache_path_in_ancestor"]:
        refused(service, await service.media("file://samples/harbour.jpg", target), (400, "bad_target"))


BAD_TARGETS = [
    "nonsense",
    "PNG:0x0",
    "PNG:9000x1",
    "PNG:10x10:20x20",
    "PNG:width=1,width=2",
    "PNG:../../x",
    "PNG:nope=1",
    "x" * 300,
    "PNG:" + "9" * 300,
]


@pytest.mark.parametrize("target", BAD_TARGETS, ids=[target[:20] for target in BAD_TARGETS])
async def test_a_type_that_cannot_be_read_is_400_before_anything_is_fetched(service, origin, target):
    answer = await service.get(f"/media/{quote(target, safe='')}/?url={quote(origin.url('/a.png'), safe='')}")
    refused(service, answer, (400, "bad_target"))
    assert origin.connections == 0


def png_claiming(width, height):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


CORRUPT, GAVE_UP, NO_ROAD = (422, "corrupt"), (422, "converter_failed"), (415, "no_road")
CONTENTS = {
    "empty.png": (b"", "thumb.png", [CORRUPT]),
    "empty.pdf": (b"", "TXT", [CORRUPT]),
    "three-bytes.jpg": (PICTURE[:3], "PNG", [CORRUPT, NO_ROAD]),
    "truncated.jpg": (PICTURE[:2000], "thumb.png", [CORRUPT]),
    "cut-late.jpg": (PICTURE[:-8000], "PNG:64x64", [CORRUPT]),
    "truncated.pdf": (LEAFLET[:300], "PNG", [CORRUPT, GAVE_UP]),
    "truncated.docx": (sample("letter.docx")[:4000], "HTML", [CORRUPT, GAVE_UP, NO_ROAD]),
    "truncated.svg": (sample("compass.svg")[:200], "PNG", [CORRUPT, GAVE_UP]),
    "noise.png": (b"\xfe\xfd\x00" * 5000, "thumb.png", [NO_ROAD]),
    "zeros.pdf": (bytes(100_000), "PNG", [NO_ROAD, CORRUPT]),
    "laughs.svg": (
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "'
        + b"ha" * 500
        + b'">'
        + b"".join(b'<!ENTITY %c "%b">' % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(8))
        + b']><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&i;</text></svg>',
        "PNG",
        [CORRUPT, GAVE_UP, (422, "too_expensive"), NO_ROAD],
    ),
}


@pytest.mark.parametrize("name", CONTENTS)
async def test_broken_content_is_named_so(service, origin, name):
    content, type, expected = CONTENTS[name]
    origin.serve(f"/{name}", content)
    refused(service, await service.media(origin.url(f"/{name}"), type), *expected)
    again = await service.media(origin.url(f"/{name}"), type)  # remembered, not made in a loop
    assert again.status_code in {status for status, _ in expected} and origin.hits(f"/{name}") == 1
    await still_well(service)


async def test_a_wrong_extension_and_a_lying_media_type_are_seen_through(service, origin):
    origin.serve("/photo.pdf", PICTURE, media_type="application/pdf")
    answer = await service.media(origin.url("/photo.pdf"), "thumb.png:50x50")
    assert answer.status_code == 200 and picture(answer.content) == ("PNG", 50, 33)
    origin.serve("/leaflet", LEAFLET, media_type="image/png")
    answer = await service.media(origin.url("/leaflet"), "TXT")
    assert answer.status_code == 200 and "lighthouse" in answer.text


async def test_a_type_without_a_road_tells_what_is_possible(service):
    answer = refused(service, await service.media("file://samples/harbour.jpg", "DOCX"), NO_ROAD)
    possible = answer.json()["possible"]
    assert {"PNG", "thumb.jpg"} <= set(possible) and "DOCX" not in possible
    assert (await service.media("file://samples/harbour.jpg", "WEBP")).status_code == 200


async def test_a_picture_that_claims_to_be_huge_is_refused_by_its_header(service, origin):
    await still_well(service)  # the worker is warm, so that the figure is the bomb's
    for side in (60_000, 65_500):
        origin.serve(f"/bomb{side}.png", png_claiming(side, side))
        start = time.perf_counter()
        answer = await service.media(origin.url(f"/bomb{side}.png"), "thumb.png:200x200")
        refused(service, answer, (422, "too_expensive"))
        assert time.perf_counter() - start < 5  # below one second where nothing else runs
    await still_well(service)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"drip": 1}, [(504, "origin_timeout")]),
        ({"head_drip": 1.0}, [(504, "origin_timeout")]),
        ({"delay": 30}, [(504, "origin_timeout")]),
        ({"reset_at": 100}, [(502, "origin_failed")]),
        ({"reset_at": -1}, [(502, "origin_failed")]),
        ({"cut_at": 1000}, [(502, "origin_failed")]),
        ({"content_length": 10_000_000}, [(413, "too_large"), (502, "origin_failed")]),
        ({"content_length": len(PICTURE) + 1, "cut_at": len(PICTURE)}, [(502, "origin_failed")]),
        ({"content_length": "many"}, [(502, "origin_failed")]),
        ({"endless": True}, [(413, "too_large")]),
        ({"endless": True, "chunked": True}, [(413, "too_large")]),
        ({"raw": b"\0\1\2 this is no HTTP\r\n\r\n"}, [(502, "origin_failed")]),
        ({"status": 500}, [(502, "origin_failed")]),
        ({"status": 404}, [(404, "not_found")]),
        ({"status": 410}, [(404, "not_found")]),
        ({"status": 403}, [(403, "refused"), (502, "origin_failed"), (404, "not_found")]),
    ],
    ids=lambda value: next(iter(value)) + "-" + str(next(iter(value.values())))[:8] if isinstance(value, dict) else "",
)
async def test_a_bad_origin_gets_its_own_code_and_nothing_is_kept(service, origin, how, expected):
    origin.serve("/harbour.jpg", PICTURE, **how)
    url = origin.url("/harbour.jpg")
    start = time.perf_counter()
    refused(service, await service.media(url, "thumb.png:61x61"), *expected)
    assert time.perf_counter() - start < 20  # two seconds are allowed
    origin.serve("/harbour.jpg", PICTURE)
    other = await service.media(url, "thumb.png:62x62")
    assert other.status_code == 200 and picture(other.content) == ("PNG", 62, 41)


async def test_a_closed_port_and_an_unknown_name_are_the_origins_fault(service):
    with socket.socket() as taken:  # bound and not listening: nobody else gets the port meanwhile
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}/a.png"
        refused(service, await service.media(closed, "PNG"), (502, "origin_failed"), (504, "origin_timeout"))
    refused(service, await service.media("http://nowhere.invalid/a.png", "PNG"), (502, "origin_failed"), (504, "origin_timeout"))


@pytest.mark.parametrize(
    "path",
    [
        "/media/PNG/",
        "/media/PNG/?url=",
        "/media/PNG/?url=a&url=b",
        "/media//?url=file://samples/harbour.jpg",
        "/media/PNG/?url=%ff%fe",
        "/media/PNG/?url=file://samples/harbour.jpg%00",
        "/media/%50%4e%47%2f..%2f..%2fetc/?url=file://samples/harbour.jpg",
        "/artifact/../../etc/passwd",
        "/artifact/" + "a" * 64 + "/..%2f..%2fx",
        "/viewer/..%2f..%2fconfig.py",
        "/media/PNG/?url=" + quote_from_bytes(b"http://h/" + b"a" * 9000),
        "/media/" + "P" * 8192 + "/?url=x",
    ],
    ids=lambda path: path[:40],
)
async def test_a_malformed_request_is_a_problem_of_the_4xx(service, path):
    stream = await trio.open_tcp_stream("127.0.0.1", service.port)  # as written: a client library would tidy the path up
    async with stream:
        await stream.send_all(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        received = io.BytesIO()
        with trio.fail_after(30):
            while piece := await stream.receive_some(65536):
                received.write(piece)
    head, _, body = received.getvalue().partition(b"\r\n\r\n")
    assert re.match(rb"HTTP/1.1 4\d\d ", head), head
    assert b"application/problem+json" in head.lower(), head
    assert not LEAKS.search(body.decode().replace(path, "")), body


async def test_after_all_of_this_nothing_was_logged_as_a_fault(service, guarded):
    """Runs last: what strangers sent is no defect of ours, and no worker was lost to it."""
    for started in (service, guarded):
        await still_well(started)
        assert not re.search(r"Traceback|job\.fault|flight\.fault|web\.fault|Unraisable|never awaited", started.printed()), (
            started.printed()
        )
