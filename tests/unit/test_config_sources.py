"""Defaults, file, environment, flags: which wins, and how everything that is wrong is told at once."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_actors.config import OPTIONS, FleetConfig
from ven_actors.config_sources import load_config, nearest
from ven_actors.errors import UsageError


def file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "my.toml"
    path.write_text(text)
    return str(path)


def problems(flags: dict[str, object], environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(UsageError) as caught:
        load_config(flags, environ or {})
    return str(caught.value).splitlines()


def test_with_nothing_given_herning_and_aalborg_run() -> None:
    assert load_config({}, {}) == (FleetConfig(vens=("Herning", "Aalborg")), ())


def test_a_count_alone_runs_only_the_made_vens() -> None:
    assert load_config({"count": "3"}, {}).config.vens == ()


def test_a_flag_wins_over_the_environment_that_over_the_file_that_over_the_default(tmp_path: Path) -> None:
    flags: dict[str, object] = {"config": file(tmp_path, "senders = 7\nseed = 7\nnoise = 0.7")}
    environ = {"VEN_ACTORS_SEED": "8", "VEN_ACTORS_NOISE": "0.8"}
    config = load_config(flags | {"noise": "0.9"}, environ).config
    assert (config.speed, config.senders, config.seed, config.noise) == (1, 7, 8, 0.9)


def test_the_file_may_be_named_in_the_environment_and_a_flag_wins_there_too(tmp_path: Path) -> None:
    environ = {"VEN_ACTORS_CONFIG": file(tmp_path, "seed = 7")}
    assert load_config({}, environ).config.seed == 7
    (tmp_path / "other.toml").write_text("seed = 9")
    config = load_config({"config": str(tmp_path / "other.toml")}, environ).config
    assert (config.seed, config.config) == (9, tmp_path / "other.toml")


def test_no_file_is_read_unless_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "fleet.toml").write_text("seed = 7")
    monkeypatch.chdir(tmp_path)
    assert load_config({}, {}).config.seed == 1


def test_an_empty_variable_is_not_set_but_an_empty_flag_unsets(tmp_path: Path) -> None:
    path = file(tmp_path, 'summary = "s.json"')
    assert load_config({"config": path}, {"VEN_ACTORS_SUMMARY": ""}).config.summary == Path("s.json")
    assert load_config({"config": path, "summary": ""}, {}).config.summary is None


def test_the_schedule_has_its_own_table_variables_and_flags(tmp_path: Path) -> None:
    path = file(tmp_path, '[schedule]\nheartbeat = "1m"\nstatus = "1m"\nprogram_sync = "1m"')
    environ = {"VEN_ACTORS_SCHEDULE_STATUS": "2m", "VEN_ACTORS_SCHEDULE_PROGRAM_SYNC": "2m"}
    schedule = load_config({"config": path, "schedule_program_sync": "*/3 * * * *"}, environ).config.schedule
    assert (schedule.heartbeat, schedule.status, schedule.program_sync) == (60, 120, "*/3 * * * *")


def test_all_that_is_wrong_in_all_sources_is_told_at_once(tmp_path: Path) -> None:
    path = file(
        tmp_path, 'intervall = "5s"\nsenders = 0\nheartbeat = "1m"\n[schedule]\nprogramsync = "1h"\n[vtn]\nurl = 1'
    )
    found = problems({"config": path, "noise": "2"}, {"VEN_ACTORS_SPEED": "fast", "VEN_ACTORS_SPED": "2"})
    assert found == [
        f"{path}: intervall: unknown key; the nearest is interval",
        f"{path}: senders: must be a whole number from 1 to 256, not 0",
        f"{path}: heartbeat: unknown key; the nearest is schedule.heartbeat",
        f"{path}: schedule.programsync: unknown key; the nearest is schedule.program_sync",
        f"{path}: vtn: unknown key; the nearest is vtn_url",
        "VEN_ACTORS_SPEED: must be a number from 0.001 to 10000, not 'fast'",
        "--noise: must be a number from 0 to 1, not '2'",
        "VEN_ACTORS_SPED: unknown variable, ignored; the nearest is VEN_ACTORS_SPEED",
    ]


def test_a_wrong_value_is_told_even_where_a_stronger_source_overrides_it(tmp_path: Path) -> None:
    path = file(tmp_path, "senders = 0")
    assert problems({"config": path, "senders": "5"}) == [
        f"{path}: senders: must be a whole number from 1 to 256, not 0"
    ]


@pytest.mark.parametrize("text", ["schedule = 5", "schedule = []"])
def test_a_table_written_as_a_value_is_refused(tmp_path: Path, text: str) -> None:
    path = file(tmp_path, text)
    assert problems({"config": path}) == [f"{path}: schedule: is a table; write [schedule] and its keys below it"]


def test_a_key_written_as_a_table_is_refused(tmp_path: Path) -> None:
    path = file(tmp_path, "[senders]\nn = 5")
    assert problems({"config": path}) == [f"{path}: senders: must be a whole number from 1 to 256, not {{'n': 5}}"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"senders = = 5", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        (b"a = " + b"[" * 100_000, "is not TOML"),
        (b"# " + b"x" * 2**20, "is larger than"),
    ],
)
def test_a_file_that_cannot_be_toml_is_one_line_that_names_it(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(content)
    (found,) = problems({"config": str(path)})
    assert found.startswith(f"{path}: {words}")


def test_a_file_that_is_not_there_is_told_together_with_the_rest(tmp_path: Path) -> None:
    missing, folder = tmp_path / "no.toml", tmp_path
    found = problems({"config": str(missing), "senders": "0"})
    assert found[0].startswith(f"{missing}: cannot be read (No such file")
    assert len(found) == 2
    assert "Is a directory" in problems({"config": str(folder)})[0]


def test_variables_of_other_commands_are_not_strange() -> None:
    environ = {"VEN_ACTORS_VTN_PORT": "1", "VEN_ACTORS_RESOURCES_DB": "x", "VEN_ACTORS_FAULTS": "x", "HOME": "/"}
    assert load_config({}, environ).unknown_variables == ()


def test_a_misspelt_variable_is_told_with_the_nearest_but_ends_nothing() -> None:
    loaded = load_config({}, {"VEN_ACTORS_INTERVALL": "5s", "VEN_ACTORS_CONFIGG": "x"})
    assert loaded.unknown_variables == (
        ("VEN_ACTORS_CONFIGG", "VEN_ACTORS_CONFIG"),
        ("VEN_ACTORS_INTERVALL", "VEN_ACTORS_INTERVAL"),
    )
    assert loaded.config.interval_s == 15


# --- what goes together ----------------------------------------------------------------------------------------


def test_reports_cover_whole_intervals_or_nothing_starts() -> None:
    (found,) = problems({"interval": "10s", "report_every": "15s"})
    assert found.startswith("--report-every: 15s is no multiple of the metering interval 10s (--interval)")


@pytest.mark.parametrize(("interval", "report_every_s"), [("1s", 15), ("10s", 20), ("1m", 60), ("15s", 15)])
def test_report_every_follows_the_interval_where_it_is_not_given(interval: str, report_every_s: int) -> None:
    assert load_config({"interval": interval}, {}).config.report_every_s == report_every_s


def test_plain_http_to_another_machine_must_be_allowed() -> None:
    flags: dict[str, object] = {"vtn_url": "http://vtn.example"}
    assert "--insecure-http" in problems(flags)[0]
    assert load_config(flags | {"insecure_http": True}, {}).config.vtn_url == "http://vtn.example"
    assert load_config({"vtn_url": "http://127.0.0.1:1"}, {}).config.vtn_url == "http://127.0.0.1:1"


def test_the_certificate_file_must_be_there_and_must_mean_something(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    assert problems({"ca_file": str(tmp_path / "no.pem")}) == [
        f"--ca-file: '{tmp_path}/no.pem' is no file; name a PEM file of certificates"
    ]
    contradiction: dict[str, object] = {"ca_file": str(tmp_path / "ca.pem"), "insecure_tls": True}
    assert problems(contradiction) == ["--insecure-tls: contradicts ca_file; give one of the two"]
    assert load_config({"ca_file": str(tmp_path / "ca.pem")}, {}).config.ca_file == tmp_path / "ca.pem"


def test_a_summary_that_cannot_be_written_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(path: Path) -> None:
        load_config({"summary": str(path), "state": str(tmp_path / "new")}, {})

    with pytest.raises(UsageError, match=r"--summary: .* is a folder; name a file in it"):
        load(tmp_path)
    with pytest.raises(UsageError, match=r"--summary: there is no folder .*nowhere'; make it first"):
        load(tmp_path / "nowhere" / "s.json")
    load(tmp_path / "s.json")
    load(tmp_path / "new" / "s.json")
    (tmp_path / "s.json").touch()
    monkeypatch.setattr(os, "access", lambda path, _mode: path != tmp_path / "s.json")
    with pytest.raises(UsageError, match=r"--summary: .*s.json' may not be written"):
        load(tmp_path / "s.json")


def test_a_named_ven_cannot_be_one_that_count_makes() -> None:
    assert problems({"vens": "Fleet-0002", "count": "2"}) == [
        "--vens: Fleet-0002 is also made by --count; leave it out"
    ]
    assert load_config({"vens": "Fleet-0003", "count": "2"}, {}).config.count == 2


# --- properties ------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from([option.name for option in OPTIONS]), st.text(max_size=20)))
def test_any_text_is_either_read_or_told_by_name(flags: dict[str, object]) -> None:
    try:
        load_config(flags, {})
    except UsageError as error:
        assert all(line.startswith("--") for line in str(error).split("\n"))  # noqa: PT017 - both outcomes are good


@given(st.text(max_size=30))
def test_there_is_always_a_nearest_key(word: str) -> None:
    assert nearest(word, ["interval", "schedule.status"]) in {"interval", "schedule.status"}


def test_the_nearest_key_does_not_mind_case_hyphens_and_tables() -> None:
    keys = [".".join(option.key) for option in OPTIONS]
    assert nearest("Report-Every", keys) == "report_every"
    assert nearest("enrollment", keys) == "schedule.enrolment"
