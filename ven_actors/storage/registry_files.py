"""Registry files as wholes: written beside their place and renamed into it, so that no half of one is ever seen."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ven_actors.errors import DataError, StateError
from ven_actors.model import Resource
from ven_actors.storage.registry_checks import check_values
from ven_actors.storage.registry_rows import insert_ven
from ven_actors.storage.registry_schema import connect, create_tables, translated

SIDECARS = ("-journal", "-wal", "-shm")
Attributes = Mapping[str, Mapping[str, Any]]


def write_registry(
    path: Path, vens: Iterable[tuple[str, Iterable[Resource]]], attributes: Attributes | None = None
) -> None:
    """Write a whole registry and rename it to `path`, replacing what was there. The folder is made if need be.

    Raises DataError, and leaves `path` alone, if a value in it could not be read back.
    """
    with _replacing(path) as part, translated(path):
        database = connect(part, writable=True)
        try:
            with database.atomic():
                create_tables(database)
                for ven_name, resources in vens:
                    insert_ven(database.connection(), ven_name, resources, attributes)
                check_values(path, database)
        finally:
            database.close()


def make_folder(path: Path) -> None:
    """The folder that `path` is to be in."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{path.parent}: this folder cannot be made ({error.strerror}); choose another place"
        ) from error


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    make_folder(path)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); choose another place") from error
    part = Path(name)
    try:
        yield part
        part.chmod(0o644)
        os.fsync(handle)
        # A journal left by a crash belongs to the file that goes; SQLite would play it back into the new one.
        for suffix in SIDECARS:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        part.replace(path)
    except OSError as error:
        raise StateError(f"{path}: cannot be written ({error.strerror}); make room, or choose another place") from error
    finally:
        os.close(handle)
        part.unlink(missing_ok=True)
        part.with_name(part.name + "-journal").unlink(missing_ok=True)
