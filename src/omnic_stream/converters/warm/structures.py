"""Data files as plain values: dict, list, str, int, float, bool, None, and dates. Bounded, for aliases and nesting multiply."""

# PyYAML carries no types
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportMissingTypeStubs=false
# pyright: reportUnknownLambdaType=false
# pyright: reportMissingModuleSource=false

from __future__ import annotations

import configparser
import json
import plistlib
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from omnic_stream.converters.warm import bibtex, files
from omnic_stream.converters.warm.pages import decoded
from omnic_stream.converters.warm.sheets import shown
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

LARGEST: Final = 32 * MiB
MOST_VALUES: Final = 1_000_000
DEEPEST: Final = 120
STRING: Final = r'"(?:[^"\\]|\\.)*+(?:"|\Z)'
COMMENT: Final = re.compile(rf"{STRING}|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
TRAILING: Final = re.compile(rf"{STRING}|,(?=\s*[\]}}])", re.DOTALL)
"""Strings are found too, so that what stands in them is left alone; what has no end ends with the text, and is looked through once."""


def load(call: Call) -> Any:
    """Raises Corrupt, TooExpensive."""
    content = files.read(call.input, LARGEST)
    reader = READERS.get(call.source, _json)
    try:
        value = reader(content)
    except RecursionError as error:
        raise TooExpensive(f"The data is nested deeper than {DEEPEST} levels.") from error
    check(value)
    return value


def check(value: Any) -> None:
    """As it will be written: what an alias stands for is counted each time it is named. Raises TooExpensive."""
    count = 0
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        each, depth = waiting.pop()
        count += 1
        if count > MOST_VALUES:
            raise TooExpensive(f"The data has more than {MOST_VALUES:,} values.")
        if depth > DEEPEST:
            raise TooExpensive(f"The data is nested deeper than {DEEPEST} levels.")
        if isinstance(each, dict):
            waiting += [(part, depth + 1) for part in each.values()]
        elif isinstance(each, list):
            waiting += [(part, depth + 1) for part in each]


def _json(content: bytes) -> Any:
    text = decoded(content)
    try:
        return json.loads(text)
    except ValueError as error:
        try:
            return json.loads(_uncommented(text))
        except ValueError:
            raise Corrupt(f"The JSON cannot be read: {_where(error)}.") from error


def _uncommented(text: str) -> str:
    """Without comments and commas before a closing bracket, which editors and compilers let pass in their settings (tsconfig.json)."""
    return TRAILING.sub(_kept, COMMENT.sub(_kept, text))


def _kept(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else " "


def _where(error: ValueError) -> str:
    return f"line {error.lineno} is not well formed" if isinstance(error, json.JSONDecodeError) else "it is not well formed"


def _toml(content: bytes) -> Any:
    try:
        return tomllib.loads(decoded(content))
    except ValueError as error:
        found = re.search(r"line (\d+)", str(error))
        raise Corrupt(
            f"The TOML cannot be read: line {found[1]} is not well formed." if found else "The TOML cannot be read."
        ) from error


def _yaml(content: bytes) -> Any:
    """YAML 1.2's core schema: no and on are words, dates are text. Several documents are a list."""
    import yaml

    try:
        documents = list(yaml.load_all(decoded(content), Loader=_loader()))
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1} is not well formed" if error.problem_mark else "it is not well formed"
        raise Corrupt(f"The YAML cannot be read: {line}.") from error
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise Corrupt("The YAML cannot be read: it is not well formed.") from error
    value = documents[0] if len(documents) == 1 else documents
    check(value)
    return _plain(value)


@cache
def _loader() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("CoreLoader", (base,), {"yaml_implicit_resolvers": {}})
    for tag, pattern, first in (
        ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
        ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
        (
            "float",
            r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
            "-+.0123456789",
        ),
        ("null", r"~|null|Null|NULL|", "~nN"),
        ("merge", r"<<", "<"),
    ):
        firsts = [*first, *([""] if tag == "null" else [])]
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"^(?:{pattern})\Z"), firsts)
    loader.add_constructor("tag:yaml.org,2002:int", lambda made, node: _whole(made.construct_scalar(node)))
    # what a tag asks for is not made: its plain content is shown
    loader.add_multi_constructor("!", lambda made, tag, node: _content(made, node))
    loader.add_multi_constructor("tag:yaml.org,2002:python", lambda made, tag, node: _content(made, node))
    return loader


def _whole(text: str) -> int:
    word = text.lower()
    base = 8 if word.startswith("0o") else 16 if word.startswith("0x") else 10
    return int(word, base) if len(word) < 4000 else 0


def _content(made: Any, node: Any) -> Any:
    if node.id == "scalar":
        return made.construct_scalar(node)
    return made.construct_sequence(node, deep=True) if node.id == "sequence" else made.construct_mapping(node, deep=True)


def _plain(value: Any) -> Any:
    """Keys as text, sets and pairs as lists. What is counted first may be copied."""
    if isinstance(value, dict):
        return {(key if isinstance(key, str) else _key(key)): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, set, tuple)) else value


def _key(key: Any) -> str:
    return "null" if key is None else shown(key)


def _ini(content: bytes) -> Any:
    """Sections of names and values, names as they are written; what stands before the first section has none."""
    parser = configparser.RawConfigParser(
        strict=False, allow_no_value=True, interpolation=None, delimiters=("=", ":"), comment_prefixes=("#", ";")
    )
    parser.optionxform = str  # type: ignore[reportAttributeAccessIssue]
    text = decoded(content)
    first = "\0"
    try:
        parser.read_string(text if re.match(r"\s*(?:[#;].*\n\s*)*\[", text) else f"[{first}]\n{text}")
    except configparser.Error as error:
        raise Corrupt("The settings cannot be read: a line is neither a section nor a name with a value.") from error
    made: dict[str, Any] = {}
    for name in parser.sections():
        values = dict(parser.items(name))
        made.update(values) if name == first else made.update({name: values})
    return made


def _plist(content: bytes) -> Any:
    if re.search(rb"<!ENTITY", content[:65536]):
        raise Corrupt("The property list declares entities, which none has.")
    try:
        value = plistlib.loads(content)
    except RecursionError:
        raise
    except Exception as error:  # plistlib raises whatever broken content drives it to
        raise Corrupt("The property list is broken.") from error
    check(value)
    return _plain(value)


def _bib(content: bytes) -> Any:
    return bibtex.entries(decoded(content))


READERS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "JSON": _json, "YAML": _yaml, "TOML": _toml, "INI": _ini, "PLIST": _plist, "BIB": _bib,
}  # fmt: skip


# --- writing ----------------------------------------------------------------------------------------------------------------


def dumped(value: Any, target: str) -> bytes:
    """JSON, YAML or TOML. Raises ConverterFailed for what the format cannot hold."""
    if target == "JSON":
        return (json.dumps(_known(value, keep_dates=False), ensure_ascii=False, indent=2, default=shown) + "\n").encode()
    if target == "YAML":
        import yaml

        dumper: Any = type("PlainDumper", (yaml.SafeDumper,), {"ignore_aliases": lambda self, data: True})
        text = yaml.dump(_known(value, keep_dates=False), Dumper=dumper, allow_unicode=True, sort_keys=False, width=120)
        return str(text).encode()
    import tomli_w

    if not isinstance(value, dict):
        raise ConverterFailed("The top of a TOML file has names; this data is a list or a single value.")
    return tomli_w.dumps(_known(value, keep_dates=True, no_null=True)).encode()


def _known(value: Any, *, keep_dates: bool, no_null: bool = False) -> Any:
    """Only what the format has: other values as their text, no null where there is none."""
    if isinstance(value, dict):
        return {
            str(key): _known(part, keep_dates=keep_dates, no_null=no_null)
            for key, part in value.items()
            if not (no_null and part is None)
        }
    if isinstance(value, list):
        return [_known(part, keep_dates=keep_dates, no_null=no_null) for part in value if not (no_null and part is None)]
    if isinstance(value, float) and not keep_dates and value - value != 0:  # infinite, or not a number
        return None
    if value is None or isinstance(value, (str, int, float)):
        return value
    return value if keep_dates and not isinstance(value, bytes) else shown(value)
