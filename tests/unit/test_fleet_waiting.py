"""Whose readings wait, and which run delivers them."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from ven_actors.config import FleetConfig
from ven_actors.fleet.outcome import warn_of_left_out, warn_of_what_is_left
from ven_actors.fleet.summary import RunFacts
from ven_actors.fleet.waiting import options_for
from ven_actors.model import FleetStatus, Readings, ReporterStatus, VenState, VenStatus

WAITING = {"Herning": Readings(generated=5, queued=5), "Aalborg": Readings(generated=7, queued=7), "Aars": Readings()}


def facts_of(*running: str) -> RunFacts:
    reporter = ReporterStatus(readings=Readings(generated=12, queued=12), by_ven=WAITING, posts=1)
    vens = {name: VenStatus(name, VenState.RUNNING, 1, 1, None, 1, reached=True) for name in running}
    status = FleetStatus(0.0, vens, {}, (), paused=False, reporter=reporter)
    return RunFacts(FleetConfig(), before=reporter, status=status)


def test_the_next_run_delivers_only_what_is_of_vens_that_it_has() -> None:
    facts = facts_of("Herning")
    with capture_logs() as logs:
        warn_of_what_is_left(facts)
    assert facts.warnings == [
        "5 readings are left queued; the next run on this state folder with the same VENs delivers them",
        "readings of VENs that this run leaves out wait: Aalborg (7); a run with --vens Aalborg delivers them",
    ]
    assert [(entry["event"], entry["readings"]) for entry in logs] == [("left_queued", 5), ("left_out", 7)]


def test_a_run_that_leaves_nobody_out_speaks_of_the_queue_alone() -> None:
    facts = facts_of("Herning", "Aalborg")
    warn_of_left_out(facts, ["Herning", "Aalborg"])
    warn_of_what_is_left(facts)
    assert facts.warnings == [
        "12 readings are left queued; the next run on this state folder with the same VENs delivers them"
    ]


def test_whose_readings_wait_is_said_at_the_start_and_stands_in_the_summary_once() -> None:
    facts = facts_of("Aars")
    with capture_logs() as logs:
        warn_of_left_out(facts, ["Aars"])
    (line,) = logs
    assert (line["event"], line["readings"], line["vens"]) == ("left_out", 12, ["Herning", "Aalborg"])
    warn_of_what_is_left(facts)
    (warning,) = facts.warnings
    assert "leaves out wait: Herning (5), Aalborg (7); a run with --vens Herning,Aalborg delivers them" in warning


@pytest.mark.parametrize(
    ("names", "options"),
    [
        (["Nykøbing Mors"], "--vens 'Nykøbing Mors'"),
        (["Fleet-0002", "Fleet-0040"], "--count 40"),
        (["Aars", "Fleet-0002"], "--vens Aars --count 2"),
    ],
)
def test_the_options_can_be_pasted(names: list[str], options: str) -> None:
    assert options_for(names) == options
