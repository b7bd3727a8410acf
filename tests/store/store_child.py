"""Another process on a store: python store_child.py VERB FOLDER ARGUMENTS."""

from __future__ import annotations

import itertools
import os
import resource
import sys
from pathlib import Path

import trio

from omnic_stream.model.errors import DiskFull, MisconfiguredError
from omnic_stream.store import open_store

sys.path.insert(0, str(Path(__file__).parent))
from store_support import finished, keep, key_of, provenance, publish

LARGE = 1 << 30


def say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def race(folder: Path, name: str, made: str) -> None:
    """Make one key, as a Job does: under its claim, if it is not there. Each making leaves a line in the file ``made``."""
    async with open_store(folder, max_content=LARGE) as store:
        say("ready")
        await trio.to_thread.run_sync(sys.stdin.readline)
        async with store.claim(key_of(name)):
            if store.artifact(key_of(name)) is None:
                with Path(made).open("a") as log:
                    log.write(f"{os.getpid()}\n")
                await trio.sleep(0.05)
                await publish(store, name, b"made once")
        found = store.artifact(key_of(name))
        say(found.path.read_text() if found else "missing")


async def race_unclaimed(folder: Path, name: str) -> None:
    async with open_store(folder, max_content=LARGE) as store:
        say("ready")
        await trio.to_thread.run_sync(sys.stdin.readline)
        found = await publish(store, name, str(os.getpid()).encode())
        say(f"{found.sha256} {found.path.read_text()}")


async def churn(folder: Path, seed: str) -> None:
    """Publish without end, until killed."""
    async with open_store(folder, max_content=LARGE) as store:
        say("ready")
        for number in itertools.count():
            name = f"{seed}-{number}"
            content = name.encode() * 5000
            snapshot = await keep(store, f"http://origin/{name}", content)
            async with store.claim(key_of(name)):
                artifact = await publish(store, name, content, input=snapshot.sha256)
            await store.finish(finished(f"http://origin/{name}", artifact, snapshot.sha256))


async def live(folder: Path, name: str) -> None:
    """Have a work folder with something in it, and a claim, until told to end."""
    async with open_store(folder, max_content=LARGE) as store, store.claim(name), store.folder() as mine:
        (mine / "half").write_text("half")
        say(mine)
        await trio.to_thread.run_sync(sys.stdin.readline)
        say((mine / "half").exists())


async def hold(folder: Path, name: str) -> None:
    async with open_store(folder, max_content=LARGE) as store, store.hold(key_of(name)):
        say("holding")
        await trio.to_thread.run_sync(sys.stdin.readline)


async def fill(folder: Path, most: str) -> None:
    """Publish until the disk is full, then look things up, make room and publish again."""
    async with open_store(folder, max_content=LARGE) as store:
        first = await publish(store, "first", b"first")
        await store.finish(finished("http://origin/first", first, key_of("snapshot")))
        if int(most):
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
        full: list[str] = []
        for number in range(200):
            try:
                await keep(store, f"http://origin/{number}", os.urandom(100_000))
                await publish(store, f"{number}", os.urandom(3_000))
            except DiskFull as error:
                full.append(error.code)
                if len(full) == 3:
                    break
        say(full)
        row = store.finished(key_of("http://origin/firsttxt"))
        say(row is not None and row.artifact.path.read_text() == "first")
        say(await store.verify())
        swept = await store.sweep()
        say(swept.orphans)


async def refused(folder: Path) -> None:
    try:
        async with open_store(folder, max_content=LARGE):
            say("opened")
    except MisconfiguredError as error:
        say(error)


async def ordinary(folder: Path) -> None:
    """The whole round as a user who is not root, where modes count."""
    async with open_store(folder, max_content=LARGE) as store:
        async with store.folder() as job:
            tree = job / "tree" / "inner"
            tree.mkdir(parents=True)
            (tree / "index.html").write_text("hello")
            tree.chmod(0o500)
            (job / "tree").chmod(0o500)
            artifact = await store.publish(
                job / "tree",
                key=key_of("tree"),
                format="HTML",
                media_type="text/html",
                index="inner/index.html",
                provenance=provenance(),
            )
            shut = job / "shut"
            (shut / "deep").mkdir(parents=True)
            (shut / "deep").chmod(0o000)
            shut.chmod(0o000)
        say((artifact.path / artifact.entry).read_text())
        await store.clear()
        say(artifact.path.exists())
    say(list((folder / "work").iterdir()))


def become_nobody() -> None:
    """After all imports: an ordinary user may not be able to read the interpreter's own files."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


verb, folder, *rest = sys.argv[1:]
if verb.startswith("nobody:"):
    become_nobody()
trio.run(globals()[verb.removeprefix("nobody:")], Path(folder), *rest)
