"""Places in space for many molecules at once, from their flat drawings: springs for bonds and angles, no atom within another.

Rougher than a force field's, a thousand times as fast. Handedness is what the drawing's wedges say, double bonds stay on their side.
"""

# pyright: reportArgumentType=false, reportCallIssue=false, reportUnknownArgumentType=false, reportUnknownLambdaType=false, reportUnknownVariableType=false
from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from omnic_stream.converters.warm.structure import RADII

STEPS: Final = 400
SHORTER: Final = {1: 1.0, 2: 0.87, 3: 0.78, 4: 0.93}
"""A bond's length by its order (4 is aromatic), as a share of the sum of radii."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """One block of a molfile (BIOVIA CTfile formats, V2000)."""

    lines: list[str]
    symbols: list[str]
    points: list[tuple[float, float]]
    bonds: list[tuple[int, int, int, int]]
    """Two atoms, order, stereo (1 wedge, 6 hash, from the first atom on)"""


def sketches(text: str) -> list[Sketch]:
    """The records of an SD file; those in V3000, of more than 999 atoms, are left out."""
    made: list[Sketch] = []
    for block in text.split("$$$$\n"):
        lines = block.splitlines()
        if len(lines) < 4 or "V2000" not in lines[3]:
            continue
        atoms, bonds = int(lines[3][:3]), int(lines[3][3:6])
        rows = lines[4 : 4 + atoms]
        links = [
            (int(row[:3]) - 1, int(row[3:6]) - 1, int(row[6:9]), int(row[9:12])) for row in lines[4 + atoms : 4 + atoms + bonds]
        ]
        made.append(
            Sketch(lines, [row[31:34].strip() for row in rows], [(float(row[:10]), float(row[10:20])) for row in rows], links)
        )
    return made


def written(sketch: Sketch, points: Any) -> str:
    """The record with its new places; wedges go, for places in space say what they said."""
    lines, count = list(sketch.lines), len(sketch.symbols)
    lines[1] = lines[1][:20].ljust(20) + "3D" + lines[1][22:]
    for at, (x, y, z) in enumerate(points):
        lines[4 + at] = f"{x:10.4f}{y:10.4f}{z:10.4f}{lines[4 + at][30:]}"
    for at in range(len(sketch.bonds)):
        row = lines[4 + count + at]
        lines[4 + count + at] = f"{row[:9]}  0{row[12:]}"
    return "\n".join(lines) + "\n$$$$\n"


class _Springs:
    """All molecules' springs in one list, with the numbers of their atoms shifted."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float, float]] = []
        self.pairs: list[tuple[int, int]] = []
        self.lengths: list[float] = []
        self.stiff: list[float] = []
        self.apart: list[Any] = []
        self.room: list[Any] = []
        self.flat: list[tuple[int, int, int, int]] = []
        self.hands: list[tuple[int, int, int, int, float]] = []

    def add(self, sketch: Sketch, chance: Any) -> None:
        import numpy as np

        count, base = len(sketch.symbols), len(self.points)
        around: list[dict[int, int]] = [{} for _ in range(count)]
        for a, b, order, _ in sketch.bonds:
            around[a][b] = around[b][a] = order
        span = [math.dist(sketch.points[a], sketch.points[b]) for a, b, _, _ in sketch.bonds]
        scale = 1.45 / (sum(span) / len(span)) if span and sum(span) > 0 else 1.0
        height = chance.uniform(-0.3, 0.3, count)
        for a, b, _, stereo in sketch.bonds:
            if stereo in {1, 6}:
                height[b] = 1.2 if stereo == 1 else -1.2
                height[a] = 0.0
        start = [(x * scale, y * scale, float(z)) for (x, y), z in zip(sketch.points, height, strict=True)]
        self.points += start
        shape = [_shape(around, sketch.symbols, at) for at in range(count)]
        near = np.eye(count, dtype=bool)
        far = np.zeros((count, count), bool)
        length = {(a, b): self._length(sketch.symbols, a, b, around[a][b]) for a in range(count) for b in around[a]}
        for (a, b), long in length.items():
            near[a, b] = True
            if a < b:
                self._spring(base, a, b, long, 1.0)
        for middle in range(count):
            ends = sorted(around[middle])
            for first, one in enumerate(ends):
                for two in ends[first + 1 :]:
                    if near[one, two] and two in around[one]:
                        continue
                    near[one, two] = near[two, one] = True
                    angle = _angle(around, one, middle, two, shape[middle])
                    p, q = length[middle, one], length[middle, two]
                    self._spring(base, one, two, math.sqrt(p * p + q * q - 2 * p * q * math.cos(angle)), 0.6)
            if shape[middle] == 3 and len(ends) == 3:
                self.flat.append((base + middle, *(base + each for each in ends)))  # pyright: ignore[reportArgumentType]
        for a, b, order, _ in sketch.bonds:
            if order == 1 and not (shape[a] == shape[b] == 3 and _ring(around, a, b) <= 7):
                for one in around[a]:
                    for two in around[b]:
                        far[one, two] = far[two, one] = True
                continue
            if shape[a] == shape[b] == 3:  # nothing turns about it: what is across stays where the drawing has it
                sides = _sides(sketch, start, around, a, b) | _sides(sketch, start, around, b, a)
                for one in around[a]:
                    for two in around[b]:
                        if one not in {b, two} and two != a and not near[one, two]:
                            near[one, two] = near[two, one] = True
                            same = sides[one] == sides[two]
                            self._spring(base, one, two, _across(length, around, (one, a, b, two), same=same), 0.8)
        rows, columns = np.nonzero(np.triu(~near, 1))
        light = np.array([symbol == "H" for symbol in sketch.symbols])
        room = 3.2 - 0.6 * (light[rows].astype(float) + light[columns])
        self.apart.append(np.stack([rows, columns], axis=1) + base)
        self.room.append(room * np.where(far[rows, columns], 0.85, 1.0))
        self._handed(sketch, around, start, base)

    def _length(self, symbols: list[str], a: int, b: int, order: int) -> float:
        return (RADII.get(symbols[a], 150) + RADII.get(symbols[b], 150)) / 100 * SHORTER.get(order, 1.0)

    def _spring(self, base: int, a: int, b: int, length: float, stiff: float) -> None:
        self.pairs.append((base + a, base + b))
        self.lengths.append(length)
        self.stiff.append(stiff)

    def _handed(self, sketch: Sketch, around: Any, start: Any, base: int) -> None:
        """The side on which each wedge lies: the volume that the middle's first three neighbours span keeps its sign."""
        import numpy as np

        for middle in {a for a, _, _, stereo in sketch.bonds if stereo in {1, 6}}:
            ends = list(around[middle])
            if len(ends) < 3:
                continue
            level = dict.fromkeys(ends, 0.0) | {
                b: (1.0 if s == 1 else -1.0) for a, b, _, s in sketch.bonds if a == middle and s in {1, 6}
            }
            ways = [
                np.array([start[each][0] - start[middle][0], start[each][1] - start[middle][1], level[each] * 1.2]) for each in ends
            ]
            if len(ends) > 3:  # of four, three that hold the wedge
                spare = next((at for at, each in enumerate(ends) if not level[each]), 3)
                ends, ways = [e for at, e in enumerate(ends) if at != spare], [w for at, w in enumerate(ways) if at != spare]
            side = _volume(ways[:3])
            if abs(side) > 1e-3:
                self.hands.append((base + middle, base + ends[0], base + ends[1], base + ends[2], math.copysign(1, side)))


def _sides(sketch: Sketch, start: Any, around: list[dict[int, int]], here: int, there: int) -> dict[int, bool]:
    """On which side of the line from the lower of the two to the other its neighbours are; two are on different ones, whatever is drawn.

    Of two the heavier tells, for hydrogens are drawn where there is room.
    """
    (ax, ay, _), (bx, by, _) = (start[each] for each in (min(here, there), max(here, there)))
    ends = [each for each in around[here] if each != there]
    cross = {each: (bx - ax) * (start[each][1] - ay) - (by - ay) * (start[each][0] - ax) for each in ends}
    if not ends:
        return {}
    first = max(ends, key=lambda each: (sketch.symbols[each] != "H", abs(cross[each])))
    return {each: (cross[first] > 0) == (each == first) for each in ends}


def _across(length: Any, around: list[dict[int, int]], four: tuple[int, int, int, int], *, same: bool) -> float:
    """How far apart the ends of a chain of four are that lies in a plane, both on one side of its middle bond or not."""
    one, a, b, two = four
    p, q = length[a, one], length[b, two]
    first, second = _angle(around, one, a, b, 3), _angle(around, two, b, a, 3)
    x = length[a, b] - p * math.cos(first) - q * math.cos(second)
    y = p * math.sin(first) - (1 if same else -1) * q * math.sin(second)
    return math.hypot(x, y)


def _volume(ways: list[Any]) -> float:
    import numpy as np

    return float(np.dot(ways[0], np.cross(ways[1], ways[2])))


def _shape(around: list[dict[int, int]], symbols: list[str], at: int) -> int:
    """How many directions an atom's bonds and pairs take: 2 in a line, 3 in a plane, 4 in space."""
    orders = list(around[at].values())
    if 3 in orders or (orders.count(2) >= 2 and symbols[at] in {"C", "N"}):
        return 2
    if 2 in orders or 4 in orders:
        return 3 if len(orders) <= 3 else 4
    beside = symbols[at] in {"N", "O"} and any(
        o in {2, 4} for each in around[at] if symbols[each] != "H" for o in around[each].values()
    )
    return 3 if beside and len(orders) <= 3 else 4


def _angle(around: list[dict[int, int]], one: int, middle: int, two: int, shape: int) -> float:
    size = _ring(around, one, two, without=middle) + 1
    if size <= 5:
        return math.pi - 2 * math.pi / size
    return math.radians({2: 180, 3: 120}.get(shape, 109.5))


def _ring(around: list[dict[int, int]], one: int, two: int, *, without: int = -1) -> int:
    """How many atoms the smallest ring has that holds the bond of these two (or would, with the one left out); 99 for none of eight."""
    seen = {one: 1}
    queue = deque([one])
    while queue:
        here = queue.popleft()
        if seen[here] >= 8:
            break
        for there in around[here]:
            if there == without or (without < 0 and here == one and there == two):
                continue
            if there == two:
                return seen[here] + 1
            if there not in seen:
                seen[there] = seen[here] + 1
                queue.append(there)
    return 99


def placed(records: list[Sketch], *, seed: int = 0) -> list[Any]:
    """(atoms, 3) for each. The same drawings and seed give the same places."""
    import numpy as np

    if not records:
        return []
    springs, chance = _Springs(), np.random.default_rng(seed)
    for record in records:
        springs.add(record, chance)
    points = np.array(springs.points, np.float64).reshape(-1, 3)
    pairs = np.array(springs.pairs, np.int64).reshape(-1, 2)
    lengths, stiff = np.array(springs.lengths), np.array(springs.stiff)
    apart = np.concatenate([*springs.apart, np.zeros((0, 2), np.int64)])
    room = np.concatenate([*springs.room, np.zeros(0)])
    flat = np.array(springs.flat, np.int64).reshape(-1, 4)
    hands = np.array([each[:4] for each in springs.hands], np.int64).reshape(-1, 4)
    sides = np.array([each[4] for each in springs.hands])
    speed = np.zeros_like(points)
    for step in range(STEPS):
        push = np.zeros_like(points)
        _pull(push, points, pairs, lambda apart_: stiff * (apart_ - lengths))
        share = min(1.0, step / (0.5 * STEPS))  # atoms pass through each other at first, so that nothing stays knotted
        _pull(push, points, apart, lambda apart_, share=share: 0.25 * share * np.minimum(apart_ - room, 0))
        if len(flat):
            lift = points[flat[:, 1:]].mean(axis=1) - points[flat[:, 0]]
            _gather(push, flat[:, 0], 0.5 * lift)
            for column in (1, 2, 3):
                _gather(push, flat[:, column], -0.17 * lift)
        if len(hands):
            _turn(push, points, hands, sides)
        speed = 0.85 * speed + 0.25 * push
        size = np.linalg.norm(speed, axis=1, keepdims=True)
        points += speed * np.minimum(1, 0.25 / np.maximum(size, 1e-9))
    starts = np.cumsum([0, *(len(record.symbols) for record in records)])
    return [points[start:end] for start, end in pairwise(starts)]


def _gather(push: Any, rows: Any, forces: Any) -> None:
    import numpy as np

    for axis in range(3):
        push[:, axis] += np.bincount(rows, weights=forces[:, axis], minlength=len(push))


def _pull(push: Any, points: Any, pairs: Any, force: Any) -> None:
    import numpy as np

    if not len(pairs):
        return
    way = points[pairs[:, 1]] - points[pairs[:, 0]]
    apart = np.maximum(np.sqrt(np.einsum("ij,ij->i", way, way)), 1e-6)
    along = way * (force(apart) / apart)[:, None]
    _gather(push, pairs[:, 0], along)
    _gather(push, pairs[:, 1], -along)


def _turn(push: Any, points: Any, hands: Any, sides: Any) -> None:
    """Where a middle's three neighbours span less than a corner's volume on the right side, they are led there."""
    import numpy as np

    a, b, c = (points[hands[:, column]] - points[hands[:, 0]] for column in (1, 2, 3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)) * sides
    lack = (np.clip(1.0 - volume, 0, 3) * 0.3 * sides)[:, None]
    for column, way in ((1, np.cross(b, c)), (2, np.cross(c, a)), (3, np.cross(a, b))):
        _gather(push, hands[:, column], lack * way)
        _gather(push, hands[:, 0], -lack * way)
