"""Notices about what of an event is not obeyed as asked; made once for all VENs to which the event means the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ven_actors.openadr.alike import ALIKE
from ven_actors.openadr.signals import Contender, signals_by_interval
from ven_actors.simulation.objections import Objection, objections

_MOST = 10


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Objections:
    """`texts` name the event, and say whether the fleet serves payloads of that type; `served` leave the name out."""

    contender: Contender
    texts: Mapping[str, bool]
    served: tuple[str, ...]

    @property
    def event_id(self) -> str:
        return self.contender.event.event_id


def objections_to(contender: Contender) -> Objections:
    return ALIKE.one((Objections, id(contender)), lambda: _made(contender))


def _made(contender: Contender) -> Objections:
    """Of the same type and reason the first value stands for all."""
    groups: dict[tuple[str, str], tuple[Objection, set[str]]] = {}
    for signals in signals_by_interval(contender):
        for objection in objections(signals):
            key = objection.payload_type, objection.reason
            groups.setdefault(key, (objection, set()))[1].add(objection.values)
    texts: dict[str, bool] = {}
    for objection, values in list(groups.values())[:_MOST]:
        others = f" (and {len(values) - 1} other values)" if len(values) > 1 else ""
        texts[f"{objection.payload_type} {objection.values}{others} {objection.reason}"] = objection.served
    if len(groups) > _MOST:
        texts[f"{len(groups) - _MOST} more payloads are not obeyed as asked"] = True
    event = contender.event
    label = f"event {event.name!r} ({event.event_id})" if event.name else f"event {event.event_id}"
    served = tuple(text for text, is_served in texts.items() if is_served)
    return Objections(contender, {f"{label}: {text}": is_served for text, is_served in texts.items()}, served)
