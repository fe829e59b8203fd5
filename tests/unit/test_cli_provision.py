"""Provisioning from the command line, at a real VTN, in both versions of the standard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest
from click.testing import CliRunner, Result

from ven_actors.cli import cli
from ven_actors.cli.provision import EXIT_FAILED
from ven_actors.cli.seams import Seams
from ven_actors.control import ControlServer
from ven_actors.errors import StateError, UsageError
from ven_actors.meters import DEMO_METERS
from ven_actors.model import Credentials, RegistrationStatus, Secret
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.openadr.v301 import V301
from ven_actors.openadr.v310 import V310
from ven_actors.storage.population import town_ven
from ven_actors.storage.provision_record import RECORD_NAME
from ven_actors.testing.vtn import BL, Client, Drop, Exchange, Fault, InProcessVtn, Role

VENS = [Client(f"client-{name}", f"secret-{name}", Role.VEN) for name in ("Hadsund", "Aars")]
VERSIONS = ("3.1", "3.0.1")
BUSINESS = {"BL": BL.secret}
TEMPLATE = f"client_id={BL.name},client_secret_env=BL"


class Run(Protocol):
    def __call__(self, command: str, *args: str, environ: dict[str, str] | None = None) -> Result: ...


@pytest.fixture
def vtn() -> Iterator[InProcessVtn]:
    with InProcessVtn([*VENS, BL]) as running:
        yield running


@pytest.fixture(params=VERSIONS)
def run(request: pytest.FixtureRequest, vtn: InProcessVtn, tmp_path: Path) -> Run:
    """Runs a command for Hadsund and Aars, with three resources each."""
    return runner(vtn.base_urls[request.param], tmp_path)


@pytest.fixture
def run_31(vtn: InProcessVtn, tmp_path: Path) -> Run:
    return runner(vtn.base_url, tmp_path)


def runner(url: str, tmp_path: Path) -> Run:
    def run(command: str, *args: str, environ: dict[str, str] | None = None) -> Result:
        shared = ["--vtn-url", url, "--state", str(tmp_path / "state"), "--business-credentials", TEMPLATE]
        own = ["--vens", "Hadsund,Aars", "--approve", "3"]
        own += ["--credentials", "client_id=client-{ven},client_secret_env=SECRET_{ven}"]
        line = [command, *shared, *(own if command == "provision" else []), *args]
        return CliRunner().invoke(
            cli, line, obj=Seams(environ=environ or BUSINESS), standalone_mode=False, catch_exceptions=True
        )

    return run


def good(result: Result) -> str:
    assert result.exception is None, result.exception
    assert result.return_value == 0, result.stdout
    return result.stdout


def failed(result: Result) -> str:
    assert result.exception is None, result.exception
    assert result.return_value == EXIT_FAILED
    return result.stdout


def told(result: Result) -> str:
    """What a run that did not begin says."""
    assert isinstance(result.exception, (UsageError, StateError))
    return str(result.exception)


def writes(vtn: InProcessVtn) -> list[Exchange]:
    return [each for each in vtn.requests if each.method != "GET" and not each.path.endswith("/token")]


def holdings(vtn: InProcessVtn) -> list[dict[str, Any]]:
    return [*vtn.vens(), *vtn.resources()]


# --- making and taking back ------------------------------------------------------------------------------------


def test_vens_resources_and_targets_are_made_and_a_second_run_changes_nothing(vtn: InProcessVtn, run: Run) -> None:
    assert "6 resources created, 2 vens created" in good(run("provision"))
    assert {ven["venName"] for ven in vtn.vens()} == {"Hadsund", "Aars"}
    assert len(vtn.resources()) == 6
    before, count = holdings(vtn), len(writes(vtn))
    assert count == 8
    assert "6 resources found, 2 vens found" in good(run("provision"))
    assert len(writes(vtn)) == count
    assert holdings(vtn) == before


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
    assert "1 resources found, 1 vens created, 1 vens targeted" in good(run("provision"))
    changed = next(each for each in vtn.vens() if each["id"] == ven["id"])
    assert changed["attributes"] == [{"type": "X", "values": [1]}]
    assert len(changed["targets"]) == 2
    assert "2 vens found" in good(run("provision"))
    assert "5 resources deleted, 1 vens deleted, 1 vens untargeted" in good(run("deprovision"))
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


# --- what breaks, and going on ---------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", [0, 1, 3, 4, 7])
@pytest.mark.parametrize("act", [True, False])
def test_whatever_breaks_off_is_gone_on_with_and_taken_back_whole(
    vtn: InProcessVtn, run_31: Run, broken: int, act: bool
) -> None:
    """The answer to the n-th POST is lost, the VTN having acted or not; then all that follows fails."""
    posts: list[str] = []

    def fault(method: str, path: str, body: bytes) -> Fault | None:
        if path.endswith(("/token", "/server")):
            return None
        posts.append(method)
        sent = posts.count("POST")
        if sent == broken + 1 and method == "POST" and posts[-1] == "POST":
            return Fault(act=act, drop=Drop.NOTHING_SENT)
        return Fault(act=False, status=503) if sent > broken else None

    vtn.fault = fault
    failed(run_31("provision"))
    vtn.fault = None
    good(run_31("provision"))
    assert len(holdings(vtn)) == 8
    good(run_31("deprovision"))
    assert holdings(vtn) == []


def test_a_lost_answer_is_looked_up_at_once(vtn: InProcessVtn, run: Run) -> None:
    lost: list[str] = []

    def fault(method: str, path: str, body: bytes) -> Fault | None:
        if method != "POST" or path.endswith("/token") or path in lost:
            return None
        lost.append(path)
        return Fault(drop=Drop.NOTHING_SENT)

    vtn.fault = fault
    assert "6 resources created, 2 vens created" in good(run("provision"))
    assert len(holdings(vtn)) == 8
    good(run("deprovision"))
    assert holdings(vtn) == []


def test_what_was_asked_for_and_never_heard_of_is_taken_back_too(vtn: InProcessVtn, run: Run) -> None:
    def fault(method: str, path: str, body: bytes) -> Fault | None:
        sent = any(each.method == "POST" and "/vens" in each.path for each in vtn.requests)
        if path.endswith(("/token", "/server")):
            return None
        return Fault(drop=Drop.NOTHING_SENT) if method == "POST" else Fault(act=False, status=503) if sent else None

    vtn.fault = fault
    failed(run("provision", "--vens", "Hadsund"))
    vtn.fault = None
    assert [ven["venName"] for ven in vtn.vens()] == ["Hadsund"]
    assert "1 vens deleted" in good(run("deprovision"))
    assert vtn.vens() == []


def test_what_was_asked_for_and_then_made_by_somebody_else_is_theirs(vtn: InProcessVtn, run_31: Run) -> None:
    def fault(method: str, path: str, body: bytes) -> Fault | None:
        writing = method == "POST" and path.endswith("/vens")
        return Fault(act=False, drop=Drop.NOTHING_SENT) if writing else None

    vtn.fault = fault
    failed(run_31("provision", "--vens", "Hadsund"))
    vtn.fault = None
    vtn.create_ven(clientID="client-Hadsund", venName="Hadsund", targets=["Hadsund", "theirs"])
    good(run_31("provision", "--vens", "Hadsund"))
    assert "3 resources deleted" in good(run_31("deprovision"))
    assert [ven["venName"] for ven in vtn.vens()] == ["Hadsund"]


def test_somebody_who_was_quicker_is_no_trouble(vtn: InProcessVtn, run_31: Run) -> None:
    """The VTN shows a ven only after it has refused to make it a second time."""
    vtn.create_ven(clientID="client-Hadsund", venName="Hadsund", targets=["theirs"])
    asked: list[str] = []

    def hide(method: str, path: str, body: bytes) -> Fault | None:
        if path.endswith("/vens"):
            asked.append(method)
        return Fault(act=False, status=200, body=b"[]") if asked == ["GET"] else None

    vtn.fault = hide
    assert "1 vens targeted" in good(run_31("provision", "--vens", "Hadsund"))
    vtn.fault = None
    good(run_31("deprovision"))
    assert [(ven["venName"], ven["targets"]) for ven in vtn.vens()] == [("Hadsund", ["theirs"])]


def test_a_name_that_is_taken_and_not_shown_is_told(vtn: InProcessVtn, run_31: Run) -> None:
    vtn.fault = lambda method, path, body: Fault(act=False, status=409) if path.endswith("/vens") and body else None
    assert "POST" in failed(run_31("provision", "--vens", "Hadsund"))
    vtn.fault = None
    assert "nothing to do" in good(run_31("deprovision"))


def test_what_was_targeted_and_is_gone_needs_nothing(vtn: InProcessVtn, run_31: Run) -> None:
    vtn.create_ven(clientID="client-Hadsund", venName="Hadsund", targets=[])
    good(run_31("provision", "--vens", "Hadsund", "--approve", "0"))
    vtn.clear()
    assert "1 vens gone" in good(run_31("deprovision"))


@pytest.mark.parametrize(
    ("method", "status", "words"), [("GET", 500, "answers 500"), ("PUT", 500, "answers 500"), ("GET", 200, "has no id")]
)
def test_a_target_that_cannot_be_taken_back_stays_in_the_record(
    vtn: InProcessVtn, run_31: Run, method: str, status: int, words: str
) -> None:
    ven = vtn.create_ven(clientID="client-Hadsund", venName="Hadsund", targets=[])
    good(run_31("provision", "--vens", "Hadsund", "--approve", "0"))
    broken = Fault(act=False, status=status, body=b"{}")
    vtn.fault = lambda asked, path, body: broken if asked == method and path.endswith(ven["id"]) else None
    assert words in failed(run_31("deprovision"))
    vtn.fault = None
    assert "1 vens untargeted" in good(run_31("deprovision"))


def test_a_resource_that_was_asked_for_and_never_heard_of_is_taken_back_too(vtn: InProcessVtn, run: Run) -> None:
    asked: list[str] = []

    def fault(method: str, path: str, body: bytes) -> Fault | None:
        if path.endswith("/resources"):
            asked.append(method)
        if asked[-1:] == ["POST"]:
            return Fault(drop=Drop.NOTHING_SENT)
        return Fault(act=False, status=503) if "POST" in asked else None

    vtn.fault = fault
    failed(run("provision", "--vens", "Hadsund", "--approve", "1"))
    vtn.fault = None
    assert len(holdings(vtn)) == 2
    assert "1 resources deleted, 1 vens deleted" in good(run("deprovision"))
    assert holdings(vtn) == []


def test_a_refused_object_is_told_and_the_others_are_made(vtn: InProcessVtn, run: Run) -> None:
    refused: list[bytes] = []

    def fault(method: str, path: str, body: bytes) -> Fault | None:
        if method == "POST" and path.endswith("/resources") and not refused:
            refused.append(body)
            return Fault(act=False, status=400, body=b'{"detail":"no such name"}')
        return None

    vtn.fault = fault
    said = failed(run("provision"))
    assert "failed resource Hadsund: " in said
    assert "no such name" in said
    assert "1 resources failed, 5 resources created" in said or "5 resources created, 1 resources failed" in said
    vtn.fault = None
    assert "1 resources created" in good(run("provision"))


def test_a_refused_target_is_not_taken_back(vtn: InProcessVtn, run_31: Run) -> None:
    vtn.create_ven(clientID="client-Hadsund", venName="Hadsund", targets=[])
    vtn.fault = lambda method, path, body: Fault(act=False, status=400) if method == "PUT" else None
    assert "failed ven Hadsund" in failed(run_31("provision", "--vens", "Hadsund"))
    vtn.fault = None
    assert "nothing to do" in good(run_31("deprovision"))


def test_what_cannot_be_deleted_stays_in_the_record(vtn: InProcessVtn, run: Run) -> None:
    good(run("provision"))
    vtn.fault = lambda method, path, body: Fault(act=False, status=403) if method == "DELETE" else None
    assert "6 resources failed, 2 vens kept" in failed(run("deprovision"))
    vtn.fault = None
    assert "6 resources deleted, 2 vens deleted" in good(run("deprovision"))


def test_what_is_gone_already_is_fine(vtn: InProcessVtn, run: Run) -> None:
    good(run("provision"))
    vtn.clear()
    assert "6 resources gone, 2 vens gone" in good(run("deprovision"))
    assert "nothing to do" in good(run("deprovision"))


def test_an_object_made_anew_by_somebody_else_is_not_taken_for_ours(vtn: InProcessVtn, run_31: Run) -> None:
    good(run_31("provision"))
    vtn.clear()
    vtn.create_ven(clientID="client-Hadsund", venName="Hadsund", targets=["Hadsund"])
    good(run_31("provision"))
    good(run_31("deprovision"))
    assert [ven["venName"] for ven in vtn.vens()] == ["Hadsund"]


# --- what is wrong before anything is done ---------------------------------------------------------------------


def test_a_ven_of_another_client_is_told(vtn: InProcessVtn, run_31: Run) -> None:
    vtn.create_ven(clientID="client-Aars", venName="Hadsund", targets=[])
    said = failed(run_31("provision", "--vens", "Hadsund"))
    assert "belongs to client 'client-Aars', not to 'client-Hadsund'" in said
    assert len(holdings(vtn)) == 1


def test_a_wrong_secret_and_a_vtn_that_is_away_are_told_with_what_to_do(vtn: InProcessVtn, run: Run) -> None:
    said = failed(run("provision", environ={"BL": "hunter2"}))
    assert "refuses client 'bl'" in said
    assert "hunter2" not in said
    vtn.close()
    assert "run the same again to go on" in failed(run("provision"))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--target", "{name}"], "--target: '{name}': the placeholders are {ven}"),
        (["--target", "x" * 129], "longer than 128"),
        (["--resource-target", "{vtn}"], "the placeholders are {ven} and {resource}"),
        (["--business-credentials", "client_id=x"], "--business-credentials: needs exactly one of"),
        (["--business-credentials", "client_id=x,client_secret_env=NONE"], "the variable NONE is not set"),
        (["--business-credentials", "/no.csv"], "--business-credentials: /no.csv cannot be read"),
        (["--credentials", ""], "--credentials: missing"),
        (["--dialect", "energydesk"], "energydesk has no business logic"),
        (["--dialect", "openadr-4"], "there is no dialect 'openadr-4'"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_done(
    vtn: InProcessVtn, run_31: Run, args: list[str], words: str
) -> None:
    assert words in told(run_31("provision", *args))
    assert writes(vtn) == []


def test_without_a_business_credential_no_token_is_asked_for(vtn: InProcessVtn, tmp_path: Path) -> None:
    line = ["deprovision", "--vtn-url", vtn.base_url, "--state", str(tmp_path)]
    assert "nothing to do" in good(CliRunner().invoke(cli, line, obj=Seams(environ={}), standalone_mode=False))
    line = [*line, "--vens", "Hadsund", "--credentials", "client_id=x,client_secret_env=X"]
    line[0] = "provision"
    said = failed(CliRunner().invoke(cli, line, obj=Seams(environ={}), standalone_mode=False))
    assert "wants credentials and none are configured" in said
    assert not [each for each in vtn.requests if each.path.endswith("/token")]


@pytest.mark.parametrize("command", ["provision", "deprovision"])
def test_a_vtn_of_the_local_network_is_discovered(
    vtn: InProcessVtn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    found = partial(replace, vtn_url=vtn.base_url)
    monkeypatch.setattr("ven_actors.cli.provision.discovered", found)
    good(runner("mdns:", tmp_path)(command))


def test_a_list_of_vens_is_no_business_credential(run_31: Run, tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    path.write_text("ven,client_id,client_secret\nHadsund,h,s\n")
    assert "has one client per VEN" in told(run_31("provision", "--business-credentials", str(path)))


def test_the_clients_of_vens_are_read_without_their_secrets(run_31: Run, tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    path.write_text("ven,client_id,client_secret_file\nHadsund,client-Hadsund,/not/here\n")
    good(run_31("provision", "--vens", "Hadsund", "--credentials", str(path)))
    assert "no entry for VEN 'Aars'" in told(run_31("provision", "--credentials", str(path)))


def test_a_dialect_that_is_told_wins_over_the_url(vtn: InProcessVtn, run_31: Run) -> None:
    failed(run_31("provision", "--vens", "Hadsund", "--dialect", "openadr-3.0.1"))
    (sent,) = writes(vtn)
    assert b"objectType" not in sent.body


@pytest.mark.parametrize("version", VERSIONS)
def test_a_dialect_that_neither_the_url_nor_the_user_tells_is_found_out(
    vtn: InProcessVtn, tmp_path: Path, version: str
) -> None:
    """Only in 3.1 a ven is made for a client, and resources have a list of their own."""

    def elsewhere(method: str, path: str, body: bytes) -> Fault | None:
        if not path.startswith("/elsewhere"):
            return None
        known = version == "3.1" or path.endswith(("/programs", "/vens"))
        if path.endswith("/auth/server"):
            token_url = msgspec.json.encode({"tokenURL": f"{vtn.base_url}/auth/token"})
            return Fault(act=False, status=200 if known else 404, body=token_url)
        if path.endswith("/auth/token"):
            return Fault(act=False, status=200, body=b'{"access_token":"t"}')
        return Fault(act=False, status=200 if known else 404, body=b"[]")

    vtn.fault = elsewhere
    run = runner(f"{vtn.root_url}/elsewhere", tmp_path)
    result = run("provision", "--dry-run", "--credentials", "")
    if version == "3.1":
        assert "--credentials: missing" in told(result)
    else:
        assert "would be: 6 resources created, 2 vens created" in good(result)


def test_vens_that_have_another_vtn_are_left_out(vtn: InProcessVtn, run_31: Run, tmp_path: Path) -> None:
    path = tmp_path / "fleet.toml"
    path.write_text('[[groups]]\nvens = ["Aar*"]\ndialect = "auto"\nvtn_url = "https://other.example/openadr3/3.1.0"\n')
    good(run_31("provision", "--config", str(path)))
    assert [ven["venName"] for ven in vtn.vens()] == ["Hadsund"]


def test_a_record_of_another_vtn_is_not_mixed_up(vtn: InProcessVtn, run_31: Run, tmp_path: Path) -> None:
    good(run_31("provision"))
    with InProcessVtn([BL]) as other:
        elsewhere = runner(other.base_url, tmp_path)
        assert f"tells what was provisioned at {vtn.base_url}" in told(elsewhere("deprovision"))
        good(run_31("deprovision"))
        assert "nothing to do" in good(elsewhere("deprovision"))


def test_a_record_that_is_broken_or_in_a_file_is_told(run_31: Run, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / RECORD_NAME).write_bytes(b"no database, but long enough to look like one" * 100)
    result = run_31("provision")
    assert "content cannot be read" in str(result.exception)
    (tmp_path / "file").write_text("")
    assert "cannot be made" in told(run_31("provision", "--state", str(tmp_path / "file" / "state")))


def test_without_a_vtn_url_it_is_the_embedded_vtn_of_the_fleet_that_runs(tmp_path: Path) -> None:
    def run(*args: str) -> Result:
        line = [*args, "--state", str(tmp_path / "state")]
        return CliRunner().invoke(cli, line, obj=Seams(environ={}), standalone_mode=False)

    assert "a fleet that runs on" in told(run("provision"))
    folder = tmp_path / "state" / "vtn"
    folder.mkdir(parents=True)
    (folder / "clients.csv").write_text("name,secret,role\noperator,s,bl\nHadsund,s2,ven\n")
    clients = [Client("operator", "s", Role.BL), Client("Hadsund", "s2", Role.VEN)]
    with InProcessVtn(clients) as vtn:
        status = msgspec.json.encode({"running": True, "vtn": {"url": vtn.base_url}})
        control = ControlServer(tmp_path / "state", lambda: status)
        control.start()
        good(run("provision", "--vens", "Hadsund", "--approve", "1"))
        assert [ven["clientID"] for ven in vtn.vens()] == ["Hadsund"]
        assert "does not speak openadr-3.0.1" in told(run("provision", "--dialect", "openadr-3.0.1"))
        good(run("deprovision"))
        assert holdings(vtn) == []
        control.stop()
