"""What is wrong before anything is provisioned, and where the VTN, its dialect and credentials come from."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest
import requests
from click.testing import CliRunner, Result
from provision_runner import VERSIONS, Run, failed, good, holdings, runner, told, writes

from ven_actors.cli import cli
from ven_actors.cli.seams import Seams
from ven_actors.control import ControlServer
from ven_actors.storage.provision_record import RECORD_NAME
from ven_actors.testing.vtn import BL, Client, Fault, InProcessVtn, Role


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


@pytest.mark.parametrize("command", ["provision", "deprovision"])
def test_a_business_credential_for_the_embedded_vtn_cannot_apply(tmp_path: Path, command: str) -> None:
    line = [command, "--state", str(tmp_path), "--business-credentials", "client_id=x,client_secret_env=X"]
    said = told(CliRunner().invoke(cli, line, obj=Seams(environ={"X": "s"}), standalone_mode=False))
    assert said.startswith("--business-credentials: cannot apply")


def test_business_logic_may_have_a_token_that_was_given(vtn: InProcessVtn, run_31: Run) -> None:
    form = {"grant_type": "client_credentials", "client_id": BL.name, "client_secret": BL.secret}
    token = requests.post(f"{vtn.base_url}/auth/token", data=form, timeout=10).json()["access_token"]
    good(run_31("provision", "--business-credentials", "token_env=TOKEN", environ={"TOKEN": token}))
    assert len(holdings(vtn)) == 8
    assert "/auth/token" not in {each.path.removeprefix("/openadr3/3.1.0") for each in vtn.requests[1:]}


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
    (tmp_path / "state").mkdir()
    good(runner("mdns:", tmp_path)(command))


@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
def test_a_state_folder_that_is_not_there_has_nothing_to_take_back(
    vtn: InProcessVtn, run_31: Run, tmp_path: Path, dry_run: list[str]
) -> None:
    said = told(run_31("deprovision", *dry_run))
    assert said.startswith(f"--state: {tmp_path / 'state'} is no folder that is there; name the one")
    assert not (tmp_path / "state").exists()
    assert vtn.requests == []


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
