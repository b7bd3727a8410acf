"""Balls and sticks, cells and backbones, looked at from the side that shows most: as an SVG drawing, and as triangles for a turn."""

# pyright: reportArgumentType=false, reportCallIssue=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from omnic_stream.converters.warm.structure import COLOURS, PLAIN, RADII, Backbone, Structure, rainbow, smooth
from omnic_stream.converters.warm.triangles import Soup, balls, bars, joined, linear

LARGEST: Final = 560
"""Pixels of a drawing's longer side, without its margin."""
MARGIN: Final = 24
BALL: Final = 0.42
"""Of an atom's covalent radius; what is bonded to nothing is drawn larger."""
STICK: Final = 0.13
"""Angstroms, half a stick's width."""
TUBE: Final = 0.55
CORNERS: Final = [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]
EDGES: Final = [
    (a, b) for a in range(8) for b in range(a + 1, 8) if sum(p != q for p, q in zip(CORNERS[a], CORNERS[b], strict=True)) == 1
]


def view(points: Any, *, crystal: bool) -> Any:
    """Rows right, up and toward the eye. A crystal stands on its c axis, a little turned; else the longest way lies across."""
    import numpy as np

    if crystal:
        a, b = np.radians(-28), np.radians(14)
        side = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        down = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
        stand = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
        return down @ side @ stand
    middle = points - points.mean(axis=0)
    _, _, rows = np.linalg.svd(middle[:: max(1, len(middle) // 20_000)], full_matrices=False)
    rows = np.concatenate([rows, np.eye(3)])[:3] if len(rows) < 3 else rows
    rows = rows * np.where(rows[:, [0]] < 0, -1, 1)
    if np.linalg.det(rows) < 0:
        rows[2] = -rows[2]
    return rows


def corners(cell: Any) -> Any:
    import numpy as np

    return np.array(CORNERS, np.float64) @ cell


# --- a drawing --------------------------------------------------------------------------------------------------------------


def drawn(found: Structure, chains: Sequence[Any] = ()) -> str:
    """SVG: what is behind is drawn first, and fades."""
    import numpy as np

    frame = corners(found.cell) if found.cell is not None else np.zeros((0, 3))
    curves = [smooth(chain, 6) for chain in chains]
    everything = np.concatenate([found.points, frame, *curves])
    turn = view(everything, crystal=found.cell is not None)
    seen = everything @ turn.T
    low, high = seen.min(axis=0), seen.max(axis=0)
    spare = 1.2 if len(found.points) or chains else 0.2
    scale = min(44.0, LARGEST / max(float((high - low)[:2].max()) + 2 * spare, 1.0))
    size = (high - low)[:2] * scale + 2 * (spare * scale + MARGIN / 2)
    sketch = _Sketch(turn, low, high, scale, spare * scale + MARGIN / 2, float(size[1]))
    sketch.cell(frame)
    sketch.atoms(found)
    start, total = 0, max(sum(len(curve) for curve in curves) - 1, 1)
    for curve in curves:
        sketch.tube(curve, rainbow((start + np.arange(len(curve))) / total))
        start += len(curve)
    return sketch.text(float(size[0]), float(size[1]))


class _Sketch:
    """Shapes with their depths, until they are put in order."""

    def __init__(self, turn: Any, low: Any, high: Any, scale: float, margin: float, height: float) -> None:
        self._turn, self._low, self._scale, self._margin, self._height = turn, low, scale, margin, height
        self._deep = max(float(high[2] - low[2]), 1e-6)
        self._shapes: list[tuple[float, str]] = []
        self._fills: dict[tuple[int, int, int], str] = {}

    def _placed(self, points: Any) -> Any:
        import numpy as np

        seen = points @ self._turn.T - self._low
        return np.column_stack(
            [seen[:, 0] * self._scale + self._margin, self._height - seen[:, 1] * self._scale - self._margin, seen[:, 2]]
        )

    def _faded(self, colour: Any, depth: float) -> tuple[int, int, int]:
        away = 0.42 * (1 - min(max(depth / self._deep, 0), 1))
        # to sixteenths, so that there are few gradients
        away = round(away * 16) / 16
        red, green, blue = (round(float(each) + (255 - float(each)) * away) for each in colour)
        return red, green, blue

    def cell(self, frame: Any) -> None:
        if not len(frame):
            return
        at = self._placed(frame)
        for a, b in EDGES:
            middle = float(at[a][2] + at[b][2]) / 2
            self._line(at[a], at[b], (120, 130, 145), 1.4, middle - 1e-3)

    def atoms(self, found: Structure) -> None:
        if not found.symbols:
            return
        at = self._placed(found.points)
        bonded = {each for bond in found.bonds for each in bond[:2]}
        for a, b, order in found.bonds:
            self._bond(at[a], at[b], COLOURS.get(found.symbols[a], PLAIN), COLOURS.get(found.symbols[b], PLAIN), order)
        for number, symbol in enumerate(found.symbols):
            x, y, depth = at[number]
            radius = RADII.get(symbol, 150) / 100 * (BALL if number in bonded else 0.8 * BALL + 0.15) * self._scale
            fill = self._fill(self._faded(COLOURS.get(symbol, PLAIN), depth))
            edge = self._faded((40, 46, 56), depth)
            circle = (
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="url(#{fill})" stroke="rgb{edge}" stroke-width="0.8"/>'
            )
            self._shapes.append((depth + 0.05, circle))

    def _bond(self, one: Any, two: Any, first: Any, second: Any, order: float) -> None:
        import numpy as np

        middle = (one + two) / 2
        across = np.array([one[1] - two[1], two[0] - one[0]])
        length = float(np.linalg.norm(across))
        width = 2 * STICK * self._scale
        count = 3 if order == 3 else 2 if order >= 1.5 else 1
        for number in range(count):
            shift = np.append(across / length * width * 0.95 * (number - (count - 1) / 2), 0) if length > 1e-6 else np.zeros(3)
            wide = width if count == 1 else width * 0.62
            self._line(one + shift, middle + shift, first, wide, float(one[2] + middle[2]) / 2)
            self._line(middle + shift, two + shift, second, wide, float(two[2] + middle[2]) / 2)

    def tube(self, curve: Any, colours: Any) -> None:
        at = self._placed(curve)
        wide = max(2 * TUBE * self._scale, 2.5)
        for number in range(len(at) - 1):
            depth = float(at[number][2] + at[number + 1][2]) / 2
            self._line(at[number], at[number + 1], colours[number] * 0.45, wide + 1.6, depth - 0.35)
            self._line(at[number], at[number + 1], colours[number], wide, depth)

    def _line(self, one: Any, two: Any, colour: Any, width: float, depth: float) -> None:
        paint = self._faded(colour, depth)
        self._shapes.append(
            (
                depth,
                f'<path d="M{one[0]:.1f} {one[1]:.1f}L{two[0]:.1f} {two[1]:.1f}" stroke="rgb{paint}" stroke-width="{width:.1f}"/>',
            )
        )

    def _fill(self, colour: tuple[int, int, int]) -> str:
        return self._fills.setdefault(colour, f"g{len(self._fills)}")

    def text(self, width: float, height: float) -> str:
        gradients = "".join(
            f'<radialGradient id="{name}" cx="0.36" cy="0.32" r="0.75"><stop offset="0" stop-color="rgb{_mixed(colour, 255, 0.65)}"/>'
            f'<stop offset="0.45" stop-color="rgb{colour}"/><stop offset="1" stop-color="rgb{_mixed(colour, 0, 0.35)}"/></radialGradient>'
            for colour, name in self._fills.items()
        )
        shapes = "\n".join(shape for _, shape in sorted(self._shapes, key=lambda each: each[0]))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">'
            f'<defs>{gradients}</defs><rect width="100%" height="100%" fill="white"/>\n<g stroke-linecap="round">\n{shapes}\n</g></svg>\n'
        )


def _mixed(colour: Sequence[int], with_: int, share: float) -> tuple[int, int, int]:
    red, green, blue = (round(each + (with_ - each) * share) for each in colour)
    return red, green, blue


# --- triangles --------------------------------------------------------------------------------------------------------------


def triangles(found: Structure, chains: Sequence[Any] = ()) -> Soup:
    """The same, for rays: y is up, as the drawing has it."""
    import numpy as np

    frame = corners(found.cell) if found.cell is not None else np.zeros((0, 3))
    everything = np.concatenate([found.points, frame, *chains])
    turn = view(everything, crystal=False) if found.cell is None else np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    made: list[Soup] = []
    points = found.points @ turn.T
    if len(points):
        paint = np.array([[*linear(np.array(COLOURS.get(each, PLAIN)) / 255), 1.0] for each in found.symbols])
        bonded = {each for bond in found.bonds for each in bond[:2]}
        radii = [
            RADII.get(each, 150) / 100 * (BALL if at in bonded else 0.8 * BALL + 0.15) for at, each in enumerate(found.symbols)
        ]
        made.append(balls(points, np.array(radii), paint, detail=3 if len(points) < 200 else 2 if len(points) < 3000 else 1))
        if found.bonds:
            one, two = (np.array([bond[end] for bond in found.bonds]) for end in (0, 1))
            middle = (points[one] + points[two]) / 2
            made += [bars(points[one], middle, STICK, paint[one], sides=10), bars(middle, points[two], STICK, paint[two], sides=10)]
    if len(frame):
        at = frame @ turn.T
        ends = np.array(EDGES)
        made.append(bars(at[ends[:, 0]], at[ends[:, 1]], 0.05, (*linear(np.array((120, 130, 145)) / 255), 1.0)))
    total = max(sum(len(chain) for chain in chains) * 6, 1)
    start = 0
    for chain in chains:
        curve = smooth(chain @ turn.T, 6)
        colour = np.column_stack([linear(rainbow((start + np.arange(len(curve))) / total) / 255), np.ones(len(curve))])
        made += [bars(curve[:-1], curve[1:], TUBE, colour[:-1], sides=8), balls(curve, np.full(len(curve), TUBE), colour, detail=1)]
        start += len(curve)
    return joined(made)


def of_backbone(found: Backbone) -> tuple[Structure, tuple[Any, ...]]:
    return found.bound, found.chains
