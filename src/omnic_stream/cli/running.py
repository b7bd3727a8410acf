"""What the verbs share: how to run a service for one piece of work, and how to show progress."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import structlog
import trio
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from omnic_stream.config import Config, load
from omnic_stream.model.errors import MisconfiguredError, OmnicError
from omnic_stream.model.events import Converting, Downloaded, Downloading, Event, Queued

T = TypeVar("T")


def configured(**arguments: Any) -> Config:
    """For a verb that does one thing: it logs errors alone, unless OMNIC_LOG says otherwise."""
    set_up_log(os.environ.get("OMNIC_LOG", "error"))
    return load(arguments)


def set_up_log(level: str) -> None:
    """One line an event on stderr: key=value, coloured on a terminal only."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(level.upper(), logging.ERROR)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def run(work: Callable[[], Awaitable[T]]) -> T:
    """trio.run, with one named failure taken out of the nurseries' groups."""

    async def main() -> T:
        return await work()

    try:
        return trio.run(main)
    except BaseExceptionGroup as group:
        raise _named(group) from group


def _named(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first failure that has a name; the group itself where none has."""
    known = (OmnicError, MisconfiguredError, KeyboardInterrupt, BrokenPipeError)
    return next((error for error in _leaves(group) if isinstance(error, known)), group)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(cast("BaseExceptionGroup[BaseException]", error))
        else:
            yield error


@contextmanager
def progress_bar() -> Iterator[Callable[[Event], None]]:
    """A bar on stderr where that is a terminal; elsewhere nothing."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda event: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[share]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("queued", total=None, share="")

        def show(event: Event) -> None:
            description, share, total = told(event)
            progress.update(task, description=description, total=None if total is None else 1.0, completed=total or 0, share=share)

        yield show


def told(event: Event) -> tuple[str, str, float | None]:
    """What a bar says of an event: the words, the share, and the fraction of the whole where there is one."""
    if isinstance(event, Queued):
        return "queued", f"{event.position} before it" if event.position else "", None
    if isinstance(event, Downloading):
        done = event.bytes / event.total if event.total else None
        return "downloading", f"{event.bytes / 1e6:.1f} MB", done
    if isinstance(event, Downloaded):
        return f"downloaded {event.format}", "", None
    if isinstance(event, Converting):
        words = f"{event.source} -> {event.target} ({event.step}/{event.steps})"
        if event.waiting is not None:
            return words, f"waiting, {event.waiting} before it", None
        return words, f"{'~' if event.estimated else ''}{event.overall:.0%}", event.overall
    return event.name, "", None
