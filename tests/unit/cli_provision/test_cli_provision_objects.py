"""What is provisioned and taken back, at a real VTN, in both versions of the standard."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from provision_runner import VENS, VERSIONS, Run, failed, good, holdings, runner, told, writes

from ven_actors.config import FleetConfig
from ven_actors.fleet.folder import preview_population
from ven_actors.meters import DEMO_METERS
from ven_actors.model import Credentials, RegistrationStatus, Secret
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.openadr.v301 import V301
from ven_actors.openadr.v310 import V310
from ven_actors.storage.population import town_ven
from ven_actors.storage.store import read_meta
from ven_actors.testing.vtn import BL, InProcessVtn
from ven_actors.vtn.quirks import Quirk


def test_vens_resources_and_targets_are_made_and_a_second_run_changes_nothing(vtn: InProcessVtn, run: Run) -> None:
    assert "6 resources created, 2 vens created" in good(run("provision"))
    assert {ven["venName"] for ven in vtn.vens()} == {"Hadsund", "Aars"}
    assert len(vtn.resources()) == 6
    before, count = holdings(vtn), len(writes(vtn))
    assert count == 8
    assert "6 resources found, 2 vens found" in good(run("provision"))
    assert len(writes(vtn)) == count
    assert holdings(vtn) == before


@pytest.mark.parametrize("version", VERSIONS)
def test_odd_targets_of_a_ven_are_left_out_and_a_second_run_changes_nothing(tmp_path: Path, version: str) -> None:
    with InProcessVtn([BL, *VENS], quirks=frozenset({Quirk.NESTED_TARGETS})) as vtn:
        run = runner(vtn.base_urls[version], tmp_path)
        good(run("provision"))
        vtn.requests.clear()
        good(run("provision"))
        assert writes(vtn) == []
        good(run("deprovision"))
        assert (vtn.vens(), vtn.resources()) == ([], [])


def test_in_31_each_object_belongs_to_the_client_of_its_ven_and_bears_its_targets(
    vtn: InProcessVtn, run_31: Run
) -> None:
    good(run_31("provision", "--resource-target", "{ven}.{resource}", "--resource-target", "north"))
    hadsund = next(ven for ven in vtn.vens() if ven["venName"] == "Hadsund")
    assert (hadsund["clientID"], hadsund["targets"]) == ("client-Hadsund", ["Hadsund"])
    own = [each for each in vtn.resources() if each["venID"] == hadsund["id"]]
    assert {each["clientID"] for each in own} == {"client-Hadsund"}
    assert [each["targets"] for each in own] == [[f"Hadsund.{each['resourceName']}", "north"] for each in own]


def test_in_301_targets_are_typed(vtn: InProcessVtn, tmp_path: Path) -> None:
    run = runner(vtn.base_urls["3.0.1"], tmp_path)
    good(run("provision", "--target", "VEN_NAME={ven}", "--target", "GROUP=north", "--target", "south"))
    sent = [msgspec.json.decode(each.body) for each in writes(vtn) if each.path.endswith("/vens")]
    wanted = [{"type": "VEN_NAME", "values": ["Hadsund"]}, {"type": "GROUP", "values": ["north", "south"]}]
    assert sent[0] == {"venName": "Hadsund", "targets": wanted}
    assert "2 vens found" in good(run("provision", "--target", "GROUP=south", "--target", "GROUP=north"))


def test_what_was_made_is_deleted_and_nothing_else(vtn: InProcessVtn, run: Run) -> None:
    other = vtn.create_ven(clientID="other", venName="Other", targets=["x"])
    vtn.create_resource(clientID="other", venID=other["id"], resourceName="theirs", targets=[])
    before = holdings(vtn)
    good(run("provision"))
    assert "6 resources deleted, 2 vens deleted" in good(run("deprovision"))
    assert holdings(vtn) == before
    count = len(writes(vtn))
    assert "nothing to do" in good(run("deprovision"))
    assert len(writes(vtn)) == count


def test_what_somebody_else_made_is_used_given_its_targets_and_left_as_it_was(vtn: InProcessVtn, run: Run) -> None:
    ven = vtn.create_ven(
        clientID="client-Hadsund",
        venName="Hadsund",
        targets=["GROUP=own"],
        attributes=[{"type": "X", "values": [1]}],
    )
    good(run("provision", "--dry-run"))
    name = next(line for line in run("provision", "--dry-run").stdout.splitlines() if "resource Hadsund" in line)
    theirs = vtn.create_resource(
        clientID="client-Hadsund", venID=ven["id"], resourceName=name.partition(": ")[2], targets=[]
    )
    before = {each["id"]: _without_time(each) for each in holdings(vtn)}
    assert "1 resource found, 1 ven created, 1 ven targeted" in good(run("provision"))
    changed = next(each for each in vtn.vens() if each["id"] == ven["id"])
    assert changed["attributes"] == [{"type": "X", "values": [1]}]
    assert len(changed["targets"]) == 2
    assert "2 vens found" in good(run("provision"))
    assert "5 resources deleted, 1 ven deleted, 1 ven untargeted" in good(run("deprovision"))
    assert {each["id"]: _without_time(each) for each in holdings(vtn)} == before
    assert theirs["id"] in before


def _without_time(stored: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in stored.items() if key != "modificationDateTime"}


def test_a_ven_that_got_resources_of_its_own_is_kept_until_they_are_gone(vtn: InProcessVtn, run: Run) -> None:
    good(run("provision"))
    ven = next(ven for ven in vtn.vens() if ven["venName"] == "Hadsund")
    vtn.create_resource(clientID="client-Hadsund", venID=ven["id"], resourceName="theirs", targets=[])
    said = failed(run("deprovision"))
    assert "kept ven Hadsund: has resources that were not provisioned, or could not be deleted: theirs" in said
    assert [each["venName"] for each in vtn.vens()] == ["Hadsund"]
    assert [each["resourceName"] for each in vtn.resources()] == ["theirs"]


def test_what_we_made_can_be_given_more_targets_and_needs_only_deleting(vtn: InProcessVtn, run: Run) -> None:
    good(run("provision"))
    said = good(run("provision", "--target", "GROUP=north", "--resource-target", "GROUP=south"))
    assert "6 resources targeted, 2 vens targeted" in said
    assert {len(ven["targets"]) for ven in vtn.vens()} == {2}
    said = good(run("deprovision"))
    assert said.splitlines()[-1] == "6 resources deleted, 2 vens deleted"
    assert holdings(vtn) == []


def test_a_dry_run_only_looks(vtn: InProcessVtn, run: Run, tmp_path: Path) -> None:
    said = good(run("provision", "--dry-run"))
    assert "would be created ven Hadsund" in said
    assert "would be: 6 resources created, 2 vens created" in said
    assert writes(vtn) == []
    assert not (tmp_path / "state").exists()
    good(run("provision"))
    count = len(writes(vtn))
    assert "would be: 6 resources deleted, 2 vens deleted" in good(run("deprovision", "--dry-run"))
    assert len(writes(vtn)) == count
    assert "6 resources deleted" in good(run("deprovision"))


@pytest.mark.parametrize("version", VERSIONS)
def test_r7_a_ven_adopts_what_was_provisioned_for_it_and_makes_nothing(
    vtn: InProcessVtn, tmp_path: Path, version: str
) -> None:
    run = runner(vtn.base_urls[version], tmp_path)
    good(run("provision", "--vens", "Hadsund"))
    before, count = holdings(vtn), len(writes(vtn))
    (dialect,) = [each for each in (V310(), V301()) if each.base_urls_key == version]
    adapter = SharedAdapter()
    credentials = Credentials("client-Hadsund", Secret("secret-Hadsund"))
    client = VtnClient(
        vtn.base_urls[version], "Hadsund", credentials, dialect=dialect, adapter=adapter, monotonic=time.monotonic
    )
    resources = town_ven("Hadsund", 1, meters=DEMO_METERS, approve=3)
    approved = [each for each in resources if each.status is RegistrationStatus.APPROVED]
    enrolment = client.enrol("Hadsund", approved, None)
    client.close()
    adapter.close()
    assert set(enrolment.resource_ids.values()) == {each["id"] for each in vtn.resources()}
    assert holdings(vtn) == before
    assert len(writes(vtn)) == count


def test_json_says_each_outcome(vtn: InProcessVtn, run: Run) -> None:
    said = msgspec.json.decode(good(run("provision", "--json")))
    assert (said["good"], said["dry_run"], len(said["outcomes"])) == (True, False, 8)
    assert said["outcomes"][0] == {"did": "created", "kind": "ven", "ven": "Hadsund", "name": "Hadsund", "words": ""}


def test_a_second_run_without_its_options_makes_no_more(vtn: InProcessVtn, run: Run, tmp_path: Path) -> None:
    """The runner gives --approve 3; what comes last on the line counts."""
    good(run("provision"))
    made = len(holdings(vtn))
    assert "created" not in good(run("provision", "--approve", "120"))
    assert len(holdings(vtn)) == made == 8
    said = told(run("provision", "--approve", "5"))
    assert "was begun with --approve 3; create its resources again with `ven-actors resources make --approve 5" in said


def test_a_dry_run_keeps_nothing(vtn: InProcessVtn, run_31: Run, tmp_path: Path) -> None:
    good(run_31("provision", "--dry-run"))
    assert read_meta(tmp_path / "state") is None


def test_a_run_after_it_has_the_same_resources(vtn: InProcessVtn, run_31: Run, tmp_path: Path) -> None:
    good(run_31("provision", "--vens", "Hadsund", "--count", "0", "--seed", "7"))
    config = FleetConfig(state=tmp_path / "state", vens=("Hadsund",), count=1, seed=7)
    population = preview_population(config, DEMO_METERS)
    assert {name: len(each) for name, each in population.items()} == {"Hadsund": 3, "Fleet-0001": 3}
