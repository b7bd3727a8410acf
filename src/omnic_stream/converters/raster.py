"""Raster pictures beyond the everyday ones: raw, medical, film, layered, JPEG XL."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter

CONVERTERS: tuple[Converter, ...] = ()
