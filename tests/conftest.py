"""Fixtures that every test may need."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says more of the machine than of the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# No test trusts the machine's authorities, and loading them takes longer than most tests.
os.environ |= {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}

TESTS = Path(__file__).parent


def load_helper(name: str) -> ModuleType:
    """A module of `helpers`; the tests are no package and are imported by path."""
    known = sys.modules.get(name)
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(name, TESTS / "helpers" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def official_file(version: str = "3.1.0") -> Path:
    folder = os.environ.get("OPENADR_SPEC_DIR")
    return Path(folder or TESTS.parent.parent / "shared" / "spec") / version / "openadr3.yaml"


def official_301() -> Any:
    mistakes = load_helper("spec301")
    return load_helper("spec31").OfficialFile(official_file("3.0.1"), mistakes.put_right, mistakes.PREFIX)


@pytest.fixture(scope="session")
def vtn_calls() -> ModuleType:
    """`vtn_calls.Caller(vtn, client)`: plain HTTP to an in-process VTN, every answer held against the official file."""
    module = load_helper("vtn_calls")
    if official_file().is_file():
        module.Caller.official = load_helper("spec31").OfficialFile(official_file())
    if official_file("3.0.1").is_file():
        module.Caller301.official = official_301()
    return module


@pytest.fixture(scope="session")
def callback_probe() -> ModuleType:
    """`callback_probe.CallbackProbe()`: a callback server as a context manager."""
    return load_helper("callback_probe")


@pytest.fixture(scope="session")
def mosquitto() -> ModuleType:
    """`mosquitto.Mosquitto(folder)`, a real broker, and `mosquitto.Listener(port)`."""
    module = load_helper("mosquitto")
    if module.program() is None:
        pytest.skip("mosquitto is not installed (Debian: apt-get install mosquitto)")
    return module


@pytest.fixture(scope="session")
def spec31() -> Any:
    """The official OpenADR 3.1.0 file: `check_request(...)` and `check_answer(...)` return lists of violations."""
    file = official_file()
    if not file.is_file():
        pytest.skip(f"the official file is not at {file}; set OPENADR_SPEC_DIR")
    return load_helper("spec31").OfficialFile(file)


@pytest.fixture(scope="session")
def spec301() -> Any:
    """As `spec31`, for OpenADR 3.0.1."""
    file = official_file("3.0.1")
    if not file.is_file():
        pytest.skip(f"the official file is not at {file}; set OPENADR_SPEC_DIR")
    return official_301()


@pytest.fixture
def push_side() -> Iterator[Any]:
    """The push side of a VTN, as a probe: `vtn.fault = push_side.hook`."""
    side = load_helper("push_vtn").PushSideOfVtn()
    yield side
    side.session.close()


@pytest.fixture
def start_broker(tmp_path: Path, mosquitto: ModuleType) -> Iterator[Callable[..., Any]]:
    """Starts real MQTT brokers: without arguments one that lets anybody in, with lines of configuration another."""
    brokers: list[Any] = []

    def start(*lines: str) -> Any:
        brokers.append(mosquitto.Mosquitto(tmp_path, *lines))
        brokers[-1].start()
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.stop()


@pytest.fixture
def passwords(tmp_path: Path, mosquitto: ModuleType) -> Callable[..., tuple[str, str]]:
    """Lines for a broker that lets in those names with those passwords."""

    def lines(**by_name: str) -> tuple[str, str]:
        return "allow_anonymous false", f"password_file {mosquitto.password_file(tmp_path, **by_name)}"

    return lines
