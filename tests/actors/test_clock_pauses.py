"""`ClockActor` by hand: jobs are paused and resumed, one, some or all."""

from clock_stage import EVERY_15_S, METERING, Stage

from ven_actors.actors.schedule import Job
from ven_actors.messages import ClockReport, Pause, Resume, Tick


def test_while_paused_nothing_is_due_but_pulses_go_on() -> None:
    stage = Stage()
    ven = stage.subscribe()
    stage.clock.on_receive(Pause())
    stage.advance()
    stage.advance(60)
    assert ven.messages == ()
    assert len(stage.reporter.messages) == 2


def test_what_was_missed_in_a_pause_runs_once_after_it() -> None:
    stage = Stage()
    ven = stage.subscribe()
    stage.advance()
    ven.clear()
    stage.clock.on_receive(Pause())
    for _ in range(10):
        stage.advance(15)
    stage.clock.on_receive(Resume())
    stage.advance()
    stage.advance()
    assert ven.messages == (Tick(stage.time.wall_s, stage.time.mono_s, METERING),)


TWO_JOBS = (*EVERY_15_S, Job("polling", 15.0, immediate=True))


def test_a_paused_job_is_not_due_and_the_others_are() -> None:
    stage = Stage(jobs=TWO_JOBS)
    ven = stage.subscribe(jobs=frozenset({"metering", "polling"}))
    stage.clock.on_receive(Pause(frozenset({"polling"})))
    stage.advance()
    stage.advance(15)
    assert [tick.due for tick in ven.of(Tick)] == [METERING, METERING]
    (*_, report) = stage.supervisor.of(ClockReport)
    assert ({job.name: job.paused for job in report.jobs}, report.paused) == (
        {"metering": False, "polling": True},
        False,
    )
    stage.clock.on_receive(Resume(frozenset({"polling"})))
    stage.advance()
    assert ven.of(Tick)[-1].due == {"polling"}


def test_while_metering_is_paused_time_stands_still_for_vens_and_then_goes_on_from_now() -> None:
    stage = Stage(jobs=TWO_JOBS)
    ven = stage.subscribe(jobs=frozenset({"metering", "polling"}))
    stage.advance()
    begin_s = stage.now_s
    stage.clock.on_receive(Pause(METERING))
    for _ in range(4):
        stage.advance(15)
    assert {tick.now_s for tick in ven.of(Tick)} == {begin_s}
    assert stage.now_s == begin_s + 60, "pulses and reports go on"
    stage.clock.on_receive(Resume(METERING))
    stage.advance()
    assert ven.of(Tick)[-1].now_s == begin_s + 60


def test_a_new_life_of_the_clock_keeps_what_was_paused() -> None:
    stage = Stage(jobs=TWO_JOBS, paused=METERING)
    ven = stage.subscribe(jobs=frozenset({"metering", "polling"}))
    stage.advance()
    assert ven.messages == (Tick(stage.time.wall_s, stage.time.mono_s, frozenset({"polling"})),)


def test_a_pause_and_its_end_are_reported_at_once() -> None:
    stage = Stage()
    stage.advance()
    stage.supervisor.clear()
    stage.clock.on_receive(Pause())
    stage.clock.on_receive(Resume())
    assert [report.paused for report in stage.supervisor.of(ClockReport)] == [True, False]


def test_a_pause_before_time_has_begun_is_reported_when_it_has() -> None:
    stage = Stage()
    stage.clock.on_receive(Pause())
    assert stage.supervisor.messages == ()
    stage.advance()
    assert stage.supervisor.of(ClockReport)[0].paused
