"""A command group that imports a command only when it is called, so that help is quick and commands stand alone."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from ven_actors.errors import UsageError

EXIT_BROKEN_PIPE = 141


class Place(NamedTuple):
    """Where a command is, as `module:attribute`, and its line in the group's help."""

    target: str
    help: str


class LazyGroup(click.Group):
    def __init__(self, *args: Any, places: Mapping[str, Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command. Raises UsageError where its code, or a library it needs, is not installed."""
        place = self._places.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module_name, _, attribute = place.target.partition(":")
        try:
            command = getattr(importlib.import_module(module_name), attribute)
        except ImportError as error:
            raise UsageError(f"the command {cmd_name} cannot be loaded ({error}); install ven-actors again") from error
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Written from the table, because click would import every command for its first line of help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.help) for name, place in self._places.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """A reader that went away (`| head`) is no error of ours; click would turn it into exit code 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise click.exceptions.Exit(EXIT_BROKEN_PIPE) from None
