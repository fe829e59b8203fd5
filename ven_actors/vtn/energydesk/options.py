"""The command line's words for when a resource is approved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ven_actors.vtn.energydesk.book import Plan, Status
from ven_actors.vtn.units import Seconds

if TYPE_CHECKING:
    _PlanType = click.ParamType[Plan]
else:  # not generic in click 8.1
    _PlanType = click.ParamType

_WORDS = {"at-once": Plan(), "never": Plan(Status.PENDING), "suspended": Plan(Status.SUSPENDED)}


class Approval(_PlanType):
    """`at-once`, `never`, `suspended`, or how long a resource stays pending; gives a `Plan`."""

    name = "at-once|never|suspended|DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Plan:
        if isinstance(value, Plan):
            return value
        return _WORDS.get(value) or Plan(pending_s=Seconds().convert(value, param, ctx))
