"""Broken, hostile and foreign databases: one line that names the file, what is wrong, what to do; nothing changed."""

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import peewee
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ven_actors.errors import DataError, StateError
from ven_actors.storage import population, registry_files
from ven_actors.storage.registry import Registry
from ven_actors.storage.registry_schema import connect


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "r.db"
    with Registry.create(path) as registry:
        for index in (1, 2):
            registry.add(*population.fleet_ven(index, 1))
    return path


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "r.db"
    path.write_bytes(template.read_bytes())
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)


def refused(path: Path, words: str) -> None:
    before = path.read_bytes() if path.is_file() else b""
    for writable in (False, True):
        with pytest.raises(DataError, match=words) as caught:
            Registry.open(path, writable=writable)
        message = str(caught.value)
        assert message.startswith(f"{path}: ")
        assert "\n" not in message
        assert ";" in message, "what to do"
        assert not path.is_file() or path.read_bytes() == before
    assert {entry.name for entry in path.parent.iterdir()} <= {path.name, f"{path.name}.lock"}


def test_what_is_no_file_or_no_database_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none.db", "there is no such file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="is not a file"):
        Registry.open(tmp_path / "folder")
    (tmp_path / "folder").rmdir()
    (tmp_path / "none.db.lock").unlink(missing_ok=True)
    for content in (b"", b"no", b"x" * 10_000, b"SQLite format 3\0", b"SQLite format 3\0" + bytes(84)):
        (tmp_path / "r.db").write_bytes(content)
        refused(tmp_path / "r.db", "is not (an|a sound) SQLite database|not a registry")


def test_a_file_that_may_not_be_read_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*given: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", forbidden)
        with pytest.raises(DataError, match="may not be read"):
            Registry.open(path)


def test_a_file_that_is_too_large_is_refused_unread(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(3 * 1024**3)
    with pytest.raises(DataError, match="has 3221225472 bytes, the limit is"):
        Registry.open(path)


def test_a_file_cut_off_anywhere_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for length in (100, 4_096, 10_000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        refused(path, f"is cut off after {length} of {len(whole)} bytes")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_damaged_file_is_refused_or_still_makes_sense(path: Path, template: Path, place: float, value: int) -> None:
    data = bytearray(template.read_bytes())
    data[int(place**3 * len(data))] = value
    path.write_bytes(data)
    try:
        registry = Registry.open(path)
    except DataError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - either way is right
        return
    with registry:
        for name in registry.ven_names():
            assert all(len(one.loads) == 6 for one in registry.resources(name))


def test_a_schema_that_is_not_even_text_is_refused(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b"tableload_component", b"tablel\x80ad_component"))
    refused(path, "is not a sound SQLite database")


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["CREATE VIEW v AS SELECT 1"], "has a view 'v', which a registry never has"),
        (["DROP TABLE load_component",
          "CREATE VIEW load_component AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x FROM c"],
         "has a view 'load_component'"),
        (["CREATE TRIGGER t AFTER UPDATE ON resource BEGIN DELETE FROM ven; END"], "has a trigger 't'"),
        (["CREATE VIRTUAL TABLE f USING fts5(x)"], "has a table 'f', which a registry never has"),
        (["CREATE TABLE other (x)"], "has a foreign table 'other'"),
        (["DROP TABLE load_component"], "is not a registry: table 'load_component' is missing"),
        (["ALTER TABLE resource ADD COLUMN colour TEXT"], "table 'resource' has a foreign column 'colour'"),
        (["ALTER TABLE resource DROP COLUMN attributes"], "table 'resource' has no column 'attributes'"),
        (["ALTER TABLE resource ADD COLUMN bomb TEXT AS (hex(zeroblob(500000000)))"], "has computed columns"),
        (["CREATE INDEX i ON resource (upper(name))"], "has a foreign index 'i'"),
        (["UPDATE sqlite_master SET sql = replace(sql, ' UNIQUE', '') WHERE name = 'ven'"],
         "is not a sound SQLite database|does not have the keys and types"),
        (["CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL)", "INSERT INTO n SELECT * FROM ven",
          "DROP TABLE ven", "ALTER TABLE n RENAME TO ven"], "table 'ven' does not have the keys and types"),
        (["UPDATE sqlite_master SET sql = 'CREATE TABLE resource (resource)' WHERE name = 'resource'"], "SQLite"),
        (["PRAGMA user_version = 2"], r"was made by a newer version \(schema 2"),
        (["UPDATE resource SET registration_status = 'MAYBE' WHERE id = 7"], "unknown registration_status.*'MAYBE'"),
        (["UPDATE resource SET registration_status = x'00' WHERE id = 7"], "unknown registration_status"),
        (["UPDATE resource SET attributes = '[1' WHERE id = 7"], "attributes are no JSON object"),
        (["UPDATE resource SET attributes = '[1]' WHERE id = 7"], "attributes are no JSON object"),
        (["UPDATE resource SET name = x'ff' WHERE id = 7"], "name is not 1 to 256 characters"),
        (["UPDATE load_component SET meter = CAST(x'6dff' AS TEXT) WHERE resource = 7"], "Could not decode to UTF-8"),
        (["UPDATE resource SET resource_id = '' WHERE id = 7"], "resource_id is not 1 to 256 characters: '7', ''"),
        (["UPDATE ven SET name = '' WHERE id = 1"], "a VEN's name is not 1 to 128"),
        (["UPDATE resource SET ven_id = 99 WHERE id = 7"], "a row of 'resource' belongs to no row of 'ven'"),
        (["DELETE FROM load_component WHERE resource = 7 AND component = 'load_3'"], "not exactly the load components"),
        (["UPDATE load_component SET component = 'LOAD_3' WHERE component = 'load_3'"], "not exactly the load compon"),
        (["UPDATE load_component SET scale = -1 WHERE resource = 7"], "scale is not above 0.*'-1.0'"),
        (["UPDATE load_component SET scale = 9e999 WHERE resource = 7"], "scale is not above 0.*'inf'"),
        (["UPDATE load_component SET scale = 'much' WHERE resource = 7"], "scale is not above 0.*'much'"),
        (["UPDATE load_component SET sheddable = 2 WHERE resource = 7"], "kind, meter or sheddable"),
        (["UPDATE resource SET place = zeroblob(5000000) WHERE id = 7"], "too big"),
    ],
)  # fmt: skip
def test_what_hides_in_a_database_is_refused(path: Path, statements: list[str], words: str) -> None:
    change(path, *statements)
    refused(path, words)


def test_a_doubled_id_that_its_index_does_not_show_is_refused(path: Path) -> None:
    one, other = population.fleet_ven(1, 1)[1][:2]
    data = path.read_bytes()
    row = (other.resource_id + other.name).encode()
    assert data.count(row) == 1
    path.write_bytes(data.replace(row, (one.resource_id + other.name).encode()))
    refused(path, "is damaged")
    with Registry(path, connect(path, writable=False), None) as unchecked:
        assert unchecked.duplicates()["resource_id"] == {one.resource_id: 2}


def test_the_uniqueness_check_looks_at_rows_and_counts(path: Path) -> None:
    with Registry.open(path) as registry:
        assert registry.duplicates() == {"resource_id": {}, "name": {}, "meter_point_id": {}}
    change(
        path,
        "UPDATE resource SET meter_point_id = '571' WHERE id IN (1, 2, 125)",
        "UPDATE resource SET meter_point_id = '' WHERE id IN (5, 6)",
    )
    with Registry.open(path) as registry:
        assert registry.duplicates() == {"resource_id": {}, "name": {}, "meter_point_id": {"571": 3}}


@pytest.mark.parametrize("prepare", [lambda path: change(path, "ANALYZE"), lambda path: change(path, "VACUUM")])
def test_what_sqlite_itself_adds_is_no_stranger(path: Path, prepare: Callable[[Path], None]) -> None:
    prepare(path)
    with Registry.open(path) as registry:
        assert registry.ven_names() == ("Fleet-0001", "Fleet-0002")


def test_a_database_dumped_and_read_in_again_is_good(path: Path, tmp_path: Path) -> None:
    """A dump does not carry the schema's version."""
    with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(tmp_path / "new.db")) as new:
        new.executescript("\n".join(old.iterdump()))
    with Registry.open(tmp_path / "new.db") as registry:
        assert registry.resources("Fleet-0001") == population.fleet_ven(1, 1)[1]


def test_a_database_that_another_program_writes_to_is_named_as_busy(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DataError, match=r"another program is writing to it .database is locked.; try again"):
            Registry.open(path)
        other.execute("ROLLBACK")


def test_a_disk_that_is_full_is_named_although_the_roll_back_fails_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite rolls back by itself when the disk is full; peewee's own roll-back then finds no transaction."""

    def full(_path: Path, database: peewee.SqliteDatabase) -> None:
        database.connection().rollback()
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr(registry_files, "check_values", full)
    path = tmp_path / "resources.db"
    with pytest.raises(StateError) as caught:
        Registry.create(path)
    assert str(caught.value) == f"{path}: database or disk is full; make room on that disk, or choose another place"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_when_the_file_is_made_safe_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match=r"cannot be written .No space left on device.; make room"):
        Registry.create(tmp_path / "resources.db")


def test_a_broken_database_is_named_without_an_option_that_not_every_command_has(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(DataError) as caught:
        Registry.open(path)
    assert str(caught.value).endswith("or name another file")
