"""What can be wrong between options that are each right on their own, and the defaults that depend on others."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from ven_actors.config import DEFAULT_VENS, OPTIONS, FleetConfig
from ven_actors.config_applies import Command, Given, not_applying, outside_urls
from ven_actors.config_groups import group_of
from ven_actors.config_urls import is_elsewhere, is_plain_http_to_elsewhere
from ven_actors.durations import duration_text

_SHOWN_VENS = 5
_FLAGS = {option.name: option.flag for option in OPTIONS}
_VARIABLES = {option.name: option.variable for option in OPTIONS}


def checked(
    config: FleetConfig, given: Mapping[str, Given], problems: list[str], command: Command | None = None
) -> FleetConfig:
    """`config` with dependent defaults filled in; what does not go together is added to `problems`.

    So is what cannot apply in `command`, if one is named.
    """
    if not config.vens and not config.count:
        problems += _no_vens_problems(given)
        config = replace(config, vens=DEFAULT_VENS)
    if "report_every" not in given and config.report_every_s % config.interval_s:
        whole = -(-config.report_every_s // config.interval_s)
        config = replace(config, report_every_s=whole * config.interval_s)
    problems += [*_time_problems(config, given), *_vtn_problems(config, given), *_push_problems(config, given)]
    names = run_names(config)
    problems += _name_problems(config)
    if command is None or command.is_run:
        problems += _group_problems(config, given, names)
    if command is not None:
        problems += not_applying(config, given, command, names)
    problems += _summary_problems(config, given)
    return config


def _no_vens_problems(given: Mapping[str, Given]) -> list[str]:
    """An empty list in the file is the default that is written there; elsewhere somebody meant to name VENs."""
    origin = _origin(given, "vens")
    if "vens" not in given or origin not in {_FLAGS["vens"], _VARIABLES["vens"]}:
        return []
    default = ",".join(DEFAULT_VENS)
    return [f"{origin}: names no VEN; name some, give --count, or leave it out for {default}"]


def _origin(given: Mapping[str, Given], name: str) -> str:
    return given[name].origin if name in given else _FLAGS[name]


def _time_problems(config: FleetConfig, given: Mapping[str, Given]) -> list[str]:
    if config.report_every_s % config.interval_s == 0:
        return []
    report_every, interval = duration_text(config.report_every_s), duration_text(config.interval_s)
    problem = (
        f"{_origin(given, 'report_every')}: {report_every} is no multiple of the metering interval {interval} "
        f"({_origin(given, 'interval')}); a report covers whole intervals"
    )
    return [problem]


def _vtn_problems(config: FleetConfig, given: Mapping[str, Given]) -> list[str]:
    problems = [
        f"{_origin(given, 'groups')}: {group.vtn_url} is plain http to another machine; use https, or allow it with "
        "--insecure-http"
        for group in config.groups
        if group.vtn_url and is_plain_http_to_elsewhere(group.vtn_url) and not config.insecure_http
    ]
    if config.vtn_url and is_plain_http_to_elsewhere(config.vtn_url) and not config.insecure_http:
        problems.append(
            f"{_origin(given, 'vtn_url')}: plain http to another machine would show the credentials to the network; "
            "use https, or allow it with --insecure-http"
        )
    if config.ca_file and config.insecure_tls:
        problems.append(f"{_origin(given, 'insecure_tls')}: contradicts ca_file; give one of the two")
    if config.ca_file and not config.ca_file.is_file():
        problems.append(
            f"{_origin(given, 'ca_file')}: {str(config.ca_file)!r} is no file; name a PEM file of certificates"
        )
    return problems


def _push_problems(config: FleetConfig, given: Mapping[str, Given]) -> list[str]:
    problems = []
    is_far = any(is_elsewhere(url) for url in outside_urls(config, config.groups))
    if "webhook" in config.push and is_far and not config.webhook_url:
        problems.append(
            f"{_origin(given, 'push')}: a VTN on another machine has to be told where it can reach this one; "
            "give --webhook-url"
        )
    if config.webhook_url and is_plain_http_to_elsewhere(config.webhook_url) and not config.insecure_http:
        problems.append(
            f"{_origin(given, 'webhook_url')}: plain http would show the callback's bearer to the network; use https, "
            "or allow it with --insecure-http"
        )
    return problems


def _name_problems(config: FleetConfig) -> list[str]:
    """VENs made by count must not collide with named ones."""
    taken = {fleet_name(number) for number in range(1, config.count + 1)} & set(config.vens)
    return [f"--vens: {name} is also made by --count; leave it out" for name in sorted(taken)]


def _group_problems(config: FleetConfig, given: Mapping[str, Given], vens: list[str]) -> list[str]:
    """A group that no VEN of the run is in is most likely misspelt."""
    taken = {group_of(config.groups, name) for name in vens}
    return [
        f"{_origin(given, 'groups')}: no VEN of this run is in the group {','.join(group.vens)}; "
        f"the run has {', '.join(vens[:_SHOWN_VENS])}{', ...' if len(vens) > _SHOWN_VENS else ''}"
        for group in config.groups
        if group not in taken
    ]


def _summary_problems(config: FleetConfig, given: Mapping[str, Given]) -> list[str]:
    """A file that cannot be written would show only when the run is over."""
    path = config.summary
    if path is None:
        return []
    origin, folder = _origin(given, "summary"), path.absolute().parent
    if path.is_dir():
        return [f"{origin}: {str(path)!r} is a folder; name a file in it"]
    if not folder.is_dir():
        # The run makes its state folder itself.
        is_made = folder == config.state.absolute()
        return [] if is_made else [f"{origin}: there is no folder {str(folder)!r}; make it first, or name another file"]
    if not os.access(path if path.exists() else folder, os.W_OK):
        return [f"{origin}: {str(path)!r} may not be written; change its permissions, or name another file"]
    return []


def run_names(config: FleetConfig) -> list[str]:
    """All VENs of a run, the named ones first."""
    named = config.vens or (() if config.count else DEFAULT_VENS)
    return [*named, *(fleet_name(number) for number in range(1, config.count + 1))]


def fleet_name(number: int) -> str:
    """The name of the VEN that `--count` makes as its `number`-th: Fleet-0001 and on."""
    return f"Fleet-{number:04d}"
