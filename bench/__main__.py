"""``python -m bench [PART ...]``: prints each part's figures; never fails, for a figure is no verdict."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

PARTS = sorted(file.stem for file in Path(__file__).parent.glob("*.py") if "\ndef figures()" in file.read_text())


def main(chosen: list[str]) -> None:
    unknown = set(chosen) - set(PARTS)
    if unknown:
        sys.stderr.write(f"bench: there is no {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}\n")
        raise SystemExit(2)
    for part in chosen or PARTS:
        assert find_spec(f"bench.{part}") is not None
        try:
            for figure in import_module(f"bench.{part}").figures():
                print(figure, flush=True)
        except Exception:  # one part that cannot run here must not hide the figures of the others
            traceback.print_exc()
            print(f"{part}: not measured", flush=True)


main(sys.argv[1:])
