"""Every converter on its specimen, broken: cut short, with bits turned, with another beginning. It fails with a sentence, or makes something."""

from __future__ import annotations

import random
import re
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from omnic_stream.cli.doctor import specimen_of
from omnic_stream.config import Config
from omnic_stream.detect import Detection
from omnic_stream.model.contracts import Converter, Hints, WarmCall, Work
from omnic_stream.model.errors import OmnicError
from omnic_stream.plugins import collect
from omnic_stream.service import Service, open_service

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("zoo")]

SLOW = frozenset({"mesh.rotating", "mesh.rotating-wheel", "molecule.rotating", "molecule.rotating-wheel"})
"""Films of what other converters read in the same way, seconds each."""
LEAKS = re.compile(r'Traceback|File "|\.py\b|/(tmp|usr|work|home|proc|root|var)/|[\x00-\x1f\x7f]|0x[0-9a-f]{6}')


def broken(content: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """The same for the same name."""
    chance = random.Random(zlib.crc32(name.encode()))
    yield "cut short", content[: chance.randrange(len(content))]
    turned = bytearray(content)
    for _ in range(1 + len(content) // 500):
        turned[chance.randrange(len(turned))] ^= 1 << chance.randrange(8)
    yield "turned", bytes(turned)
    begun = bytearray(content)
    for _ in range(6):
        begun[chance.randrange(min(len(begun), 256))] = chance.randrange(256)
    yield "begun otherwise", bytes(begun)


def roads(family: str) -> list[Converter]:
    """The family's converters; of those that do the same to the same specimen the first."""
    found: dict[object, Converter] = {}
    for each in collect().converters:
        if each.family == family and each.specimen and each.id not in SLOW:
            what = each.run.function if isinstance(each.run, WarmCall) else each.run.argv
            found.setdefault((what, each.specimen), each)
    return list(found.values())


async def ended(service: Service, converter: Converter, source: str, content: bytes) -> str:
    """How it ended: the error's sentence, or nothing where something was made."""
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "given"
        given.write_bytes(content)
        given.chmod(0o444)
        (made := Path(folder) / "made").mkdir()
        target = next((name for name in converter.outputs if name != source), converter.outputs[0])
        work = Work(
            converter=converter,
            input=given,
            source=service.graph.read_as(source, converter),
            target=target,
            arguments={},
            folder=made,
            output=converter.name or f"result.{service.formats.get(target).extension}",
        )
        try:
            await service.runner.run(work, priority=lambda: 0, report=lambda progress: None)
        except OmnicError as error:
            return f"{error.code}: {error.message}"
    return ""


@pytest.mark.parametrize("family", sorted({each.family for each in collect().converters}))
async def test_what_is_broken_is_told_in_a_sentence_or_made_into_something(tmp_path, family):
    wrong: list[str] = []
    async with open_service(Config(store=str(tmp_path / "store"), warm=False)) as service:
        missing = {state.tool for state in service.missing}
        able = [each for each in roads(family) if not missing & set(each.tools)]
        limit = trio.CapacityLimiter(2)

        async def one(converter: Converter) -> None:
            specimen = specimen_of(converter.specimen or "")
            source = await Detection(service.runner)(specimen, Hints(name=specimen.name))
            for how, content in broken(specimen.read_bytes(), converter.id):
                async with limit:
                    told = await ended(service, converter, source, content)
                if LEAKS.search(told):
                    wrong.append(f"{converter.id}, {how}: {told}")
            async with limit:
                assert await ended(service, converter, source, specimen.read_bytes()) == "", f"{converter.id} is well afterwards"

        async with trio.open_nursery() as nursery:
            for converter in able:
                nursery.start_soon(one, converter)
    assert able and wrong == []
