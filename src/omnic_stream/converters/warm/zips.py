"""What Python's zipfile raises over an archive that is broken, locked or packed in a way that it does not know."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from typing import Final

BROKEN: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError)
