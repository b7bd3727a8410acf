"""Source code and marked-up texts: what they declare, as an outline with lines. The highlighted page is ``text``'s."""

from __future__ import annotations

from omnic_stream.model.contracts import Converter, Cost, Limits, Loss, MiB, Tool, WarmCall

LANGUAGES = (
    *(
        "PY",
        "JS",
        "MJS",
        "TS",
        "D.TS",
        "TSX",
        "JSX",
        "VUE",
        "es5.js",
        "C",
        "CPP",
        "JAVA",
        "CS",
        "KT",
        "SWIFT",
        "SCALA",
        "GO",
        "RS",
        "RB",
    ),
    *(
        "PHP",
        "PL",
        "SH",
        "PS1",
        "LUA",
        "HS",
        "R",
        "JL",
        "SQL",
        "CSS",
        "SCSS",
        "LESS",
        "CMAKE",
        "MAKE",
        "DOCKERFILE",
        "PROTO",
        "GRAPHQL",
    ),
    *("DIFF", "SPEC", "ORG", "ADOC", "TYP", "MEDIAWIKI", "MAN", "TEX", "MD", "RST", "HTML"),
)

CONVERTERS: tuple[Converter, ...] = (
    Converter(
        id="code.outline",
        version=1,
        family="code",
        inputs=LANGUAGES,
        outputs=("outline.json",),
        run=WarmCall(function="omnic_stream.converters.warm.code:outline", limits=Limits(seconds=60, stall=60, memory=512 * MiB)),
        cost=Cost(ms=10, ms_per_mib=1500),
        loss=Loss.EXTRACTS,
        tools=(Tool("pygments", pip="Pygments", module=True),),
        specimen="field-notes.md",
    ),
)
