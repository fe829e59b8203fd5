import io
import json
import logging
import sys
import warnings

import pytest
import structlog

from ven_actors.model import Secret
from ven_actors.telemetry import Redaction, configure_logging

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


def json_lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_json_line_has_event_level_time_and_values() -> None:
    stream, mono_s = io.StringIO(), iter([100.0, 101.5])
    configure_logging("json", "info", stream, monotonic=lambda: next(mono_s))
    structlog.get_logger().info("vtn_lost", ven="Herning", wait_s=5)
    (line,) = json_lines(stream)
    assert (line["event"], line["level"], line["ven"], line["wait_s"]) == ("vtn_lost", "info", "Herning", 5)
    assert line["uptime_s"] == 1.5
    assert str(line["timestamp"]).endswith("Z")


def test_a_console_line_is_plain_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    configure_logging("console", "info", stream)
    structlog.get_logger().info("vtn_lost", ven="Herning")
    assert "vtn_lost" in stream.getvalue()
    assert "ven=Herning" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_a_console_line_on_a_terminal_has_colours() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    configure_logging("console", "info", stream)
    structlog.get_logger().info("vtn_lost")
    assert "\x1b[" in stream.getvalue()


@pytest.mark.parametrize(("level", "events"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_only_lines_from_the_level_on_come_out(level: str, events: int) -> None:
    stream = io.StringIO()
    configure_logging("json", level, stream)
    log = structlog.get_logger()
    for method in (log.debug, log.info, log.warning, log.error):
        method("something")
    assert len(json_lines(stream)) == events


def test_other_libraries_come_out_the_same_way_from_warning_on() -> None:
    stream = io.StringIO()
    configure_logging("json", "info", stream, ["hunter2"])
    logging.getLogger("uvicorn").info("not this")
    logging.getLogger("urllib3").warning("retry of %s", "http://x/hunter2")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    first, second = json_lines(stream)
    assert (first["event"], first["logger"], first["level"]) == ("retry of http://x/***", "urllib3", "warning")
    assert "DeprecationWarning: old" in str(second["event"])


def test_without_a_stream_lines_go_to_whatever_standard_error_is_then(monkeypatch: pytest.MonkeyPatch) -> None:
    configure_logging("json", "info")
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    structlog.get_logger().info("something")
    assert len(json_lines(stream)) == 1


def test_a_stream_that_was_closed_or_is_broken_ends_nothing() -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    closed = io.StringIO()
    closed.close()
    for stream in (closed, Broken()):
        configure_logging("json", "info", stream)
        structlog.get_logger().error("something")
        logging.getLogger("urllib3").error("something")


def test_a_second_set_up_replaces_the_first() -> None:
    first, second = io.StringIO(), io.StringIO()
    log = structlog.get_logger()
    configure_logging("json", "info", first)
    log.info("one")
    configure_logging("json", "info", second)
    log.info("two")
    logging.getLogger("urllib3").warning("three")
    assert [line["event"] for line in json_lines(first)] == ["one"]
    assert [line["event"] for line in json_lines(second)] == ["two", "three"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_no_local_variables_and_no_secret(log_format: str) -> None:
    stream = io.StringIO()
    configure_logging(log_format, "info", stream, ["hunter2"])

    def fail() -> None:
        not_to_be_seen = "in a " + "local variable"
        raise ValueError("the secret is hunter2", len(not_to_be_seen))

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "the secret is ***" in stream.getvalue()
    assert "fail()" in stream.getvalue()
    assert "in a local variable" not in stream.getvalue()
    assert "Warning" not in stream.getvalue()


# --- redaction -------------------------------------------------------------------------------------------------


def redacted(*secrets: str, **values: object) -> dict[str, object]:
    return dict(Redaction(secrets)(None, "info", values))


@pytest.mark.parametrize(
    "key",
    ["secret", "client_secret", "access_token", "Authorization", "password", "db_password", "Set-Cookie", "tokens"],
)
def test_what_stands_under_a_telling_key_is_masked(key: str) -> None:
    assert redacted(**{key: "hunter2"}) == {key: "***"}
    assert redacted(headers={key: ["hunter2"]}) == {"headers": {key: "***"}}


@pytest.mark.parametrize("key", ["token_url", "secret_file", "client_secret_env", "token_life_s", "token_count", "ven"])
def test_what_only_stands_near_a_secret_is_shown(key: str) -> None:
    assert redacted(**{key: "shown"}) == {key: "shown"}


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2.x.y",
        "{'Authorization': 'Basic hunter2=='}",
        "body client_secret=hunter2&scope=x",
        '{"access_token": "hunter2"}',
        "https://me:hunter2@vtn.example/",
        "password: hunter2",
        "the bearer hunter2 is refused",
        "the bearer token-hunter2 is refused",
        "Bearer hunter2",
        "Authorization: Bearer small-hunter2",
    ],
)
def test_a_secret_within_a_text_is_masked(text: str) -> None:
    found = str(redacted(error=text)["error"])
    assert "hunter2" not in found
    assert "***" in found


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:41234/openadr3",
        "http://[::1]:80/",
        "at 10:00:15 basically",
        "https://x/a:b",
        "a basic household",
        "a bearer token is needed",
        "every call needs a bearer token.",
    ],
)
def test_addresses_and_ordinary_words_are_shown(text: str) -> None:
    assert redacted(url=text) == {"url": text}


def test_a_token_of_small_letters_only_is_masked_too() -> None:
    assert redacted(error="Bearer letmeinplease") == {"error": "Bearer ***"}


def test_known_secrets_are_masked_wherever_they_stand() -> None:
    values = {"a": "x hunter2 y", "b": ["hunter2", {"c": ("hunter2",)}], "d": b"hunter2", "e": ValueError("hunter2")}
    found = redacted("hunter2", "hunter2-longer", "abc", **values, event="abc hunter2-longer")
    assert found == {"a": "x *** y", "b": ["***", {"c": ["***"]}], "d": "***", "e": "***", "event": "abc ***"}


def test_values_without_secrets_stay_as_they_are() -> None:
    values = {"n": 5, "x": 0.5, "yes": True, "none": None, "text": "no bearings", "secret_value": Secret("x")}
    assert redacted(**values) == values | {"secret_value": "***"}
    assert redacted(own=Secret("x")) == {"own": "***"}


def test_a_value_that_contains_itself_comes_to_an_end() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert "..." in str(redacted(endless=endless))
