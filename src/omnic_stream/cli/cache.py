"""``precache`` and ``clearcache``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from omnic_stream.cli.running import configured, progress_bar, run
from omnic_stream.model.address import parse_address
from omnic_stream.model.errors import BadTarget, MisconfiguredError, OmnicError
from omnic_stream.model.events import Failed
from omnic_stream.model.keys import address_key
from omnic_stream.plugins import collect
from omnic_stream.service import open_service, schemes
from omnic_stream.store import open_store


def precache(addresses: Sequence[str], types: Sequence[str], *, force: bool, store: str | None) -> None:
    if not addresses:
        raise MisconfiguredError("precache needs at least one address.")
    config = configured(store=store)
    failed: list[str] = []

    async def work() -> None:
        async with open_service(config) as service:
            wanted = [service.wanted(address, type) for address in addresses for type in types]
            with progress_bar() as show:
                for one in wanted:
                    with service.follow(one, priority=-1, look=force) as follower:
                        async for logged in follower.events():
                            show(logged.event)
                            if isinstance(logged.event, Failed):
                                failed.append(f"{one.address} as {one.target}: {logged.event.message}")
            sys.stdout.write(f"{len(wanted) - len(failed)} of {len(wanted)} made\n")

    run(work)
    if failed:
        raise OmnicError("; ".join(failed))


def clear(address: str | None, type: str | None, *, store: str | None) -> None:
    config = configured(store=store)
    format = None
    if type is not None:
        known = collect(config.plugins).formats.find(type)
        if known is None:
            raise BadTarget(f"There is no format {type}. All are listed by: omnic-stream types BIN")
        format = known.name
    key = None if address is None else address_key(parse_address(address, schemes(config)))

    async def work() -> int:
        async with open_store(config.store_folder, limit=config.store_limit, max_content=config.max_bytes) as opened:
            return await opened.clear(key, format)

    sys.stdout.write(f"{run(work)} results forgotten\n")
