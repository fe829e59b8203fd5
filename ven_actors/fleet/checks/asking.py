"""Checks of what the VTN says: its clock, its programs, and events that ask for reports."""

from __future__ import annotations

from ven_actors.fleet.checks.case import Case
from ven_actors.fleet.checks.finding import Finding, bad, good, warning
from ven_actors.model import ReportRequest
from ven_actors.openadr.decoding import id_of
from ven_actors.openadr.dialect import StandardDialect
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Event
from ven_actors.openadr.paging import split_page
from ven_actors.openadr.report_schedule import next_window

_NOTICEABLE_S = 5.0
_TOO_FAR_S = 60.0
_HOUR_S, _ZONE_STEP_S, _LONG_S = 3_600, 900, 600
_SHOWN = 3
_PROGRAMS_PATH = StandardDialect.programs_path


def clock(case: Case) -> Finding:
    ahead_s = case.door.ahead_s
    if ahead_s is None:
        return warning(
            "the VTN's answers bear no readable Date header",
            "whether both clocks agree cannot be told; intervals of events are times of the VTN's clock",
            "compare the two clocks by hand",
        )
    off_s = abs(ahead_s)
    if off_s <= _NOTICEABLE_S:
        return good(f"this machine and the VTN agree within {_NOTICEABLE_S:g} s")
    way = "ahead of" if ahead_s > 0 else "behind"
    what = f"this machine's clock is {_span(off_s)} {way} the VTN's"
    why = "events would begin, and reports be measured, at other times than the VTN means"
    remedy = "see `timedatectl` here, and let both machines follow a time server"
    off_zones_s = abs(off_s - round(off_s / _ZONE_STEP_S) * _ZONE_STEP_S)
    if off_s >= _ZONE_STEP_S - _TOO_FAR_S and off_zones_s < _TOO_FAR_S:
        remedy += "; so even a difference often means local time set as if it were UTC"
    return (bad if off_s > _TOO_FAR_S else warning)(what, why, remedy)


def programs(case: Case) -> Finding:
    if isinstance(case.dialect, StandardDialect):
        seen = [program.name for program in case.crawl.programs]
    else:
        seen = [id_of(raw) or "one without an id" for raw in split_page(case.door.api.get(_PROGRAMS_PATH), "programs")]
    if not seen and case.config.programs:
        return warning(
            f"none of the VTN's programs matches --programs: {', '.join(case.config.programs)}",
            "the VEN takes part in no other, so no event concerns it",
            "run doctor without --programs: it lists what the VTN calls them",
        )
    if not seen:
        return warning(
            "the VTN shows no program to this client",
            "events belong to programs; whoever sees none is usually not enrolled in any",
            "have the VTN's operator make a program, or grant its targets to this VEN",
        )
    return good(f"{len(seen)} seen: {_listed(seen)}")


def report_requests(case: Case) -> Finding:
    """An event that asks this VEN for reports, now or later; nothing is reported unasked."""
    events, problems = case.crawl.events, case.crawl.problems
    why = "a VEN may only report to an event that asks for it: all readings would stay unasked"
    if not any(event.report_descriptors for event in events):
        what = f"none of {len(events)} events asks for reports" if events else "the VTN shows no event to this client"
        unread = f"; {len(problems)} objects cannot be read: {problems[0]}" if problems else ""
        return bad(what + unread, why, "publish an event with reportDescriptors, visible to this VEN")
    asked = requests_of(case)
    if not asked:
        return bad(
            "events ask for reports, but none of this VEN's resources",
            why,
            f"aim the event or its reportDescriptors at {case.ven_name}, at its resources, or at nobody in particular",
        )
    to_come = [each for each in asked if each.descriptor.frequency == 0 or next_window(each, case.wall_s()) is not None]
    if not to_come:
        return bad("every event that asks for reports is over", why, "publish an event that lasts, or the next one")
    named = {event.event_id: event for event in events}
    what = f"{len(to_come)} asked for: {_listed([_in_words(each, named[each.event_id]) for each in to_come])}"
    if problems:
        return warning(
            f"{what}; {len(problems)} objects cannot be read: {problems[0]}",
            "what cannot be read cannot be obeyed",
            "show these words to the VTN's operator",
        )
    return good(what)


def requests_of(case: Case) -> tuple[ReportRequest, ...]:
    book = EventBook()
    book.update(case.crawl.events, case.wall_s())
    names = [resource.name for resource in case.resources]
    return book.report_requests(case.ven_name, names, case.config.interval_s)


def _in_words(request: ReportRequest, event: Event) -> str:
    descriptor = request.descriptor
    return f"{descriptor.payload_type} {descriptor.reading_type} by event {event.name or event.event_id!r}"


def _listed(words: list[str]) -> str:
    more = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _span(seconds: float) -> str:
    """A Date is no better than a second: long spans are told to the minute."""
    step_s = 60 if seconds >= _LONG_S else 1
    hours, rest_s = divmod(round(seconds / step_s) * step_s, _HOUR_S)
    minutes, left_s = divmod(rest_s, 60)
    parts = [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min"), (left_s, "s")) if count]
    return " ".join(parts)
