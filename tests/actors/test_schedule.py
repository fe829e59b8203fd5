"""The schedule: what is due when, for whom, and what a configuration may say."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_actors.actors.schedule import DEFAULT_JOBS, Job, Now, Schedule, parse_schedule, phase_of
from ven_actors.errors import UsageError

DAY_S = 86_400.0
START_S = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def moment(past_s: float = 0.0) -> Now:
    return Now(START_S + past_s, 1_000.0 + past_s, START_S + past_s)


def only(job: Job, *names: str, now: Now | None = None) -> Schedule:
    schedule = Schedule((job,))
    for name in names:
        schedule.subscribe(name, frozenset({job.name}), now or moment())
    return schedule


def due_at(schedule: Schedule, past_s: float, most: int = 100) -> dict[str, frozenset[str]]:
    return schedule.due(moment(past_s), most)


def test_an_interval_is_due_at_the_subscribers_phase_of_each_interval() -> None:
    schedule = only(Job("metering", 15.0, simulated=True), "Herning")
    due = [second / 10 for second in range(600) if due_at(schedule, second / 10)]
    offset_s = 15 * phase_of("Herning")
    assert due == [math.ceil((k * 15 + offset_s) * 10) / 10 for k in range(4)]


def test_phases_are_spread_evenly_over_the_interval() -> None:
    phases = [phase_of(f"Fleet-{n:04d}") for n in range(10_000)]
    tenths = [sum(tenth / 10 <= phase < (tenth + 1) / 10 for phase in phases) for tenth in range(10)]
    assert min(tenths) > 900
    assert sum(tenths) == 10_000


def test_an_immediate_job_is_due_at_once_and_then_in_its_turn() -> None:
    schedule = only(Job("metering", 15.0, simulated=True, immediate=True), "Herning")
    assert due_at(schedule, 0) == {"Herning": frozenset({"metering"})}
    assert due_at(schedule, 0) == {}
    assert due_at(schedule, 15) == {"Herning": frozenset({"metering"})}


def test_a_job_that_was_missed_many_times_is_due_once() -> None:
    schedule = only(Job("heartbeat", 300.0), "Herning")
    assert due_at(schedule, 10 * DAY_S) == {"Herning": frozenset({"heartbeat"})}
    assert due_at(schedule, 10 * DAY_S) == {}
    assert due_at(schedule, 10 * DAY_S + 300) == {"Herning": frozenset({"heartbeat"})}


def test_a_cron_line_is_due_in_the_minute_it_names_in_utc_once_a_day() -> None:
    schedule = only(Job("enrolment", "0 3 * * *"), "Herning")
    assert due_at(schedule, 3 * 3_600 - 1) == {}
    assert due_at(schedule, 3 * 3_600 + 60) == {"Herning": frozenset({"enrolment"})}
    assert due_at(schedule, DAY_S) == {}
    assert due_at(schedule, DAY_S + 3 * 3_600 + 60) == {"Herning": frozenset({"enrolment"})}


def test_a_cron_line_spreads_its_subscribers_over_the_minute() -> None:
    names = [f"Fleet-{n:04d}" for n in range(100)]
    schedule = only(Job("enrolment", "0 3 * * *"), *names)
    first_half = due_at(schedule, 3 * 3_600 + 30)
    assert 30 < len(first_half) < 70
    assert len(due_at(schedule, 3 * 3_600 + 60)) == 100 - len(first_half)


def test_a_wall_clock_set_back_a_little_does_not_run_a_cron_job_twice() -> None:
    schedule = only(Job("enrolment", "0 3 * * *"), "Herning")
    assert due_at(schedule, 3 * 3_600 + 60)
    assert due_at(schedule, 3 * 3_600 - 60) == {}
    assert due_at(schedule, 3 * 3_600 + 120) == {}


def test_a_wall_clock_that_was_years_ahead_does_not_put_off_a_cron_job_for_years() -> None:
    ahead = moment(4 * 365 * DAY_S)
    schedule = only(Job("enrolment", "0 3 * * *"), "Herning", now=ahead)
    schedule.due(ahead, 100)
    assert due_at(schedule, 0) == {}
    assert due_at(schedule, DAY_S) == {"Herning": frozenset({"enrolment"})}
    assert due_at(schedule, DAY_S) == {}


def test_jobs_in_monotonic_time_do_not_care_for_the_wall_clock() -> None:
    schedule = only(Job("polling", 30.0), "Herning")
    later = Now(START_S, 1_030.0, START_S - 10 * DAY_S)
    assert schedule.due(later, 100) == {"Herning": frozenset({"polling"})}


def test_jobs_in_simulated_time_do_not_care_for_monotonic_time() -> None:
    schedule = only(Job("metering", 15.0, simulated=True), "Herning")
    assert schedule.due(Now(START_S, 9_999.0, START_S + 999), 100) == {}
    assert schedule.due(Now(START_S + 15, 1_000.0, START_S), 100) == {"Herning": frozenset({"metering"})}


def test_several_jobs_of_one_subscriber_are_due_together() -> None:
    schedule = Schedule(DEFAULT_JOBS)
    schedule.subscribe("Herning", frozenset({"metering", "polling", "unheard of"}), moment())
    assert due_at(schedule, 0) == {"Herning": frozenset({"metering", "polling"})}


def test_who_unsubscribes_is_never_due_again() -> None:
    schedule = only(Job("polling", 30.0), "Herning", "Aalborg")
    schedule.unsubscribe("Herning")
    schedule.unsubscribe("nobody")
    assert set(due_at(schedule, 60)) == {"Aalborg"}


def test_subscribing_again_replaces_what_was_planned() -> None:
    schedule = Schedule(DEFAULT_JOBS)
    schedule.subscribe("Herning", frozenset({"metering", "polling"}), moment())
    schedule.subscribe("Herning", frozenset({"heartbeat"}), moment())
    assert due_at(schedule, 299) in ({}, {"Herning": frozenset({"heartbeat"})})
    assert due_at(schedule, 600) == {"Herning": frozenset({"heartbeat"})}


def test_what_was_planned_before_subscribing_again_is_not_due() -> None:
    schedule = only(Job("heartbeat", 300.0), "Herning")
    schedule.subscribe("Herning", frozenset({"heartbeat"}), moment(301))
    assert due_at(schedule, 301) == {}
    assert due_at(schedule, 601) == {"Herning": frozenset({"heartbeat"})}


def test_who_subscribes_over_and_over_leaves_no_heap_of_old_plans() -> None:
    schedule = only(Job("enrolment", "0 3 * * *"), "Herning")
    for _ in range(1_000):
        schedule.unsubscribe("Herning")
        schedule.subscribe("Herning", frozenset({"enrolment"}), moment())
    assert len(schedule._lines[0]._heap) < 30
    assert due_at(schedule, DAY_S) == {"Herning": frozenset({"enrolment"})}
    assert due_at(schedule, DAY_S) == {}


def test_of_many_that_are_due_at_once_the_longest_overdue_come_first_and_the_rest_next_time() -> None:
    names = [f"Fleet-{n:04d}" for n in range(250)]
    schedule = only(Job("polling", 30.0), *names)
    rounds = [due_at(schedule, 300, most=100) for _ in range(4)]
    assert [len(due) for due in rounds] == [100, 100, 50, 0]
    # 1,000 s of monotonic time is 10 s into a turn of 30.
    order = sorted(names, key=lambda name: (phase_of(name) - 1 / 3) % 1)
    assert set(rounds[0]) == set(order[:100])


def test_the_status_of_a_job_is_its_earliest_next_run() -> None:
    schedule = Schedule(DEFAULT_JOBS)
    for name in ("Herning", "Aalborg"):
        schedule.subscribe(name, frozenset({"metering", "heartbeat"}), moment())
    due_at(schedule, 0)
    status = {job.name: job for job in schedule.status(moment())}
    first = min(phase_of("Herning"), phase_of("Aalborg"))
    assert status["metering"].next_run_s == START_S + 15 * first
    assert (status["metering"].every, status["metering"].simulated) == ("15s", True)
    # In wall time, though it is planned in monotonic time (1,000 s is 100 s into a turn of 300).
    beat_s = min((300 * phase_of(name) - 100) % 300 for name in ("Herning", "Aalborg"))
    assert status["heartbeat"].next_run_s == pytest.approx(START_S + beat_s, abs=1e-3)
    assert (status["enrolment"].every, status["enrolment"].next_run_s) == ("0 3 * * *", START_S + 3 * 3_600)


def test_the_status_passes_over_who_has_gone() -> None:
    schedule = only(Job("metering", 15.0, simulated=True, immediate=True), "Herning")
    schedule.unsubscribe("Herning")
    (status,) = schedule.status(moment())
    assert status.next_run_s == START_S + 15


@given(
    st.floats(1.0, 100_000.0),
    st.floats(0.0, 4e9),
    st.text(min_size=1, max_size=8),
)
def test_the_next_turn_is_later_than_now_and_within_one_interval(every_s: float, sim_s: float, name: str) -> None:
    now = Now(sim_s, 0.0, 0.0)
    schedule = only(Job("metering", every_s, simulated=True), name, now=now)
    (status,) = schedule.status(now)
    assert 0 < status.next_run_s - sim_s <= every_s * (1 + 1e-6) + 1e-6
    assert schedule.due(now, 1) == {}


def test_a_cron_line_that_comes_no_more_is_never_due() -> None:
    schedule = only(Job("enrolment", "0 0 30 2 1"), "Herning")
    assert schedule.due(moment(400 * DAY_S), 100) != {}
    never = Schedule((Job("enrolment", "0 0 29 2 *"),))
    never._lines[0]._cron_known = (-math.inf, math.inf)
    never.subscribe("Herning", frozenset({"enrolment"}), moment())
    assert never.due(moment(4_000 * DAY_S), 100) == {}


# --- configuration ---------------------------------------------------------------------------------------------


def test_nothing_configured_is_the_default() -> None:
    assert parse_schedule({}) == DEFAULT_JOBS


def test_a_change_keeps_what_kind_of_job_it_is() -> None:
    jobs = {job.name: job for job in parse_schedule({"metering": 1, "heartbeat": "*/5 * * * *", "enrolment": 3600.5})}
    assert jobs["metering"] == Job("metering", 1.0, simulated=True, immediate=True)
    assert jobs["heartbeat"] == Job("heartbeat", "*/5 * * * *")
    assert jobs["enrolment"] == Job("enrolment", 3600.5)
    assert len(jobs) == len(DEFAULT_JOBS)


@pytest.mark.parametrize(
    ("name", "every", "words"),
    [
        ("meterng", 15.0, "unknown job 'meterng'; did you mean 'metering'?"),
        ("zzz", 15.0, "unknown job 'zzz'; did you mean"),
        ("metering", "0 3 * * *", "simulated time and needs an interval"),
        ("metering", 1.5, "whole number of seconds"),
        ("polling", 0.5, "from 1 s to"),
        ("polling", -30, "from 1 s to"),
        ("polling", 0, "from 1 s to"),
        ("polling", 1e9, "366 days"),
        ("polling", math.nan, "from 1 s to"),
        ("polling", math.inf, "from 1 s to"),
        ("polling", True, "give an interval"),
        ("polling", None, "give an interval"),
        ("enrolment", "daily", "five fields"),
        ("enrolment", "", "five fields"),
        ("enrolment", "0 0 3 * * *", "five fields"),
        ("enrolment", "99 3 * * *", "not a cron line (Bad minute)"),
        ("enrolment", "0 3 31 2 *", "not a cron line"),
    ],
)
def test_a_wrong_schedule_is_refused_with_name_value_and_what_to_do(name: str, every: float | str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_schedule({name: every})
    assert words in str(refused.value)
    assert str(refused.value).startswith("schedule: ")
    assert repr(name) in str(refused.value) or f"{name} = {every!r}: " in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        parse_schedule({"polling": 0, "heartbeet": 5.0, "status": 60.0})
    assert len(str(refused.value).splitlines()) == 2
