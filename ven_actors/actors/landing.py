"""Applies a sender's verdict on a report at the desk."""

from __future__ import annotations

from typing import assert_never

from ven_actors.delivery.desk import Desk
from ven_actors.delivery.dispatch import InFlight
from ven_actors.messages import Accepted, Ambiguous, EventGone, Held, Refused, Verdict


def land(desk: Desk, flight: InFlight, verdict: Verdict, now_s: float) -> None:
    if isinstance(verdict, Refused | Held):
        desk.sights.note(flight.outbox.name, flight.report.request.request.event_id, verdict.event, now_s)
    match verdict:
        case Accepted():
            found = verdict.posts == 0
            desk.accepted(flight, possibly_doubled=verdict.possibly_doubled, by_200=verdict.by_200, found=found)
        case Refused():
            desk.refused(
                flight, verdict.status, verdict.words, now_s,
                body_bytes=verdict.body_bytes, possibly_there=verdict.possibly_there or flight.report.unsettled,
                may_pass=verdict.unexplained,
            )  # fmt: skip
        case Held(slow=True, retry_after_s=None):
            desk.holding.hold_slowly(flight, verdict.reason, now_s)
        case Held():
            desk.holding.hold(flight, verdict.reason, now_s, asked_s=verdict.retry_after_s, alone=verdict.alone)
        case Ambiguous():
            doubled, success = verdict.possibly_doubled, verdict.success
            desk.doubted(flight, verdict.reason, now_s, possibly_doubled=doubled, success=success)
        case EventGone():
            desk.event_gone(flight)
        case _:
            assert_never(verdict)
