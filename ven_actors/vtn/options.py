"""Options of the VTN's command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

F = TypeVar("F", bound=Callable[..., Any])


def option(flag: str, *names: str, also: str = "", **settings: Any) -> Callable[[F], F]:
    """An option that is an environment variable too, and `also` another one where that is not set."""
    variable = "VEN_ACTORS_VTN_" + flag.removeprefix("--").replace("-", "_").upper()
    return click.option(flag, *names, envvar=[variable, also] if also else variable, show_envvar=True, **settings)


def refuse_idle(ctx: click.Context, names: Iterable[str], needs: str) -> None:
    """Refuse those of these options that were given: without `needs` none of them has an effect."""
    given = [name for name in names if ctx.get_parameter_source(name) not in {None, ParameterSource.DEFAULT}]
    flags = {param.name: param.opts[0] for param in ctx.command.params}
    if given:
        raise click.UsageError(
            f"{', '.join(flags[name] for name in given)}: cannot apply without {needs}; leave it out"
        )


def refuse_before(ctx: click.Context, subcommand: str) -> None:
    """Refuse options on the command line that stand before a subcommand which has its own."""
    given = [
        param.opts[0]
        for param in ctx.command.params
        if ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(f"{', '.join(given)}: cannot apply before {subcommand}; give its own options after it")
