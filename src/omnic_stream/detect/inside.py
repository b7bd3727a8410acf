"""Detection inside its worker: what the first bytes say, then ever finer questions to what kind of container it is.

Order: fixed marks, then what ZIP, OLE, compressed streams, chains of frames and ISO media hold, then texts; libmagic (where the machine has
it) or puremagic speak where none of these does. The name decides only among Formats that the content allows. Reads are bounded: heads, and
members by name.
"""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.resources import files

from omnic_stream.detect import containers, media, named, packed, texts, typed
from omnic_stream.detect.checks import CHECKED, by_size
from omnic_stream.detect.magic import media_type_of
from omnic_stream.detect.sample import Sample
from omnic_stream.detect.signatures import MARKS, by_signature
from omnic_stream.model.contracts import Call
from omnic_stream.model.formats import Formats, read_formats

HEAD = 64 << 10
GENERIC = frozenset(
    {"application/octet-stream", "application/zip", "text/plain", "application/xml", "text/xml", "application/x-ole-storage"}
)

WEAK = frozenset({"image/x-tga", "image/x-pcx", "image/vnd.zbrush.pcx", "image/x-award-bmp", "image/x-win-bitmap"})
"""Media types that libmagic gives for a few common bytes; signatures.py knows these pictures better."""
SAYS_MORE: dict[str, frozenset[str]] = {
    "MP4": frozenset({"M4A", "M4B", "M4V"}),  # many writers give all of them the brand of MP4
    "M4A": frozenset({"M4B", "MP4"}),
    "M4B": frozenset({"M4A", "MP4"}),
    "3GP": frozenset({"3G2"}),
    "MPG": frozenset({"VOB"}),  # a program stream with a DVD's navigation in it
    "ZIP": frozenset({"CBZ"}),
    "RAR": frozenset({"CBR"}),
    "7Z": frozenset({"CB7"}),
    "TAR": frozenset({"CBT"}),
    "SDD": frozenset({"SDA"}),
    "JPG": frozenset({"MPO"}),
}
"""What the name may make of content that cannot say so itself."""

LOOKS = (by_signature, containers.refined, packed.refined, media.refined, by_size)


@lru_cache(maxsize=1)
def formats() -> Formats:
    """The registry, read once per worker: a worker is a process of its own and lives long."""
    return Formats(read_formats(files("omnic_stream.model").joinpath("formats.toml").read_text(encoding="utf-8")))


def detect(call: Call) -> str:
    """contracts.Call with ``name``, ``media_type`` and ``expected`` as arguments; answers a Format's name."""
    known = formats()
    head = os.pread(call.input, HEAD, 0)
    sample = Sample(call.input, head, os.fstat(call.input).st_size, call.arguments.get("name"))
    hint = call.arguments.get("expected") or named(known, sample.name) or typed(known, call.arguments.get("media_type"))
    found = None
    for look in LOOKS:
        if (found := look(sample)) is not None:
            break
    found = found or texts.refined(sample, known, hint)
    if found not in known:
        found = None  # a mark of a Format that this registry does not have
    if hint is not None and hint in known and any(known.descends(hint, more) for more in SAYS_MORE.get(found or "", ())):
        return hint
    if found is None:
        media_type = media_type_of(head)
        by_magic = known.by_media_type(media_type) if media_type not in GENERIC | WEAK else None
        found = by_magic.name if by_magic is not None and by_magic.name not in BEGINS_SO | FRAMED else None
    return _settled(known, found, hint)


def _settled(known: Formats, found: str | None, hint: str | None) -> str:
    """Content decides; the hint may only say more of the same, or speak where content says nothing."""
    if hint is not None and hint in known:
        if found is None:
            return hint if known.get(hint).category not in MARKED and hint not in BEGINS_SO else "BIN"
        if known.descends(hint, found) and not known.get(hint).leaf:
            return hint
    return found or "BIN"


MARKED = frozenset({"raster", "page", "office", "spreadsheet", "presentation", "text", "markup", "code", "archive"})
"""Categories whose Formats carry a mark, or are text, which was looked for: without it, the name alone is not believed."""
BEGINS_SO = (
    frozenset(format for _, _, format in MARKS)
    | frozenset(format for _, format in CHECKED)
    | {
        "MP4",
        "M4A",
        "M4B",
        "M4V",
        "3GP",
        "3G2",
        "WEBM",
        "MKV",
        "WMV",
        "WMA",
        "WAV",
        "AVI",
        "AIFF",
        "AIFC",
        "OGG",
        "OGV",
        "OPUS",
        "SPX",
        "DICOM",
        "SQLITE",
    }
)
"""The same for single Formats of the other categories."""
FRAMED = frozenset({"MP3", "AAC", "AC3", "EAC3"})
"""Frames were followed: two bytes that could begin one are not enough. A name is believed, for junk may stand before the first."""
