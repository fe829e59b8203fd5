"""Certificates that are not checked: one warning at the start, none for a request."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from doctor_peers import Listener, port_of, tls_in_front_of
from log_events import events
from provision_runner import TEMPLATE, VENS, good, runner
from structlog.testing import capture_logs

from ven_actors.config import FleetConfig
from ven_actors.fleet.running import run_fleet
from ven_actors.fleet.tls import warn_if_unchecked
from ven_actors.testing.vtn import BL, InProcessVtn

UNCHECKED = "certificates_unchecked"


def test_checked_certificates_are_not_mentioned() -> None:
    with capture_logs() as logs:
        assert warn_if_unchecked(FleetConfig()) == []
    assert logs == []


def test_a_run_warns_once_in_its_log_and_in_its_summary(tmp_path: Path) -> None:
    config = FleetConfig(
        vtn_url="https://127.0.0.1:9/openadr3/3.1.0", insecure_tls=True, vens=("Aars", "Hadsund"), approve=1,
        duration_s=0.1, drain_s=0.0, state=tmp_path / "state", summary=tmp_path / "s.json",
    )  # fmt: skip
    with capture_logs() as logs:
        run_fleet(config)
    assert events(logs).count(UNCHECKED) == 1
    (warning,) = [each for each in logs if each["event"] == UNCHECKED]
    assert "--ca-file" in warning["remedy"]
    told = msgspec.json.decode((tmp_path / "s.json").read_bytes())["warnings"]
    assert [each for each in told if "certificates were not checked" in each] == told[:1]


def test_provision_warns_once_however_many_requests_it_makes(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    with InProcessVtn([*VENS, BL]) as vtn:
        front = Listener(tls_in_front_of(port_of(vtn)))
        try:
            url = f"https://127.0.0.1:{front.port}/openadr3/3.1.0"
            with capture_logs() as logs:
                business = f"{TEMPLATE},token_url={url}/auth/token"
                good(runner(url, tmp_path)("provision", "--insecure-tls", "--business-credentials", business))
        finally:
            front.close()
        assert len(vtn.requests) > len(VENS)
    assert events(logs) == [UNCHECKED]
    assert [str(each.message) for each in recwarn] == []
