"""``/healthz``, ``/readyz`` and ``/metrics``: what operators and their machines ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
import trio
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from omnic_stream.web.reply import Reply, plain

TEXT = "text/plain; version=0.0.4; charset=utf-8"
BEAT = 0.25
"""Seconds between two looks at the loop's lateness."""


def nothing() -> Mapping[str, float]:
    return {}


class Metrics:
    """Prometheus metrics in a registry of their own.

    ``jobs``: live Jobs by state; ``store``: readings by name, such as ``bytes``. Both are asked when metrics are read.
    """

    def __init__(
        self, *, jobs: Callable[[], Mapping[str, float]] = nothing, store: Callable[[], Mapping[str, float]] = nothing
    ) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "omnic_requests", "Answers given, by route and status", ["route", "status"], registry=self.registry
        )
        self._conversions = Histogram(
            "omnic_conversion_seconds",
            "Wall time of conversions in their slot",
            ["converter"],
            buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 90),
            registry=self.registry,
        )
        self._lag = Gauge("omnic_loop_lag_seconds", "Worst lateness of the event loop lately", registry=self.registry)
        self._children: dict[tuple[str, int], Counter] = {}
        self.registry.register(_Readings(jobs, store))

    def count(self, route: str, status: int) -> None:
        child = self._children.get((route, status))
        if child is None:
            child = self._children[route, status] = self._requests.labels(route, str(status))
        child.inc()

    def converted(self, converter: str, seconds: float) -> None:
        self._conversions.labels(converter).observe(seconds)

    async def watch_loop(self) -> None:
        """Measures the event loop until cancelled."""
        worst = 0.0
        while True:
            due = trio.current_time() + BEAT
            await trio.sleep_until(due)
            worst = max(trio.current_time() - due, worst * 0.9)
            self._lag.set(worst)

    def page(self) -> Reply:
        return plain(200, TEXT, generate_latest(self.registry))


class _Readings(Collector):
    def __init__(self, jobs: Callable[[], Mapping[str, float]], store: Callable[[], Mapping[str, float]]) -> None:
        self._jobs, self._store = jobs, store

    def collect(self) -> Iterable[Metric]:
        live = self._jobs()
        jobs = GaugeMetricFamily("omnic_jobs", "Live Jobs by state", labels=["state"])
        for state, number in live.items():
            jobs.add_metric([state], number)
        yield jobs
        yield GaugeMetricFamily("omnic_queue_depth", "Jobs that have not begun", value=live.get("queued", 0))
        for name, value in self._store().items():
            yield GaugeMetricFamily(f"omnic_store_{name}", f"The store's {name}", value=value)


def healthy() -> Reply:
    return plain(200, "text/plain; charset=utf-8", b"ok\n")


def readiness(parts: Mapping[str, bool]) -> Reply:
    """200 while all parts work; else 503, naming those that do not."""
    ready = all(parts.values())
    return plain(200 if ready else 503, "application/json", msgspec.json.encode({"ready": ready, "parts": dict(parts)}))
