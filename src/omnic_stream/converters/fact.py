"""Facts of any file whatever: its digest, its bytes, the words in it."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter

CONVERTERS: tuple[Converter, ...] = ()
