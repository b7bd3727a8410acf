"""Runs Commands and warm calls in cages: bounded slots, limits, and process trees that are dead before a call returns.

Loads lazily: what runs inside the cages imports this package too, and needs next to nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omnic_stream.runner.runner import CagedRunner, open_runner

__all__ = ["CagedRunner", "open_runner"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from omnic_stream.runner import runner

        return getattr(runner, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
