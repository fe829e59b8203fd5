"""What is held, why and until when, for the log, the status and the summary's warnings; decides nothing itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from ven_actors.model import ReportHold

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger()

_SHOWN = 5
# The command that examines a VEN, or one of those at a VTN where the VEN's name is empty.
Doctor = Callable[[str, str], str]


@dataclass(slots=True)
class _Hold:
    """`until_s` is monotonic; `refused` is how many reports were refused in a row where that is the reason."""

    ven: str
    vtn: str
    reason: str
    until_s: float
    refused: int = 0
    times: int = 0
    told_delay_s: float = 0.0
    is_over: bool = False


class Holds:
    """The reports of a VEN, or of all VENs of an origin, that wait because their VTN does not take them.

    What is over is kept, so that the summary can tell of every alarm of the run.
    """

    def __init__(self, doctor: Doctor) -> None:
        self._doctor = doctor
        self._of: dict[tuple[str, str, bool], _Hold] = {}

    def begin(self, ven: str, vtn: str, reason: str, now_s: float, delay_s: float, *, refused: int = 0) -> None:
        """Note that all reports of a VEN (empty: of every VEN there) wait for `delay_s`; an alarm is logged."""
        key = (ven, "" if ven else vtn, bool(refused))
        hold = self._of.setdefault(key, _Hold(ven, vtn, reason, now_s))
        if hold.is_over:
            hold.is_over, hold.told_delay_s = False, 0.0
        hold.reason, hold.until_s, hold.refused = reason, now_s + delay_s, max(refused, hold.refused)
        hold.times += 1
        if refused and delay_s > hold.told_delay_s:
            hold.told_delay_s = delay_s
            log.error(
                "reports_refused", ven=ven or "all", vtn=vtn, in_a_row=refused, said=reason, held_s=round(delay_s, 1),
                meaning="the VTN refuses one report after the other; they are held, not given up",
                remedy=f"`{self._doctor(ven, vtn)}` finds out more",
            )  # fmt: skip

    def end(self, ven: str, vtn: str) -> None:
        """A report of this VEN was accepted, or what was refused is not asked for any more."""
        for (whose, where), is_alarm in itertools.product(((ven, ""), ("", vtn)), (False, True)):
            key = (whose, where, is_alarm)
            hold = self._of.get(key)
            if hold is None or hold.is_over:
                continue
            hold.is_over = True
            if hold.refused:
                log.info("reports_taken_again", ven=hold.ven or "all", vtn=vtn, held_times=hold.times)
            else:
                del self._of[key]

    def now(self, now_s: float) -> tuple[ReportHold, ...]:
        return tuple(
            ReportHold(each.ven, each.vtn, each.reason, max(0.0, each.until_s - now_s), bool(each.refused))
            for each in self._of.values()
            if not each.is_over
        )

    def warnings(self, failing: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """One line for each alarm that rang in this run, and for what is held to the end; the most of them counted.

        `failing` are the VENs of which a report is waiting for another try, with the last reason.
        """
        lines = [self._in_words(each) for each in self._of.values()]
        told = {ven for (ven, *_), each in self._of.items() if not each.is_over}
        others = {ven: reason for ven, reason in (failing or {}).items() if ven not in told}
        lines += [f"reports of VEN {ven} are held: {reason}" for ven, reason in others.items()]
        more = len(lines) - _SHOWN
        return tuple(lines[:_SHOWN] + ([f"reports of {more} more VENs were held"] if more > 0 else []))

    def _in_words(self, hold: _Hold) -> str:
        whose = f"VEN {hold.ven}" if hold.ven else f"all VENs at {hold.vtn}"
        still = "were held" if hold.is_over else "are held"
        more = f"`{self._doctor(hold.ven, hold.vtn)}` finds out more"
        if hold.refused:
            return (
                f"the VTN refused {hold.refused} reports of {whose} in a row ({hold.reason}); "
                f"reports {still}, {hold.times} times; {more}"
            )
        return f"reports of {whose} {still}: {hold.reason}; {more}"


def doctor_without_options(ven: str, _vtn: str) -> str:
    """The default where no run's options are known."""
    return f"ven-actors doctor --write --vens {ven}" if ven else "ven-actors doctor --write"
