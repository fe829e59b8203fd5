"""The table of options, and what each kind of value takes and refuses."""

import dataclasses
import tomllib
from pathlib import Path

import pytest

from ven_actors.config import OPTIONS, FleetConfig, Option, Schedule
from ven_actors.config_sources import load_config
from ven_actors.config_urls import is_plain_http_to_elsewhere

FLEET_TOML = Path(__file__).parents[2] / "config" / "fleet.toml"
BY_NAME = {option.name: option for option in OPTIONS}


def read(name: str, value: object) -> object:
    return BY_NAME[name].kind.read(value)


def test_the_shipped_file_lists_every_key_with_its_default() -> None:
    document = tomllib.loads(FLEET_TOML.read_text())
    schedule = document.pop("schedule")
    listed = {(key,): value for key, value in document.items()} | {("schedule", key): v for key, v in schedule.items()}
    assert {key: option_of(key).kind.read(value) for key, value in listed.items()} == {
        option.key: option.default for option in OPTIONS
    }


def option_of(key: tuple[str, ...]) -> Option:
    return next(option for option in OPTIONS if option.key == key)


def test_the_shipped_file_says_about_every_key_what_the_table_says() -> None:
    lines = FLEET_TOML.read_text().splitlines()
    for option in OPTIONS:
        place = next(n for n, line in enumerate(lines) if line.startswith(f"{option.key[-1]} = "))
        said = lines[place - 1].lstrip("# ").replace(" (simulated; ", " (simulated) (")
        assert said.lower().startswith(option.help.lower()), option.name
        assert said.endswith(")."), f"{option.name} has no unit"


def test_the_shipped_file_gives_the_default_configuration() -> None:
    loaded = load_config({"config": str(FLEET_TOML)}, {})
    assert dataclasses.replace(loaded.config, config=None) == load_config({}, {}).config


def test_every_field_of_the_configuration_has_a_row_in_the_table() -> None:
    rows = {option.field for option in OPTIONS}
    names = {field.name for field in dataclasses.fields(FleetConfig)} | {f.name for f in dataclasses.fields(Schedule)}
    assert names - rows == {"schedule", "config"}


def test_flag_variable_and_key_follow_from_the_name() -> None:
    option = BY_NAME["schedule_program_sync"]
    assert (option.flag, option.variable) == ("--schedule-program-sync", "VEN_ACTORS_SCHEDULE_PROGRAM_SYNC")
    assert option.key == ("schedule", "program_sync")


def test_the_options_of_the_issue_have_these_defaults() -> None:
    config = FleetConfig()
    assert (config.interval_s, config.report_every_s, config.poll_every_s, config.catch_up_s) == (15, 15, 30, 3600)
    assert (config.senders, config.drain_s, config.noise, config.approve, config.metrics_port) == (4, 10, 0.05, 120, 0)
    assert config.schedule == Schedule(heartbeat=300.0, status=300.0, program_sync=3600.0, enrolment="0 3 * * *")
    assert config.registry_path == Path("state/resources.db")
    assert FleetConfig(registry=Path("r.db")).registry_path == Path("r.db")


GOOD = [
    ("vens", "Herning, Aalborg,", ("Herning", "Aalborg")),
    ("vens", ["Herning"], ("Herning",)),
    ("vens", "", ()),
    ("count", "12", 12),
    ("count", 12, 12),
    ("approve", "ALL", "all"),
    ("approve", 7, 7),
    ("state", "s", Path("s")),
    ("registry", " ", None),
    ("noise", 0, 0.0),
    ("noise", "0.5", 0.5),
    ("rate", "0", None),
    ("rate", 0.5, 0.5),
    ("headless", "Yes", True),
    ("headless", "off", False),
    ("headless", True, True),
    ("duration", "", None),
    ("duration", "5m", 300.0),
    ("interval", "PT1M", 60),
    ("max_response", "1MiB", 2**20),
    ("log_level", "DEBUG", "debug"),
    ("credentials", "c.csv", "c.csv"),
    ("vtn_url", "https://vtn.example/openadr3/", "https://vtn.example/openadr3"),
    ("vtn_url", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ("schedule_heartbeat", "10m", 600.0),
    ("schedule_heartbeat", "*/5 * * * *", "*/5 * * * *"),
    ("programs", "TOU/2026, EV-*", ("TOU/2026", "EV-*")),
]


@pytest.mark.parametrize(("name", "value", "expected"), GOOD)
def test_a_good_value_is_read(name: str, value: object, expected: object) -> None:
    assert read(name, value) == expected


BAD = [
    ("poll_every", "0.5s", "must be from 1s to"),
    ("vens", 5, "list of names"),
    ("state", "~nobody-of-that-name", "begins with a user who is not known here"),
    ("vens", ["Herning", 5], "list of names"),
    ("vens", "Her\x07ning", "not a valid VEN name"),
    ("vens", "a/b", "not a valid VEN name"),
    ("vens", "x" * 129, "not a valid VEN name"),
    ("vens", [""], "not a valid VEN name"),
    ("programs", "x" * 129, "not a valid program name"),
    ("vens", "Herning,Aalborg,Herning", "'Herning' more than once"),
    ("count", "-1", "from 0 to 100000, not '-1'"),
    ("count", 1.5, "whole number"),
    ("count", True, "whole number"),
    ("count", "9" * 5000, "whole number"),
    ("approve", "some", "or write all"),
    ("state", "", "no path"),
    ("state", "a\0b", "no path"),
    ("state", 5, "in quotes"),
    ("noise", "nan", "from 0 to 1"),
    ("noise", "x", "from 0 to 1"),
    ("noise", True, "from 0 to 1"),
    ("noise", 10**400, "from 0 to 1"),
    ("speed", 0, "from 0.001"),
    ("rate", -1, "from 0"),
    ("rate", 0.0001, "at least 0.001"),
    ("senders", 0, "from 1 to 256"),
    ("senders", 257, "from 1 to 256"),
    ("headless", "perhaps", "neither true nor false"),
    ("headless", 1, "neither true nor false"),
    ("interval", 15, "write it like 15s"),
    ("interval", "0s", "from 1s to 1d"),
    ("interval", "1.5s", "whole seconds"),
    ("interval", "25h", "from 1s to 1d"),
    ("duration", "0s", "from 0.1s"),
    ("max_response", "1B", "from 1KiB"),
    ("max_response", "12", "is not a valid size"),
    ("max_response", "12", r"KiB, MiB, GiB, TiB by 1024\), from 1KiB to 1GiB"),
    ("max_response", "1kB", "must be from 1KiB to 1GiB, not '1kB', which is 1000 B; write it like"),
    ("log_format", "xml", "one of console, json"),
    ("log_level", 5, "one of debug"),
    ("metrics_port", 65536, "from 0 to 65535"),
    ("vtn_url", "vtn.example", "no http or https URL"),
    ("vtn_url", 5, "no http or https URL"),
    ("vtn_url", "ftp://vtn.example", "no http or https URL"),
    ("vtn_url", "http://[::1", "no http or https URL"),
    ("vtn_url", "http://host:99999/", "no http or https URL"),
    ("vtn_url", "http://host/a b", "no http or https URL"),
    ("vtn_url", "https://host/?a=b", "query or fragment"),
    ("schedule_status", "0 3 * *", "no cron line"),
    ("schedule_status", "0 0 30 2 *", "no cron line"),
    ("schedule_status", "0s", "from 1s"),
    ("schedule_status", 5, "cron line like"),
]


@pytest.mark.parametrize(("name", "value", "words"), BAD)
def test_a_bad_value_is_refused_with_the_limit_or_what_to_write(name: str, value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read(name, value)
    assert len(str(caught.value)) < 200


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="user or password") as caught:
        read("vtn_url", "https://me:hunter2@vtn.example")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "is_open"),
    [
        ("http://127.0.0.1:1/", False),
        ("http://[::1]/", False),
        ("http://localhost/", False),
        ("https://vtn.example/", False),
        ("http://vtn.example/", True),
        ("http://10.0.0.1/", True),
        ("http://localhost.example/", True),
    ],
)
def test_plain_http_is_open_to_the_network_unless_it_stays_here(url: str, is_open: bool) -> None:
    assert is_plain_http_to_elsewhere(url) is is_open
