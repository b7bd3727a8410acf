"""Molecules by Open Babel, run beside a warm function: into each other's formats, drawn, turning, in numbers.

Formats are always told (``-i``, ``-o``), never guessed by name. obabel ends with 0 whatever happens: what it made is looked at.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Final

from omnic_stream.converters.warm import ball_stick, places, programs, views
from omnic_stream.converters.warm import scene as drawing
from omnic_stream.converters.warm.crystals import as_xyz, grown, whole
from omnic_stream.converters.warm.files import write
from omnic_stream.converters.warm.structure import Backbone, Structure, backbone, bonded, from_cml, without_hydrogens
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

MOST_BYTES: Final = 16 * MiB
IN: Final = {"INCHI": "inchi", "CDXML": "sdf"}
OUT: Final = {"SMI": "smi", "INCHI": "inchi"}
WITH_PLACES: Final = frozenset({"XYZ", "PDB", "MOL2"})
"""Formats that hold nothing without places in space."""
DRAWABLE: Final = frozenset({"SDF", "MOL", "CML"})
"""Formats that hold a flat drawing as well."""
CELLS: Final = frozenset({"PDB", "CML"})
"""Formats that hold a crystal's cell: the asymmetric unit in it says everything. In the others there are molecules, and those are whole."""
CRYSTALS: Final = frozenset({"CIF", "CAR", "PDB"})
MOST_FILLED: Final = 1500
"""Atoms of a crystal's cell that are drawn."""
FLAT_MOST: Final = 60
"""Heavy atoms of a molecule that is still drawn flat where its places in space are known: the layout of 78 took half a minute."""
MOST_BUILT: Final = 2000
"""Molecules that are placed in space."""
FEW: Final = 3
"""Molecules that are placed by a force field, a second or more each."""
TOGETHER: Final = 40
MENDED, MENDED_MOST = 8, 40
"""Molecules of a file whose handedness springs did not bring out that the force field may try, and their heavy atoms: one of 51 took it a
quarter of a minute to give up, and 272 of a catalogue took three quarters.
"""
ARCHIVED: Final = re.compile(rb"_atom_site\.group_PDB\s+_atom_site\.id\s+_atom_site\.type_symbol\s")
CAPITALS: Final = re.compile(rb"^((?:ATOM|HETATM)[ \t]+\S+[ \t]+[A-Z])([A-Z])(?=[ \t])", re.MULTILINE)
"""The Protein Data Bank writes elements in capitals (``SE``, ``ZN``), which Open Babel 3.1.1 knows in PDB, and not in mmCIF."""
ATOM_LINE: Final = re.compile(
    rb"^([ \d.-]{10})([ \d.-]{10})([ \d.-]{10} [A-Za-z*]{1,3} *(?: +\d+){5})[ \d]{3}((?: +\d+){6})$", re.MULTILINE
)
BOND_LINE: Final = re.compile(rb"^((?: *\d+){2}  1)(  [16])((?:  0){3})$", re.MULTILINE)
"""Of a molfile as obabel writes it (CTfile formats, V2000). It takes a CDXML's atoms without hydrogens for bare ones and gives each the
valence that its bonds leave, the sixth number behind its symbol; and it leaves the picture upside down, which turns wedges into hashes."""
BROKEN: Final = "The molecule is broken, cut short or of a kind that cannot be read."


def convert(call: Call) -> None:
    """Every molecule of the file, in another format; with places in space where the format needs them and the file has none."""
    with programs.scratch() as folder:
        given = _copied(call, folder)
        kind, wanted = _read_as(call.source, given), f"-o{OUT.get(call.target, call.target.lower())}"
        first = _structure(call.source, given)
        call.report(0.05)
        if kind == "cif" and call.target not in CELLS and (whole_ones := _grown(given, first)) is not None:
            given, kind = whole_ones, "xyz"
        only = ("-l", "1") if call.target == "MOL" else ()
        if first.dimensions >= (3 if call.target in WITH_PLACES else 2 if call.target in DRAWABLE else 0):
            made = _obabel((f"-i{kind}", given.name, wanted, *only), folder)
        elif call.target in WITH_PLACES:
            # by way of SMILES: a reaction or a sheet of drawings becomes molecules, each with its hydrogens
            made = _built(call, _as_smiles(folder, given, kind), wanted)
        else:
            made = _obabel((f"-i{kind}", given.name, wanted, *only, "--gen2d"), folder)
    if not made.strip():
        raise Corrupt(BROKEN)
    write(call.output, made)


def _grown(given: Path, first: Structure) -> Path | None:
    """A crystal's molecules as a file, where the asymmetric unit holds parts of them only."""
    if first.cell is None or first.dimensions < 3 or len(first.symbols) > MOST_FILLED:
        return None
    try:
        filled = _structure("CIF", given, "--fillUC", "strict")
    except Corrupt:  # no symmetry is told: obabel writes nothing
        return None
    found = grown(first, filled) if len(filled.symbols) <= MOST_FILLED else None
    if found is None:
        return None
    made = given.with_name("grown")
    made.write_text(as_xyz(found))
    return made


def _built(call: Call, smiles: Path, wanted: str) -> bytes:
    """Each molecule placed in space: a few by a force field, many by springs, some at a time so that it can be told how far it is."""
    count = _count("smi", smiles)
    if count > MOST_BUILT:
        raise TooExpensive(f"The file has {count} molecules without places in space; they are made for {MOST_BUILT} at most.")
    together = 1 if count <= FEW else TOGETHER
    parts: list[bytes] = []
    left = MENDED
    for first in range(1, count + 1, together):
        last = min(first + together - 1, count)
        made = _refined(smiles, first) if together == 1 else b""
        if not made:
            made, mended = sprung(smiles, first, last, left)
            left -= mended
        parts.append(made)
        call.report(0.05 + 0.9 * last / count)
    whole = smiles.with_name("placed")
    whole.write_bytes(b"".join(parts))
    return _obabel(("-isdf", whole.name, wanted), smiles.parent)


def _refined(smiles: Path, number: int, *, seconds: int = 60) -> bytes:
    """One molecule as SDF by obabel's builder and force field, or nothing. Its faster ways lose what they find (3.1.1)."""
    words = ("-ismi", smiles.name, "-osdf", "-f", str(number), "-l", str(number), "--gen3d")
    return _obabel(words, smiles.parent, seconds=seconds)


def sprung(smiles: Path, first: int, last: int, mended: int) -> tuple[bytes, int]:
    """These molecules of a file as SDF, by springs. Whose handedness did not come out is tried again, at last by the force field;
    the second answer tells how many that was given, ``mended`` at most."""
    records = ("-ismi", smiles.name, "-f", str(first), "-l", str(last))
    flat = places.sketches(_obabel((*records, "-osdf", "-h", "--gen2d"), smiles.parent).decode("utf-8", "replace"))
    keys = _obabel((*records, "-oinchi"), smiles.parent).split()
    made = [places.written(sketch, points) for sketch, points in zip(flat, places.placed(flat), strict=True)]
    if len(keys) != len(flat):
        return "".join(made).encode(), 0
    for seed in (1, 2):
        wrong = _changed(smiles.parent, made, keys)
        again = [flat[each] for each in wrong]
        for at, points in zip(wrong, places.placed(again, seed=seed), strict=True):
            made[at] = places.written(flat[at], points)
    small = [at for at in _changed(smiles.parent, made, keys) if len(flat[at].symbols) - flat[at].symbols.count("H") <= MENDED_MOST]
    for at in small[:mended]:
        made[at] = _refined(smiles, first + at, seconds=15).decode("utf-8", "replace") or made[at]
    return "".join(made).encode(), min(len(small), mended)


def _changed(folder: Path, made: list[str], told: list[bytes]) -> list[int]:
    """Which records are other molecules than their InChIs say."""
    written = folder / "tried"
    written.write_text("".join(made))
    found = _obabel(("-isdf", written.name, "-oinchi"), folder).split()
    if len(found) != len(told):
        return []
    return [at for at, (new, old) in enumerate(zip(found, told, strict=True)) if not _sides(old.decode()) <= _sides(new.decode())]


def _sides(inchi: str) -> set[str]:
    """What an InChI says of handedness, without what it leaves open: double bonds (layer b) and atoms (t), those turned back by m1.

    InChI Technical Manual, section 3: of two mirror images the one with /m1 has its signs turned.
    """
    layers = {part[:1]: part[1:] for part in inchi.split("/")[2:]}
    turn = str.maketrans("+-", "-+") if layers.get("m", "0").startswith("1") else {}
    atoms = {f"t{word.translate(turn)}" for word in re.split("[,;]", layers.get("t", "")) if word and not word.endswith("?")}
    return atoms | {f"b{word}" for word in re.split("[,;]", layers.get("b", "")) if word and not word.endswith("?")}


def _copied(call: Call, folder: Path) -> Path:
    if os.fstat(call.input).st_size > MOST_BYTES:
        raise TooExpensive(f"The file is longer than the {MOST_BYTES // MiB} MiB that are read for this type.")
    given = programs.copied(call, folder, "molecule")
    if call.source == "CIF" and ARCHIVED.search(content := given.read_bytes()):
        given.write_bytes(CAPITALS.sub(lambda found: found[1] + found[2].lower(), content))
    if call.source == "CDXML":
        drawn = _obabel(("-icdxml", given.name, "-osdf", "--delete", "Formula"), folder)
        given.write_bytes(ATOM_LINE.sub(_as_drawn, BOND_LINE.sub(_turned_over, drawn)))
    return given


def _as_drawn(line: re.Match[bytes]) -> bytes:
    """An atom whose hydrogens go by its valence, on a page whose y grows downward."""
    return line[1] + b"%10.4f" % -float(line[2]) + line[3] + b"  0" + line[4]


def _turned_over(line: re.Match[bytes]) -> bytes:
    return line[1] + {b"  1": b"  6", b"  6": b"  1"}[line[2]] + line[3]


def _obabel(words: tuple[str, ...], folder: Path, *, seconds: int | None = None) -> bytes:
    limit = ("timeout", str(seconds)) if seconds else ()
    return programs.run((*limit, "obabel", *words), folder=folder, good=range(256))


def _read_as(source: str, given: Path) -> str:
    if source == "CIF" and b"_atom_site.Cartn_x" in given.read_bytes():
        return "mmcif"
    return IN.get(source, source.lower())


def _count(kind: str, given: Path) -> int:
    return len(_obabel((f"-i{kind}", given.name, "-otxt", "--title", "."), given.parent).splitlines())


def _as_smiles(folder: Path, given: Path, kind: str) -> Path:
    lines: list[bytes] = []
    for line in _obabel((f"-i{kind}", given.name, "-osmi"), folder).splitlines():
        smiles, _, title = line.partition(b"\t")
        parts = [part for part in smiles.split(b">") if part]
        lines.append(b".".join(parts) + b"\t" + title)
    flat = folder / "flat"
    flat.write_bytes(b"\n".join(lines) + b"\n")
    return flat


def _structure(source: str, given: Path, *options: str) -> Structure:
    """The first molecule. Raises Corrupt, TooExpensive."""
    kind = _read_as(source, given)
    made = _obabel((f"-i{kind}", given.name, "-ocml", "-f", "1", "-l", "1", *options), given.parent)
    found = from_cml(made) if made.strip() else []
    found = [each for each in found if each.symbols]
    if not found:
        raise Corrupt(BROKEN)
    first = found[0]
    places = first.points
    if first.dimensions == 3 and source not in {"XYZ", "PDB"} and first.cell is None and len(places) > 1 and not places.any():
        return Structure(first.symbols, places, first.bonds, 0, first.charge, None, first.hydrogens)
    return first


# --- pictures ---------------------------------------------------------------------------------------------------------------


def draw(call: Call) -> None:
    """The first molecule as SVG: flat, or as balls and sticks where a flat drawing says nothing (crystals, proteins, the large)."""
    with programs.scratch() as folder:
        given = _copied(call, folder)
        chains = _chains(call.source, given)
        if chains is not None:
            write(call.output, ball_stick.drawn(chains.bound, chains.chains).encode())
            return
        found = _solid(call.source, given)
        call.report(0.3)
        text = ball_stick.drawn(found) if found is not None else _flat(call.source, given)
    write(call.output, text.encode())


def _chains(source: str, given: Path) -> Backbone | None:
    """Of a protein; mmCIF by way of PDB."""
    if source == "PDB":
        return backbone(given.read_bytes())
    return backbone(_obabel(("-immcif", given.name, "-opdb"), given.parent)) if _read_as(source, given) == "mmcif" else None


def _solid(source: str, given: Path) -> Structure | None:
    """What is better shown in space; None for what is better drawn flat."""
    first = _structure(source, given)
    if first.dimensions < 3:
        return None
    if first.cell is not None and source in CRYSTALS:
        return _crystal(source, given, first)
    if first.heavy <= FLAT_MOST and "C" in first.symbols:
        return None
    first = without_hydrogens(first) if first.heavy > 150 else first
    return bonded(first) if len(first.bonds) < len(first.symbols) / 2 else first


def _crystal(source: str, given: Path, first: Structure) -> Structure:
    """The whole cell, where the file says how it is filled and that is not too much to look at."""
    try:
        filled = _structure(source, given, "--fillUC", "strict")
    except Corrupt:  # no symmetry is told: obabel writes nothing
        filled = first
    return whole(filled) if len(first.symbols) <= len(filled.symbols) <= MOST_FILLED else bonded(first)


INNER: Final = re.compile(
    r'<svg width="[\d.]+" height="[\d.]+" x="[\d.]+" y="[\d.]+" viewBox="0 0 ([\d.]+) ([\d.]+)"(.*?)</svg>', re.DOTALL
)
GAP, ARROW = 16, 90


def _flat(source: str, given: Path) -> str:
    """obabel's drawings of what the first record holds, side by side, with an arrow between the two sides of a reaction."""
    kind = _read_as(source, given)
    smiles = _obabel((f"-i{kind}", given.name, "-osmi", "-f", "1", "-l", "1"), given.parent).split(b"\t")[0].strip()
    if b">" in smiles:
        sides = [smiles.split(b">")[0], smiles.rsplit(b">", 1)[-1]]
        pieces = [_depicted("smi", _written(given.parent, side)) if side else None for side in sides]
    else:
        pieces = [_depicted(kind, given)]
    if not any(pieces):
        raise ConverterFailed("The molecule could not be drawn.")
    return _beside(pieces)


def _written(folder: Path, smiles: bytes) -> Path:
    path = folder / "side"
    path.write_bytes(smiles + b"\n")
    return path


def _depicted(kind: str, given: Path) -> tuple[float, float, str] | None:
    """Width, height and content of one drawing. Without hydrogens of their own: carbon's go without saying."""
    made = _obabel(
        (f"-i{kind}", given.name, "-osvg", "-f", "1", "-l", "1", "-d", "-xd", "-xC", "-xP", "400"), given.parent, seconds=60
    )
    found = INNER.search(made.decode("utf-8", "replace"))
    if found is None:
        return None
    return float(found[1]), float(found[2]), f'viewBox="0 0 {found[1]} {found[2]}"{found[3]}'


def _beside(pieces: list[tuple[float, float, str] | None]) -> str:
    height = max(piece[1] for piece in pieces if piece)
    x, parts = 0.0, list[str]()
    for number, piece in enumerate(pieces):
        if number:
            y = height / 2
            parts.append(
                f'<path d="M{x + GAP:.0f} {y:.0f}H{x + ARROW - GAP:.0f}m-9 -6l10 6l-10 6" fill="none" stroke="black" stroke-width="2" '
                'stroke-linecap="round" stroke-linejoin="round"/>'
            )
            x += ARROW
        if piece:
            parts.append(
                f'<svg x="{x:.1f}" y="{(height - piece[1]) / 2:.1f}" width="{piece[0]}" height="{piece[1]}" {piece[2]}</svg>'
            )
            x += piece[0]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{x:.0f}" height="{height:.0f}" viewBox="0 0 {x:.0f} {height:.0f}">'
        f'<rect width="100%" height="100%" fill="white"/>\n{"".join(parts)}</svg>\n'
    )


def rotating(call: Call) -> None:
    """The first molecule turning, its atoms as balls; with places made for it where it has none."""
    with programs.scratch() as folder:
        given = _copied(call, folder)
        chains = _chains(call.source, given)
        shown = (chains.bound, chains.chains) if chains is not None else (_in_space(call.source, given), ())
        soup = ball_stick.triangles(*shown)
    views.turning(call, drawing.Stage(soup))


def _in_space(source: str, given: Path) -> Structure:
    found = _solid(source, given)
    if found is not None:
        return found
    first = _structure(source, given)
    if first.dimensions == 3:
        return first if first.bonds else bonded(first)
    flat = _as_smiles(given.parent, given, _read_as(source, given))
    solid = given.with_name("solid")
    solid.write_bytes((_refined(flat, 1) if first.heavy <= FLAT_MOST else b"") or sprung(flat, 1, 1, 1)[0])
    return _structure("SDF", solid)


# --- numbers ----------------------------------------------------------------------------------------------------------------


def facts(call: Call) -> None:
    """``metadata.json``: the first molecule's formula, mass, atoms, bonds and charge, and how many molecules there are."""
    with programs.scratch() as folder:
        given = _copied(call, folder)
        kind = _read_as(call.source, given)
        first = _structure(call.source, given)
        call.report(0.3)
        small = len(first.symbols) <= 300
        described = _described(kind, given, small=small)
        key = smiles = b""
        if small:
            whole_ones = _grown(given, first) if kind == "cif" else None
            named = (f"-i{kind}", given.name) if whole_ones is None else ("-ixyz", whole_ones.name)
            one = (*named, "-f", "1", "-l", "1", "--title", "")
            key, smiles = _obabel((*one, "-oinchikey"), folder).strip(), _obabel((*one, "-ocan"), folder)
        count = _count(kind, given)
    formula, mass = described
    told: dict[str, Any] = {
        "kind": "crystal" if first.cell is not None else "molecule",
        "molecules": count,
        "formula": formula,
        "mass": float(mass) if re.fullmatch(r"[\d.]+(e[+-]?\d+)?", mass) else None,
        "charge": first.charge,
        "atoms": len(first.symbols),
        "heavy_atoms": first.heavy,
        "bonds": len(first.bonds),
        "elements": {symbol: first.symbols.count(symbol) for symbol in sorted(set(first.symbols))},
        "dimensions": first.dimensions,
        "cell": [[float(f"{each:.6g}") for each in row] for row in first.cell] if first.cell is not None else None,
        "smiles": smiles.partition(b"\n")[0].decode("utf-8", "replace").strip() or None,
        "inchi_key": key.decode() if re.fullmatch(rb"[A-Z-]{27}", key) else None,
    }
    write(call.output, json.dumps({name: value for name, value in told.items() if value is not None}, indent=1).encode())


def _described(kind: str, given: Path, *, small: bool) -> tuple[str, str]:
    """Formula and mass. obabel's report has what a crystal's own file says, but compares every atom with every other."""
    first = (f"-i{kind}", given.name, "-f", "1", "-l", "1")
    if small:
        made = _obabel((*first, "-oreport"), given.parent).decode("utf-8", "replace")
        found = re.search(r"^FORMULA: (.*?)\s*$\s*^MASS: ([\d.]+)", made, re.MULTILINE)
        return (found[1], found[2]) if found else ("", "")
    made = _obabel((*first, "-otxt", "--title", "", "--append", "formula MW"), given.parent)
    formula, _, mass = made.decode("utf-8", "replace").strip().rpartition(" ")
    return formula.strip(), mass
