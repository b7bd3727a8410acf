"""How long a Step will take, from how long its like took. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, log
from statistics import median

from omnic_stream.model.contracts import Cost, KiB, MiB, Run

NEAREST = 7
"""So many runs on inputs of the most similar size decide: few enough to follow a change of machine, enough to shrug off a stray."""
ALIKE = 4
"""Sizes that differ by more than this factor are not of a kind: a letter tells little of a book."""
KNEE = 0.9
"""Up to here an estimated fraction grows with time; beyond, it only nears 1, for nobody knows when the tool will end."""


@dataclass(frozen=True, slots=True)
class Expectation:
    seconds: float
    """What a Step is likely to take."""
    known: bool
    """Whether runs of the same wish on inputs of about this size tell so."""


def expectation(history: Sequence[Run], size: int, wish: str, cost: Cost) -> Expectation:
    """What to expect of a Step on ``size`` bytes of input.

    ``history``: newest first. Runs of the same wish decide where there are any, else all of this Converter's; those on other sizes are
    scaled as the declared cost grows with size. Without any history, the declared cost speaks.
    """
    same = [run for run in history if run.wish == wish]
    here = _declared(size, cost)
    alike = sorted(same or history, key=lambda run: abs(log((run.size + 1) / (size + 1))))[:NEAREST]
    scaled = [run.seconds * (here / there if (there := _declared(run.size, cost)) > 0 else 1) for run in alike]
    known = any(1 / ALIKE <= (run.size + 1) / (size + 1) <= ALIKE for run in same)
    return Expectation(max(median(scaled) if scaled else here, 0.001), known)


def _declared(size: int, cost: Cost) -> float:
    return (cost.ms + cost.ms_per_mib * size / MiB) / 1000


def fitted_cost(history: Sequence[tuple[int, float]]) -> Cost:
    """The line through (input bytes, seconds) that strays do not move: Theil and Sen's median of slopes, neither term below 0.

    Sen, Estimates of the regression coefficient based on Kendall's tau, 1968. A slope is told only by sizes that differ by a half.
    """
    slopes = [
        (b_seconds - a_seconds) * MiB / (b - a)
        for (a, a_seconds), (b, b_seconds) in combinations(sorted(history), 2)
        if b - a >= max(a, KiB) / 2
    ]
    slope = max(median(slopes), 0.0) if slopes else 0.0
    constant = max(median(seconds - slope * size / MiB for size, seconds in history), 0.0)
    return Cost(ms=round(constant * 1000, 1), ms_per_mib=round(slope * 1000, 1))


def estimated_fraction(elapsed: float, expected: float) -> float:
    """The fraction to show after ``elapsed`` seconds of an ``expected`` whole: linear up to the knee, then ever slower; below 1."""
    x = elapsed / max(expected, 0.001)
    if x <= KNEE:
        return max(x, 0.0)
    return min(1 - (1 - KNEE) * exp(-(x - KNEE) / (1 - KNEE)), 0.999)
