"""Scripts and style sheets: compiled, lowered, minified. One at a time: nothing is bundled, no other file is read.

What is made as ``es5.js`` or ``min.js`` is read by an ES5 parser before it leaves; ``min.js:latest`` keeps the language of its source.
"""

from __future__ import annotations

from omnic_stream.model.contracts import Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

WARM = "omnic_stream.converters.warm.javascript:"
NODE = Tool("node", debian="nodejs")
SWC = Tool("@swc/core", npm="@swc/core")
ACORN = Tool("acorn", npm="acorn")
ESBUILD = Tool("esbuild", npm="esbuild")
SASS = Tool("sass", npm="sass")
LESS = Tool("less", npm="less")
LIGHTNING = Tool("lightningcss", pip="lightningcss", module=True)
LIBSASS = Tool("sass", pip="libsass", module=True)

SCRIPTS = ("JS", "MJS", "TS", "TSX", "JSX", "D.TS")
"""D.TS, which as a TS would be accepted anyway, to be refused by its own name: it compiles to nothing."""
# node reserves far more addresses than it uses; its own heap limit stands in for RLIMIT_AS
LIMITS = Limits(seconds=60, stall=60, memory=1 * GiB, output=64 * MiB, address_space=None)
QUICK = Limits(seconds=30, stall=30, memory=512 * MiB, output=64 * MiB)


def _by_node(
    id: str,
    inputs: tuple[str, ...],
    output: str,
    *tools: Tool,
    takes: tuple[str, ...] = (),
    specimen: str | None = "tide.ts",
    ms: float = 250,
) -> Converter:
    return Converter(
        id=id,
        version=1,
        family="code",
        inputs=inputs,
        outputs=(output,),
        run=WarmCall(function=WARM + "compiled", worker="heavy", limits=LIMITS, risky=True),
        cost=Cost(ms=ms, ms_per_mib=4000),
        loss=Loss.RESTYLES,
        takes=takes,
        tools=(NODE, *tools),
        specimen=specimen,
    )


def _by_wheel(id: str, function: str, source: str, output: str, tool: Tool, specimen: str) -> Converter:
    return Converter(
        id=id,
        version=1,
        family="code",
        inputs=(source,),
        outputs=(output,),
        run=WarmCall(function=WARM + function, limits=QUICK),
        cost=Cost(ms=10, ms_per_mib=400),
        loss=Loss.RESTYLES,
        tools=(tool,),
        specimen=specimen,
    )


CONVERTERS: tuple[Converter, ...] = (
    _by_node("script.plain", SCRIPTS, "JS", SWC, ACORN, takes=("ecma",)),
    _by_node("script.es5", SCRIPTS, "es5.js", SWC, ACORN),
    _by_node("script.small", SCRIPTS, "min.js", SWC, ACORN, takes=("ecma",)),
    _by_node("script.map", SCRIPTS, "source-map.json", SWC, ACORN, takes=("ecma",)),
    # the quick one refuses what it does not know; what it refuses goes to the one that keeps it as browsers do
    _by_wheel("style.small", "lightning", "CSS", "min.css", LIGHTNING, "tide.css"),
    _by_node("style.small-lenient", ("CSS",), "min.css", ESBUILD, specimen="tide.css"),
    _by_node("style.plain", ("min.css",), "CSS", ESBUILD, specimen="tide.min.css"),
    _by_wheel("sass.quick", "libsass", "SCSS", "CSS", LIBSASS, "tide.scss"),
    _by_node("sass.whole", ("SCSS",), "CSS", SASS, specimen="tide.scss", ms=400),
    _by_node("less.style", ("LESS",), "CSS", LESS, specimen="tide.less"),
)
