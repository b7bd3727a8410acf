"""A whole service without its web, on a store of its own, beside an origin on loopback."""

import shutil

import pytest
import trio

from omnic_stream.config import Config
from omnic_stream.service import open_service
from omnic_stream.testing.origin import open_origin


@pytest.fixture
async def origin():
    async with open_origin() as opened:
        yield opened


@pytest.fixture(scope="session")
def known_tools(tmp_path_factory):
    """A store that has seen this machine's tools run, so that not every test asks them anew."""
    folder = tmp_path_factory.mktemp("tools") / "store"

    async def look():
        async with open_service(Config(store=str(folder), slots=2)):
            pass

    trio.run(look)
    return folder


@pytest.fixture
def config(tmp_path, known_tools):
    shutil.copytree(known_tools, tmp_path / "store")
    return Config(store=str(tmp_path / "store"), allow_addresses=("127.0.0.0/8",), slots=2, queue_limit=6)


@pytest.fixture
async def service(config):
    async with open_service(config) as opened:
        yield opened
