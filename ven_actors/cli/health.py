"""Whether a fleet is healthy: the reasons against it, one line each, from a status document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ven_actors.cli.status_tables import clean

_HEALTHY_STATES = frozenset({"running", "starting", "enrolling"})


def ailments(status: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong at this moment; nothing for a healthy fleet. Past trouble and paused jobs do not count.

    Nothing is required of the document: it may come from another version.
    """
    if not status.get("running"):
        yield "no fleet runs on this state folder"
        return
    for ven in status.get("vens") or ():
        if isinstance(ven, Mapping):
            yield from _of_ven(ven)
    for hold in status.get("holds") or ():
        if isinstance(hold, Mapping) and not hold.get("ven"):
            vtn, ends, reason = (clean(hold.get(key)) for key in ("vtn", "ends", "reason"))
            yield f"no report goes to {vtn} before {ends}: {reason}"
    errors = status.get("errors")
    for name, error in errors.items() if isinstance(errors, Mapping) else ():
        yield f"{clean(name)} fails: {clean(error)}"
    for each in status.get("other_fleets") or ():
        if isinstance(each, Mapping):
            yield clean(each.get("said") or "another fleet uses a VEN name of this one")
    unaccounted = (status.get("readings") or {}).get("unaccounted")
    if unaccounted:
        yield f"{clean(unaccounted)} readings are unaccounted for"


def _of_ven(ven: Mapping[str, Any]) -> Iterator[str]:
    name, state, error = (clean(ven.get(key) or "") for key in ("name", "state", "last_error"))
    because = f": {error}" if error else ""
    if state not in _HEALTHY_STATES:
        yield f"VEN {name} is {state or 'in an unknown state'}{because}"
    elif error:
        yield f"VEN {name} is {state}, and has trouble{because}"
