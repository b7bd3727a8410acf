"""What is shown until a result is there: one transparent or black pixel in the asked picture type, else a few words."""

from __future__ import annotations

from base64 import b64decode
from html import escape

from omnic_stream.model.formats import Formats
from omnic_stream.model.target import Target

_PICTURES = {
    "image/png": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNgYGBgAAAABQABeqhXUAAAAABJRU5ErkJggg==",
    "image/jpeg": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////"
        "wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z"
    ),
    "image/webp": "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==",
    "image/gif": "R0lGODlhAQABAIEAAAAAAP///wAAAAAAACH5BAEAAAAALAAAAAABAAEAAAgEAAEEBAA7",
    "image/avif": (
        "AAAAHGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZgAAAOltZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAAAA"
        "AAABAAAAHmlsb2MAAAAARAAAAQABAAAAAQAAAQ0AAAAbAAAAKGlpbmYAAAAAAAEAAAAaaW5mZQIAAAAAAQAAYXYwMUNvbG9yAAAAAGhpcHJwAAAASWlw"
        "Y28AAAAUaXNwZQAAAAAAAAABAAAAAQAAAA5waXhpAAAAAAEIAAAADGF2MUOBABwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEAAQQB"
        "AoMEAAAAI21kYXQSAAoHGAAG2AhoNTIOH/UVwAAsAICQNaKKXrg="
    ),
    "image/bmp": "Qk1CAAAAAAAAAD4AAAAoAAAAAQAAAAEAAAABAAEAAAAAAAQAAADEDgAAxA4AAAIAAAACAAAAAAAAAP///wAAAAAA",
    "image/tiff": (
        "SUkqAAgAAAAIAAABBAABAAAAAQAAAAEBBAABAAAAAQAAAAMBAwABAAAAAQAAAAYBAwABAAAAAQAAABEBBAABAAAAbgAAABYBBAABAAAAAQAAABcBBAAB"
        "AAAAAQAAABwBAwABAAAAAQAAAAAAAAAA"
    ),
    "image/x-icon": (
        "AAABAAEAAQEAAAAAIABGAAAAFgAAAIlQTkcNChoKAAAADUlIRFIAAAABAAAAAQgGAAAAHxXEiQAAAA1JREFUeJxjYGBgYAAAAAUAAaX2RUAAAAAASUVO"
        "RK5CYII="
    ),
}
PICTURES: dict[str, bytes] = {name: b64decode(text) for name, text in _PICTURES.items()} | {
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
}
PICTURES["image/vnd.microsoft.icon"] = PICTURES["image/x-icon"]


def placeholder(target: Target, formats: Formats, *, state: str, retry_after: int, page: bool) -> tuple[str, bytes]:
    """Media type and body. A picture type without a pixel of its own (HEIC, JXL) gets a PNG.

    ``page``: a browser asks for a document, and gets one that asks again by itself.
    """
    media_type = formats.get(target.format).media_type
    if media_type.startswith("image/"):
        picture = media_type if media_type in PICTURES else "image/png"
        return picture, PICTURES[picture]
    words = f"{target.text} is not ready yet ({state}); ask again in {retry_after} s."
    if not page:
        return "text/plain; charset=utf-8", f"{words}\n".encode()
    again = f'<meta http-equiv="refresh" content="{retry_after}">'
    html = f'<!doctype html><meta charset="utf-8">{again}<title>{escape(state)}</title><p>{escape(words)}</p>\n'
    return "text/html; charset=utf-8", html.encode()
