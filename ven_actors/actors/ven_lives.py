"""Which life of each VEN counts for the reporter, and what it has to be told after the next commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ven_actors.delivery.dispatch import Dispatcher
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.delivery.throttle import Throttle
from ven_actors.kept import KeptBook
from ven_actors.messages import Committed, ForecastWanted, Peer, Recovered, VenStarted
from ven_actors.model import Enrolment

log = structlog.get_logger()

Facts = tuple[Enrolment | None, KeptBook | None]


@dataclass(slots=True)
class VenLife:
    """The present life of a VEN. Nothing is told it before it is committed, so what it is owed waits here."""

    name: str
    run: int
    layout_id: int
    peer: Peer[Recovered | Committed | ForecastWanted]
    new_until_s: int | None = None
    owes_recovered: bool = True

    def follows(self, start_s: int, expected_s: int | None) -> bool:
        """Whether what begins at `start_s` is the next to be kept; if not, the VEN is told again where we are."""
        if expected_s is None or start_s == expected_s:
            return True
        if start_s < expected_s:
            self.new_until_s = expected_s
        elif not self.owes_recovered:
            log.error("interval_out_of_order", ven=self.name, start_s=start_s, expected_s=expected_s)
            self.owes_recovered = True
        return False

    def owed(self, closed_until_s: int | None, facts: Callable[[], Facts]) -> Recovered | Committed | None:
        """Return what to tell after a commit, once: where the VEN goes on, or how far it is kept; None if neither."""
        again, new_until_s = self.owes_recovered, self.new_until_s
        self.owes_recovered, self.new_until_s = False, None
        if again:
            return Recovered(self.run, closed_until_s, *facts())
        return None if new_until_s is None else Committed(self.run, new_until_s)


class VenLives:
    """By VEN name; a message of a life that was replaced is refused, and said."""

    def __init__(self) -> None:
        self._lives: dict[str, VenLife] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._lives

    def outlived(self, message: VenStarted) -> bool:
        known = self._lives.get(message.ven)
        return known is not None and known.run > message.run and self._refuse(message.ven, message.run)

    def begin(self, message: VenStarted, layout_id: int) -> None:
        self._lives[message.ven] = VenLife(message.ven, message.run, layout_id, message.peer)

    def current(self, name: str, run: int) -> VenLife | None:
        life = self._lives.get(name)
        if life is None or life.run != run:
            self._refuse(name, run)
            return None
        return life

    def get(self, name: str) -> VenLife | None:
        return self._lives.get(name)

    def _refuse(self, name: str, run: int) -> bool:
        known = self._lives.get(name)
        log.warning("stale_run_refused", ven=name, run=run, current=known.run if known else None)
        return True


class LivingOnly(Dispatcher):
    """Sends nothing of a VEN that has not started in this run: it has no client yet, or never will."""

    def __init__(self, new_throttle: Callable[[], Throttle], origin_of: Callable[[str], str], lives: VenLives) -> None:
        super().__init__(new_throttle, origin_of)
        self._lives = lives

    def offer(self, outbox: VenOutbox) -> None:
        if outbox.name in self._lives:
            super().offer(outbox)
