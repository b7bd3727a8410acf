"""Meshes and molecules."""

from __future__ import annotations

import io
import re
from collections import Counter

import numpy as np
import trimesh

from zoo.manifest import Row
from zoo.wrong import Wrong, must, near

READ_BY_TRIMESH = frozenset({"STL", "OBJ", "PLY", "OFF", "GLB", "GLTF", "3MF", "DAE"})


def loaded(made: bytes, kind: str) -> trimesh.Scene:
    try:
        scene = trimesh.load_scene(io.BytesIO(made), file_type=kind)
    except Exception as error:
        raise Wrong(f"trimesh cannot read it: {type(error).__name__}: {str(error)[:100]}") from error
    must(scene.geometry, "it holds no shapes")
    return scene


def _count(scene: trimesh.Scene) -> tuple[int, int]:
    """Vertices and faces of the scene as it is shown: a shape that stands in it twice counts twice."""
    shapes = [scene.geometry[scene.graph[node][1]] for node in scene.graph.nodes_geometry]
    return sum(len(shape.vertices) for shape in shapes), sum(len(getattr(shape, "faces", ())) for shape in shapes)


def mesh(made: bytes, row: Row, target: str) -> None:
    scene = loaded(made, target.rpartition(".")[2].lower())
    vertices, faces = _count(scene)
    must(vertices > 0, "it has no vertices")
    extents = np.asarray(scene.extents, dtype=float)
    must(np.isfinite(extents).all() and extents.max() > 0, "it has no size")
    if row.facts.faces is not None and "faces" not in row.facts.unheld:
        near(faces, row.facts.faces, "the number of faces", share=0.02)  # faces without an area may be left out
    elif row.format != "DXF" and "faces" not in row.facts.unheld:
        must(faces > 0, "it has no faces")
    if row.format in READ_BY_TRIMESH and "bounds" not in row.facts.unheld:
        try:
            source = trimesh.load_scene(row.file)
        except NotImplementedError:  # glTF 1.0
            return
        wanted, got = sorted(source.extents), sorted(extents)  # sorted: formats differ in which axis is up
        must(np.allclose(wanted, got, rtol=0.01, atol=0.001 * max(wanted)), f"it measures {_sizes(got)}, not {_sizes(wanted)}")


def _sizes(values: list[float]) -> str:
    return " x ".join(f"{value:.3g}" for value in values)


def atoms(formula: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for element, count in re.findall(r"([A-Z][a-z]?)(\d*)", formula):
        found[element] += int(count or 1)
    return found


def xyz(made: bytes, row: Row, target: str) -> None:
    lines = made.decode("ascii", "replace").splitlines()
    must(lines and lines[0].strip().isdigit(), "it begins with no count")
    number = int(lines[0])
    points = [line.split() for line in lines[2 : 2 + number]]
    must(number > 0 and len(points) == number and all(len(point) >= 4 for point in points), "lines are missing")
    places = np.array([[float(value) for value in point[1:4]] for point in points])
    must(np.isfinite(places).all() and (number == 1 or np.ptp(places, axis=0).max() > 0.5), "the atoms lie on one point")
    if row.facts.formula and "formula" not in row.facts.unheld:
        must(
            Counter(point[0].capitalize() for point in points) == atoms(row.facts.formula),
            f"it holds {_formula(points)}, not {row.facts.formula}",
        )


def _formula(points: list[list[str]]) -> str:
    return "".join(
        f"{element}{count if count > 1 else ''}"
        for element, count in sorted(Counter(point[0].capitalize() for point in points).items())
    )


ATOM = re.compile(r"\[\d*([A-Z][a-z]?|[a-z]{1,2}|\*)[^\]]*\]|(Br|Cl|[BCNOPSFI]|[bcnops])")


def smiles(made: bytes, row: Row, target: str) -> None:
    """Heavy atoms of the first molecule are those of the formula: hydrogen is implied in SMILES."""
    text = made.decode("ascii", "replace").strip()
    must(text, "it is empty")
    word = text.splitlines()[0].split()[0]
    if row.format == "RXN":
        must(">" in word or row.facts.formula is None, "it is no reaction")
        return
    found = Counter((bracketed or plain).capitalize() for bracketed, plain in ATOM.findall(word))
    if row.facts.formula and "formula" not in row.facts.unheld:
        wanted = atoms(row.facts.formula)
        wanted.pop("H", None)
        found.pop("H", None)
        must(found == wanted, f"its first molecule has {dict(found)}, not {dict(wanted)}")
