"""Holding: how long a report waits that the VTN did not take, and what else waits with it.

A report with a passing failure waits for its own backoff. One that only an operator can fix holds its VEN, and so does
a VEN's alarm: from 2 s, doubled up to 300 s. Only a VTN's own `Retry-After`, failures of several VENs in a row and a
VTN-wide alarm hold an origin. Monotonic time (`now_s`) is a parameter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from ven_actors.delivery.alarm import Rung
from ven_actors.delivery.holds import Doctor, Holds
from ven_actors.delivery.marks import Reading
from ven_actors.delivery.pace import FIRST_SLOW_S, LONGEST_SLOW_S, longer
from ven_actors.delivery.throttle import LONGEST_ASKED_S, retry_wait_s

if TYPE_CHECKING:
    import random
    from collections.abc import Container

    from ven_actors.delivery.accounts import Accounts
    from ven_actors.delivery.alarm import Refusals
    from ven_actors.delivery.dispatch import Dispatcher, InFlight
    from ven_actors.delivery.fleet_outbox import FleetOutbox
    from ven_actors.delivery.outbox import VenOutbox

log = structlog.get_logger()


WORTH_TELLING_S = 5.0
TOLD_AGAIN_S = 600.0


class Holding:
    """Puts reports back into their outboxes; `refusals` are the streaks by which an alarm rings."""

    def __init__(
        self,
        outbox: FleetOutbox,
        dispatcher: Dispatcher,
        accounts: Accounts,
        refusals: Refusals,
        rng: random.Random,
        doctor: Doctor,
    ) -> None:
        self._outbox = outbox
        self._dispatcher = dispatcher
        self._accounts = accounts
        self._refusals = refusals
        self._rng = rng
        self.holds = Holds(doctor)
        self._is_draining = False
        self._told: dict[str, tuple[str, float]] = {}
        self._storing: set[str] = set()

    def hold(
        self,
        flight: InFlight,
        reason: str,
        now_s: float,
        *,
        asked_s: float | None = None,
        alone: bool = False,
        in_doubt: bool = False,
    ) -> None:
        """Keep the report and try again after a growing, jittered while.

        `asked_s` is what a server asked for: then it is the least, up to an hour. All VENs of the origin keep to it,
        unless it is a matter of this VEN alone: its token endpoint asks for time, or a gateway before the VTN.
        A report that may be there is not a failure where the last look-up found that the VTN stores what it fails over.
        """
        ven = flight.outbox.name
        flight.report.attempts += 1
        wait_s = retry_wait_s(flight.report.attempts, self._rng)
        is_failure = not (in_doubt and self._dispatcher.origin_of(ven) in self._storing)
        if asked_s is None and is_failure:
            self._dispatcher.outlet(ven).throttle.failed(ven, now_s, wait_s)
            self._dispatcher.pace(ven).failed(now_s, wait_s)
        elif asked_s is not None:
            wait_s = max(wait_s, min(asked_s, LONGEST_ASKED_S))
            waits = self._dispatcher.pace(ven) if alone else self._dispatcher.outlet(ven).throttle
            waits.asked_for(now_s, wait_s)
            if wait_s >= WORTH_TELLING_S:
                self.holds.begin(ven if alone else "", self._dispatcher.origin_of(ven), reason, now_s, wait_s)
        self.put_back(flight, reason, now_s, wait_s, in_doubt=in_doubt)

    def looked_up(self, ven: str, *, found: bool) -> None:
        """What a look-up said of a report in doubt: whether this VEN's origin stores what it fails over."""
        (self._storing.add if found else self._storing.discard)(self._dispatcher.origin_of(ven))

    def look_up(self, flight: InFlight, reason: str, now_s: float) -> None:
        """Keep a report that the VTN seems to have taken until it is looked up; nobody else waits for that."""
        flight.report.attempts += 1
        wait_s = retry_wait_s(flight.report.attempts, self._rng)
        self._accounts.trouble(flight.outbox.name, reason)
        self._outbox.back(flight.outbox, flight.report, now_s + wait_s, in_doubt=True)

    def hold_behind(self, flight: InFlight, reason: str, now_s: float) -> None:
        """Keep a report alone: 2 s at first, doubled each time; others of its VEN go before it."""
        report = flight.report
        report.alarmed = True
        wait_s = min(LONGEST_SLOW_S, FIRST_SLOW_S * 2.0**report.attempts)
        report.attempts += 1
        self.put_back(flight, reason, now_s, wait_s)

    def hold_slowly(self, flight: InFlight, reason: str, now_s: float) -> None:
        """Keep a report that trying again soon does not help, and with it its VEN; 2 s at first, doubled up to 300 s.

        A single reading is held alone, until several of its VEN are held in a row.
        """
        ven, report = flight.outbox.name, flight.report
        report.attempts += 1
        pace = self._dispatcher.pace(ven)
        report.alarmed = report.alarmed or self._is_draining
        if isinstance(report, Reading) and pace.is_held_alone(report.bit):
            report.slow_s = longer(report.slow_s)
            self.put_back(flight, reason, now_s, report.slow_s)
            return
        wait_s = pace.slowed(now_s, flight.report_id, self._dispatcher.newest_id)
        self.holds.begin(ven, self._dispatcher.origin_of(ven), reason, now_s, wait_s)
        self.put_back(flight, reason, now_s)

    def hold_alarmed(self, flight: InFlight, rung: Rung, said: str, now_s: float) -> None:
        """Keep a report because one after the other is refused; others of its VEN go before it."""
        flight.report.alarmed = True
        flight.report.attempts += 1
        self.slow_down(flight, rung, said, now_s)
        self.put_back(flight, f"the VTN refuses every report ({said})", now_s)

    def slow_down(self, flight: InFlight, rung: Rung, said: str, now_s: float) -> None:
        """Let the alarm's VEN wait and, where it is VTN-wide, all VENs of its origin."""
        ven = flight.outbox.name
        origin = self._dispatcher.origin_of(ven)
        ids = flight.report_id, self._dispatcher.newest_id
        wait_s, refused = self._dispatcher.pace(ven).slowed(now_s, *ids), self._refusals.in_a_row(ven)
        if rung is Rung.VTN:
            wait_s = self._refusals.slowed(origin, *ids)
            self._dispatcher.outlet(ven).throttle.pause(now_s, wait_s)
            ven, refused = "", self._refusals.in_a_row_at(origin)
        self.holds.begin(ven, origin, said, now_s, wait_s, refused=refused)

    def put_back(
        self, flight: InFlight, reason: str, now_s: float, wait_s: float = 0.0, *, in_doubt: bool = False
    ) -> None:
        """Log a new reason; one that returns is logged again after `TOLD_AGAIN_S`."""
        ven = flight.outbox.name
        if self._accounts.trouble(ven, reason):
            told, told_s = self._told.get(ven, ("", float("-inf")))
            if reason != told or now_s >= told_s + TOLD_AGAIN_S:
                self._told[ven] = (reason, now_s)
                log.warning("report_held", ven=ven, report=flight.report.name, reason=reason)
        self._outbox.back(flight.outbox, flight.report, now_s + wait_s, in_doubt=in_doubt)

    # --- what ends a hold

    def accepted(self, ven: str) -> None:
        origin = self._dispatcher.origin_of(ven)
        self._refusals.accepted(ven, origin)
        self._dispatcher.succeeded(ven)
        self.holds.end(ven, origin)

    def events_read(self, outbox: VenOutbox, *, is_new: bool, is_back: bool) -> None:
        """The VEN has read its events. That permits one probe before the wait has ended; the delay stays what it is.

        Where something else is asked than before (`is_new`), or the VTN was lost and is back, the alarm ends.
        """
        ven, origin = outbox.name, self._dispatcher.origin_of(outbox.name)
        self._dispatcher.outlet(ven).throttle.resume()
        if is_new or is_back:
            self._refusals.forget(ven)
            self._dispatcher.forget(ven)
            self.holds.end(ven, origin)
        if is_back:
            _wake(outbox)
            return
        self._dispatcher.pace(ven).may_probe()
        held = [each for each in outbox.held() if isinstance(each, Reading) and each.slow_s]
        if held:
            min(held, key=lambda each: each.next_try_s).next_try_s = float("-inf")

    def drain(self, living: Container[str]) -> dict[str, VenOutbox]:
        """Give every report that is held one try, whatever its wait; what the VTN itself asked for holds.

        Of VENs that live only; returns their outboxes by name.
        """
        self._is_draining = True
        found = {name: outbox for name, outbox in self._outbox.vens.items() if name in living}
        for name, outbox in found.items():
            tries = _wake(outbox)
            self._dispatcher.pace(name).grant(tries)
            self._dispatcher.outlet(name).throttle.grant(tries)
        return found


def _wake(outbox: VenOutbox) -> int:
    """Let every held report be tried now, in order of time; returns how many there are."""
    held = outbox.held()
    for report in held:
        report.next_try_s = float("-inf")
        report.alarmed = False
    outbox.order_queue()
    return len(held)
