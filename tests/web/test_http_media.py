"""``/media/`` and ``/artifact/``: every status with its headers, over a real socket."""

import io
import json
import math
from dataclasses import replace
from hashlib import sha256

import pytest
import trio
from PIL import Image

from omnic_stream.model.errors import ERRORS, Busy
from omnic_stream.model.events import Converting, Downloading, Failed, Ready
from web.http_support import BODY, FORMATS, URL, WHEN, house, media


def converting(**more):
    facts = {"step": 1, "steps": 1, "source": "PDF", "target": "PNG", "fraction": None, "overall": 0.1, "estimated": False}
    return Converting(**{**facts, "eta": None, **more})


async def test_a_result_comes_with_all_its_headers_and_again_as_a_hit(tmp_path):
    async with house(tmp_path) as home:
        made = home.finish()
        slow = await home.ask(media())
        assert len(home.index) == 1
        hit = await home.ask(media())
        head = await home.ask(media(), method="HEAD")
        for answer in (slow, hit, head):
            assert answer.status == 200
            assert answer["etag"] == f'"{sha256(BODY).hexdigest()}"' == f'"{made.sha256}"'
            assert answer["last-modified"] == WHEN
            assert answer["accept-ranges"] == "bytes"
            assert answer["content-type"] == "image/png"
            assert answer["content-length"] == str(len(BODY))
            assert answer["x-content-type-options"] == "nosniff"
            assert answer["cache-control"] == "public, max-age=31536000, immutable"
            assert answer["content-disposition"] == ("inline; filename=\"Bericht _.png\"; filename*=UTF-8''Bericht%20%C3%BC.png")
            assert answer["content-security-policy"] is None
        assert slow.body == hit.body == BODY
        assert head.body == b""
        assert not home.jobs.live


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 3_000_000])
async def test_bodies_of_all_sizes_come_whole(tmp_path, size):
    async with house(tmp_path) as home:
        body = bytes(i % 251 for i in range(size))
        home.finish(body=body)
        for _ in range(2):
            answer = await home.ask(media())
            assert (answer.status, answer.body) == (200, body)
            assert answer["content-length"] == str(size)
        if size > 300_000:
            part = await home.ask(media(), "Range: bytes=262140-262150")
            assert part.body == body[262140:262151]


async def test_what_is_mutable_is_kept_for_what_is_left_of_its_freshness(tmp_path):
    now = [1_800_000_000.0]
    async with house(tmp_path, now=lambda: now[0], clock=lambda: now[0]) as home:
        home.jobs._now = lambda: now[0]
        home.finish(fresh_until=now[0] + 20.5)
        assert (await home.ask(media()))["cache-control"] == "public, max-age=20"
        now[0] += 10
        assert (await home.ask(media()))["cache-control"] == "public, max-age=10"
        assert not home.jobs.live
        now[0] += 11
        assert (await home.ask(media())).status == 202
        assert len(home.jobs.live) == 1


async def test_a_202_is_a_lease_and_says_when_to_come_back(tmp_path):
    async with house(tmp_path) as home:
        first = await home.ask(media())
        assert (first.status, first["omnic-state"], first["cache-control"]) == (202, "queued", "no-store")
        job = await home.jobs.started()
        job.tell(Downloading(bytes=0, total=None))
        assert (await home.ask(media()))["omnic-state"] == "downloading"
        job.tell(converting(eta=4.1))
        answer = await home.ask(media())
        assert (answer["omnic-state"], answer["retry-after"]) == ("converting", str(math.ceil(1.5 * 4.1)))
        assert home.jobs.leases == [(job.key, 60.0)] * 3
        assert job.watches == []
        job.tell(converting(eta=100.0))
        answer = await home.ask(media())
        assert answer["retry-after"] == "150"
        assert home.jobs.leases[-1][1] > 150  # the Job is still there when the client comes back


@pytest.mark.parametrize("type", ["PNG", "JPG", "WEBP", "GIF", "AVIF", "BMP", "TIFF", "ICO", "thumb.png:20x20", "thumb.jpg"])
async def test_the_placeholder_is_one_pixel_of_the_type_that_was_asked(tmp_path, type):
    async with house(tmp_path) as home:
        answer = await home.ask(media(type))
        picture = Image.open(io.BytesIO(answer.body))
        picture.load()
        assert answer.status == 202
        assert picture.size == (1, 1)
        assert answer["content-type"] == FORMATS.get(home.wanted(type=type).target.format).media_type


async def test_other_placeholders_are_a_few_words_or_a_page_for_browsers(tmp_path):
    async with house(tmp_path) as home:
        words = await home.ask(media("PDF"))
        page = await home.ask(media("PDF"), "Accept: text/html,*/*;q=0.8")
        assert words["content-type"] == "text/plain; charset=utf-8"
        assert page["content-type"] == "text/html; charset=utf-8"
        assert 'http-equiv="refresh"' in page.body.decode()
        assert "sandbox" in page["content-security-policy"]


async def test_a_wait_gets_the_result_as_soon_as_it_is_there(tmp_path):
    async with house(tmp_path) as home, trio.open_nursery() as nursery:
        answers = []

        async def wait():
            answers.append(await home.ask(media(), "Prefer: respond-async, wait=30"))

        nursery.start_soon(wait)
        job = await home.jobs.started()
        home.jobs.finish(home.wanted(), home.file())
        with trio.fail_after(5):
            while not answers:
                await trio.sleep(0.01)
        assert (answers[0].status, answers[0].body) == (200, BODY)
        assert answers[0]["preference-applied"] == "wait=30"
        assert job.watches == [] and home.jobs.leases == []


async def test_who_leaves_while_waiting_lets_go_of_the_job(tmp_path):
    async with house(tmp_path) as home:
        stream = await trio.open_tcp_stream("127.0.0.1", home.port)
        await stream.send_all(f"GET {media()} HTTP/1.1\r\nHost: a\r\nPrefer: wait=60\r\n\r\n".encode())
        job = await home.jobs.started()
        assert len(job.watches) == 1
        await stream.aclose()
        with trio.fail_after(2):
            while job.watches:
                await trio.sleep(0.01)


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("wait=0", "wait=0"),
        ("WAIT = 0", "wait=0"),
        ("wait=-1", None),
        ("wait=soon", None),
        ("wait", None),
        ("wait=1.5", None),
        ("wait=", None),
        ("respond-async", None),
        ("waiting=3", None),
    ],
)
async def test_a_malformed_wait_is_ignored(tmp_path, prefer, applied):
    async with house(tmp_path) as home:
        answer = await home.ask(media(), f"Prefer: {prefer}")
        assert (answer.status, answer["preference-applied"]) == (202, applied)


async def test_a_wait_beyond_a_minute_is_a_minute(tmp_path):
    async with house(tmp_path) as home:
        home.finish()
        assert (await home.ask(media(), "Prefer: wait=500"))["preference-applied"] == "wait=60"


async def test_no_cache_looks_at_the_origin_even_past_a_hit(tmp_path):
    async with house(tmp_path) as home:
        home.finish()
        await home.ask(media())
        assert home.jobs.looks == []
        answer = await home.ask(media(), "Cache-Control: max-age=0, no-cache")
        assert answer.status == 202
        assert home.jobs.looks == [home.wanted().key]


async def test_just_checking_starts_nothing(tmp_path):
    async with house(tmp_path) as home:
        absent = await home.ask(media("png", more="&just_checking=1"))
        assert json.loads(absent.body) == {"url": URL, "type": "png", "ready": False, "state": "absent"}
        assert absent["cache-control"] == "no-store" and not home.jobs.live
        made = home.finish()
        ready = json.loads((await home.ask(media("png", more="&just_checking=1"))).body)
        assert ready == {
            "url": URL,
            "type": "png",
            "ready": True,
            "state": "ready",
            "href": f"/artifact/{made.key}/result.png",
        }
        assert (await home.ask(ready["href"])).body == BODY


@pytest.mark.parametrize("code", sorted(ERRORS))
async def test_every_failure_is_a_problem_document(tmp_path, code):
    kind = ERRORS[code]
    async with house(tmp_path) as home:
        await home.ask(media())
        job = await home.jobs.started()
        extra = {"possible": ["JPG"], "missing": ["soffice"]} if code == "no_road" else {}
        job.tell(Failed(code=code, message="Say it plainly.", extra=extra, retry_after=2.2 if code == "busy" else None))
        answer = await home.ask(media())
        told = json.loads(answer.body)
        assert answer.status == told["status"] == kind.status
        assert answer["content-type"] == "application/problem+json"
        assert answer["cache-control"] == "no-store"
        assert (told["code"], told["title"], told["detail"]) == (code, kind.title, "Say it plainly.")
        assert {name: told[name] for name in extra} == extra
        assert answer["retry-after"] == ("3" if code == "busy" else None)
        checked = json.loads((await home.ask(media(more="&just_checking=1"))).body)
        assert (checked["state"], checked["code"]) == ("failed", code)


async def test_a_full_house_is_429(tmp_path):
    async with house(tmp_path) as home:
        home.jobs.refusal = Busy("Too much.", retry_after=5)
        answer = await home.ask(media(), "Prefer: wait=1")
        assert (answer.status, answer["retry-after"], answer["preference-applied"]) == (429, "5", "wait=1")


async def test_a_result_that_is_stale_the_moment_it_is_ready_is_still_the_answer(tmp_path):
    async with house(tmp_path) as home, trio.open_nursery() as nursery:
        answers = []

        async def wait():
            answers.append(await home.ask(media(), "Prefer: wait=30"))

        nursery.start_soon(wait)
        job = await home.jobs.started()
        made = home.file()
        job.tell(Ready(artifact=made.key, entry=made.entry, media_type="image/png", bytes=1, etag=made.sha256))
        with trio.fail_after(5):
            while not answers:
                await trio.sleep(0.01)
        assert (answers[0].status, answers[0]["cache-control"]) == (200, "no-cache")
        assert len(home.index) == 0


@pytest.mark.parametrize("type", ["SVG", "HTML", "XML"])
async def test_active_types_are_sandboxed(tmp_path, type):
    async with house(tmp_path) as home:
        home.finish(type=type, body=b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
        for _ in range(2):
            answer = await home.ask(media(type))
            assert answer["content-security-policy"].startswith("sandbox; default-src 'none'")
            assert "allow-" not in answer["content-security-policy"]
            assert answer["x-content-type-options"] == "nosniff"


async def test_a_directory_is_a_303_to_its_index_and_its_files_are_served(tmp_path):
    folder = tmp_path / "made"
    (folder / "img").mkdir(parents=True)
    (folder / "index.html").write_bytes(b"<p>hello")
    (folder / "img" / "a b.png").write_bytes(b"png")
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "dir").symlink_to(tmp_path)
    async with house(tmp_path) as home:
        made = replace(home.file(), path=folder, directory=True, entry="index.html", sha256="d" * 64)
        home.store.artifacts[made.key] = made
        home.jobs.finish(home.wanted(), made)
        answer = await home.ask(media())
        assert (answer.status, answer["location"]) == (303, f"/artifact/{made.key}/index.html")
        assert answer["etag"] == f'"{"d" * 64}"'
        index = await home.ask(answer["location"])
        assert (index.status, index.body, index["content-type"]) == (200, b"<p>hello", "text/html")
        assert "img-src 'self' data:" in index["content-security-policy"]
        assert index["cache-control"].endswith("immutable")
        inside = await home.ask(f"/artifact/{made.key}/img/a%20b.png")
        assert (inside.status, inside.body, inside["content-type"]) == (200, b"png", "image/png")
        assert inside["etag"] not in {index["etag"], f'"{"d" * 64}"'}
        assert (await home.ask(f"/artifact/{made.key}/")).status == 303
        for path in ("link", "dir/secret", "img", "nope", "img/none.png"):
            assert (await home.ask(f"/artifact/{made.key}/{path}")).status == 404, path
        for path in ("../x", "a/../../x", "/etc/x", "a\\..\\x", "..", "a\0b", "CON", "x/", "./x", "%2e%2e/secret"):
            sent = path.replace("\0", "%00")
            answer = await home.ask(f"/artifact/{made.key}/{sent}")
            assert answer.status in {400, 404}, path
            assert b"secret" not in answer.body


async def test_an_artifact_has_one_name(tmp_path):
    async with house(tmp_path) as home:
        made = home.file()
        assert (await home.ask(f"/artifact/{made.key}/result.png")).status == 200
        for path in (f"{made.key}/other.png", f"{made.key}/result.png/x", "0" * 64 + "/result.png", "x/result.png"):
            assert (await home.ask(f"/artifact/{path}")).status == 404, path


async def test_status_of_many_in_their_order_with_each_ones_fault(tmp_path):
    async with house(tmp_path) as home:
        home.finish(type="JPG")
        await home.ask(media("PNG"))
        job = await home.jobs.started()
        leases = len(home.jobs.leases)
        asked = [
            {"url": URL, "type": "image/jpeg"},
            {"url": URL, "type": "PNG"},
            {"url": URL, "type": "PDF"},
            {"url": URL, "type": "nope"},
            {"url": "gopher://x/", "type": "PNG"},
            {"url": 3},
            7,
        ]
        answer = await home.ask("/media/status", method="POST", body=json.dumps(asked).encode())
        told = json.loads(answer.body)
        assert answer.status == 200
        assert [entry["state"] for entry in told] == ["ready", "queued", "absent", *["failed"] * 4]
        assert [entry.get("code") for entry in told[3:]] == ["bad_target", "bad_address", "bad_address", "bad_address"]
        assert [entry["type"] for entry in told[:3]] == ["image/jpeg", "PNG", "PDF"]
        assert home.jobs.leases[leases:] == [(job.key, 60.0)]
        assert len(home.jobs.live) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{}", 400),
        (b"[", 400),
        (b"\xff", 400),
        (b"[" * 5000, 400),
        (b"[]", 200),
        (b"[" + b",".join([b"1"] * 1000) + b"]", 200),
        (b"[" + b",".join([b"1"] * 1001) + b"]", 413),
        (b"[" + b" " * (1 << 20) + b"]", 413),
    ],
)
async def test_status_has_bounds(tmp_path, body, status):
    async with house(tmp_path) as home:
        answer = await home.ask("/media/status", method="POST", body=body)
        assert answer.status == status
        if status != 200:
            assert json.loads(answer.body)["code"] == {413: "too_large", 400: "bad_address"}[status]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("image/avif,image/webp,image/apng,image/*,*/*;q=0.8", "thumb.avif"),
        ("image/webp,*/*", "thumb.webp"),
        ("text/html, image/avif;q=0, image/webp;q=0.5", "thumb.webp"),
        ("*/*", "thumb.jpg"),
        ("image/avifx", "thumb.jpg"),
        ("", "thumb.jpg"),
    ],
)
async def test_a_thumb_without_a_format_comes_in_what_the_asker_names(tmp_path, accept, chosen):
    async with house(tmp_path) as home:
        made = home.finish(type=f"{chosen}:64x64")
        answer = await home.ask(media("thumb:64x64"), *([f"Accept: {accept}"] if accept else []))
        assert (answer.status, answer["content-type"], answer["vary"]) == (200, made.media_type, "Accept")
        assert answer.body == BODY
        assert len(home.index) == 0, "the request line alone does not say which"
        other = await home.ask(media("thumb:65x65"), *([f"Accept: {accept}"] if accept else []))
        assert other.status == 202 and other["vary"] == "Accept" and other["content-type"] == made.media_type


async def test_a_profile_makes_a_result_of_its_own_and_an_unknown_one_is_refused(tmp_path):
    async with house(tmp_path, profiles=frozenset({"print"})) as home:
        home.finish()
        assert (await home.ask(media())).body == BODY
        other = await home.ask(media(more="&profile=print"))
        assert other.status == 202
        [job] = home.jobs.live.values()
        assert job.wanted.profile == "print"
        for wrong in ("&profile=web", "&profile=print&profile=print"):
            answer = await home.ask(media(more=wrong))
            assert (answer.status, json.loads(answer.body)["code"]) == (400, "bad_target")
