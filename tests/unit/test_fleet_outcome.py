"""What a run is said to have come to: the exit code and one line that names the cause and not something else."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from ven_actors.config import FleetConfig
from ven_actors.fleet.outcome import exit_code, say_broken_off
from ven_actors.fleet.summary import RunFacts, summary_of
from ven_actors.model import FleetStatus, Readings, ReporterStatus, VenState, VenStatus


def ven(
    name: str, state: VenState = VenState.RUNNING, last_error: str = "", *, reached: bool = True, answered: bool = False
) -> VenStatus:
    return VenStatus(name, state, 120, 1, None, 1, last_error, reached, answered=answered)


def judged(*vens: VenStatus, readings: Readings | None = None, errors: dict[str, str] | None = None) -> tuple[int, Any]:
    code, line, _ = judged_whole(*vens, readings=readings, errors=errors)
    return code, line


def judged_whole(
    *vens: VenStatus, readings: Readings | None = None, errors: dict[str, str] | None = None
) -> tuple[int, Any, dict[str, Any]]:
    """The exit code, the first line of the log, and the summary."""
    reporter = ReporterStatus(readings=readings or Readings(), posts=1)
    status = FleetStatus(
        0.0, {one.name: one for one in vens}, {}, (), paused=False, reporter=reporter, errors=errors or {}
    )
    facts = RunFacts(FleetConfig(), status=status)
    with capture_logs() as logs:
        code = exit_code(facts, 0.31)
    return code, logs[0] if logs else None, summary_of(facts)


def test_a_good_run_is_0_and_a_queue_left_over_a_warning() -> None:
    assert judged(ven("Herning")) == (0, None)
    code, line = judged(ven("Herning"), readings=Readings(generated=7, queued=7))
    assert (code, line["event"], line["log_level"], line["readings"]) == (0, "left_queued", "warning", 7)


@pytest.mark.parametrize("readings", [Readings(generated=7, evicted=7), Readings(generated=7)])
def test_readings_that_are_lost_are_1(readings: Readings) -> None:
    code, line = judged(ven("Herning"), readings=readings)
    assert (code, line["event"]) == (1, "readings_lost")


@pytest.mark.parametrize(("others", "expected", "level"), [((), 3, "error"), ((ven("Herning"),), 0, "warning")])
def test_wrong_secrets_are_named_as_such_and_fail_the_run_only_where_no_ven_could_work(
    others: tuple[VenStatus, ...], expected: int, level: str
) -> None:
    wrong = ven("Aalborg", VenState.REFUSED, "401 from the token endpoint", reached=False)
    code, line, summary = judged_whole(*others, wrong)
    assert (code, line["event"], line["log_level"]) == (expected, "credentials_refused", level)
    assert (line["vens"], line["refused"], line["of"]) == (["Aalborg"], 1, 1 + len(others))
    assert line["reasons"] == ["401 from the token endpoint"]
    assert "doctor --vens Aalborg" in line["remedy"]
    said = [summary["error"]] if expected else summary["warnings"]
    assert "VENs are refused: " in said[0]
    assert "401 from the token endpoint" in said[0]


NEVER_READ = [
    ven("Herning", VenState.STARTING, reached=False),
    ven("Herning", VenState.ENROLLING, reached=False),
    ven("Herning", VenState.VTN_LOST, "no answer within 10 s", reached=False, answered=True),
    ven("Herning", VenState.VTN_LOST, "connection refused", reached=False),
    ven("Herning", VenState.REFUSED, "401", reached=False),
]


@pytest.mark.parametrize("one", NEVER_READ)
def test_a_run_that_delivered_does_not_end_with_3_whatever_its_vens_say_last(one: VenStatus) -> None:
    reporter = ReporterStatus(
        readings=Readings(generated=9, accepted=2, queued=7), reports_accepted=2, delivered=frozenset({"Herning"})
    )
    facts = RunFacts(FleetConfig(), status=FleetStatus(0.0, {"Herning": one}, {}, (), paused=False, reporter=reporter))
    code = exit_code(facts, 9)
    summary = summary_of(facts)
    assert (code, facts.error) == (0, "")
    assert summary["vens"]["failed"] == (one.state is VenState.REFUSED)
    assert summary["warnings"][-1].startswith("7 readings are left queued")


def test_what_a_ven_delivered_in_an_earlier_run_does_not_count_for_this_one() -> None:
    past = {"Herning": Readings(generated=9, accepted=9)}
    now = ReporterStatus(readings=past["Herning"], by_ven=past, reports_accepted=1, posts=1)
    status = FleetStatus(0.0, {"Herning": NEVER_READ[3]}, {}, (), paused=False, reporter=now)
    assert exit_code(RunFacts(FleetConfig(), before=now, status=status), 9) == 3


@pytest.mark.parametrize(
    "one", [ven("V", VenState.REFUSED, "401", reached=False), ven("V", VenState.STARTING, reached=False), ven("V")]
)
def test_what_is_left_queued_is_a_warning_whatever_else_is_said(one: VenStatus) -> None:
    _, _, summary = judged_whole(one, readings=Readings(generated=7, queued=7))
    assert summary["warnings"][-1].startswith("7 readings are left queued")


def test_readings_that_the_vtn_refused_in_this_run_are_a_warning() -> None:
    _, _, summary = judged_whole(ven("V"), readings=Readings(generated=7, quarantined=7))
    assert summary["warnings"] == ["the VTN refused 7 readings in this run; they are kept, and not sent again"]


def test_a_drain_that_is_cut_short_is_one_line_that_says_who_closed_the_connections() -> None:
    facts = RunFacts(FleetConfig())
    facts.status = FleetStatus(0.0, {}, {}, (), paused=False, reporter=ReporterStatus(reports_open=3))
    with capture_logs() as logs:
        say_broken_off(facts, 2)
    (line,) = logs
    assert (line["event"], line["reports_open"], line["requests_broken_off"]) == ("drain_cut_short", 3, 2)
    assert facts.warnings[0].startswith("the drain ended with 3 reports open; the fleet broke off 2 requests itself")


def test_a_drain_that_leaves_requests_but_no_reports_open_promises_no_delivery() -> None:
    facts = RunFacts(FleetConfig())
    facts.status = FleetStatus(0.0, {}, {}, (), paused=False, reporter=ReporterStatus(reports_open=0))
    with capture_logs() as logs:
        say_broken_off(facts, 1)
    assert [line.get("remedy") for line in logs] == [None]
    assert facts.warnings == ["the drain ended while requests had no answer yet (1); the fleet broke them off itself"]


@pytest.mark.parametrize(("requests", "reports_open"), [(0, 0), (None, 3)])
def test_a_drain_that_is_not_cut_short_or_with_nothing_open_is_not_spoken_of(
    requests: int | None, reports_open: int
) -> None:
    facts = RunFacts(FleetConfig())
    facts.status = FleetStatus(0.0, {}, {}, (), paused=False, reporter=ReporterStatus(reports_open=reports_open))
    with capture_logs() as logs:
        say_broken_off(facts, requests)
    assert (logs, facts.warnings) == ([], [])


def test_of_many_wrong_secrets_a_few_are_named_and_all_counted() -> None:
    code, line = judged(*(ven(f"V{n}", VenState.REFUSED, "401", reached=False) for n in range(9)))
    assert (code, line["refused"], line["vens"][5:]) == (3, 9, ["and 4 more"])


def test_a_vtn_that_never_answered_is_named_as_such() -> None:
    code, line = judged(ven("Herning", VenState.VTN_LOST, "connection refused", reached=False))
    assert (code, line["event"], line["reasons"]) == (3, "vtn_not_reached", ["connection refused"])


def test_a_fleet_that_could_not_work_does_not_blame_the_vtn() -> None:
    vens = [ven("Herning", VenState.RESTARTING, "restarting with reporter", reached=False)]
    code, line = judged(*vens, errors={"reporter": "StateError: the disk is full"})
    assert (code, line["event"], line["reasons"]) == (
        70, "fleet_could_not_work", ["reporter: StateError: the disk is full"],
    )  # fmt: skip


def test_vens_that_all_crash_in_a_loop_are_an_internal_error_and_no_missing_vtn() -> None:
    loop = ven("Herning", VenState.RESTARTING, "RuntimeError: crash", reached=False)
    begins = ven("Aalborg", VenState.STARTING, "RuntimeError: crash", reached=False)
    code, line, summary = judged_whole(loop, begins)
    assert (code, line["event"], line["reasons"]) == (70, "fleet_could_not_work", ["RuntimeError: crash"])
    assert summary["error"] == "the fleet failed of itself, not of its VTN: RuntimeError: crash"


def test_vens_that_failed_beside_one_that_worked_are_warned_of_by_name_and_reason() -> None:
    others = [ven(f"V{n}", VenState.RESTARTING, "RuntimeError: crash") for n in range(6)]
    apart = ven("Lemvig", VenState.VTN_LOST, "connection refused", reached=False)
    code, line, summary = judged_whole(ven("Herning"), apart, *others)
    assert (code, line["event"], line["log_level"], line["failed"], line["of"]) == (0, "vens_failed", "warning", 7, 8)
    assert line["vens"][0] == "Lemvig (vtn lost): connection refused"
    assert line["vens"][1] == "V0 (restarting): RuntimeError: crash"
    assert line["vens"][5:] == ["and 2 more"]
    assert (summary["vens"]["running"], summary["vens"]["failed"]) == (1, 7)
    assert summary["warnings"][0].startswith("7 of 8 VENs ended failed: Lemvig (vtn lost): connection refused; V0")
    assert "error" not in summary


def test_a_vtn_that_answered_but_not_as_a_ven_needs_it_is_not_called_unreached() -> None:
    code, line, summary = judged_whole(
        ven("Herning", VenState.VTN_LOST, "GET /vens answers 404", reached=False, answered=True)
    )
    assert (code, line["event"], line["reasons"]) == (3, "vtn_unusable", ["GET /vens answers 404"])
    assert "doctor --vens Herning" in line["remedy"]
    assert (summary["vens"]["running"], summary["vens"]["failed"]) == (0, 1)
    assert summary["error"] == (
        "the VTN or its token endpoint answered, but no VEN could work with it: GET /vens answers 404"
    )


@pytest.mark.parametrize(
    ("one", "readings", "said"),
    [
        (ven("V", VenState.REFUSED, "401", reached=False), Readings(), "credentials of 1 of 1 VENs are refused: 401"),
        (ven("V", VenState.VTN_LOST, "down", reached=False), Readings(), "the VTN never answered: down"),
        (ven("V", VenState.STARTING, reached=False), Readings(), "let it run for longer"),
        (ven("V"), Readings(generated=7, evicted=7), "7 readings evicted, 0 unaccounted"),
    ],
)
def test_the_summary_says_why_a_run_failed(one: VenStatus, readings: Readings, said: str) -> None:
    code, _, summary = judged_whole(one, readings=readings)
    assert code != 0
    assert said in summary["error"]


def test_a_fleet_whose_vens_the_vtn_registers_no_more_does_not_end_well_though_it_worked() -> None:
    said = "ven is refused, as parsing is strict"
    lost = [ven(f"V{number}", VenState.UNREGISTERED, said) for number in range(2)]
    reporter = ReporterStatus(Readings(generated=9, accepted=9), reports_accepted=2, delivered=frozenset({"V0"}))
    status = FleetStatus(0.0, {one.name: one for one in lost}, {}, (), paused=False, reporter=reporter)
    facts = RunFacts(FleetConfig(), status=status)
    with capture_logs() as logs:
        assert exit_code(facts, 9.0) == 3
    assert (logs[0]["event"], logs[0]["reasons"]) == ("registrations_lost", [said])
    assert "doctor --vens V0" in logs[0]["remedy"]
    summary = summary_of(facts)
    assert (summary["vens"]["failed"], said in summary["error"]) == (2, True)


def test_vens_that_had_lost_their_vtn_when_the_run_ended_are_warned_of_with_the_reason() -> None:
    code, line, summary = judged_whole(ven("V0"), ven("V1", VenState.VTN_LOST, "connection refused"))
    assert (code, line["event"], line["vens"], line["reasons"]) == (
        0,
        "vtn_lost_at_end",
        ["V1"],
        ["connection refused"],
    )
    assert "1 of 2 VENs worked, and had trouble with their VTN when the run ended" in summary["warnings"][0]
    assert summary["vens"]["failed"] == 0


def test_one_ven_that_the_vtn_registers_no_more_is_a_warning() -> None:
    code, line, summary = judged_whole(ven("V0"), ven("V1", VenState.UNREGISTERED, "POST /vens answers 409"))
    assert (code, line["event"], line["vens"]) == (0, "vens_failed", ["V1 (not registered): POST /vens answers 409"])
    assert summary["vens"]["failed"] == 1


@pytest.mark.parametrize("queued", [0, 7])
def test_vens_that_a_vtn_has_no_place_for_are_a_warning_and_so_is_that_it_takes_no_reports(queued: int) -> None:
    one = VenStatus("V", VenState.RUNNING, 1, 1, None, 1, reached=True, unregistered="GET /vens answers 404")
    readings = Readings(generated=9, accepted=9 - queued, queued=queued)
    reporter = ReporterStatus(readings, {"V": readings}, {"V": "the VTN answers 405: no"})
    facts = RunFacts(FleetConfig(), status=FleetStatus(0.0, {"V": one}, {}, (), paused=False, reporter=reporter))
    with capture_logs() as logs:
        assert exit_code(facts, 9.0) == 0
    assert (logs[0]["event"], logs[0]["reasons"]) == ("vens_not_registered", ["GET /vens answers 404"])
    assert "1 of 1 VENs are not registered" in facts.warnings[0]
    held = "7 of their readings are held, as their reports are not accepted: the VTN answers 405: no"
    assert (held in facts.warnings[0]) == bool(queued)
    assert summary_of(facts)["vens"]["failed"] == 0


def test_a_run_too_short_for_an_answer_says_so() -> None:
    code, line = judged(ven("Herning", VenState.STARTING, reached=False))
    assert (code, line["event"], line["ran_s"]) == (3, "run_too_short", 0.3)
    assert "let it run for longer" in line["remedy"]


def test_what_the_folder_had_counts_where_the_reporter_never_spoke() -> None:
    before = ReporterStatus(readings=Readings(generated=5, accepted=5))
    status = FleetStatus(0.0, {}, {}, (), paused=False, reporter=ReporterStatus())
    facts = RunFacts(FleetConfig(), before=before, status=status)
    assert (facts.reporter, facts.this_run) == (before, Readings())


def test_vens_whose_turn_to_register_had_not_come_are_not_said_to_have_failed_of_something() -> None:
    waiting = [ven(f"V{number}", VenState.STARTING, reached=False) for number in range(7)]
    waiting.append(ven("V7", VenState.ENROLLING, reached=False))
    code, line, summary = judged_whole(ven("Herning"), *waiting)
    assert (code, line["event"], line["vens"][-1]) == (0, "vens_still_registering", "and 3 more")
    (warning,) = summary["warnings"]
    assert warning.startswith("8 of 9 VENs were not registered yet when the run ended")
    assert "a higher --rate" in warning
