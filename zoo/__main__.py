"""``python -m zoo``: the whole zoo, or a part of it, through a running service."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from zoo import matrix, sheet, written
from zoo.asking import Outcome, ask, chosen
from zoo.manifest import read
from zoo.profiled import PROFILES
from zoo.running import service

DOCS = Path(__file__).parent.parent / "docs" / "formats.md"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/zoo", description="Run the zoo through the service and hold each result to the manifest's facts."
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="WORD", help="a folder, a format, or a pattern of paths; may be repeated"
    )
    parser.add_argument("--target", action="append", default=[], metavar="FORMAT", help="only these targets")
    parser.add_argument("--jobs", type=int, default=2, help="requests at once")
    parser.add_argument(
        "--profile", type=profile, metavar="NAME[+PACKAGE,...]", help="core, standard or full: hide other packages' programs"
    )
    parser.add_argument("--at-least", type=float, metavar="PERCENT", help="exit with 1 below this share")
    parser.add_argument("--json", metavar="FILE", help="write the outcomes")
    parser.add_argument("--sheet", metavar="FILE.png", help="write a contact sheet of everything that can be seen")
    parser.add_argument("--save", metavar="FOLDER", help="keep what was made")
    parser.add_argument("--write-docs", action="store_true", help="write docs/formats.md from this run")
    parser.add_argument("--quiet", action="store_true", help="do not tell each outcome as it comes")
    return parser.parse_args()


def profile(text: str) -> str:
    if text.partition("+")[0] not in PROFILES:
        raise argparse.ArgumentTypeError(f"there are {', '.join(PROFILES)}")
    return text


def main() -> int:
    asked = arguments()
    rows = chosen(read(), asked.only)

    def told(outcome: Outcome) -> None:
        if not asked.quiet:
            mark = matrix.SIGNS[outcome.state]
            sys.stderr.write(f"{mark} {outcome.row.path} as {outcome.target} ({outcome.seconds:.1f} s) {outcome.reason}\n")

    with service(profile=asked.profile) as running:
        outcomes = ask(running, rows, jobs=asked.jobs, targets=asked.target, told=told)
    for line in matrix.lines(outcomes):
        print(line)
    if asked.json:
        Path(asked.json).write_text(matrix.as_json(outcomes) + "\n", encoding="utf-8")
    if asked.sheet:
        print(f"{sheet.draw(outcomes, Path(asked.sheet))} pictures in {asked.sheet}")
    if asked.save:
        save(outcomes, Path(asked.save))
    if asked.write_docs:
        DOCS.parent.mkdir(exist_ok=True)
        DOCS.write_text(written.document(outcomes, asked.profile or "full"), encoding="utf-8")
    return 1 if asked.at_least is not None and 100 * matrix.share(outcomes) < asked.at_least else 0


def save(outcomes: tuple[Outcome, ...], folder: Path) -> None:
    for outcome in outcomes:
        if outcome.made:
            place = folder / f"{outcome.row.path}.{outcome.target}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(outcome.made)


if __name__ == "__main__":
    raise SystemExit(main())
