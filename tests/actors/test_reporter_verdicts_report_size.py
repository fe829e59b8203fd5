"""The reporter: reports that are too large for a VTN are sent in parts (R36)."""

from collections.abc import Callable
from types import ModuleType

from reporter_house import T0, accept
from reporter_house import ReporterHouse as House

from ven_actors.messages import Refused, Send
from ven_actors.model import Readings


def test_r36_a_report_that_is_too_large_is_halved_and_the_next_are_sealed_smaller(
    reporting: Callable[..., House], metered: ModuleType
) -> None:
    house = reporting(max_report_bytes=100_000)
    sender, send = house.one_in_flight()
    house.tell(Refused("sender-1", 1, send.report.report_id, 413, "too large", body_bytes=2600))
    for _ in range(2):
        house.pulse()
        accept(house, sender.of(Send)[-1])
    house.close(T0 + 10)
    for _ in range(2):
        house.pulse()
        accept(house, sender.of(Send)[-1])
    house.pulse()
    assert [each.report.rows for each in sender.of(Send)] == [None, (0,), (1,), (0,), (1,)]
    assert house.status().readings == Readings(generated=8, accepted=8)


def test_r36_halves_outlive_the_process(reporting: Callable[..., House], metered: ModuleType) -> None:
    first = reporting()
    sender, send = first.one_in_flight()
    first.tell(Refused("sender-1", 1, send.report.report_id, 413, "too large", body_bytes=2600))
    first.pulse()
    accept(first, sender.of(Send)[-1])
    first.pulse()
    second = reporting()
    second.ven()
    again = second.sender()
    second.read(metered.asked())
    for _ in range(2):
        second.pulse()
        for each in again.of(Send)[-1:]:
            accept(second, each)
    second.pulse()
    assert [(each.report.rows, each.report.in_doubt) for each in again.of(Send)] == [((1,), True)]
    assert second.status().readings == Readings(generated=4, accepted=4)


def test_r36_reports_are_sealed_no_larger_than_configured(reporting: Callable[..., House]) -> None:
    house = reporting(max_report_bytes=10)
    sender, send = house.one_in_flight()
    assert send.report.rows == (0,)
    accept(house, send)
    house.pulse()
    assert sender.of(Send)[-1].report.name == send.report.name.replace(".c2", ".c3")


def test_r36_what_was_sealed_under_a_larger_bound_is_cut_before_it_goes_out(
    reporting: Callable[..., House], metered: ModuleType
) -> None:
    first = reporting()
    first.ven()
    first.read(metered.asked())
    first.close(T0)
    first.pulse()
    second = reporting(max_report_bytes=10)
    second.ven()
    sender = second.sender()
    second.read(metered.asked())
    for _ in range(3):
        second.pulse()
        for send in sender.of(Send)[-1:]:
            accept(second, send)
    second.pulse()
    assert [each.report.rows for each in sender.of(Send)] == [(0,), (1,)]
    assert second.status().readings == Readings(generated=4, accepted=4)


def test_a_vtn_that_is_always_too_small_quarantines_cell_by_cell_in_the_end(reporter: House) -> None:
    sender, _ = reporter.one_in_flight()
    for _ in range(3):
        send = sender.of(Send)[-1]
        reporter.tell(Refused("sender-1", 1, send.report.report_id, 413, "too large", body_bytes=100))
        reporter.pulse()
    assert reporter.status().readings == Readings(generated=4, quarantined=4)
