"""The built-in kinds of warm workers (entry point ``omnic_stream.workers``)."""

from __future__ import annotations

from typing import Final

from omnic_stream.model.contracts import GiB, Limits, MiB, WarmWorker

_LOOP: Final = ("{python}", "-P", "-B", "-s", "-m", "omnic_stream.runner.inside")

_ENV: Final = (
    # One arena and early trimming: 43-46 MiB resident after photographs instead of 58-77, at the same speed.
    ("MALLOC_ARENA_MAX", "1"),
    ("MALLOC_MMAP_THRESHOLD_", "1048576"),
    ("MALLOC_TRIM_THRESHOLD_", "67108864"),
    # Slots are the parallelism: a library that starts a thread for each core takes it from the neighbour.
    ("VIPS_CONCURRENCY", "1"),
    ("VIPS_BLOCK_UNTRUSTED", "1"),
    ("OMP_NUM_THREADS", "1"),
    ("OPENBLAS_NUM_THREADS", "1"),
    ("PYTHONUTF8", "1"),
)

PYTHON: Final = WarmWorker(
    name="python",
    argv=_LOOP,
    limits=Limits(seconds=3600, cpu=3600, memory=1 * GiB, address_space=4 * GiB),
    calls=200,
    memory=300 * MiB,
    env=_ENV,
)
"""Image, PDF and text libraries of the service's own interpreter."""

DETECT: Final = WarmWorker(
    name="detect",
    argv=_LOOP,
    limits=Limits(seconds=3600, cpu=3600, memory=256 * MiB, address_space=2 * GiB, output=16 * MiB, file_size=16 * MiB),
    calls=5000,
    memory=128 * MiB,
    most=2,
    env=_ENV,
    # libmagic's data: /usr/share/misc/magic.mgc may lead through /etc.
    read_only=("/etc/magic", "/etc/magic.mime"),
)
"""Small questions about a file's first bytes."""

HEAVY: Final = WarmWorker(
    name="heavy",
    argv=_LOOP,
    limits=Limits(seconds=3600, cpu=3600, memory=3 * GiB, address_space=None, processes=128),
    calls=50,
    memory=900 * MiB,
    env=_ENV,
)
"""Libraries that hold much memory (arrays, meshes, columns), and warm functions that run programs beside themselves."""

WORKERS: Final = (PYTHON, HEAVY, DETECT)
