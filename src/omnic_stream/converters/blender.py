"""Blender's scenes by Blender itself, where it is installed: it weighs a gigabyte, so no profile brings it.

What else reads them (``mesh.assimp-too``) knows old files only, and of those the shapes and plain colours.
"""

from __future__ import annotations

from omnic_stream.converters.image import FITTING, PILLOW, STILLS, VIPS
from omnic_stream.model.contracts import Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

BLENDER = Tool("blender", debian="blender python3-numpy", probe=("--version",), licence="GPL-2.0-or-later")
"""Its writer of glTF wants numpy, which Debian's package does not depend on."""
LIMITS = Limits(seconds=180, stall=90, cpu=300, memory=4 * GiB, address_space=None, output=512 * MiB)
WARM = "omnic_stream.converters.warm.blender"

CONVERTERS: tuple[Converter, ...] = (
    Converter(
        id="blender.model",
        version=1,
        family="mesh",
        inputs=("BLEND",),
        outputs=("GLB",),
        run=WarmCall(function=f"{WARM}:to_glb", worker="heavy", limits=LIMITS, risky=True),
        cost=Cost(ms=2500, ms_per_mib=300),
        loss=Loss.REENCODES,  # lights, the world and surfaces that are computed stay behind
        tools=(BLENDER,),
        specimen="beacon.blend",
    ),
    Converter(
        id="blender.still",
        version=1,
        family="mesh",
        inputs=("BLEND",),
        outputs=("PNG", *STILLS),
        run=WarmCall(function=f"{WARM}:still", worker="heavy", limits=LIMITS, risky=True),
        cost=Cost(ms=6000, ms_per_mib=300),
        loss=Loss.RASTERISES,
        takes=FITTING,
        tools=(BLENDER, PILLOW, VIPS),
        specimen="beacon.blend",
    ),
)
