"""Tables and workbooks into each other, as pages, charts and summaries."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter

CONVERTERS: tuple[Converter, ...] = ()
