"""kill -9 at any moment: nothing unfinished is served afterwards, no process is left, what was left on disk is swept."""

import contextlib
import io
import json
import os
import random
import signal
import sqlite3
import zipfile
from hashlib import sha256
from pathlib import Path

import httpx2
import pypdfium2
import pytest
import trio
from PIL import Image

from e2e.e2e_support import LOOPBACK, copied, living, media_path, naming, running, sample, tree_of
from omnic_stream.testing.origin import open_origin

GONE_WITHIN = 2.0
"""Seconds; what a killed service ran dies with it, and the kernel needs a moment to take large processes apart."""


def noise(width, height):
    """A picture that is slow to encode well."""
    data = io.BytesIO()
    Image.effect_noise((width, height), 90).convert("RGB").save(data, "JPEG", quality=80)
    return data.getvalue()


def whole(path):
    """Whether a result opens and can be read to its end, by its name."""
    if path.suffix == ".pdf":
        document = pypdfium2.PdfDocument(path)
        assert len(document) >= 1 and all(page.get_textpage().get_text_range() for page in document)
        document.close()
    elif path.suffix in {".png", ".jpg", ".webp", ".avif"}:
        with Image.open(path) as image:
            image.verify()
        with Image.open(path) as image:
            image.load()
    elif path.suffix == ".html":
        assert path.read_text().rstrip().endswith("</html>")
    elif path.suffix == ".json":
        json.loads(path.read_text())
    else:
        assert path.stat().st_size


def every_row_is_whole(store):
    """Each result and snapshot that the catalogue names is there, of the size and hash that it names. How many results."""
    with contextlib.closing(sqlite3.connect(f"file:{store}/catalogue.sqlite3?mode=ro", uri=True, timeout=30)) as catalogue:
        rows = catalogue.execute("SELECT key, entry, size, sha256, directory FROM artifacts").fetchall()
        contents = catalogue.execute("SELECT sha256, size FROM contents").fetchall()
    for key, entry, size, digest, directory in rows:
        files = Path(store) / "artifacts" / key[:2] / key / "files"
        if directory:
            held = sorted(files.iterdir())
            assert entry in {path.name for path in held} and sum(path.stat().st_size for path in held) == size
        else:
            held = [files / entry]
            content = held[0].read_bytes()
            assert (len(content), sha256(content).hexdigest()) == (size, digest)
        for path in held:
            whole(path)
    for digest, size in contents:
        content = (Path(store) / "snapshots" / digest[:2] / digest).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (size, digest)
    return len(rows)


def renewed(name, number):
    """A sample, or a picture that is slow, with the same to see in it as ever and a hash of its own in each round."""
    if name == "noise.jpg":
        return noise(1200 + number, 900)
    if name == "letter.docx":
        data = io.BytesIO(sample(name))
        with zipfile.ZipFile(data, "a") as letter:
            letter.comment = b"%d" % number
        return data.getvalue()
    return sample(name) + b"\n%% %d\n" % number


def wishes(origin, number):
    """Fast and slow work, new in each round."""
    size = f"{100 + number}x{100 + number}"
    for name in ("harbour.jpg", "leaflet.pdf", "letter.docx", "noise.jpg"):
        origin.serve(f"/{number}/{name}", renewed(name, number), headers=[("Cache-Control", "max-age=600")])
    here = f"/{number}/"
    return [
        (origin.url(here + "harbour.jpg"), f"thumb.png:{size}"),
        (origin.url(here + "harbour.jpg"), f"AVIF:{size}"),
        (origin.url(here + "leaflet.pdf"), "pages.png"),
        (origin.url(here + "leaflet.pdf"), f"thumb.webp:{size}"),
        (origin.url(here + "letter.docx"), "PDF"),
        (origin.url(here + "letter.docx"), "HTML"),
        (origin.url(here + "noise.jpg"), "AVIF"),
        (origin.url(here + "noise.jpg"), "PNG"),
    ]


async def asks_until_killed(service, asked):
    """All at once. What is answered in full before the end is right; the rest gets no answer."""
    answered = {}

    async def ask(client, url, type):
        with contextlib.suppress(httpx2.TransportError):
            answer = await client.get(service.root + media_path(url, type), headers={"Prefer": "wait=60"})
            answered[url, type] = answer

    async with httpx2.AsyncClient(timeout=90, trust_env=False) as client, trio.open_nursery() as nursery:
        for url, type in asked:
            nursery.start_soon(ask, client, url, type)
    return answered


async def killed_after(service, seconds):
    """Stop it dead, look at its whole tree, and kill it."""
    await trio.sleep(seconds)
    os.kill(service.process.pid, signal.SIGSTOP)  # so that it starts nothing while its tree is looked at
    tree = tree_of(service.process.pid)
    service.kill()
    with trio.move_on_after(GONE_WITHIN):
        while living(tree) or naming(str(service.store)):
            await trio.sleep(0.02)
    return tree, living(tree) | naming(str(service.store))


async def crashes(folder, store, rounds, chance):
    trees, made = 0, 0
    async with open_origin() as origin:
        for number in range(rounds):
            asked = wishes(origin, number)
            with running(folder, store, **LOOPBACK) as service:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(asks_until_killed, service, asked)
                    tree, left = await killed_after(service, chance.uniform(0.0, 2.5))
                assert not left, left
                trees += bool(tree)
            made = max(made, every_row_is_whole(store))
            with running(folder, store, **LOOPBACK) as service:
                with trio.fail_after(20):
                    while len(list((store / "work").iterdir())) > 1:  # its own
                        await trio.sleep(0.05)
                for (url, type), answer in (await asks_until_killed(service, asked)).items():
                    assert answer.status_code in {200, 303}, (type, answer.text)
                    assert origin.hits(url.removeprefix(origin.url("/"))) <= 2
                assert service.end() == 0
            made = every_row_is_whole(store)
            assert not list((store / "work").iterdir())
    assert made >= 8 * rounds and trees


async def test_killed_at_any_moment_it_serves_only_what_is_whole(tmp_path, warm_store):
    await crashes(tmp_path, copied(warm_store, tmp_path / "store"), 3, random.Random(7))


@pytest.mark.full
async def test_killed_thirty_times_on_one_store(tmp_path, warm_store):
    await crashes(tmp_path, copied(warm_store, tmp_path / "store"), 30, random.Random(30))
