"""Page formats beside PDF, and what a PDF holds beside its pages: DjVu, XPS, comics, outline, facts."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter

CONVERTERS: tuple[Converter, ...] = ()
