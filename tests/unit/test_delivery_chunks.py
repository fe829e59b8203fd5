"""Chunks: every half has its own part of a report, for ever the same, and together they have all of it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ven_actors.delivery.chunks import Content, Whole, chunk_of, is_below, layout_number_of, node_of
from ven_actors.delivery.measures import measure_of
from ven_actors.delivery.width import LEAST_BYTES, Width
from ven_actors.model import EventInterval, Layout, ReportDescriptor

Cell = tuple[int, EventInterval]


@st.composite
def wholes(draw: st.DrawFn) -> Whole:
    layout_rows = draw(st.integers(1, 20))
    rows = tuple(sorted(draw(st.sets(st.integers(0, layout_rows - 1), min_size=1))))
    starts = sorted(draw(st.lists(st.integers(0, 50), min_size=1, max_size=8)))
    intervals = tuple(EventInterval(number, float(at_s), at_s + 5.0) for number, at_s in enumerate(starts))
    content = Content(rows, intervals)
    return Whole(layout_rows, intervals[0].start_s, max(each.end_s for each in intervals), content, draw(st.booleans()))


def cells(content: Content) -> list[Cell]:
    return [(row, interval) for row in content.rows for interval in content.intervals]


def leaves(whole: Whole) -> list[Content]:
    waiting, found = [(1, whole.part(1))], []
    while waiting:
        node, content = waiting.pop()
        halves = whole.halves(node)
        assert all(is_below(half, node) and whole.part(half) == part for half, part in halves)
        waiting += halves
        found += [] if halves else [content]
    return found


@settings(deadline=None)
@given(whole=wholes())
def test_r36_halves_have_all_of_a_report_and_nothing_twice(whole: Whole) -> None:
    assert whole.part(1) == whole.content
    found = [cell for content in leaves(whole) for cell in cells(content)]
    assert sorted(found) == sorted(cells(whole.content))
    for content in leaves(whole):
        assert len({interval.start_s for interval in content.intervals}) == 1
        assert whole.summed or len(content.rows) == 1


@settings(deadline=None)
@given(whole=wholes(), node=st.integers(1, 200))
def test_r36_a_node_holds_what_its_halves_hold(whole: Whole, node: int) -> None:
    left, right = (cells(whole.part(half)) for half in (2 * node, 2 * node + 1))
    assert sorted(left + right) == sorted(cells(whole.part(node)))


def test_r36_a_sum_is_never_cut_by_resources() -> None:
    whole = Whole(4, 0.0, 10.0, Content((0, 1, 2, 3), (EventInterval(0, 0.0, 10.0),)), summed=True)
    assert whole.halves(1) == []


@given(number=st.integers(0, 2**16 - 1), node=st.integers(1, 2**46))
def test_a_chunk_number_says_layout_and_node(number: int, node: int) -> None:
    chunk = chunk_of(number, node)
    assert (layout_number_of(chunk), node_of(chunk)) == (number, node)
    assert chunk < 2**63
    assert chunk_of(number, 1) == number


@given(node=st.integers(1, 1000), deeper=st.integers(0, 1000))
def test_a_node_is_below_those_it_is_part_of(node: int, deeper: int) -> None:
    above = node
    ancestors = set()
    while above > 1:
        above >>= 1
        ancestors.add(above)
    assert is_below(node, deeper or 1) is ((deeper or 1) in ancestors)


def test_a_width_bounds_bytes_and_resources() -> None:
    layout = Layout(tuple("abcdefghij"), ("load_0",))
    measure = measure_of(ReportDescriptor("DEMAND"))
    assert measure is not None
    assert Width().fits(layout, measure, 10, 1, summed=False)
    assert not Width(LEAST_BYTES).fits(layout, measure, 10, 1, summed=False)
    assert not Width(max_resources=9).fits(layout, measure, 10, 1, summed=False)
    assert Width(max_resources=1).fits(layout, measure, 10, 1, summed=True)
    width = Width(5000)
    assert (width.too_wide(20_000), width.too_wide(4000), width.too_wide(10)) == (5000, 2000, LEAST_BYTES)
