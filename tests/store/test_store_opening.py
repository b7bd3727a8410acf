"""A folder becomes a store, or one line says why not."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from omnic_stream.model.contracts import Run
from omnic_stream.model.errors import MisconfiguredError, OmnicError
from omnic_stream.store import open_store
from store.store_support import keep, key_of, publish, start


async def _refusal(folder: Path) -> str:
    with pytest.raises(MisconfiguredError) as refused:
        async with open_store(folder, max_content=1):
            pass
    line = str(refused.value)
    assert "\n" not in line and str(folder) in line
    return line


async def test_a_new_folder_is_private_and_what_it_keeps_is_there_at_the_next_opening(tmp_path: Path):
    root = tmp_path / "new" / "store"
    async with open_store(root, max_content=1 << 20) as store:
        made = await publish(store, "step", b"kept")
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert not list((root / "work").iterdir()) and not list((root / "locks").iterdir())
    async with open_store(root, max_content=1 << 20) as store:
        assert store.artifact(key_of("step")) == made


async def test_a_catalogue_of_the_first_version_is_brought_up_to_today(tmp_path: Path):
    async with open_store(tmp_path / "store", max_content=1 << 20) as store:
        made = await publish(store, "step", b"kept")
    connection = sqlite3.connect(tmp_path / "store" / "catalogue.sqlite3")
    connection.executescript(
        """DROP INDEX addresses_by_archive; ALTER TABLE addresses DROP COLUMN archive; ALTER TABLE durations DROP COLUMN wish;
        INSERT INTO durations (converter, source, size, seconds) VALUES ('pdf.page', 'PDF', 10, 2.5); PRAGMA user_version=1"""
    )
    connection.close()
    async with open_store(tmp_path / "store", max_content=1 << 20) as store:
        assert store.artifact(made.key) == made
        kept = await keep(store, "http://origin/a.zip<member:x>", b"x", archive=key_of("http://origin/a.zip"))
        assert store.snapshot(kept.address_key) == kept
        assert list(store.recent("pdf.page", "PDF", "PNG")) == [Run(10, 2.5)]


async def test_a_catalogue_of_a_newer_version_is_left_alone(tmp_path: Path):
    async with open_store(tmp_path / "store", max_content=1):
        pass
    connection = sqlite3.connect(tmp_path / "store" / "catalogue.sqlite3")
    connection.execute("PRAGMA user_version=99")
    connection.close()
    assert "newer" in await _refusal(tmp_path / "store")


@pytest.mark.parametrize("seed", range(4))
async def test_a_damaged_catalogue_is_told_in_one_line(tmp_path: Path, seed: int):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "catalogue.sqlite3").write_bytes(random.Random(seed).randbytes(8192))
    assert "damaged" in await _refusal(tmp_path / "store")


async def test_a_catalogue_without_its_tables_is_damaged(tmp_path: Path):
    (tmp_path / "store").mkdir()
    connection = sqlite3.connect(tmp_path / "store" / "catalogue.sqlite3")
    connection.execute("PRAGMA user_version=1")
    connection.close()
    assert "damaged" in await _refusal(tmp_path / "store")


async def test_a_catalogue_that_breaks_while_it_is_open_fails_by_name(tmp_path: Path):
    async with open_store(tmp_path / "store", max_content=1 << 20) as store:
        for number in range(20):
            await publish(store, f"{number}", b"kept")
        await store.sweep()
        catalogue = tmp_path / "store" / "catalogue.sqlite3"
        for file in (catalogue, catalogue.with_name(catalogue.name + "-wal")):
            file.write_bytes(b"x" * file.stat().st_size)
        assert store.artifact(key_of("never made")) is None
        with pytest.raises(OmnicError):
            await publish(store, "new", b"new")
        with pytest.raises(OmnicError):
            await store.verify()
    assert "damaged" in await _refusal(tmp_path / "store")


async def test_a_file_or_a_folder_of_other_things_is_no_store(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    await _refusal(tmp_path / "file")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("x")
    (tmp_path / "home").chmod(0o755)
    assert "other things" in await _refusal(tmp_path / "home")
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user, for whom modes count")
def test_a_folder_that_cannot_be_written_to_is_told_in_one_line():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with start("nobody:refused", Path(folder) / "store") as process:
            told = process.communicate(timeout=20)[0].splitlines()
    assert len(told) == 1 and "cannot be used (Permission denied)" in told[0]


def test_eight_processes_open_a_new_store_at_once(tmp_path: Path):
    with ExitStack() as stack:
        processes = [stack.enter_context(start("refused", tmp_path / "store")) for _ in range(8)]
        assert [process.communicate(timeout=60)[0] for process in processes] == ["opened\n"] * 8
