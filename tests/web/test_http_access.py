"""Signatures and origins, over a real socket."""

import json
import time
from dataclasses import replace
from urllib.parse import quote

import pytest

from omnic_stream.model.errors import Refused
from omnic_stream.model.signing import sign
from omnic_stream.web.access import Access, Signature
from omnic_stream.web.links import Links
from web.http_support import BODY, URL, house, media

KEYS = {"old": b"o" * 32, "new": b"n" * 32}
SOON = int(time.time()) + 86_400
"""Beyond the end of any run: this is read when the tests are collected."""


def signed(type="PNG", url=URL, *, kid="new", exp=SOON, secret=None, sig=None, sent_url=None, sent_type=None):
    sig = sig or sign(secret or KEYS[kid], kid, exp, type, url)
    return media(sent_type or quote(type, safe=""), sent_url or url, more=f"&kid={kid}&exp={exp}&sig={sig}")


def signing(**more):
    return {"access": Access(signing_keys=KEYS), "links": Links(signing_key=("new", KEYS["new"])), **more}


async def test_what_is_signed_is_answered_by_either_key(tmp_path):
    async with house(tmp_path, **signing()) as home:
        home.finish()
        for kid in KEYS:
            for _ in range(2):
                answer = await home.ask(signed(kid=kid))
                assert (answer.status, answer.body) == (200, BODY)
                age = int(answer["cache-control"].split("max-age=")[1].split(",")[0])
                assert 0 < age <= 86_400  # never kept beyond the signature


async def test_a_signature_for_the_view_opens_all_types_of_its_address_and_no_other(tmp_path):
    async with house(tmp_path, **signing()) as home:
        home.finish()
        assert (await home.ask(signed("view", sent_type="PNG"))).status == 200
        elsewhere = signed("view", sent_type="PNG", sent_url="https://example.org/other")
        assert (await home.ask(elsewhere)).status == 403
        key = "0" * 64
        forged = sign(KEYS["new"], "new", SOON, "view", key)  # an artifact's address wants a signature of its own
        assert (await home.ask(f"/artifact/{key}/result.png?kid=new&exp={SOON}&sig={forged}")).status == 403


@pytest.mark.parametrize(
    ("inside", "allowed"),
    [("", True), ("<member:a.txt>", True), ("<member:a><member:b>", True), ("<path:a.txt>", False), ("<path:a><member:b>", False)],
)
@pytest.mark.parametrize("box", ["https://example.org/box.zip", "https://example.org/box.zip<member:in.zip>"])
def test_a_signature_for_the_view_of_an_archive_covers_its_members(inside, allowed, box):
    signature = Signature("new", str(SOON), sign(KEYS["new"], "new", SOON, "view", box))
    if allowed:
        assert Access(signing_keys=KEYS).check(target="PNG", url=box + inside, signature=signature) == SOON
    else:
        with pytest.raises(Refused):
            Access(signing_keys=KEYS).check(target="PNG", url=box + inside, signature=signature)


def test_a_signature_for_the_view_of_a_member_covers_neither_its_archive_nor_its_neighbours():
    box = "https://example.org/box.zip"
    signature = Signature("new", str(SOON), sign(KEYS["new"], "new", SOON, "view", f"{box}<member:in.zip>"))
    for url in (
        box,
        f"{box}<member:in.zip>" + 5 * "<member:a>",
        f"{box}<member:other.zip>",
        f"{box}<member:other.zip><member:in.zip>",
    ):
        with pytest.raises(Refused):
            Access(signing_keys=KEYS).check(target="PNG", url=url, signature=signature)


GOOD = sign(KEYS["new"], "new", SOON, "PNG", URL)
FORGED = {
    "none": media(),
    "truncated": signed(sig=GOOD[:-1]),
    "padded": signed(sig=GOOD + "%3D"),
    "empty": media(more=f"&kid=new&exp={SOON}&sig="),
    "another key": signed(secret=b"x" * 32),
    "unknown key": signed(kid="none", secret=KEYS["new"]),
    "key of another name": signed(kid="old", secret=KEYS["new"]),
    "expired": signed(exp=int(time.time()) - 1),
    "another end": media(more=f"&kid=new&exp={SOON + 1}&sig={GOOD}"),
    "end with a zero": media(more=f"&kid=new&exp=0{SOON}&sig={GOOD}"),
    "end of no number": media(more=f"&kid=new&exp=never&sig={GOOD}"),
    "endless end": media(more=f"&kid=new&exp={'9' * 400}&sig={GOOD}"),
    "another type": signed(sent_type="JPG"),
    "another spelling of the type": signed(sent_type="png"),
    "another address": signed(sent_url="https://example.org/other"),
    "another spelling of the address": signed(url="https://e.org/A", sent_url="https://e.org/%41"),
    "repeated sig": media(more=f"&kid=new&exp={SOON}&sig={GOOD}&sig={GOOD}"),
    "bytes": media(more=f"&kid=new&exp={SOON}&sig=%C3%BC"),
    "just checking": media(more="&just_checking=1"),
    "artifact": "/artifact/" + "0" * 64 + "/result.png",
}


@pytest.mark.parametrize("how", FORGED)
async def test_what_is_not_is_refused_in_the_same_words(tmp_path, how):
    async with house(tmp_path, **signing()) as home:
        home.finish()
        await home.ask(signed())  # a hit of the right line helps no wrong one
        answer = await home.ask(FORGED[how])
        told = json.loads(answer.body)
        assert (answer.status, told["code"]) == (403, "refused")
        assert GOOD not in answer.body.decode()
        if "repeated" not in how:
            assert told["detail"].startswith("The signature is missing, wrong or expired")
        assert not home.jobs.live


async def test_two_requests_that_shared_a_digest_in_the_ancestor_do_not(tmp_path):
    one, other = ("thumb.png:200x200", "git+https://h.org/r"), ("thumb.png:200x200git+", "https://h.org/r")
    sig = sign(KEYS["new"], "new", SOON, *one)
    assert sig != sign(KEYS["new"], "new", SOON, *other)
    async with house(tmp_path, **signing()) as home:
        assert (await home.ask(signed(*one))).status == 202
        assert (await home.ask(signed(*other, sig=sig))).status in {400, 403}
        assert (await home.ask(signed("thumb.png:200x200", "https://h.org/r", sig=sig))).status == 403


async def test_a_hit_ends_with_its_signature(tmp_path):
    now = [1_800_000_000.0]
    access = Access(signing_keys=KEYS, now=lambda: now[0])
    async with house(tmp_path, access=access, now=lambda: now[0], clock=lambda: 0.0) as home:
        home.finish()
        line = signed(exp=int(now[0]) + 10)
        assert (await home.ask(line)).status == 200
        now[0] += 9
        assert (await home.ask(line)).status == 200
        now[0] += 1
        assert (await home.ask(line)).status == 403


async def test_links_to_artifacts_carry_a_signature_for_that_artifact_only(tmp_path):
    async with house(tmp_path, **signing()) as home:
        made, other = home.finish(), home.file(b"other")
        exp = SOON
        body = [{"url": URL, "type": "PNG", "kid": "new", "exp": exp, "sig": GOOD}, {"url": URL, "type": "PNG"}]
        told = json.loads((await home.ask("/media/status", method="POST", body=json.dumps(body).encode())).body)
        assert told[1]["code"] == "refused"
        href = told[0]["href"]
        assert (await home.ask(href)).body == BODY
        assert (await home.ask(href)).body == BODY
        assert (await home.ask(href.replace(made.key, other.key))).status == 403
        assert (await home.ask(href.partition("?")[0])).status == 403


async def test_what_lies_in_a_directory_is_reached_by_relative_links_under_its_signature(tmp_path):
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "master.m3u8").write_bytes(b"low.m3u8")
    (folder / "low.m3u8").write_bytes(b"low")
    async with house(tmp_path, **signing()) as home:
        made = replace(home.file(), path=folder, directory=True, entry="master.m3u8", sha256="d" * 64)
        home.store.artifacts[made.key] = made
        home.jobs.finish(home.wanted(), made)
        place = (await home.ask(signed()))["location"]
        assert (await home.ask(place)).body == b"low.m3u8"
        beside = place.rpartition("/")[0] + "/low.m3u8"  # as a player resolves it (RFC 3986 section 5.2)
        assert (await home.ask(beside)).body == b"low"
        told = json.loads((await home.ask(signed() + "&just_checking=1")).body)
        assert told["href"] == place
        key, _, signature = beside.removesuffix("/low.m3u8").partition(";")
        for wrong in (
            f"{key}/low.m3u8",
            f"{key};{signature[:-1]}/low.m3u8",
            f"{key};{signature};{signature}/low.m3u8",
            f"{key.replace(made.key, 'a' * 64)};{signature}/low.m3u8",
        ):
            assert (await home.ask(wrong)).status in {403, 404}, wrong


def test_a_media_link_is_what_the_service_takes():
    links = Links(signing_key=("new", KEYS["new"]), now=lambda: 1_000_000.0)
    link = links.media("thumb.png:20x20,page=2", "git+https://h/r<path:a b&c.png>")
    assert link.startswith("/media/thumb.png:20x20,page=2/?url=git%2Bhttps%3A%2F%2Fh%2Fr%3Cpath%3Aa%20b%26c.png%3E&kid=new&exp=")


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "a:8800", True),
        ("http://a:8800", "a:8800", True),
        ("https://a", "a", True),
        ("https://a:443", "a", True),
        ("http://A", "a:80", True),
        ("http://[::1]:8800", "[::1]:8800", True),
        ("null", "a", False),
        ("null", "null", False),
        ("http://a:8800", "a:8801", False),
        ("http://a.evil", "a", False),
        ("http://a@evil", "a", False),
        ("http://evil", "", False),
        ("http://", "a", False),
        ("", "", False),
        ("http://a/", "a/", False),
        ("http://a:x", "a:x", False),
        ("file://a", "a", False),
        ("https://app.example", "a", True),
        ("https://app.example.evil", "a", False),
        ("http://app.example", "a", False),
    ],
)
def test_origins(origin, host, allowed):
    assert Access(allow_origins=frozenset({"https://app.example"})).origin_allowed(origin, host) is allowed


def test_a_star_lets_in_every_page_but_those_without_an_origin():
    access = Access(allow_origins=frozenset({"*"}))
    assert access.origin_allowed("https://any.example", "a")
    assert not access.origin_allowed("null", "a")


APP = frozenset({"https://app.example"})
PATHS = [media(), media("JPG"), "/media/nope/?url=x", "/viewer/nothing.js", "/artifact/x"]


@pytest.mark.parametrize("path", PATHS)
async def test_cors_is_off_by_default(tmp_path, path):
    async with house(tmp_path) as home:
        home.finish()
        for _ in range(2):
            answer = await home.ask(path, "Origin: https://app.example")
            assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", PATHS)
async def test_cors_names_the_configured_origins_and_varies(tmp_path, path):
    async with house(tmp_path, access=Access(allow_origins=APP)) as home:
        home.finish()
        for _ in range(2):
            mine = await home.ask(path, "Origin: https://app.example")
            assert mine["access-control-allow-origin"] == "https://app.example"
            assert "Retry-After" in mine["access-control-expose-headers"]
            assert mine["access-control-allow-credentials"] is None
            for headers in ((), ("Origin: https://evil.example",), ("Origin: null",), ("Origin: https://app.example",) * 2):
                other = await home.ask(path, *headers)
                assert other["access-control-allow-origin"] is None, headers
                assert "Origin" in other["vary"]
        assert (await home.ask("/healthz", "Origin: https://app.example"))["access-control-allow-origin"] is None


async def test_a_preflight_is_answered(tmp_path):
    async with house(tmp_path, access=Access(allow_origins=APP)) as home:
        asks = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
        mine = await home.ask("/media/status", "Origin: https://app.example", *asks, method="OPTIONS")
        assert (mine.status, mine["access-control-max-age"]) == (204, "600")
        assert "POST" in mine["access-control-allow-methods"]
        assert "Content-Type" in mine["access-control-allow-headers"]
        other = await home.ask("/media/status", "Origin: https://evil.example", *asks, method="OPTIONS")
        assert other["access-control-allow-methods"] is None


async def test_a_star_is_told_as_one(tmp_path):
    async with house(tmp_path, access=Access(allow_origins=frozenset({"*"}))) as home:
        assert (await home.ask(media(), "Origin: https://any.example"))["access-control-allow-origin"] == "*"
