"""When a VEN may ask its VTN again: as its schedule says, or ever more rarely where asking soon would help nobody."""

from __future__ import annotations

from ven_actors.delivery.verdicts import is_passing as passes
from ven_actors.errors import VtnAmbiguous, VtnBusy, VtnError, VtnNonsense, VtnRefused, VtnUnreachable

SLOWEST_POLL_S = 600.0
SLOWEST_IN_PASSING_S = 60.0


class PollPace:
    """Pure: monotonic time is a parameter.

    A VTN that cannot be reached is asked in the usual rhythm, so that it is found as soon as it is back. One that
    refuses or talks nonsense is asked half as often each time, down to every 10 min; one that is in trouble now (5xx,
    408, 425, 429) down to every minute, as what it asks after that is not to be heard ten minutes late. None is asked
    before its `Retry-After`, nor before that of the token endpoint. `answered` says that anything complete ever came
    back, good or bad.
    """

    def __init__(self, poll_every_s: float) -> None:
        self._poll_every_s = poll_every_s
        self._not_before_s = float("-inf")
        self._bad_answers = 0
        self.failures = 0
        self.answered = False

    def may_poll(self, mono_s: float) -> bool:
        return mono_s >= self._not_before_s

    def succeeded(self) -> None:
        self.failures = self._bad_answers = 0
        self.answered = True

    def failed(self, error: VtnError, mono_s: float) -> None:
        self.failures += 1
        self.answered |= _is_answer(error)
        if isinstance(error, VtnBusy):
            self._not_before_s = mono_s + error.retry_after_s
        if isinstance(error, VtnUnreachable):
            return
        is_passing = isinstance(error, VtnRefused) and passes(error.status)
        slowest_s = max(SLOWEST_IN_PASSING_S, self._poll_every_s) if is_passing else SLOWEST_POLL_S
        wait_s = min(slowest_s, self._poll_every_s * 2.0 ** min(self._bad_answers, 20))
        self._bad_answers += 1
        asked_s = error.retry_after_s if isinstance(error, VtnRefused) else None
        self._not_before_s = mono_s + max(wait_s, asked_s or 0.0)


def _is_answer(error: VtnError) -> bool:
    """Whether somebody answered; a token endpoint that answers with an error is told as unreachable, from that."""
    if isinstance(error, VtnUnreachable | VtnAmbiguous):
        return isinstance(error.__cause__, VtnRefused | VtnNonsense)
    return True
