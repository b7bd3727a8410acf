"""``calibrate``: what each Converter costs here, fitted to what it took in this store's history."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from omnic_stream.cli.running import configured, run
from omnic_stream.jobs.estimate import fitted_cost
from omnic_stream.model.contracts import Converter, Cost
from omnic_stream.service import open_service

ENOUGH = 5
"""Runs of a Converter from which on a fit says something."""


def calibrate(*, store: str | None) -> None:
    """Lines for omnic.toml on stdout; what changes, and by how much, beside them as comments."""
    config = configured(store=store, warm=False)

    async def work() -> list[str]:
        async with open_service(config) as service:
            return list(lines(service.graph.converters, service.store.durations()))

    told = run(work)
    if not told:
        sys.stderr.write(f"Nothing to fit yet: no converter has run {ENOUGH} times on this store.\n")
        return
    sys.stdout.write("[costs]\n" + "\n".join(told) + "\n")


def lines(converters: Iterable[Converter], history: Mapping[str, Sequence[tuple[int, float]]]) -> Iterable[str]:
    """One line of TOML for each Converter that has run often enough."""
    for converter in sorted(converters, key=lambda converter: converter.id):
        runs = history.get(converter.id, ())
        if len(runs) >= ENOUGH:
            yield f'"{converter.id}" = {{ {_toml(fitted_cost(runs))} }}  # {len(runs)} runs; declared: {_toml(converter.cost)}'


def _toml(cost: Cost) -> str:
    return f"ms = {cost.ms:g}, ms_per_mib = {cost.ms_per_mib:g}"
