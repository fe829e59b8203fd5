import json
import sqlite3
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from ven_actors.cli.resources import resources
from ven_actors.errors import DataError, StateError, UsageError
from ven_actors.fleet.begun import Begun
from ven_actors.fleet.folder import check_store
from ven_actors.fleet.progress import progress_bar
from ven_actors.model import RegistrationStatus
from ven_actors.records import VenRecord
from ven_actors.simulation.profiles import DEMO_PROFILES, Profiles
from ven_actors.storage import population
from ven_actors.storage.registry import Registry, registry_lock
from ven_actors.storage.store import Store


def run(*arguments: object, **environment: str) -> Result:
    """Errors of the tree come through: the program's main prints them."""
    result = CliRunner().invoke(resources, [str(argument) for argument in arguments], env=environment)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "r.db"
    with Registry.create(path) as registry:
        registry.add("Lemvig", population.town_ven("Lemvig", 1, approve=3))
        registry.add("Aars", population.town_ven("Aars", 1, approve=1))
    return path


@pytest.fixture
def _two_towns(monkeypatch: pytest.MonkeyPatch) -> None:
    """10,562 resources take a second; once is enough."""
    monkeypatch.setattr(population, "TOWNS", {"Aars": 125, "Lemvig": 266})


two_towns = pytest.mark.usefixtures("_two_towns")


def approved(db: Path, ven: str) -> int:
    with Registry.open(db) as registry:
        return int(registry.statistics()["by_ven"][ven]["approved"])


def test_make_writes_the_demo_and_says_what(tmp_path: Path) -> None:
    made = run("make", "--out", tmp_path / "new" / "r.db", "--seed", 3, "--approve", "all")
    assert made.output == f"{tmp_path}/new/r.db: 10562 resources of 40 VENs, 10562 approved\n"
    with Registry.open(tmp_path / "new" / "r.db") as registry:
        assert registry.resources("Aars") == population.town_ven("Aars", 3, approve="all")


@two_towns
def test_make_takes_the_meters_of_a_profile_file(tmp_path: Path) -> None:
    with_one = Profiles.open(DEMO_PROFILES)
    Profiles.write(tmp_path / "p.h5", with_one.power_w[:, :1], start_s=0, step_s=60, meters=("only",))
    run("make", "--out", tmp_path / "r.db", "--profiles", tmp_path / "p.h5", "--approve", 7)
    assert approved(tmp_path / "r.db", "Lemvig") == 7
    assert run("check", "--db", tmp_path / "r.db", "--profiles", tmp_path / "p.h5").exit_code == 0


@two_towns
def test_make_does_not_overwrite_without_force(db: Path) -> None:
    before = db.read_bytes()
    with pytest.raises(DataError, match="is not overwritten"):
        run("make", "--out", db)
    assert db.read_bytes() == before
    assert run("make", "--out", db, "--force").exit_code == 0
    assert db.read_bytes() != before


@pytest.mark.parametrize("value", ["some", "-1", "1.5", "²"])
def test_make_asks_for_all_or_a_number(tmp_path: Path, value: str) -> None:
    refused = run("make", "--out", tmp_path / "r.db", "--approve", value)
    assert refused.exit_code == 2
    assert "is neither 'all' nor a whole number" in refused.output
    assert list(tmp_path.iterdir()) == []


def test_list_shows_how_many_each_ven_has(db: Path) -> None:
    shown = run("list", "--db", db).output
    assert [cell.strip() for cell in shown.splitlines()[3].split("│")[1:-1]] == ["Aars", "1", "124", "0", "125"]
    assert "2 VENs" in shown
    assert json.loads(run("list", "--db", db, "--json").output)["by_ven"]["Lemvig"]["approved"] == 3


def test_list_shows_resources_of_a_ven_or_status(db: Path) -> None:
    shown = run("list", "--db", db, "--ven", "Lemvig", "--limit", 4).output
    assert shown.endswith("4 of 266 resources\n")
    with Registry.open(db) as registry:
        ids = [one.resource_id for one in registry.resources("Lemvig")][:4]
    assert all(each in shown for each in ids), "--resource takes them whole"
    found = json.loads(run("list", "--db", db, "--status", "approved", "--json").output)
    assert [(one["ven_name"], one["status"]) for one in found] == [("Aars", "APPROVED")] + [("Lemvig", "APPROVED")] * 3
    assert found[0]["loads"][0]["component"] == "load_0"
    assert len(json.loads(run("list", "--db", db, "--json", "--limit", 2).output)) == 2
    with pytest.raises(UsageError, match=r"unknown VEN 'Lemwig' \(nearest: Lemvig"):
        run("list", "--db", db, "--ven", "Lemwig")


def test_check_says_good_or_lists_what_is_not_unique(db: Path) -> None:
    good = run("check", "--db", db)
    assert (good.exit_code, good.output) == (0, f"{db}: good, 391 resources of 2 VENs, all of them unique\n")
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("UPDATE resource SET meter_point_id = '571' WHERE id < 3")
    bad = run("check", "--db", db)
    assert (bad.exit_code, bad.output) == (1, f"{db}: meter_point_id '571' stands there 2 times\n")


def test_check_names_meters_that_the_profiles_lack(db: Path, tmp_path: Path) -> None:
    assert run("check", "--db", db, "--profiles", DEMO_PROFILES).exit_code == 0
    demo = Profiles.open(DEMO_PROFILES)
    Profiles.write(tmp_path / "p.h5", demo.power_w[:, :-1], start_s=0, step_s=60, meters=demo.meters[:-1])
    bad = run("check", "--db", db, "--profiles", tmp_path / "p.h5")
    assert bad.exit_code == 1
    assert "has no meter 'bakery-005', which resource '" in bad.output
    assert bad.output.count("\n") == 1, "once per meter"


def test_check_migrates_only_when_told_to(tmp_path: Path) -> None:
    db = tmp_path / "old.db"
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("CREATE TABLE resources (resource_id TEXT UNIQUE, ven TEXT, resourceName TEXT)")
        connection.execute("INSERT INTO resources VALUES ('a', 'Herning', 'Pub')")
    with pytest.raises(DataError, match="check --migrate"):
        run("check", "--db", db)
    assert "1 resources of 1 VENs" in run("check", "--db", db, "--migrate").output


def test_approve_takes_vens_or_all_or_single_ones(db: Path) -> None:
    assert run("approve", "--db", db, "Aars", "--count", 10).output == f"{db}: 9 approved\n"
    assert run("approve", "--db", db, "Aars", "--count", 10).output == f"{db}: 0 approved\n"
    assert approved(db, "Lemvig") == 3
    assert run("approve", "--db", db, "--all", "--count", 20).output == f"{db}: 27 approved\n"
    one = population.town_ven("Lemvig", 1)[200].resource_id
    assert run("approve", "--db", db, "--resource", one).output == f"{db}: 1 approved\n"
    assert approved(db, "Lemvig") == 21
    assert run("approve", "--db", db, "--all").exit_code == 0
    assert approved(db, "Lemvig") == 266


def test_suspended_resources_are_mentioned_and_approved_on_request(db: Path) -> None:
    total = run("suspend", "--db", db, "Lemvig").output
    assert total.endswith(": 266 suspended\n")
    left = run("approve", "--db", db, "Lemvig")
    assert left.output == f"{db}: 0 approved; 266 stay suspended (--suspended approves them too)\n"
    assert run("approve", "--db", db, "--suspended", "Lemvig").output == f"{db}: 266 approved\n"
    assert run("approve", "--db", db, "Lemvig").output == f"{db}: 0 approved\n"


def test_suspended_goes_with_vens_only(db: Path) -> None:
    with pytest.raises(UsageError, match="--count and --suspended go with VENs or --all"):
        run("approve", "--db", db, "--suspended", "--resource", "x")


def test_suspend_takes_vens_or_all_or_single_ones(db: Path) -> None:
    one = population.town_ven("Lemvig", 1)[0].resource_id
    assert run("suspend", "--db", db, "--resource", one).output == f"{db}: 1 suspended\n"
    assert approved(db, "Lemvig") == 2
    assert run("suspend", "--db", db, "Aars").output == f"{db}: 125 suspended\n"
    assert run("suspend", "--db", db, "--all").output == f"{db}: 265 suspended\n"


@pytest.mark.parametrize("command", ["approve", "suspend"])
def test_what_is_meant_must_be_clear(db: Path, command: str) -> None:
    for unclear in ([], ["Aars", "--all"], ["--all", "--resource", "x"], ["Aars", "--resource", "x"]):
        with pytest.raises(UsageError, match="either VENs, or --all, or --resource"):
            run(command, "--db", db, *unclear)
    with pytest.raises(UsageError, match="unknown VEN 'Nix'"):
        run(command, "--db", db, "Aars", "Nix")
    with pytest.raises(UsageError, match="unknown resource 'x'"):
        run(command, "--db", db, "--resource", "x")
    assert (approved(db, "Aars"), approved(db, "Lemvig")) == (1, 3), "nothing was changed"


def test_a_count_and_single_resources_do_not_go_together(db: Path) -> None:
    with pytest.raises(UsageError, match="--count and --suspended go with VENs"):
        run("approve", "--db", db, "--resource", "x", "--count", 3)


def test_a_list_of_resources_with_one_unknown_changes_none(db: Path) -> None:
    one = population.town_ven("Lemvig", 1)[0].resource_id
    with pytest.raises(UsageError, match="unknown resource 'x'"):
        run("suspend", "--db", db, "--resource", one, "--resource", "x")
    assert approved(db, "Lemvig") == 3


def test_changes_are_refused_while_a_fleet_runs_and_looking_is_not(db: Path) -> None:
    before = db.read_bytes()
    with registry_lock(db, shared=True):
        for command in (["make", "--out", db, "--force"], ["approve", "--db", db, "--all"],
                        ["suspend", "--db", db, "--all"], ["check", "--db", db, "--migrate"]):  # fmt: skip
            with pytest.raises(StateError, match="is in use by another process; stop the fleet"):
                run(*command)
        assert run("list", "--db", db).exit_code == 0
        assert run("check", "--db", db).exit_code == 0
    assert db.read_bytes() == before


def test_the_database_may_come_from_the_environment(db: Path) -> None:
    assert run("check", VEN_ACTORS_REGISTRY=str(db)).exit_code == 0
    assert run("check", VEN_ACTORS_RESOURCES_DB=str(db)).exit_code == 0
    with pytest.raises(DataError, match="there is no such file"):
        run("check", "--registry", db.with_name("other.db"), VEN_ACTORS_REGISTRY=str(db))


def test_every_command_has_the_names_of_the_fleet_and_hides_the_old_ones() -> None:
    for command in ("list", "check", "approve", "suspend", "make"):
        shown = " ".join(run(command, "--help").output.split())
        for name in ("--state DIR", "VEN_ACTORS_STATE", "--registry FILE", "VEN_ACTORS_REGISTRY"):
            assert name in shown
        for name in ("--db", "--out", "RESOURCES_DB"):
            assert name not in shown


def test_without_a_registry_named_it_is_that_of_the_state_folder(db: Path) -> None:
    (db.parent / "resources.db").write_bytes(db.read_bytes())
    assert run("check", "--state", db.parent).output.startswith(f"{db.parent / 'resources.db'}: good")
    assert run("check", VEN_ACTORS_STATE=str(db.parent)).exit_code == 0


def test_two_names_for_two_databases_are_refused(db: Path) -> None:
    with pytest.raises(UsageError, match="are two databases"):
        run("check", "--db", db, "--registry", db.with_name("other.db"))
    assert run("check", "--db", db, VEN_ACTORS_REGISTRY=str(db.with_name("other.db"))).exit_code == 0


# --- VENs that run --count makes -------------------------------------------------------------------------------


def test_a_ven_of_count_is_shown_as_a_run_has_it_and_entered_when_it_is_changed(db: Path) -> None:
    def of(name: str, status: str) -> list[str]:
        shown = run("list", "--registry", db, "--state", db.parent, "--ven", name, "--status", status, "--json").output
        return [one["resource_id"] for one in json.loads(shown)]

    made = population.fleet_ven(2, 7)[1]
    check_store(db.parent, Begun(7, 5).facts)
    assert of("Fleet-0002", "approved") == [one.resource_id for one in made[:5]]
    run("approve", "Fleet-0002", "--count", 8, "--registry", db, "--state", db.parent)
    assert of("Fleet-0002", "approved") == [one.resource_id for one in made[:8]]
    run("suspend", "Fleet-0002", "--keep", 2, "--registry", db, "--state", db.parent)
    assert of("Fleet-0002", "approved") == [one.resource_id for one in made[:2]]
    assert of("Fleet-0002", "suspended") == [one.resource_id for one in made[2:8]]
    assert len(of("Fleet-0002", "pending")) == 112
    assert len(of("Fleet-0003", "approved")) == 5


@pytest.mark.parametrize(("deed", "left"), [("approve", 6), ("suspend", 4), ("remove", 4)])
def test_a_single_resource_of_a_ven_of_count_is_found_by_its_id(db: Path, deed: str, left: int) -> None:
    store = Store(db.parent)
    store.add_ven(VenRecord(1, "Fleet-0003", 0, 0, 0, 0))
    store.commit()
    store.close()
    check_store(db.parent, Begun(1, 5).facts)
    own = population.fleet_ven(3, 1)[1][5 if deed == "approve" else 0]
    run(deed, "--resource", own.resource_id, "--registry", db, "--state", db.parent)
    assert approved(db, "Fleet-0003") == left
    with pytest.raises(UsageError, match="unknown resource"):
        run(deed, "--resource", "nobody's", "--registry", db, "--state", db.parent)


def test_the_seed_of_a_ven_of_count_may_be_named(db: Path) -> None:
    run("suspend", "Fleet-0001", "--seed", 9, "--registry", db, "--state", db.parent)
    with Registry.open(db) as registry:
        ids = [one.resource_id for one in registry.resources("Fleet-0001", RegistrationStatus.SUSPENDED)]
    assert ids == [one.resource_id for one in population.fleet_ven(1, 9)[1]]


@pytest.mark.parametrize("name", ["Fleet-1", "Fleet-00001", "Fleet-0000", "Fleet-", "Fleet-²222", "fleet-0001"])
def test_a_name_that_count_does_not_make_is_unknown(db: Path, name: str) -> None:
    with pytest.raises(UsageError, match="unknown VEN"):
        run("approve", name, "--registry", db)


def test_keep_goes_with_vens(db: Path) -> None:
    with pytest.raises(UsageError, match="--keep needs VENs or --all"):
        run("suspend", "--resource", "x", "--keep", 1, "--registry", db)


def test_the_bar_is_shown_on_a_terminal_and_nowhere_else() -> None:
    for terminal in (True, False):
        written = StringIO()
        with progress_bar("making", Console(file=written, force_terminal=terminal)) as advance:
            advance(5, 10)
        assert ("making" in written.getvalue()) is terminal
        assert ("5/10" in written.getvalue()) is terminal
