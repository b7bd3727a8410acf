"""Graphs and CAD drawings as SVG."""

from __future__ import annotations

import io
from typing import Any

from omnic_stream.converters.warm import programs, svg
from omnic_stream.converters.warm.files import read, write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

LARGEST_GRAPH = 4 * MiB
LARGEST_CAD = 64 * MiB
MOST_ENTITIES = 200_000
SHEET, MARGIN = 280, 8
"""Millimetres of the drawing's longer side, and of the white around it."""
CLOSED = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
    "SERVER_NAME": "omnic",
    "GV_FILE_PATH": "/nonexistent",
}
"""With SERVER_NAME set, graphviz opens no picture but those below GV_FILE_PATH (graphviz.org/docs/attrs/imagepath)."""


def graph(call: Call) -> None:
    """DOT laid out by graphviz. What it refers to outside is emptied in the SVG, too."""
    content = read(call.input, LARGEST_GRAPH)
    with programs.scratch() as folder:
        drawn = programs.run(("dot", "-Tsvg"), stdin=content, folder=folder, env=CLOSED)
    if b"<svg" not in drawn:
        raise Corrupt("The graph cannot be read.")
    write(call.output, svg.enclosed(drawn.decode("utf-8", "replace")).encode())


def cad(call: Call) -> None:
    """DXF as black and coloured lines on white paper; the model, or the first layout that holds anything."""
    from ezdxf import recover
    from ezdxf.addons.drawing import config, layout
    from ezdxf.addons.drawing.frontend import Frontend
    from ezdxf.addons.drawing.properties import RenderContext
    from ezdxf.addons.drawing.svg import SVGBackend
    from ezdxf.lldxf.const import DXFError

    content = read(call.input, LARGEST_CAD)
    try:
        document, _ = recover.read(io.BytesIO(content))
    except (DXFError, OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, UnicodeError) as error:
        raise Corrupt("The CAD drawing is broken or cut short: it cannot be read.") from error
    sheets: list[Any] = [document.modelspace(), *(document.layouts.get(name) for name in document.layouts.names_in_taborder()[1:])]
    sheet = next((each for each in sheets if len(each)), None)
    if sheet is None:
        raise ConverterFailed("The CAD drawing is empty.")
    if len(sheet) > MOST_ENTITIES:
        raise TooExpensive(f"The CAD drawing has more than {MOST_ENTITIES} entities.")
    call.report(0.3)
    backend = SVGBackend()
    look = config.Configuration(
        background_policy=config.BackgroundPolicy.WHITE,
        lineweight_scaling=2.0,  # still to be seen in a thumb
    )
    try:
        Frontend(RenderContext(document), backend, config=look).draw_layout(sheet)
        extent: Any = backend.player().bbox()
        drawn = _printed(backend, layout, extent.size) if extent.has_data else None
    except Exception as error:  # a renderer in Python raises whatever hostile content drives it to
        raise Corrupt("The CAD drawing is broken: it cannot be drawn.") from error
    if drawn is None:
        raise ConverterFailed("The CAD drawing holds nothing that can be drawn.")
    write(call.output, svg.enclosed(drawn).encode())


def _printed(backend: Any, layout: Any, size: Any) -> str:
    """Lines keep their width in millimetres, so the drawing is scaled to the sheet, and not the sheet to it."""
    page = layout.Page(0, 0, layout.Units.mm, margins=layout.Margins.all(MARGIN))
    return backend.get_string(page, settings=layout.Settings(fit_page=False, scale=SHEET / max(size.x, size.y, 1e-9)))
