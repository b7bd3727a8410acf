"""libmagic where the machine has it (libmagic(3), through ctypes' ten lines), else puremagic."""

from __future__ import annotations

import ctypes
from functools import lru_cache

import puremagic

MAGIC_MIME_TYPE = 0x000010
MAGIC_ERROR = 0x000200


@lru_cache(maxsize=1)
def _libmagic() -> tuple[ctypes.CDLL, ctypes.c_void_p] | None:
    try:
        library = ctypes.CDLL("libmagic.so.1")
    except OSError:
        return None
    library.magic_open.restype = ctypes.c_void_p
    library.magic_open.argtypes = [ctypes.c_int]
    library.magic_load.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.magic_buffer.restype = ctypes.c_char_p
    library.magic_buffer.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    cookie = library.magic_open(MAGIC_MIME_TYPE | MAGIC_ERROR)
    if not cookie or library.magic_load(cookie, None) != 0:
        return None
    return library, ctypes.c_void_p(cookie)


def media_type_of(head: bytes) -> str:
    """The media type of a file that begins so; ``application/octet-stream`` where nobody knows."""
    if (magic := _libmagic()) is not None:
        library, cookie = magic
        found: bytes | None = library.magic_buffer(cookie, head, len(head))
        return found.decode("ascii", "replace") if found else "application/octet-stream"
    try:
        return str(puremagic.from_string(head, mime=True)) or "application/octet-stream"
    except (puremagic.PureError, ValueError):
        return "application/octet-stream"
