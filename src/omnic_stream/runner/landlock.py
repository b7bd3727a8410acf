"""Landlock (landlock(7)) by its three system calls: what a process and its children may reach of the file system.

Standard library only: it runs in the launcher, which loads nothing else.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from typing import Final

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_VERSION: Final = 1
_PATH_BENEATH: Final = 1

READ: Final = 1 << 0 | 1 << 2 | 1 << 3
"""Execute, read files, list folders."""
READ_WRITE_DEVICE: Final = 1 << 1 | 1 << 2
_FOR_FILES: Final = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
"""Rights that mean something for what is no folder: execute, write, read, truncate, ioctl."""
_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many file rights each ABI knows; 16 from ABI 5 on."""


def abi() -> int:
    """The kernel's Landlock ABI, 0 where it has none."""
    return max(_libc().syscall(_CREATE_RULESET, None, 0, _VERSION), 0)


def ruleset(readable: Iterable[str], writable: Iterable[str], devices: Iterable[str] = ()) -> int:
    """A descriptor for ``restrict``: reading below some paths, everything below others, nothing else.

    From ABI 4 on no TCP, from 6 on no signals to and no abstract sockets of processes outside. Paths that are not there are left
    out. Raises OSError.
    """
    version = abi()
    every = (1 << _RIGHTS.get(version, 16)) - 1
    attributes = struct.pack("QQQ", every, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    length = 8 if version < 4 else 16 if version < 6 else 24
    rules = _call(_CREATE_RULESET, attributes[:length], length, 0)
    for paths, rights in ((readable, READ), (writable, every), (devices, READ_WRITE_DEVICE)):
        for path in paths:
            _allow(rules, path, rights & every)
    return rules


def restrict(rules: int) -> None:
    """From here on, for this process and all that it starts. Needs no_new_privs. Raises OSError."""
    _call(_RESTRICT_SELF, rules, 0)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(beneath).st_mode):
            rights &= _FOR_FILES
        _call(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", rights, beneath), 0)
    finally:
        os.close(beneath)


def _call(number: int, *arguments: object) -> int:
    result: int = _libc().syscall(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
