"""schemathesis over the embedded VTN: a short campaign; `tests/campaign.py` runs long ones, and CI runs it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import Fault, InProcessVtn

CASES = 40


@pytest.fixture(scope="module")
def campaign() -> ModuleType:
    """Imported only where it runs: that takes as long as many tests."""
    pytest.importorskip("schemathesis", reason="schemathesis is not installed; install the extra interop")
    import campaign

    return campaign


@pytest.fixture(scope="module")
def folder(campaign: ModuleType) -> Path:
    folder = campaign.spec_folder()
    if campaign.absent_files(folder):
        pytest.skip(f"there is no {campaign.absent_files(folder)[0]}; set OPENADR_SPEC_DIR")
    return folder


@pytest.mark.parametrize("role", ["ven", "bl"])
@pytest.mark.parametrize("version", ["3.0.1", "3.1"])
def test_the_vtn_answers_nothing_that_the_official_file_does_not_allow(
    vtn: InProcessVtn, campaign: ModuleType, folder: Path, version: str, role: str
) -> None:
    outcome = campaign.run(vtn, folder, version, role, CASES, coverage=False)
    assert outcome.wrong == {}
    assert outcome.cases >= CASES
    assert {200, 201, 400, 403} <= outcome.statuses.keys()


def test_a_campaign_names_what_is_wrong(vtn: InProcessVtn, campaign: ModuleType, folder: Path) -> None:
    said = {
        "programs": (Fault(status=500, body=b"{}"), "Server error"),
        "events": (Fault(status=202, body=b"{}"), "Undocumented status code"),
        "vens": (Fault(status=200, body=b'[{"id": 7}]'), "Response violates schema"),
    }

    def choose(method: str, path: str, _body: bytes) -> Any:
        fault, _ = said.get(path.removeprefix("/openadr3/3.1.0/"), (None, ""))
        return fault if method == "GET" else None

    vtn.fault = choose
    wrong = campaign.run(vtn, folder, "3.1", "bl", 1, coverage=False).wrong
    for name, (_, title) in said.items():
        assert any(line.startswith(f"GET /{name}: {title}") for line in wrong), wrong
    assert all(any(f"/{name}" in line for name in said) for line in wrong)
