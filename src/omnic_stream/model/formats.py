"""The Format registry: what there is, what is what, and which arguments each takes as a target. The data is ``formats.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["int", "float", "choice", "colour", "flag", "point"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentRule:
    """An argument that a Format accepts as a target. ``low`` and ``high`` bound int and float."""

    name: str
    kind: Kind
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()
    bare: bool = False
    """Its value may stand alone: ``thumb.png:200x200,crop``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One file format, one node of the graph: ``image/png``, ``PNG`` and ``png`` are the same Format."""

    name: str
    media_type: str
    category: str
    title: str = ""
    extensions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    parent: str | None = None
    """Who accepts the parent accepts this too; what is asked for as the parent is not met by it."""
    arguments: tuple[ArgumentRule, ...] = ()
    stands_for: tuple[str, ...] = ()
    """Formats that, when asked for, are met by this one."""
    leaf: bool = False
    """No road goes on from here (a fact, a thumb)."""
    wish: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Not empty for what stands for a wish (``view``, ``web``, ``thumb``): by the source's name, an ancestor's or its category, the
    Formats that grant it, best first. ``as_is`` lists those that grant it as they are, ``any`` what is left for every other source."""
    negotiated: tuple[str, ...] = ()
    """Of a wish over HTTP: the Formats that the Accept header chooses from (RFC 9110 section 12.5.1), best first; the last is for
    who names none of them."""

    @property
    def extension(self) -> str:
        return self.extensions[0] if self.extensions else self.name.lower()


class Formats:
    """All Formats, found by any of their names. Names, extensions and aliases are compared without case."""

    def __init__(self, formats: Iterable[Format]) -> None:
        """Raises ValueError for a name given twice, an unknown parent, a circle of parents, or a wish for what there is not."""
        self._by_name: dict[str, Format] = {}
        self._by_word: dict[str, Format] = {}
        self._by_extension: dict[str, list[Format]] = {}
        for format in formats:
            if self._by_name.setdefault(format.name, format) is not format:
                raise ValueError(f"format {format.name} is given twice")
        for format in self:
            for extension in format.extensions:
                self._by_extension.setdefault(extension.lower(), []).append(format)
        # a name wins over an alias, an alias over a media type, that over an extension: the first of each keeps it
        for words in (lambda f: (f.name,), lambda f: f.aliases, lambda f: (f.media_type,), lambda f: f.extensions):  # type: ignore[reportUnknownLambdaType]
            for format in self:
                for word in words(format):  # type: ignore[reportUnknownVariableType]
                    self._by_word.setdefault(str(word).lower(), format)  # type: ignore[reportUnknownArgumentType]
        self._ancestors = {format.name: self._line(format) for format in self}
        for format in self:
            for name in (*format.negotiated, *(name for names in format.wish.values() for name in names)):
                if name not in self._by_name or self._by_name[name].wish:
                    raise ValueError(f"the wish {format.name} names {name}, which is no format of a file")

    def _line(self, format: Format) -> tuple[str, ...]:
        line: list[str] = []
        while format.parent is not None:
            if format.parent not in self._by_name or format.parent in line:
                raise ValueError(f"format {format.name} has no proper parent")
            line.append(format.parent)
            format = self._by_name[format.parent]
        return tuple(line)

    def __iter__(self) -> Iterator[Format]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def get(self, name: str) -> Format:
        """By exact name. Raises KeyError."""
        return self._by_name[name]

    def find(self, text: str) -> Format | None:
        """By name, alias, media type or extension."""
        return self._by_word.get(text.lower())

    def by_extension(self, extension: str) -> tuple[Format, ...]:
        return tuple(self._by_extension.get(extension.lower().lstrip("."), ()))

    def by_file_name(self, name: str) -> Format | None:
        """By the longest extension that is known; results that are never a file of their own (``leaf``) are left out."""
        words = name.lower().rpartition("/")[2].split(".")
        for start in range(1, len(words)):
            for format in self.by_extension(".".join(words[start:])):
                if not format.leaf:
                    return format
        return None

    def by_media_type(self, media_type: str) -> Format | None:
        """Parameters (``; charset=utf-8``) are ignored."""
        wanted = media_type.partition(";")[0].strip().lower()
        found = self._by_word.get(wanted)
        return found if found is not None and "/" in wanted else None

    def ancestors(self, name: str) -> tuple[str, ...]:
        """The parent, its parent and so on."""
        return self._ancestors[name]

    def descends(self, name: str, ancestor: str) -> bool:
        """True for itself."""
        return name == ancestor or ancestor in self._ancestors[name]

    def granting(self, wish: str, source: str) -> tuple[str, ...]:
        """The Formats that grant a wish for a source, best first."""
        granted = self.get(wish).wish
        if source in granted.get("as_is", ()):
            return (source,)
        words = (source, *self.ancestors(source), self.get(source).category, "any")
        return tuple(dict.fromkeys(name for word in words for name in granted.get(word, ())))

    def in_category(self, category: str) -> tuple[Format, ...]:
        return tuple(format for format in self if format.category == category)


def read_formats(toml: str) -> tuple[Format, ...]:
    """Formats from the text of a ``formats.toml``: a table ``[arguments.SET]`` of rules, a table ``[formats]`` of Formats.

    A Format's ``arguments`` names sets. Raises ValueError for what does not fit.
    """
    data = tomllib.loads(toml)
    sets = {name: tuple(_rule(rule, words) for rule, words in rules.items()) for name, rules in data.get("arguments", {}).items()}
    return tuple(_format(name, words, sets) for name, words in data.get("formats", {}).items())


def _rule(name: str, words: Mapping[str, Any]) -> ArgumentRule:
    return ArgumentRule(name=name, **_frozen(words))


def _format(name: str, words: Mapping[str, Any], sets: Mapping[str, tuple[ArgumentRule, ...]]) -> Format:
    values = _frozen(words)
    if "wish" in values:
        values["wish"] = _frozen(values["wish"])
    try:
        values["arguments"] = tuple(rule for chosen in values.get("arguments", ()) for rule in sets[chosen])
        return Format(name=name, **values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"format {name} is not declared properly: {error}") from error


def _frozen(words: Mapping[str, Any]) -> dict[str, Any]:
    """TOML's lists as tuples."""
    return {key: _tuple(value) for key, value in words.items()}


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value  # type: ignore[reportUnknownArgumentType, reportUnknownVariableType]
