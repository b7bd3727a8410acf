"""Atoms, bonds and cells as values: read from CML that Open Babel wrote, and the backbones of proteins from PDB itself."""

# pyright: reportArgumentType=false, reportCallIssue=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final
from xml.etree import ElementTree

from omnic_stream.model.errors import Corrupt, TooExpensive

MOST_ATOMS: Final = 50_000
SYMBOLS: Final = (  # noqa: SIM905 - it is read as the table that it is
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag "
    "Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U"
).split()
RADII: Final = dict(
    zip(
        SYMBOLS,
        (
            *(
                31,
                28,
                128,
                96,
                84,
                76,
                71,
                66,
                57,
                58,
                166,
                141,
                121,
                111,
                107,
                105,
                102,
                106,
                203,
                176,
                170,
                160,
                153,
                139,
                139,
                132,
            ),
            *(
                126,
                124,
                132,
                122,
                122,
                120,
                119,
                120,
                120,
                116,
                220,
                195,
                190,
                175,
                164,
                154,
                147,
                146,
                142,
                139,
                145,
                144,
                142,
                139,
            ),
            *(
                139,
                138,
                139,
                140,
                244,
                215,
                207,
                204,
                203,
                201,
                199,
                198,
                198,
                196,
                194,
                192,
                192,
                189,
                190,
                187,
                187,
                175,
                170,
                162,
            ),
            *(151, 144, 141, 136, 136, 132, 145, 146, 148, 140, 150, 150, 260, 221, 215, 206, 200, 196),
        ),
        strict=True,
    )
)
"""Covalent radii in hundredths of an angstrom (Cordero and others, Dalton Transactions 2008, 2832)."""
NONMETALS: Final = frozenset("H He B C N O F Ne Si P S Cl Ar As Se Br Kr Te I Xe At Rn".split())  # noqa: SIM905 - as above
COLOURS: Final = {
    "H": (232, 234, 238), "C": (92, 98, 108), "N": (58, 98, 220), "O": (220, 52, 44), "F": (118, 200, 84),
    "P": (240, 140, 30), "S": (232, 200, 48), "Cl": (60, 190, 70), "Br": (160, 56, 40), "I": (130, 40, 150),
    "B": (240, 170, 160), "Si": (200, 170, 130), "Na": (150, 90, 220), "K": (130, 70, 200), "Li": (180, 120, 240),
    "Ca": (90, 180, 90), "Mg": (80, 170, 80), "Fe": (215, 110, 50), "Cu": (200, 128, 60), "Zn": (120, 125, 175),
    "Al": (185, 165, 165), "Mn": (150, 120, 200), "Ti": (175, 180, 185), "Au": (235, 195, 50), "Ag": (185, 190, 195),
    "Mo": (85, 170, 175), "Se": (225, 150, 30),
}  # fmt: skip
"""sRGB, by the custom that Corey, Pauling and Koltun began."""
PLAIN: Final = (130, 150, 165)


@dataclass(frozen=True, slots=True)
class Structure:
    symbols: tuple[str, ...]
    points: Any
    """(atoms, 3) angstroms; all zero where the file has no places"""
    bonds: tuple[tuple[int, int, float], ...]
    """Two atoms and the order"""
    dimensions: int
    """0, 2 or 3"""
    charge: int = 0
    cell: Any = None
    """(3, 3), rows a, b and c, of a crystal"""
    hydrogens: int = 0
    """Those that are not atoms of their own"""

    @property
    def heavy(self) -> int:
        return sum(symbol != "H" for symbol in self.symbols)


def from_cml(text: bytes) -> list[Structure]:
    """The molecules of Open Babel's CML. Raises Corrupt, TooExpensive."""
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - our own program wrote it
    except ElementTree.ParseError as error:
        raise Corrupt("The molecule is broken or cut short: it cannot be read.") from error
    found = [each for each in root.iter() if _bare(each) == "molecule"]
    return [_molecule(each) for each in found if not any(_bare(child) == "molecule" for child in each)]


def _bare(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _molecule(element: Any) -> Structure:
    import numpy as np

    symbols: list[str] = []
    names: dict[str, int] = {}
    points: list[tuple[float, float, float]] = []
    cell = next((_cell(each) for each in element if _bare(each) == "crystal"), None)
    bonds: list[tuple[int, int, float]] = []
    dimensions = hydrogens = 0
    fractions = False
    for each in element.iter():
        if _bare(each) == "atom":
            names[each.get("id", "")] = len(symbols)
            symbols.append(each.get("elementType", "Xx"))
            hydrogens += int(each.get("hydrogenCount", "0"))
            if "x3" in each.attrib:
                dimensions = 3
                points.append((float(each.get("x3")), float(each.get("y3")), float(each.get("z3"))))
            elif "xFract" in each.attrib:
                dimensions, fractions = 3, True
                points.append((float(each.get("xFract")), float(each.get("yFract")), float(each.get("zFract"))))
            elif "x2" in each.attrib:
                dimensions = 2
                points.append((float(each.get("x2")), float(each.get("y2")), 0.0))
            else:
                points.append((0.0, 0.0, 0.0))
        elif _bare(each) == "bond":
            first, _, second = each.get("atomRefs2", "").partition(" ")
            if first in names and second in names:
                bonds.append(
                    (names[first], names[second], {"1": 1.0, "2": 2.0, "3": 3.0, "A": 1.5}.get(each.get("order", "1"), 1.0))
                )
    if len(symbols) > MOST_ATOMS:
        raise TooExpensive(f"The molecule has more than {MOST_ATOMS} atoms.")
    places = np.array(points, np.float64).reshape(-1, 3)
    if fractions and cell is not None:
        places = places @ cell
    # hydrogenCount counts those that stand as atoms too
    explicit = sum(1 for a, b, _ in bonds if (symbols[a] == "H") != (symbols[b] == "H"))
    charge = int(element.get("formalCharge", "0") or 0) or sum(
        int(each.get("formalCharge", "0")) for each in element.iter() if _bare(each) == "atom"
    )
    return Structure(tuple(symbols), places, tuple(bonds), dimensions, charge, cell, max(0, hydrogens - explicit))


def _cell(element: Any) -> Any:
    """Rows a, b and c: a along x, b in the plane of x and y (International Tables for Crystallography, volume F)."""
    import numpy as np

    told = {each.get("title"): float(each.text or 0) for each in element if _bare(each) == "scalar"}
    try:
        a, b, c = (told[name] for name in ("a", "b", "c"))
        alpha, beta, gamma = (math.radians(told[name]) for name in ("alpha", "beta", "gamma"))
        x = c * math.cos(beta)
        y = c * (math.cos(alpha) - math.cos(beta) * math.cos(gamma)) / math.sin(gamma)
        return np.array(
            [[a, 0, 0], [b * math.cos(gamma), b * math.sin(gamma), 0], [x, y, math.sqrt(max(c * c - x * x - y * y, 1e-9))]]
        )
    except (KeyError, ZeroDivisionError):
        return None


def bonded(found: Structure) -> Structure:
    """With bonds where two atoms are as near as their radii say, for files that have none. Metals do not bind metals."""
    pairs, _ = neighbours(found.symbols, found.points)
    return replace(found, bonds=tuple((a, b, 1.0) for a, b in pairs if a < b))


def neighbours(symbols: tuple[str, ...], points: Any) -> tuple[list[tuple[int, int]], Any]:
    """Pairs that bind, both ways round, and how far apart they are."""
    import numpy as np

    radii = np.array([RADII.get(symbol, 150) / 100 for symbol in symbols])
    metal = np.array([symbol not in NONMETALS for symbol in symbols])
    light = np.array([symbol == "H" for symbol in symbols])
    reach = 1.2 * 2 * float(radii.max(initial=0.5))
    boxes: dict[tuple[int, ...], list[int]] = {}
    keys = [tuple(int(each) for each in row) for row in np.floor(points / reach)]
    for number, key in enumerate(keys):
        boxes.setdefault(key, []).append(number)
    around = [(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)]
    pairs: list[tuple[int, int]] = []
    for number, key in enumerate(keys):
        near = np.array(
            [other for step in around for other in boxes.get(tuple(map(sum, zip(key, step, strict=True))), ()) if other != number],
            int,
        )
        if not len(near):
            continue
        apart = np.linalg.norm(points[near] - points[number], axis=1)
        fits = (
            (apart > 0.4)
            & (apart < 1.2 * (radii[near] + radii[number]))
            & ~(metal[near] & metal[number])
            & ~(light[near] & light[number])
        )
        pairs += [(number, int(near[at])) for at in np.flatnonzero(fits)]
    return pairs, reach


def without_hydrogens(found: Structure) -> Structure:
    """Of a large structure: what is left says more."""
    import numpy as np

    kept = [number for number, symbol in enumerate(found.symbols) if symbol != "H"]
    new = {old: at for at, old in enumerate(kept)}
    bonds = tuple((new[a], new[b], order) for a, b, order in found.bonds if a in new and b in new)
    return replace(
        found, symbols=tuple(found.symbols[each] for each in kept), points=found.points[np.array(kept, int)], bonds=bonds
    )


@dataclass(frozen=True, slots=True)
class Backbone:
    """Chains by the places of their alpha carbons (or phosphorus), and what is bound to them."""

    chains: tuple[Any, ...]
    """(residues, 3) each"""
    bound: Structure


def backbone(text: bytes) -> Backbone | None:
    """Of a PDB text (wwPDB format 3.3, ATOM and HETATM by columns), its first model; None where there are no chains to speak of."""
    import numpy as np

    chains: list[list[tuple[float, float, float]]] = []
    last: tuple[str, int] | None = None
    symbols: list[str] = []
    points: list[tuple[float, float, float]] = []
    for line in text.decode("latin-1").splitlines():
        if line.startswith("ENDMDL"):
            break
        if not line.startswith(("ATOM  ", "HETATM")):
            continue
        try:
            place = (float(line[30:38]), float(line[38:46]), float(line[46:54]))
            number = int(line[22:26])
        except ValueError:
            continue
        name, chain = line[12:16].strip(), line[21:22]
        if line[16:17] not in {" ", "A", ""}:
            continue
        if line.startswith("ATOM") and name in {"CA", "P"}:
            near = bool(chains) and math.dist(chains[-1][-1], place) < (4.8 if name == "CA" else 9.0)
            if last is None or last[0] != chain or not near:
                chains.append([])
            chains[-1].append(place)
            last = (chain, number)
        elif line.startswith("HETATM") and line[17:20].strip() not in {"HOH", "DOD", "WAT"}:
            symbol = (line[76:78].strip() or name[:1]).capitalize()
            if symbol != "H":
                symbols.append(symbol)
                points.append(place)
    long = [np.array(each) for each in chains if len(each) >= 3]
    if sum(map(len, long)) < 12:
        return None
    bound = Structure(tuple(symbols), np.array(points, np.float64).reshape(-1, 3), (), 3)
    return Backbone(tuple(long), bonded(bound) if symbols else bound)


def smooth(chain: Any, steps: int) -> Any:
    """A Catmull-Rom curve through the points, ``steps`` to each."""
    import numpy as np

    padded = np.concatenate([2 * chain[:1] - chain[1:2], chain, 2 * chain[-1:] - chain[-2:-1]])
    t = (np.arange(steps) / steps)[None, :, None]
    p0, p1, p2, p3 = (padded[start : len(padded) - 3 + start][:, None] for start in range(4))
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    return np.concatenate([curve.reshape(-1, 3), chain[-1:]])


def rainbow(share: Any) -> Any:
    """Blue over green and yellow to red, for 0 to 1: (n, 3) sRGB, 0 to 255."""
    import numpy as np

    stops = np.array([(52, 92, 200), (40, 160, 190), (70, 170, 90), (225, 190, 60), (225, 120, 50), (205, 55, 60)], np.float64)
    at = np.asarray(share) * (len(stops) - 1)
    return np.stack([np.interp(at, np.arange(len(stops)), stops[:, channel]) for channel in range(3)], axis=1)
