"""Who owns a ven that business logic made through OpenADR 3.0.1, where it cannot name the owner."""

from __future__ import annotations

from ven_actors.vtn.facts import Kind, Privacy, Query, Role, Viewer
from ven_actors.vtn.rules import EVERYTHING, Rules

_ALL = 1_000_000


def claim(rules: Rules, viewer: Viewer, name: str | None, ven_id: str | None = None) -> None:
    """The ven of this name is the viewer's from now on, with its resources, if it was nobody's.

    `ven_id` is for those who say it too: nothing happens if another ven has the name. The clientID that the ven
    shows in 3.1 stays what it is.
    """
    if name is None or viewer.role is not Role.VEN or viewer.privacy is not Privacy.OWN_OBJECTS:
        return
    for shown in rules.find(EVERYTHING, Kind.VEN, Query(name=name)):
        ven = shown.stored
        if ven_id in (None, ven.id) and rules.is_unclaimed(ven):
            its = rules.find(EVERYTHING, Kind.RESOURCE, Query(parent_id=ven.id, limit=_ALL))
            for each in (ven, *(found.stored for found in its if rules.is_unclaimed(found.stored))):
                rules.objects.claim(each, viewer.client_id)
