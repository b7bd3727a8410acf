"""The line before the slots: who is next, decided without waiting for anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from omnic_stream.model.errors import Busy


@dataclass(eq=False, slots=True)
class Place:
    """One work's place in the line, and then its slot. ``go`` is called once, when the slot is its own."""

    priority: Callable[[], int]
    moved: Callable[[int], None]
    """Told the position among those who wait (0 is next) whenever it changes."""
    go: Callable[[], None]
    lane: str = ""
    position: int | None = field(default=None, init=False)


class Line:
    """``slots`` works run at a time, at most ``limit`` wait; of each lane at most ``lanes[lane]`` run (a warm worker's ``most``).

    A freed slot goes to the highest ``priority()`` at that moment, then to the oldest; one whose lane is full does not hold up the
    others.
    """

    def __init__(self, slots: int, limit: int, lanes: Mapping[str, int] | None = None) -> None:
        self._slots, self._limit, self._lanes = slots, limit, lanes or {}
        self._waiting: list[Place] = []
        self._running: list[Place] = []

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def join(self, place: Place) -> None:
        """Take a slot at once or a place at the end. Raises Busy when the line is full."""
        self._waiting.append(place)
        self._advance()
        if place in self._waiting and len(self._waiting) > self._limit:
            self.leave(place)
            raise Busy("Too much work is waiting already: try again in a moment.", retry_after=2.0)

    def leave(self, place: Place) -> None:
        """Give up the place or the slot."""
        if place in self._waiting:
            self._waiting.remove(place)
        elif place in self._running:
            self._running.remove(place)
        self._advance()

    def _advance(self) -> None:
        order = sorted(self._waiting, key=lambda place: -place.priority())  # stable: the oldest first among equals
        for place in order:
            if len(self._running) >= self._slots:
                break
            if self._lane_is_full(place.lane):
                continue
            self._waiting.remove(place)
            self._running.append(place)
            place.go()
        position = 0
        for place in order:
            if place in self._running:
                continue
            if place.position != position and position < self._limit:
                place.position = position
                place.moved(position)
            position += 1

    def _lane_is_full(self, lane: str) -> bool:
        return lane in self._lanes and sum(place.lane == lane for place in self._running) >= self._lanes[lane]
