"""Files over HTTP: what is taken, what is told on the way, and that no origin can hold, fill or fool the service."""

import gzip
import os
import ssl
import tracemalloc
import zlib

import pytest
import trio
import trustme

from omnic_stream.model.address import parse_address
from omnic_stream.model.contracts import MiB, Validators
from omnic_stream.model.errors import NotFound, OriginFailed, OriginTimeout, Refused, TooLarge
from omnic_stream.sources.guard import Guard
from omnic_stream.sources.http import SCHEMES, HttpLimits, open_http
from omnic_stream.testing.origin import open_origin


class Counted:
    """A sink that only counts."""

    def __init__(self) -> None:
        self.size = 0

    async def write(self, chunk: bytes) -> None:
        self.size += len(chunk)


async def test_a_file_comes_with_all_that_its_origin_says_of_it(origin, http, take) -> None:
    body = os.urandom(300_000)
    origin.serve(
        "/dir/report%20%C3%BC.pdf",
        body,
        media_type="Application/PDF; charset=x",
        etag='"v1"',
        last_modified=1_700_000_000,
        headers=[("Cache-Control", "public, max-age=100"), ("Age", "40")],
    )
    taken = await take(http, origin.url("/dir/report%20%C3%BC.pdf"))
    assert taken.content == body
    assert taken.fetched.media_type == "application/pdf"
    assert taken.fetched.name == "report ü.pdf"
    assert taken.fetched.max_age == 60
    assert taken.fetched.validators == Validators(etag='"v1"', last_modified="Tue, 14 Nov 2023 22:13:20 GMT")
    assert origin.hits("/dir/report%20%C3%BC.pdf") == 1


async def test_progress_begins_at_nothing_ends_at_all_and_is_thinned(origin, http, take) -> None:
    origin.serve("/big", bytes(8 * MiB))
    reports = (await take(http, origin.url("/big"))).reports
    assert reports[0] == (0, 8 * MiB) and reports[-1] == (8 * MiB, 8 * MiB)
    assert sorted(reports) == reports and len(set(reports)) == len(reports) <= 130


async def test_the_total_of_packed_content_is_not_known(origin, http, take) -> None:
    origin.serve("/page", b"text " * 100_000, gzipped=True)
    taken = await take(http, origin.url("/page"))
    assert taken.content == b"text " * 100_000
    assert taken.reports[0] == (0, None) and taken.reports[-1] == (500_000, None)


async def test_an_unchanged_file_is_not_sent_again(origin, http, take) -> None:
    origin.serve("/a", b"a", etag='W/"é1"', headers=[("Cache-Control", "max-age=5")])
    first = await take(http, origin.url("/a"))
    again = await take(http, origin.url("/a"), first.fetched.validators)
    assert first.content == b"a" and again.content == b""
    assert again.fetched.unchanged and again.fetched.validators == first.fetched.validators and again.fetched.max_age == 5
    origin.serve("/a", b"b")
    changed = await take(http, origin.url("/a"), first.fetched.validators)
    assert changed.content == b"b" and not changed.fetched.unchanged
    assert (origin.hits("/a"), origin.conditional_hits("/a")) == (3, 2)


async def test_not_modified_is_no_answer_to_a_question_without_a_condition(origin, http, take) -> None:
    origin.serve("/a", status=304, etag=None)
    with pytest.raises(OriginFailed):
        await take(http, origin.url("/a"), Validators())


async def test_last_modified_alone_is_enough_to_ask_again(origin, http, take) -> None:
    origin.serve("/a", b"a", etag=None, last_modified=1_700_000_000)
    first = await take(http, origin.url("/a"))
    assert (await take(http, origin.url("/a"), first.fetched.validators)).fetched.unchanged


@pytest.mark.parametrize(
    ("status", "error", "retry_after"),
    [
        (401, OriginFailed, None),
        (403, OriginFailed, None),
        (404, NotFound, None),
        (410, NotFound, None),
        (418, OriginFailed, None),
        (429, OriginFailed, 7),
        (500, OriginFailed, None),
        (503, OriginFailed, 7),
        (204, OriginFailed, None),
        (206, OriginFailed, None),
        (304, OriginFailed, None),
        (302, OriginFailed, None),
        (599, OriginFailed, None),
    ],
)
async def test_each_status_has_its_error(status, error, retry_after, origin, http, take) -> None:
    origin.serve("/x", b"", status=status, etag=None, headers=[("Retry-After", "7")])
    with pytest.raises(error) as failed:
        await take(http, origin.url("/x"))
    assert failed.value.retry_after == retry_after
    assert origin.hits("/x") == 1


async def test_five_redirects_are_followed_and_the_last_one_names_the_file(origin, http, take) -> None:
    for hop in range(5):
        origin.redirect(f"/{hop}", f"{hop + 1}" if hop < 4 else "/end/ü file.txt", status=[301, 302, 303, 307, 308][hop])
    origin.serve("/end/%C3%BC%20file.txt", b"there")
    taken = await take(http, origin.url("/0"))
    assert taken.content == b"there" and taken.fetched.name == "ü file.txt"


async def test_a_sixth_redirect_is_one_too_many(origin, http, take) -> None:
    origin.redirect("/loop", "/loop")
    with pytest.raises(OriginFailed, match="more than 5"):
        await take(http, origin.url("/loop"))
    assert origin.hits("/loop") == 6


async def test_a_connection_that_breaks_before_the_file_begins_is_tried_once_more(origin, http, take) -> None:
    origin.serve("/a", b"whole")
    origin.serve("/a", b"whole", reset_at=-1, times=1)
    assert (await take(http, origin.url("/a"))).content == b"whole"
    assert origin.hits("/a") == 2
    origin.serve("/b", b"whole", reset_at=-1)
    with pytest.raises(OriginFailed):
        await take(http, origin.url("/b"))
    assert origin.hits("/b") == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"reset_at": 5_000},
        {"cut_at": 5_000},
        {"content_length": 20_000},
        {"cut_at": 5_000, "chunked": True},
        {"content_length": "ten"},
        {"content_length": "-1"},
        {"headers": [("Content-Length", "10001")]},
        {"headers": [("Content-Encoding", "gzip, gzip")]},
        {"headers": [("Content-Encoding", "br")]},
        {"headers": [("Content-Encoding", "gzip")]},
    ],
)
async def test_a_broken_or_lying_body_is_no_file(fault, origin, take_within) -> None:
    origin.serve("/x", bytes(10_000), **fault)
    with pytest.raises(OriginFailed):
        await take_within(origin.url("/x"), total=5)
    # Where content had come already, asking again would write it twice.
    assert origin.hits("/x") <= 2
    if "cut_at" in fault or "reset_at" in fault:
        assert origin.hits("/x") == 1


async def test_a_length_that_is_too_long_for_an_open_connection_ends_in_time(origin, take_within, autojump_clock) -> None:
    origin.serve("/x", bytes(10_000), content_length=20_000, hold=trio.Event(), hold_at=10_000)
    with pytest.raises(OriginTimeout):
        await take_within(origin.url("/x"))


async def test_packed_content_that_ends_too_early_is_no_file(origin, http, take) -> None:
    packed = gzip.compress(os.urandom(10_000))
    for cut in (packed[:5], packed[:-1], packed[: len(packed) // 2], packed + b"junk"):
        origin.serve("/x", cut, headers=[("Content-Encoding", "gzip")])
        with pytest.raises(OriginFailed):
            await take(http, origin.url("/x"))


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda plain: zlib.compress(plain, wbits=-15)])
async def test_each_way_to_deflate_is_understood(pack, origin, http, take) -> None:
    plain = b"some text " * 50_000
    origin.serve("/x", pack(plain), headers=[("Content-Encoding", "deflate")])
    assert (await take(http, origin.url("/x"))).content == plain


async def test_gzip_members_follow_one_another_and_zeros_may_pad_the_last(origin, http, take) -> None:
    origin.serve("/x", gzip.compress(b"one") + gzip.compress(b"two") + bytes(600), headers=[("Content-Encoding", "gzip")])
    assert (await take(http, origin.url("/x"))).content == b"onetwo"


async def test_one_byte_a_second_is_too_slow(origin, take_within, autojump_clock) -> None:
    origin.serve("/x", bytes(10_000), drip=1)
    started = trio.current_time()
    with pytest.raises(OriginTimeout, match="too slow"):
        await take_within(origin.url("/x"))
    assert 15 <= trio.current_time() - started < 16


async def test_slow_but_steady_is_fine_and_a_slow_disk_is_not_the_origins_fault(origin, http, autojump_clock) -> None:
    class Slow(Counted):
        async def write(self, chunk: bytes) -> None:
            await trio.sleep(20)
            await super().write(chunk)

    origin.serve("/x", bytes(20_000), drip=2_000)
    await http.fetch(parse_address(origin.url("/x"), SCHEMES), sink := Counted(), known=None, report=lambda *_: None)
    assert sink.size == 20_000
    origin.serve("/y", bytes(1 * MiB))
    await http.fetch(parse_address(origin.url("/y"), SCHEMES), sink := Slow(), known=None, report=lambda *_: None)
    assert sink.size == 1 * MiB


async def test_a_head_that_comes_letter_by_letter_is_too_slow(origin, take_within, autojump_clock) -> None:
    origin.serve("/x", b"x", head_drip=1)
    with pytest.raises(OriginTimeout, match="begin to answer within 15"):
        await take_within(origin.url("/x"))
    origin.serve("/y", b"x", delay=3600)
    with pytest.raises(OriginTimeout):
        await take_within(origin.url("/y"))


async def test_all_together_may_take_so_long(origin, take_within, autojump_clock) -> None:
    origin.serve("/x", bytes(10 * MiB), drip=10_000)
    started = trio.current_time()
    with pytest.raises(OriginTimeout, match="within 300 seconds"):
        await take_within(origin.url("/x"), total=300)
    assert trio.current_time() - started == 300


async def test_what_never_ends_is_cut_at_the_cap(origin, take_within) -> None:
    origin.serve("/x", bytes(65536), endless=True)
    with pytest.raises(TooLarge, match="1 MiB"):
        await take_within(origin.url("/x"), size=1 * MiB)
    origin.serve("/y", bytes(65536), endless=True, chunked=True)
    with pytest.raises(TooLarge):
        await take_within(origin.url("/y"), size=1 * MiB)


async def test_what_announces_too_much_is_not_even_begun(origin, http) -> None:
    origin.serve("/x", b"x", content_length=99 * 1024 * MiB)
    sink = Counted()
    with pytest.raises(TooLarge, match="512 MiB"):
        await http.fetch(parse_address(origin.url("/x"), SCHEMES), sink, known=None, report=lambda *_: None)
    assert sink.size == 0


async def test_endless_headers_are_no_answer(origin, take_within) -> None:
    origin.serve("/x", raw=b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200_000)
    with pytest.raises(OriginFailed):
        await take_within(origin.url("/x"))
    origin.serve("/y", raw=b"SSH-2.0-OpenSSH_9.2\r\n")
    with pytest.raises(OriginFailed):
        await take_within(origin.url("/y"))


async def test_interim_answers_without_end_and_chunks_of_one_byte_are_given_up(origin, http, take) -> None:
    origin.serve("/x", raw=b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20_000)
    with pytest.raises(OriginFailed, match="without end"):
        await take(http, origin.url("/x"))
    origin.serve("/y", raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 50_000)
    with pytest.raises(OriginFailed, match="too small"):
        await take(http, origin.url("/y"))
    origin.serve("/z", raw=b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert (await take(http, origin.url("/z"))).content == b"ok"


@pytest.mark.parametrize("limits", [{}, {"ratio": 10**6, "size": 1 * MiB}])
async def test_a_gzip_bomb_is_stopped_while_it_is_small(limits, origin, guard) -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([deflate.compress(bytes(1 * MiB)) for _ in range(300)] + [deflate.flush()])
    origin.serve("/x", bomb, headers=[("Content-Encoding", "gzip")])
    async with open_http(guard, limits=HttpLimits(**limits)) as source:
        sink = Counted()
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge):
                await source.fetch(parse_address(origin.url("/x"), SCHEMES), sink, known=None, report=lambda *_: None)
            assert tracemalloc.get_traced_memory()[1] < 2 * MiB
        finally:
            tracemalloc.stop()
    assert sink.size <= limits.get("size", 17 * MiB)


async def test_a_fetch_that_is_given_up_closes_its_connection(origin, http, take) -> None:
    origin.serve("/x", bytes(10 * MiB), drip=1000)
    with trio.move_on_after(0.2):
        await take(http, origin.url("/x"))
    origin.serve("/y", b"next")
    assert (await take(http, origin.url("/y"))).content == b"next"
    with trio.fail_after(5):
        while origin.active:
            await trio.sleep(0.01)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serving(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


async def test_tls_is_given_the_name_though_a_literal_is_dialled(authority, take) -> None:
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    tls, asked = serving(authority, "files.test"), []
    tls.sni_callback = lambda _socket, name, _context: asked.append(name)

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with (
        open_origin(tls=tls) as origin,
        open_http(Guard(addresses=["127.0.0.0/8"], resolve=resolve), trust=trust) as source,
    ):
        origin.serve("/a", b"a")
        assert (await take(source, origin.url("/a", host="files.test"))).content == b"a"
        assert asked == ["files.test"]
        with pytest.raises(OriginFailed, match="certificate"):
            await take(source, origin.url("/a", host="other.test"))
        origin.redirect("/down", f"http://files.test:{origin.port}/a")
        with pytest.raises(Refused, match="https to plain http"):
            await take(source, origin.url("/down", host="files.test"))
        assert origin.hits("/a") == 1


async def test_a_certificate_of_an_unknown_authority_is_refused(authority, take) -> None:
    async with open_origin(tls=serving(authority, "127.0.0.1")) as origin, open_http(Guard(addresses=["127.0.0.0/8"])) as source:
        origin.serve("/a", b"a")
        with pytest.raises(OriginFailed, match="certificate"):
            await take(source, origin.url("/a"))
        assert origin.hits("/a") == 0


async def test_nothing_that_a_stranger_reads_tells_where_an_origin_lies(origin, http, take) -> None:
    origin.serve("/x", b"", reset_at=-1)
    with pytest.raises(OriginFailed) as failed:
        await take(http, origin.url("/x"))
    assert "127.0.0.1" not in failed.value.message and str(origin.port) not in failed.value.message
