"""Options that cannot have an effect, given the others: each is an error, wherever it was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from ven_actors.config import OPTIONS
from ven_actors.config_applies import RUN, Command, Idle
from ven_actors.config_sources import Loaded, load_config
from ven_actors.errors import UsageError

URL = {"vtn_url": "https://vtn.example/3.1"}
OWN_VTN = "openadr-3.1@https://other.example=Aalborg"
DOCTOR = Command(("vens", "credentials", "ca_file", "insecure_tls", "vtn_url"))
PREVIEW = Command(("vens", "report_every", "dialect"), reaches_vtn=False)
FLEET_TOML = Path(__file__).parents[2] / "config" / "fleet.toml"


def loaded(flags: dict[str, object], environ: dict[str, str] | None = None, command: Command = RUN) -> Loaded:
    return load_config(flags, environ or {}, command)


def idle(flags: dict[str, object], environ: dict[str, str] | None = None, command: Command = RUN) -> list[Idle]:
    found: list[Idle] = []
    load_config(flags, environ or {}, command, found.append)
    return found


def problems(flags: dict[str, object], environ: dict[str, str] | None = None, command: Command = RUN) -> list[str]:
    with pytest.raises(UsageError) as caught:
        loaded(flags, environ, command)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("flags", "start"),
    [
        ({"credentials": "clients.csv"}, "--credentials: cannot apply: the embedded VTN has credentials of its own"),
        ({"insecure_tls": True}, "--insecure-tls: cannot apply: the embedded VTN has no TLS"),
        ({"ca_file": str(FLEET_TOML)}, "--ca-file: cannot apply: the embedded VTN has no TLS"),
        ({"insecure_http": True}, "--insecure-http: cannot apply: the embedded VTN is on this machine"),
        ({"push": "mqtt"}, "--push: cannot apply: the embedded VTN has no broker for mqtt"),
        ({**URL, "quirk": "all"}, "--quirk: cannot apply: it is for the embedded VTN"),
        ({**URL, "vtn_keep": "2GiB"}, "--vtn-keep: cannot apply: it is for the embedded VTN"),
        ({**URL, "push_poll_every": "1m"}, "--push-poll-every: cannot apply: no push is asked for"),
        ({**URL, "webhook_port": "8443"}, "--webhook-port: cannot apply: no VTN is asked to call"),
        ({**URL, "webhook_url": "https://f"}, "--webhook-url: cannot apply: no VTN is asked to call"),
        ({**URL, "webhook_host": "0.0.0.0"}, "--webhook-host: cannot apply: no VTN is asked to call"),
        ({"dialect": "energydesk", "targets": "T"}, "--targets: cannot apply: energydesk has no such setting"),
        ({"dialect": "energydesk", "parsing": "strict"}, "--parsing: cannot apply: energydesk has no such setting"),
        ({"dialect": "energydesk", "max_report_bytes": "2MB"}, "--max-report-bytes: cannot apply: energydesk"),
        ({"dialect": "energydesk", "push": "webhook"}, "--push: cannot apply: energydesk has no push"),
        (
            {"vens": "Herning", "dialect": "openadr-3.1", "groups": "auto=Herning"},
            "--dialect: cannot apply: every VEN of this run is in a group",
        ),
    ],
)
def test_an_option_that_cannot_apply_is_an_error(flags: dict[str, object], start: str) -> None:
    (found,) = problems(flags)
    assert found.startswith(start)
    assert "leave this out" in found


@pytest.mark.parametrize(
    "flags",
    [
        {**URL, "credentials": "c.csv", "insecure_tls": True, "insecure_http": True},
        {"groups": OWN_VTN, "credentials": "c.csv", "insecure_tls": True},
        {"groups": OWN_VTN, "quirk": "all", "vtn_keep": "2GiB"},
        {**URL, "push": "mqtt", "push_poll_every": "1m"},
        {**URL, "push": "webhook", "webhook_url": "https://f", "webhook_port": "8443"},
        {"push": "webhook", "webhook_url": "http://10.0.0.1", "insecure_http": True},
        {"dialect": "energydesk", "groups": "openadr-3.1=Aalborg", "targets": "T"},
        {"dialect": "energydesk", "groups": "openadr-3.1=Aalborg"},
    ],
)
def test_one_that_applies_to_any_ven_is_not_an_error(flags: dict[str, object]) -> None:
    loaded(flags)


def test_all_vens_in_groups_with_vtns_of_their_own_leave_nobody_to_the_embedded_one() -> None:
    flags: dict[str, object] = {"vens": "Aalborg", "groups": OWN_VTN}
    loaded({**flags, "credentials": "c.csv"})
    (found,) = problems({**flags, "quirk": "all"})
    assert found.startswith("--quirk: cannot apply")


def test_a_group_that_has_no_ven_of_the_run_gives_nobody_a_vtn() -> None:
    found = problems({"vens": "Herning", "groups": OWN_VTN, "credentials": "c.csv"})
    assert any(line.startswith("--credentials: cannot apply") for line in found)


def test_the_environment_and_the_file_are_looked_at_too(tmp_path: Path) -> None:
    (found,) = problems({}, {"VEN_ACTORS_CREDENTIALS": "clients.csv"})
    assert found.startswith("VEN_ACTORS_CREDENTIALS: cannot apply")
    path = tmp_path / "my.toml"
    path.write_text('vtn_url = "https://vtn.example"\nquirk = ["all"]\n')
    (found,) = problems({"config": str(path)})
    assert found.startswith(f"{path}: quirk: cannot apply")


def test_a_value_that_is_the_default_asks_for_nothing() -> None:
    loaded({"config": str(FLEET_TOML)})
    loaded({**URL, "quirk": "", "vtn_keep": "1GiB", "webhook_port": "0", "insecure_tls": False})


def test_what_cannot_apply_is_told_together_with_all_else() -> None:
    assert len(problems({"credentials": "c.csv", "insecure_tls": True, "senders": "0"})) == 3


# --- no VENs, no URL -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "environ", "origin"),
    [
        ({"vens": ""}, {}, "--vens"),
        ({"vens": " , "}, {}, "--vens"),
        ({"vens": ""}, {"VEN_ACTORS_VENS": "Herning"}, "--vens"),
        ({}, {"VEN_ACTORS_VENS": ","}, "VEN_ACTORS_VENS"),
    ],
)
def test_no_vens_are_an_error_and_not_the_demos(flags: dict[str, object], environ: dict[str, str], origin: str) -> None:
    (found,) = problems(flags, environ)
    assert found == f"{origin}: names no VEN; name some, give --count, or leave it out for Herning,Aalborg"


def test_no_named_vens_beside_those_of_count_are_what_is_asked_for() -> None:
    assert loaded({"vens": "", "count": "2"}, {"VEN_ACTORS_VENS": "Herning"}).config.vens == ()


def test_an_empty_list_in_a_file_is_the_default_that_is_written_there(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("vens = []\n")
    assert loaded({"config": str(path)}).config.vens == ("Herning", "Aalborg")


def test_an_empty_url_is_an_error_unless_it_takes_one_back() -> None:
    (found,) = problems({"vtn_url": ""})
    assert found.startswith("--vtn-url: is empty; name the VTN")
    assert loaded({"vtn_url": ""}, {"VEN_ACTORS_VTN_URL": "https://vtn.example"}).config.vtn_url is None


# --- other commands --------------------------------------------------------------------------------------------


def test_a_command_looks_at_its_own_options_alone() -> None:
    environ = {"VEN_ACTORS_QUIRK": "all", "VEN_ACTORS_VTN_URL": "https://vtn.example"}
    loaded({}, environ, DOCTOR)
    assert problems({"credentials": "c.csv"}, {}, DOCTOR)[0].startswith("--credentials: cannot apply")


def test_one_ven_of_a_fleet_may_be_looked_at_with_the_fleets_own_file(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(
        'credentials = "c.csv"\n[[groups]]\nvens = ["Aalborg"]\ndialect = "auto"\nvtn_url = "https://vtn.example"\n'
    )
    assert loaded({"config": str(path), "vens": "Herning"}, {}, DOCTOR).config.vens == ("Herning",)
    assert "no VEN of this run is in the group Aalborg" in problems({"config": str(path), "vens": "Herning"})[0]


def test_a_command_that_reaches_no_vtn_does_not_mind_which_there_is() -> None:
    assert idle({"report_every": "1m"}, {"VEN_ACTORS_VTN_URL": "https://vtn.example"}, PREVIEW) == []


@pytest.mark.parametrize(
    ("flags", "words"),
    [({**URL}, "whose events decide"), ({"dialect": "energydesk"}, "energydesk takes every reading")],
)
def test_the_pace_of_the_demo_goes_with_any_vtn_and_is_warned_of(flags: dict[str, object], words: str) -> None:
    ((origin, reason),) = idle({**flags, "report_every": "1m"})
    assert origin == "--report-every"
    assert words in reason
    assert idle({"report_every": "1m"}) == []


def test_a_run_looks_at_every_option() -> None:
    assert set(RUN.options) == {option.name for option in OPTIONS}
