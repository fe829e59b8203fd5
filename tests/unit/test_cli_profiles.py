import json
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ven_actors.cli.profiles import profiles
from ven_actors.errors import DataError, UsageError
from ven_actors.meters import DEMO_METERS
from ven_actors.simulation import synthetic
from ven_actors.simulation.profiles import DEMO_PROFILES, Profiles


def run(*arguments: object) -> Result:
    """Errors of the tree come through: the program's main prints them."""
    result = CliRunner().invoke(profiles, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


shapes_of = cache(synthetic._shapes_of)


@pytest.fixture
def _demandlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """The curves of a year take a while to read; once is enough."""
    pytest.importorskip("demandlib", reason="the extra `profiles` is not installed")
    monkeypatch.setattr(synthetic, "_shapes_of", shapes_of)


@pytest.mark.usefixtures("_demandlib")
def test_make_without_options_writes_the_shipped_week(tmp_path: Path) -> None:
    out = tmp_path / "new" / "p.h5"
    assert run("make", "--out", out).output == f"{out}: 153 meters, 672 steps of 15m\n"
    made, shipped = Profiles.open(out), Profiles.open(DEMO_PROFILES)
    assert (made.start_s, made.step_s, made.meters) == (shipped.start_s, shipped.step_s, shipped.meters)
    assert abs(made.power_w - shipped.power_w).max() <= 0.11


@pytest.mark.usefixtures("_demandlib")
def test_make_takes_span_step_and_seed(tmp_path: Path) -> None:
    out = tmp_path / "p.h5"
    run("make", "--out", out, "--start", "2026-07-01T00:00:00+02:00", "--days", 2, "--step", "PT30M", "--seed", 5)
    made = Profiles.open(out)
    assert made.start_s == datetime(2026, 6, 30, 22, tzinfo=UTC).timestamp()
    assert (made.steps, made.step_s, made.meters) == (96, 1_800, DEMO_METERS)


def test_make_does_not_overwrite_without_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p.h5").write_text("precious")
    with pytest.raises(DataError, match="is not overwritten; use --force"):
        run("make", "--out", tmp_path / "p.h5")
    monkeypatch.setitem(sys.modules, "demandlib", None)
    with pytest.raises(UsageError, match=r"pip install '\.\[profiles\]' in a clone"):
        run("make", "--out", tmp_path / "p.h5", "--force")
    assert (tmp_path / "p.h5").read_text() == "precious"


@pytest.mark.usefixtures("_demandlib")
def test_make_replaces_with_force_and_names_a_folder_that_cannot_be(tmp_path: Path) -> None:
    out = tmp_path / "p.h5"
    out.write_text("old")
    assert run("make", "--out", out, "--force", "--days", 1).exit_code == 0
    assert Profiles.open(out).steps == 96
    with pytest.raises(DataError, match="this folder cannot be made"):
        run("make", "--out", out / "below" / "p.h5", "--days", 1)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--step", "15", "is not a valid duration"),
        ("--step", "1.5s", "not a whole number of seconds"),
        ("--step", "0s", "not a whole number of seconds"),
        ("--start", "monday", "is no date"),
        ("--days", "0", "x>=1"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, option: str, value: str, words: str) -> None:
    refused = run("make", "--out", tmp_path / "p.h5", option, value)
    assert refused.exit_code == 2
    assert words in refused.output
    assert list(tmp_path.iterdir()) == []


def test_show_tells_what_is_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "p.h5"
    Profiles.write(path, Profiles.open(DEMO_PROFILES).power_w[:2, :2], start_s=0, step_s=60, meters=("a", "b"))
    found = json.loads(run("show", path, "--json").output)
    assert (found["start"], found["step_s"], found["steps"], found["meters"]) == ("1970-01-01T00:00:00Z", 60, 2, 2)
    assert [row["meter"] for row in found["meter_power"]] == ["a", "b"]
    assert round(found["max_w"], 1) == max(row["max_w"] for row in found["meter_power"])
    shown = run("show", path).output
    assert "1970-01-01T00:00:00Z" in shown
    assert f"{found['meter_power'][1]['mean_w']:,.1f}" in shown


def test_show_without_a_file_shows_the_shipped_week() -> None:
    assert json.loads(run("show", "--json").output)["meters"] == 153


def test_show_raises_for_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "p.h5").write_text("no")
    with pytest.raises(DataError, match="is not an HDF5 file"):
        run("show", tmp_path / "p.h5")
