"""Molecules and crystals by Open Babel: into each other's formats, drawn, turning, in numbers."""

from __future__ import annotations

from omnic_stream.converters.mesh import DRAWN, EMBREE, FFMPEG, FFMPEG_WHEEL, NUMPY
from omnic_stream.model.contracts import Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

OBABEL = Tool("obabel", debian="openbabel", probe=("-V",), licence="GPL-2.0")
READ = ("MOL", "SDF", "SMI", "PDB", "XYZ", "CIF", "CML", "MOL2", "CDX", "CDXML", "RXN", "CAR", "MAE", "INCHI")
WRITTEN = ("SMI", "XYZ", "SDF", "MOL", "PDB", "CML", "INCHI", "MOL2")
WARM = "omnic_stream.converters.warm.molecule"
QUICK = Limits(seconds=120, stall=110, cpu=110, memory=2 * GiB, output=64 * MiB)
PLACED = Limits(seconds=900, stall=120, cpu=900, memory=2 * GiB, output=256 * MiB)
"""Places in space are a second's work for each molecule."""


def _made(
    id: str, function: str, outputs: tuple[str, ...], cost: Cost, loss: Loss, limits: Limits, *tools: Tool, version: int = 1
) -> Converter:
    return Converter(
        id=id,
        version=version,
        inputs=READ,
        outputs=outputs,
        run=WarmCall(function=f"{WARM}:{function}", worker="heavy", limits=limits, risky=True),
        cost=cost,
        loss=loss,
        tools=(OBABEL, NUMPY, *tools),
        specimen="menthol.mol",
        family="molecule",
    )


CONVERTERS: tuple[Converter, ...] = (
    _made("molecule.convert", "convert", WRITTEN, Cost(ms=150, ms_per_mib=4000), Loss.RESTYLES, PLACED, version=4),
    _made("molecule.draw", "draw", ("SVG",), Cost(ms=250, ms_per_mib=2000), Loss.RESTYLES, QUICK, version=2),
    _made("molecule.rotating", "rotating", ("rotating.webm",), Cost(ms=6000), Loss.RASTERISES, DRAWN, EMBREE, FFMPEG),
    _made("molecule.rotating-wheel", "rotating", ("rotating.webm",), Cost(ms=6500), Loss.RASTERISES, DRAWN, EMBREE, FFMPEG_WHEEL),
    _made("molecule.facts", "facts", ("metadata.json",), Cost(ms=300, ms_per_mib=2000), Loss.REENCODES, QUICK, version=3),
)
