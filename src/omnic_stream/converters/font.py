"""Fonts: specimens, tables of glyphs, for the web."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter

CONVERTERS: tuple[Converter, ...] = ()
