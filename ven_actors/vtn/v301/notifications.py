"""Notifications as OpenADR 3.0.1 has them."""

from __future__ import annotations

import msgspec

from ven_actors.vtn.facts import Operation, Stored, StoredReport, Viewer
from ven_actors.vtn.rules import Rules
from ven_actors.vtn.v301.answers import object_301, report_json
from ven_actors.vtn.v301.targets import Json

VERBS = {Operation.CREATE: "POST", Operation.UPDATE: "PUT", Operation.DELETE: "DELETE"}


def notification_301(operation: Operation, thing: Stored | StoredReport, rules: Rules, viewer: Viewer) -> Json:
    """Nobody is told the bearer tokens of subscriptions."""
    if isinstance(thing, StoredReport):
        shown: Json = msgspec.json.decode(report_json(thing))
    else:
        shown = object_301(thing, rules, viewer, tells_tokens=False)
    return {
        "objectType": shown["objectType"],
        "operation": VERBS[operation],
        "targets": shown.get("targets"),
        "object": shown,
    }
