"""The options of `run` as click wants them, made from the configuration's table."""

from __future__ import annotations

from typing import Any

import click

from ven_actors.config import OPTIONS, Option

CONFIG_OPTION = click.Option(
    ["--config"],
    metavar="FILE",
    help="TOML file with any of these options (config/fleet.toml lists all); none is read without it.",
    allow_from_autoenv=False,
)


def run_options() -> list[click.Parameter]:
    """Values stay text here, so that wrong ones of all sources are told together, not one at a time."""
    return [CONFIG_OPTION, *(_click_option(option) for option in OPTIONS)]


def options_named(names: tuple[str, ...]) -> list[click.Parameter]:
    """Some of the table's options, for a command that needs no more."""
    return [_click_option(option) for option in OPTIONS if option.name in names]


def _click_option(option: Option) -> click.Option:
    flags = f"{option.flag}/--no-{option.flag[2:]}" if option.kind.is_switch else option.flag
    kind: dict[str, Any] = {} if option.kind.is_switch else {"type": str, "metavar": option.kind.metavar}
    default = f" [default: {option.default_text}]" if option.default_text and not option.kind.is_switch else ""
    help_text = f"{option.help[0].upper()}{option.help[1:]}.{default}"
    # The environment is read by the configuration, which then can name the variable that is wrong.
    return click.Option([flags], default=None, help=help_text, allow_from_autoenv=False, **kind)


class OptionsInSections(click.Command):
    """Help with the options under the sections of the table."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        section_of = {option.name: option.section for option in OPTIONS}
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(section_of.get(parameter.name or "", "General"), []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)
