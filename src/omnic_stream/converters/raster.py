"""Raster pictures beyond the everyday ones: raw, medical, film, layered, JPEG XL."""

from __future__ import annotations

from dataclasses import replace

from omnic_stream.converters.audio import FFMPEG, WHEEL
from omnic_stream.converters.image import CHOOSING, CODECS, PILLOW, STILLS, VIPS, WRITTEN
from omnic_stream.model.contracts import Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

NUMPY = Tool("numpy", pip="numpy", module=True)
OPENEXR = Tool("OpenEXR", pip="OpenEXR", module=True)
RAWPY = Tool("rawpy", pip="rawpy", module=True)
PYDICOM = Tool("pydicom", pip="pydicom", module=True)
PSD_TOOLS = Tool("psd_tools", pip="psd-tools", module=True)
SENSORS = ("DNG", "NEF", "ARW", "PEF", "SRW")
"""Raw files whose sensor data are developed: built on public standards (DNG, TIFF/EP), by which files to prove it could be made."""
RAWS = (*SENSORS, "CR2", "CR3", "RAF", "RW2")
"""Raw files of which the camera's own picture is shown."""
LIMITS = Limits(seconds=120, stall=90, cpu=110, memory=2 * GiB, address_space=None, output=256 * MiB)
PROFILED = replace(LIMITS, stall=30)
"""ffmpeg 9 waits without end for the rest of a JPEG XL that is cut short."""


def _pair(
    id: str,
    inputs: tuple[str, ...],
    ms: float,
    ms_per_mib: float,
    specimen: str,
    *tools: Tool,
    module: str = "raster",
    loss: Loss = Loss.REENCODES,
    version: int = 1,
    prefix: str = "",
) -> tuple[Converter, ...]:
    """To stills at once, and to files of the everyday formats."""

    def made(id: str, function: str, outputs: tuple[str, ...], ms: float) -> Converter:
        return Converter(
            id=id,
            version=version,
            inputs=inputs,
            outputs=outputs,
            run=WarmCall(
                function=f"omnic_stream.converters.warm.{module}:{prefix}{function}",
                worker="heavy",
                limits=PROFILED if module == "jxl_profile" else LIMITS,
                risky=module == "jxl_profile",
            ),
            cost=Cost(ms=ms, ms_per_mib=ms_per_mib),
            loss=loss,
            takes=CHOOSING,
            tools=(VIPS, PILLOW, NUMPY, *tools),
            specimen=specimen,
            family="image",
        )

    return made(f"{id}-thumb", "thumb", STILLS, ms), made(id, "convert", WRITTEN, ms + 20)


CONVERTERS: tuple[Converter, ...] = (
    *_pair("raster.jxl", ("JXL",), 40, 150, "beacon.jxl", CODECS, version=3),
    # where an ICC profile tells the colours, the above gives up
    *_pair("raster.jxl-profile", ("JXL",), 400, 400, "beacon-profile.jxl", CODECS, FFMPEG, module="jxl_profile"),
    *_pair(
        "raster.jxl-profile-wheel", ("JXL",), 440, 440, "beacon-profile.jxl", CODECS, WHEEL, module="jxl_profile", prefix="WHEEL."
    ),
    *_pair("raster.codecs", ("JXR", "JLS", "HDR"), 40, 100, "beacon.jxr", CODECS, version=2),
    *_pair("raster.float", ("PFM",), 30, 30, "beacon.pfm"),
    *_pair("raster.exr", ("EXR",), 40, 60, "beacon.exr", OPENEXR),
    *_pair("raster.psd", ("PSD",), 40, 60, "beacon.psd", PSD_TOOLS),
    *_pair("raster.xcf", ("XCF",), 60, 400, "beacon.xcf"),
    *_pair("raster.dicom", ("DICOM",), 60, 40, "beacon.dcm", PYDICOM, CODECS),
    *_pair("raster.raw", SENSORS, 500, 60, "beacon.dng", RAWPY, version=2),
    *_pair("raster.camera", RAWS, 30, 4, "beacon.nef", module="camera", loss=Loss.EXTRACTS),
)
