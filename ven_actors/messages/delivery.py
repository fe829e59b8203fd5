"""Between the reporter and its senders: a report to send, and the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass

from ven_actors.model import Block, EventSight, Layout, SealedReport


@dataclass(frozen=True, slots=True)
class Send:
    """POST this report. `blocks` are its columns in order of time, all of one layout.

    `known_reports` says how many reports of this VEN and event the VTN is known to hold (where a look-up starts).
    `event` is what the VTN said of the report's event within the last minute; then it need not be asked again.
    One of the `backlog` lets all other requests to its VTN go first.
    """

    report: SealedReport
    layout: Layout
    blocks: tuple[Block, ...]
    known_reports: int
    event: EventSight = EventSight.UNASKED
    backlog: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The VTN certainly has the report: a complete 201, or an equal one found.

    `possibly_doubled`: an earlier attempt could not be settled, so it was sent again and may stand there twice.
    `by_200`: the VTN says so with the whole report, though not with the status that its dialect asks for.
    """

    sender: str
    run: int
    report_id: int
    posts: int = 1
    possibly_doubled: bool = False
    by_200: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The VTN does not want this report's content (400, 413, 415, 422, or a different one of that name).

    `body_bytes` is how large it was; `possibly_there`: nobody could say whether an earlier attempt had arrived.
    `event` is what the VTN was asked about the report's event for this verdict. `unexplained`: the VTN speaks of a
    conflict (409), and has neither a report of this name nor lost its event; that may pass.
    """

    sender: str
    run: int
    report_id: int
    status: int
    words: str
    posts: int = 1
    body_bytes: int = 0
    possibly_there: bool = False
    event: EventSight = EventSight.UNASKED
    unexplained: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """Not now: keep it, wait (`retry_after_s` if the VTN said how long), try again. It certainly did not arrive.

    `alone`: that wait is this VEN's; otherwise all VENs of the VTN's origin keep to it.

    `slow` means that an operator has to act (403, 405, 501, credentials): try, but rarely.
    `event` is what the VTN was asked about the report's event for this verdict.
    """

    sender: str
    run: int
    report_id: int
    reason: str
    retry_after_s: float | None = None
    slow: bool = False
    posts: int = 1
    event: EventSight = EventSight.UNASKED
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """It may have arrived; look it up before it is sent again.

    `possibly_doubled`: so may an earlier attempt have, which nobody could settle.
    `success` is the status of a good answer (2xx) without the stored report; 0: it is none.
    """

    sender: str
    run: int
    report_id: int
    reason: str
    posts: int = 1
    possibly_doubled: bool = False
    success: int = 0


@dataclass(frozen=True, slots=True)
class EventGone:
    """The VTN no longer knows the report's event: the report is withdrawn."""

    sender: str
    run: int
    report_id: int
    posts: int = 1


Verdict = Accepted | Refused | Held | Ambiguous | EventGone
