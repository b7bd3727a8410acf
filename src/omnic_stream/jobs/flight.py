"""Single flight: what several ask for at once is made once, told to all, and dropped when the last of them leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import copy
from typing import Generic, TypeVar

import structlog
import trio

from omnic_stream.model.errors import ConverterFailed, OmnicError

T = TypeVar("T")
P = TypeVar("P")

log = structlog.get_logger(__name__)


class Passenger(Generic[P]):
    __slots__ = ("priority", "report")

    def __init__(self, report: Callable[[P], None], priority: Callable[[], int]) -> None:
        self.report, self.priority = report, priority


class Flight(Generic[T, P]):
    """One making under way. Its own task is a child of the service, not of anybody who waits for it."""

    def __init__(self) -> None:
        self.passengers: set[Passenger[P]] = set()
        self.scope = trio.CancelScope()
        self.landed = trio.Event()
        self.result: T | None = None
        self.error: OmnicError | None = None
        self._latest: P | None = None

    def report(self, progress: P) -> None:
        self._latest = progress
        for passenger in tuple(self.passengers):
            passenger.report(progress)

    def priority(self) -> int:
        return max((passenger.priority() for passenger in self.passengers), default=-1)

    def board(self, passenger: Passenger[P]) -> None:
        self.passengers.add(passenger)
        if self._latest is not None:
            passenger.report(self._latest)

    def leave(self, passenger: Passenger[P]) -> None:
        self.passengers.discard(passenger)
        if not self.passengers:
            self.scope.cancel()


class Flights(Generic[T, P]):
    """All makings under way, by key."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._under_way: dict[str, Flight[T, P]] = {}

    async def fly(
        self,
        key: str,
        make: Callable[[Flight[T, P]], Awaitable[T]],
        *,
        report: Callable[[P], None],
        priority: Callable[[], int],
    ) -> T:
        """The result of ``make``, started by whoever comes first. Raises what it raised, if that is an OmnicError."""
        while (flight := self._under_way.get(key)) is not None and flight.scope.cancel_called:
            await flight.landed.wait()  # the last of its passengers left: it is being given up, and is not to be joined
        if flight is None:
            flight = self._under_way[key] = Flight[T, P]()
            self._nursery.start_soon(self._run, key, flight, make)
        passenger = Passenger(report, priority)
        flight.board(passenger)
        try:
            await flight.landed.wait()
        finally:
            flight.leave(passenger)
        if flight.error is not None:
            raise copy(flight.error)  # each who waits gets an exception, and a traceback, of its own
        assert flight.result is not None
        return flight.result

    async def _run(self, key: str, flight: Flight[T, P], make: Callable[[Flight[T, P]], Awaitable[T]]) -> None:
        try:
            with flight.scope:
                flight.result = await make(flight)
        except OmnicError as error:
            flight.error = error
        except Exception:  # a defect of ours must fail this one making, not the service
            log.exception("flight.fault")
            flight.error = ConverterFailed("An internal fault ended this; it has been logged. Trying again may help.")
        finally:
            del self._under_way[key]
            flight.landed.set()
