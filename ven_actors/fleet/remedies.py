"""Commands for remedies, ready to be pasted into a shell, with the state folder, registry and VTN they are about."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ven_actors.config import OPTIONS, FleetConfig, Option
from ven_actors.config_groups import group_of
from ven_actors.durations import duration_text

_OF_DOCTOR = (
    *("state", "registry", "seed", "vtn_url", "dialect", "credentials", "ca_file", "insecure_tls", "insecure_http"),
    *("targets", "programs", "parsing", "deadline", "max_response", "interval", "poll_every"),
)


def command_line(*words: str) -> str:
    """A command of ours, quoted for the shell."""
    return shlex.join(("ven-actors", *words))


def doctor_line(config: FleetConfig, ven_name: str, *, write: bool = False) -> str:
    """The doctor for one VEN of this run, with whatever of the run's options it needs; groups are resolved."""
    group = group_of(config.groups, ven_name)
    if group is not None:
        config = replace(config, dialect=group.dialect, vtn_url=group.vtn_url or config.vtn_url)
    if config.vtn_url is None:
        config = replace(config, credentials=None, ca_file=None, insecure_tls=False, insecure_http=False)
    first = ("doctor", "--write") if write else ("doctor",)
    return command_line(*first, "--vens", ven_name, *option_words(config, _OF_DOCTOR))


def resources_line(config: FleetConfig, *words: str) -> str:
    """A command of `resources` on this run's registry; how VENs of `--count` are made stands in the state folder."""
    where = [] if config.registry is None else ["--registry", str(config.registry)]
    return command_line("resources", *words, *state_words(config.state), *where)


def state_words(folder: Path) -> list[str]:
    """`--state`, the default too: a variable may say otherwise where the command is pasted."""
    return ["--state", str(folder)]


def option_words(config: FleetConfig, names: Collection[str]) -> list[str]:
    """These options as words of a command line, those left out that would be the same without."""
    return [word for option in OPTIONS if option.name in names for word in _words(option, config)]


def _words(option: Option, config: FleetConfig) -> Iterator[str]:
    value = getattr(config.schedule if option.key[0] == "schedule" else config, option.field)
    if value == option.default and option.name != "state" and option.variable not in os.environ:
        return
    if option.kind.is_switch:
        yield option.flag if value else f"--no-{option.flag[2:]}"
        return
    yield option.flag
    yield written(option, value)


def written(option: Option, value: Any) -> str:
    """A value as its option reads it."""
    if value is None:
        return "0" if option.name == "rate" else ""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, int | float) and option.kind.metavar.startswith("DURATION"):
        return duration_text(value)
    if option.kind.metavar == "SIZE":
        return f"{value}B"
    return str(value)
