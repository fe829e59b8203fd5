"""A store that is only read, also while a fleet has it open."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ven_actors.storage import schema
from ven_actors.storage.troubles import UNREADABLE, translated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from peewee import SqliteDatabase

T = TypeVar("T")

STORE_NAME = "store.db"


def read_only(folder: Path, read: Callable[[SqliteDatabase], T]) -> T | None:
    """What `read` makes of the store in `folder`, None where there is none. Raises `DataError` where it is broken."""
    path = folder / STORE_NAME
    if not path.exists() or not path.stat().st_size:
        return None
    database = schema.connect(path, max_bytes=None, read_only=True)
    try:
        if not schema.is_begun(database, path):
            return None
        return read(database)
    except UNREADABLE as error:
        raise translated(path, error) from error
    finally:
        database.close()
