"""The embedded VTN as a process of its own: how it starts, what it survives, how it ends."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).parents[2]
CLIENTS = ["--client", "ven-1:ven-1-hidden:ven", "--client", "bl:bl-hidden:bl"]
ENDS_WITHIN_S = 20


class Process:
    """A started VTN and what it said when it was ready."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VEN_ACTORS_")}
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "ven_actors.vtn", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**inherited, **(env or {})},
        )
        assert self.popen.stdout is not None
        self.ready_line = self.popen.stdout.readline()

    @property
    def base_url(self) -> str:
        return str(json.loads(self.ready_line)["base_urls"]["3.1"])

    def session(self, name: str) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        form = {"grant_type": "client_credentials", "client_id": name, "client_secret": f"{name}-hidden"}
        token = session.post(f"{self.base_url}/auth/token", data=form, timeout=20).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        return session

    def end(self, number: int | None = None) -> tuple[int, str, str]:
        """Send a signal, or close stdin; exit code and whatever else it wrote."""
        if number is not None:
            self.popen.send_signal(number)
        output, errors = self.popen.communicate(timeout=ENDS_WITHIN_S)
        return self.popen.returncode, output, errors


Start = Callable[..., Process]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Process] = []

    def starter(*arguments: str, env: dict[str, str] | None = None) -> Process:
        started.append(Process(*arguments, env=env))
        return started[-1]

    yield starter
    for process in started:
        if process.popen.poll() is None:
            process.popen.kill()
        if process.popen.stdin is not None and not process.popen.stdin.closed:
            process.popen.communicate(timeout=ENDS_WITHIN_S)


def test_it_says_once_that_it_is_ready_and_sigterm_ends_it_well(start: Start) -> None:
    process = start(*CLIENTS, "--demo")
    ready = json.loads(process.ready_line)
    assert ready["ready"] is True
    root = ready["base_urls"]["3.1"].removesuffix("/openadr3/3.1.0")
    assert root.startswith("http://127.0.0.1:")
    assert {"3.0.1": f"{root}/openadr3/3.0.1", "3.1": f"{root}/openadr3/3.1.0"}.items() <= ready["base_urls"].items()
    assert len(ready["identity"]) == 32
    session = process.session("ven-1")
    assert len(session.get(f"{process.base_url}/events", timeout=20).json()) == 4
    code, output, errors = process.end(signal.SIGTERM)
    session.close()
    assert (code, output, errors) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_signals_end_it_well_with_a_connection_open(start: Start, number: signal.Signals) -> None:
    process = start(*CLIENTS)
    with process.session("ven-1") as session:
        assert session.get(f"{process.base_url}/events", timeout=20).status_code == 200
        assert process.end(number) == (0, "", "")


@pytest.mark.parametrize(("options", "status"), [((), 201), (("--strict",), 400)])
def test_it_accepts_clear_deviations_unless_it_is_strict(start: Start, options: tuple[str, ...], status: int) -> None:
    process = start(*CLIENTS, *options)
    program = {"programName": "p", "payloadDescriptors": [{"payloadType": "PRICE", "currency": "EUR"}]}
    with process.session("bl") as session:
        assert session.post(f"{process.base_url}/programs", json=program, timeout=20).status_code == status


def test_it_ends_with_its_stdin_however_its_parent_ends(start: Start) -> None:
    assert start(*CLIENTS, "--exit-with-stdin").end() == (0, "", "")


def test_options_may_come_from_the_environment_and_secrets_from_a_file(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text("name,secret,role\nven-1,ven-1-hidden,ven\n", encoding="utf-8")
    file.chmod(0o644)
    env = {
        "VEN_ACTORS_VTN_CLIENTS_FILE": str(file),
        "VEN_ACTORS_VTN_CLIENT": "bl:bl-hidden:bl a:b:ven",
        "VEN_ACTORS_VTN_STATE": str(tmp_path / "state"),
        "VEN_ACTORS_VTN_DEMO": "1",
        "VEN_ACTORS_VTN_DEMO_REPORT_EVERY": "1m",
        "VEN_ACTORS_VTN_DEMO_START": "0",
        "VEN_ACTORS_VTN_DEMO_SPEED": "100",
        "VEN_ACTORS_VTN_EXIT_WITH_STDIN": "true",
    }
    process = start(env=env)
    for name in ("ven-1", "bl"):
        with process.session(name) as session:
            event = session.get(f"{process.base_url}/events?skip=1", timeout=20).json()[0]
    assert event["intervalPeriod"] == {"start": "1970-01-01T00:00:00Z", "duration": "PT60S"}
    assert event["createdDateTime"].startswith("1970-01-01T00:")
    code, _, errors = process.end()
    assert code == 0
    assert "chmod 600" in errors
    assert "hidden" not in errors
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_a_second_process_on_the_same_state_ends_with_2_and_the_first_goes_on(start: Start, tmp_path: Path) -> None:
    first = start(*CLIENTS, "--state", str(tmp_path))
    second = start(*CLIENTS, "--state", str(tmp_path))
    assert second.ready_line == ""
    code, _, errors = second.end()
    assert code == 2
    assert "in use by another VTN" in errors
    with first.session("bl") as session:
        assert session.post(f"{first.base_url}/programs", json={"programName": "p"}, timeout=20).status_code == 201


def test_an_address_for_everyone_is_warned_about(start: Start) -> None:
    process = start(*CLIENTS, "--host", "0.0.0.0")
    assert process.base_url.startswith("http://127.0.0.1:")
    code, _, errors = process.end(signal.SIGTERM)
    assert code == 0
    assert "not_loopback" in errors


def test_what_was_accepted_before_a_kill_9_is_there_afterwards_and_nothing_twice(start: Start, tmp_path: Path) -> None:
    first = start(*CLIENTS, "--state", str(tmp_path))
    accepted: list[str] = []
    enough = threading.Event()

    def post_on_and_on(number: int, report: dict[str, Any]) -> None:
        with first.session("ven-1") as session:
            for count in range(100_000):
                name = f"{number}.{count}"
                try:
                    answer = session.post(f"{first.base_url}/reports", json={**report, "reportName": name}, timeout=20)
                except requests.RequestException:  # no answer, or half of one
                    return
                assert answer.status_code == 201
                accepted.append(answer.json()["id"])
                if len(accepted) >= 100:
                    enough.set()

    with first.session("bl") as session:
        program = session.post(f"{first.base_url}/programs", json={"programName": "p"}, timeout=20).json()
        event = session.post(f"{first.base_url}/events", json={"programID": program["id"]}, timeout=20).json()
    report = {"eventID": event["id"], "clientName": "c", "resources": []}
    threads = [threading.Thread(target=post_on_and_on, args=(number, report)) for number in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(20)
    first.end(signal.SIGKILL)
    for thread in threads:
        thread.join(20)

    second = start(*CLIENTS, "--state", str(tmp_path))
    with second.session("ven-1") as session:
        found: list[dict[str, Any]] = []
        while page := session.get(f"{second.base_url}/reports?skip={len(found)}&limit=50", timeout=20).json():
            found += page
    assert set(accepted) <= {report["id"] for report in found}
    names = [report["reportName"] for report in found]
    assert len(set(names)) == len(names) <= len(accepted) + len(threads)
    assert json.loads(second.ready_line)["identity"] == json.loads(first.ready_line)["identity"]
