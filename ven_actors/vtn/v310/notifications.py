"""Notifications as OpenADR 3.1.0 has them."""

from __future__ import annotations

import msgspec

from ven_actors.vtn.facts import Operation, StoredReport
from ven_actors.vtn.rules import Shown
from ven_actors.vtn.v310.drafts import object_json, report_json

_encode = msgspec.json.Encoder().encode


def notification_310(operation: Operation, thing: Shown | StoredReport) -> bytes:
    """Nobody is told the bearer tokens of subscriptions."""
    if isinstance(thing, StoredReport):
        return _notification("REPORT", operation, None, report_json(thing))
    return _notification(thing.stored.draft.kind, operation, thing.targets, object_json(thing))


def _notification(object_type: str, operation: Operation, targets: tuple[str, ...] | None, thing: bytes) -> bytes:
    return _encode(
        {"objectType": object_type, "operation": operation, "targets": targets, "object": msgspec.Raw(thing)}
    )
