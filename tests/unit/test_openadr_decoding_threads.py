"""Decoding in many threads at once: VENs meet the same kinds of objects at the same moment."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "ven_actors"

# In its own process, since what it guards against ends the process.
MANY_THREADS = """
import sys, threading
import msgspec
from ven_actors.openadr.decoding import decode

sys.setswitchinterval(1e-6)
BODY = b'{"many": [{"many": [{"a": "x", "b": [1, 2.5]}], "one": {"a": "y"}}], "one": {"many": [{"a": "z"}]}}'

def fresh_shape():
    leaf = msgspec.defstruct("Leaf", [("a", str), ("b", list[int | float] | None, None)])
    branch = msgspec.defstruct("Branch", [("many", list[leaf] | None, None), ("one", leaf | None, None)])
    return msgspec.defstruct("Tree", [("many", list[branch] | None, None), ("one", branch | None, None)])

read = []
for _ in range(300):
    shape, start = fresh_shape(), threading.Barrier(8)
    def meet(shape=shape, start=start):
        start.wait()
        read.append(decode(BODY, shape, "a tree").one.many[0].a)
    threads = [threading.Thread(target=meet) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
assert read == ["z"] * 2400, len(read)
"""


def test_many_threads_may_be_the_first_to_meet_a_shape() -> None:
    done = subprocess.run([sys.executable, "-c", MANY_THREADS], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", sorted((PACKAGE / "openadr").rglob("*.py")), ids=lambda path: path.stem)
def test_no_decoder_is_built_on_the_way(path: Path) -> None:
    """`msgspec.json.decode(type=...)` would build it in whichever thread comes first."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    built = [call.lineno for call in calls if any(word.arg == "type" for word in call.keywords)]
    assert not built, f"{path.name}: {built}"
