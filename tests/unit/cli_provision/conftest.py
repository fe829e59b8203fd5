"""A VTN, and the commands run against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from provision_runner import VENS, VERSIONS, Run, runner

from ven_actors.testing.vtn import BL, InProcessVtn


@pytest.fixture
def vtn() -> Iterator[InProcessVtn]:
    with InProcessVtn([*VENS, BL]) as running:
        yield running


@pytest.fixture(params=VERSIONS)
def run(request: pytest.FixtureRequest, vtn: InProcessVtn, tmp_path: Path) -> Run:
    """Runs a command for Hadsund and Aars, with three resources each."""
    return runner(vtn.base_urls[request.param], tmp_path)


@pytest.fixture
def run_31(vtn: InProcessVtn, tmp_path: Path) -> Run:
    return runner(vtn.base_url, tmp_path)
