"""A whole run whose VENs have given tokens: one that is refused fails its VEN, all of them the run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import requests

from ven_actors.config import FleetConfig
from ven_actors.fleet.running import run_fleet
from ven_actors.testing.vtn import Client, DemoPlan, Fault, InProcessVtn, Role

HADSUND = Client("client-Hadsund", "secret", Role.VEN)


@pytest.fixture
def vtn() -> Iterator[InProcessVtn]:
    with InProcessVtn([HADSUND], demo=DemoPlan(1, 1.0)) as running:
        yield running


def token_of(vtn: InProcessVtn) -> str:
    form = {"grant_type": "client_credentials", "client_id": HADSUND.name, "client_secret": HADSUND.secret}
    return str(requests.post(f"{vtn.base_url}/auth/token", data=form, timeout=10).json()["access_token"])


def ran(vtn: InProcessVtn, tmp_path: Path, tokens: dict[str, str], until: str) -> tuple[int, list[str]]:
    """The exit code and the warnings of a run that ends when a request for the path `until` has come."""
    stop = threading.Event()

    def seen(method: str, path: str, _body: bytes) -> Fault | None:
        if f"{method} {path.rpartition('/')[2]}" == until:
            stop.set()
        return None

    vtn.fault = seen
    path = tmp_path / "tokens.csv"
    path.write_text("ven,token\n" + "".join(f"{name},{token}\n" for name, token in tokens.items()))
    path.chmod(0o600)
    config = FleetConfig(
        state=tmp_path / "state", vens=tuple(tokens), approve=1, vtn_url=vtn.base_url, credentials=str(path),
        interval_s=1, poll_every_s=1.0, drain_s=5.0, duration_s=20.0, summary=tmp_path / "s.json",
    )  # fmt: skip
    code = run_fleet(config, stop=stop)
    return code, msgspec.json.decode((tmp_path / "s.json").read_bytes())["warnings"]


def test_a_refused_token_fails_its_ven_and_no_token_is_asked_for(vtn: InProcessVtn, tmp_path: Path) -> None:
    good = token_of(vtn)
    asked = len(vtn.requests)
    code, warnings = ran(vtn, tmp_path, {"Hadsund": good, "Aars": "refused"}, "POST reports")
    assert code == 0
    (warning,) = [each for each in warnings if "credentials" in each]
    assert "1 of 2 VENs are refused: Aars: " in warning
    assert f"refuses the token of {tmp_path}/tokens.csv: line 3; correct it and start again" in warning
    assert not [each for each in vtn.requests[asked:] if each.path.endswith("/auth/token")]
    assert vtn.reports()


def test_refused_tokens_of_all_vens_fail_the_run(vtn: InProcessVtn, tmp_path: Path) -> None:
    assert ran(vtn, tmp_path, {"Hadsund": "refused"}, "GET vens")[0] == 3
