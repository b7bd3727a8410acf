"""Targets: what is asked for, parsed and validated before any I/O (``thumb.png:200x200,page=2``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from omnic_stream.model.errors import BadTarget
from omnic_stream.model.formats import ArgumentRule, Format, Formats

LONGEST = 256
"""Characters of a whole target."""
SIZE = re.compile(r"(\d{1,9})x(\d{1,9})", re.ASCII)
NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?", re.ASCII)
WORD = re.compile(r"[a-z0-9][a-z0-9._/+-]*", re.ASCII)
COLOUR = re.compile(r"[0-9a-f]{6}([0-9a-f]{2})?", re.ASCII)
POINT = re.compile(r"(0(\.\d{1,4})?|1(\.0{1,4})?)x(0(\.\d{1,4})?|1(\.0{1,4})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """A Format and its arguments, sorted by name. ``WxH`` is ``width`` and ``height``; values are canonical."""

    format: str
    arguments: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The canonical form: it parses to this Target again, and no other Target has it."""
        given = dict(self.arguments)
        words: list[str] = []
        if "width" in given and "height" in given:
            words.append(f"{given.pop('width')}x{given.pop('height')}")
        words += [f"{name}={value}" for name, value in given.items()]
        return f"{self.format}:{','.join(words)}" if words else self.format

    def get(self, name: str) -> str | None:
        return dict(self.arguments).get(name)

    def __str__(self) -> str:
        return self.text


def parse_target(text: str, formats: Formats) -> Target:
    """``text`` is the path segment, decoded once. Raises BadTarget."""
    if len(text) > LONGEST:
        _bad(f"A type has at most {LONGEST} characters.")
    if not text.isascii() or not text.isprintable():
        _bad("A type is written in plain ASCII, for instance thumb.png:200x200.")
    name, colon, rest = text.lower().partition(":")
    if not WORD.fullmatch(name) or ".." in name:
        _bad("A type starts with a format, for instance PDF or thumb.png:200x200.")
    format = formats.find(name)
    if format is None:
        _bad("There is no such format. What a file can become is listed by the types of its address.")
    if not colon:
        return Target(format.name)
    if not rest or ":" in rest:
        _bad("Arguments follow one colon, separated by commas, for instance thumb.png:200x200,page=2.")
    found: dict[str, str] = {}
    for word in rest.split(","):
        for key, value in _argument(word, format):
            if key in found:
                _bad(f"{key} is given twice.")
            found[key] = value
    return Target(format.name, tuple(sorted(found.items())))


def _argument(word: str, format: Format) -> tuple[tuple[str, str], ...]:
    rules = {rule.name: rule for rule in format.arguments}
    if size := SIZE.fullmatch(word):
        if "width" not in rules:
            _bad(f"{format.name} takes no size.")
        return tuple((name, _value(text, rules[name])) for name, text in zip(("width", "height"), size.groups(), strict=True))
    name, equals, text = word.partition("=")
    if not equals:
        for rule in format.arguments:
            if rule.bare and word in rule.choices:
                return ((rule.name, word),)
        _bad(f"An argument is WxH or name=value. {_takes(format)}")
    if name not in rules:
        _bad(f"That is not an argument of {format.name}. {_takes(format)}")
    return ((name, _value(text, rules[name])),)


def _value(text: str, rule: ArgumentRule) -> str:
    if rule.kind in {"int", "float"}:
        if not NUMBER.fullmatch(text) or (rule.kind == "int" and "." in text) or not rule.low <= float(text) <= rule.high:
            _bad(f"{rule.name} is a number from {rule.low:g} to {rule.high:g}.")
        return str(int(text)) if rule.kind == "int" else f"{float(text):g}"
    if rule.kind == "choice":
        if text not in rule.choices:
            _bad(f"{rule.name} is one of {', '.join(rule.choices)}.")
        return text
    if rule.kind == "colour":
        if not COLOUR.fullmatch(text):
            _bad(f"{rule.name} is a colour as six hex digits, for instance ffffff.")
        return text
    if rule.kind == "point":
        if not POINT.fullmatch(text):
            _bad(f"{rule.name} is a point as fractions of width and height, for instance 0.5x0.3.")
        return "x".join(f"{float(part):g}" for part in text.split("x"))
    if text not in {"0", "1"}:
        _bad(f"{rule.name} is 0 or 1.")
    return text


def _takes(format: Format) -> str:
    names = [rule.name for rule in format.arguments]
    return f"{format.name} takes {', '.join(names)}." if names else f"{format.name} takes no arguments."


def _bad(message: str) -> NoReturn:
    raise BadTarget(message)
