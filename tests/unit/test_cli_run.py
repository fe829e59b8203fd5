"""The run command up to the fleet's door: options in, configuration out, view or no view."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from ven_actors.cli import COMMANDS, cli
from ven_actors.cli.run_options import options_named
from ven_actors.cli.seams import Seams
from ven_actors.config import OPTIONS, FleetConfig
from ven_actors.errors import StateError, UsageError

STATUS: dict[str, Any] = {
    "running": True,
    "vens": [{"name": "Herning", "state": "running"}],
    "readings": {"generated": 7},
}
Show = Callable[[dict[str, Any] | bytes], None] | None


pytestmark = pytest.mark.usefixtures("logging_as_it_was")


class Fleet:
    """Stands where the fleet would be built, and remembers what it was told."""

    def __init__(self, code: int = 0) -> None:
        self.code = code
        self.configs: list[FleetConfig] = []
        self.shows: list[Show] = []

    def __call__(self, config: FleetConfig, *, show: Show) -> int:
        self.configs.append(config)
        self.shows.append(show)
        structlog.get_logger().info("fleet_started")
        return self.code


def invoke(fleet: Fleet, *args: str, environ: dict[str, str] | None = None, **seams: Any) -> Result:
    totals = {"read_totals": lambda _: STATUS} | seams
    return CliRunner().invoke(cli, ["run", *args], obj=Seams(run_fleet=fleet, environ=environ or {}, **totals))


def test_options_become_the_configuration() -> None:
    fleet = Fleet()
    args = [
        "--vens",
        "Herning,Aalborg",
        "--interval",
        "1s",
        "--report-every",
        "5s",
        "--headless",
        "--schedule-status",
        "1m",
    ]
    assert invoke(fleet, *args).exit_code == 0
    (config,) = fleet.configs
    assert (config.vens, config.interval_s, config.report_every_s) == (("Herning", "Aalborg"), 1, 5)
    assert (config.headless, config.schedule.status) == (True, 60)


def test_the_environment_and_the_file_count_too(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("seed = 7\nheadless = true")
    fleet = Fleet()
    invoke(fleet, "--config", str(tmp_path / "my.toml"), "--no-headless", environ={"VEN_ACTORS_SENDERS": "9"})
    (config,) = fleet.configs
    assert (config.seed, config.headless, config.senders) == (7, False, 9)


def test_variables_with_the_name_of_the_command_in_them_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEN_ACTORS_RUN_SEED", "7")
    fleet = Fleet()
    invoke(fleet)
    assert fleet.configs[0].seed == 1


@pytest.mark.parametrize("code", [0, 1, 3, 70])
def test_the_fleets_exit_code_is_the_commands(code: int) -> None:
    assert (
        CliRunner()
        .invoke(
            cli,
            ["run"],
            obj=Seams(run_fleet=Fleet(code), environ={}, read_totals=lambda _: STATUS),
            standalone_mode=False,
        )
        .return_value
        == code
    )


def test_nothing_starts_where_anything_is_wrong() -> None:
    fleet = Fleet()
    result = invoke(fleet, "--interval", "15", "--senders", "0", environ={"VEN_ACTORS_SPEED": "x"})
    assert isinstance(result.exception, UsageError)
    assert len(str(result.exception).splitlines()) == 3
    assert fleet.configs == []


def test_without_a_terminal_there_is_no_view_but_log_lines() -> None:
    fleet = Fleet()
    result = invoke(fleet, "--log-format", "json")
    assert fleet.shows == [None]
    assert '"event":"fleet_started"' in result.stderr.replace(" ", "")


def test_the_level_of_the_logs_is_obeyed() -> None:
    assert "fleet_started" not in invoke(Fleet(), "--log-level", "warning").stderr


def test_a_misspelt_variable_is_logged_with_the_nearest() -> None:
    result = invoke(Fleet(), environ={"VEN_ACTORS_INTERVALL": "5s"})
    assert "unknown_variable" in result.stderr
    assert "nearest=VEN_ACTORS_INTERVAL " in result.stderr


def test_a_variable_of_the_program_before_is_logged_with_its_new_name() -> None:
    logged = invoke(Fleet(), environ={"VTN_SERVER_ADDRESS": "http://vtn.example"}).stderr
    assert "former_variable" in logged
    assert "now=VEN_ACTORS_VTN_URL" in logged


def test_the_last_words_are_the_ledger_of_the_state_folder() -> None:
    assert "readings  generated 7 = accepted 0 + queued 0\n" in invoke(Fleet()).stdout


def test_a_ledger_that_cannot_be_read_does_not_change_the_outcome() -> None:
    def refuse(_: Path) -> dict[str, Any]:
        raise StateError("no store")

    result = invoke(Fleet(), read_totals=refuse)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "totals_unreadable" in result.stderr


def test_help_shows_every_option_with_its_default_in_sections() -> None:
    lines = CliRunner().invoke(cli, ["run", "--help"], terminal_width=100).output
    for option in OPTIONS:
        assert f"{option.flag} " in lines
    for section in {option.section for option in OPTIONS}:
        assert f"\n{section}:\n" in lines
    assert "[default: 0 3 * * *]" in lines
    assert "VEN_ACTORS_REPORT_EVERY" in lines


def test_the_readme_names_only_options_that_there_are() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text()
    ours = "\n".join(line for line in text.splitlines() if "pip install" not in line)
    commands = [*([name] for name in COMMANDS), ["vtn", "event", "publish"], ["resources", "remove"]]
    helps = [CliRunner().invoke(cli, [*words, "--help"]).output for words in commands]
    known = {option.flag for option in OPTIONS} | {"--help", *re.findall(r"--[a-z-]+", "".join(helps))}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", ours)) - known == set()
    variables = {option.variable for option in OPTIONS} | {"VEN_ACTORS_CONFIG"}
    assert set(re.findall(r"VEN_ACTORS_[A-Z_]+", ours)) - variables == set()


# --- on a terminal ---------------------------------------------------------------------------------------------


def test_the_ledger_is_not_printed_again_below_the_last_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shown(Fleet):
        def __call__(self, config: FleetConfig, *, show: Show) -> int:
            assert show is not None
            show(STATUS)
            show(STATUS | {"running": False})
            return super().__call__(config, show=show)

    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    shown = invoke(Shown()).stdout
    assert shown[shown.rindex("not running") :].count("generated 7") == 1
    assert invoke(Fleet()).stdout.count("generated 7") == 1


def test_on_a_terminal_the_fleet_gets_a_view_unless_headless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    fleet = Fleet()
    invoke(fleet)
    invoke(fleet, "--headless")
    assert [show is not None for show in fleet.shows] == [True, False]


def test_the_real_seams_are_used_where_none_are_handed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import types

    fleet = Fleet()
    monkeypatch.setitem(sys.modules, "ven_actors.fleet.running", module := types.ModuleType("ven_actors.fleet.running"))
    module.run_fleet = fleet  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ven_actors.fleet.folder", folder := types.ModuleType("ven_actors.fleet.folder"))
    folder.read_totals = lambda _: STATUS  # type: ignore[attr-defined]
    monkeypatch.setenv("VEN_ACTORS_SEED", "7")
    result = CliRunner().invoke(cli, ["run"])
    assert fleet.configs[0].seed == 7
    assert "generated 7" in result.stdout


def test_another_command_may_take_some_of_the_options() -> None:
    assert [parameter.name for parameter in options_named(("seed", "noise"))] == ["seed", "noise"]


def test_no_name_of_a_value_is_written_with_a_capital_in_the_help() -> None:
    help_text = invoke(Fleet(), "--help").stdout
    assert "openadr-3.1" in help_text
    assert "Openadr" not in help_text
    assert "Strict" not in help_text


@pytest.mark.parametrize(
    ("args", "option"),
    [
        (["--credentials", "clients.csv"], "--credentials"),
        (["--vtn-url", "https://vtn.example", "--quirk", "all"], "--quirk"),
        (["--vens", ""], "--vens"),
    ],
)
def test_an_option_that_cannot_apply_starts_nothing(args: list[str], option: str) -> None:
    fleet = Fleet()
    result = invoke(fleet, *args)
    assert isinstance(result.exception, UsageError)
    assert str(result.exception).startswith(f"{option}: ")
    assert fleet.configs == []


def test_a_pace_of_the_demo_at_another_vtn_is_warned_of() -> None:
    result = invoke(Fleet(), "--vtn-url", "https://vtn.example", "--report-every", "1m")
    assert result.exit_code == 0
    assert "option_without_effect" in result.output
    assert "--report-every" in result.output
