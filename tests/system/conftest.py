"""What system tests share: the truth, a VTN that records, and the calls of a fleet as a process."""

from __future__ import annotations

import csv
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from ven_actors.testing.clock import ManualClock
from ven_actors.testing.vtn import BL, Client, DemoPlan, InProcessVtn, Role


@pytest.fixture(scope="session")
def truth() -> Any:
    spec = importlib.util.spec_from_file_location("truth", Path(__file__).parents[1] / "helpers" / "truth.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def profile(tmp_path_factory: pytest.TempPathFactory, truth: Any) -> Path:
    path = tmp_path_factory.mktemp("profile") / "unique.h5"
    truth.unique_profile(path, truth.shipped_meters())
    return path


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def vtn_for(tmp_path: Path) -> Iterator[Callable[..., tuple[InProcessVtn, list[str]]]]:
    """Start a VTN that asks for a report each second, with a client per VEN; also gives the fleet's options for it."""
    started: list[InProcessVtn] = []

    def start(*names: str) -> tuple[InProcessVtn, list[str]]:
        secrets = {name: f"{name}-secret" for name in names}
        clients = [BL, *(Client(name, secret, Role.VEN) for name, secret in secrets.items())]
        vtn = InProcessVtn(clients, demo=DemoPlan(1, 1.0))
        vtn.__enter__()
        started.append(vtn)
        path = tmp_path / "credentials.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["ven", "client_id", "client_secret"])
            writer.writerows((name, name, secret) for name, secret in secrets.items())
        path.chmod(0o600)
        return vtn, ["--vtn-url", vtn.base_url, "--credentials", str(path)]

    yield start
    for vtn in started:
        vtn.close()


@pytest.fixture
def vtn_process() -> Iterator[Callable[[Path], tuple[str, str]]]:
    """Start `ven-actors vtn` on a folder that a fleet left; gives its base URL and the operator's token."""
    started: list[subprocess.Popen[bytes]] = []

    def start(folder: Path) -> tuple[str, str]:
        command = [sys.executable, "-m", "ven_actors", "vtn", "--state", str(folder)]
        process = subprocess.Popen(
            [*command, "--clients-file", str(folder / "clients.csv")], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        started.append(process)
        assert process.stdout is not None
        base_url = json.loads(process.stdout.readline())["base_urls"]["3.1"]
        with (folder / "clients.csv").open(newline="") as file:
            (secret,) = (row["secret"] for row in csv.DictReader(file) if row["role"] == "bl")
        form = {"grant_type": "client_credentials", "client_id": "operator", "client_secret": secret}
        token = requests.post(f"{base_url}/auth/token", data=form, timeout=20).json()["access_token"]
        return base_url, token

    yield start
    for process in started:
        process.terminate()
        assert process.wait(20) == 0
        assert process.stdout is not None
        process.stdout.close()
