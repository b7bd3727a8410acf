"""Archives: what they hold, one member of it, and packed anew."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter

CONVERTERS: tuple[Converter, ...] = ()
