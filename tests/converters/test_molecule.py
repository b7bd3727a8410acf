from __future__ import annotations

import csv
import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from omnic_stream.converters.molecule import READ
from omnic_stream.converters.warm import ball_stick, crystals, molecule, structure, svg
from omnic_stream.model.errors import Corrupt, TooExpensive

MANIFEST = Path(__file__).parent.parent / "zoo" / "MANIFEST.csv"
with MANIFEST.open(newline="") as rows:
    ZOO = {
        row["path"]: (row["format"], found[1])
        for row in csv.DictReader(rows)
        if (found := re.search(r"FORMULA: (.*?) \(first record", row["facts"]))
    }
SOLID = {
    "molecule/test09.pdb",
    "molecule/test01.cif",
    "molecule/monoclinic.car",
    "molecule/cod_9007661.cif",
    "molecule/1ynd_sfa.sdf",
}


def atoms(formula: str) -> Counter[str]:
    return Counter({symbol: int(count or 1) for symbol, count in re.findall(r"([A-Z][a-z]?)(\d*)", formula)})


def frames(xyz: bytes) -> list[tuple[list[str], np.ndarray]]:
    lines = xyz.decode().splitlines()
    made, at = [], 0
    while at < len(lines):
        count = int(lines[at])
        fields = [line.split() for line in lines[at + 2 : at + 2 + count]]
        made.append(([each[0] for each in fields], np.array([[float(value) for value in each[1:4]] for each in fields])))
        at += count + 2
    return made


def test_every_specimen_is_here():
    assert len(ZOO) == 15 and {source for source, _ in ZOO.values()} <= set(READ)


@pytest.mark.parametrize("path", ZOO)
def test_facts_have_the_formula(run, path):
    source, formula = ZOO[path]
    told = json.loads(run(molecule.facts, path, source, "metadata.json").getvalue())
    assert told["formula"] == formula
    assert told["atoms"] == sum(told["elements"].values()) > told["heavy_atoms"] - 1
    assert ("cell" in told) == (path.endswith((".cif", ".car", ".pdb")))


@pytest.mark.parametrize("path", ZOO)
def test_every_specimen_is_drawn(run, path):
    source, _ = ZOO[path]
    drawing = run(molecule.draw, path, source, "SVG").getvalue()
    root = ElementTree.fromstring(drawing)
    balls = [each for each in root.iter() if each.tag.endswith("circle")]
    assert bool(balls) == (path in SOLID), "flat where that says more"
    picture = np.asarray(Image.open(run(svg.convert, drawing, "SVG", "PNG")).convert("L")).astype(int)
    ink = np.nonzero(picture < 235)
    assert 0.003 < (picture < 235).mean() < 0.6
    assert ink[0].min() > 0 and ink[1].min() > 0 and ink[0].max() < picture.shape[0] - 1 and ink[1].max() < picture.shape[1] - 1
    assert min(picture.shape) >= 60


@pytest.mark.parametrize("path", [path for path in ZOO if not path.endswith((".smi", ".rxn", ".cdx"))])
def test_places_in_space_are_kept_or_made(run, path):
    source, formula = ZOO[path]
    symbols, points = frames(run(molecule.convert, path, source, "XYZ").getvalue())[0]
    found = Counter(symbols)
    if source == "PDB":  # what the file places: obabel's formula adds hydrogens to bare ions
        assert found == atoms(formula) - Counter({"H": 99})
    else:
        assert found == atoms(formula.rstrip("+-"))
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + 9 * np.eye(len(points))
    if source not in {"PDB", "CIF"}:  # ions, and places that are taken in part
        assert apart.min() > 0.7 and apart.min(axis=1).max() < 2.4


HANDED = b"""CC(C)[C@@H]1CC[C@@H](C)C[C@H]1O menthol
N[C@@H](C)C(=O)O alanine
N[C@H](C)C(=O)O its mirror image
C/C=C/C trans
C/C=C\\C cis
OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O glucose
C[C@]12CC[C@H]3[C@H]([C@@H]1CC[C@@H]2O)CCC4=CC(=O)CC[C@]34C testosterone
CC(=O)Oc1ccccc1C(=O)O aspirin
"""


def test_many_molecules_are_placed_in_space_and_keep_their_handedness(run):
    made = run(molecule.convert, HANDED, "SMI", "SDF").getvalue()
    flat = run(molecule.convert, HANDED, "SMI", "INCHI").getvalue().split()
    assert made.count(b"$$$$") == len(flat) == 8
    placed = run(molecule.convert, HANDED, "SMI", "XYZ").getvalue()
    solid = run(molecule.convert, HANDED, "SMI", "MOL2").getvalue()
    assert run(molecule.convert, solid, "MOL2", "INCHI").getvalue().split() == flat
    for (symbols, points), inchi in zip(frames(placed), flat, strict=True):
        assert Counter(symbols) == atoms(inchi.split(b"/")[1].decode())
        apart = np.linalg.norm(points[:, None] - points[None], axis=2) + 9 * np.eye(len(points))
        assert apart.min() > 0.8 and apart.min(axis=1).max() < 1.7
        assert np.ptp(points, axis=0).min() > 0.8, "in space, not in a plane"


STUBBORN = b"CC/1=NNC(=O)\\C1=C/NN2CCOCC2 side\n"
"""Springs do not bring out on which side its double bond has what."""
IONOPHORE = (
    b"CO[C@@H]1C[C@@H](C[C@H]2CC[C@H](C)[C@@H](O2)[C@@H](C)C(=O)O)O[C@]3(O[C@@](C)(C[C@H]3C)[C@@H]4CC[C@@](C)(O4)"
    b"[C@H]5O[C@@H](C[C@H]5C)[C@@H]6O[C@](O)(CO)[C@@H](C)C[C@H]6C)[C@@H]1C large\n"
)


def test_the_force_field_is_asked_for_few_and_small_molecules_of_a_file_only(tmp_path: Path):
    file = tmp_path / "file.smi"
    file.write_bytes(IONOPHORE + STUBBORN * 6)
    made, asked = molecule.sprung(file, 1, 7, 2)
    assert (asked, made.count(b"$$$$")) == (2, 7)
    assert molecule.sprung(file, 1, 1, 2)[1] == 0, "too large"


def test_too_many_molecules_to_be_placed_are_refused(run):
    with pytest.raises(TooExpensive, match=str(molecule.MOST_BUILT)):
        run(molecule.convert, b"C\n" * (molecule.MOST_BUILT + 1), "SMI", "XYZ")


def test_all_molecules_of_a_file_go_into_the_other_format(run):
    path = "molecule/attype.00.smi"
    assert len(run(molecule.convert, path, "SMI", "INCHI").getvalue().splitlines()) == 272
    assert run(molecule.convert, "molecule/maereader.mae", "MAE", "SDF").getvalue().count(b"$$$$") == 2
    assert run(molecule.convert, "molecule/maereader.mae", "MAE", "MOL").getvalue().count(b"M  END") == 1


@pytest.mark.parametrize("target", ["SMI", "XYZ", "SDF", "MOL", "PDB", "CML", "MOL2"])
def test_a_molecule_is_the_same_in_every_format(run, target):
    made = run(molecule.convert, "molecule/culgi_03.mol", "MOL", target).getvalue()
    told = json.loads(run(molecule.facts, made, target, "metadata.json").getvalue())
    assert told["formula"].rstrip("+") == "C20H28NO3"
    flat = json.loads(run(molecule.facts, "molecule/culgi_03.mol", "MOL", "metadata.json").getvalue())
    assert target in {"XYZ", "PDB"} or told["inchi_key"] == flat["inchi_key"], "its handedness too"


def test_a_reaction_is_drawn_with_its_arrow_and_both_sides(run):
    drawing = run(molecule.draw, "molecule/Tautomerization_01.rxn", "RXN", "SVG").getvalue()
    picture = np.asarray(Image.open(run(svg.convert, drawing, "SVG", "PNG")).convert("L"))
    columns = (picture < 235).any(axis=0)
    gaps = np.diff(np.flatnonzero(columns)) > 10
    assert gaps.sum() == 2, "molecule, arrow, molecule"
    assert drawing.count(b"<svg ") == 3


def test_a_drawing_gets_the_hydrogens_that_its_format_leaves_out(run):
    drawing = run(molecule.draw, "molecule/alanine.cdxml", "CDXML", "SVG").getvalue().decode()
    letters = "".join(re.findall(r">([A-Z0-9]+)</text>", drawing))
    assert Counter(letters)["N"] == 1 and Counter(letters)["H"] == 2 and Counter(letters)["O"] == 2
    left = "molecule/alanine.cdxml"
    assert run(molecule.convert, left, "CDXML", "SMI").getvalue().split() == [b"N[C@H](C(=O)O)C"], "the left-handed one"
    told = json.loads(run(molecule.facts, left, "CDXML", "metadata.json").getvalue())
    assert (told["inchi_key"], told["formula"]) == ("QNAYBMKLOCPYGJ-REOHCLBHSA-N", "C3H7NO2")
    for target in ("MOL2", "PDB", "XYZ"):
        made = run(molecule.convert, left, "CDXML", target).getvalue()
        assert json.loads(run(molecule.facts, made, target, "metadata.json").getvalue())["inchi_key"] == told["inchi_key"]


def test_a_drawing_stands_as_it_was_drawn_and_charges_and_single_atoms_get_their_hydrogens(run, zoo):
    page = (zoo / "molecule/alanine.cdxml").read_text()
    charged = page.replace('Element="7"', 'Element="7" Charge="1"')
    assert run(molecule.convert, charged.encode(), "CDXML", "SMI").getvalue().split() == [b"[NH3+][C@H](C(=O)O)C"]
    lone = page[: page.index("<fragment>")] + '<fragment><n id="1" p="10 10" Element="8"/></fragment></page></CDXML>'
    assert run(molecule.convert, lone.encode(), "CDXML", "SMI").getvalue().split() == [b"O"]
    points = np.array([[float(word) for word in line.split()[:2]] for line in _atom_lines(run, page)])
    assert points[0, 1] == points[:, 1].min(), "the nitrogen, lowest on the page"


def _atom_lines(run, page: str) -> list[str]:
    return run(molecule.convert, page.encode(), "CDXML", "MOL").getvalue().decode().splitlines()[4:11]


def test_a_layered_crystal_is_shown_as_layers(run, zoo):
    found = structure.Structure(("Mo", "S"), np.array([[0, 0, 0], [0, 0, 2.4]]), (), 3, cell=np.diag([3.0, 3.0, 12.0]))
    shown = crystals.whole(found)
    assert len(shown.symbols) >= 2 and shown.cell is not None
    drawing = run(molecule.draw, "molecule/cod_9007661.cif", "CIF", "SVG").getvalue()
    # three cells by three in the layers, walls included: far more than the nine atoms of one cell
    assert drawing.count(b"<circle") > 40


def test_molecules_of_a_crystal_are_in_one_piece():
    cell = np.diag([10.0, 10.0, 10.0])
    torn = structure.Structure(("O", "C", "O"), np.array([[9.9, 5, 5], [0.9, 5, 5], [2.1, 5, 5.0]]), (), 3, cell=cell)
    shown = crystals.whole(torn)
    assert len(shown.bonds) == 2
    assert np.allclose(np.ptp(shown.points, axis=0), [2.2, 0, 0])


def test_half_a_molecule_on_a_mirror_becomes_all_of_it(run):
    """COD 1516419, Cmca, Z = 4: the asymmetric unit has the atoms of one quarter of the cell's sites, the formula is the molecule's."""
    ((symbols, points),) = frames(run(molecule.convert, "molecule/test01.cif", "CIF", "XYZ").getvalue())
    assert Counter(symbols) == atoms("C24H12F6O2S2")
    centred = points - points.mean(axis=0)
    assert np.abs(np.sort(centred, axis=0) + np.sort(centred, axis=0)[::-1]).max() < 0.01, "it has a centre of inversion"
    told = json.loads(run(molecule.facts, "molecule/test01.cif", "CIF", "metadata.json").getvalue())
    smiles = run(molecule.convert, "molecule/test01.cif", "CIF", "SMI").getvalue().split()[0].decode()
    for text in (told["smiles"], smiles):
        assert "." not in text and text.upper().count("F") == 6 and text.upper().count("S") == 2
    assert run(molecule.convert, "molecule/test01.cif", "CIF", "PDB").getvalue().count(b"HETATM") == 22, "PDB holds the cell"


def test_a_unit_of_whole_molecules_and_a_net_stay_as_they_are():
    cell = np.diag([10.0, 10.0, 10.0])
    one = structure.Structure(("O", "C"), np.array([[1, 5, 5], [2.1, 5, 5.0]]), (), 3, cell=cell)
    two = structure.Structure(("O", "C", "O", "C"), np.array([[1, 5, 5], [2.1, 5, 5], [6, 1, 1], [7.1, 1, 1.0]]), (), 3, cell=cell)
    assert crystals.grown(one, two) is None
    short = np.diag([1.5, 10.0, 10.0])
    net = structure.Structure(("C", "C"), np.array([[0, 5, 5], [0, 6.4, 5.0]]), (), 3, cell=short)
    assert crystals.grown(structure.Structure(("C",), np.array([[0, 5, 5.0]]), (), 3, cell=short), net) is None


def helix(residues: int) -> bytes:
    lines = []
    for number in range(residues):
        angle = np.radians(100 * number)
        x, y, z = 2.3 * np.cos(angle), 2.3 * np.sin(angle), 1.5 * number
        lines.append(f"ATOM  {number + 1:5d}  CA  ALA A{number + 1:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           C  ")
    lines.append("HETATM 9999 ZN    ZN A 900       6.000   0.000  10.000  1.00  0.00          ZN  ")
    lines.append("HETATM 9998  O   HOH A 901       9.000   0.000  10.000  1.00  0.00           O  ")
    return ("\n".join(lines) + "\nEND\n").encode()


def test_a_protein_of_the_data_bank_is_drawn_as_its_backbone_and_keeps_its_metals(run):
    """PDB 5I55: 22 residues, of which the first holds selenium, which mmCIF writes in capitals."""
    drawing = run(molecule.draw, "molecule/5i55.cif", "CIF", "SVG").getvalue()
    assert drawing.count(b"<path") > 150 and b"<circle" not in drawing
    assert run(molecule.convert, "molecule/5i55.cif", "CIF", "XYZ").getvalue().count(b"\nSe ") == 1


def test_a_protein_is_drawn_as_its_backbone(run):
    found = structure.backbone(helix(40))
    assert found is not None and len(found.chains) == 1 and len(found.chains[0]) == 40
    assert found.bound.symbols == ("Zn",), "water is left out"
    drawing = run(molecule.draw, helix(40), "PDB", "SVG").getvalue().decode()
    assert drawing.count("<circle") == 1 and drawing.count("<path") > 400
    picture = np.asarray(Image.open(run(svg.convert, drawing.encode(), "SVG", "PNG")).convert("RGB")).astype(int)
    blue, red = (picture[..., 2] > picture[..., 0] + 60).nonzero()[1], (picture[..., 0] > picture[..., 2] + 60).nonzero()[1]
    assert abs(np.median(blue) - np.median(red)) > picture.shape[1] / 3, "from one end to the other"
    assert structure.backbone(helix(5)) is None


def test_it_turns(run, tmp_path):
    video = tmp_path / "v.webm"
    video.write_bytes(run(molecule.rotating, "molecule/octane.cml", "CML", "rotating.webm").getvalue())
    told = subprocess.run(
        ("ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames,codec_name", "-of", "csv=p=0", video),
        check=True,
        capture_output=True,
    )
    assert told.stdout.decode().strip() == "vp9,48"


def test_balls_stand_where_the_atoms_are():
    found = structure.Structure(("C", "O"), np.array([[0, 0, 0], [1.2, 0, 0]]), ((0, 1, 2.0),), 3)
    soup = ball_stick.triangles(found)
    assert np.ptp(soup.corners.reshape(-1, 3)[:, 0]) == pytest.approx(1.2 + 0.42 * (0.76 + 0.66), abs=0.01)


@pytest.mark.parametrize("content", [b"", b"not a molecule at all", b"\x00\xff" * 50])
@pytest.mark.parametrize(
    ("function", "target"), [(molecule.convert, "SMI"), (molecule.draw, "SVG"), (molecule.facts, "metadata.json")]
)
def test_what_is_no_molecule_is_corrupt(run, content, function, target):
    with pytest.raises(Corrupt):
        run(function, content, "MOL", target)


def test_a_file_that_is_too_long_is_refused(run):
    with pytest.raises(TooExpensive, match="16 MiB"):
        run(molecule.convert, b"C\n" * (9 << 20), "SMI", "XYZ")
