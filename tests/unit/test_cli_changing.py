"""Approving, suspending and removing from the shell while a fleet runs on the registry."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ven_actors.cli.resources import resources
from ven_actors.cli.seams import Seams
from ven_actors.errors import StateError, UsageError
from ven_actors.storage import population
from ven_actors.storage.registry import Registry, registry_lock


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "resources.db"
    with Registry.create(path) as registry:
        registry.add("Aars", population.town_ven("Aars", 1, approve=2))
    return path


class Fleet:
    """Stands for one that runs on the folder, or on another registry; remembers its orders."""

    def __init__(self, registry: Path | None, answer: Any = None) -> None:
        self.registry = registry
        self.answer = answer
        self.orders: list[Mapping[str, Any]] = []

    def status(self, _: Path) -> dict[str, Any] | None:
        return None if self.registry is None else {"registry": str(self.registry)}

    def order(self, _: Path, request: Mapping[str, Any]) -> Any:
        self.orders.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def called(db: Path, fleet: Fleet, *words: str) -> Result:
    seams = Seams(ask_status=fleet.status, order=fleet.order, environ={})
    deed, *others = words
    return CliRunner().invoke(
        resources, [deed, "--state", str(db.parent), *others], obj=seams, standalone_mode=False, catch_exceptions=True
    )


def counts(db: Path) -> tuple[int, int, int]:
    with Registry.open(db) as registry:
        found = registry.statistics()["by_ven"]["Aars"]
    return found["approved"], found["suspended"], found["total"]


def first_id(db: Path) -> str:
    with Registry.open(db) as registry:
        return registry.resources("Aars")[0].resource_id


def test_a_running_fleet_keeps_nobody_from_changing_and_is_told(db: Path) -> None:
    fleet = Fleet(db, {"vens": {"Aars": 5}})
    with registry_lock(db, shared=True):
        done = called(db, fleet, "approve", "--count", "5", "Aars")
        assert "VEN Aars runs 5 resources from now on" in done.output
        called(db, fleet, "suspend", "--resource", first_id(db))
    assert counts(db) == (4, 1, 125)
    assert fleet.orders == [{"do": "reread", "delete": []}] * 2


def test_a_resource_is_removed_and_at_the_vtn_only_where_that_is_said(db: Path) -> None:
    fleet = Fleet(db, {})
    with registry_lock(db, shared=True):
        with Registry.open(db) as registry:
            one, two, *_ = registry.resources("Aars")
        assert (
            "no VEN of the running fleet is affected"
            in called(db, fleet, "remove", "--resource", one.resource_id).output
        )
        assert called(db, fleet, "remove", "--resource", two.resource_id, "--at-vtn").exit_code == 0
    assert counts(db) == (0, 0, 123)
    assert [order["delete"] for order in fleet.orders] == [[], [("Aars", two.name)]]


def test_without_a_fleet_there_is_nobody_to_delete_at_the_vtn(db: Path) -> None:
    done = called(db, Fleet(None), "remove", "--resource", first_id(db), "--at-vtn")
    assert isinstance(done.exception, UsageError)
    assert counts(db) == (2, 0, 125)
    assert called(db, Fleet(None), "remove", "--resource", first_id(db)).exit_code == 0
    assert counts(db) == (1, 0, 124)


@pytest.mark.parametrize("other", [True, False])
def test_a_fleet_of_another_folder_on_this_registry_is_in_the_way(db: Path, tmp_path: Path, other: bool) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    elsewhere.touch()
    fleet = Fleet(elsewhere if other else None)
    with registry_lock(db, shared=True):
        done = called(db, fleet, "approve", "Aars")
    assert isinstance(done.exception, StateError)
    assert (fleet.orders, counts(db)) == ([], (2, 0, 125))


def test_an_unknown_resource_changes_nothing_and_tells_nobody(db: Path) -> None:
    fleet = Fleet(db, {})
    for deed in ("suspend", "remove"):
        done = called(db, fleet, deed, "--resource", first_id(db), "--resource", "none")
        assert isinstance(done.exception, UsageError)
    assert (fleet.orders, counts(db)) == ([], (2, 0, 125))


def test_what_the_fleet_refuses_is_said_with_what_stands_now(db: Path) -> None:
    done = called(db, Fleet(db, StateError("meter 7 is unknown")), "approve", "Aars")
    assert (
        str(done.exception) == f"{db} is changed, but the running fleet did not accept the change: meter 7 is unknown"
    )
    assert counts(db) == (125, 0, 125)
