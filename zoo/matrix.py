"""What came of a run: as a matrix on the terminal, as JSON, and the counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from zoo.asking import Outcome
from zoo.manifest import Row

SIGNS = {"right": "+", "wrong": "!", "failed": "-", "barred": "x"}


def by_row(outcomes: Iterable[Outcome]) -> Sequence[tuple[Row, list[Outcome]]]:
    found: dict[str, tuple[Row, list[Outcome]]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.row.path, (outcome.row, []))[1].append(outcome)
    return tuple(found.values())


def count(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    """Right, and all that can be."""
    states = [outcome.state for outcome in outcomes if outcome.state != "barred"]
    return states.count("right"), len(states)


def lines(outcomes: Sequence[Outcome]) -> Iterable[str]:
    folders = dict.fromkeys(outcome.row.folder for outcome in outcomes)
    for folder in folders:
        those = [outcome for outcome in outcomes if outcome.row.folder == folder]
        yield "{}: {} of {}".format(folder, *count(those))
        for row, cells in by_row(those):
            yield f"  {row.path.partition('/')[2]:42.42} {row.format:10} " + "  ".join(
                f"{cell.target} {SIGNS[cell.state]}" for cell in cells
            )
    yield ""
    targets = Counter(outcome.target for outcome in outcomes)
    yield "by target: " + ", ".join(
        "{} {}/{}".format(target, *count(outcome for outcome in outcomes if outcome.target == target))
        for target, _ in targets.most_common()
    )
    bad = [outcome for outcome in outcomes if outcome.state in {"wrong", "failed"}]
    barred = [outcome for outcome in outcomes if outcome.state == "barred"]
    if bad:
        yield ""
        yield "not right (- made nothing, ! made something wrong):"
    for outcome in bad:
        yield f"  {SIGNS[outcome.state]} {outcome.row.path} as {outcome.target}: {outcome.reason}"
    if barred:
        yield ""
        yield "refused in plain words, as the manifest says that they must be:"
    for outcome in barred:
        yield f"  x {outcome.row.path} as {outcome.target}: {outcome.reason}"
    yield ""
    slow = sorted(outcomes, key=lambda outcome: -outcome.seconds)[:5]
    yield "slowest: " + ", ".join(f"{outcome.row.path} as {outcome.target} {outcome.seconds:.1f} s" for outcome in slow)
    yield "{} of {} targets are right ({:.1%})".format(*count(outcomes), share(outcomes))


def share(outcomes: Sequence[Outcome]) -> float:
    right, all_ = count(outcomes)
    return right / all_ if all_ else 0.0


def as_json(outcomes: Sequence[Outcome]) -> str:
    right, all_ = count(outcomes)
    rows = [
        {
            "path": outcome.row.path,
            "format": outcome.row.format,
            "target": outcome.target,
            "state": outcome.state,
            "reason": outcome.reason,
            "seconds": round(outcome.seconds, 3),
            "size": len(outcome.made),
            "media_type": outcome.media_type,
        }
        for outcome in outcomes
    ]
    return json.dumps({"right": right, "all": all_, "outcomes": rows}, indent=1)
