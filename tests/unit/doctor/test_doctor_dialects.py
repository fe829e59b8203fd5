"""The doctor names a dialect that is told but not spoken at the URL, and which one is."""

from __future__ import annotations

from pathlib import Path

import pytest
from doctor_peers import HERNING, after, examined

from ven_actors.testing.vtn import InProcessVtn

NAMES = {"3.1": "openadr-3.1", "3.0.1": "openadr-3.0.1", "energydesk": "energydesk"}


@pytest.mark.parametrize("spoken", NAMES)
@pytest.mark.parametrize("told", NAMES.values())
def test_a_dialect_that_is_told_but_not_spoken_there_is_named_with_the_one_that_is(
    vtn: InProcessVtn, tmp_path: Path, spoken: str, told: str
) -> None:
    found = examined(tmp_path, vtn.base_urls[spoken], dialect=told)
    if told == NAMES[spoken]:
        assert found.bad == []
        return
    cause = found.the_cause("interface")
    assert f"does not speak {told}, it shows the traces of {NAMES[spoken]}" in cause.what
    assert f"--dialect {NAMES[spoken]}" in cause.remedy
    assert found.skipped == after("interface")


@pytest.mark.parametrize("spoken", NAMES)
def test_a_dialect_that_is_spoken_is_not_doubted_where_there_are_no_programs_yet(tmp_path: Path, spoken: str) -> None:
    with InProcessVtn([HERNING]) as vtn:
        assert "interface" not in examined(tmp_path, vtn.base_urls[spoken], dialect=NAMES[spoken]).bad
