"""What a Python worker answers when it is asked for a module: the warm function behind ``tools.probe``."""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import Any

from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed


def version_of(call: Call) -> str:
    """Import ``arguments["module"]`` for good and tell its version; ``?`` where it has none. Raises ConverterFailed."""
    name = call.arguments["module"]
    try:
        module = importlib.import_module(name)
    except Exception as error:  # an import runs anything, and a C library that is missing is told in many ways
        raise ConverterFailed(f"{name} does not load here: {type(error).__name__}.") from error
    return _distribution_version(name) or str(_attribute(module) or "?")


def _distribution_version(name: str) -> str | None:
    found = importlib.metadata.packages_distributions().get(name.partition(".")[0], [])
    return importlib.metadata.version(found[0]) if found else None


def _attribute(module: Any) -> Any:
    return getattr(module, "__version__", None)
