"""`run.py` as a process, three VENs in 3.0.1, then one in each dialect: what one VTN holds is the truth, once.

For 3.1 and energydesk alone, see test_run_reports_the_truth.py and test_run_energydesk.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from ven_actors.testing.vtn import BL, InProcessVtn

VENS = ("Herning", "Aalborg", "Lemvig")
FAST = (
    "--vens", ",".join(VENS), "--interval", "1s", "--report-every", "1s", "--poll-every", "2s", "--noise", "0",
    "--rate", "0", "--senders", "8", "--drain", "60s", "--headless", "--duration", "6s",
)  # fmt: skip
START = Callable[..., tuple[InProcessVtn, list[str]]]


@pytest.fixture
def run(tmp_path: Path, profile: Path, truth: Any) -> Callable[..., tuple[dict[str, Any], Any]]:
    """Runs the fleet with these options; gives its summary, and the truth."""

    def to_the_end(*options: str) -> tuple[dict[str, Any], Any]:
        state, out, log = tmp_path / "state", tmp_path / "s.json", tmp_path / "log"
        arguments = (*FAST, *options, "--profiles", str(profile), "--state", str(state), "--summary", str(out))
        with truth.fleet(*arguments, log=log) as process:
            assert process.wait(120) == 0, log.read_text()[-5000:]
        said = truth.summary(out)
        readings = said["readings"]
        assert readings["accepted"] == readings["generated"] > 0
        left = ("unasked", "queued", "quarantined", "evicted", "gap", "unaccounted")
        assert {name: readings[name] for name in left} == dict.fromkeys(left, 0)
        known = truth.Truth(profile, state / "resources.db")
        known.loads = {name: known.loads[name] for name in VENS}
        return said, known

    return to_the_end


def events_of(vtn: InProcessVtn) -> dict[str, dict[str, Any]]:
    return {event["id"]: event for event in vtn.events()}


def wrong(vtn: InProcessVtn, prefix: str, official: Any) -> list[str]:
    sent = [exchange for exchange in vtn.requests if exchange.path.startswith(prefix)]
    assert sent
    found = []
    for each in sent:
        found += official.check_request(each.method, each.path, each.query, each.headers, each.body)
        found += official.check_answer(each.method, each.path, each.status, each.answer)
    return found


def readings_of(vtn: InProcessVtn) -> Iterator[dict[str, Any]]:
    """All readings that came by energydesk, page by page, as the VTN's operator reads them."""
    form = {"grant_type": "client_credentials", "client_id": BL.name, "client_secret": BL.secret}
    token = requests.post(f"{vtn.base_url}/auth/token", data=form, timeout=20).json()["access_token"]
    get = {"headers": {"Authorization": f"Bearer {token}"}, "timeout": 20}
    skip = 0
    while page := requests.get(f"{vtn.base_urls['energydesk']}/reports?skip={skip}&limit=5000", **get).json():
        yield from page
        skip += len(page)


def check_readings(known: Any, ven: str, readings: list[dict[str, Any]]) -> None:
    seen = set()
    for reading in readings:
        (resource,) = (each["resource_name"] for each in reading["resources"])
        start_s, component = int(datetime.fromisoformat(reading["start"]).timestamp()), reading["load_component"]
        ((value,),) = (payload["values"] for payload in reading["intervals"][0]["payloads"])
        assert value == known.watts(ven, resource, start_s)[int(component.removeprefix("load_"))] / 1000
        seen.add((resource, component, start_s))
    starts = sorted({start_s for *_, start_s in seen})
    assert starts == list(range(starts[0], starts[-1] + 1))
    assert len(seen) == len(readings) == len(known.loads[ven]) * 6 * len(starts)


@pytest.mark.timeout(170)
def test_three_vens_of_3_0_1_store_the_truth_and_keep_to_the_official_file(
    run: Any, vtn_for: START, spec301: Any
) -> None:
    vtn, options = vtn_for(*VENS)
    said, known = run(*options, "--vtn-url", vtn.base_urls["3.0.1"], "--dialect", "openadr-3.0.1")
    assert said["vtn"]["dialect"] == "openadr-3.0.1"
    windows = known.check(vtn.reports(), events_of(vtn))
    assert windows.keys() == set(VENS)
    assert said["readings"]["generated"] == sum(6 * len(known.loads[name]) * len(windows[name]) for name in VENS)
    assert {exchange.path.split("/")[2] for exchange in vtn.requests} == {"3.0.1"}
    assert wrong(vtn, "/openadr3/3.0.1/", spec301) == []


@pytest.mark.timeout(170)
def test_a_fleet_of_all_three_dialects_stores_the_truth_in_one_vtn(
    run: Any, vtn_for: START, spec301: Any, spec31: Any
) -> None:
    vtn, options = vtn_for(*VENS)
    urls = vtn.base_urls
    groups = f"openadr-3.0.1@{urls['3.0.1']}=Aalborg;energydesk@{urls['energydesk']}=Lemvig"
    said, known = run(*options, "--groups", groups, "--approve", "40")
    readings = list(readings_of(vtn))
    check_readings(known, "Lemvig", readings)
    del known.loads["Lemvig"]
    windows = known.check(vtn.reports(), events_of(vtn))
    assert windows.keys() == {"Herning", "Aalborg"}
    others = sum(6 * len(loads) * len(windows[name]) for name, loads in known.loads.items())
    assert said["readings"]["generated"] == others + len(readings)
    assert wrong(vtn, "/openadr3/3.0.1/", spec301) == wrong(vtn, "/openadr3/3.1.0/", spec31) == []
