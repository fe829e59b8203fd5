"""The state folder as a run finds it: whatever is wrong with it is said before anything starts."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from ven_actors.errors import StateError
from ven_actors.fleet.folder import place_checked


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "make room there"), (errno.EROFS, "make it writable"), (errno.EIO, "look after the disk")],
)
def test_a_place_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path, number: int, words: str) -> None:
    with pytest.raises(StateError, match=f"^/a/file: .*; {words}, or give another --state$"), place_checked(tmp_path):
        raise OSError(number, "so it is", "/a/file")
    with pytest.raises(StateError, match=f"^state folder {tmp_path}: so it is; "), place_checked(tmp_path):
        raise OSError(number, "so it is")


def test_what_is_no_trouble_of_the_place_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError), place_checked(tmp_path):
        raise ConnectionResetError(errno.ECONNRESET, "reset")
