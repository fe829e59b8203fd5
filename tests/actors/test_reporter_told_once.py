"""The reporter: notices that appear once, however often a VTN does it."""

import itertools
from collections.abc import Callable
from types import ModuleType

from reporter_house import T0, accept, sends
from reporter_house import ReporterHouse as House
from structlog.testing import capture_logs

from ven_actors.messages import Accepted, Ambiguous, Send


def test_a_vtn_that_answers_200_with_the_stored_report_is_told_once_in_a_run(
    reporter: House, metered: ModuleType
) -> None:
    sender, _ = reporter.one_in_flight()
    reporter.close(T0 + 10, 2)
    with capture_logs() as logs:
        for _ in range(3):
            reporter.tell(Accepted("sender-1", 1, sender.of(Send)[-1].report.report_id, by_200=True))
            reporter.pulse()
    assert [entry["event"] for entry in logs] == ["vtn_notice"]
    assert "201" in logs[0]["notice"]
    assert reporter.status().warnings == (logs[0]["notice"],)
    assert reporter.status().readings.accepted == 12


def test_a_success_without_the_report_is_told_once_in_a_run_however_many_there_are(
    reporter: House, metered: ModuleType
) -> None:
    sender, _ = reporter.one_in_flight()
    reporter.close(T0 + 10, 2)
    with capture_logs() as logs:
        for _ in range(3):
            send = sender.of(Send)[-1]
            reporter.tell(Ambiguous("sender-1", 1, send.report.report_id, "empty", success=204))
            assert sends(reporter, sender, 1.25) == 1
            assert sender.of(Send)[-1].report.in_doubt
            accept(reporter, sender.of(Send)[-1])
            reporter.pulse()
    assert [entry["event"] for entry in logs] == ["vtn_notice"]
    assert "answers a report with 204" in logs[0]["notice"]
    assert reporter.status().warnings == (logs[0]["notice"],)


def test_one_reason_is_told_once_in_ten_minutes_though_reports_are_accepted_in_between(reporter: House) -> None:
    sender, _ = reporter.one_in_flight()
    starts = itertools.count(T0 + 10, 10)

    def held_and_accepted(reason: str) -> list[str]:
        with capture_logs() as logs:
            reporter.tell(Ambiguous("sender-1", 1, sender.of(Send)[-1].report.report_id, reason))
            assert sends(reporter, sender, 1.25) == 1
            accept(reporter, sender.of(Send)[-1])
            reporter.close(next(starts))
            reporter.pulse(1)
        return [entry["reason"] for entry in logs if entry["event"] == "report_held"]

    assert [held_and_accepted("500") for _ in range(3)] == [["500"], [], []]
    assert held_and_accepted("502") == ["502"]
    reporter.pulse(600)
    assert held_and_accepted("502") == ["502"]


def test_successes_without_the_report_hold_up_nobody_else(reporting: Callable[..., House], metered: ModuleType) -> None:
    house = reporting()
    vens = [f"V{number}" for number in range(5)]
    sender = house.sender()
    for ven in vens:
        house.ven(ven)
        house.read(metered.asked(), ven=ven)
        house.close(T0, 1, ven)
    posted = set[str]()
    while len(posted) < len(vens):
        assert sends(house, sender, 0.25) == 1, "each goes out at once, whatever became of the others"
        send = sender.of(Send)[-1]
        posted.add(send.report.ven_name)
        house.tell(Ambiguous("sender-1", 1, send.report.report_id, "empty", success=204))
