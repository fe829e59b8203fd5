"""The registry: which VENs there are, their resources and loads, in one SQLite file. Input: a run never writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import peewee

from ven_actors.errors import DataError, UsageError
from ven_actors.meters import DEMO_METERS
from ven_actors.model import RegistrationStatus, Resource
from ven_actors.storage import population, registry_checks, registry_schema
from ven_actors.storage.lock import FileLock, lock_beside
from ven_actors.storage.registry_checks import Make
from ven_actors.storage.registry_files import make_folder, write_registry
from ven_actors.storage.registry_migrations import migrate
from ven_actors.storage.registry_rows import delete_resource, insert_ven, resource_of

Progress = Callable[[int, int], None]


def registry_lock(path: str | Path, *, shared: bool) -> FileLock:
    """The lock of a registry file: a fleet holds it shared while it runs, whoever writes holds it alone."""
    return FileLock(
        lock_beside(Path(path)),
        shared=shared,
        what=f"resource database {path}",
        remedy="stop the fleet that runs on it (or wait for the other command)",
    )


class Registry:
    """An open registry. Not for sharing between threads; any number can be open at once.

    Opening checks the whole file. Raises DataError (one line: the file, what is wrong, what to do), and for writers
    StateError if a fleet runs on it.
    """

    def __init__(self, path: Path, database: peewee.SqliteDatabase, lock: FileLock | None) -> None:
        self.path = path
        self._database = database
        self._lock = lock
        self._tables = registry_schema.Tables(database)

    @classmethod
    def create(cls, path: str | Path) -> Registry:
        """A new, empty registry, open for writing. Raises DataError if there is a file already."""
        path = Path(path)
        if path.exists():
            raise DataError(f"{path}: is there already and is not overwritten; remove it first or choose another name")
        write_registry(path, ())
        return cls.open(path, writable=True)

    @classmethod
    def open(cls, path: str | Path, *, writable: bool = False, beside_fleet: bool = False) -> Registry:
        """Open an existing registry; read-only needs no permission to write, and changes nothing.

        Writable, an older one is brought up to date first, with a copy left beside it; with `beside_fleet` a fleet may
        run on it, which has to be told to read it again.
        """
        path = Path(path)
        registry_checks.check_file(path)
        if not writable:
            return cls(path, _checked(path, writable=False, older=_refuse_older), None)
        lock = registry_lock(path, shared=beside_fleet).acquire()
        try:
            return cls(path, _checked(path, writable=True, older=_refuse_older if beside_fleet else migrate), lock)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        self._database.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # --- reading -------------------------------------------------------------------------------------------------
    def ven_names(self) -> tuple[str, ...]:
        """All VENs, by name."""
        ven = self._tables.ven
        return tuple(name for (name,) in self._rows(ven.select(ven.name).order_by(ven.name)))

    def resources(self, ven_name: str, status: RegistrationStatus | None = None) -> tuple[Resource, ...]:
        """The resources of a VEN in the order they were entered. Raises UsageError for an unknown VEN."""
        self.require([ven_name])
        ven, resource, load = self._tables.ven, self._tables.resource, self._tables.load_component
        query = (
            resource.select(
                resource.resource_id, resource.name, resource.kind, resource.meter_point_id, resource.place,
                resource.registration_status, load.component, load.kind.alias("load_kind"), load.meter, load.scale,
                load.sheddable,
            )
            .join(ven, on=(ven.id == resource.ven_id))
            .join(load, on=(load.resource == resource.id))
            .where(ven.name == ven_name)
            .order_by(resource.id, load.component)
        )  # fmt: skip
        if status is not None:
            query = query.where(resource.registration_status == status.value)
        return tuple(
            resource_of(ven_name, own, rows) for own, rows in groupby(self._rows(query), key=itemgetter(slice(6)))
        )

    def statistics(self, ven_names: Iterable[str] | None = None) -> dict[str, Any]:
        """How many resources there are, in the original system's words, for all VENs or for these."""
        names = self.ven_names() if ven_names is None else tuple(dict.fromkeys(ven_names))
        self.require(names)
        ven, resource = self._tables.ven, self._tables.resource
        query = (
            resource.select(ven.name, resource.registration_status, peewee.fn.COUNT(resource.id))
            .join(ven, on=(ven.id == resource.ven_id))
            .group_by(ven.name, resource.registration_status)
        )
        by_ven = {name: {"approved": 0, "pending": 0, "suspended": 0, "total": 0} for name in names}
        total_by_status = dict.fromkeys(("APPROVED", "PENDING", "SUSPENDED"), 0)
        for name, status, count in self._rows(query):
            if name in by_ven:
                by_ven[name][status.lower()] = count
                by_ven[name]["total"] += count
                total_by_status[status] += count
        return {
            "total_vens": len(by_ven),
            "total_resources": sum(total_by_status.values()),
            "total_by_status": total_by_status,
            "by_ven": by_ven,
        }

    def duplicates(self) -> dict[str, dict[str, int]]:
        """Values that should be unique and how often they occur: `resource_id`, `name` (in a VEN), `meter_point_id`.

        Looks at the rows themselves, not at what the indexes promise. An empty meter point counts as none.
        """
        found: dict[str, dict[str, int]] = {}
        for what, value in (
            ("resource_id", "resource_id"),
            ("name", "(SELECT name FROM ven WHERE ven.id = ven_id) || '/' || name"),
            ("meter_point_id", "nullif(meter_point_id, '')"),
        ):
            sql = f"SELECT {value} AS v, count(*) FROM resource NOT INDEXED GROUP BY v HAVING count(v) > 1"
            with registry_schema.translated(self.path):
                found[what] = dict(self._database.execute_sql(sql).fetchall())
        return found

    def nearest(self, name: str, n: int = 3) -> tuple[str, ...]:
        """The VENs whose names look most like this one, best first."""
        by_lower = {known.lower(): known for known in self.ven_names()}
        return tuple(by_lower[match] for match in get_close_matches(name.lower(), by_lower, n=n, cutoff=0.0))

    def require(self, names: Iterable[str]) -> None:
        """Raise UsageError that names each unknown VEN and the nearest three."""
        known = set(self.ven_names())
        unknown = [
            f"unknown VEN {name!r} (nearest: {', '.join(self.nearest(name)) or 'there are none'})"
            for name in names
            if name not in known
        ]
        if unknown:
            raise UsageError(f"{self.path}: {'; '.join(unknown)}; see {registry_schema.command_on(self.path, 'list')}")

    # --- writing -------------------------------------------------------------------------------------------------

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """All changes within it, or, if an exception leaves it, none."""
        with self._database.atomic():
            yield

    def add(self, ven_name: str, resources: Iterable[Resource]) -> None:
        """Enter a VEN with its resources, in one transaction.

        Raises DataError, and enters nothing, if a name or id is there already or a value is not possible.
        """
        with registry_schema.translated(self.path), self._database.atomic():
            insert_ven(self._database.connection(), ven_name, resources)
            registry_checks.check_values(self.path, self._database)

    def set_status(self, resource_id: str, status: RegistrationStatus) -> None:
        """Raises UsageError for an unknown resource."""
        resource = self._tables.resource
        query = resource.update({resource.registration_status: status.value}).where(resource.resource_id == resource_id)
        with registry_schema.translated(self.path):
            if not query.execute():
                raise registry_schema.unknown_resource(self.path, resource_id)

    def remove(self, resource_id: str) -> tuple[str, str]:
        """Forget a resource; returns its VEN and its name. Raises UsageError for an unknown one."""
        with registry_schema.translated(self.path), self._database.atomic():
            found = delete_resource(self._database.connection(), resource_id)
            if found is None:
                raise registry_schema.unknown_resource(self.path, resource_id)
            return found

    def approve(self, ven_name: str, upto: population.Approve = "all", *, suspended: bool = False) -> int:
        """Approve pending resources, first ones first, until `upto` of the VEN's are approved; how many that took.

        Suspended ones stay so, unless they are wanted too. Doing it twice changes nothing more.
        """
        wanted = {RegistrationStatus.PENDING, *([RegistrationStatus.SUSPENDED] if suspended else [])}
        pending = tuple(each for each in self.resources(ven_name) if each.status in wanted)
        if upto != "all":
            approved = self.statistics([ven_name])["by_ven"][ven_name]["approved"]
            pending = pending[: max(0, upto - approved)]
        self._set_all(pending, RegistrationStatus.APPROVED)
        return len(pending)

    def suspend(self, ven_name: str, keep: int | None = None) -> int:
        """Suspend every resource of a VEN that is not, or approved ones but the first `keep`; how many those were."""
        if keep is None:
            rest = tuple(r for r in self.resources(ven_name) if r.status is not RegistrationStatus.SUSPENDED)
        else:
            rest = self.resources(ven_name, RegistrationStatus.APPROVED)[keep:]
        self._set_all(rest, RegistrationStatus.SUSPENDED)
        return len(rest)

    def _set_all(self, resources: Iterable[Resource], status: RegistrationStatus) -> None:
        with registry_schema.translated(self.path), self._database.atomic():
            self._database.connection().executemany(
                "UPDATE resource SET registration_status = ? WHERE resource_id = ?",
                [(status.value, resource.resource_id) for resource in resources],
            )

    def _rows(self, query: Any) -> list[tuple[Any, ...]]:
        with registry_schema.translated(self.path):
            return list(query.tuples())


def make_demo(
    path: str | Path,
    seed: int,
    approve: population.Approve = population.DEMO_APPROVED,
    progress: Progress | None = None,
    *,
    meters: tuple[str, ...] = DEMO_METERS,
    replace: bool = False,
) -> None:
    """Write the demo registry beside `path` and rename it into place. `progress` hears resources done, and of how many.

    Raises DataError if there is a file already and `replace` is not set, StateError if a fleet runs on it.
    """
    path = Path(path)
    make_folder(path)
    with registry_lock(path, shared=False):
        if path.exists() and not replace:
            raise DataError(f"{path}: is there already and is not overwritten; use --force, or choose another name")
        total = sum(population.TOWNS.values())

        def told() -> Iterator[tuple[str, tuple[Resource, ...]]]:
            done = 0
            for ven_name, resources in population.make(seed, meters=meters, approve=approve):
                yield ven_name, resources
                done += len(resources)
                if progress is not None:
                    progress(done, total)

        write_registry(path, told())


def _checked(path: Path, *, writable: bool, older: Callable[[Path, Make], object]) -> peewee.SqliteDatabase:
    """Look at the file without being able to write it; only then open it for writing, if that is wanted."""
    with registry_schema.translated(path):
        database = registry_schema.connect(path, writable=False)
        try:
            make = registry_checks.recognise(path, database)
            if make is Make.CURRENT:
                registry_checks.check_content(path, database)
                if not writable:
                    return database
        except BaseException:
            database.close()
            raise
        database.close()
    if make is not Make.CURRENT:
        older(path, make)
        return _checked(path, writable=writable, older=_refuse_older)
    return registry_schema.connect(path, writable=True)


def _refuse_older(path: Path, make: Make) -> None:
    raise DataError(
        f"{path}: is an older database ({make.value}); {registry_schema.command_on(path, 'check', '--migrate')} brings "
        "it up to date without loss and leaves a copy"
    )
