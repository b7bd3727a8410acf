"""What a caged process may see and use: values, and the argv of bubblewrap made from them. Pure."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from omnic_stream.model.contracts import Limits, MiB
from omnic_stream.runner.process import NICE

PATH: Final = "/usr/local/bin:/usr/bin:/bin"
SYSTEM: Final = (
    "/etc/fonts",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/var/cache/fontconfig",
    "/etc/ImageMagick-6",
    "/etc/ImageMagick-7",
    "/etc/libreoffice",
)
"""Seen by every tool where they are: Debian's tools are links by way of /etc/alternatives, text needs fonts."""
FOLDER: Final = "/w"
INPUT: Final = "/in"
SCRATCH: Final = 64 * MiB
"""Size of /tmp inside."""
HIDDEN: Final = frozenset(map(Path, ("/", "/tmp", "/proc", "/dev", "/etc", "/usr", "/w", "/in", "/var", "/home", "/root")))  # noqa: S108
"""Never bound whole: what is asked for lies below them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cage:
    """One process tree's world."""

    argv: tuple[str, ...]
    limits: Limits
    folder: Path | None = None
    """The job folder, writable; None gives a memory file system of ``scratch`` bytes."""
    input: Path | None = None
    input_name: str = "input"
    read_only: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    scratch: int = SCRATCH
    sockets: bool = False
    """Unix sockets; in a cage of namespaces they are let through anyway, for there is nobody to reach by them."""


def input_name(source: str) -> str:
    """``input.pdf`` for PDF: some tools go by the extension. Made from the Format's name, never from an address."""
    extension = source.lower()
    plain = extension.replace(".", "").replace("-", "").replace("_", "")
    return f"input.{extension}" if plain.isascii() and plain.isalnum() and len(extension) <= 24 else "input"


def environment(cage: Cage, folder: str) -> dict[str, str]:
    return {"PATH": PATH, "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8", "TZ": "UTC", **cage.env}


def prlimit(limits: Limits, processes: int | None = None) -> list[str]:
    """The words that set the limits of each process and then start what follows.

    CPU time has a soft limit, which ends the tool by SIGXCPU and so tells why, and a hard one a second later.
    """
    words = ["/usr/bin/prlimit", f"--cpu={limits.cpu}:{limits.cpu + 1}", f"--fsize={limits.file_size}"]
    words += [f"--nofile={limits.open_files}", f"--nproc={processes or limits.processes}", "--core=0", "--memlock=0"]
    if limits.address_space is not None:
        words.append(f"--as={limits.address_space}")
    return words


def drop(uid: int) -> list[str]:
    return ["/usr/bin/setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs", "--inh-caps=-all"]


def niced() -> list[str]:
    return ["/usr/bin/nice", "-n", str(NICE)]


def bwrap_argv(
    cage: Cage, *, uid: int | None, info: int | None = None, rules: int | None = None, links: Mapping[str, str] | None = None
) -> list[str]:
    """bubblewrap's words.

    ``uid``: bubblewrap runs as root and drops to it inside, so that nothing outside needs to be readable for that uid. None:
    it runs as the ordinary user that the service is, in a user namespace. Either way the kernel's uid is not 0, for which
    RLIMIT_NPROC would be void. ``links`` are /bin, /lib ... as they are outside: link text, or an empty text for a folder.
    """
    words = ["bwrap", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv", "--hostname", "sandbox"]
    if uid is None:
        words += ["--unshare-all", "--unshare-user", "--disable-userns"]
    else:
        words += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        words += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    for name, value in environment(cage, FOLDER).items():
        words += ["--setenv", name, value]
    words += ["--ro-bind", "/usr", "/usr"]
    for at, text in (links or {}).items():
        words += ["--symlink", text, at] if text else ["--ro-bind", at, at]
    words += ["--proc", "/proc", "--dev", "/dev", "--size", str(cage.scratch), "--perms", "1777", "--tmpfs", "/tmp"]  # noqa: S108
    made: set[Path] = {Path("/"), Path("/tmp"), Path("/usr")}  # noqa: S108
    # After the tmpfs, which would hide what is bound below it: an environment may lie under /tmp.
    for text in (*SYSTEM, *outermost(cage.read_only)):
        words += [*_parents(Path(text), made), "--ro-bind-try", text, text]
        made.add(Path(text))
    if cage.input is not None:
        words += ["--perms", "0755", "--dir", INPUT, "--ro-bind", str(cage.input), f"{INPUT}/{cage.input_name}"]
    if cage.folder is not None:
        words += ["--bind", str(cage.folder), FOLDER]
    else:
        words += ["--size", str(cage.scratch), "--perms", "1777", "--tmpfs", FOLDER]
    words += ["--remount-ro", "/", "--chdir", FOLDER]
    if info is not None:
        words += ["--info-fd", str(info)]
    if rules is not None:
        words += ["--seccomp", str(rules)]
    words += ["--", *niced(), *prlimit(cage.limits)]
    return words + (drop(uid) if uid is not None else []) + list(cage.argv)


def _parents(path: Path, made: set[Path]) -> list[str]:
    """Folders above a bind, made on purpose: those that bubblewrap makes by itself are 0700, closed for the tool's uid."""
    words: list[str] = []
    for parent in reversed(path.parents):
        if parent not in made:
            made.add(parent)
            words += ["--perms", "0755", "--dir", str(parent)]
    return words


def outermost(paths: Sequence[str]) -> tuple[str, ...]:
    """Without what lies below another, below /usr, or is no folder to show (``/``, a home)."""
    kept: list[Path] = []
    for path in sorted({Path(text) for text in paths}, key=lambda path: len(path.parts)):
        if path in HIDDEN or Path("/usr") in path.parents or any(above in (path, *path.parents) for above in kept):
            continue
        kept.append(path)
    return tuple(map(str, kept))


def system_links() -> dict[str, str]:
    """/bin, /sbin, /lib ... as this machine has them: links into /usr, or (before the merge) folders of their own."""
    found: dict[str, str] = {}
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"):
        path = Path(name)
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_dir():
            found[name] = ""
    return found


def python_paths() -> tuple[str, ...]:
    """Where the service's interpreter finds modules: what a Python worker must find too.

    Without the folder of the script that was started (Python puts it first): it may be anything, a home for instance.
    """
    paths = sys.path if sys.flags.safe_path else sys.path[1:]
    home = Path.home()
    package = str(Path(__file__).parents[2])
    kept = [text for text in paths if text and Path(text).is_absolute() and Path(text) not in (home, *home.parents)]
    return tuple(dict.fromkeys((*kept, package)))


def python_folders() -> tuple[str, ...]:
    """What must be bound for the service's interpreter to run: its prefixes, every hop of the link chain to it, its modules."""
    folders = [sys.prefix, sys.base_prefix, *python_paths()]
    hop = Path(sys.executable)
    for _ in range(16):
        folders.append(str(hop.parent))
        if not hop.is_symlink():
            break
        hop = hop.parent / hop.readlink()
    folders += [str(Path(folder).resolve()) for folder in list(folders)]
    return tuple(dict.fromkeys(folder for folder in folders if Path(folder).exists()))
