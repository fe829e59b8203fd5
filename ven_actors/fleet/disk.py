"""Whether a full disk made a run fail: SQLite and the system use the same words for several causes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

# What SQLite says where the disk is full, where the outbox has reached its limit, and where a write failed.
_SIGNS = ("disk is full", "disk I/O error", "No space left on device", "Disk quota exceeded")
_ROOM_BYTES = 4 * 2**20


class Usage(Protocol):
    @property
    def total(self) -> int: ...
    @property
    def free(self) -> int: ...


def full_disk(folder: Path, errors: Iterable[str], usage: Callable[[Path], Usage] = shutil.disk_usage) -> str:
    """Name the disk of `folder` if one of these errors is of it and it has no room; else empty.

    An outbox that has reached `outbox_max` says the same words as a full disk: then there is room.
    """
    if not any(sign in error for error in errors for sign in _SIGNS):
        return ""
    try:
        found = usage(folder)
    except OSError:
        return ""
    if found.free > _ROOM_BYTES:
        return ""
    place = folder.absolute()
    disk = next(each for each in (place, *place.parents) if each.is_mount())
    return f"the disk {disk} is full ({found.free} of {found.total} bytes free); state folder {folder} is on it"
