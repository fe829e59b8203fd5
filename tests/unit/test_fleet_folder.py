"""The state folder as a run finds it: whatever is wrong with it is said before anything starts."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ven_actors.config import FleetConfig
from ven_actors.errors import DataError, StateError, UsageError
from ven_actors.fleet.embedded_vtn import embedded_clients
from ven_actors.fleet.folder import load_population, locked_folder, place_checked, read_totals
from ven_actors.meters import DEMO_METERS
from ven_actors.model import Layout
from ven_actors.records import LayoutRecord, SpanRecord, VenRecord
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
        f"run `ven-actors resources approve Lemvig Aars --db {path}`, or leave --approve out"
    )
    with pytest.raises(UsageError, match="resources approve --count 7 Lemvig --db "):
        approved(FleetConfig(state=tmp_path, vens=("Lemvig",), approve=7))
    with pytest.raises(UsageError, match=r"Lemvig has 3.*resources suspend --resource ID --db "):
        approved(FleetConfig(state=tmp_path, vens=("Lemvig",), approve=2))
    assert approved(FleetConfig(state=tmp_path, vens=("Lemvig",))) == {"Lemvig": 3}, "the default asks for nothing"
    assert path.read_bytes() == before


def test_suspended_resources_are_no_other_approval(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    make_demo(path, 1, "all")
    with Registry.open(path, writable=True) as registry:
        registry.suspend("Aars")
    config = FleetConfig(state=tmp_path, registry=path, vens=("Lemvig", "Aars"), approve="all")
    with capture_logs() as logs:
        assert approved(config) == {"Lemvig": 266, "Aars": 0}
    assert logs[0]["remedy"] == "ven-actors resources approve --suspended Aars"


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
