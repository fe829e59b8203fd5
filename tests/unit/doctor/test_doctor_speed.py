"""The doctor names a VTN that is too slow for the fleet."""

from __future__ import annotations

from pathlib import Path

import pytest
from doctor_peers import examined

from ven_actors.fleet.checks.speed import judged
from ven_actors.fleet.doctor import Verdict
from ven_actors.testing.vtn import InProcessVtn


def test_a_vtn_that_answers_at_once_is_good(vtn: InProcessVtn, tmp_path: Path) -> None:
    finding = examined(tmp_path, vtn.base_url, poll_every="60s")["answer time"]
    assert finding.verdict is Verdict.GOOD
    assert len([each for each in vtn.requests if each.path.endswith("/programs")]) >= 3


@pytest.mark.parametrize(("took_s", "vens", "share"), [(1.5, 1, "10%"), (0.3, 30, "60%"), (0.3, 100, "200%")])
def test_a_vtn_that_cannot_carry_the_polls_one_at_a_time_is_a_warning(took_s: float, vens: int, share: str) -> None:
    finding = judged(took_s, vens, 30.0)
    assert finding.verdict is Verdict.WARNING
    assert f"takes {took_s} s" in finding.what
    assert f"busy for {share} of the time" in finding.what
    assert "--poll-every" in finding.remedy


@pytest.mark.parametrize(("took_s", "vens"), [(0.3, 20), (1.0, 1), (0.001, 7_000)])
def test_a_vtn_that_is_quick_enough_for_the_fleet_is_good(took_s: float, vens: int) -> None:
    assert judged(took_s, vens, 30.0).verdict is Verdict.GOOD
