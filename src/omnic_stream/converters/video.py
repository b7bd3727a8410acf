"""Moving pictures: stills, sheets, clips, what browsers play, streams of several qualities."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter

CONVERTERS: tuple[Converter, ...] = ()
