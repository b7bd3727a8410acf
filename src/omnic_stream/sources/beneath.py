"""Opening a file below a folder, whatever the path says: no symbolic link, no ``..``, no magic link leads out of it."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from pathlib import Path

_OPENAT2 = 437
"""The same number on every architecture (include/uapi/asm-generic/unistd.h)."""

_NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08
"""openat2(2), ``resolve``."""

# Not blocking: a FIFO without a writer would hang the thread. Regular files do not mind.
_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_FOLDER = os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECTORY


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_beneath(folder: Path, path: str) -> int:
    """A descriptor for reading ``path`` below ``folder``. ``path`` is relative, without empty, ``.`` and ``..`` parts.

    Raises OSError: ELOOP for a symbolic link, ENOENT, EACCES ... The folder itself may be one that a link leads to.
    """
    root = os.open(folder, os.O_PATH | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        try:
            return _openat2(root, path)
        except OSError as error:
            # Older kernels do not know the call; some container filters answer EPERM for what they do not know.
            if error.errno not in {errno.ENOSYS, errno.EPERM}:
                raise
        return open_by_parts(root, path)
    finally:
        os.close(root)


def open_by_parts(root: int, path: str) -> int:
    """The same, one component after the other, for kernels without openat2."""
    *folders, name = path.split("/")
    at = os.dup(root)
    try:
        for part in (*folders, name):
            if part in {"", ".", ".."}:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        for part in folders:
            below = _open_folder(at, part)
            os.close(at)
            at = below
        return os.open(name, _FILE, dir_fd=at)
    finally:
        os.close(at)


def _open_folder(at: int, part: str) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=at)
    except NotADirectoryError:
        # O_DIRECTORY with O_NOFOLLOW says ENOTDIR for a link too.
        if stat.S_ISLNK(os.stat(part, dir_fd=at, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        raise


def _openat2(root: int, path: str) -> int:
    how = _OpenHow(flags=_FILE, resolve=_BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS)
    libc = ctypes.CDLL(None, use_errno=True)
    for _ in range(8):
        opened = libc.syscall(
            _OPENAT2, root, ctypes.c_char_p(os.fsencode(path)), ctypes.byref(how), ctypes.c_size_t(ctypes.sizeof(how))
        )
        if opened >= 0:
            return int(opened)
        if (code := ctypes.get_errno()) not in {errno.EAGAIN, errno.EINTR}:
            raise OSError(code, os.strerror(code))
    # A rename elsewhere in the tree makes the kernel unsure of "beneath" (EAGAIN); so often in a row somebody tries.
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
