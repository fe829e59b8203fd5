"""Which options can have an effect in a run, given the others: one that cannot is an error and is not ignored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ven_actors.config import OPTIONS, FleetConfig
from ven_actors.config_groups import Group, group_of

_ENERGYDESK = "energydesk"
_OPTION = {option.name: option for option in OPTIONS}


class Given(Protocol):
    """A value that some source gave; `origin` names the source."""

    @property
    def origin(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Command:
    """What a command does with the configuration.

    `options` are those that it has: only these are looked at here. `is_run`: all VENs of the configuration run, so
    that a group without a VEN is most likely misspelt. One that reaches no VTN takes the embedded one's ways as given.
    """

    options: Collection[str]
    is_run: bool = False
    reaches_vtn: bool = True


RUN = Command(tuple(_OPTION), is_run=True)


class Facts(NamedTuple):
    """`outside`, `embedded`: whether a VEN has such a VTN; `grouped`: whether all are in a group with a dialect."""

    config: FleetConfig
    outside: bool
    embedded: bool
    standard: bool
    grouped: bool


class Rule(NamedTuple):
    options: tuple[str, ...]
    applies: Callable[[Facts], bool]
    words: str


class Idle(NamedTuple):
    """An option without effect that only sets the pace of the demo: it is allowed with any VTN, with a warning."""

    origin: str
    reason: str


_NO_OUTSIDE = "no VEN of this run has a VTN of its own; name it with --vtn-url, or leave this out"
_PUSH = frozenset({"webhook", "mqtt"})
_RULES = (
    Rule(
        ("credentials",),
        lambda facts: facts.outside,
        f"the embedded VTN has credentials of its own, and {_NO_OUTSIDE}",
    ),
    Rule(
        ("ca_file", "insecure_tls"),
        lambda facts: facts.outside,
        f"the embedded VTN has no TLS, and {_NO_OUTSIDE}",
    ),
    Rule(
        ("insecure_http",),
        lambda facts: facts.outside or facts.config.webhook_url is not None,
        f"the embedded VTN is on this machine, and {_NO_OUTSIDE}",
    ),
    Rule(
        ("quirk", "vtn_keep"),
        lambda facts: facts.embedded,
        "it is for the embedded VTN, and every VEN of this run has another; leave this out, or leave out --vtn-url",
    ),
    Rule(
        ("targets", "parsing", "max_report_bytes"),
        lambda facts: facts.standard,
        "energydesk has no such setting, and every VEN of this run speaks energydesk; leave this out",
    ),
    Rule(
        ("push",),
        lambda facts: facts.standard or not _PUSH & set(facts.config.push),
        "energydesk has no push, and every VEN of this run speaks energydesk; leave this out",
    ),
    Rule(
        ("push",),
        lambda facts: facts.outside or "mqtt" not in facts.config.push,
        f"the embedded VTN has no broker for mqtt, and {_NO_OUTSIDE}",
    ),
    Rule(
        ("push_poll_every",),
        lambda facts: bool(_PUSH & set(facts.config.push)),
        "no push is asked for; give --push webhook or --push mqtt, or leave this out",
    ),
    Rule(
        ("webhook_url", "webhook_host", "webhook_port", "webhook_cert"),
        lambda facts: "webhook" in facts.config.push or ("auto" in facts.config.push and facts.embedded),
        "no VTN is asked to call; give --push webhook, or leave this out",
    ),
    Rule(
        ("dialect",),
        lambda facts: not facts.grouped,
        "every VEN of this run is in a group, which has a dialect of its own; leave this out",
    ),
)


_IDLE = (
    Rule(
        ("report_every",),
        lambda facts: facts.embedded,
        "it is what the embedded VTN asks for; every VEN of this run has another, whose events decide",
    ),
    Rule(("report_every",), lambda facts: facts.standard, "energydesk takes every reading, whatever an event asks for"),
)


def not_applying(
    config: FleetConfig, given: Mapping[str, Given], command: Command, ven_names: Collection[str]
) -> Iterator[str]:
    """A line for each option of `command` that was given another value than the default and has no effect."""
    facts = _facts(config, command, ven_names)
    for name, words in _without_effect(_RULES, facts, given, command):
        yield f"{given[name].origin}: cannot apply: {words}"


def idle(
    config: FleetConfig, given: Mapping[str, Given], command: Command, ven_names: Collection[str]
) -> Iterator[Idle]:
    """Options without effect that are only warned of."""
    facts = _facts(config, command, ven_names)
    for name, words in _without_effect(_IDLE, facts, given, command):
        yield Idle(given[name].origin, words)


def _without_effect(
    rules: Iterable[Rule], facts: Facts, given: Mapping[str, Given], command: Command
) -> Iterator[tuple[str, str]]:
    for rule in rules:
        for name in rule.options:
            option = _OPTION[name]
            is_asked = name in command.options and name in given
            if is_asked and getattr(facts.config, option.field) != option.default and not rule.applies(facts):
                yield name, rule.words


def outside_urls(config: FleetConfig, groups: Collection[Group]) -> list[str]:
    """The VTNs that are not the embedded one, of a run in which these groups have VENs."""
    urls = [config.vtn_url, *(group.vtn_url for group in groups)]
    return [url for url in urls if url]


def _facts(config: FleetConfig, command: Command, ven_names: Collection[str]) -> Facts:
    by_ven = [group_of(config.groups, name) for name in ven_names] if config.groups else [None]
    taken = [group for group in dict.fromkeys(by_ven) if group is not None]
    dialects = {config.dialect if group is None else group.dialect for group in by_ven}
    is_embedded = config.vtn_url is None and any(group is None or not group.vtn_url for group in by_ven)
    return Facts(
        config,
        outside=not command.reaches_vtn or bool(outside_urls(config, taken if command.is_run else config.groups)),
        embedded=not command.reaches_vtn or is_embedded,
        standard=dialects != {_ENERGYDESK},
        grouped=command.is_run and None not in by_ven,
    )
