"""The built-in viewers: which files each is good for, and in which types it takes them. Their code is in ``viewers/src/viewers``.

The order is that in which they are offered: the first is shown, the others are tabs beside it.
"""

from __future__ import annotations

from typing import Final

from omnic_stream.model.contracts import Viewer


def _built_in(
    name: str, *opens: str, shows: tuple[str, ...], media_types: tuple[str, ...] = (), title: str = "", module: str = ""
) -> Viewer:
    return Viewer(
        name=name,
        title=title or f"{name}.title",
        opens=opens,
        shows=shows,
        media_types=media_types,
        module=f"viewer/{module or name}.js",
    )


PICTURES: Final = ("WEBP", "PNG", "JPG", "GIF", "AVIF", "APNG", "BMP", "ICO")
TEXT: Final = (
    "text/*",
    "application/json",
    "application/xml",
    "application/yaml",
    "application/toml",
    "application/javascript",
    "application/sql",
)

VIEWERS: Final[tuple[Viewer, ...]] = (
    # MOL2 first: a drawing gets places in space on its way into it, on its way into SDF none
    _built_in("molecule", "category:molecule", shows=("MOL2", "SDF", "PDB", "XYZ", "CIF")),
    _built_in("svg", "category:vector", shows=("SVG",), media_types=("image/svg+xml",)),
    _built_in("molecule-flat", "category:molecule", shows=("SVG",), title="molecule.flat.title", module="svg"),
    _built_in("image", "category:raster", "category:vector", shows=(*PICTURES, "preview.webp"), media_types=("image/*",)),
    _built_in("zoom", "category:raster", shows=("preview.webp", "tiles.dzi")),
    _built_in("model", "category:mesh", shows=("web.glb", "GLB"), media_types=("model/gltf-binary",)),
    _built_in("map", "category:geo", shows=("GEOJSON", "tiles"), media_types=("application/geo+json",)),
    _built_in("video", "category:video", shows=("web.mp4", "web.webm", "MP4", "WEBM", "hls"), media_types=("video/*",)),
    _built_in("audio", "category:audio", shows=("MP3", "OGG", "OPUS", "WAV", "FLAC", "M4A"), media_types=("audio/*",)),
    _built_in("font", "category:font", shows=("WOFF2", "WOFF", "TTF", "OTF"), media_types=("font/*",)),
    _built_in("table", "category:table", "category:spreadsheet", shows=("CSV", "TSV"), media_types=("text/csv",)),
    _built_in("graph", "category:table", "category:spreadsheet", shows=("CSV", "TSV")),
    _built_in("tree", "category:archive", "category:package", shows=("listing.json",)),
    _built_in("git", shows=(), media_types=("application/vnd.omnic.git-tree+json",)),
    _built_in("commits", shows=(), media_types=("application/vnd.omnic.git-tree+json",)),
    _built_in("log", shows=(), media_types=("application/vnd.omnic.log+ndjson",)),
    _built_in(
        "pdf",
        "category:page",
        "category:office",
        "category:presentation",
        "category:spreadsheet",
        "category:vector",
        "category:ebook",
        shows=("PDF", "pictures.pdf"),
        media_types=("application/pdf",),
    ),
    _built_in(
        "html",
        "category:markup",
        "category:notebook",
        "category:code",
        "category:mail",
        "category:calendar",
        "category:ebook",
        "category:data",
        "category:subtitle",
        "category:text",
        "category:binary",
        shows=("HTML",),
        media_types=("text/html", "application/xhtml+xml"),
    ),
    _built_in("source", "SVG", shows=("HTML",), title="source.title", module="html"),
    _built_in("text", "category:text", "category:code", "category:markup", "category:subtitle", shows=("TXT",), media_types=TEXT),
    _built_in("file", "*", shows=("*",), media_types=("*",)),
)
