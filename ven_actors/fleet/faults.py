"""Faults on request, for tests: `VEN_ACTORS_FAULTS=crash=Herning@3,kill_after_accept=5`.

`crash=VEN@N` raises in that VEN before its N-th interval of this process; `kill_after_accept=N` ends the process with
SIGKILL when the VTN has accepted N reports, before anybody was told of the last.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from ven_actors.errors import UsageError
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.exchange import Answer

VARIABLE = "VEN_ACTORS_FAULTS"
log = structlog.get_logger()


class InjectedCrash(Exception):  # noqa: N818 - it is no error of anybody's
    """Raised on request."""


@dataclass(slots=True)
class Faults:
    """What is to go wrong; nothing by default."""

    crash_at: Mapping[str, int] = field(default_factory=dict)
    kill_after_accept: int = 0
    _seen: Counter[str] = field(default_factory=Counter)
    _accepted: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Faults:
        """Raises `UsageError` for what it does not know."""
        text = environ.get(VARIABLE, "")
        crash_at: dict[str, int] = {}
        kill = 0
        for part in filter(None, text.split(",")):
            name, _, value = part.partition("=")
            ven, _, number = value.rpartition("@")
            if name == "crash" and ven and number.isdigit():
                crash_at[ven] = int(number)
            elif name == "kill_after_accept" and value.isdigit():
                kill = int(value)
            else:
                raise UsageError(f"{VARIABLE}: {part!r} is neither crash=VEN@N nor kill_after_accept=N")
        if text:
            log.warning("faults_on_request", faults=text)
        return cls(crash_at, kill)

    def before_interval(self, ven: str, start_s: int) -> None:
        if ven in self.crash_at:
            self._seen[ven] += 1
            if self._seen[ven] == self.crash_at[ven]:
                raise InjectedCrash(f"{ven} was asked to crash before the interval that begins at {start_s}")

    def accepted(self) -> None:
        if self.kill_after_accept and next(self._accepted) >= self.kill_after_accept:
            os.kill(os.getpid(), signal.SIGKILL)


class FaultyClient(VtnClient):
    """A client that says when the VTN has taken a report, before anybody else can."""

    faults: Faults

    def post_report(self, body: bytes, *, backlog: bool = False) -> Answer:
        answer = super().post_report(body, backlog=backlog)
        if answer.status in self.report_success:
            self.faults.accepted()
        return answer
