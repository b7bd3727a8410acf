"""Users for caged trees where the service is root: one for each tree, none shared with another service on the machine."""

from __future__ import annotations

import socket
from typing import Final

from omnic_stream.model.errors import SandboxUnavailable

FIRST: Final = 60706
LAST: Final = 61183
"""The range that systemd's "Users, Groups, UIDs and GIDs" leaves to nobody, small enough for containers that map 65,536 users."""


class Uids:
    """Leases user ids; the lease is an abstract socket's name, so that a killed service gives it back by dying.

    RLIMIT_NPROC counts by user, and without namespaces a tree is killed by user: two trees must never have the same.
    """

    def __init__(self, first: int = FIRST, last: int = LAST) -> None:
        self._next, self._last = first, last
        self._free: list[int] = []
        self._leases: dict[int, socket.socket] = {}

    def take(self) -> int:
        """A user that no live tree has. Raises SandboxUnavailable when the range is used up."""
        return self._free.pop() if self._free else self._lease()

    def give_back(self, uid: int) -> None:
        """Only when nothing of that user lives any more."""
        if uid in self._leases:
            self._free.append(uid)

    def _lease(self) -> int:
        while self._next <= self._last:
            uid, self._next = self._next, self._next + 1
            lease = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            try:
                lease.bind(f"\0omnic-stream/uid/{uid}")
            except OSError:
                lease.close()
                continue
            self._leases[uid] = lease
            return uid
        raise SandboxUnavailable("Too many tools run at once on this machine: none of the sandbox's users is free.")

    def close(self) -> None:
        for lease in self._leases.values():
            lease.close()
        self._leases.clear()
        self._free.clear()
