"""Keys: the SHA-256 names under which fetched content, Artifacts and Jobs are kept and joined. All are lower-case hex.

Fields are length-prefixed before they are hashed, so that no two lists of fields share a text: joined plainly,
(``thumb.png:200x200``, ``git+https://h/r``) and (``thumb.png:200x200git+``, ``https://h/r``) would be one.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omnic_stream.model.address import Address
    from omnic_stream.model.target import Target


def framed(*fields: str) -> bytes:
    """Each field in UTF-8 behind its length in 8 bytes, the greatest first. A lone surrogate has an encoding of its own here."""
    encoded = [field.encode("utf-8", "surrogatepass") for field in fields]
    return b"".join(len(field).to_bytes(8, "big") + field for field in encoded)


def digest_of(*fields: str) -> str:
    return sha256(framed(*fields)).hexdigest()


def address_key(address: Address) -> str:
    """SHA-256 of the canonical address: one fetch for all that is made of it."""
    return sha256(address.text.encode()).hexdigest()


def step_key(input_key: str, converter_id: str, version: int, output_format: str, arguments: Mapping[str, str]) -> str:
    """Names a Step's output. ``input_key`` is the Snapshot's hash or the key of the Step before.

    ``arguments`` are those that this Step consumes: what a later Step consumes does not change this one's output.
    """
    pairs = [field for pair in sorted(arguments.items()) for field in pair]
    return digest_of("step", input_key, converter_id, str(version), output_format, *pairs)


def job_key(address: Address, target: Target, profile: str | None = None) -> str:
    """What live work is joined by, and the ``key`` of the wire."""
    named = () if profile is None else (profile,)
    return digest_of("job", address.text, target.text, *named)
