"""Options of the embedded VTN that cannot apply are refused."""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner

from ven_actors.vtn.command import vtn


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("VEN_ACTORS_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--demo-report-every", "1m"], "--demo-report-every: cannot apply without --demo"),
        (["--mqtt-prefix", "x"], "--mqtt-prefix: cannot apply without --mqtt-url"),
        (["--mqtt-url", "mqtt://127.0.0.1", "--mqtt-username", "x"], "cannot apply without --mqtt-auth oauth2"),
        (
            ["--mqtt-url", "mqtt://127.0.0.1", "--mqtt-client-key-file", __file__],
            "--mqtt-client-key-file: cannot apply without --mqtt-auth certificate",
        ),
    ],
)
def test_an_option_that_cannot_apply_is_refused(args: list[str], words: str) -> None:
    result = CliRunner().invoke(vtn, ["--client", "a:b:ven", *args])
    assert result.exit_code == 2
    assert words in result.output


def test_an_option_of_the_vtn_before_its_subcommand_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(vtn, ["--port", "80", "--state", "x", "event", "list"])
    assert result.exit_code == 2
    assert "--port, --state: cannot apply before event" in result.output
    monkeypatch.setenv("VEN_ACTORS_VTN_PORT", "80")
    assert "cannot apply" not in CliRunner().invoke(vtn, ["event", "--help"]).output
    assert "cannot apply" not in CliRunner().invoke(vtn, ["event", "--state", "/nowhere", "list"]).output
