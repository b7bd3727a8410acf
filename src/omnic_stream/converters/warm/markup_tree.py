"""XML as a tree, by expat: no entity is filled in, no other file is opened, and size and depth are bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

from omnic_stream.converters.warm import files
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt, TooExpensive

LARGEST: Final = 32 * MiB
MOST_NODES: Final = 400_000
DEEPEST: Final = 200
DECLARED: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")


@dataclass(slots=True)
class Element:
    name: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list["Element | str"])
    """Elements and text in order; what stands for an entity as it is written."""


def parsed(call: Call) -> Element:
    """The root. Raises Corrupt, TooExpensive."""
    content, encoding = _readable(files.read(call.input, LARGEST))
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    top = Element("", {})
    open_ = [top]
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1 + len(attributes)
        if count > MOST_NODES:
            raise TooExpensive(f"The XML has more than {MOST_NODES:,} elements and attributes.")
        if len(open_) > DEEPEST:
            raise TooExpensive(f"The XML is nested deeper than {DEEPEST} levels.")
        made = Element(name, attributes)
        open_[-1].children.append(made)
        open_.append(made)

    def end(name: str) -> None:
        open_.pop()

    def text(data: str) -> None:
        children = open_[-1].children
        if children and isinstance(children[-1], str):
            children[-1] += data
        else:
            children.append(data)

    def declared(name: str, parameter: bool, value: str | None, *more: Any) -> None:
        # in attributes expat fills entities in by itself
        if value is None or parameter or "&" in value or "%" in value or len(value) > 1000:
            raise Corrupt("The XML declares entities that hold files or other entities: such a document is not read.")

    def elsewhere(context: str | None, base: str | None, system: str | None, public: str | None) -> int:
        if context is None:
            parser.ExternalEntityParserCreate(context).Parse(b"", True)
        return 1

    def other(data: str) -> None:
        if len(open_) > 1 and data.startswith("&") and data.endswith(";"):
            text(data)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.EntityDeclHandler = declared
    # as if there were a DTD elsewhere, which is not opened: a name that nobody declared is then no error (XML 1.0 section 4.1)
    parser.UseForeignDTD(True)
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE)
    parser.ExternalEntityRefHandler = elsewhere
    parser.DefaultHandler = other  # with it, entities in text are handed over instead of filled in
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise Corrupt(f"The XML is not well formed: line {error.lineno}.") from error
    root = next((child for child in top.children if isinstance(child, Element)), None)
    if root is None:
        raise Corrupt("The XML has no element.")
    return root


def _readable(content: bytes) -> tuple[bytes, str | None]:
    """As UTF-8 where expat does not know the encoding that is declared."""
    found = DECLARED.match(content[:400].lstrip())
    name = found[1].decode().lower() if found else ""
    if not name or name in {"utf-8", "utf-16", "iso-8859-1", "us-ascii"}:
        return content, None
    try:
        return content.decode(name, "replace").encode(), "utf-8"
    except (LookupError, ValueError):
        return content, None


def as_value(element: Element) -> Any:
    """For JSON: attributes as @name, text as #text, children by their names, several of a name as a list."""
    words = [child for child in element.children if isinstance(child, str)]
    text = "".join(words).strip() if len(words) == 1 else " ".join(word.strip() for word in words if word.strip())
    made: dict[str, Any] = {f"@{name}": value for name, value in element.attributes.items()}
    for child in element.children:
        if isinstance(child, Element):
            value = as_value(child)
            if child.name not in made:
                made[child.name] = value
            elif isinstance(made[child.name], _Several):
                made[child.name].append(value)
            else:
                made[child.name] = _Several([made[child.name], value])
    if not made:
        return text or None
    if text:
        made["#text"] = text
    return made


class _Several(list[Any]):
    """Children that share a name."""
