from __future__ import annotations

import json
import subprocess

import pytest

from omnic_stream.converters.javascript import ACORN, ESBUILD, LESS, SASS, SWC
from omnic_stream.converters.warm import javascript
from omnic_stream.model.contracts import NODE_MODULES, Tool
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive
from omnic_stream.runner import open_runner
from omnic_stream.runner.tools import probe

SCRIPTS = {
    "code/Compiler.js": "JS",
    "code/esm.mjs": "MJS",
    "code/index-browser.ts": "TS",
    "code/a.tsx": "TSX",
    "code/source-map.min.js": "min.js",
}
TIDES = b"""
export interface Tide { at: number; metres: number }
export class Table {
  #tides: Tide[] = [];
  constructor(...tides: Tide[]) { this.#tides.push(...tides); }
  *high(least = 3) { for (const { at, metres } of this.#tides) if (metres >= least) yield `${at}h`; }
}
export async function told(table: Table) { return [...table.high()].join() || "none"; }
"""


def made(run, content: bytes | str, source: str, target: str, **arguments: str) -> str:
    return run(javascript.compiled, content, source, target, **arguments).getvalue().decode()


def node(program: str, *words: str, stdin: str = "") -> str:
    """What Node.js prints, with the packages of the converters in reach."""
    ended = subprocess.run(
        ["node", "-e", program, *words],
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
        env={"NODE_PATH": str(NODE_MODULES), "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )
    return ended.stdout.strip()


def language(code: str) -> str:
    """The least level that reads the code: ``5 script`` ... ``13 module``, ``none``."""
    program = """
    const code = require("fs").readFileSync(0, "utf8"), { parse } = require("acorn");
    for (let ecmaVersion = 5; ecmaVersion < 14; ecmaVersion++) for (const sourceType of ["script", "module"])
      try {
        if (ecmaVersion == 5 && sourceType == "module") continue;
        parse(code, { ecmaVersion, sourceType });
        console.log(ecmaVersion, sourceType);
        process.exit();
      } catch {}
    console.log("none");"""
    return node(program, stdin=code)


@pytest.mark.parametrize("target", ["min.js", "es5.js"])
@pytest.mark.parametrize(("path", "source"), SCRIPTS.items())
def test_what_is_made_for_every_engine_is_es5(run, zoo, path, source, target):
    code = made(run, path, source, target)
    assert language(code) == "5 script" and language("let a = 1") == "6 script"
    if target == "min.js":
        assert "sourceMappingURL" not in code and code.count("\n") <= 4


def test_a_minified_script_keeps_its_language_when_it_is_asked_to(run, zoo):
    size = (zoo / "code/Compiler.js").stat().st_size
    old, new = made(run, "code/Compiler.js", "JS", "min.js"), made(run, "code/Compiler.js", "JS", "min.js", ecma="latest")
    assert len(new) < len(old) < size / 2 and "class Compiler" in new and "class Compiler" not in old
    module = made(run, "code/esm.mjs", "MJS", "min.js", ecma="es2022")
    assert module.startswith("import ") and "export const{program," in module and language(module) == "6 module"


def test_types_are_taken_out_of_a_typescript(run):
    code = made(run, "code/index-browser.ts", "TS", "JS")
    assert "interface" not in code and ": string" not in code and "import type" not in code
    assert "export function findConfigUpwards" in code and "// eslint-disable-next-line require-yield" in code
    assert language(code) == "6 module"
    assert "async " in made(run, TIDES, "TS", "JS") and "async " not in made(run, TIDES, "TS", "JS", ecma="es2015")


def test_elements_become_calls(run):
    code = made(run, "code/a.tsx", "TSX", "JS")
    assert 'from "react/jsx-runtime"' in code and "<b" not in code and '_jsx("b"' in code
    classic = made(run, b"import React from 'react'; export const r = <i title='x'/>", "JSX", "JS")
    assert 'React.createElement("i"' in classic and "jsx-runtime" not in classic
    own = made(run, b"/** @jsx h */ const r = <i/>", "JSX", "JS")
    assert 'h("i"' in own


@pytest.mark.parametrize("target", ["es5.js", "min.js"])
def test_what_was_lowered_does_what_it_did(run, target):
    code = made(run, TIDES, "TS", target)
    program = """
    const module = { exports: {} };
    new Function("module", "exports", require("fs").readFileSync(0, "utf8"))(module, module.exports);
    const { Table, told } = module.exports;
    told(new Table({ at: 2, metres: 4 }, { at: 8, metres: 1 }, { at: 14, metres: 3.5 })).then(console.log);"""
    assert node(program, stdin=code) == "2h,14h"
    # without a loader it defines itself as a global
    program = """
    const vm = require("vm"), world = vm.createContext({});
    vm.runInContext(require("fs").readFileSync(0, "utf8"), world);
    console.log(Object.keys(world.script).join());"""
    assert node(program, stdin=code) == "Table,told"


def test_a_source_map_leads_from_the_minified_script_to_its_source(run):
    source = b"// one\n// two\nfunction first() { return 1; }\nconsole.log(first(), 'here');\n"
    told = made(run, source, "JS", "source-map.json")
    code = made(run, source, "JS", "min.js")
    program = """
    const [code, map] = JSON.parse(require("fs").readFileSync(0, "utf8")), { SourceMap } = require("module");
    const { originalSource, originalLine, originalColumn } = new SourceMap(JSON.parse(map)).findEntry(0, code.indexOf("console"));
    console.log(originalSource, originalLine, originalColumn);"""
    assert node(program, stdin=json.dumps([code, told])) == "script.js 3 0"
    assert json.loads(told)["sourcesContent"] == [source.decode()]


def test_no_map_and_no_configuration_of_the_machine_is_read(run, tmp_path):
    (tmp_path / "secret.map").write_text('{"version":3,"sources":["SECRET"],"names":[],"mappings":"AAAA"}')
    told = made(run, f"let a = 1;\n//# sourceMappingURL={tmp_path / 'secret.map'}\n".encode(), "JS", "source-map.json")
    assert "SECRET" not in told and json.loads(told)["sources"] == ["script.js"]


@pytest.mark.parametrize(
    ("content", "source", "expected"),
    [
        (b"const a = ;\nfoo(", "JS", r"Expression expected \(line 1, column 11\)"),
        (b"let x = 1;\nlet y = 'abc", "TS", r"Unterminated string constant \(line 2, column 9\)"),
        (b"\n\n  function (", "MJS", r"\(line 3, column \d+\)"),
        (b"const r = <div>\n", "JSX", r"\(line \d+, column \d+\)"),
    ],
)
def test_a_broken_script_is_answered_with_line_and_column(run, content, source, expected):
    with pytest.raises(Corrupt, match=expected) as caught:
        made(run, content, source, "min.js")
    assert "\n" not in caught.value.message and "backtrace" not in caught.value.message


@pytest.mark.parametrize("content", [b"let x = 10n;", b"export const u = import.meta.url;", b"import('x').then(f => f)"])
def test_what_has_no_words_in_es5_is_refused_and_to_be_had_as_it_is(run, content):
    with pytest.raises(ConverterFailed, match=r"ES2020.*min\.js:latest"):
        made(run, content, "MJS", "min.js")
    assert len(made(run, content, "MJS", "min.js", ecma="latest")) <= len(content)


def test_declarations_hold_no_script(run):
    with pytest.raises(ConverterFailed, match="types only"):
        made(run, "code/Visitor.d.ts", "D.TS", "JS")


def test_a_script_of_any_encoding_is_read(run):
    assert made(run, "let é = 'ü';".encode("utf-16"), "JS", "JS").strip() == "let é = 'ü';"


def test_a_script_that_is_too_long_is_not_compiled(run):
    with pytest.raises(TooExpensive, match="4 MiB"):
        made(run, b" " * ((4 << 20) + 1), "JS", "min.js")


# --- style sheets


def test_a_style_sheet_is_minified(run):
    code = (
        run(javascript.lightning, b"a { color: #ff0000; margin: 0px 0px 0px 0px }\n\n/* gone */ b > i { }", "CSS", "min.css")
        .getvalue()
        .decode()
    )
    assert code == "a{color:red;margin:0}"


def test_what_a_browser_passes_over_is_kept_by_the_lenient_one(run, zoo):
    hack = b"a { color: red; *zoom: 1; width: 10px }"
    with pytest.raises(ConverterFailed, match=r"line 1, column 2\d"):
        run(javascript.lightning, hack, "CSS", "min.css")
    assert made(run, hack, "CSS", "min.css").strip() == "a{color:red;*zoom: 1;width:10px}"
    with pytest.raises(ConverterFailed, match=r"line 199, column 5"):
        run(javascript.lightning, "code/gnumeric.css", "CSS", "min.css")
    small = made(run, "code/gnumeric.css", "CSS", "min.css")
    assert len(small) < 0.4 * (zoo / "code/gnumeric.css").stat().st_size
    assert "-GnmPane-function-indicator-size:10px" in small and "/*" not in small


def test_a_minified_style_sheet_is_laid_out_again(run):
    assert made(run, b"a{color:red}b{margin:0}", "min.css", "CSS") == "a {\n  color: red;\n}\nb {\n  margin: 0;\n}\n"


SCSS = b"$w: #0055aa;\n.tide { color: $w; .high { &:hover { width: 1px + 2px; } } }"


def test_sass_is_compiled_by_either(run):
    for function in (javascript.libsass, javascript.compiled):
        code = run(function, SCSS, "SCSS", "CSS").getvalue().decode()
        assert ".tide {\n  color: #0055aa;\n}" in code and ".tide .high:hover {\n  width: 3px;\n}" in code


def test_sass_with_modules_is_left_to_dart_sass(run):
    modules = b'@use "sass:math";\na { width: math.div(10px, 4); }'
    with pytest.raises(ConverterFailed, match="modules"):
        run(javascript.libsass, modules, "SCSS", "CSS")
    assert made(run, modules, "SCSS", "CSS") == "a {\n  width: 2.5px;\n}\n"


def test_less_is_compiled(run):
    code = made(run, b"@w: 2em;\n.a { width: (@w + 1em); .b { .mixed() } }\n.mixed() { color: red }", "LESS", "CSS")
    assert ".a {\n  width: 3em;\n}" in code and ".a .b {\n  color: red;\n}" in code


@pytest.mark.parametrize(
    ("content", "source", "function", "expected"),
    [
        (b"a {\n  b: $x }", "SCSS", "compiled", r"Undefined variable \(line 2, column 6\)"),
        (b"a {\n  b: $x }", "SCSS", "libsass", r"Undefined variable.* \(line 2, column \d\)"),
        (b"a { b: @x }", "LESS", "compiled", r"undefined \(line 1, column 8\)"),
        (b"a { b: `1 + 1` }", "LESS", "compiled", r"JavaScript is not enabled"),
    ],
)
def test_a_broken_style_sheet_is_answered_with_line_and_column(run, content, source, function, expected):
    with pytest.raises(Corrupt if function == "compiled" else ConverterFailed, match=expected):
        run(getattr(javascript, function), content, source, "CSS")


@pytest.mark.parametrize(
    ("template", "source", "function"),
    [
        ('@import "{}";', "SCSS", "libsass"),
        ('@import "{}";', "SCSS", "compiled"),
        ('@use "{}";', "SCSS", "compiled"),
        ('@import (inline) "{}";', "LESS", "compiled"),
        ('@import "{}";', "LESS", "compiled"),
        ('@plugin "{}";', "LESS", "compiled"),
        ('a {{ b: data-uri("{}") }}', "LESS", "compiled"),
        ('@import url("{}");', "CSS", "compiled"),
    ],
)
def test_no_other_file_is_read(run, tmp_path, template, source, function):
    for name in ("secret.scss", "secret.less", "secret.css", "secret.js", "_secret.scss"):
        (tmp_path / name).write_text(".secret { color: #5ec2e7 }")
    content = template.format(tmp_path / f"secret.{source.lower()}").encode()
    try:
        code = run(getattr(javascript, function), content, source, "min.css" if source == "CSS" else "CSS").getvalue()
    except (ConverterFailed, Corrupt) as error:
        code = error.message.encode()
    assert b"5ec2e7" not in code and b"NWVjMmU3" not in code


# --- the tools


async def test_the_packages_of_npm_are_found_by_loading_them(sandboxed_runner):
    states = await probe((SWC, ACORN, ESBUILD, SASS, LESS, Tool("left-out", npm="left-out")), sandboxed_runner, {})
    locked = json.loads((javascript.COMPILE.parent / "package-lock.json").read_text())["packages"]
    assert [state.version for state in states[:5]] == [locked[f"node_modules/{state.tool.npm}"]["version"] for state in states[:5]]
    assert states[5].version is None and states[5].problem == "left-out is not installed."


@pytest.fixture
async def sandboxed_runner():
    async with open_runner(slots=1) as runner:
        yield runner
