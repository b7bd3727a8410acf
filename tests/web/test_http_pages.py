"""The page, the viewers' files, health and metrics."""

import gzip
import json
from hashlib import sha256

import pytest

from omnic_stream.cli.serve import demo_of
from omnic_stream.config import Config
from omnic_stream.model.contracts import Viewer
from omnic_stream.model.errors import MisconfiguredError
from omnic_stream.web.access import Access
from omnic_stream.web.bundle import load
from omnic_stream.web.health import Metrics
from web.http_support import FORMATS, house, media

SCRIPT = b"export const a = 1;\n" * 100


@pytest.fixture
def assets(tmp_path):
    folder = tmp_path / "assets"
    folder.mkdir()
    names = {
        "omnic.js": "omnic.js",
        "page.js": "page-ABCDEFGH.js",
        "open.js": "open-ABCDEFGH.js",
        "demo.js": "demo-ABCDEFGH.js",
        "page-style.css": "page-style-ABCDEFG2.css",
        "viewer/pdf.js": "viewer-pdf-ABCDEFGH.js",
    }
    for file in names.values():
        (folder / file).write_bytes(SCRIPT)
    (folder / "icon-ABCDEFGH.svg").write_bytes(b"<svg/>")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    files = {name: {"file": file, "integrity": f"sha384-of-{name}"} for name, file in names.items()}
    (folder / "manifest.json").write_text(json.dumps({"files": files}))
    return folder


async def test_the_page_is_strict_and_holds_no_markup_of_others(tmp_path, assets):
    samples = ("file://samples/a.png", "</script><script>alert(1)</script>")
    async with house(tmp_path, assets=assets, samples=samples, version="1.2") as home:
        page = await home.ask("/")
        html = page.body.decode()
        assert (page.status, page["content-type"], page["cache-control"]) == (200, "text/html; charset=utf-8", "no-cache")
        policy = page["content-security-policy"]
        for part in ("default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:"):
            assert part in policy
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert '<script type="module" src="viewer/page-ABCDEFGH.js" integrity="sha384-of-page.js">' in html
        assert '<link rel="stylesheet" href="viewer/page-style-ABCDEFG2.css" integrity="sha384-of-page-style.css">' in html
        assert html.count("<script") == 2 and "alert(1)</script>" not in html
        facts = facts_of(html)
        assert facts["samples"] == list(samples) and facts["version"] == "1.2"
        assert (await home.ask("/", f"If-None-Match: {page['etag']}")).status == 304


def facts_of(html):
    return json.loads(html.partition('id="omnic-site">')[2].partition("</script>")[0])


async def test_the_pages_script_is_told_every_format_and_what_it_takes(tmp_path, assets):
    async with house(tmp_path, assets=assets) as home:
        plain, packed = await home.ask("/"), await home.ask("/", "Accept-Encoding: gzip")
        assert packed["content-encoding"] == "gzip" and gzip.decompress(packed.body) == plain.body
        assert len(packed.body) < 16_384
        formats = {one["name"]: one for one in facts_of(plain.body.decode())["formats"]}
        assert set(formats) == {format.name for format in home.site.formats}
        assert formats["DOCX"] == {"name": "DOCX", "title": "Word document", "category": "office", "arguments": []}
        takes = {one.pop("name"): one for one in formats["thumb.webp"]["arguments"]}
        assert set(takes) == {"width", "height", "fit", "focus", "bg", "page", "quality", "t"}
        assert takes["quality"] == {"kind": "int", "low": 1, "high": 100, "choices": []}
        assert takes["fit"] == {"kind": "choice", "low": None, "high": None, "choices": ["fit", "crop", "pad", "smart"]}
        assert takes["bg"]["low"] is None and takes["bg"]["high"] is None


async def test_the_framed_document_names_who_may_frame_it(tmp_path, assets):
    access = Access(allow_origins=frozenset({"https://app.example"}))
    async with house(tmp_path, assets=assets, access=access) as home:
        framed = await home.ask("/viewer/open?url=x")
        assert 'src="open-ABCDEFGH.js"' in framed.body.decode()
        assert "frame-ancestors 'self' https://app.example" in framed["content-security-policy"]


async def test_the_manifest_says_who_opens_what_and_lists_only_what_is_built(tmp_path, assets):
    viewers = (
        Viewer(name="pdf", title="pdf.title", opens=("category:page", "DOCX"), shows=("PDF",), module="viewer/pdf.js"),
        Viewer(name="lost", opens=("*",), shows=("*",), module="viewer/lost.js"),
    )
    async with house(tmp_path, assets=assets, viewers=viewers) as home:
        answer = await home.ask("/viewer/manifest.json")
        assert answer["cache-control"] == "no-cache"
        [listed] = json.loads(answer.body)["viewers"]
        opens = listed.pop("opens")
        assert {"PDF", "DJVU", "DOCX"} <= set(opens) and "PNG" not in opens
        assert listed == {
            "name": "pdf",
            "title": "pdf.title",
            "shows": ["PDF"],
            "media_types": [],
            "module": "viewer-pdf-ABCDEFGH.js",
        }


async def test_a_viewer_from_elsewhere_comes_first_and_all_of_its_folder_is_served(tmp_path, assets):
    folder = tmp_path / "mine"
    (folder / "parts").mkdir(parents=True)
    (folder / "mine.js").write_text('import "./parts/a.js";')
    (folder / "parts" / "a.js").write_text("1;")
    (folder / "secret").symlink_to(tmp_path / "secret.txt")
    mine = Viewer(name="mine", opens=("STL",), shows=("web.glb",), module="mine.js", folder=folder)
    built_in = Viewer(name="pdf", opens=("PDF",), shows=("PDF",), module="viewer/pdf.js")
    async with house(tmp_path, assets=assets, viewers=(built_in, mine)) as home:
        viewers = json.loads((await home.ask("/viewer/manifest.json")).body)["viewers"]
        assert [viewer["name"] for viewer in viewers] == ["mine", "pdf"]
        module = viewers[0]["module"]
        answer = await home.ask(f"/viewer/{module}")
        assert (answer.body, answer["cache-control"]) == (b'import "./parts/a.js";', "public, max-age=31536000, immutable")
        assert (await home.ask(f"/viewer/{module.replace('mine.js', 'parts/a.js')}")).body == b"1;"
        assert (await home.ask(f"/viewer/{module.replace('mine.js', 'secret')}")).status == 404


@pytest.mark.parametrize("wrong", [{"module": "none.js"}, {"opens": ("NONSENSE",)}])
def test_a_viewer_that_cannot_be_served_is_the_operators_mistake(tmp_path, assets, wrong):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.js").write_text("1;")
    facts = {"name": "mine", "opens": ("STL",), "shows": ("GLB",), "module": "mine.js", "folder": tmp_path / "mine"} | wrong
    with pytest.raises(MisconfiguredError):
        load(assets, (Viewer(**facts),), FORMATS)


async def test_the_demo_shows_its_files_with_signed_links_where_signing_is_on(tmp_path, assets):
    shown = ("file://demo/mesh/a%20pawn.stl", "file://demo/strange")
    async with house(tmp_path, assets=assets, demo=shown) as home:
        pawn, strange = facts_of((await home.ask("/demo/")).body.decode())["files"]
        assert (pawn["name"], pawn["category"], strange["category"]) == ("a pawn.stl", "mesh", "")
        assert pawn["src"] == "/media/view/?url=file%3A%2F%2Fdemo%2Fmesh%2Fa%2520pawn.stl"
        assert (await home.ask("/demo/x")).status == 404
    async with house(tmp_path, assets=assets) as home:
        assert (await home.ask("/demo/")).status == 404


def test_where_requests_must_be_signed_nobody_is_given_signatures_unasked(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    keys = {"one": "0123456789abcdef"}
    assert demo_of(Config(signing_keys=keys)) == ()
    assert demo_of(Config(signing_keys=keys, demo=str(tmp_path))) == ("file://demo/a.txt",)
    assert len(demo_of(Config())) > 60


async def test_hashed_files_are_immutable_and_others_are_asked_about_again(tmp_path, assets):
    async with house(tmp_path, assets=assets) as home:
        hashed = await home.ask("/viewer/page-ABCDEFGH.js")
        assert hashed["cache-control"] == "public, max-age=31536000, immutable"
        named = await home.ask("/viewer/omnic.js")
        assert (named["cache-control"], named["content-type"]) == ("no-cache", "text/javascript; charset=utf-8")
        assert named["etag"] == f'"{sha256(SCRIPT).hexdigest()}"'
        assert (await home.ask("/viewer/omnic.js", f"If-None-Match: {named['etag']}")).status == 304
        packed = await home.ask("/viewer/omnic.js", "Accept-Encoding: br, gzip;q=0.8")
        assert packed["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == SCRIPT and named.body == SCRIPT
        assert packed["etag"] != named["etag"] and packed["vary"] == "Accept-Encoding"
        assert (await home.ask("/viewer/omnic.js", "Accept-Encoding: gzip;q=0"))["content-encoding"] is None
        for path in ("../secret.txt", "%2e%2e%2fsecret.txt", "", "x", "%2Fetc%2Fpasswd"):
            answer = await home.ask("/viewer/" + path)
            assert answer.status == 404 and b"secret" not in answer.body


async def test_a_page_without_built_files_still_says_what_to_do(tmp_path):
    async with house(tmp_path) as home:
        assert b"/media/" in (await home.ask("/")).body


async def test_health_and_readiness(tmp_path):
    parts = {"store": True, "image": True}
    async with house(tmp_path, ready=lambda: parts) as home:
        assert (await home.ask("/healthz")).body == b"ok\n"
        assert (await home.ask("/readyz")).status == 200
        parts["image"] = False
        answer = await home.ask("/readyz")
        assert answer.status == 503
        assert json.loads(answer.body) == {"ready": False, "parts": {"store": True, "image": False}}
        assert (await home.ask("/healthz")).status == 200
        assert (await home.ask("/metrics")).status == 404


async def test_metrics_count_answers_and_read_the_rooms(tmp_path):
    metrics = Metrics(jobs=lambda: {"queued": 3, "converting": 1}, store=lambda: {"bytes": 12345})
    metrics.converted("pdf.page", 0.2)
    async with house(tmp_path, metrics=metrics) as home:
        home.finish()
        for _ in range(3):
            await home.ask(media())
        await home.ask(media("PDF"))
        for path in ("/nope/x", "/%3Cscript%3E", "/another"):
            await home.ask(path)
        answer = await home.ask("/metrics")
        lines = answer.body.decode().splitlines()
        for line in (
            'omnic_requests_total{route="/media",status="200"} 3.0',
            'omnic_requests_total{route="/media",status="202"} 1.0',
            'omnic_requests_total{route="other",status="404"} 3.0',
            'omnic_jobs{state="converting"} 1.0',
            "omnic_queue_depth 3.0",
            "omnic_store_bytes 12345.0",
            'omnic_conversion_seconds_count{converter="pdf.page"} 1.0',
        ):
            assert line in lines
        assert answer["content-type"].startswith("text/plain; version=")


async def test_the_loops_lateness_is_measured(autojump_clock):
    import trio

    metrics = Metrics()
    with trio.move_on_after(10):
        await metrics.watch_loop()
    assert b"omnic_loop_lag_seconds" in metrics.page().body
