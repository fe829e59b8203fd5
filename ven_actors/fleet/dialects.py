"""Which VEN of a run speaks which dialect to which VTN: from the options, the state folder and the embedded VTN."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ven_actors.config import FleetConfig
from ven_actors.config_groups import group_of
from ven_actors.errors import StateError, UsageError
from ven_actors.openadr.choosing import Choice, dialect_by_url
from ven_actors.openadr.dialects import DIALECTS

AUTO = "auto"
OF_EMBEDDED = "openadr-3.1"
OF_OLD_STATE = "openadr-3.1"
EMBEDDED = "embedded"
_OF_VEN = "vtn of "


@dataclass(frozen=True, slots=True)
class Route:
    """The VTN of one VEN. VENs of the same URL and dialect share one choice."""

    url: str
    choice: Choice


def routes_of(
    config: FleetConfig, ven_names: Iterable[str], embedded_urls: Mapping[str, str], spoken: Mapping[str, str | None]
) -> dict[str, Route]:
    """Each VEN's VTN and dialect.

    `embedded_urls` are the embedded VTN's by `base_urls_key`, empty where none runs. `spoken` has the dialect of each
    VEN that the state folder knows: a VEN stays with it. Raises `UsageError`, and `StateError` for another one.
    """
    choices: dict[tuple[str, str], Choice] = {}
    routes = {}
    for name in ven_names:
        wanted, vtn_url = asked_for(config, name)
        url = vtn_url or _embedded_url(wanted, embedded_urls)
        if vtn_url is None:
            wanted = OF_EMBEDDED if wanted == AUTO else wanted
        before = spoken.get(name)
        if before == "":
            before = OF_OLD_STATE
        if before is not None and wanted not in {AUTO, before}:
            raise StateError(
                f"state folder {config.state} has VEN {name} in dialect {before}, this run wants {wanted}; "
                "give another --state, or run as before"
            )
        key = (url, before or wanted)
        if key not in choices:
            choices[key] = _choice(before or wanted, url)
        routes[name] = Route(url, choices[key])
    return routes


def asked_for(config: FleetConfig, ven_name: str) -> tuple[str, str | None]:
    """The dialect that the options want for a VEN, and its VTN, None for the embedded one. Raises `UsageError`."""
    group = group_of(config.groups, ven_name)
    if group is None:
        return checked_name(config.dialect, "--dialect"), config.vtn_url
    return checked_name(group.dialect, "--groups"), group.vtn_url or config.vtn_url


def checked_name(name: str, flag: str) -> str:
    known = [AUTO, *DIALECTS]
    if name not in known:
        nearest = difflib.get_close_matches(name, known, 1, 0.0)[0]
        raise UsageError(f"{flag}: there is no dialect {name!r}; the nearest is {nearest} ({', '.join(known)})")
    return name


def wants_embedded(config: FleetConfig, ven_names: Iterable[str]) -> bool:
    """Whether any VEN has no VTN but the embedded one."""
    return any(asked_for(config, name)[1] is None for name in ven_names)


def vtn_of(bound: Mapping[str, str], ven_name: str) -> str | None:
    """The VTN to which a state folder that is `bound` so has bound a VEN; None where it is bound to none."""
    return bound.get(_OF_VEN + ven_name, bound.get("vtn"))


def bindings(
    config: FleetConfig, ven_names: Iterable[str], bound: Mapping[str, str], known: Collection[str]
) -> dict[str, str]:
    """What binds the state folder to its VTNs: one for all, and one for each VEN that a group sends elsewhere.

    `bound` is what binds it so far, `known` are VENs that ran on it. Raises `StateError` where such a one would get
    another VTN: what is queued for the old one would be lost there.
    """
    main = config.vtn_url or EMBEDDED
    binding = {"vtn": main}
    for name in ven_names:
        url = asked_for(config, name)[1] or EMBEDDED
        before = bound.get(_OF_VEN + name, bound.get("vtn") if name in known else None)
        if before not in {None, url}:
            raise StateError(
                f"state folder {config.state} has VEN {name} at the VTN {before!r}, this run at {url!r}; "
                "give another --state, or run as before"
            )
        if url != main:
            binding[_OF_VEN + name] = url
    return binding


def spoken_names(routes: Mapping[str, Route]) -> str:
    """Names of the dialects that are known to be spoken, for people."""
    dialects = (route.choice.dialect for route in routes.values())
    return ", ".join(sorted({each.name for each in dialects if each is not None}))


def _embedded_url(wanted: str, embedded_urls: Mapping[str, str]) -> str:
    dialect = DIALECTS[OF_EMBEDDED if wanted == AUTO else wanted]
    if dialect.base_urls_key not in embedded_urls:
        raise UsageError(f"--dialect: the embedded VTN does not speak {dialect.name}; name another VTN with --vtn-url")
    return embedded_urls[dialect.base_urls_key]


def _choice(name: str, url: str) -> Choice:
    return Choice(dialect_by_url(url) if name == AUTO else DIALECTS[name])
