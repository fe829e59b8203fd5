"""The C library's heap is told to give back what threads have freed, unless its user tunes it."""

import subprocess
import sys

ASKED = "import sys; from ven_actors.fleet.heap import keep_heap_small; sys.exit(0 if keep_heap_small() else 3)"


def asked(environ: dict[str, str]) -> int:
    """In a process of its own: it concerns all threads."""
    return subprocess.run([sys.executable, "-c", ASKED], env=environ, check=False, timeout=60).returncode


def test_the_heap_is_kept_small_unless_it_is_tuned_by_variables() -> None:
    assert asked({}) == 0
    assert asked({"MALLOC_ARENA_MAX": "8"}) == 3
