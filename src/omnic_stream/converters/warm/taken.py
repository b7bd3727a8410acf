"""One member of an archive, taken out by its number or by its name; and the tar that many are taken out of."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from omnic_stream.converters.warm import unpackers
from omnic_stream.converters.warm.archive import PAYLOADS, contents, filling
from omnic_stream.converters.warm.members import MOST_UNPACKED, Budget, Held, Member, counted, placed
from omnic_stream.converters.warm.readers import READERS, opened, unpacked_stream
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, NotFound, TooLarge


def member(call: Call) -> None:
    """The content of one member: by its ``name`` in the listing, or by its number there (``item``; the first file where none is given)."""
    if (name := call.arguments.get("name")) is not None:
        _named(call, name)
        return
    asked = call.arguments.get("item")
    wanted, budget = int(asked or "0"), Budget(os.fstat(call.input).st_size)
    with filling(call) as made:
        for number, (held, content) in enumerate(contents(call), 1):
            if number != wanted and (asked or held.kind != "file"):
                continue
            if held.encrypted:
                raise ConverterFailed(unpackers.PASSWORD)
            if content is None:
                raise ConverterFailed(f"Member {wanted} is not a file, so it has no content.")
            for chunk in budget.chunks(content):
                made.write(chunk)
            return
    if not asked:
        raise ConverterFailed("The archive holds no file.")
    raise ConverterFailed(f"The archive has no member {wanted}.")


def plain(call: Call) -> None:
    """A tar without its compression."""
    budget = Budget(os.fstat(call.input).st_size)
    with filling(call) as made, opened(call) as file:
        for chunk in budget.chunks(unpacked_stream(file)):
            made.write(chunk)


def _named(call: Call, name: str) -> None:
    """The first file at this place, as ``unpacked`` has it. Raises NotFound, TooLarge, ConverterFailed, and what reading raises."""
    place, other = placed(name), None
    with filling(call) as made:
        for held, content in _candidates(call, lambda member: place is not None and placed(member.name) == place):
            if held.kind != "file":
                other = other or held.kind
                continue
            if held.encrypted:
                raise ConverterFailed(unpackers.PASSWORD)
            if content is None:
                raise ConverterFailed("The archive does not give the content of this member.")
            if (held.size or 0) > MOST_UNPACKED:
                raise TooLarge(f"The member is larger than the {MOST_UNPACKED // MiB} MiB that are taken out of an archive.")
            for chunk in Budget(os.fstat(call.input).st_size).chunks(content):
                made.write(chunk)
            return
    match other:
        case None:
            raise NotFound("The archive holds no member of this name. What it holds is told by its listing.json.")
        case "directory":
            raise NotFound("This member of the archive is a folder, not a file.")
        case _:
            raise ConverterFailed("This member of the archive is a link or a device, which is not followed: it has no content.")


def _candidates(call: Call, wanted: Callable[[Member], bool]) -> Iterator[Held]:
    """The members that are wanted, with their contents; without unpacking the others, where a program can do that."""
    alone = unpackers.ALONE.get(call.source)
    if alone is not None:
        yield from alone(call, wanted)
        return
    yield from (held for held in contents(call) if wanted(held[0]))
    if call.source in PAYLOADS and call.source in READERS:
        yield from (held for held in counted(READERS[call.source](call)) if wanted(held[0]))
