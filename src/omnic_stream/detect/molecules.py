"""Molecules and meshes in plain text: by columns that are numbers where their format says so."""

from __future__ import annotations

import re

FIRST = 8000

COUNTS = re.compile(r"[ \d]{6}.{0,28}V[23]000\s*\Z")
ATOM = re.compile(r"(?:ATOM  |HETATM)[ \d*A-F]{5} .{15}.{3}[ \d.-]{24}")
RECORD = re.compile(r"^(?:HEADER|COMPND|REMARK|CRYST1|TITLE |AUTHOR|MODEL |EXPDTA|SEQRES|ATOM  |HETATM)", re.MULTILINE)
POINT = re.compile(r"\s*(?:[A-Z][a-z]?|\d{1,3})(?:\s+[-+]?\d*\.\d+(?:[eE][-+]?\d+)?){3}(?:\s|\Z)")
CIF_BLOCK = re.compile(r"^data_\S*\s*$", re.MULTILINE)
CIF_ITEM = re.compile(r"^_[A-Za-z][\w.\[\]/-]*(?:\s|$)", re.MULTILINE)
SMILES = re.compile(r"(?:Br|Cl|[BCNOPSFI]|[bcnops]|\[[^\]\s]{1,20}\]|[-=#$:/\\.()~*@]|%\d\d|\d)+")
SHAPED = re.compile(r"[=#()\[\]\d]")
WAVEFRONT = re.compile(r"^(?:v|vt|vn) +-?\d*\.?\d+(?:[eE][-+]?\d+)? +-?\d", re.MULTILINE)
FACE = re.compile(r"^f +-?\d+(?:/-?\d*){0,2} +-?\d+", re.MULTILINE)
SOLID = re.compile(
    r"^[ \t]*(?:hull|union|difference|intersection|minkowski|translate|rotate|scale|mirror|color|polyhedron|cube|sphere|cylinder|linear_extrude"
    r"|rotate_extrude|polygon|square|circle)\s*\((?:[^\n\"';]*)\)?\s*[{;]?",
    re.MULTILINE,
)
SCAD_ONLY = re.compile(
    r"\$f[nas]\s*=|\bmodule\s+\w+\s*\([^)]*\)\s*\{|\bpolyhedron\s*\(\s*points\s*=|\blinear_extrude\s*\(|^\s*use\s*<|^include\s*<"
)


def refined(text: str, start: str) -> str | None:
    lines = text[:16000].splitlines()
    if len(lines) > 3 and COUNTS.match(lines[3]):
        return "SDF" if "$$$$" in text or re.search(r"^> +<", text, re.MULTILINE) else "MOL"  # CTfile formats, 2020, chapter 6
    if RECORD.match(start) and any(ATOM.match(line) for line in lines):
        return "PDB"
    if (
        len(lines) > 2
        and lines[0].strip().isdigit()
        and POINT.match(lines[2])
        and all(POINT.match(line) for line in lines[2:6] if line.strip())
    ):
        return "XYZ"
    if CIF_BLOCK.search(text[:16000]) and CIF_ITEM.search(text[:16000]):
        return "CIF"
    if (WAVEFRONT.search(text[:16000]) and len(WAVEFRONT.findall(text[:16000])) >= 3) or (
        FACE.search(text[:4000]) and WAVEFRONT.search(text)
    ):
        return "OBJ"
    if SOLID.match(start) and (SCAD_ONLY.search(text[:FIRST]) or len(SOLID.findall(text[:FIRST])) >= 2):
        return "SCAD"
    if SOLID.search(text[:FIRST]) and SCAD_ONLY.search(text[:FIRST]):
        return "SCAD"
    return "SMI" if _smiles(lines) else None


def _smiles(lines: list[str]) -> bool:
    """Nearly every line begins with a molecule, and most of those have bonds, rings or branches (OpenSMILES 2.0)."""
    words = [line.split(None, 1)[0] for line in lines[:50] if line.strip() and not line.startswith("#")]
    if len(words) < 2:
        return False
    molecules = [word for word in words if SMILES.fullmatch(word) and re.search("[A-Za-z]", word)]
    shaped = [word for word in molecules if SHAPED.search(word) and re.search("[CcNO]", word)]
    return len(molecules) >= 0.9 * len(words) and len(shaped) >= 0.6 * len(words)
