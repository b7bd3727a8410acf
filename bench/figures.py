"""One figure: what was measured, against which limit, and from which numbers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    name: str
    value: float
    limit: float
    unit: Literal["x", "ms", "us", "MiB"]
    better: Literal["more", "less"]
    told: str
    """The numbers that the value comes from."""

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.better == "more" else self.value <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.better == "more" else "<="
        verdict = "" if self.met else " MISSED"
        return f"{self.name}: {self.value:.3g}{self.unit} ({sign} {self.limit:g}{self.unit}{verdict}) {self.told}"


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]
