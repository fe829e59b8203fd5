"""The event book: what is new, changed, gone, and what is asked of a VEN."""

import math

import msgspec
import pytest

from ven_actors.errors import DataError
from ven_actors.kept import KeptBook
from ven_actors.model import EventInterval, ReportDescriptor
from ven_actors.openadr.durations import NOW, Duration, parse_instant
from ven_actors.openadr.event_book import Changes, EventBook
from ven_actors.openadr.events import Event, Interval, Payload, Period
from ven_actors.openadr.report_schedule import next_window
from ven_actors.storage.event_books import StoredEvent, StoredObject

MODIFIED = "2026-01-16T09:00:00Z"
MODIFIED_S = parse_instant(MODIFIED)[0]
USAGE = ReportDescriptor("USAGE", frequency=1, repeat=-1)
RESOURCES = ("res-1", "res-2", "res-3")


def event(event_id: str = "e1", **parts: object) -> Event:
    parts = {"report_descriptors": (USAGE,), "modified": MODIFIED} | parts
    return Event(event_id, "p1", **parts)  # type: ignore[arg-type]


def book_of(*events: Event, as_of_s: float = 1000.0) -> EventBook:
    book = EventBook()
    book.update(events, as_of_s)
    return book


# --- new, changed, gone ----------------------------------------------------------------------------------------


def test_r17_a_complete_crawl_says_new_changed_and_gone() -> None:
    book = book_of(event("a"), event("b"), event("c"))
    changes = book.update([event("d"), event("b", priority=1), event("a")], 2000.0)
    assert changes == Changes(new=("d",), changed=("b",), gone=("c",))
    assert book.event_ids == {"a", "b", "d"}
    assert [each.event_id for each in book.events] == ["a", "b", "d"]


def test_r10_whether_any_event_stays_as_it_was() -> None:
    book = book_of(event("a"), event("b"))
    touched = event("b", modified="2026-01-16T10:00:00Z")
    assert not book.none_stays([event("a", priority=1), touched]), "a new time of modification is not a change"
    assert book.none_stays([event("a", priority=1), event("b", priority=1), event("c")])
    assert book.none_stays([])
    assert not book.none_stays([], unreadable_ids={"a"})
    assert not EventBook().none_stays([]), "where nothing was, nothing vanishes"


def test_r17_an_incomplete_crawl_makes_nothing_gone() -> None:
    book = book_of(event("a"), event("b"))
    assert book.update([event("a")], 2000.0, complete=False).gone == ()
    assert book.event_ids == {"a", "b"}


def test_r17_an_event_that_cannot_be_read_is_not_gone() -> None:
    book = book_of(event("a"), event("b"))
    assert book.update([], 2000.0, unreadable_ids={"b"}).gone == ("a",)
    assert book.event_ids == {"b"}


def test_r17_edge_case_5_a_bump_of_the_modification_time_is_no_change() -> None:
    book = book_of(event("a"))
    bumped = event("a", modified="2027-01-01T00:00:00Z", created="x", extra={"eTag": b'"2"'})
    assert book.update([bumped], 2000.0) == Changes((), (), ())
    assert book.events == (bumped,)


def test_an_event_that_comes_back_is_new() -> None:
    book = book_of(event("a"))
    book.update([], 2000.0)
    assert book.update([event("a")], 3000.0).new == ("a",)
    assert book.report_requests("ven", RESOURCES, 15)[0].plan.intervals[0].start_s == 3000.0


# --- kept over a restart ---------------------------------------------------------------------------------------


def test_a_book_comes_back_from_its_bytes_as_it_was() -> None:
    full = event(
        "a",
        name="evening",
        priority=0,
        targets=("ven",),
        period=Period(NOW, Duration(1, 0.5), Duration(0, math.inf)),
        intervals=(Interval(3, None, (Payload("PRICE", (0.17, 1, "x", True, {"x": 1, "y": 2.5})),)),),
        extra={"x": b"[1]"},
    )
    book = book_of(full, event("b"))
    again = EventBook.restored(book.kept())
    assert again.events == book.events
    assert again.report_requests("ven", RESOURCES, 15) == book.report_requests("ven", RESOURCES, 15)
    assert again.update([full, event("b")], 9000.0) == Changes((), (), ())


@pytest.mark.parametrize("junk", [b"", b"junk", b"\xc1", b"{}", b"\x91" * 100_000])
def test_junk_is_no_book(junk: bytes) -> None:
    stored = StoredObject(b"digest", junk)
    with pytest.raises(DataError, match="cannot be read"):
        EventBook.restored(KeptBook((StoredEvent(stored, 0.0, 0.0),), None))
    with pytest.raises(DataError, match="cannot be read"):
        EventBook.restored(KeptBook((), (stored,)))


# --- what is asked ---------------------------------------------------------------------------------------------


def test_r29_only_report_descriptors_ask_for_reports() -> None:
    silent = event("a", report_descriptors=(), payload_descriptors=())
    assert book_of(silent).report_requests("ven", RESOURCES, 15) == ()


def test_r29_each_descriptor_of_each_event_is_one_request() -> None:
    demand = ReportDescriptor("DEMAND")
    book = book_of(event("b", report_descriptors=(USAGE, demand)), event("a"))
    requests = book.report_requests("ven", RESOURCES, 15)
    assert [(each.event_id, each.program_id, each.descriptor) for each in requests] == [
        ("a", "p1", USAGE),
        ("b", "p1", USAGE),
        ("b", "p1", demand),
    ]


def test_request_ids_stay_when_other_descriptors_come_and_are_never_shared() -> None:
    demand = ReportDescriptor("DEMAND")
    before = book_of(event("a", report_descriptors=(USAGE, USAGE))).report_requests("ven", RESOURCES, 15)
    after = book_of(event("a", report_descriptors=(demand, USAGE, USAGE)), as_of_s=5.0).report_requests(
        "other", RESOURCES, 60
    )
    assert [each.request_id for each in after[1:]] == [each.request_id for each in before]
    assert len({each.request_id for each in after}) == 3
    assert all(each.request_id.startswith("a.") for each in after)


@pytest.mark.parametrize(
    ("descriptor_targets", "event_targets", "names"),
    [
        ((), (), None),
        (("ven",), (), None),
        (("res-2",), (), ("res-2",)),
        (("res-3", "res-1"), (), ("res-1", "res-3")),
        (("res-2", "ven"), (), None),
        (("res-2", "unknown"), (), ("res-2",)),
        (("unknown",), (), ()),
        (("feeder-7",), ("feeder-7",), None),
        (("res-1",), ("res-1", "res-2"), ("res-1",)),
        ((), ("res-2",), ("res-2",)),
        ((), ("ven",), None),
        ((), ("ven", "res-2"), None),
        ((), ("feeder-7",), None),
        ((), ("feeder-7", "res-2"), None),
    ],
)
def test_r15_targets_say_which_resources_a_report_is_about(
    descriptor_targets: tuple[str, ...], event_targets: tuple[str, ...], names: tuple[str, ...] | None
) -> None:
    descriptor = ReportDescriptor("USAGE", targets=descriptor_targets)
    book = book_of(event(report_descriptors=(descriptor,), targets=event_targets))
    requests = book.report_requests("ven", RESOURCES, 15)
    assert [each.resource_names for each in requests] == ([] if names == () else [names])


def test_r19_a_sentinel_start_with_pt0s_is_cancelled() -> None:
    """Edge case 9."""
    cancelled = event("a", period=Period(NOW, Duration(0, 0)), intervals=(Interval(0, None, ()),))
    assert book_of(cancelled).report_requests("ven", RESOURCES, 15) == ()
    own_times = event(
        "a", period=Period(NOW, Duration(0, 0)), intervals=(Interval(0, Period(0.0, Duration(0, 9)), ()),)
    )
    assert book_of(own_times).report_requests("ven", RESOURCES, 15) == ()


def test_r22_now_with_a_duration_runs_once_from_the_first_version_seen() -> None:
    """Edge case 7: neither a later modification nor a restart runs it again."""
    once = event("a", period=Period(NOW, Duration(0, 3600.0)), intervals=(Interval(0, None, ()),))
    book = book_of(once, as_of_s=MODIFIED_S + 50)
    book.update([msgspec.structs.replace(once, modified="2027-01-01T00:00:00Z")], MODIFIED_S + 99)
    plan = EventBook.restored(book.kept()).report_requests("ven", RESOURCES, 15)[0].plan
    assert plan.intervals[0][1:3] == (MODIFIED_S, MODIFIED_S + 3600)


def test_r22_new_content_is_a_new_now() -> None:
    once = event("a", period=Period(NOW, Duration(0, 3600.0)), intervals=(Interval(0, None, ()),))
    book = book_of(once)
    book.update([msgspec.structs.replace(once, priority=3, modified="2027-01-01T00:00:00Z")], 5000.0)
    plan = book.report_requests("ven", RESOURCES, 15)[0].plan
    assert plan.intervals[0].start_s == parse_instant("2027-01-01T00:00:00Z")[0]


@pytest.mark.parametrize(
    ("modified", "created", "anchor_s"),
    [("", MODIFIED, MODIFIED_S), ("yesterday", "", 1000.0), ("", "", 1000.0), ("0001-01-01", MODIFIED, MODIFIED_S)],
)
def test_r22_without_a_modification_time_now_is_the_next_best(modified: str, created: str, anchor_s: float) -> None:
    once = event("a", period=Period(NOW, Duration(0, 60.0)), modified=modified, created=created)
    plan = book_of(once).report_requests("ven", RESOURCES, 15)[0].plan
    assert plan.intervals[0].start_s == anchor_s


def test_r29_a_report_only_event_asks_for_the_vens_own_intervals_from_when_it_was_seen() -> None:
    book = book_of(event("a"), as_of_s=1007.0)
    book.update([event("a", priority=2)], 2000.0)
    request = book.report_requests("ven", RESOURCES, 15)[0]
    assert request.plan.own
    window = next_window(request, 1234.0)
    assert window is not None
    assert window.intervals == (EventInterval(15, 1230.0, 1245.0),)
