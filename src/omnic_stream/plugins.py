"""One door for converters, workers, sources, formats and viewers: the built-in ones, other packages' and the project folder's.

A package declares entry points (``omnic_stream.converters`` and so on) whose values are tuples of declarations; a project lists
modules in ``omnic.toml`` (``plugins = ["my_converters"]``) that lie beside it and hold ``FORMATS``, ``CONVERTERS``, ``WORKERS``,
``SOURCES`` or ``VIEWERS``. What omnic-stream brings itself comes through the same entry points.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from omnic_stream.model.contracts import Converter, OpenSource, Viewer, WarmWorker
from omnic_stream.model.errors import MisconfiguredError
from omnic_stream.model.formats import Format, Formats, read_formats

T = TypeVar("T")

GROUPS = ("formats", "converters", "workers", "sources", "viewers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    """Everything that was declared, checked for clashes."""

    formats: Formats
    converters: tuple[Converter, ...]
    workers: Mapping[str, WarmWorker]
    sources: tuple[OpenSource, ...]
    viewers: tuple[Viewer, ...]


def collect(modules: Sequence[str] = (), folder: Path | None = None) -> Plugins:
    """Load every declaration. Raises MisconfiguredError for a plugin that does not load or declares what is there already."""
    found: dict[str, list[Any]] = {group: [] for group in GROUPS}
    for group in GROUPS:
        points: Iterable[EntryPoint] = entry_points(group=f"omnic_stream.{group}")
        for point in sorted(points, key=lambda point: (point.value.partition(".")[0] != "omnic_stream", point.name)):
            found[group].extend(_tuple(_loaded(point), f"{group} of {point.name}"))
    for name in modules:
        module = _module(name, folder)
        for group in GROUPS:
            found[group].extend(_tuple(getattr(module, group.upper(), ()), f"{group.upper()} in {name}"))
    return Plugins(
        formats=Formats((*built_in_formats(), *_only(Format, found["formats"]))),
        converters=tuple(_by(_only(Converter, found["converters"]), "id").values()),
        workers=_by(_only(WarmWorker, found["workers"]), "name"),
        sources=tuple(found["sources"]),
        viewers=tuple(_by(_only(Viewer, found["viewers"]), "name").values()),
    )


def built_in_formats() -> tuple[Format, ...]:
    return read_formats(files("omnic_stream.model").joinpath("formats.toml").read_text(encoding="utf-8"))


def _loaded(point: EntryPoint) -> Any:
    try:
        return point.load()
    except Exception as error:  # a stranger's module may raise anything while it is imported
        raise MisconfiguredError(f"The plugin {point.name} ({point.value}) does not load: {error}") from error


def _module(name: str, folder: Path | None) -> Any:
    if folder is not None and str(folder) not in sys.path:
        sys.path.append(str(folder))
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise MisconfiguredError(f"The plugin {name} does not load: {error}") from error


def _tuple(value: Any, what: str) -> tuple[Any, ...]:
    if isinstance(value, (tuple, list)):
        return tuple(value)  # type: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    raise MisconfiguredError(f"The {what} must be a tuple of declarations.")


def _only(kind: type[T], values: Iterable[Any]) -> list[T]:
    kept: list[T] = []
    for value in values:
        if not isinstance(value, kind):
            raise MisconfiguredError(f"A plugin declares {value!r} where a {kind.__name__} belongs.")
        kept.append(value)
    return kept


def _by(values: Iterable[T], attribute: str) -> dict[str, T]:
    named: dict[str, T] = {}
    for value in values:
        name = getattr(value, attribute)
        if name in named:
            raise MisconfiguredError(f"{type(value).__name__} {name!r} is declared twice.")
        named[name] = value
    return named
