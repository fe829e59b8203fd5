"""The embedded VTN as the fleet's child: what its fleet does when it dies."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ven_actors.errors import StateError
from ven_actors.fleet.embedded_vtn import EmbeddedVtn, embedded_clients
from ven_actors.testing.clock import ManualClock


def test_a_vtn_that_cannot_be_started_again_is_tried_on_and_does_not_end_its_fleet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded_clients(tmp_path, ["Herning"])
    time = ManualClock()
    embedded = EmbeddedVtn(tmp_path, [], time.monotonic)
    embedded.start()
    try:
        process = embedded._process
        assert process is not None
        process.kill()
        process.wait()
        with monkeypatch.context() as broken, capture_logs() as logs:
            broken.setattr(sys, "executable", "/bin/false")
            for _ in range(4):
                embedded.look_after()
                time.advance(5)
        assert [line["event"] for line in logs] == ["vtn_died", *["vtn_not_restarted"] * 3]
        embedded.look_after()
        assert embedded._process is not None
        assert embedded._process.poll() is None
    finally:
        embedded.stop()


def test_a_vtn_that_does_not_start_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    embedded = EmbeddedVtn(tmp_path, [], ManualClock().monotonic)
    with pytest.raises(StateError, match="did not start"):
        embedded.start()
    embedded.look_after()
    embedded.stop()
