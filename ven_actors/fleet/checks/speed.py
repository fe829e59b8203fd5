"""How long the VTN takes for an answer, and whether it can carry this fleet if it serves one request at a time."""

from __future__ import annotations

from ven_actors.config_checks import run_names
from ven_actors.fleet.checks.case import Case
from ven_actors.fleet.checks.finding import Finding, good, warning
from ven_actors.openadr.dialect import StandardDialect

_TRIES = 3
_SLOW_S = 1.0
_REQUESTS_PER_POLL = 2
_MOST_OF_THE_TIME = 0.5


def answer_time(case: Case) -> Finding:
    """The quickest of some answers tells the VTN's own time best; a busy network makes only some of them late."""
    query = case.dialect.page_query(0, 1) if isinstance(case.dialect, StandardDialect) else []
    times_s = []
    for _ in range(_TRIES):
        begun_s = case.monotonic()
        case.door.api.request("GET", StandardDialect.programs_path, query=query)
        times_s.append(case.monotonic() - begun_s)
    return judged(min(times_s), len(run_names(case.config)), case.config.poll_every_s)


def judged(took_s: float, vens: int, poll_every_s: float) -> Finding:
    """`took_s` is the time of one answer."""
    share = took_s * _REQUESTS_PER_POLL * vens / poll_every_s
    what = f"the VTN takes {took_s:.2g} s for an answer"
    if took_s <= _SLOW_S and share <= _MOST_OF_THE_TIME:
        return good(what)
    return warning(
        f"{what}; if it serves one request at a time, the polls of this fleet (VENs: {vens}) keep it busy for "
        f"{share:.0%} of the time",
        "registration, polls and reports wait for each other, so that events and reports are late",
        "give a longer --poll-every, or use --push; or have the VTN's operator make it faster",
    )
