"""Remedies are pasted: each command that the fleet prints does what it says, on the folder that it is about."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from ven_actors.cli import COMMANDS, cli
from ven_actors.cli.seams import Seams
from ven_actors.config import OPTIONS, FleetConfig
from ven_actors.config_groups import Group
from ven_actors.config_sources import load_config
from ven_actors.credentials import CredentialSource
from ven_actors.errors import DataError, FleetError, StateError, UsageError
from ven_actors.fleet.begun import Begun
from ven_actors.fleet.folder import check_store, load_population, locked_folder, preview_population, read_totals
from ven_actors.fleet.outcome import exit_code
from ven_actors.fleet.remedies import doctor_line, option_words, written
from ven_actors.fleet.summary import RunFacts
from ven_actors.meters import DEMO_METERS
from ven_actors.model import FleetStatus, RegistrationStatus, ReporterStatus, VenState, VenStatus
from ven_actors.storage.population import fleet_ven, town_ven
from ven_actors.storage.provision_record import VEN, ProvisionRecord
from ven_actors.storage.registry import Registry, make_demo

PACKAGE = Path(__file__).parents[2] / "ven_actors"
AWKWARD = "my fleet's; $(state)"


def commands_in(text: str) -> list[list[str]]:
    """The commands of ours between backticks, as a shell reads them."""
    return [shlex.split(each)[1:] for each in re.findall(r"`(ven-actors [^`]*)`", text)]


def paste(words: list[str], **seams: Any) -> None:
    """Run a command from a folder in which nothing of the fleet is."""
    result = CliRunner().invoke(cli, words, obj=Seams(environ={}, **seams))
    assert result.exit_code == 0, (words, result.output, result.exception)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name in ("STATE", "REGISTRY", "RESOURCES_DB"):
        monkeypatch.delenv(f"VEN_ACTORS_{name}", raising=False)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / AWKWARD
    with Registry.create(folder / "resources.db") as registry:
        registry.add("Lemvig", town_ven("Lemvig", 1, approve=3))
        registry.add("Aars", town_ven("Aars", 1, approve=0))
    return folder


def approved(config: FleetConfig) -> dict[str, int]:
    with locked_folder(config):
        return {name: len(each) for name, each in load_population(config, DEMO_METERS).resources.items()}


# --- resources -------------------------------------------------------------------------------------------------


def test_a_ven_without_approved_resources_gets_them(state: Path) -> None:
    config = FleetConfig(state=state, vens=("Aars",))
    with capture_logs() as logs:
        assert approved(config) == {"Aars": 0}
    paste(shlex.split(logs[0]["remedy"])[1:])
    assert approved(config) == {"Aars": 125}


@pytest.mark.parametrize("approve", [0, 2, 5, "all"])
def test_other_approvals_are_brought_about_whether_more_or_fewer(state: Path, approve: Any) -> None:
    config = FleetConfig(state=state, vens=("Lemvig", "Aars"), count=1, approve=approve)
    paste_until_it_runs(config)
    wanted = {"Lemvig": 266, "Aars": 125, "Fleet-0001": 120}
    assert approved(config) == {name: each if approve == "all" else approve for name, each in wanted.items()}


def paste_until_it_runs(config: FleetConfig) -> None:
    try:
        approved(config)
    except UsageError as error:
        for words in commands_in(str(error)):
            paste(words)


def test_a_registry_from_elsewhere_is_the_one_that_is_changed(state: Path, tmp_path: Path) -> None:
    other = tmp_path / "another one.db"
    make_demo(other, 1, 4)
    before = (state / "resources.db").read_bytes()
    config = FleetConfig(state=state, registry=other, vens=("Lemvig",), approve=9)
    paste_until_it_runs(config)
    assert approved(config) == {"Lemvig": 9}
    assert (state / "resources.db").read_bytes() == before


def test_a_folder_that_was_begun_with_other_approvals_gets_resources_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / AWKWARD
    folder.mkdir()
    check_store(folder, Begun(7, 3).facts)
    config = FleetConfig(state=folder, vens=("Lemvig",), count=1, seed=7, approve=5)
    for _ in ("the registry", "the VEN of --count"):
        with pytest.raises(UsageError) as caught:
            preview_population(config, DEMO_METERS)
        for words in commands_in(str(caught.value)):
            paste(words)
    population = preview_population(config, DEMO_METERS)
    assert {name: len(each) for name, each in population.items()} == {"Lemvig": 5, "Fleet-0001": 5}


def test_what_is_no_registry_is_moved_away_and_created_again(state: Path) -> None:
    path = state / "resources.db"
    path.write_bytes(b"no")
    with pytest.raises(DataError) as caught:
        Registry.open(path)
    (words,) = commands_in(str(caught.value))
    path.rename(state / "away.db")
    paste(words)
    with Registry.open(path) as registry:
        assert "Herning" in registry.ven_names()


@pytest.mark.parametrize(
    "wrong", [lambda it: it.require(["Lemwig"]), lambda it: it.set_status("x", RegistrationStatus.APPROVED)]
)
def test_a_name_or_id_that_is_unknown_is_looked_up_in_the_same_registry(state: Path, wrong: Any) -> None:
    with Registry.open(state / "resources.db", writable=True) as registry, pytest.raises(UsageError) as caught:
        wrong(registry)
    (words,) = commands_in(str(caught.value))
    paste(words)
    assert str(state / "resources.db") in words


# --- state folders ---------------------------------------------------------------------------------------------


def test_a_folder_without_a_fleet_is_the_one_that_the_next_run_has(tmp_path: Path) -> None:
    configs: list[FleetConfig] = []

    def run_fleet(config: FleetConfig, *, show: Any) -> int:
        configs.append(config)
        return 0

    folder = tmp_path / AWKWARD
    told = []
    for ask in (read_totals, status_of):
        with pytest.raises(FleetError) as caught:
            ask(folder)
        told += commands_in(str(caught.value))
    assert len(told) == 2
    for words in told:
        paste(words, run_fleet=run_fleet, read_totals=lambda _: {"readings": {}})
    assert [config.state for config in configs] == [folder, folder]


def test_what_was_provisioned_elsewhere_is_taken_back_there(tmp_path: Path) -> None:
    folder = tmp_path / AWKWARD
    with ProvisionRecord(folder, "https://old.example/3.1") as record:
        record.intend(VEN, "Herning", "Herning", "/vens", {})
    with pytest.raises(StateError) as caught, ProvisionRecord(folder, "https://new.example/3.1"):
        pass
    ((command, *words),) = commands_in(str(caught.value))
    assert command == "deprovision"
    assert words == ["--state", str(folder), "--vtn-url", "https://old.example/3.1"]


def test_all_files_that_everybody_can_read_are_named(tmp_path: Path) -> None:
    folder = tmp_path / AWKWARD
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).write_text("s")
        (folder / name).chmod(0o644)
    source = CredentialSource.load(f"client_id=x,client_secret_file={folder}/{{ven}}", {})
    source.for_vens(["a", "b"])
    (warning,) = source.warnings
    assert shlex.split(warning.partition("run: ")[2]) == ["chmod", "600", str(folder / "a"), str(folder / "b")]


def status_of(folder: Path) -> None:
    CliRunner().invoke(cli, ["status", "--state", str(folder)], catch_exceptions=False)


# --- the doctor ------------------------------------------------------------------------------------------------

CONFIG = FleetConfig(
    state=Path(AWKWARD), registry=Path("r 1.db"), vens=("Herning", "Aalborg"), count=3, seed=7, interval_s=5,
    vtn_url="https://vtn.example/3.1", credentials="client_id={ven},client_secret_file=/run/{ven}", insecure_http=True,
    deadline_s=90.0, dialect="openadr-3.1", groups=(Group(("Fleet-*",), "openadr-3.0.1", "https://other.example/3.0.1"),),
)  # fmt: skip


def doctor_config(line: str) -> FleetConfig:
    program, command, *words = shlex.split(line)
    assert (program, command) == ("ven-actors", "doctor")
    with cli.make_context("ven-actors", ["doctor"], resilient_parsing=True) as context:
        doctor = cli.get_command(context, "doctor")
        assert doctor is not None
        flags = doctor.make_context("doctor", words, parent=context).params
    return load_config(flags, {}).config


def test_the_doctor_is_called_with_all_that_the_run_had() -> None:
    config = doctor_config(doctor_line(CONFIG, "Herning"))
    same = ["state", "registry", "seed", "vtn_url", "dialect", "credentials", "insecure_http", "deadline_s"]
    assert {name: getattr(config, name) for name in same} == {name: getattr(CONFIG, name) for name in same}
    assert config.vens == ("Herning",)


def test_a_ven_of_a_group_is_examined_at_the_groups_vtn_in_its_dialect() -> None:
    config = doctor_config(doctor_line(CONFIG, "Fleet-0003"))
    assert (config.vtn_url, config.dialect) == ("https://other.example/3.0.1", "openadr-3.0.1")
    assert (config.vens, config.groups) == (("Fleet-0003",), ())


def test_at_the_embedded_vtn_nothing_is_said_that_could_not_apply() -> None:
    config = replace(CONFIG, vtn_url=None)
    assert "--credentials" not in doctor_line(config, "Herning")
    assert "--credentials" in doctor_line(config, "Fleet-0001")


def test_a_variable_that_says_otherwise_is_outvoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEN_ACTORS_SEED", "9")
    words = option_words(FleetConfig(), ("seed", "state", "dialect"))
    assert words == ["--state", "state", "--seed", "1"]


@pytest.mark.parametrize("state", [VenState.REFUSED, VenState.VTN_LOST])
def test_the_end_of_a_run_names_the_doctor_with_the_runs_own_options(state: VenState) -> None:
    ven = VenStatus("Herning", state, 1, 1, None, 1, "no", reached=False)
    status = FleetStatus(0.0, {"Herning": ven}, {}, (), paused=False, reporter=ReporterStatus())
    with capture_logs() as logs:
        exit_code(RunFacts(CONFIG, status=status), 1.0)
    assert f"`{doctor_line(CONFIG, 'Herning')}`" in logs[0]["remedy"]


def test_a_report_that_is_held_needs_the_doctor_to_write() -> None:
    line = doctor_line(CONFIG, "Herning", write=True)
    assert shlex.split(line)[1:5] == ["doctor", "--write", "--vens", "Herning"]


# --- values and literals ---------------------------------------------------------------------------------------

VALUES: dict[str, Any] = {
    "vens": ("A", "B"), "count": 3, "approve": "all", "state": Path("a b"), "registry": Path("r"), "seed": 2,
    "vtn_url": "https://vtn.example", "credentials": "c.csv", "deadline": 1.5, "max_response": 2048, "interval": 90,
    "duration": 90.5, "speed": 2.5, "rate": None, "insecure_tls": True, "outbox_max": 2**30, "push": ("webhook",),
    "schedule_heartbeat": 60.0, "schedule_enrolment": "0 4 * * *",
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_written_as_its_option_reads_it(name: str) -> None:
    (option,) = (each for each in OPTIONS if each.name == name)
    assert option.kind.read(written(option, VALUES[name])) == VALUES[name]


def test_every_default_is_written_as_its_option_reads_it() -> None:
    for option in OPTIONS:
        assert option.kind.read(written(option, option.default)) == option.default, option.name


# Without the state folder or registry that they are about: help, and what is filled in where it is said.
PLAIN = {"ven-actors run --help", "ven-actors vtn event publish --help", "ven-actors profiles make --out {path}"}


def literals(path: Path) -> list[str]:
    """The texts of a module, without its docstrings."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    bodies = (node.body for node in nodes if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef))
    docs = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    texts = (node for node in nodes if isinstance(node, ast.Constant) and id(node) not in docs)
    return [node.value for node in texts if isinstance(node.value, str)]


def test_no_command_is_printed_without_the_folder_it_is_about() -> None:
    """Who prints one has it from `fleet/remedies.py`, or from `command_on` of the registry."""
    texts = [text for path in sorted(PACKAGE.rglob("*.py")) for text in literals(path)]
    commands = [each for text in texts for each in re.findall(r"`(ven-actors [^`]*)", text)]
    assert {each for each in commands if each not in PLAIN} == set()
    assert {each.split()[1] for each in commands} <= set(COMMANDS)


def test_a_ven_of_count_is_known_by_its_name(state: Path) -> None:
    config = FleetConfig(state=state, vens=("Fleet-0007",))
    assert approved(config) == {"Fleet-0007": len(fleet_ven(7, 1)[1])}
