"""What a change looks like to somebody: object privacy (OpenADR 3.1.0 Definition) over time."""

from __future__ import annotations

from typing import NamedTuple

from ven_actors.vtn.facts import Change, Kind, Operation, Privacy, Stored, StoredReport, Viewer

_BY_CLIENT = frozenset({Kind.VEN, Kind.RESOURCE, Kind.SUBSCRIPTION})


class Seen(NamedTuple):
    """What happened, as somebody sees it, and to what."""

    operation: Operation
    thing: Stored | StoredReport


def as_seen(change: Change, viewer: Viewer, granted: frozenset[str]) -> Seen | None:
    """None for what the viewer may not know. To those who lose sight of an object it is deleted, as it was."""
    if change.after is not None and may_see(change.after, viewer, granted):
        return Seen(change.operation, change.after)
    if change.before is not None and may_see(change.before, viewer, granted):
        return Seen(Operation.DELETE, change.before)
    return None


def may_see(thing: Stored | StoredReport, viewer: Viewer, granted: frozenset[str]) -> bool:
    if viewer.sees_all:
        return True
    if isinstance(thing, StoredReport):
        return thing.client_id == viewer.client_id
    if thing.draft.kind in _BY_CLIENT:
        claimed_by = thing.claimed_by if viewer.privacy is Privacy.OWN_OBJECTS else None
        return viewer.client_id == (claimed_by or thing.draft.client_id)
    return viewer.sees_all_targets or not thing.draft.targets or not granted.isdisjoint(thing.draft.targets)
