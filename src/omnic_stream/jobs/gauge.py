"""What a Job may honestly show of its progress. Pure: told what happened and when, answers what to say.

Three rules: a measured fraction is shown as measured, a guessed one is marked; the whole never goes back; the whole is never 1
before ``ready``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omnic_stream.jobs.estimate import estimated_fraction

ALMOST = 0.99
"""The most that the whole shows before ``ready``."""
PATIENCE = 3.0
"""What nothing is known of is taken to run on for so many times as long as it has run: the whole never goes back, so that a bar which
began too high would stand still until the tool's own fraction has caught up. A declared cost knows nothing of a tool that starts cold.
"""
COLD = 0.5
"""Seconds that a tool may need to start: so early, time that has passed tells nothing."""
BEGINS = 0.01
"""A tool whose first word is no more than this has only now begun: what was before went into its start."""
FRESH = 0.1
"""Seconds that a pace is taken over beyond those that it was: the first milliseconds would promise the end at once, and the whole never
goes back.
"""
DOUBT = 2.0
"""History speaks of other inputs: beside a fraction that the tool measures, it shortens or lengthens what is left by this factor at most."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One Step as the gauge sees it."""

    source: str
    target: str
    seconds: float
    """Expected; 0 where the Artifact is there already."""
    known: bool
    """Whether ``seconds`` comes from this Step's own history."""


@dataclass(frozen=True, slots=True)
class Shown:
    step: int
    steps: int
    source: str
    target: str
    fraction: float | None
    overall: float
    estimated: bool
    eta: float | None
    waiting: int | None


class Gauge:
    """One Job's progress. ``began`` and every ``now`` are of one monotonic clock, in seconds."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._legs: Sequence[Leg] = ()
        self._at = 0
        self._step_began = began
        self._tool_began = began
        """Later than its Step where it had to start."""
        self._fraction: float | None = None
        self._told = began
        self._waiting: int | None = None
        self._idle = 0.0
        """Seconds spent waiting for its turn: they are no progress."""
        self._idle_since: float | None = None
        self._overall = 0.0

    def plan(self, legs: Sequence[Leg]) -> None:
        """The Steps to come; a second Plan (after a failure) starts its count anew, but the whole does not go back."""
        self._legs, self._at, self._fraction, self._waiting = legs, 0, None, None

    def step(self, index: int, now: float) -> None:
        self.moves(now)
        self._at, self._step_began, self._tool_began, self._fraction, self._waiting = index, now, now, None, None

    def rests(self, now: float) -> None:
        """From here on it waits for its turn; told again, it waits on."""
        if self._idle_since is None:
            self._idle_since = now

    def moves(self, now: float) -> None:
        """Its turn has come."""
        if self._idle_since is not None:
            self._idle += now - self._idle_since
            self._idle_since = None

    def waits(self, position: int, now: float) -> None:
        self._waiting, self._step_began, self._tool_began = position, now, now
        self.rests(now)

    def runs(self, fraction: float | None, now: float) -> None:
        """The Step has its slot; a fraction that goes back is the tool's second pass and is not shown."""
        self.moves(now)
        if self._waiting is not None:
            self._waiting, self._step_began, self._tool_began = None, now, now
        if fraction is None or fraction != fraction:  # NaN  # noqa: PLR0124
            return
        if self._fraction is None and fraction <= BEGINS:
            self._tool_began = now
        if self._fraction is None or fraction > self._fraction:
            self._fraction, self._told = max(min(fraction, 1.0), 0.0), now

    def show(self, now: float) -> Shown:
        leg = self._legs[self._at]
        elapsed = 0.0 if self._waiting is not None else now - self._step_began
        measured = self._fraction
        if measured is not None:
            fraction, estimated = measured, False
        elif self._waiting is None and leg.known:
            fraction, estimated = estimated_fraction(elapsed, leg.seconds), True
        else:
            fraction, estimated = None, True
        remaining = self._remaining(leg, elapsed, now) + sum(later.seconds for later in self._legs[self._at + 1 :])
        idle = self._idle + (now - self._idle_since if self._idle_since is not None else 0.0)
        spent = max(now - self._began - idle, 0.0)
        whole = spent / (spent + remaining) if spent + remaining > 0 else 0.0
        self._overall = max(self._overall, min(whole, ALMOST))
        return Shown(
            step=self._at + 1,
            steps=len(self._legs),
            source=leg.source,
            target=leg.target,
            fraction=fraction,
            overall=self._overall,
            estimated=estimated,
            eta=round(remaining, 2) if measured is not None or leg.known else None,
            waiting=self._waiting,
        )

    def _remaining(self, leg: Leg, elapsed: float, now: float) -> float:
        """Seconds left of the running Step: by the tool's own pace, trusted the more the further it is, else by expectation.

        Where a tool falls silent (LibreOffice, while it lays a text out), its last word counts less the longer that was ago; without
        history, what is left runs on at the pace of that word, and a silence is taken to go on for as long as it has lasted.
        """
        by_history = leg.seconds * (1 - estimated_fraction(elapsed, leg.seconds)) if leg.seconds > 0 else 0.0
        measured = self._fraction
        if not measured:
            return by_history if leg.known else max(by_history, max(elapsed, COLD) * PATIENCE)
        worked, quiet = now - self._tool_began + FRESH, now - self._told
        still_to_do = (1 - measured) / measured
        if not leg.known:
            by_last_word = (worked - quiet) * still_to_do
            return max(by_last_word * (1 - estimated_fraction(quiet, by_last_word)), quiet)
        by_pace = worked * still_to_do
        silence = worked / (worked - quiet)
        trust, doubt = measured / max(silence, 1.0), DOUBT * max(silence, 1.0) ** 2
        return by_pace * trust + min(max(by_history, by_pace / doubt), by_pace * doubt) * (1 - trust)
