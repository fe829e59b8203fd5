"""Which registry a command of `resources` works on, by the same options as in all commands of the fleet."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ven_actors.errors import UsageError

STATE_VARIABLE, REGISTRY_VARIABLE = "VEN_ACTORS_STATE", "VEN_ACTORS_REGISTRY"
_OLD_VARIABLE = "VEN_ACTORS_RESOURCES_DB"
REGISTRY_NAME = "resources.db"

state_option = click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("state"),
    show_default=True,
    envvar=STATE_VARIABLE,
    show_envvar=True,
    metavar="DIR",
    help="State folder of the fleet.",
)
_registry_option = click.option(
    "--registry",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar=REGISTRY_VARIABLE,
    show_envvar=True,
    metavar="FILE",
    help=f"Database of VENs and resources; default: {REGISTRY_NAME} in the state folder.",
)


def registry_options(*old_flags: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--state` and `--registry`; the command gets `state`, and the database as `db`. Old names work, hidden."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def wrapped(*args: Any, state: Path, registry: Path | None, old: Path | None, **others: Any) -> Any:
            return command(*args, state=state, db=_chosen(state, registry, old), **others)

        old_option = click.option(
            *old_flags, "old", type=click.Path(dir_okay=False, path_type=Path), envvar=_OLD_VARIABLE, hidden=True
        )
        return state_option(_registry_option(old_option(wrapped)))

    return decorate


def _chosen(state: Path, registry: Path | None, old: Path | None) -> Path:
    """A flag wins over a variable, the new name over the old one; two flags must not differ."""
    context = click.get_current_context()
    is_flag = {name: context.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in ("registry", "old")}
    if registry is not None and old is not None and registry != old and all(is_flag.values()):
        raise UsageError(f"--registry {registry} and {old} are two databases; name one, with --registry")
    if is_flag["old"] and not is_flag["registry"]:
        registry = old
    return registry or old or state / REGISTRY_NAME
