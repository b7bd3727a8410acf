"""Programs and libraries: what their headers tell, as a page, a card and JSON."""

from __future__ import annotations

from omnic_stream.converters.archive import PICTURE, THUMBS
from omnic_stream.converters.image import PILLOW, VIPS
from omnic_stream.model.contracts import Converter, Cost, GiB, Limits, Loss, Tool, WarmCall

WARM = "omnic_stream.converters.warm.binary:"
LIMITS = Limits(seconds=60, stall=60, memory=1 * GiB)
PYELFTOOLS = Tool("elftools", pip="pyelftools", module=True)
PEFILE = Tool("pefile", pip="pefile", module=True)


def read_by(name: str, format: str, *tools: Tool, specimen: str, ms: float) -> tuple[Converter, ...]:
    def one(word: str, function: str, outputs: tuple[str, ...], takes: tuple[str, ...] = ()) -> Converter:
        return Converter(
            id=f"{name}.{word}",
            version=1,
            family="binary",
            inputs=(format,),
            outputs=outputs,
            run=WarmCall(function=WARM + function, limits=LIMITS),
            cost=Cost(ms=ms + (20 if takes else 0), ms_per_mib=30),
            loss=Loss.EXTRACTS,
            takes=takes,
            tools=(*tools, *((PILLOW, VIPS) if takes else ())),
            specimen=specimen,
        )

    return (
        one("page", "page", ("HTML",)),
        one("facts", "metadata", ("metadata.json",)),
        one("picture", "picture", ("PNG", *THUMBS), PICTURE),
    )


CONVERTERS: tuple[Converter, ...] = (
    *read_by("elf", "ELF", PYELFTOOLS, specimen="lighthouse.elf", ms=40),
    *read_by("pe", "PE", PEFILE, specimen="lighthouse.exe", ms=40),
    *read_by("class", "CLASS", specimen="Lighthouse.class", ms=5),
    *read_by("wasm", "WASM", specimen="lighthouse.wasm", ms=5),
)
