"""Every row and target through the service, and what came of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Literal

from zoo.checks import check
from zoo.manifest import Row
from zoo.running import Running
from zoo.wrong import Wrong

State = Literal["right", "wrong", "failed", "barred"]
"""barred: refused in plain words, as the manifest says that it must be."""


@dataclass(frozen=True, slots=True)
class Outcome:
    row: Row
    target: str
    state: State
    reason: str
    """Empty where it is right; the problem's detail where the service made nothing; the fact that does not hold where it is wrong."""
    seconds: float
    made: bytes
    media_type: str


def chosen(rows: Sequence[Row], only: Sequence[str]) -> tuple[Row, ...]:
    """By folder, by Format, or by a pattern of the path; all without any."""
    return tuple(
        row
        for row in rows
        if not only or any(word in {row.folder, row.format} or fnmatch(row.path, word) or word in row.path for word in only)
    )


def ask(
    service: Running, rows: Sequence[Row], *, jobs: int, targets: Sequence[str] = (), told: Callable[[Outcome], None]
) -> tuple[Outcome, ...]:
    """In the manifest's order; ``told`` hears of each as it comes."""

    def one(pair: tuple[Row, str]) -> Outcome:
        outcome = of(service, *pair)
        told(outcome)
        return outcome

    with ThreadPoolExecutor(jobs) as pool:
        return tuple(pool.map(one, _pairs(rows, targets)))


def _pairs(rows: Sequence[Row], targets: Sequence[str]) -> Iterator[tuple[Row, str]]:
    return ((row, target) for row in rows for target in row.targets if not targets or target in targets)


def of(service: Running, row: Row, target: str) -> Outcome:
    try:
        answer = service.made(target, service.address(row.path))
    except OSError as error:
        return Outcome(row, target, "failed", f"no answer: {error}", 0.0, b"", "")
    media_type = answer.headers.get("content-type", "")
    if answer.status != 200 and target in row.facts.barred and 400 <= answer.status < 500:
        return Outcome(row, target, "barred", answer.reason, answer.seconds, b"", media_type)
    if answer.status != 200:
        return Outcome(row, target, "failed", answer.reason, answer.seconds, b"", media_type)
    if target in row.facts.barred:
        reason = f"the manifest says that it cannot be: {row.facts.barred[target]}"
        return Outcome(row, target, "wrong", reason, answer.seconds, answer.body, media_type)
    try:
        check(answer.body, row, target)
    except Wrong as wrong:
        return Outcome(row, target, "wrong", str(wrong), answer.seconds, answer.body, media_type)
    except Exception as error:  # a check that breaks on a result has not found it right
        return Outcome(
            row,
            target,
            "wrong",
            f"it could not be checked: {type(error).__name__}: {error}",
            answer.seconds,
            answer.body,
            media_type,
        )
    return Outcome(row, target, "right", "", answer.seconds, answer.body, media_type)
