"""GDAL's programs beside a warm function: one driver to read with, one to write with, nothing remote, nothing virtual."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from omnic_stream.converters.warm import programs
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed, Corrupt, OmnicError, TooExpensive

READS: Final = {
    "GEOJSON": ("GeoJSON",), "GPX": ("GPX",), "KML": ("LIBKML", "KML"), "KMZ": ("LIBKML",), "GPKG": ("GPKG",), "FGB": ("FlatGeobuf",),
    "GML": ("GML",), "SHP.ZIP": ("ESRI Shapefile",), "OSM": ("OSM",), "OSM.PBF": ("OSM",), "GEOTIFF": ("GTiff",),
}  # fmt: skip
OPTIONS: Final = {"GML": ("-oo", "DOWNLOAD_SCHEMA=NO")}
UNWANTED: Final = frozenset({"route_points", "track_points"})
"""Layers of a GPX that say again what routes and tracks say."""
SCRATCH: Final = "/tmp"  # noqa: S108 (of the cage, 64 MiB)
SAFE: Final = {
    "CPL_DEBUG": "OFF", "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none", "GDAL_HTTP_MAX_RETRY": "0", "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_DRIVER_PATH": "disable", "PROJ_NETWORK": "OFF", "GML_SKIP_RESOLVE_ELEMS": "ALL", "GML_SKIP_CORRUPTED_FEATURES": "YES",
    "GDAL_PAM_ENABLED": "NO", "GDAL_VRT_ENABLE_PYTHON": "NO", "OGR_SQLITE_LOAD_EXTENSIONS": "", "CPL_TMPDIR": SCRATCH, "OSM_MAX_TMPFILE_SIZE": "300",
    "GDAL_CACHEMAX": "128", "OGR_GEOJSON_MAX_OBJ_SIZE": "200", "GDAL_NUM_THREADS": "1",
}  # fmt: skip
"""https://gdal.org/user/configoptions.html: no file beside the one that is given, no request, no code."""
LINE: Final = re.compile(r"^  (?P<name>.+?) -[\w, ]+- \(")


def environment(*drivers: str) -> dict[str, str]:
    """All drivers but these are left out, whatever the content looks like (GDAL_SKIP): ogr2ogr has no option for it before 3.7."""
    skipped = ",".join(name for name in _drivers() if name not in drivers)
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
        **SAFE,
        "GDAL_SKIP": skipped,
    }


@cache
def _drivers() -> tuple[str, ...]:
    names: dict[str, None] = {}
    for program in ("ogr2ogr", "gdal_translate"):
        told = programs.run(
            [program, "--formats"], env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "GDAL_DRIVER_PATH": "disable"}
        )
        names.update((found["name"], None) for line in told.decode("utf-8", "replace").splitlines() if (found := LINE.match(line)))
    return tuple(names)


@contextmanager
def source(call: Call) -> Iterator[tuple[str, Path]]:
    """The input under a name that its driver goes by, and an empty folder. The link leads to the descriptor that is handed over."""
    with tempfile.TemporaryDirectory(prefix="step-") as name:
        folder = Path(name)
        given = folder / f"in.{call.source.lower()}"
        given.symlink_to(programs.path_of(call.input))
        # SQLite follows links to a name that is not in the cage; through GDAL's own files it opens what it is given
        yield (f"/vsisubfile/0_{os.fstat(call.input).st_size},{given}" if call.source == "GPKG" else str(given)), folder


@dataclass(frozen=True, slots=True)
class Layer:
    """What ``ogrinfo -so`` tells of a layer."""

    name: str
    geometry: str
    count: int
    """-1 where counting would mean reading all."""
    extent: tuple[float, float, float, float] | None
    reference: str
    """Its coordinate reference system: authority and code where it has them, else its name, else nothing."""
    fields: tuple[tuple[str, str], ...]


WHOLE: Final = frozenset({"GEOJSON", "KML", "KMZ"})
"""Read to their end before the first feature is handed on."""
LOOKED: Final = 0.3
"""Share of the time in which a program reads all to tell what is there, before another converts it."""
LOADED: Final = 0.6
WRITTEN: Final = 0.95


def layers(call: Call, path: str) -> tuple[Layer, ...]:
    """Raises Corrupt."""
    argv = ["ogrinfo", "-ro", "-so", "-al", *OPTIONS.get(call.source, ()), path]

    def report(fraction: float) -> None:
        call.report(LOOKED * fraction)

    try:
        told = programs.run(
            argv, descriptors=(call.input,), env=environment(*READS[call.source]), watch=call.input, report=report
        ).decode("utf-8", "replace")
    except ConverterFailed as error:
        raise Corrupt("The map cannot be read: it is broken, cut short, or of a kind that is not known here.") from error
    return tuple(_layer(part) for part in re.split(r"^Layer name: ", told, flags=re.MULTILINE)[1:])


def _layer(text: str) -> Layer:
    lines = text.splitlines()
    values = dict(line.split(": ", 1) for line in lines if ": " in line and not line.startswith(" "))
    numbers = re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?", values.get("Extent", ""), re.IGNORECASE)
    extent = tuple(map(float, numbers)) if len(numbers) == 4 else None
    count = values.get("Feature Count", "")
    wkt = text.partition("Layer SRS WKT:")[2].partition("Data axis")[0]
    fields = [found.groups() for line in lines if (found := re.match(r"^([^:\n]+): (\w+(?:\(\w+\))?) \(\d+\.\d+\)", line))]
    return Layer(
        name=lines[0].strip(),
        geometry=values.get("Geometry", ""),
        count=int(count) if count.lstrip("-").isdigit() else -1,
        extent=extent if extent is None or len(extent) == 4 else None,
        reference=reference(wkt),
        fields=tuple((str(name), str(kind)) for name, kind in fields),
    )


def reference(wkt: str) -> str:
    """Authority and code of a reference system in WKT, else its name."""
    found = re.findall(r'^ {4}ID\["(\w+)",\s*"?(\w+)"?\]', wkt, re.MULTILINE)
    if found:
        return ":".join(found[-1])
    name = re.match(r'\s*\w+\["([^"]+)"', wkt)
    return name[1] if name else ""


def features(call: Call) -> Iterator[dict[str, Any]]:
    """Every feature of every layer as GeoJSON in WGS 84, one at a time as ogr2ogr writes them. Raises Corrupt, TooExpensive."""
    with source(call) as (path, _):
        found = [layer for layer in layers(call, path) if layer.name not in UNWANTED and layer.count != 0]
        total = sum(layer.count for layer in found) if all(layer.count > 0 for layer in found) else 0
        done = 0
        env = environment(*READS[call.source], "GeoJSONSeq")
        for layer in found:
            argv = ["ogr2ogr", "-f", "GeoJSONSeq", *OPTIONS.get(call.source, ()), "-skipfailures", "/vsistdout/", path, layer.name]
            for line in _lines(argv, call.input, env):
                done += 1
                if total and done % 64 == 0:
                    call.report(LOOKED + 0.5 * min(done / total, 1.0))
                feature = json.loads(line)
                feature["layer"] = layer.name
                yield feature


def _lines(argv: Sequence[str], descriptor: int, env: dict[str, str]) -> Iterator[bytes]:
    """What the program writes, line by line, while it runs."""
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, pass_fds=(descriptor,), env=env
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.strip(b"\x1e \r\n"):
                    yield line.strip(b"\x1e")
        except BaseException:
            process.kill()
            raise
        if process.wait() != 0:
            said.seek(0)
            raise complaint(said.read(4096).decode("utf-8", "replace"))


def complaint(words: str) -> OmnicError:
    if "No space left" in words:
        return TooExpensive("The map is larger than the 64 MiB that this conversion has room for.")
    line = next((each for each in words.splitlines() if each.startswith("ERROR")), "")
    plain = re.sub(r"/\S+", "it", re.sub(r"^ERROR \d+: ", "", line))[:200]
    return Corrupt(f"The map cannot be converted: {plain}" if plain else "The map cannot be converted.")


def converted(call: Call, argv: Sequence[str], *drivers: str) -> None:
    """Run ogr2ogr with ``-progress``, whose figures come without a line's end: 0...10...20, a dot for each 2.5.

    Where the whole input is read first, that says nothing: so far one looks at how much has been read. Raises Corrupt, TooExpensive.
    """
    env = environment(*drivers)
    start = LOADED if call.source in WHOLE else LOOKED
    begun = False

    def reading(fraction: float) -> None:
        if not begun:
            call.report(LOOKED + (start - LOOKED) * fraction)

    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            ["ogr2ogr", "-progress", *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            pass_fds=(call.input,),
            env=env,
        ) as process,
        programs.watched(process.pid, call.input, reading),
    ):
        assert process.stdout is not None
        told = b""
        while part := os.read(process.stdout.fileno(), 256):
            told = (told + part)[-64:]
            if marks := list(re.finditer(rb"(\d{1,3})(\.*)", told)):
                done = min(int(marks[-1][1]) + 2.5 * len(marks[-1][2]), 100) / 100
                begun = done > 0
                call.report(start + (WRITTEN - start) * done)
        if process.wait() != 0:
            said.seek(0)
            raise complaint(said.read(4096).decode("utf-8", "replace"))
