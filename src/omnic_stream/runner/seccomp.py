"""The system calls that a caged tool is refused, as a BPF program made by libseccomp.

A deny list, for the tools are many and change: what reaches into other processes, mounts, makes namespaces, loads code into the
kernel, or opens a socket to anything but this machine's own files. Refused calls fail with an error, as they do on older kernels,
so that tools take the path that they have for it.
"""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from typing import Any, Final

REFUSED: Final = (
    "ptrace",
    "mount",
    "umount2",
    "pivot_root",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "chroot",
    "bpf",
    "keyctl",
    "add_key",
    "request_key",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "userfaultfd",
    "perf_event_open",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "unshare",
    "setns",
    "process_vm_readv",
    "process_vm_writev",
    "open_by_handle_at",
    "name_to_handle_at",
    "quotactl",
    "swapon",
    "swapoff",
    "reboot",
    "acct",
    "personality",
    "syslog",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "iopl",
    "ioperm",
    "lookup_dcookie",
    "vhangup",
    "fanotify_init",
    "kcmp",
    "pidfd_getfd",
)

CLONE_NEW: Final = 0x10000000 | 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000 | 0x02000000
"""Every CLONE_NEW* flag of clone(2)."""


METADATA: Final = (
    "chmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "lchown",
    "fchownat",
    "utime",
    "utimes",
    "futimesat",
    "utimensat",
    "setxattr",
    "lsetxattr",
    "removexattr",
    "lremovexattr",
)
"""Calls that change a file's modes, owner and times by its name: Landlock lets them through."""


def program(*, unix_sockets: bool = True, metadata: bool = True) -> bytes | None:
    """The program's bytes (struct sock_filter), or None where libseccomp is not installed.

    For cages that see the machine's own files: ``unix_sockets=False`` refuses AF_UNIX too (socketpair(2) goes on working), and
    with ``metadata=False`` changing a file's metadata seems to work and does nothing (tools that copy modes give up over an error).
    """
    try:
        import pyseccomp
    except (ImportError, OSError, RuntimeError):  # pyseccomp raises what it likes when the C library is missing
        return None
    lib: Any = pyseccomp
    rules = lib.SyscallFilter(lib.ALLOW)
    for name in REFUSED:
        try:
            rules.add_rule(lib.ERRNO(errno.EPERM), name)
        except (OSError, ValueError):  # a call that this architecture or this libseccomp does not know
            continue
    for name in () if metadata else METADATA:
        try:
            rules.add_rule(lib.ERRNO(0), name)
        except (OSError, ValueError):
            continue
    # clone3 has its flags behind a pointer, which BPF cannot follow: glibc falls back to clone where it is missing.
    rules.add_rule(lib.ERRNO(errno.ENOSYS), "clone3")
    for flag in (1 << bit for bit in range(64) if CLONE_NEW >> bit & 1):
        rules.add_rule(lib.ERRNO(errno.EPERM), "clone", lib.Arg(0, lib.MASKED_EQ, flag, flag))
    # TIOCSTI and TIOCLINUX push characters into the terminal of whoever started the service.
    for request in (0x5412, 0x541C):
        rules.add_rule(lib.ERRNO(errno.EPERM), "ioctl", lib.Arg(1, lib.MASKED_EQ, 0xFFFFFFFF, request))
    if unix_sockets:
        rules.add_rule(lib.ERRNO(errno.EAFNOSUPPORT), "socket", lib.Arg(0, lib.NE, socket.AF_UNIX))
    else:
        rules.add_rule(lib.ERRNO(errno.EAFNOSUPPORT), "socket")
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def as_descriptor(rules: bytes) -> int:
    """A descriptor that reads as the program; each start needs one of its own, for it is read to its end."""
    descriptor = os.memfd_create("rules", os.MFD_CLOEXEC)
    os.write(descriptor, rules)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
