"""Scripts and style sheets: what Node.js compiles in a program beside the worker, and what wheels do in it."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from omnic_stream.converters.warm import files, programs
from omnic_stream.converters.warm.pages import decoded, write
from omnic_stream.model.contracts import NODE_MODULES, Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, OmnicError

COMPILE = Path(__file__).parents[1] / "javascript_tools" / "compile.cjs"
LARGEST = 4 * MiB
HEAP = 640
"""MiB of Node.js's heap; the compilers beside it, which are native, have the rest of the limit."""
OLD = {"es5.js", "min.js", "source-map.json"}
LONGEST = 160


def compiled(call: Call) -> dict[str, int]:
    """JS, es5.js, min.js, source-map.json of a script; CSS or min.css of a style sheet. Raises Corrupt with line and column."""
    if call.source == "D.TS":
        raise ConverterFailed("The file declares types only: there is no script in it.")
    asked = {
        "text": _text(call),
        "source": call.source,
        "target": call.target,
        "ecma": "es5" if call.target == "es5.js" else call.arguments.get("ecma", "es5" if call.target in OLD else "latest"),
    }
    call.report(0.1)
    # Dart Sass, which is compiled to JavaScript, makes functions of text
    closed = () if call.source == "SCSS" else ("--disallow-code-generation-from-strings",)
    try:
        said = programs.run(
            ("node", f"--max-old-space-size={HEAP}", *closed, str(COMPILE)),
            stdin=json.dumps(asked).encode(),
            env={"NODE_PATH": str(NODE_MODULES), "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"},
        )
    except ConverterFailed as error:  # its last words are those of Node.js about a stack of our own
        raise ConverterFailed(f"The {_kind(call.source)} could not be compiled: the compiler gave up.") from error
    told: dict[str, Any] = json.loads(said)
    if "error" in told:
        raise _complaint(call.source, str(told["error"]), told.get("line"), told.get("column"))
    return write(call, str(told["made"]).encode())


def lightning(call: Call) -> dict[str, int]:
    """A minified style sheet. Raises ConverterFailed, which leaves it to another, where a browser would pass something over: what stands
    beside it would be lost here.
    """
    import lightningcss

    text = _text(call)
    try:
        made = str(lightningcss.process_stylesheet(text, filename="input.css", minify=True))
    except ValueError as error:
        at = re.search(r"^(?:Parsing stylesheet failed: )?(.*?) at input\.css:(\d+):(\d+)$", str(error), re.DOTALL)
        complaint = _complaint("CSS", at[1] if at else str(error), int(at[2]) + 1 if at else None, int(at[3]) if at else None)
        raise ConverterFailed(complaint.message) from error
    return write(call, made.encode())


def libsass(call: Call) -> dict[str, int]:
    """CSS of Sass without modules. Raises ConverterFailed, which leaves it to Dart Sass, for what is newer than libsass (2020)."""
    import sass

    text = _text(call)
    if re.search(r"@(?:use|forward)\b", text):
        raise ConverterFailed("The style sheet uses Sass modules, for which Dart Sass is needed.")

    def closed(path: str, _: str | None = None) -> Any:
        raise ConverterFailed(path)

    try:
        made = str(sass.compile(string=text, output_style="expanded", importers=[(0, closed)]))
    except sass.CompileError as error:
        said = str(error)
        at = re.search(r"on line (\d+):(\d+) of stdin", said)
        if "Traceback" in said:
            raise ConverterFailed("The style sheet imports another file, and other files are not read.") from error
        message = said.removeprefix("Error: ").partition("\n")[0]
        complaint = _complaint("SCSS", message, int(at[1]) if at else None, int(at[2]) if at else None)
        raise ConverterFailed(complaint.message) from error
    return write(call, made.encode())


def _text(call: Call) -> str:
    return decoded(files.read(call.input, LARGEST)).lstrip("\ufeff")


def _complaint(source: str, message: str, line: int | None, column: int | None) -> OmnicError:
    what = _kind(source)
    words = " ".join("".join(c if c.isprintable() else " " for c in message).split()).rstrip(".")[:LONGEST]
    if not line:
        return ConverterFailed(f"The {what} cannot be compiled: {words}.")
    where = f"line {line}, column {column}" if column else f"line {line}"
    return Corrupt(f"The {what} cannot be compiled: {words} ({where}).")


def _kind(source: str) -> str:
    return "style sheet" if source in {"CSS", "SCSS", "LESS", "min.css"} else "script"
