import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ven_actors.errors import DataError, StateError
from ven_actors.meters import DEMO_METERS
from ven_actors.model import RegistrationStatus
from ven_actors.simulation.loads import VenSimulation
from ven_actors.simulation.profiles import DEMO_PROFILES, Profiles
from ven_actors.storage import population
from ven_actors.storage.registry import Registry, registry_lock

ROWS = [
    ("26ef1a4f", "Herning", "Murphy's Pub", "5713131000001", 56.13, 8.97, None),
    ("a1", "Herning", "Restaurant", "5713131000002", 56.14, 8.98, b"\x01\xff"),
    ("a2", "Herning", "Restaurant", None, None, None, None),
    ("b1", "Aalborg", None, "5713131000004", 57.0, 9.9, None),
]


def original(path: Path, status: str | None = None, rows: list[tuple[object, ...]] = ROWS) -> None:
    """The original system's table as its notes describe it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE resources (id INTEGER PRIMARY KEY, resource_id TEXT UNIQUE, ven TEXT, resourceName TEXT, "
            "meterPointId TEXT, latitude REAL, longitude REAL, picture BLOB)"
        )
        connection.executemany(
            "INSERT INTO resources (resource_id, ven, resourceName, meterPointId, latitude, longitude, picture) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        if status is not None:
            connection.execute("ALTER TABLE resources ADD COLUMN registration_status TEXT DEFAULT 'PENDING'")
            connection.execute("UPDATE resources SET registration_status = ? WHERE resource_id = 'a1'", (status,))


def attributes(path: Path) -> dict[str, dict[str, object]]:
    with closing(sqlite3.connect(path)) as connection:
        return {
            row[0]: json.loads(row[1]) for row in connection.execute("SELECT resource_id, attributes FROM resource")
        }


def test_an_older_database_is_only_read_after_a_word_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    original(path)
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"is an older database .*check --migrate --registry \S+` brings it up"):
        Registry.open(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.db"]


def test_the_originals_database_is_migrated_without_loss(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    original(path)
    before = path.read_bytes()
    with Registry.open(path, writable=True) as registry:
        assert registry.ven_names() == ("Aalborg", "Herning")
        pub, first, second = registry.resources("Herning")
        assert (pub.resource_id, pub.name, pub.kind, pub.meter_point_id, pub.status) == (
            "26ef1a4f", "Murphy's Pub", "pub", "5713131000001", RegistrationStatus.PENDING,
        )  # fmt: skip
        assert (first.name, first.kind, second.name) == ("Restaurant", "restaurant", "Restaurant (2)")
        assert second.meter_point_id == ""
        assert [one.name for one in registry.resources("Aalborg")] == ["b1"], "without a name, its id"
        VenSimulation(Profiles.open(DEMO_PROFILES), registry.resources("Herning"), 1).interval(0, 15)
    assert (tmp_path / "r.db.before-v1").read_bytes() == before
    kept = attributes(path)
    assert kept["26ef1a4f"] == {"id": 1, "latitude": 56.13, "longitude": 8.97}
    assert kept["a1"]["picture"] == "01ff"
    assert kept["a2"] == {"id": 3, "name_before": "Restaurant"}


def test_a_status_that_the_original_kept_is_kept(tmp_path: Path) -> None:
    original(tmp_path / "r.db", "APPROVED")
    with Registry.open(tmp_path / "r.db", writable=True) as registry:
        assert [one.resource_id for one in registry.resources("Herning", RegistrationStatus.APPROVED)] == ["a1"]


def test_migrating_the_same_database_gives_the_same_loads(tmp_path: Path) -> None:
    for name in ("a.db", "b.db"):
        original(tmp_path / name)
    with Registry.open(tmp_path / "a.db", writable=True) as a, Registry.open(tmp_path / "b.db", writable=True) as b:
        assert a.resources("Herning") == b.resources("Herning")
        assert all(load.meter in DEMO_METERS for one in a.resources("Herning") for load in one.loads)


def test_our_own_database_before_the_status_keeps_every_load(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    name, resources = population.fleet_ven(1, 1)
    with Registry.create(path) as registry:
        registry.add(name, resources)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE resource DROP COLUMN registration_status")
        connection.execute("UPDATE resource SET attributes = '{\"a\": 1}' WHERE id = 1")
        connection.execute("PRAGMA user_version = 0")
    with Registry.open(path, writable=True) as registry:
        found = registry.resources(name)
        assert {one.status for one in found} == {RegistrationStatus.PENDING}
        assert [one.loads for one in found] == [one.loads for one in resources]
        assert [(one.resource_id, one.name, one.place) for one in found] == [
            (one.resource_id, one.name, one.place) for one in resources
        ]
    assert attributes(path)[resources[0].resource_id] == {"a": 1}
    with Registry.open(path, writable=True):
        pass
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["r.db", "r.db.before-v1", "r.db.lock"], "once only"


def test_an_earlier_copy_is_not_overwritten(tmp_path: Path) -> None:
    original(tmp_path / "r.db")
    (tmp_path / "r.db.before-v1").write_text("precious")
    Registry.open(tmp_path / "r.db", writable=True).close()
    assert (tmp_path / "r.db.before-v1").read_text() == "precious"
    assert (tmp_path / "r.db.before-v1.2").stat().st_size > 0


def test_rows_that_are_still_in_the_write_ahead_log_come_along(tmp_path: Path) -> None:
    path, crashed = tmp_path / "made.db", tmp_path / "r.db"
    original(path, rows=ROWS[:1])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO resources (resource_id, ven) VALUES ('late', 'Herning')")
        crashed.write_bytes(path.read_bytes())
        Path(f"{crashed}-wal").write_bytes(Path(f"{path}-wal").read_bytes())
    with Registry.open(crashed, writable=True) as registry:
        assert [one.resource_id for one in registry.resources("Herning")] == ["26ef1a4f", "late"]
    with closing(sqlite3.connect(f"{crashed}.before-v1")) as copy:
        assert copy.execute("SELECT count(*) FROM resources").fetchone() == (2,)


def test_a_database_that_another_program_has_open_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    original(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        assert other.execute("SELECT count(*) FROM resources").fetchone() == (4,)
        with pytest.raises(DataError, match=r"another program is writing to it .*locked.*try again"):
            Registry.open(path, writable=True)
        assert other.execute("SELECT count(*) FROM resources").fetchone() == (4,)
    assert not path.with_name("r.db.before-v1").exists()


def test_a_damaged_older_database_is_not_migrated(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    original(path)
    damaged = path.read_bytes().replace(b"26ef1a4fHerning", b"26ef1a4eHerning")
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    with pytest.raises(DataError, match="is damaged"):
        Registry.open(path, writable=True)
    assert path.read_bytes() == damaged


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(None, "Herning", "x", "", 1, 1, None)], "resource '' has no id or no VEN"),
        ([("a", None, "x", "", 1, 1, None)], "resource 'a' has no id or no VEN"),
        ([("a", "Herning", "x" * 300, "", 1, 1, None)], "name is not 1 to 256"),
    ],
)
def test_rows_that_cannot_be_taken_over_stop_the_migration(
    tmp_path: Path, rows: list[tuple[object, ...]], words: str
) -> None:
    path = tmp_path / "r.db"
    original(path, rows=rows)
    before = path.read_bytes()
    with pytest.raises(DataError, match=words):
        Registry.open(path, writable=True)
    assert path.read_bytes() == before
    assert {entry.name for entry in tmp_path.iterdir()} <= {"r.db", "r.db.lock"}


def test_an_unknown_status_and_doubled_ids_stop_the_migration(tmp_path: Path) -> None:
    original(tmp_path / "r.db", "MAYBE")
    with pytest.raises(DataError, match="'a1' has the unknown registration_status 'MAYBE'"):
        Registry.open(tmp_path / "r.db", writable=True)
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection, connection:
        connection.execute("CREATE TABLE resources (resource_id TEXT, ven TEXT)")
        connection.executemany("INSERT INTO resources VALUES (?, ?)", [("a", "x"), ("a", "y")])
    with pytest.raises(DataError, match="'a' stands there twice"):
        Registry.open(tmp_path / "s.db", writable=True)


@pytest.mark.parametrize(
    ("ddl", "words"),
    [
        (["CREATE TABLE resources (a)"], "no column for 'resource_id'"),
        (["CREATE TABLE resources (resource_id TEXT)"], "no column for 'ven'"),
        (["CREATE TABLE resources (resource_id TEXT, ven TEXT AS (resource_id))"], "computed columns"),
        (["CREATE TABLE resources (resource_id, ven)", "CREATE VIEW v AS SELECT 1"], "has a view"),
        (["CREATE TABLE resources (resource_id, ven)", "CREATE TABLE more (x)"], "is not a registry"),
    ],
)
def test_what_only_looks_like_the_originals_is_refused(tmp_path: Path, ddl: list[str], words: str) -> None:
    path = tmp_path / "r.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in ddl:
            connection.execute(statement)
    with pytest.raises(DataError, match=words):
        Registry.open(path, writable=True)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["r.db", "r.db.lock"]


def test_no_copy_no_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "r.db"
    original(path)
    before = path.read_bytes()
    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(DataError, match=r"no copy can be left at .*No space left"):
        Registry.open(path, writable=True)
    assert path.read_bytes() == before


def test_a_fleet_that_runs_keeps_a_migration_out(tmp_path: Path) -> None:
    original(tmp_path / "r.db")
    with registry_lock(tmp_path / "r.db", shared=True), pytest.raises(StateError):
        Registry.open(tmp_path / "r.db", writable=True)
