"""One name for the state folder in every command of the fleet; the VTN's own folder has another."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ven_actors.cli import COMMANDS, cli
from ven_actors.testing.vtn import InProcessVtn
from ven_actors.vtn.server import READY_NAME

OF_THE_FLEET = sorted(COMMANDS.keys() - {"vtn", "profiles"})


def option(path: list[str], name: str) -> click.Option:
    """The option of a command, or of each of its subcommands where it has some."""
    command: click.Command = cli
    for word in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    return next(each for each in command.params if isinstance(each, click.Option) and name in each.opts)


def paths_of(name: str) -> list[list[str]]:
    command = cli.get_command(click.Context(cli), name)
    if isinstance(command, click.Group):
        return [[name, each] for each in command.list_commands(click.Context(command))]
    return [[name]]


@pytest.mark.parametrize("name", OF_THE_FLEET)
def test_every_command_of_the_fleet_has_state_and_takes_it_from_one_variable(name: str) -> None:
    for path in paths_of(name):
        found = option(path, "--state")
        if found.envvar is None and found.allow_from_autoenv:
            found = option([name], "--state")  # the group's, which the command falls back to
        # Where click reads no variable at all, the configuration does.
        assert found.envvar == "VEN_ACTORS_STATE" or not found.allow_from_autoenv


@pytest.mark.parametrize("name", ["run", "preview", "doctor", "provision", "resources"])
def test_what_reads_resources_has_registry(name: str) -> None:
    for path in paths_of(name):
        assert not option(path, "--registry").hidden


@pytest.mark.parametrize("name", ["run", "doctor", "provision"])
def test_what_speaks_as_a_ven_has_credentials(name: str) -> None:
    assert option([name], "--credentials").opts == ["--credentials"]


def test_the_vtns_own_folder_is_not_the_fleets(tmp_path: Path) -> None:
    assert option(["vtn"], "--state").envvar == "VEN_ACTORS_VTN_STATE"
    ended = CliRunner().invoke(
        cli, ["vtn", "--client", "a:b:ven", "--host", "no host"], env={"VEN_ACTORS_STATE": str(tmp_path / "state")}
    )
    assert ended.exit_code != 0
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("variable", ["VEN_ACTORS_STATE", "VEN_ACTORS_VTN_STATE"])
def test_events_are_published_at_the_vtn_of_the_fleets_folder(tmp_path: Path, variable: str) -> None:
    with InProcessVtn() as vtn:
        folder = tmp_path / "vtn"
        folder.mkdir()
        (folder / READY_NAME).write_text(f'{{"base_urls": {{"3.1": "{vtn.base_url}"}}}}')
        (folder / "clients.csv").write_text("name,secret,role\nbl,bl-secret,bl\n")
        done = CliRunner().invoke(cli, ["vtn", "event", "list"], env={variable: str(tmp_path)})
    assert done.exit_code == 0, done.output


def test_profiles_are_made_in_the_state_folder(tmp_path: Path) -> None:
    (tmp_path / "profiles.h5").touch()
    done = CliRunner().invoke(cli, ["profiles", "make"], env={"VEN_ACTORS_STATE": str(tmp_path)})
    assert str(tmp_path / "profiles.h5") in str(done.exception)
