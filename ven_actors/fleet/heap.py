"""The C library's heap, told to give back what threads have freed."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Mapping

# Of malloc.h of glibc.
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

_ARENAS = 2
_LARGE_BYTES = 64 * 1024


def keep_heap_small(environ: Mapping[str, str] = os.environ) -> bool:
    """Limit the number of heaps, and keep larger blocks outside of them; returns whether the C library was asked.

    glibc gives each thread a heap of its own, and what a VEN frees after reading a page of events stays in it: 0.3 MB
    for each VEN. Python's own objects are not concerned. Variables `MALLOC_...` take precedence.
    """
    if any(name.startswith("MALLOC_") for name in environ):
        return False
    with contextlib.suppress(OSError, AttributeError):  # no glibc
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(_M_ARENA_MAX, _ARENAS) and mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES))
    return False
