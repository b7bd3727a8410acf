"""What no honest client sends: a clear problem document each, soon, and the next request is answered."""

import json
import time

import pytest

from omnic_stream.web.reply import disposition, safe_name
from web.http_support import BODY, house, media

E = "https%3A%2F%2Fe.org%2Fa"
MALFORMED = [
    ("/media/", "bad_target"),
    ("/media/PNG/", "bad_address"),
    ("/media/PNG/?url=", "bad_address"),
    (f"/media/PNG/?url={E}&url={E}", "bad_address"),
    (f"/media/PNG/?url={E}&url=http%3A%2F%2F127.0.0.1%2F", "bad_address"),
    (f"/media/PNG:../x/?url={E}", "bad_target"),
    (f"/media/%2e%2e%2f/?url={E}", "bad_target"),
    (f"/media/..%2f..%2fetc%2fpasswd/?url={E}", "bad_target"),
    (f"/media/PNG%00/?url={E}", "bad_target"),
    (f"/media/PNG%FF/?url={E}", "bad_target"),
    (f"/media/%50%4e%47%2f/?url={E}", "bad_target"),
    (f"/media/%2550NG/?url={E}", "bad_target"),
    (f"/media//PNG/?url={E}", "bad_target"),
    (f"/media/PNG//?url={E}", "bad_target"),
    (f"/media/image/png/?url={E}", "bad_target"),
    (f"/media/thumb.png:a,b/?url={E}", "bad_target"),
    (f"/media/thumb.png:a.b/?url={E}", "bad_target"),
    (f"/media/thumb.png:0x10/?url={E}", "bad_target"),
    (f"/media/thumb.png:99999x99999/?url={E}", "bad_target"),
    (f"/media/{'P' * 300}/?url={E}", "bad_target"),
    (f"/media/inlined.js:x;alert(1)%2F%2F/?url={E}", "bad_target"),
    ("/media/PNG/?url=%FF", "bad_address"),
    ("/media/PNG/?url=http://ok%0d%0aX:%20y/", "bad_address"),
    ("/media/PNG/?url=http%3A%2F%2Fok@127.0.0.1%2F", "bad_address"),
    ("/media/PNG/?url=http%3A%2F%2F%2Fx", "bad_address"),
    ("/media/PNG/?url=gopher%3A%2F%2Fh%2F", "bad_address"),
    ("/media/PNG/?url=file%3A%2F%2F%2Fetc%2Fpasswd", "bad_address"),
    ("/media/PNG/?url=git+https://h.org/r%3Cref:a%3E%3Cref:b%3E", "bad_address"),
    ("/media/PNG/?url=git+https://h.org/r%3Cunknown:a%3E", "bad_address"),
    ("/media/PNG/?URL=http://e.org/", "bad_address"),
    ("/artifact/" + "0" * 64 + "/..%2f..%2fetc%2fpasswd", "bad_address"),
    ("/artifact/" + "0" * 64 + "/../../etc/passwd", "bad_address"),
    ("/artifact/" + "0" * 64 + "/a%00b", "bad_address"),
    ("/artifact/" + "0" * 64 + "/%FF", "bad_address"),
]


async def test_malformed_requests_are_400_before_anything_is_started(tmp_path):
    async with house(tmp_path) as home:
        for path, code in MALFORMED:
            answer = await home.ask(path)
            assert answer.status == 400, path
            assert answer["content-type"] == "application/problem+json", path
            told = json.loads(answer.body)
            assert (told["code"], told["status"]) == (code, 400), path
            assert set(told) >= {"code", "title", "detail", "status"}
            assert answer["x-content-type-options"] == "nosniff"
        assert not home.jobs.live
        assert (await home.ask("/media/image%2Fpng?url=" + E)).status == 202
        assert (await home.ask(f"/media/png/?url={E}")).status == 202
        assert (await home.ask("/media/PNG/?url=git+https://h.org/r%3Cref:main%3E")).status == 202
        assert len(home.jobs.live) == 2


@pytest.mark.parametrize("path", ["/nope", "/media", "/static/x", "/%00", "/admin/", "/ws/", "/healthz/x", "*", "/\xff"])
async def test_what_is_not_there_is_a_problem_too(tmp_path, path):
    async with house(tmp_path) as home:
        answer = await home.ask(path)
        assert answer.status in {400, 404}
        if answer.status == 404:
            assert json.loads(answer.body)["code"] == "not_found"
            assert answer["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        (media(), "GET, HEAD, OPTIONS"),
        ("/media/status", "POST, OPTIONS"),
        ("/artifact/x/y", "GET, HEAD, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/viewer/x", "GET, HEAD, OPTIONS"),
    ],
)
async def test_other_methods_are_told_which_there_are(tmp_path, path, allow):
    async with house(tmp_path) as home:
        home.finish()
        await home.ask(media())
        for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW", "GET"):
            if method in allow.split(", "):
                continue
            answer = await home.ask(path, method=method)
            assert (answer.status, answer["allow"]) == (405, allow), method
            assert json.loads(answer.body)["code"] == "method_not_allowed"
        options = await home.ask(path, method="OPTIONS")
        assert (options.status, options["allow"], options.body) == (204, allow, b"")


async def test_long_headers_and_lines_are_answered_soon(tmp_path):
    async with house(tmp_path) as home:
        home.finish()
        await home.ask(media())
        for line, header in [
            (media(), "Range: bytes=" + "0-," * 2700),
            (media(), "Range: bytes=0-" + "9" * 8000),
            (media(), 'If-None-Match: "' + 'x", "' * 1500),
            (media(), "Prefer: " + "wait=1;," * 1000),
            (media(), "Prefer: wait" + " " * 8000 + "x"),
            (media(), "Cache-Control: " + "no-cach," * 1000),
            (media(), "Accept: " + "text/html;q=," * 600),
            (f"/media/{'a:' * 4000}/?url={E}", "X: y"),
            (f"/media/{'%2f' * 2600}/?url={E}", "X: y"),
            (media(more="&a=b" * 2000), "X: y"),
            (media(url="https://e.org/" + "%61" * 2500), "X: y"),
        ]:
            began = time.perf_counter()
            answer = await home.ask(line, header)
            assert answer.status in {200, 202, 206, 400}, (line[:40], header[:40])
            assert time.perf_counter() - began < 0.25, (line[:40], header[:40])


async def test_bodies_that_nobody_reads_stop_nothing(tmp_path):
    async with house(tmp_path) as home:
        home.finish()
        for path, method, status in [
            (media(), "POST", 405),
            (media(), "GET", 200),
            ("/nope", "POST", 404),
            ("/media/status", "POST", 413),
        ]:
            answer = await home.ask(path, method=method, body=b"x" * 3_000_000)
            assert answer.status == status, path
        assert (await home.ask(media())).body == BODY


async def test_a_fault_of_ours_is_503_and_says_nothing(tmp_path):
    async with house(tmp_path) as home:
        home.jobs.status = lambda wanted: 1 / 0
        for path in (media(), media(more="&just_checking=1")):
            answer = await home.ask(path, "Prefer: wait=0")
            assert (answer.status, json.loads(answer.body)["code"]) == (503, "unavailable")
            assert b"Zero" not in answer.body and b"Traceback" not in answer.body


async def test_a_file_that_shrank_is_never_answered_as_whole(tmp_path):
    async with house(tmp_path) as home:
        made = home.finish(body=BODY * 100)
        made.path.chmod(0o600)
        made.path.write_bytes(BODY)
        answer = await home.ask(media())
        assert answer["content-length"] == str(len(BODY) * 100)
        assert len(answer.body) < len(BODY) * 100  # cut, so the client knows


@pytest.mark.parametrize(
    "name",
    [
        "a.png",
        'a".png',
        "a\r\nX: y.png",
        "../../etc/passwd",
        "",
        ".",
        "..",
        ".htaccess",
        "a" * 400 + ".png",
        "\u202egnp.exe",
        "ü.png",
        "a\\b.png",
        "\ud800.png",
        "a;b=c.png",
        "<script>.html",
        "%00.png",
    ],
)
def test_names_are_safe_in_a_header_and_on_a_disk(name):
    safe = safe_name(name)
    assert safe and len(safe) <= 155
    assert not set(safe) & set('/\\:*?"<>|\r\n\0')
    assert not safe.startswith(".")
    value = disposition("image/png", name).decode("ascii")
    assert value.startswith('inline; filename="')
    assert value.count('"') == 2 and "\r" not in value and "\n" not in value


async def test_markup_in_an_address_never_comes_back_as_markup(tmp_path):
    async with house(tmp_path) as home:
        url = "https://example.org/<script>alert(1)</script>".replace("<", "%3C").replace(">", "%3E")
        page = await home.ask(media("PDF", url), "Accept: text/html")
        assert b"<script" not in page.body
        for path in ("/<script>alert(1)</script>", f"/media/%3Cscript%3E/?url={E}", "/media/PNG/?url=%3Cscript%3E"):
            answer = await home.ask(path, "Accept: text/html")
            assert answer["content-type"] == "application/problem+json"
            assert answer["x-content-type-options"] == "nosniff"
