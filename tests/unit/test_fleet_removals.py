"""When a resource is deleted at its VTN, and what is said of one that is not; and what a VTN says in the statistics."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from ven_actors.errors import VtnError, VtnNonsense, VtnRefused, VtnUnreachable
from ven_actors.fleet.removals import Removal, Removals
from ven_actors.fleet.statistics import with_vtn
from ven_actors.model import Enrolment, FleetStatus, ReporterStatus

BAKERY = Removal("Herning", "bakery", "v-1", "r-1", 115.0)


class FakeClient:
    def __init__(self) -> None:
        self.error: VtnError | None = None
        self.deleted: list[tuple[str, str, str | None]] = []
        self.has = True

    def delete_resource(self, ven_id: str, name: str, resource_id: str | None, /) -> bool:
        if self.error is not None:
            raise self.error
        self.deleted.append((ven_id, name, resource_id))
        return self.has


def status(closed_until_s: int, unsettled_since_s: int | None) -> FleetStatus:
    since = {} if unsettled_since_s is None else {"Herning": unsettled_since_s}
    reporter = ReporterStatus(closed_until_by_ven={"Herning": closed_until_s}, unsettled_since_by_ven=since)
    return FleetStatus(0.0, {}, {}, (), paused=False, reporter=reporter)


@pytest.mark.parametrize(
    ("closed_until_s", "since_s", "due"),
    [(100, None, False), (115, None, True), (130, 100, False), (130, 115, True), (130, 114, False)],
)
def test_it_is_deleted_when_all_that_was_made_of_it_is_settled(
    closed_until_s: int, since_s: int | None, due: bool
) -> None:
    assert BAKERY.is_due(status(closed_until_s, since_s)) == due


def removals_of(client: FakeClient) -> Removals:
    removals = Removals({"Herning": client}, lambda: status(130, None))
    removals._waiting[BAKERY] = "its last readings are not settled"
    return removals


def test_what_is_deleted_is_left_no_longer() -> None:
    client = FakeClient()
    removals = removals_of(client)
    assert removals.left() == [
        "not deleted at the VTN: resource bakery of VEN Herning: its last readings are not settled"
    ]
    removals.look()
    removals.look()
    assert (client.deleted, removals.left()) == ([("v-1", "bakery", "r-1")], [])


@pytest.mark.parametrize("error", [VtnUnreachable("down"), VtnRefused("500", status=500)])
def test_trouble_that_passes_is_waited_for(error: VtnError) -> None:
    client = FakeClient()
    client.error = error
    removals = removals_of(client)
    removals.look()
    assert str(error) in removals.left()[0]
    client.error = None
    removals.look()
    assert (client.deleted, removals.left()) == ([("v-1", "bakery", "r-1")], [])


@pytest.mark.parametrize("error", [VtnRefused("403: not you", status=403), VtnNonsense("energydesk has no deletion")])
def test_a_refusal_is_said_once_and_left(error: VtnError) -> None:
    client = FakeClient()
    client.error = error
    removals = removals_of(client)
    with capture_logs() as logs:
        removals.look()
        removals.look()
    assert [entry["event"] for entry in logs] == ["resource_not_deleted"]
    assert str(error) in removals.left()[0]


@pytest.mark.parametrize(("has", "said"), [(True, "resource_deleted_at_vtn"), (False, "resource_not_at_vtn")])
def test_whether_the_vtn_had_it_is_said(has: bool, said: str) -> None:
    client = FakeClient()
    client.has = has
    with capture_logs() as logs:
        removals_of(client).look()
    assert [entry["event"] for entry in logs] == [said]


def test_what_the_vtn_says_of_the_resources_stands_in_the_statistics() -> None:
    own = {"approved": 3, "pending": 0, "suspended": 0, "total": 3}
    statistics = {"total_vens": 3, "by_ven": {"Herning": own, "Aars": own, "Lemvig": own}}
    desk = Enrolment("v", {"a": "1", "b": "2", "c": "3"}, statuses={"a": "APPROVED", "b": "PENDING", "c": "APPROVED"})
    found = with_vtn(statistics, {"Herning": desk, "Aars": Enrolment("w", {"a": "1"})})
    assert found["by_ven"]["Herning"] == own | {
        "at_vtn": {"registered": 3, "approved": 2, "pending": 1, "suspended": 0}
    }
    assert found["by_ven"]["Aars"]["at_vtn"] == {"registered": 1}, "a VTN that approves nothing says nothing of it"
    assert "at_vtn" not in found["by_ven"]["Lemvig"]
    assert found["total_at_vtn"] == {"registered": 4, "approved": 2, "pending": 1, "suspended": 0}
    assert statistics["by_ven"]["Herning"] == own
