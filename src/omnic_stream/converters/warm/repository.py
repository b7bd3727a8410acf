"""Git bundles: cloned bare into the cage's scratch, then read by git's plumbing. Nothing is checked out, no hook runs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from omnic_stream.converters.warm import programs
from omnic_stream.converters.warm.members import MOST_MEMBERS, Held, Member
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import Corrupt, TooExpensive

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "file", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0",
}  # fmt: skip
HARDENED = ("-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false", "-c", "transfer.fsckObjects=true", "-c", "safe.directory=*",
            "-c", "gc.auto=0", "-c", "uploadpack.packObjectsHook=")  # fmt: skip
CLONE = ("clone", "--bare", "--quiet", "--template=", "--no-recurse-submodules", "--end-of-options")
MOST_COMMITS = 30


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    author: str
    when: str
    """ISO 8601."""
    subject: str


@dataclass(frozen=True, slots=True)
class Repository:
    folder: Path
    head: str
    """Of the default branch, else of the first."""
    branches: Sequence[str]

    def git(self, *words: str) -> bytes:
        return _git(*words, folder=self.folder)


def _git(*words: str, folder: Path) -> bytes:
    done = subprocess.run(
        ["git", *HARDENED, *words], cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        raise Corrupt("The bundle is broken: git cannot read the history in it.")
    return done.stdout


@contextmanager
def cloned(call: Call) -> Iterator[Repository]:
    """Raises Corrupt."""
    with programs.scratch() as folder:
        programs.copied(call, folder, "in.bundle")
        _git(*CLONE, "in.bundle", "bare", folder=folder)
        bare = folder / "bare"
        lines = _git("for-each-ref", "--format=%(objectname) %(refname)", folder=bare).decode("utf-8", "replace").splitlines()
        refs = [line.split(" ", 1) for line in lines]
        found = subprocess.run(
            ["git", *HARDENED, "rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}"],
            cwd=bare, env=ENVIRONMENT, capture_output=True, check=False,
        ).stdout.decode().strip()  # fmt: skip
        if not found and not refs:
            raise Corrupt("The bundle holds no branch.")
        yield Repository(bare, found or refs[0][0], [name for _, name in refs])


def commits(repository: Repository) -> list[Commit]:
    """The newest first."""
    text = repository.git("log", f"-{MOST_COMMITS}", "--format=%H%x00%an%x00%aI%x00%s", "--end-of-options", repository.head)
    rows = (line.split("\0") for line in text.decode("utf-8", "replace").splitlines())
    return [Commit(*row) for row in rows if len(row) == 4]


def tree_members(repository: Repository) -> list[tuple[str, Member]]:
    """Object name and member of everything below HEAD, by ``git ls-tree -r -l -z``."""
    found: list[tuple[str, Member]] = []
    for record in repository.git("ls-tree", "-r", "-l", "-z", "--end-of-options", repository.head).split(b"\0"):
        facts, _, name = record.partition(b"\t")
        if not name:
            continue
        mode, kind, sha, size = facts.decode().split()
        what = "link" if mode == "120000" else "file" if kind == "blob" else "special"
        found.append((sha, Member(name=name.decode("utf-8", "replace"), size=int(size) if size.isdigit() else 0, kind=what)))
        if len(found) > MOST_MEMBERS:
            raise TooExpensive(f"The repository has more than {MOST_MEMBERS} files.")
    return found


def bundle_members(call: Call) -> Iterator[Held]:
    with cloned(call) as repository:
        for sha, member in tree_members(repository):
            blob = _Blob(repository, sha)
            try:
                yield member, blob if member.kind == "file" else None
            finally:
                blob.close()


class _Blob:
    """Read from ``git cat-file`` when it is first asked for."""

    def __init__(self, repository: Repository, sha: str) -> None:
        self._repository, self._sha = repository, sha
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, size: int = -1, /) -> bytes:
        if self._process is None:
            self._process = subprocess.Popen(
                ["git", *HARDENED, "cat-file", "blob", self._sha],
                cwd=self._repository.folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        assert self._process.stdout is not None
        part = self._process.stdout.read(size)
        if not part and self._process.wait():
            raise Corrupt("The bundle is broken: git cannot read a file in it.")
        return part

    def close(self) -> None:
        if self._process is not None:
            with self._process as process:
                process.kill()


def readme(repository: Repository) -> tuple[str, str] | None:
    """Name and text of the README at the top, at most 256 KiB."""
    names = [(sha, member) for sha, member in tree_members(repository) if "/" not in member.name and member.kind == "file"]
    for sha, member in names:
        if member.name.lower().partition(".")[0] == "readme" and (member.size or 0) <= 1 << 18:
            return member.name, repository.git("cat-file", "blob", sha).decode("utf-8", "replace")
    return None


def about(call: Call) -> tuple[list[str], list[Commit], tuple[str, str] | None, list[Member]]:
    """Branches and tags, the last commits, the README and the files of HEAD."""
    with cloned(call) as repository:
        names = [name.removeprefix("refs/heads/").removeprefix("refs/") for name in repository.branches]
        return names, commits(repository), readme(repository), [member for _, member in tree_members(repository)]
