"""``/admin/``: for the operator. What roads there are, why one is taken, and what becomes of every Format; read-only."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qs

import msgspec
import trio

from omnic_stream.model.errors import BadTarget, NoRoad, NotFound
from omnic_stream.model.formats import Formats
from omnic_stream.model.graph import ConversionGraph, Plan
from omnic_stream.model.target import parse_target
from omnic_stream.web.problems import unauthorised
from omnic_stream.web.reply import Reply, plain

COLUMNS = ("thumb.webp", "view", "web", "PNG", "PDF", "HTML", "TXT", "metadata.json")
"""What the matrix asks of every Format."""
BREATH = 4
"""Formats looked up before others get a turn: a first search takes some milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """``token`` empty: whoever reaches the service may look. ``zoo`` is the report of ``scripts/zoo --json``, where there is one."""

    graph: ConversionGraph
    token: str = ""
    profiles: Sequence[str] = ()
    zoo: Mapping[str, Any] | None = None
    _told: dict[str, bytes] = field(default_factory=dict[str, bytes], repr=False)
    """The matrix once it was made: the graph stays as it is while the service runs, and has more Formats than searches are kept."""

    def admits(self, authorization: str | None) -> bool:
        """HTTP Basic (RFC 7617) with any name and the token as password: browsers ask for it by themselves."""
        if not self.token:
            return True
        scheme, _, credentials = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            _, _, password = b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:
            return False
        return compare_digest(password.encode(), self.token.encode())

    def facts(self) -> dict[str, object]:
        """What the page's script is told once."""
        return {"columns": list(COLUMNS), "profiles": list(self.profiles), "zoo": self.zoo is not None}

    async def answer(self, path: str, query: bytes) -> Reply:
        """``roads`` and ``matrix`` as JSON. Raises NotFound, BadTarget and NoRoad."""
        if path == "roads":
            fields = {name: values[-1] for name, values in parse_qs(query.decode("ascii", "replace")).items()}
            # up to fifty searches of some milliseconds: not between two frames of a socket
            asked = (self.graph, fields.get("from", ""), fields.get("to", ""), fields.get("profile"))
            return _json(msgspec.json.encode(await trio.to_thread.run_sync(roads, *asked)))
        if path == "matrix":
            if path not in self._told:
                self._told[path] = msgspec.json.encode(await matrix(self.graph, self.zoo))
            return _json(self._told[path])
        raise NotFound("There is no such page of the admin.")


def demanded() -> Reply:
    """The 401 that makes a browser ask."""
    return Reply(*unauthorised("Give admin_token as the password; any user name will do."))


def roads(graph: ConversionGraph, source: str, to: str, profile: str | None) -> dict[str, Any]:
    """The three best Plans and what a missing tool would open. ``profile``: the one Plan that it leads to."""
    known = graph.formats.find(source)
    if known is None:
        raise BadTarget(f"There is no format {source[:40]}." if source else "Say from which format: from=PDF.")
    target = parse_target(to, graph.formats)
    opened = graph.opened(known.name, target)
    try:
        best = graph.plan(known.name, target, profile=profile or None)
    except NoRoad as none:
        if opened is None:
            raise
        return {"from": known.name, "to": target.text, "plans": [], "none": none.message, "opened": _opened(graph, opened)}
    plans = [best] if profile else graph.plans(known.name, target) or [best]
    return {
        "from": known.name,
        "to": target.text,
        "plans": [_plan(plan) for plan in plans],
        "opened": _opened(graph, opened) if opened is not None else None,
    }


def _plan(plan: Plan) -> dict[str, Any]:
    steps = [
        {
            "converter": step.converter.id,
            "from": step.source,
            "to": step.target,
            "ms": round(step.converter.cost.ms + step.converter.cost.ms_per_mib),
            "loss": step.converter.loss.name.lower(),
            "tools": [tool.name for tool in step.converter.tools],
            "arguments": dict(step.arguments),
        }
        for step in plan.steps
    ]
    return {"steps": steps, "ms": round(plan.ms), "loss": plan.loss, "result": plan.result}


def _opened(graph: ConversionGraph, plan: Plan) -> dict[str, Any]:
    return {**_plan(plan), "missing": graph.missing(plan)}


async def matrix(graph: ConversionGraph, zoo: Mapping[str, Any] | None) -> dict[str, Any]:
    """Every Format that a file may have, by family: in how many Steps and at which loss it becomes what the columns say."""
    columns = [(name, parse_target(name, graph.formats)) for name in COLUMNS if graph.formats.find(name) is not None]
    rows: list[dict[str, Any]] = []
    for number, format in enumerate(one for one in graph.formats if _is_source(graph.formats, one.name)):
        if number % BREATH == 0:
            await trio.lowlevel.checkpoint()
        cells = {name: _cell(graph, format.name, target) for name, target in columns}
        rows.append({"format": format.name, "title": format.title, "category": format.category, "cells": cells})
    return {"columns": [name for name, _ in columns], "rows": rows, "zoo": zoo}


def _is_source(formats: Formats, name: str) -> bool:
    format = formats.get(name)
    return not (format.leaf or format.wish or format.category in {"fact", "directory"} or name == "EMPTY")


def _cell(graph: ConversionGraph, source: str, target: Any) -> dict[str, Any] | None:
    try:
        plan = graph.plan(source, target)
    except NoRoad as none:
        missing = none.extra.get("missing")
        return {"missing": missing} if missing else None
    return {"steps": len(plan.steps), "loss": plan.loss, "ms": round(plan.ms)}


def _json(body: bytes) -> Reply:
    return plain(200, "application/json", body)
