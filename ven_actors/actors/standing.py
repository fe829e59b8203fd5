"""A VEN's relation to its VTN: the state, the trouble that lasts, and when it may ask again."""

from __future__ import annotations

import structlog

from ven_actors.actors.poll_pace import PollPace
from ven_actors.errors import CredentialsRefused, VtnError
from ven_actors.model import VenState

log = structlog.get_logger()


class Standing:
    """`reached` says that it has read its VTN in this life; `last_error` is of the trouble that lasts.

    `unregistered` is why the VTN has no ven for it, though it can be read.
    """

    def __init__(self, ven: str, poll_every_s: float) -> None:
        self._ven = ven
        self.pace = PollPace(poll_every_s)
        self.state = VenState.STARTING
        self.last_error = ""
        self.reached = False
        self.unregistered = ""

    def begins_to_enrol(self) -> bool:
        """Whether this is news."""
        is_news = self.state is VenState.STARTING
        self.state = VenState.ENROLLING if is_news else self.state
        return is_news

    def works(self) -> None:
        if self.pace.failures:
            log.info("vtn_back", ven=self._ven, failures=self.pace.failures)
        self.pace.succeeded()
        self.last_error = ""
        self.reached, self.state = True, VenState.RUNNING

    def fails(self, error: VtnError, mono_s: float, *, unregistered: bool) -> None:
        """Log it once, and slow down where trying again soon would not help.

        `unregistered`: the VTN answers, and will not register the VEN.
        """
        refused = isinstance(error, CredentialsRefused)
        if not self.pace.failures or (refused and self.state is not VenState.REFUSED):
            log.warning("vtn_trouble", ven=self._ven, kind=type(error).__name__, reason=str(error))
        self.pace.failed(error, mono_s)
        self.last_error = str(error)
        lost = VenState.UNREGISTERED if unregistered else VenState.VTN_LOST
        self.state = VenState.REFUSED if refused else lost
