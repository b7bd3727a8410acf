"""``serve``: the service, its web, and its end."""

from __future__ import annotations

import csv
import gc
import json
import resource
import sys
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import trio

from omnic_stream.cli.running import run as run_trio
from omnic_stream.cli.running import set_up_log
from omnic_stream.config import Config, load
from omnic_stream.model.errors import MisconfiguredError
from omnic_stream.service import DEMO, SAMPLES, Service, open_service
from omnic_stream.web.access import Access
from omnic_stream.web.admin import Admin
from omnic_stream.web.app import create_app, live_of
from omnic_stream.web.door import open_door
from omnic_stream.web.health import Metrics
from omnic_stream.web.hits import Index
from omnic_stream.web.links import Links
from omnic_stream.web.serve import Serving, serve
from omnic_stream.web.site import Site

MOST_FILES = 16_384
"""Descriptors to ask for: the usual soft limit of 1,024 would be the limit of connections too."""
CORE = ("image", "pdf", "text", "vector")
"""The families without which the service is not ready."""
MOST_SHOWN = 1000
"""Files on the demo's page."""
SHOWN = ("compass.svg", "field-notes.md", "harbour.jpg", "leaflet.pdf", "letter.docx", "tides.csv")
"""The samples that the page offers to click; the others are for the doctor."""


def run(arguments: Mapping[str, Any]) -> None:
    config = load(arguments)
    set_up_log(config.log)
    # A pass of the collector over all that start-up made is the longest stall there is: set that aside, and look less often
    gc.set_threshold(20_000, 20, 50)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    run_trio(lambda: serving(config))


async def serving(config: Config, *, task_status: trio.TaskStatus[tuple[str, int]] = trio.TASK_STATUS_IGNORED) -> None:
    """Serve until SIGTERM or SIGINT; what runs then has ``config.grace`` seconds. Started with (host, port)."""
    service: Service  # asked by the metrics below, long after it is there
    metrics = Metrics(
        jobs=lambda: {state: float(count) for state, count in service.jobs.counts().items()},
        store=lambda: store_readings(service),
    )
    if sys.stderr.isatty():
        sys.stderr.write("omnic-stream: looking at the tools of this machine; the first time this takes some seconds ...\n")
    async with open_service(config, converted=metrics.converted) as service, trio.open_nursery() as nursery:
        if config.warm:
            nursery.start_soon(service.runner.prestart, "python", "detect")
        stopping = trio.Event()
        nursery.start_soon(metrics.watch_loop)
        site = site_of(service, config, metrics, stopping)
        index = Index()
        how = Serving(grace=config.grace)
        door = open_door(live=live_of(site), audience=site.audience, index=index, serving=how) if config.door else None
        async with trio.open_nursery() as listening:
            host, port = await listening.start(
                partial(
                    serve,
                    create_app(site, index=index),
                    bind=config.bind,
                    stopping=stopping,
                    serving=how,
                    leave=site.audience.dismiss,
                    door=door,
                )
            )
            gc.freeze()
            task_status.started((host, port))
            announce(host, port, service)
        nursery.cancel_scope.cancel()  # the web has ended in order; what measures and warms ends with it


def site_of(service: Service, config: Config, metrics: Metrics | None, stopping: trio.Event) -> Site:
    keys = {kid: secret.encode() for kid, secret in config.signing_keys.items()}
    assets = Path(str(files("omnic_stream.web"))) / "assets"
    return Site(
        jobs=service.jobs,
        store=service.store,
        formats=service.formats,
        schemes=service.schemes,
        access=Access(signing_keys=keys, allow_origins=frozenset(config.allow_origins)),
        links=Links(signing_key=next(iter(keys.items())) if keys else None),
        assets=assets if assets.is_dir() else None,
        viewers=service.plugins.viewers,
        profiles=frozenset(config.profiles),
        common=config.common,
        samples=tuple(f"file://{SAMPLES}/{name}" for name in SHOWN),
        demo=demo_of(config),
        version=version("omnic-stream"),
        admin=admin_of(service, config),
        ready=lambda: families(service) | {"running": not stopping.is_set()},
        metrics=metrics if config.on_loopback else None,
    )


def demo_of(config: Config) -> tuple[str, ...]:
    """Addresses of what ``/demo/`` shows. Of a folder with a MANIFEST.csv (as tests/zoo has one) what that lists, else all files.

    None where requests must be signed and no folder is named: the page hands out signatures for what it shows to whoever comes.
    """
    if config.signing_keys and not config.demo:
        return ()
    root, name = (Path(config.demo).expanduser(), DEMO) if config.demo else (Path(str(files("omnic_stream"))) / SAMPLES, SAMPLES)
    manifest = root / "MANIFEST.csv"
    if manifest.is_file():
        with manifest.open(encoding="utf-8", newline="") as lines:
            paths = [row["path"] for row in csv.DictReader(lines)]
    else:
        paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return tuple(f"file://{name}/{quote(path)}" for path in paths[:MOST_SHOWN] if not path.startswith("hostile/"))


def admin_of(service: Service, config: Config) -> Admin | None:
    """None where everybody would see it. Raises MisconfiguredError for a report that cannot be read."""
    shared = not config.on_loopback or bool(config.signing_keys or config.public_url)  # a proxy may stand in front of loopback
    if shared and not config.admin_token:
        return None
    zoo: Mapping[str, Any] | None = None
    if config.zoo_report:
        try:
            zoo = json.loads(Path(config.zoo_report).read_bytes())
        except (OSError, ValueError) as error:
            raise MisconfiguredError(f"zoo_report cannot be read: {error}. scripts/zoo --json writes one.") from error
    return Admin(graph=service.graph, token=config.admin_token, profiles=sorted(config.profiles), zoo=zoo)


def families(service: Service) -> dict[str, bool]:
    """The core families, and whether something of each can run."""
    able = {converter.family for converter in service.graph.converters}
    return {family: family in able for family in CORE}


def store_readings(service: Service) -> dict[str, float]:
    stats = service.store.stats()
    return {"artifacts": float(stats.artifacts), "snapshots": float(stats.snapshots), "bytes": float(stats.bytes)}


def announce(host: str, port: int, service: Service) -> None:
    """Where it is, and in one line what works and which command adds the rest."""
    place = f"[{host}]" if ":" in host else host
    able = sorted({converter.family for converter in service.graph.converters})
    unable = sorted({c.family for c in service.plugins.converters} - set(able))
    debian = sorted({state.tool.debian for state in service.missing if state.tool.debian})
    rest = ""
    if debian or unable:
        rest = f"; missing: {', '.join(unable or debian)} (scripts/tools full adds them; omnic-stream doctor says more)"
    sys.stderr.write(f"omnic-stream: http://{place}:{port}/\nworks: {', '.join(able)}{rest}; sandbox: {service.runner.tier}\n")
    sys.stderr.flush()
