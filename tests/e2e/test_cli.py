"""The command line as a stranger meets it: exit codes, one line that says what to do, and verbs that do what they say."""

import json
import re
from urllib.parse import urlsplit

import pytest

from e2e.e2e_support import LOOPBACK, command, command_line, conversions, copied, picture, problem, running, sample

SECRET = "a-secret-of-more-than-sixteen"
KEYS = {"OMNIC_SIGNING_KEYS": f"first:{SECRET}"}


@pytest.fixture(scope="module")
def place(tmp_path_factory, warm_store):
    """A folder with a picture, a broken file, and a store."""
    folder = tmp_path_factory.mktemp("cli")
    copied(warm_store, folder / "store")
    (folder / "harbour.jpg").write_bytes(sample("harbour.jpg"))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    return folder


WRONG = [
    ("an unknown verb", ["paint"], 2, ""),
    ("an unknown option", ["serve", "--colour", "red"], 2, "--colour"),
    ("nothing to convert", ["convert"], 2, ""),
    ("a missing file", ["convert", "nowhere.jpg", "x.png"], 2, "no file nowhere.jpg"),
    ("an output without a type", ["convert", "harbour.jpg", "result"], 2, "--type"),
    ("an output folder that is not there", ["convert", "harbour.jpg", "no/such/x.png"], 2, "folder no/such does not exist"),
    ("an unknown type", ["convert", "harbour.jpg", "x.png", "--type", "nonsense"], 2, "no such format"),
    ("no road", ["convert", "harbour.jpg", "x.docx"], 2, "Possible: "),
    ("a broken file", ["convert", "broken.png", "x.jpg"], 1, ""),
    ("a scheme without a source", ["convert-url", "gopher://h/x", "PNG"], 2, "gopher"),
    ("an address that is not let in", ["convert-url", "http://127.0.0.1:8800/x", "PNG"], 2, "OMNIC_ALLOW_ADDRESSES"),
    ("a bind that is none", ["serve", "--bind", "everywhere"], 2, "HOST:PORT"),
    ("a public bind without signing", ["serve", "--bind", "0.0.0.0:0"], 2, "signing_keys"),
    (
        "no service to watch",
        ["watch", "file://samples/harbour.jpg", "PNG", "--server", "http://127.0.0.1:1"],
        2,
        "omnic-stream serve",
    ),
    ("a type of unknown name", ["types", "nonsense"], 2, "nonsense"),
]


@pytest.mark.parametrize(("words", "code", "says"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_said_in_one_line_with_its_exit_code(place, words, code, says):
    store = [] if words[0] in {"paint", "watch"} or "--colour" in words or words == ["convert"] else ["--store", "store"]
    done = command_line(*words, *store, cwd=place)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("omnic-stream: ") and done.stderr.count("\n") == 1, done.stderr
    assert says in done.stderr and "Traceback" not in done.stderr and done.stdout == ""
    assert not (place / "x.png").exists() and not list(place.glob(".*.part"))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"OMNIC_SIGNING_KEYS": "first:changeme"}, "placeholder"),
        ({"OMNIC_SLOTS": "many"}, "OMNIC_SLOTS"),
        ({"OMNIC_ALLOW_ADDRESSES": "10.0.0.0/99"}, "allow_addresses"),
    ],
)
def test_a_wrong_setting_is_named(place, settings, says):
    done = command_line("serve", "--bind", "127.0.0.1:0", "--store", "store", cwd=place, **settings)
    assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1 and "changeme" not in done.stderr


def test_no_verb_shows_help_and_help_shows_every_verb(place):
    done = command_line(cwd=place)
    assert done.returncode == 2
    for verb in (
        "serve",
        "convert",
        "convert-url",
        "watch",
        "generate-url",
        "precache",
        "clearcache",
        "types",
        "graph",
        "calibrate",
        "doctor",
    ):
        assert re.search(rf"\b{verb}\b", done.stdout)


def test_a_result_goes_to_a_file_or_to_standard_output(place):
    done = command_line("convert", "harbour.jpg", "small.webp", "--type", "thumb.webp:80x80", "--store", "store", cwd=place)
    assert done.returncode == 0, done.stderr
    assert picture((place / "small.webp").read_bytes()) == ("WEBP", 80, 53)
    done = command_line("convert", "harbour.jpg", "-", "--type", "nonsense", "--store", "store", cwd=place)
    assert (done.returncode, done.stdout) == (2, "")


def test_types_and_graph_tell_the_roads(place):
    done = command_line("types", "harbour.jpg", "--store", "store", cwd=place)
    assert done.returncode == 0 and done.stdout.startswith("JPG can become:") and "thumb.png" in done.stdout
    done = command_line("graph", "--from", "PDF", "--to", "thumb.png:200x200", "--store", "store", cwd=place)
    assert done.returncode == 0 and re.match(r"1\. PDF -> (PNG|JPG) \(\S+\) -> thumb\.png \(\S+\): about \d+ ms", done.stdout)
    done = command_line("graph", "--from", "PDF", "--form", "dot", "--store", "store", cwd=place)
    assert done.returncode == 0 and done.stdout.startswith("digraph") and '"PDF" -> "PNG"' in done.stdout


def test_doctor_runs_every_converter_and_reports_for_machines(place):
    done = command_line("doctor", "--json", "--store", "store", cwd=place, timeout=240)
    report = json.loads(done.stdout)
    states = {finding["converter"]: finding["state"] for finding in report["converters"]}
    assert done.returncode == (1 if "fails" in states.values() else 0)
    assert "fails" not in states.values(), [finding for finding in report["converters"] if finding["state"] == "fails"]
    assert {"image", "pdf", "text", "vector"} <= {f["family"] for f in report["converters"] if f["state"] == "works"}
    assert all(f["detail"] for f in report["converters"]) and report["sandbox"] and report["tools"]


async def test_precache_makes_what_is_then_a_hit_and_clearcache_forgets_it(place, origin):
    origin.serve("/leaflet.pdf", sample("leaflet.pdf"), headers=[("Cache-Control", "max-age=600")])
    url, store = origin.url("/leaflet.pdf"), place / "store"
    done = await command("precache", url, "--type", "thumb.png:40x40", "--type", "TXT", "--store", store, cwd=place, **LOOPBACK)
    assert (done.returncode, done.stdout) == (0, "2 of 2 made\n"), done.stderr
    made = conversions(store)
    again = await command("precache", url, "--type", "thumb.png:40x40", "--store", store, cwd=place, **LOOPBACK)
    assert again.stdout == "1 of 1 made\n" and conversions(store) == made and origin.hits("/leaflet.pdf") == 1
    done = await command("clearcache", url, "--store", store, cwd=place)
    assert (done.returncode, done.stdout) == (0, "2 results forgotten\n")
    origin.remove("/leaflet.pdf")
    failed = await command("precache", origin.url("/gone.pdf"), "--type", "TXT", "--store", store, cwd=place, **LOOPBACK)
    assert failed.returncode == 1 and failed.stdout == "0 of 1 made\n" and failed.stderr.count("\n") == 1


async def test_a_signed_link_opens_and_a_changed_one_does_not(place, warm_store, tmp_path, origin):
    origin.serve("/harbour.jpg", sample("harbour.jpg"))
    url = origin.url("/harbour.jpg")
    made = await command("generate-url", url, "thumb.png:30x30", cwd=tmp_path, **KEYS)
    assert made.returncode == 0 and SECRET not in made.stdout
    parts = urlsplit(made.stdout.strip())
    signed = f"{parts.path}?{parts.query}"
    late = await command("generate-url", url, "thumb.png:30x30", "--valid", "-1", cwd=tmp_path, **KEYS)
    other = await command("generate-url", url, "thumb.png:30x30", cwd=tmp_path, OMNIC_SIGNING_KEYS=f"first:{SECRET[::-1]}")
    with running(tmp_path, copied(warm_store, tmp_path / "store"), **LOOPBACK, **KEYS) as service:
        opened = await service.get(signed, Prefer="wait=60")
        assert opened.status_code == 200 and picture(opened.content) == ("PNG", 30, 20)
        digest = parts.query.rpartition("sig=")[2]
        changed = [
            signed.replace("30x30", "31x31"),
            signed.replace("harbour.jpg", "harbour.png"),
            signed.replace(digest, ("A" if digest[0] != "A" else "B") + digest[1:]),
            signed.replace("&sig=" + digest, ""),
            signed.replace("kid=first", "kid=second"),
            signed.replace("exp=", "exp=9"),
            signed.partition("&kid")[0],
            *(f"{urlsplit(link.stdout.strip()).path}?{urlsplit(link.stdout.strip()).query}" for link in (late, other)),
        ]
        for link in changed:
            answer = await service.get(link, Prefer="wait=20")
            assert problem(answer) == (403, "refused"), link
            assert digest not in answer.text and SECRET not in answer.text
        state = json.loads((await service.get(signed + "&just_checking=1")).content)
        assert picture((await service.get(state["href"])).content) == ("PNG", 30, 20)
        assert problem(await service.get(state["href"].partition("?")[0])) == (403, "refused")
        assert SECRET not in service.printed() and digest not in service.printed()
    assert origin.hits("/harbour.jpg") == 1
