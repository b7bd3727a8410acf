"""What goes into a store comes out whole; the same stories for the store on disk and for the one that tests use."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnic_stream.model.contracts import Artifact, Run, Store
from omnic_stream.model.errors import ConverterFailed, TooLarge
from omnic_stream.store import DiskStore, open_store
from omnic_stream.store.sealing import tree_hash
from omnic_stream.testing.store import MemoryStore
from store.store_support import finished, keep, key_of, provenance, publish

MOST = 200_000


@pytest.fixture(params=["disk", "memory"])
async def store(request, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryStore(tmp_path / "store", max_content=MOST)
    else:
        async with open_store(tmp_path / "store", max_content=MOST) as opened:
            yield opened


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[DiskStore]:
    async with open_store(tmp_path / "store", max_content=MOST) as opened:
        yield opened


async def test_a_snapshot_is_found_by_its_address_with_all_that_is_known(store: Store):
    kept = await keep(store, "http://origin/a", b"content", fresh_until=float("inf"))
    assert store.snapshot(key_of("http://origin/a")) == kept
    assert kept.path.read_bytes() == b"content" and kept.sha256 == hashlib.sha256(b"content").hexdigest()
    assert kept.fresh_until == float("inf") and kept.validators.etag == '"e"'
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o444
    assert store.snapshot(key_of("http://origin/b")) is None


async def test_an_unchanged_origin_renews_the_times_and_nothing_else(store: Store):
    kept = await keep(store, "http://origin/a", b"content")
    renewed = await store.renew(kept.address_key, looked_at=5.0, fresh_until=9.0)
    assert renewed is not None and (renewed.looked_at, renewed.fresh_until) == (5.0, 9.0)
    assert renewed.sha256 == kept.sha256 and store.snapshot(kept.address_key) == renewed
    assert await store.renew(key_of("never"), looked_at=1, fresh_until=1) is None


async def test_a_step_and_its_provenance_are_kept_and_the_job_is_answered(store: Store):
    snapshot = await keep(store, "http://origin/a", b"content")
    artifact = await publish(store, "step", b"result", input=snapshot.sha256)
    row = finished("http://origin/a", artifact, snapshot.sha256)
    await store.finish(row)
    assert store.artifact(key_of("step")) == artifact
    assert store.finished(row.job_key) == row
    assert artifact.entry == "result.txt" and artifact.path.read_bytes() == b"result"
    assert stat.S_IMODE(artifact.path.stat().st_mode) == 0o444
    assert store.finished(key_of("other")) is None and store.artifact(key_of("other")) is None


async def test_provenance_lies_beside_the_artifact(disk: DiskStore):
    artifact = await publish(disk, "step", b"result")
    told = json.loads((artifact.path.parent.parent / "provenance.json").read_text())
    assert told["argv"] == ["cp", "in", "out"] and told["tier"] == "rlimits" and told["tools"] == {"cp": "9.1"}


async def test_a_plan_without_steps_ends_with_the_snapshot_itself_in_each_address_own_format(disk: DiskStore):
    one = await keep(disk, "http://origin/a.md", b"same")
    await keep(disk, "http://origin/a.txt", b"same")
    for address, format in (("http://origin/a.md", "MD"), ("http://origin/a.txt", "TXT")):
        artifact = Artifact(
            key=one.sha256,
            format=format,
            media_type="text/x",
            entry=f"original.{format.lower()}",
            size=4,
            sha256=one.sha256,
            directory=False,
            created=one.looked_at,
            path=one.path,
        )
        await disk.finish(finished(address, artifact, one.sha256))
    for address, format in (("http://origin/a.md", "MD"), ("http://origin/a.txt", "TXT")):
        row = disk.finished(key_of(address + "txt"))
        assert row is not None and row.artifact.format == format and row.artifact.path == one.path
    found = disk.artifact(one.sha256)
    assert found is not None and found.path.read_bytes() == b"same"


async def test_who_publishes_second_gets_what_the_first_made(store: Store):
    first = await publish(store, "step", b"first")
    second = await publish(store, "step", b"second, and longer")
    assert second == first and first.path.read_bytes() == b"first"


async def test_a_folder_is_one_artifact_with_the_hash_of_its_sorted_files(store: Store):
    async with store.folder() as folder:
        (folder / "out" / "b").mkdir(parents=True)
        (folder / "out" / "b" / "ü.txt").write_bytes(b"2")
        (folder / "out" / "a.txt").write_bytes(b"1")
        artifact = await store.publish(
            folder / "out", key=key_of("d"), format="ZIP", media_type="x", index=None, provenance=provenance()
        )
    digest = {name: hashlib.sha256(text).hexdigest() for name, text in (("a.txt", b"1"), ("b/ü.txt", b"2"))}
    assert artifact.directory and artifact.entry == "a.txt" and artifact.size == 2
    assert artifact.sha256 == tree_hash(digest) == tree_hash(dict(reversed(digest.items())))
    assert store.artifact(key_of("d")) == artifact
    for path in artifact.path.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o222


def _symlink(out: Path) -> None:
    (out / "a").symlink_to("/etc/passwd")


def _folder_link(out: Path) -> None:
    (out / "a").symlink_to("/etc")


def _hard_link(out: Path) -> None:
    (out.parent / "other").write_text("secret")
    (out / "a").hardlink_to(out.parent / "other")


def _fifo(out: Path) -> None:
    os.mkfifo(out / "a")


def _socket(out: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.open(out, os.O_RDONLY)
        bound.bind(f"/proc/self/fd/{here}/a")
        os.close(here)


def _bad_name(out: Path) -> None:
    Path(os.fsdecode(os.fsencode(out) + b"/\xff\xfe")).write_text("x")


def _too_deep(out: Path) -> None:
    for _ in range(50):
        out = out / "d"
    out.mkdir(parents=True)
    (out / "f").write_text("x")


def _too_large(out: Path) -> None:
    for name in "abc":
        (out / name).write_bytes(bytes(MOST // 2))


def _empty(out: Path) -> None:
    (out / "only" / "folders").mkdir(parents=True)


HOSTILE = [_symlink, _folder_link, _hard_link, _fifo, _socket, _bad_name, _too_deep, _too_large, _empty]


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_a_folder_with_anything_but_plain_files_is_refused(store: Store, hostile):
    async with store.folder() as folder:
        out = folder / "out"
        out.mkdir()
        if hostile is not _empty:
            (out / "index.html").write_text("fine")
        hostile(out)
        with pytest.raises(ConverterFailed) as refused:
            await store.publish(out, key=key_of("h"), format="ZIP", media_type="x", index=None, provenance=provenance())
    assert str(folder) not in refused.value.message
    assert store.artifact(key_of("h")) is None
    assert not folder.exists()


@pytest.mark.parametrize("hostile", [_symlink, _hard_link, _fifo, _socket])
async def test_an_output_that_is_no_plain_file_is_refused(store: Store, hostile):
    async with store.folder() as folder:
        (folder / "out").mkdir()
        hostile(folder / "out")
        with pytest.raises(ConverterFailed):
            await store.publish(
                folder / "out" / "a", key=key_of("h"), format="T", media_type="x", index=None, provenance=provenance()
            )
    assert Path("/etc/passwd").stat().st_mode & 0o200


@pytest.mark.parametrize("index", ["/etc/passwd", "../a", "missing", "inner"])
async def test_the_file_to_open_first_is_one_that_was_made(store: Store, index: str):
    async with store.folder() as folder:
        (folder / "out" / "inner").mkdir(parents=True)
        (folder / "out" / "inner" / "a").write_text("x")
        with pytest.raises(ConverterFailed):
            await store.publish(folder / "out", key=key_of("h"), format="T", media_type="x", index=index, provenance=provenance())


async def test_nothing_made_is_a_failed_converter(store: Store):
    async with store.folder() as folder:
        with pytest.raises(ConverterFailed):
            await store.publish(folder / "out", key=key_of("h"), format="T", media_type="x", index=None, provenance=provenance())


async def test_a_work_folder_is_empty_private_and_gone_afterwards_however_deep(disk: DiskStore):
    async with disk.folder() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and not list(folder.iterdir())
        before = Path.cwd()
        try:
            os.chdir(folder)
            for _ in range(1100):
                Path("deeper-than-any-path").mkdir()
                os.chdir("deeper-than-any-path")
        finally:
            os.chdir(before)
    assert not folder.exists()
    assert [path.name for path in folder.parent.iterdir()] == ["trash"]


@given(chunks=st.lists(st.binary(max_size=400), max_size=12), scale=st.integers(1, 40))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_sink_counts_hashes_and_bounds_what_goes_in(tmp_path_factory, chunks: list[bytes], scale: int):
    content = [chunk * scale for chunk in chunks]
    whole = b"".join(content)

    async def story() -> None:
        store = MemoryStore(tmp_path_factory.mktemp("sink"), max_content=len(whole))
        async with store.folder() as folder:
            async with store.sink(folder) as sink:
                for chunk in content:
                    await sink.write(chunk)
            assert (sink.size, sink.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
            assert sink.path.read_bytes() == whole
        async with store.folder() as folder:
            with pytest.raises(TooLarge):
                async with store.sink(folder) as sink:
                    await sink.write(whole)
                    await sink.write(b"x")

    trio.run(story)


async def test_a_large_content_goes_through_in_pieces(tmp_path: Path):
    block = os.urandom(300_000)
    async with open_store(tmp_path / "store", max_content=1 << 30, fsync=True) as store, store.folder() as folder:
        async with store.sink(folder) as sink:
            for _ in range(20):
                await sink.write(block)
        assert sink.sha256 == hashlib.sha256(block * 20).hexdigest() == hashlib.sha256(sink.path.read_bytes()).hexdigest()


async def test_of_each_steps_durations_those_of_the_same_wish_come_first_and_then_the_newest(store: Store):
    for number in range(60):
        await store.record("pdf.page", "PDF", Run(number, number / 10, "PNG page=1" if number % 20 == 0 else "PNG"))
    await store.record("pdf.page", "DOCX", Run(1, 1.0))
    recent = store.recent("pdf.page", "PDF", "PNG page=1")
    assert [run.size for run in recent] == [40, 20, 0, *(number for number in range(59, 10, -1) if number % 20)]
    assert list(store.recent("pdf.page", "DOCX", "")) == [Run(1, 1.0)] and not store.recent("other", "PDF", "PNG")


async def test_old_durations_are_forgotten(disk: DiskStore):
    for number in range(210):
        await disk.record("pdf.page", "PDF", Run(number, 1.0, "PNG" if number < 20 else "JPG"))
    assert [run.size for run in disk.recent("pdf.page", "PDF", "PNG")][:11] == [*range(19, 9, -1), 209]
    assert len(disk.durations()["pdf.page"]) == 200


async def test_notes_are_kept_and_replaced(disk: DiskStore, tmp_path: Path):
    assert disk.note("tools") is None
    await disk.put_note("tools", "{}")
    await disk.put_note("tools", '{"gs": 1}')
    async with open_store(tmp_path / "store", max_content=1) as other:
        assert other.note("tools") == '{"gs": 1}'


async def test_bytes_that_are_gone_or_cut_short_are_missing_and_can_be_made_again(disk: DiskStore):
    snapshot = await keep(disk, "http://origin/a", b"content")
    artifact = await publish(disk, "step", b"result")
    await disk.finish(finished("http://origin/a", artifact, snapshot.sha256))
    os.truncate(artifact.path, 3)
    snapshot.path.unlink()
    assert disk.artifact(artifact.key) is None and disk.snapshot(snapshot.address_key) is None
    assert disk.finished(key_of("http://origin/atxt")) is None
    assert (await publish(disk, "step", b"result")).path.read_bytes() == b"result"
    await disk.sweep()
    stats = disk.stats()
    assert (stats.artifacts, stats.snapshots) == (1, 0)


async def test_verifying_finds_and_drops_what_changed_behind_the_stores_back(disk: DiskStore):
    sound, rotten = await publish(disk, "sound", b"result"), await publish(disk, "rotten", b"result")
    rotten.path.chmod(0o600)
    rotten.path.write_bytes(b"RESULT")
    assert await disk.verify() == (rotten.key,)
    assert disk.artifact(rotten.key) is None and disk.artifact(sound.key) == sound


async def test_a_batch_of_writes_loses_only_the_one_that_fails(disk: DiskStore):
    async with trio.open_nursery() as nursery:
        for number in range(100):
            nursery.start_soon(publish, disk, f"{number}", b"x")
    assert disk.stats().artifacts == 100


async def test_forgetting_an_address_takes_its_rows_and_what_only_it_used(disk: DiskStore):
    shared = await keep(disk, "http://origin/a", b"shared")
    await keep(disk, "http://origin/b", b"shared")
    own = await keep(disk, "http://origin/c", b"own")
    pages = await publish(disk, "pages", b"1", input=shared.sha256)
    middle = await publish(disk, "middle", b"2", input=own.sha256, format="PDF")
    thumb = await publish(disk, "thumb", b"3", input=middle.key, format="thumb.png")
    await disk.finish(finished("http://origin/a", pages, shared.sha256))
    await disk.finish(finished("http://origin/b", pages, shared.sha256))
    await disk.finish(finished("http://origin/c", thumb, own.sha256))

    assert await disk.clear(key_of("http://origin/a")) == 1
    assert disk.snapshot(key_of("http://origin/a")) is None and disk.artifact(pages.key) == pages
    assert disk.finished(key_of("http://origin/btxt")) is not None

    async with disk.hold(middle.key):
        assert await disk.clear(key_of("http://origin/c")) == 1
        assert middle.path.exists()
    assert not thumb.path.exists() and not own.path.exists()

    assert await disk.clear(None, "TXT") == 1
    assert not pages.path.exists() and shared.path.exists()
    await disk.clear()
    assert disk.stats().bytes == 0 and not shared.path.exists()


async def test_an_archive_is_forgotten_with_its_members(store: DiskStore | MemoryStore):
    archive, other = key_of("http://origin/a.zip"), "http://origin/b.zip<member:a>"
    await keep(store, "http://origin/a.zip", b"archive")
    members = [await keep(store, f"http://origin/a.zip<member:{name}>", name.encode(), archive=archive) for name in "xy"]
    assert {member.archive for member in members} == {archive}
    await keep(store, other, b"another's", archive=key_of("http://origin/b.zip"))
    thumb = await publish(store, "thumb", b"3", input=members[0].sha256, format="thumb.png")
    await store.finish(finished("http://origin/a.zip<member:x>", thumb, members[0].sha256))

    assert await store.clear(members[1].address_key) == 0
    assert store.snapshot(members[0].address_key) == members[0]
    assert await store.clear(archive) == 1
    assert store.snapshot(members[0].address_key) is None and store.artifact(thumb.key) is None
    assert store.snapshot(key_of(other)) is not None
    if isinstance(store, DiskStore):
        assert not thumb.path.exists() and not any(member.path.exists() for member in members)


async def test_what_the_body_raises_comes_out_as_it_is(tmp_path: Path):
    with pytest.raises(KeyError, match="mine"):
        async with open_store(tmp_path / "store", max_content=1):
            raise KeyError("mine")
    with trio.move_on_after(0.05) as scope:
        async with open_store(tmp_path / "store", max_content=1):
            await trio.sleep_forever()
    assert scope.cancelled_caught
