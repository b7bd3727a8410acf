"""Every sample along its roads, through every door of the service, with facts about what came out."""

import json
from email.utils import parsedate_to_datetime
from functools import partial
from hashlib import sha256

import httpx2
import pypdfium2
import pytest
import trio

import omnic_stream
from e2e.e2e_support import LOOPBACK, command, media_path, picture, sample
from omnic_stream.testing.sockets import open_socket

LETTER, LEAFLET, HARBOUR = "file://samples/letter.docx", "file://samples/leaflet.pdf", "file://samples/harbour.jpg"


def pages(content):
    """The text of each page of a PDF that opens."""
    document = pypdfium2.PdfDocument(content)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def is_picture(*facts):
    return lambda content: picture(content) == facts


def has_words(*words):
    return lambda content: all(word in content.decode() for word in words)


ROADS = [
    ("harbour.jpg", "thumb.jpg:200x200", is_picture("JPEG", 200, 133)),
    ("harbour.jpg", "PNG:320x240", is_picture("PNG", 320, 213)),
    ("harbour.jpg", "image%2Fwebp", is_picture("WEBP", 1600, 1067)),
    ("leaflet.pdf", "thumb.png:120x120,page=2", is_picture("PNG", 85, 120)),
    ("leaflet.pdf", "TXT", has_words("A walk around the harbour", "lighthouse")),
    ("compass.svg", "PNG", is_picture("PNG", 400, 400)),
    ("compass.svg", "thumb.webp:64x64", is_picture("WEBP", 64, 64)),
    ("compass.svg", "PDF", lambda content: len(pages(content)) == 1),
    ("field-notes.md", "HTML", has_words("<h1", "Field notes from the harbour", "<table", "two grey herons")),
    ("tides.csv", "JSON", lambda content: json.loads(content)[2]["height_m"] in {"2.52", 2.52}),
    ("tides.csv", "HTML", has_words("<table", "height_m", "2.52")),
    ("letter.docx", "HTML", has_words("<h1", "An invitation", "The cheapest road")),
]


@pytest.mark.parametrize(("name", "type", "holds"), ROADS, ids=[f"{name}-{type}" for name, type, _ in ROADS])
async def test_a_sample_over_http_becomes_what_was_asked_for(service, origin, name, type, holds):
    origin.serve(f"/{name}", sample(name))
    async with httpx2.AsyncClient(timeout=90, trust_env=False) as client:
        asked = f"{service.root}/media/{type}/?url={origin.url(name)}"
        answer = await client.get(asked, headers={"Prefer": "wait=60"})
    assert answer.status_code == 200, answer.text
    assert holds(answer.content)
    assert answer.headers["etag"] == f'"{sha256(answer.content).hexdigest()}"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["preference-applied"] == "wait=60"
    assert origin.hits(name) == 1


@pytest.fixture
async def office(service):
    async with open_socket(service.port) as socket:
        answer = await socket.call("types", url=LETTER)
    if "PDF" not in {one["type"] for one in answer["result"]["types"]}:
        pytest.skip("LibreOffice is not installed here: scripts/tools office adds it")


async def test_a_letter_becomes_a_page_a_picture_and_every_page(service, office):
    printed = await service.media(LETTER, "PDF")
    assert printed.status_code == 200, printed.text
    text = "".join(pages(printed.content))
    assert "An invitation" in text and "The cheapest road" in text and printed.headers["content-type"] == "application/pdf"
    small = await service.media(LETTER, "thumb.png:200x200")
    assert picture(small.content)[0] == "PNG" and max(picture(small.content)[1:]) == 200
    folder = await service.media(LETTER, "pages.png")
    assert folder.status_code == 303
    first = await service.get(folder.headers["location"])
    assert picture(first.content)[0] == "PNG"


async def test_a_directory_leads_to_its_index_and_holds_every_page(service):
    answer = await service.media(LEAFLET, "pages.png")
    assert answer.status_code == 303 and answer.headers["etag"].strip('"')
    place = answer.headers["location"]
    assert place.startswith("/artifact/") and place.endswith("page-0001.png")
    for number in (1, 2, 3):
        page = await service.get(place.replace("0001", f"000{number}"))
        assert page.status_code == 200 and picture(page.content)[0] == "PNG" and page.headers["content-type"] == "image/png"
    assert (await service.get(place.replace("0001", "0004"))).status_code == 404
    assert (await service.get(place.replace("page-0001.png", "..%2Fprovenance.json"))).status_code in {400, 404}


async def test_every_door_gives_the_same_result(service, origin, tmp_path):
    """HTTP, the socket, the event stream, the command line and the library: one picture to the byte."""
    origin.serve("/leaflet.pdf", sample("leaflet.pdf"))
    url, type = origin.url("/leaflet.pdf"), "thumb.png:90x90"
    asked = await service.media(url, type)
    assert picture(asked.content) == ("PNG", 64, 90)
    etag = asked.headers["etag"].strip('"')
    async with open_socket(service.port) as socket:
        result = (await socket.call("media", url=url, type=type))["result"]
        assert result["state"] == "ready"
        assert (await service.get(result["href"])).content == asked.content
        told = (await socket.until("ready"))[-1]["params"]
        assert (told["etag"], told["href"], told["url"], told["type"]) == (etag, result["href"], url, type)
    stream = await service.get(f"/events/?url={url}&type={type}")
    assert f'"etag":"{etag}"' in stream.text.replace(" ", "") and stream.headers["content-type"].startswith("text/event-stream")
    (tmp_path / "leaflet.pdf").write_bytes(sample("leaflet.pdf"))
    in_store = ("--store", service.store)
    done = {}

    async def run(verb, *words, **settings):
        done[verb] = await command(verb, *words, cwd=tmp_path, **settings)
        assert done[verb].returncode == 0, done[verb].stderr

    async with trio.open_nursery() as nursery:  # three processes on the store of a fourth
        nursery.start_soon(run, "convert", "leaflet.pdf", "small.png", "--type", type, *in_store)
        nursery.start_soon(partial(run, "convert-url", url, type, "--output", "other.png", *in_store, **LOOPBACK))
        nursery.start_soon(run, "watch", url, type, "--server", service.root)
    assert (tmp_path / "small.png").read_bytes() == (tmp_path / "other.png").read_bytes() == asked.content
    assert (await service.get(done["watch"].stdout.strip().removeprefix(service.root))).content == asked.content
    config = omnic_stream.Config(store=str(service.store), warm=False)
    made = await omnic_stream.convert_async(tmp_path / "leaflet.pdf", type, config=config)
    assert (made.etag, made.read_bytes()) == (etag, asked.content)
    assert origin.hits("/leaflet.pdf") == 1  # one store: the command line fetched nothing anew


async def test_the_socket_tells_each_step_of_new_work_in_order(service, origin):
    origin.serve("/leaflet.pdf", sample("leaflet.pdf"), delay=0.2)
    async with open_socket(service.port) as socket:
        answer = await socket.call("media", url=origin.url("/leaflet.pdf"), type="thumb.jpg:70x70")
        assert answer["result"]["state"] in {"queued", "downloading"} and "href" not in answer["result"]
        told = await socket.until("ready")
    names = list(dict.fromkeys(message["method"] for message in told))
    assert names == [name for name in ("queued", "downloading", "downloaded", "converting", "ready") if name in names]
    assert {"downloading", "downloaded", "converting"} <= set(names)
    seqs = [message["params"]["seq"] for message in told]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    shares = [message["params"]["overall"] for message in told if message["method"] == "converting"]
    assert shares == sorted(shares) and all(0 <= share < 1 for share in shares)


async def test_a_placeholder_comes_at_once_and_its_lease_finishes_the_work(service, origin):
    hold = trio.Event()
    origin.serve("/harbour.jpg", sample("harbour.jpg"), hold=hold)
    url, type = origin.url("/harbour.jpg"), "thumb.png:111x111"
    started = trio.current_time()
    answer = await service.media(url, type, wait=0)
    assert answer.status_code == 202 and trio.current_time() - started < 3
    assert picture(answer.content) == ("PNG", 1, 1) and answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["omnic-state"] in {"queued", "downloading"}
    await trio.sleep(1.3)  # longer than what nobody watches or leases lives
    hold.set()
    with trio.fail_after(60):
        while (state := await states(service, (url, type)))[0]["state"] != "ready":
            assert state[0]["state"] not in {"absent", "failed"}
            await trio.sleep(0.05)
    ready = await service.media(url, type, wait=0)
    assert ready.status_code == 200 and picture(ready.content) == ("PNG", 111, 74) and origin.hits("/harbour.jpg") == 1


async def states(service, *asked):
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        body = [{"url": url, "type": type} for url, type in asked]
        answer = await client.post(service.root + "/media/status", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_status_and_just_checking_say_the_same_and_start_nothing(service, origin):
    origin.serve("/harbour.jpg", sample("harbour.jpg"))
    url = origin.url("/harbour.jpg")
    await service.media(url, "thumb.png:33x33")
    asked = [(url, "thumb.png:33x33"), (url, "thumb.png:34x34"), (origin.url("/never.jpg"), "PNG")]
    known = await states(service, *asked)
    assert [state["state"] for state in known] == ["ready", "absent", "absent"]
    assert [(state["url"], state["type"], state["ready"]) for state in known] == [(*a, n == 0) for n, a in enumerate(asked)]
    single = [json.loads((await service.media(*one, wait=0, extra="&just_checking=1")).content) for one in asked]
    assert single == known
    assert picture((await service.get(known[0]["href"])).content) == ("PNG", 33, 22)
    assert origin.hits("/never.jpg") == 0 and origin.hits("/harbour.jpg") == 1


async def test_a_finished_result_obeys_http(service):
    type = "thumb.jpg:150x150"
    whole = await service.media(HARBOUR, type)
    etag, size, when = whole.headers["etag"], len(whole.content), whole.headers["last-modified"]
    assert parsedate_to_datetime(when) and whole.headers["accept-ranges"] == "bytes" and "max-age" in whole.headers["cache-control"]
    head = await service.media(HARBOUR, type, method="HEAD")
    assert head.status_code == 200 and head.content == b""
    for name in ("etag", "content-length", "content-type", "last-modified", "accept-ranges", "content-disposition"):
        assert head.headers[name] == whole.headers[name]
    part = await service.media(HARBOUR, type, Range="bytes=100-199")
    assert part.status_code == 206 and part.content == whole.content[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{size}"
    tail = await service.media(HARBOUR, type, Range="bytes=-7")
    assert tail.content == whole.content[-7:]
    beyond = await service.media(HARBOUR, type, Range=f"bytes={size}-")
    assert beyond.status_code == 416 and beyond.headers["content-range"] == f"bytes */{size}"
    for condition in ({"If_None_Match": etag}, {"If_Modified_Since": when}, {"If_None_Match": "*"}):
        same = await service.media(HARBOUR, type, **condition)
        assert same.status_code == 304 and same.content == b"" and same.headers["etag"] == etag
    assert (await service.media(HARBOUR, type, If_None_Match='"other"')).status_code == 200
    assert (await service.media(HARBOUR, type, If_Match='"other"')).status_code == 412
    fresh = await service.media(HARBOUR, type, Range="bytes=0-9", If_Range='"other"')
    assert fresh.status_code == 200 and fresh.content == whole.content


async def test_an_artifact_is_immutable_and_named_by_its_key(service):
    [known] = [(await service.media(HARBOUR, "PNG:60x60")).headers]
    state = json.loads((await service.media(HARBOUR, "PNG:60x60", extra="&just_checking=1")).content)
    artifact = await service.get(state["href"])
    assert (
        artifact.status_code == 200 and picture(artifact.content) == ("PNG", 60, 40) and artifact.headers["etag"] == known["etag"]
    )
    assert "immutable" in artifact.headers["cache-control"]
    assert (await service.get(state["href"], Range="bytes=0-7")).content == b"\x89PNG\r\n\x1a\n"
    assert (await service.get("/artifact/" + "0" * 64 + "/result.png")).status_code == 404


async def test_types_over_the_socket_are_roads_that_can_be_walked(service):
    async with open_socket(service.port) as socket:
        result = (await socket.call("types", url="file://samples/compass.svg"))["result"]
    types = {one["type"]: one for one in result["types"]}
    assert result["format"] == "SVG" and {"PNG", "PDF", "thumb.png"} <= set(types)
    assert types["PNG"]["steps"] == 1 and types["PNG"]["cost"] > 0
    assert (await service.media("file://samples/compass.svg", "PDF")).status_code == 200


async def test_other_methods_and_the_operators_pages(service):
    refused = await service.get(media_path(HARBOUR, "PNG"), method="DELETE")
    assert refused.status_code == 405 and "GET" in refused.headers["allow"]
    assert (await service.get("/healthz")).status_code == 200
    assert (await service.get("/readyz")).status_code == 200
    metrics = await service.get("/metrics")
    assert metrics.status_code == 200 and "omnic" in metrics.text
    nothing = await service.get("/no/such/page")
    assert nothing.status_code == 404 and nothing.headers["content-type"] == "application/problem+json"
