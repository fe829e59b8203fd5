import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ven_actors.errors import DataError, StateError, UsageError
from ven_actors.model import RegistrationStatus, Resource
from ven_actors.storage import population
from ven_actors.storage.registry import Registry, make_demo, registry_lock

PENDING, APPROVED, SUSPENDED = RegistrationStatus.PENDING, RegistrationStatus.APPROVED, RegistrationStatus.SUSPENDED


def ven(name: str, size: int = 5, approved: int = 2) -> tuple[Resource, ...]:
    made = population.fleet_ven(abs(hash_of(name)) % 1_000 + 1, 1)[1][:size]
    return tuple(
        replace(one, ven_name=name, status=APPROVED if row < approved else PENDING) for row, one in enumerate(made)
    )


def hash_of(name: str) -> int:
    return sum(map(ord, name))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "r.db"
    with Registry.create(path) as registry:
        for name in ("Herning", "Aalborg", "Aars"):
            registry.add(name, ven(name))
    return path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "new" / "resources.db"
    make_demo(path, 1)
    return path


@pytest.fixture
def _two_towns(monkeypatch: pytest.MonkeyPatch) -> None:
    """10,562 resources take a second; once is enough."""
    monkeypatch.setattr(population, "TOWNS", {"Aars": 125, "Lemvig": 266})


two_towns = pytest.mark.usefixtures("_two_towns")


@pytest.fixture
def written(path: Path) -> Iterator[Registry]:
    with Registry.open(path, writable=True) as registry:
        yield registry


def test_what_was_added_is_read_back_in_order(path: Path) -> None:
    with Registry.open(path) as registry:
        assert registry.ven_names() == ("Aalborg", "Aars", "Herning")
        assert registry.resources("Herning") == ven("Herning")
        assert registry.resources("Herning", APPROVED) == ven("Herning")[:2]
        assert registry.resources("Herning", PENDING) == ven("Herning")[2:]
        assert registry.resources("Herning", SUSPENDED) == ()


def test_the_demo_is_the_population(demo: Path) -> None:
    with Registry.open(demo) as registry:
        assert set(registry.ven_names()) == set(population.TOWNS)
        for name in ("Lemvig", "Aars"):
            assert registry.resources(name) == population.town_ven(name, 1)


@two_towns
def test_the_demo_tells_how_far_it_is_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    make_demo(tmp_path / "r.db", 1, "all", lambda done, of: seen.append((done, of)))
    assert seen == [(125, 391), (391, 391)]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["r.db", "r.db.lock"]
    with Registry.open(tmp_path / "r.db") as registry:
        assert registry.statistics()["total_by_status"] == {"APPROVED": 391, "PENDING": 0, "SUSPENDED": 0}


@two_towns
def test_the_demo_does_not_overwrite_unless_told_to(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"is there already and is not overwritten; use --force"):
        make_demo(path, 1)
    assert path.read_bytes() == before
    make_demo(path, 1, replace=True)
    with Registry.open(path) as registry:
        assert registry.ven_names() == ("Aars", "Lemvig")


@two_towns
def test_a_journal_of_the_file_that_was_replaced_is_not_played_back_into_the_new_one(path: Path) -> None:
    for suffix in ("-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).write_bytes(b"of old")
    make_demo(path, 1, replace=True)
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["r.db", "r.db.lock"]


@two_towns
def test_a_demo_that_fails_midway_changes_nothing(path: Path) -> None:
    def fail(done: int, of: int) -> None:
        raise KeyboardInterrupt

    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        make_demo(path, 1, progress=fail, replace=True)
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["r.db", "r.db.lock"]


def test_statistics_have_the_originals_shape(path: Path) -> None:
    with Registry.open(path) as registry:
        assert registry.statistics(["Herning"]) == {
            "total_vens": 1,
            "total_resources": 5,
            "total_by_status": {"APPROVED": 2, "PENDING": 3, "SUSPENDED": 0},
            "by_ven": {"Herning": {"approved": 2, "pending": 3, "suspended": 0, "total": 5}},
        }
        assert registry.statistics()["total_resources"] == 15
        assert list(registry.statistics(["Herning", "Aars", "Herning"])["by_ven"]) == ["Herning", "Aars"]
        assert registry.statistics([])["total_vens"] == 0


def test_a_ven_without_resources_counts_as_one(written: Registry) -> None:
    written.add("Tomrum", ())
    assert written.statistics(["Tomrum"])["by_ven"] == {
        "Tomrum": {"approved": 0, "pending": 0, "suspended": 0, "total": 0}
    }
    assert written.resources("Tomrum") == ()


def test_a_status_can_be_changed_and_stays(path: Path) -> None:
    one = ven("Aars")[3]
    with Registry.open(path, writable=True) as registry:
        registry.set_status(one.resource_id, SUSPENDED)
        with pytest.raises(UsageError, match="unknown resource 'x'"):
            registry.set_status("x", SUSPENDED)
    with Registry.open(path) as registry:
        assert registry.resources("Aars", SUSPENDED) == (replace(one, status=SUSPENDED),)


def test_approving_goes_up_to_a_number_first_ones_first_and_twice_is_once(written: Registry) -> None:
    written.set_status(ven("Aars")[2].resource_id, SUSPENDED)
    assert written.approve("Aars", 3) == 1
    assert [one.status for one in written.resources("Aars")] == [APPROVED, APPROVED, SUSPENDED, APPROVED, PENDING]
    assert written.approve("Aars", 3) == 0
    assert written.approve("Aars", 1) == 0
    assert written.approve("Aars") == 1
    assert written.resources("Aars", SUSPENDED) != (), "a suspended one stays so"
    assert written.statistics(["Herning"])["by_ven"]["Herning"]["approved"] == 2, "others are left alone"


def test_suspending_a_ven_takes_all_of_it(written: Registry) -> None:
    assert written.suspend("Aars") == 5
    assert written.suspend("Aars") == 0
    assert written.statistics()["total_by_status"]["SUSPENDED"] == 5


def test_unknown_vens_are_all_named_with_the_nearest_three(path: Path) -> None:
    with Registry.open(path) as registry:
        assert registry.nearest("hernig") == ("Herning", "Aalborg", "Aars")
        assert registry.nearest("AARS", 1) == ("Aars",)
        with pytest.raises(UsageError, match=r"unknown VEN 'Hernig' \(nearest: Herning, .*unknown VEN 'Alborg' \(nea"):
            registry.require(["Hernig", "Aars", "Alborg"])
        for ask in (registry.resources, lambda name: registry.statistics([name])):
            with pytest.raises(UsageError, match="unknown VEN 'Nix'"):
                ask("Nix")


def test_an_empty_registry_has_no_nearest(tmp_path: Path) -> None:
    with Registry.create(tmp_path / "r.db") as registry:
        assert registry.ven_names() == ()
        with pytest.raises(UsageError, match="there are none"):
            registry.require(["x"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"resource_id": ven("Herning")[0].resource_id}, "resource.resource_id"),
        ({"name": ven("New")[1].name}, "resource.ven_id, resource.name"),
        ({"name": ""}, "name is not 1 to 256"),
        ({"name": "a\0b"}, "name is not 1 to 256"),
        ({"place": "x" * 257}, "place is not 0 to 256"),
        ({"loads": ()}, "not exactly the load components"),
        ({"loads": (*ven("New")[0].loads[:5], replace(ven("New")[0].loads[5], component="load_6"))}, "not exactly"),
        ({"loads": (*ven("New")[0].loads[:5], replace(ven("New")[0].loads[5], scale=0.0))}, "scale is not above 0"),
        ({"loads": (*ven("New")[0].loads[:5], replace(ven("New")[0].loads[5], scale=float("inf")))}, "scale is not"),
        ({"loads": (*ven("New")[0].loads[:5], replace(ven("New")[0].loads[5], meter=""))}, "kind, meter or shed"),
    ],
)
def test_an_entry_that_could_not_be_read_back_is_refused_whole(
    written: Registry, change: dict[str, object], words: str
) -> None:
    made = ven("New")
    with pytest.raises(DataError, match=words):
        written.add("New", (replace(made[0], **change), *made[1:]))
    assert written.ven_names() == ("Aalborg", "Aars", "Herning")
    assert written.statistics()["total_resources"] == 15


def test_the_same_ven_cannot_be_added_twice(written: Registry) -> None:
    with pytest.raises(DataError, match=r"ven.name.*are unique"):
        written.add("Aars", ())


def test_a_registry_is_not_created_over_anything(path: Path) -> None:
    with pytest.raises(DataError, match="is there already and is not overwritten"):
        Registry.create(path)


def test_two_registries_can_be_open_at_once(path: Path, demo: Path) -> None:
    with Registry.open(path) as one, Registry.open(demo) as other, Registry.open(path) as again:
        assert one.ven_names() == again.ven_names() != other.ven_names()
        assert one.statistics()["total_resources"] == 15


def test_reading_needs_no_permission_to_write_and_changes_nothing(path: Path) -> None:
    path.with_name("r.db.lock").unlink()
    path.chmod(0o444)
    path.parent.chmod(0o555)
    before = path.read_bytes(), path.stat().st_mtime_ns
    try:
        with Registry.open(path) as registry:
            assert registry.resources("Aars")
            with pytest.raises(DataError, match="may not be written"):
                registry.set_status(ven("Aars")[0].resource_id, SUSPENDED)
    finally:
        path.parent.chmod(0o755)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [entry.name for entry in path.parent.iterdir()] == ["r.db"]


def test_a_path_may_have_any_characters(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=rw#%41'æ.db"
    Registry.create(path).close()
    with Registry.open(path) as registry:
        assert registry.ven_names() == ()


@two_towns
def test_writing_is_refused_while_a_fleet_runs_on_it_and_reading_is_not(path: Path) -> None:
    before = path.read_bytes()
    with registry_lock(path, shared=True), registry_lock(path, shared=True):
        with Registry.open(path) as registry:
            assert registry.ven_names()
        for write in (lambda: Registry.open(path, writable=True), lambda: make_demo(path, 1, replace=True)):
            with pytest.raises(StateError, match=r"resource database .*r.db is in use by another process; stop the fl"):
                write()
    assert path.read_bytes() == before
    with Registry.open(path, writable=True), pytest.raises(StateError, match="is in use by process"):
        registry_lock(path, shared=True).acquire()


def test_a_failed_opening_lets_the_lock_go(path: Path) -> None:
    good = path.read_bytes()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE resource SET registration_status = 'MAYBE'")
    with pytest.raises(DataError, match="unknown registration_status"):
        Registry.open(path, writable=True)
    path.write_bytes(good)
    Registry.open(path, writable=True).close()


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    with pytest.raises(DataError, match=r"r.db: cannot be written .No space left on device.; choose"):
        Registry.create(tmp_path / "r.db")


def test_changes_belong_together_if_that_is_said(written: Registry) -> None:
    def change() -> None:
        with written.all_or_nothing():
            written.suspend("Aars")
            written.add("New", ven("New"))
            written.set_status("x", SUSPENDED)

    with pytest.raises(UsageError, match="unknown resource"):
        change()
    assert written.statistics()["total_by_status"]["SUSPENDED"] == 0
    assert written.ven_names() == ("Aalborg", "Aars", "Herning")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="this folder cannot be made"):
        make_demo(tmp_path / "file" / "r.db", 1)
