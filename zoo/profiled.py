"""``python -m zoo.profiled PROFILE ...``: omnic-stream's command line where only the programs of a profile's Debian packages are found.

A profile is a list in ``scripts/tools``, and packages beside it after a plus: ``standard+pandoc,openbabel``. What these depend on, and what
every Debian system has, is there too. ``all`` hides nothing.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from omnic_stream.cli.main import main
from omnic_stream.runner import tools

TOOLS = Path(__file__).parent.parent / "scripts" / "tools"
PROFILES = {"core": (), "standard": ("standard",), "full": ("standard", "full")}


def packages(profile: str) -> frozenset[str]:
    """Named by the profile's lists, everything that these depend on, and what is required or important on Debian."""
    listed = dict(re.findall(r"^(\w+)=\(([^)]*)\)", TOOLS.read_text(), re.MULTILINE))
    name, _, more = profile.partition("+")
    wanted = {name for part in PROFILES[name] for name in listed[part].split()} | {word for word in more.split(",") if word}
    query = ("dpkg-query", "-W", "-f", "${Package}\t${Priority}\t${Provides}\t${Pre-Depends}, ${Depends}\n")
    depends: dict[str, list[str]] = {}
    for line in subprocess.run(query, capture_output=True, text=True, check=True).stdout.splitlines():
        name, priority, provides, needs = line.split("\t")
        names = [re.split(r"[\s:(]", word.strip())[0] for word in re.split(r"[,|]", needs) if word.strip()]
        depends[name] = names
        for provided in (re.split(r"[\s:(]", word.strip())[0] for word in provides.split(",") if word.strip()):
            depends.setdefault(provided, []).append(name)
        if priority in {"required", "important"}:
            wanted.add(name)
    found: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted.update(depends.get(name, ()))
    return frozenset(found)


def programs(names: Iterable[str]) -> frozenset[str]:
    """Paths of the files that these packages brought."""
    listed = subprocess.run(("dpkg-query", "-L", *sorted(names)), capture_output=True, text=True, check=False).stdout
    return frozenset(line for line in listed.splitlines() if "/bin/" in line or "/games/" in line or "/lib/" in line)


def hide_others(profile: str, folder: Path) -> None:
    """Tools are looked for in ``folder`` alone, which holds links to the programs of the profile."""
    mine = programs(packages(profile))
    for place in tools.PATH.split(":"):
        for file in Path(place).iterdir() if Path(place).is_dir() else ():
            real = str(file.resolve())  # alternatives(1): a link of nobody to somebody's program
            known = {str(file), real, str(file).replace("/usr/", "/", 1), real.replace("/usr/", "/", 1)}
            if known & mine and not (folder / file.name).exists():
                (folder / file.name).symlink_to(file)
    tools.PATH = str(folder)  # type: ignore[misc]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="omnic-profile-") as found:
        if sys.argv[1] != "all":
            hide_others(sys.argv[1], Path(found))
        main(sys.argv[2:])
