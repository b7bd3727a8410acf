"""One running service for each module, on a copy of a store that knows this machine's tools."""

import pytest

from e2e.e2e_support import LOOPBACK, command_line, copied, running
from omnic_stream.testing.origin import open_origin


@pytest.fixture(scope="session")
def warm_store(tmp_path_factory):
    """The tools' versions are looked up once, not at each start."""
    folder = tmp_path_factory.mktemp("warm")
    done = command_line("types", "PDF", "--store", folder / "store", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "store"


@pytest.fixture(scope="module")
def service(tmp_path_factory, warm_store):
    folder = tmp_path_factory.mktemp("service")
    with running(folder, copied(warm_store, folder / "store"), **LOOPBACK) as started:
        yield started


@pytest.fixture
async def origin():
    async with open_origin() as opened:
        yield opened
