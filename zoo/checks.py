"""Which facts a target is held to: one check for each kind of target, and each applies the facts that such a result can show.

A fact of the source that a kind cannot show is not applied to it: ``lines`` and ``mode`` to none, ``pages`` to PDF alone (a picture shows
one), ``duration`` to sound and film, ``faces`` to meshes (``vertices`` are merged or split where a format has no shared corners), ``entries``
to listings (a ZIP need not hold folders), ``width`` and ``height`` exactly to whole pictures and by their ratio to thumbnails and film.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zoo import media, pictures, records, solids, words
from zoo.manifest import Row
from zoo.wrong import Wrong

__all__ = ["CHECKS", "Wrong", "check"]

Check = Callable[[bytes, Row, str], None]

CHECKS: Mapping[str, Check] = {
    "PNG": pictures.picture,
    "JPG": pictures.picture,
    "WEBP": pictures.animated,
    "thumb.png": pictures.picture,
    "waveform.png": pictures.picture,
    "specimen.png": pictures.picture,
    "plot.png": pictures.picture,
    "SVG": pictures.drawing,
    "PDF": words.pdf,
    "HTML": words.page,
    "TXT": words.plain,
    "EML": words.mail,
    "MP3": media.sound,
    "OGG": media.sound,
    "WEBM": media.film,
    "MP4": media.film,
    "rotating.webm": media.rotating,
    "GLB": solids.mesh,
    "web.glb": solids.mesh,
    "STL": solids.mesh,
    "OBJ": solids.mesh,
    "XYZ": solids.xyz,
    "SMI": solids.smiles,
    "CSV": records.table,
    "XLSX": records.workbook,
    "GEOJSON": records.places,
    "KML": records.placemarks,
    "listing.json": records.listing,
    "ZIP": records.archive,
    "WOFF2": records.font,
    "TTF": records.font,
    "VTT": records.subtitles,
    "SRT": records.subtitles,
    "JS": records.script,
    "min.js": records.script,
    "es5.js": records.script,
    "min.css": records.style,
    "RPM": records.package,
}


def check(made: bytes, row: Row, target: str) -> None:
    """Raises Wrong. A result without a single byte is wrong whatever it is."""
    CHECKS[target](made, row, target)
