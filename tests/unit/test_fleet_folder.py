"""The state folder as a run finds it: whatever is wrong with it is said before anything starts."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ven_actors.config import FleetConfig
from ven_actors.errors import DataError, StateError, UsageError
from ven_actors.fleet.embedded_vtn import embedded_clients
from ven_actors.fleet.folder import (
    begun_of,
    check_store,
    load_population,
    locked_folder,
    place_checked,
    preview_population,
    read_totals,
)
from ven_actors.meters import DEMO_METERS
from ven_actors.model import Layout
from ven_actors.records import LayoutRecord, SpanRecord, VenRecord
from ven_actors.storage.population import fleet_ven
from ven_actors.storage.registry import Registry, make_demo
from ven_actors.storage.store import Store


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


def approved(config: FleetConfig) -> dict[str, int]:
    with locked_folder(config):
        return {name: len(each) for name, each in load_population(config, DEMO_METERS).resources.items()}


def test_approvals_are_made_with_the_demo_data_and_never_changed_by_a_run(tmp_path: Path) -> None:
    config = FleetConfig(state=tmp_path, vens=("Lemvig",), approve=3)
    assert approved(config) == approved(config) == {"Lemvig": 3}
    path = config.registry_path
    before = path.read_bytes()
    with pytest.raises(UsageError) as caught:
        approved(FleetConfig(state=tmp_path, vens=("Lemvig", "Aars"), approve="all"))
    assert str(caught.value) == (
        f"--approve all: {path} has other approvals (Lemvig has 3), which a run does not change; "
        f"run `ven-actors resources approve Lemvig Aars --state {tmp_path}`, or leave --approve out"
    )
    with pytest.raises(UsageError, match="resources approve --count 7 Lemvig --state "):
        approved(FleetConfig(state=tmp_path, vens=("Lemvig",), approve=7))
    with pytest.raises(UsageError, match=r"Lemvig has 3.*resources suspend --keep 2 Lemvig --state "):
        approved(FleetConfig(state=tmp_path, vens=("Lemvig",), approve=2))
    assert approved(FleetConfig(state=tmp_path, vens=("Lemvig",))) == {"Lemvig": 3}, "the default asks for nothing"
    assert path.read_bytes() == before


def test_approvals_count_for_the_vens_of_count_too_and_are_kept(tmp_path: Path) -> None:
    config = FleetConfig(state=tmp_path, vens=("Lemvig",), count=2, approve=3)
    assert approved(config) == {"Lemvig": 3, "Fleet-0001": 3, "Fleet-0002": 3}
    check_store(tmp_path, begun_of(config).facts)
    again = replace(config, approve=120, count=3)
    with capture_logs() as logs:
        assert approved(again) == {"Lemvig": 3, "Fleet-0001": 3, "Fleet-0002": 3, "Fleet-0003": 3}
    assert [(line["event"], line["approve"], line["vens"]) for line in logs] == [("approvals_kept", 3, 3)]
    with pytest.raises(UsageError, match="resources approve --count 7 Lemvig Fleet-0001 Fleet-0002 --state"):
        approved(replace(config, approve=7))


def test_a_folder_of_before_that_keeps_no_approvals_has_what_it_always_had(tmp_path: Path) -> None:
    check_store(tmp_path, {"interval": "15s", "seed": "1"})
    assert approved(FleetConfig(state=tmp_path, vens=("Lemvig",), count=1)) == {"Lemvig": 120, "Fleet-0001": 120}


def test_the_vens_of_count_are_counted_with_all_their_resources(tmp_path: Path) -> None:
    config = FleetConfig(state=tmp_path, vens=("Lemvig",), count=1, approve=3)
    with locked_folder(config):
        statistics = load_population(config, DEMO_METERS).statistics
    assert statistics["by_ven"]["Fleet-0001"] == {"approved": 3, "pending": 117, "suspended": 0, "total": 120}
    assert statistics["total_by_status"] == {"APPROVED": 6, "PENDING": 263 + 117, "SUSPENDED": 0}


def test_a_ven_of_count_may_be_named_and_one_that_a_registry_has_is_taken_from_there(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    with Registry.create(path) as registry:
        registry.add("Fleet-0002", fleet_ven(2, 1, approved=4)[1])
    config = FleetConfig(state=tmp_path, registry=path, vens=("Fleet-0002", "Fleet-0003"))
    assert approved(config) == {"Fleet-0002": 4, "Fleet-0003": 120}


@pytest.mark.parametrize("approve", ["all", 500, 120])
def test_a_ven_of_count_has_no_more_than_its_120_resources(tmp_path: Path, approve: int) -> None:
    assert (
        len(preview_population(FleetConfig(state=tmp_path, count=1, approve=approve), DEMO_METERS)["Fleet-0001"]) == 120
    )


def test_suspended_resources_are_no_other_approval(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    make_demo(path, 1, "all")
    with Registry.open(path, writable=True) as registry:
        registry.suspend("Aars")
    config = FleetConfig(state=tmp_path, registry=path, vens=("Lemvig", "Aars"), approve="all")
    with capture_logs() as logs:
        assert approved(config) == {"Lemvig": 266, "Aars": 0}
    where = f"--state {tmp_path} --registry {path}"
    assert logs[0]["remedy"] == f"ven-actors resources approve --suspended Aars {where}"


def test_a_store_that_lost_its_content_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "store.db").touch()
    config = FleetConfig(state=tmp_path)
    with locked_folder(config):
        """A crash at the very beginning leaves it so."""
    (tmp_path / "vtn").mkdir()
    (tmp_path / "vtn" / "vtn.db").touch()
    with pytest.raises(DataError, match=r"store.db: is empty, but the folder was in use"), locked_folder(config):
        raise AssertionError
    with pytest.raises(DataError, match="is empty, but"):
        read_totals(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b"\xff\xfe", b"garbage\nname,secret\n", b"name,secret,role\na,b\n", b"name,secret,role\na,b,c\n"],
)
def test_a_clients_file_that_is_none_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clients.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"clients.csv: not a clients file .*; bring back a copy, or move it away"):
        embedded_clients(tmp_path, ["Herning"])
    assert path.read_bytes() == content
    path.unlink()
    assert embedded_clients(tmp_path, ["Herning"]) == embedded_clients(tmp_path, ["Herning"])


def test_a_folder_on_which_no_fleet_runs_shows_what_is_known_and_no_more(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add_ven(VenRecord(1, "Herning", 0, 0, 0, 0))
    store.add_layout(LayoutRecord(1, 1, Layout(("a", "b", "c"), ("load_0",))))
    store.keep_span(SpanRecord(1, 1, 1, 0, 15, 15, gap=False))
    store.commit()
    store.close()
    (ven,) = read_totals(tmp_path)["vens"]
    assert (ven["resources"], ven["power_w"], ven["generated"]) == (3, None, 3)
