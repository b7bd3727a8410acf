"""Crystals: a cell that symmetry filled, as molecules in one piece or as a few cells of a net, and the molecules of the asymmetric unit."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from omnic_stream.converters.warm.structure import Structure, bonded, neighbours


def whole(found: Structure) -> Structure:
    """A crystal's filled cell as molecules in one piece, each with its middle in the cell; of nets without end, a few cells side by side.

    Bonds are looked for across the cell's walls: the 26 cells around are there while they are.
    """
    made, closed = pieces(found)
    return bonded(made if closed else _repeated(made))


def pieces(found: Structure) -> tuple[Structure, bool]:
    """A filled cell with each molecule in one piece, and whether all of them end: a net's bonds lead from cell to cell for ever."""
    import numpy as np

    cell, count = found.cell, len(found.symbols)
    inside = np.linalg.inv(cell)
    steps = np.array([(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)])
    steps = steps[np.argsort(np.abs(steps).sum(axis=1), kind="stable")]
    images = np.concatenate([found.points + step @ cell for step in steps])
    pairs, _ = neighbours(found.symbols * len(steps), images)
    links: dict[int, list[tuple[int, Any]]] = {}
    for a, b in pairs:
        if a < count:
            links.setdefault(a, []).append((b % count, steps[b // count]))
    shift: dict[int, Any] = {}
    points = found.points.copy()
    finite = True
    for start in range(count):
        if start in shift:
            continue
        shift[start] = np.zeros(3, int)
        waiting, members, closed = [start], [start], True
        while waiting:
            here = waiting.pop()
            for there, step in links.get(here, ()):
                goal = shift[here] + step
                if there not in shift:
                    shift[there] = goal
                    waiting.append(there)
                    members.append(there)
                elif not np.array_equal(shift[there], goal):
                    closed = False
        if not closed:
            finite = False
            continue
        moved = points[members] + np.array([shift[each] for each in members]) @ cell
        middle = np.floor(moved.mean(axis=0) @ inside + 1e-6)
        points[members] = moved - middle @ cell
    return replace(found, points=points), finite


def _repeated(found: Structure) -> Structure:
    """Side by side until it is some eight angstroms wide each way, with the atoms of its far walls."""
    import numpy as np

    lengths = np.linalg.norm(found.cell, axis=1)
    times = [int(min(3, max(1, round(8 / length)))) for length in lengths]
    fractions = found.points @ np.linalg.inv(found.cell)
    fractions -= np.floor(fractions + 1e-4)
    symbols: list[str] = []
    places: list[Any] = []
    for x in range(-1, times[0] + 1):
        for y in range(-1, times[1] + 1):
            for z in range(-1, times[2] + 1):
                moved = fractions + np.array((x, y, z))
                kept = ((moved > -1e-3) & (moved < np.array(times) + 1e-3)).all(axis=1)
                symbols += [found.symbols[at] for at in np.flatnonzero(kept)]
                places.append(moved[kept])
    return replace(found, symbols=tuple(symbols), points=np.concatenate(places) @ found.cell, bonds=())


def grown(part: Structure, filled: Structure) -> Structure | None:
    """The whole molecules of which a crystal's asymmetric unit holds a part each: half of one that lies on a mirror becomes all of it.

    ``filled`` begins with the atoms of ``part``, as Open Babel writes it. None where that is not so, where the unit holds whole molecules
    already, and for nets without end, which have no molecules.
    """
    count = len(part.symbols)
    if len(filled.symbols) <= count or filled.symbols[:count] != part.symbols:
        return None
    made, finite = pieces(filled)
    if not finite:
        return None
    made = bonded(made)
    kept = _reached(made, range(count))
    if len(kept) == count:
        return None
    new = {old: at for at, old in enumerate(kept)}
    bonds = tuple((new[a], new[b], order) for a, b, order in made.bonds if a in new)
    return replace(made, symbols=tuple(made.symbols[each] for each in kept), points=made.points[kept], bonds=bonds)


def _reached(found: Structure, first: Sequence[int]) -> list[int]:
    """The atoms of the molecules to which these belong, these first."""
    links: dict[int, list[int]] = {}
    for a, b, _ in found.bonds:
        links.setdefault(a, []).append(b)
        links.setdefault(b, []).append(a)
    kept = dict.fromkeys(first)
    waiting = list(first)
    while waiting:
        for there in links.get(waiting.pop(), ()):
            if there not in kept:
                kept[there] = None
                waiting.append(there)
    return list(kept)


def as_xyz(found: Structure) -> str:
    """In ångströms, as Open Babel reads it."""
    rows = (f"{symbol} {x:.5f} {y:.5f} {z:.5f}" for symbol, (x, y, z) in zip(found.symbols, found.points, strict=True))
    return f"{len(found.symbols)}\n\n" + "\n".join(rows) + "\n"
