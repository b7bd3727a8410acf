"""omnic-stream: give it the address of any file and the type you want.

The map of the house (imports run downward only)::

    cli        argv -> Config -> one verb
    service    builds every part once, owns the nursery in which they live
    web        HTTP, WebSocket and the page          plugins   one door for converters, sources, formats, viewers
    jobs       fetch -> detect -> plan -> run -> publish
    sources  detect  converters  viewers  runner  store
    model      addresses, formats, targets, the graph, events, errors: pure

The public face::

    result = omnic_stream.convert("report.docx", "thumb.png:200x200")      # from anywhere
    result = await omnic_stream.convert_async(url, "PDF")                  # within Trio
    async with omnic_stream.open_service(omnic_stream.Config()) as service: ...
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omnic_stream.config import Config
    from omnic_stream.library import Converted, convert, convert_async
    from omnic_stream.model.errors import OmnicError
    from omnic_stream.service import Service, open_service

__all__ = ["Config", "Converted", "OmnicError", "Service", "convert", "convert_async", "open_service"]

_HOMES = {
    "Config": "omnic_stream.config",
    "Converted": "omnic_stream.library",
    "OmnicError": "omnic_stream.model.errors",
    "Service": "omnic_stream.service",
    "convert": "omnic_stream.library",
    "convert_async": "omnic_stream.library",
    "open_service": "omnic_stream.service",
}


def __getattr__(name: str) -> object:
    """PEP 562: what is not used is not imported."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
