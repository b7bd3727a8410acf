"""Molecules and crystals: drawn, and into each other."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter

CONVERTERS: tuple[Converter, ...] = ()
