"""Files inside archives, each by an address of its own, through the running service: real archives, real tools, hostile ones too."""

import base64
import hashlib
import io
import json
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path
from urllib.parse import quote

import pypdfium2
import pytest
import trio

from e2e.e2e_support import LOOPBACK, command, command_line, conversions, copied, picture, problem, running, sample
from omnic_stream.testing.sockets import open_socket

ZOO = Path(__file__).parent.parent / "zoo"
NOON = b"High water at noon.\n" * 8
ODD = "pics/<100%> früh & spät.jpg"


def zipped(*members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return made.getvalue()


def box():
    return zipped(
        ("docs/report.docx", sample("letter.docx")),
        (ODD, sample("harbour.jpg")),
        ("book.epub", sample("log-book.epub")),
        ("notes.txt", NOON),
        ("leaflet.pdf", sample("leaflet.pdf")),
    )


def of(url, name):
    """As a viewer writes it: encodeURIComponent."""
    return f"{url}<member:{quote(name, safe='')}>"


def seven(folder, name, *options):
    (folder / "notes").mkdir(exist_ok=True)
    (folder / "notes/first.txt").write_bytes(NOON)
    (folder / "harbour.jpg").write_bytes(sample("harbour.jpg"))
    subprocess.run(["7zz", "a", "-bso0", *options, name, "notes", "harbour.jpg"], cwd=folder, check=True)
    return (folder / name).read_bytes()


async def test_five_members_at_once_are_one_download_and_each_becomes_what_it_can(service, origin):
    origin.serve("/box.zip", box(), delay=0.3)
    url, before = origin.url("/box.zip"), conversions(service.store, "zip.member")
    asked = {
        "pdf": (of(url, "leaflet.pdf"), "TXT"),
        "picture": (of(url, ODD), "thumb.jpg:200x200"),
        "page": (of(url, "leaflet.pdf"), "thumb.png:120x120,page=2"),
        "book": (of(url, "book.epub"), "TXT"),
        "words": (of(url, "notes.txt"), "TXT"),
    }
    answers = {}

    async def ask(name):
        answers[name] = await service.media(*asked[name])

    async with trio.open_nursery() as nursery:
        for name in asked:
            nursery.start_soon(ask, name)
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(asked, 200), answers["book"].text
    assert "A walk around the harbour" in answers["pdf"].text
    assert picture(answers["picture"].content) == ("JPEG", 200, 133)
    assert "fr%C3%BCh%20%26%20sp%C3%A4t.jpg" in answers["picture"].headers["content-disposition"]
    assert 'filename="leaflet.txt"' in answers["pdf"].headers["content-disposition"]
    assert picture(answers["page"].content) == ("PNG", 85, 120)
    assert "The pier stood dry." in answers["book"].text
    assert answers["words"].content == NOON
    assert origin.hits("/box.zip") == 1
    assert conversions(service.store, "zip.member") - before == 4  # leaflet.pdf, for two types, is taken out once
    listed = json.loads((await service.media(url, "listing.json")).content)
    assert {member["name"] for member in listed["members"]} >= {ODD, "docs/report.docx"} and origin.hits("/box.zip") == 1


async def test_a_word_document_in_an_archive_becomes_a_pdf(service, origin):
    origin.serve("/box.zip", box())
    answer = await service.media(of(origin.url("/box.zip"), "docs/report.docx"), "PDF")
    assert answer.status_code == 200, answer.text
    document = pypdfium2.PdfDocument(answer.content)
    assert "An invitation" in document[0].get_textpage().get_text_range()
    document.close()


async def test_tar_and_document_and_a_file_of_a_folder_and_inline(service, origin):
    origin.serve("/parcel.tar.gz", sample("parcel.tar.gz"))
    origin.serve("/book.epub", (ZOO / "document/a.epub").read_bytes())
    notes = "harbour/notes/first.txt"
    inline = f"data:application/zip;base64,{base64.b64encode(zipped(('a', b'hi'))).decode()}"
    for url, name, content in (
        (origin.url("/parcel.tar.gz"), notes, NOON),
        ("file://samples/parcel.zip", notes, NOON),
        (inline, "a", b"hi"),
        (origin.url("/book.epub"), "mimetype", b"application/epub+zip"),
    ):
        answer = await service.media(of(url, name), "TXT")
        assert (answer.status_code, answer.content.strip()) == (200, content.strip()), (url, answer.text)


async def test_members_of_a_large_compressed_tar_unpack_it_once(service, origin):
    made, parts = io.BytesIO(), [os.urandom(2 << 20) for _ in range(3)]
    with tarfile.open(fileobj=made, mode="w:gz", compresslevel=1) as tar:
        for number, content in enumerate(parts):
            entry = tarfile.TarInfo(f"part-{number}.bin")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    origin.serve("/large.tar.gz", made.getvalue())
    before = conversions(service.store, "tar.plain")
    for number in (2, 0, 1):
        answer = await service.media(of(origin.url("/large.tar.gz"), f"part-{number}.bin"), "checksum")
        assert answer.status_code == 200 and hashlib.sha256(parts[number]).hexdigest() in answer.text
    assert conversions(service.store, "tar.plain") == before + 1


async def test_members_of_a_large_7z_unpack_it_once(service, origin, tmp_path):
    parts = [os.urandom(2 << 20) for _ in range(3)]
    for number, content in enumerate(parts):
        (tmp_path / f"part-{number}.bin").write_bytes(content)
    subprocess.run(
        ["7zz", "a", "-bso0", "-mx1", "large.7z", *(f"part-{number}.bin" for number in range(3))], cwd=tmp_path, check=True
    )
    origin.serve("/large.7z", (tmp_path / "large.7z").read_bytes())
    before = conversions(service.store, "seven.plain")
    for number in (2, 0, 1):
        answer = await service.media(of(origin.url("/large.7z"), f"part-{number}.bin"), "checksum")
        assert answer.status_code == 200 and hashlib.sha256(parts[number]).hexdigest() in answer.text
    assert conversions(service.store, "seven.plain") == before + 1


async def test_a_7z_gives_one_member_without_the_others(service, origin, tmp_path):
    origin.serve("/parcel.7z", seven(tmp_path, "parcel.7z"))
    url = origin.url("/parcel.7z")
    assert (await service.media(of(url, "notes/first.txt"), "TXT")).content == NOON
    assert picture((await service.media(of(url, "harbour.jpg"), "thumb.png:60x60")).content) == ("PNG", 60, 40)
    assert problem(await service.media(of(url, "notes"), "TXT")) == (404, "not_found")


async def test_the_socket_tells_the_archive_then_each_step_in_order(service, origin):
    origin.serve("/box.zip", box(), delay=0.2)
    url = of(origin.url("/box.zip"), "leaflet.pdf")
    async with open_socket(service.port) as socket:
        await socket.call("media", url=url, type="thumb.jpg:71x71")
        told = await socket.until("ready")
        again = (await socket.call("types", url=url))["result"]
    names = list(dict.fromkeys(message["method"] for message in told))
    assert names[-4:] == ["downloading", "downloaded", "converting", "ready"]
    [downloaded] = [message["params"] for message in told if message["method"] == "downloaded"]
    assert (downloaded["bytes"], downloaded["format"]) == (len(box()), "ZIP")
    steps = [message["params"] for message in told if message["method"] == "converting"]
    assert (steps[0]["from"], steps[0]["to"], steps[0]["step"]) == ("ZIP", "member", 1)
    assert steps[-1]["to"] == "thumb.jpg" and [step["step"] for step in steps] == sorted(step["step"] for step in steps)
    assert [step["overall"] for step in steps] == sorted(step["overall"] for step in steps)
    assert again["format"] == "PDF" and "TXT" in {one["type"] for one in again["types"]}


async def test_asking_how_it_stands_starts_nothing(service, origin):
    origin.serve("/box.zip", box())
    url = of(origin.url("/box.zip"), "notes.txt")
    state = json.loads((await service.media(url, "TXT", wait=0, extra="&just_checking=1")).content)
    assert (state["state"], origin.hits("/box.zip")) == ("absent", 0)
    await service.media(url, "TXT")
    state = json.loads((await service.media(url, "TXT", wait=0, extra="&just_checking=1")).content)
    assert (state["state"], state["url"]) == ("ready", url)
    assert (await service.get(state["href"])).content == NOON


# --- what is refused --------------------------------------------------------------------------------------------------------


def hostile_zip():
    made = io.BytesIO(
        zipped(("../../evil", b"x"), ("/etc/evil", b"x"), ("ok/../../evil", b"x"), ("fine.txt", b"fine"), ("empty", b""))
    )
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as file:
        link = zipfile.ZipInfo("innocent.txt")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
        file.writestr("zeros", bytes(80 << 20))
    return made.getvalue()


def hostile_tar():
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as file:
        for name, kind, target in (
            ("sym", tarfile.SYMTYPE, "/etc/passwd"),
            ("sym/passwd", tarfile.REGTYPE, ""),
            ("hard", tarfile.LNKTYPE, "/etc/passwd"),
            ("dev", tarfile.CHRTYPE, ""),
            ("fifo", tarfile.FIFOTYPE, ""),
            ("docs", tarfile.DIRTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            file.addfile(info)
    return made.getvalue()


REFUSED = [
    ("zip", "../../evil", (400, "bad_address"), "relative path"),
    ("zip", "/etc/evil", (400, "bad_address"), "relative path"),
    ("zip", "ok/../../evil", (400, "bad_address"), "relative path"),
    ("zip", "..\\evil", (400, "bad_address"), "relative path"),
    ("zip", "innocent.txt", (422, "converter_failed"), "link"),
    ("zip", "zeros", (422, "too_expensive"), "bomb"),
    ("zip", "empty", (422, "corrupt"), "empty"),
    ("zip", "no/such/member.txt", (404, "not_found"), "no member of this name"),
    ("tar", "sym", (422, "converter_failed"), "link"),
    ("tar", "hard", (422, "converter_failed"), "link"),
    ("tar", "dev", (422, "converter_failed"), "device"),
    ("tar", "fifo", (422, "converter_failed"), "device"),
    ("tar", "docs", (404, "not_found"), "folder"),
    ("pdf", "a.txt", (415, "no_road"), "no archive: it is PDF"),
    ("broken", "a.txt", (422, "corrupt"), "broken"),
]


@pytest.fixture(scope="module")
def hostile():
    broken = zipped(("a.txt", NOON))
    return {"zip": hostile_zip(), "tar": hostile_tar(), "pdf": sample("leaflet.pdf"), "broken": broken[:-40] + bytes(40)}


@pytest.mark.parametrize(("kind", "name", "answer", "says"), REFUSED, ids=[f"{case[0]}-{case[1]}" for case in REFUSED])
async def test_hostile_members_get_a_clear_answer(service, origin, hostile, kind, name, answer, says):
    origin.serve("/archive", hostile[kind], media_type="application/zip" if kind == "broken" else None)
    got = await service.media(of(origin.url("/archive"), name), "TXT")
    assert problem(got) == answer and says in got.json()["detail"], got.text
    assert "/etc" not in got.json()["detail"] and not Path("/tmp/evil").exists()
    if answer[0] == 400:
        assert origin.hits("/archive") == 0


async def test_archives_inside_each_other_lead_on_four_deep(service, origin):
    content, names = b"deep", ["a.txt", "d.zip", "dir/c.zip", "b.zip"]
    for name in names:
        content = zipped((name, content))
    origin.serve("/box.zip", content)
    url = origin.url("/box.zip")
    for name in reversed(names[1:]):
        url = of(url, name)
    assert [one["name"] for one in json.loads((await service.media(url, "listing.json")).content)["members"]] == ["a.txt"]
    got = await service.media(of(url, "a.txt"), "TXT")
    assert (got.status_code, got.text, origin.hits("/box.zip")) == (200, "deep", 1)
    assert problem(await service.media(of(of(url, "a.txt"), "b"), "TXT")) == (400, "bad_address")
    assert problem(await service.media(of(of(origin.url("/box.zip"), "b.zip"), "none"), "TXT")) == (404, "not_found")


async def test_an_encrypted_member_says_that_nobody_gave_its_password(service, origin, tmp_path):
    for name, options in (("a.7z", ["-psesame"]), ("b.7z", ["-psesame", "-mhe=on"]), ("c.zip", ["-psesame", "-tzip"])):
        origin.serve(f"/{name}", seven(tmp_path, name, *options))
        got = await service.media(of(origin.url(f"/{name}"), "notes/first.txt"), "TXT")
        assert problem(got) == (422, "converter_failed") and "password" in got.json()["detail"], got.text


async def test_a_member_over_the_cap_is_too_large(tmp_path, warm_store, origin):
    origin.serve("/box.zip", zipped(("big", os.urandom(1000) * 3000), ("small", NOON)))
    url = origin.url("/box.zip")
    with running(tmp_path, copied(warm_store, tmp_path / "store"), **LOOPBACK, OMNIC_MAX_BYTES=2 << 20) as service:
        assert problem(await service.media(of(url, "big"), "hex")) == (413, "too_large")
        assert (await service.media(of(url, "small"), "TXT")).content == NOON


# --- other doors ------------------------------------------------------------------------------------------------------------


async def test_signed_addresses_name_members_too(tmp_path, warm_store, origin):
    origin.serve("/box.zip", box())
    url, keys = of(origin.url("/box.zip"), ODD), {"OMNIC_SIGNING_KEYS": "first:" + "k" * 40}
    with running(tmp_path, copied(warm_store, tmp_path / "store"), **LOOPBACK, **keys) as service:
        done = await command("generate-url", url, "thumb.png:50x50", cwd=tmp_path, **keys)
        assert done.returncode == 0, done.stderr
        signed = "/media/" + done.stdout.strip().partition("/media/")[2]
        answer = await service.get(signed, Prefer="wait=60")
        assert picture(answer.content) == ("PNG", 50, 33)
        other = signed.replace(quote(quote("<100%>", safe=""), safe=""), quote(quote("<200%>", safe=""), safe=""))
        assert other != signed and problem(await service.get(other)) == (403, "refused")


async def test_processes_of_one_store_share_archive_and_member(service, origin, tmp_path):
    origin.serve("/box.zip", box(), delay=0.5, headers=[("Cache-Control", "max-age=600")])
    url, before = of(origin.url("/box.zip"), "leaflet.pdf"), conversions(service.store, "zip.member")
    done, answers = [], []

    async def outside(output):
        words = ("convert-url", url, "thumb.png:80x80", "--output", output, "--store", service.store)
        done.append(await command(*words, cwd=tmp_path, **LOOPBACK))

    async def inside():
        answers.append(await service.media(url, "thumb.png:80x80"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(outside, "one.png")
        nursery.start_soon(outside, "two.png")
        nursery.start_soon(inside)
    assert [one.returncode for one in done] == [0, 0], done
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes() == answers[0].content
    assert origin.hits("/box.zip") == 1 and conversions(service.store, "zip.member") == before + 1
    forgotten = await command("clearcache", origin.url("/box.zip"), "--store", service.store, cwd=tmp_path)
    assert forgotten.stdout == "1 results forgotten\n"
    assert (await service.media(url, "thumb.png:80x80", Cache_Control="no-cache")).status_code == 200
    assert origin.hits("/box.zip") == 2 and conversions(service.store, "zip.member") == before + 2


def test_the_command_line_names_a_member_of_a_file_here(tmp_path, warm_store):
    (tmp_path / "box.zip").write_bytes(zipped(("my pictures/100%.jpg", sample("harbour.jpg"))))
    store = copied(warm_store, tmp_path / "store")
    name = "box.zip<member:my pictures/100%25.jpg>"
    done = command_line("convert", name, "small.png", "--type", "thumb.png:90x90", "--store", store, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert picture((tmp_path / "small.png").read_bytes()) == ("PNG", 90, 60)
    done = command_line("types", name, "--store", store, cwd=tmp_path)
    assert done.stdout.startswith("JPG can become:")
    done = command_line("convert", "none.zip<member:a>", "a.png", "--store", store, cwd=tmp_path)
    assert done.returncode == 2 and done.stderr == "omnic-stream: There is no file none.zip.\n"
