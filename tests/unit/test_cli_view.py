"""How a status looks."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from ven_actors.cli.status_tables import clean, count_text, kw_text, worst_first
from ven_actors.cli.status_view import render, totals_lines


def drawn(status: dict[str, Any], height: int | None = None, width: int = 160) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, _environ={}).print(render(status, height))
    return stream.getvalue()


def ven(name: str, state: str = "running", **values: Any) -> dict[str, Any]:
    powers = {"power_w": 12_345, "power_without_events_w": 20_000}
    full = {"resources": 120, "generated": 1440, "accepted": 720, "queued": 720, "restarts": 0}
    return {"name": name, "state": state, "last_error": ""} | powers | full | values


STATUS: dict[str, Any] = {
    "running": True,
    "now": "2026-01-16T10:00:15Z",
    "state": "state",
    "vtn": {"url": "http://127.0.0.1:8080/openadr3/3.1.0", "dialect": "3.1"},
    "uptime_s": 90.4,
    "paused": False,
    "draining": False,
    "vens": [ven("Herning"), ven("Aalborg", "vtn lost", last_error="no route [to] host")],
    "readings": {"generated": 2880, "accepted": 1440, "queued": 1440, "unaccounted": 0, "gap": 0},
    "reports": {"accepted": 20, "in_flight": 2},
    "requests": {"200": 44, "201": 1020},
    "jobs": [
        {"name": "metering", "every": "15s", "next_run": "2026-01-16T10:00:30Z"},
        {"name": "enrolment", "every": "0 3 * * *", "next_run": "2026-01-17T03:00:00+00:00"},
    ],
}


def test_every_ven_has_a_row_with_its_state_numbers_and_last_error() -> None:
    lines = drawn(STATUS).splitlines()
    assert next(line for line in lines if "Herning" in line).split() == [
        *("Herning", "running", "120", "12.35", "20.00", "1,440", "720", "720")
    ]
    assert "Aalborg: no route [to] host" in lines


def test_restarts_are_shown_where_there_were_any() -> None:
    assert "restarts" not in drawn(STATUS)
    text = drawn(STATUS | {"vens": [ven("Herning", restarts=3)]})
    assert next(line for line in text.splitlines() if "Herning" in line).endswith(" 3")


def test_two_vens_fit_into_80_columns_uncut() -> None:
    text = drawn(STATUS | {"vens": [ven("Herning"), ven("Aalborg", "credentials refused")]}, 24, 80)
    head, *lines = text.splitlines()
    assert head.endswith("…")
    assert "…" not in "".join(lines)


def test_head_and_foot_say_how_the_fleet_is() -> None:
    text = drawn(STATUS)
    assert text.startswith(
        "running  2026-01-16T10:00:15Z  up 1m30s  VTN http://127.0.0.1:8080/openadr3/3.1.0 (3.1)  state state"
    )
    assert "readings  generated 2,880 = accepted 1,440 + queued 1,440\n" in text
    assert "reports   accepted 20, in flight 2\n" in text
    assert "requests of this process  200: 44, 201: 1,020\n" in text
    assert "next      metering 10:00:30Z, enrolment 2026-01-17T03:00:00Z\n" in text


def test_a_paused_or_draining_fleet_says_so() -> None:
    assert drawn(STATUS | {"paused": True, "draining": True}).startswith("running, paused, draining")


def test_a_paused_job_says_so_in_place_of_its_next_run() -> None:
    job = {"name": "polling", "every": "30s", "next_run": "2026-01-16T10:00:30Z", "paused": True}
    assert "next      polling paused\n" in drawn(STATUS | {"jobs": [job]})


def test_a_fleet_that_does_not_run_has_no_uptime() -> None:
    text = drawn(STATUS | {"running": False})
    assert text.startswith("not running  2026")
    assert "up 1m30s" not in text


def test_readings_that_are_missing_are_named() -> None:
    readings = {"generated": 10, "accepted": 8, "evicted": 1, "unaccounted": 1, "gap": 4}
    (line, *_) = totals_lines({"readings": readings})
    assert line == "readings  generated 10 = accepted 8 + queued 0 + evicted 1; unaccounted 1; gap 4"


def test_a_document_with_nothing_in_it_can_be_shown() -> None:
    assert "not running" in drawn({})
    assert "generated 0" in drawn({"vens": None, "readings": None, "reports": None, "jobs": None, "vtn": None})


many = [ven(f"Fleet-{n:04d}") for n in range(500)] + [ven("Lemvig", "credentials refused", last_error="401")]


@pytest.mark.parametrize("height", [16, 24, 50])
def test_many_vens_become_states_and_the_worst_within_the_height(height: int) -> None:
    text = drawn(STATUS | {"vens": many}, height)
    assert len(text.splitlines()) <= height
    assert "501 VENs do not fit here" in text
    assert next(line for line in text.splitlines() if line.startswith("running ") and "500" in line)
    assert next(line for line in text.splitlines() if line.startswith("Lemvig"))


@pytest.mark.parametrize("vens", [many[:10], [ven("Lemvig", last_error="401"), *many[:4]]])
def test_vens_that_just_fit_are_all_shown(vens: list[dict[str, Any]]) -> None:
    status = STATUS | {"vens": vens}
    lines = len(drawn(status).splitlines())
    assert drawn(status, lines + 1) == drawn(status)
    assert "do not fit" in drawn(status, lines)


def test_on_a_tiny_terminal_the_worst_is_still_shown() -> None:
    assert "Lemvig: 401" in drawn(STATUS | {"vens": many}, 5)


def test_without_a_height_all_vens_are_shown() -> None:
    assert drawn(STATUS | {"vens": many}).count("Fleet-") == 500


def test_the_worst_come_first() -> None:
    vens = [
        ven("fine", queued=0),
        ven("long queue", queued=9000),
        ven("restarted", restarts=2),
        ven("error", last_error="400"),
        ven("lost", "vtn lost"),
        ven("no numbers", queued=None, restarts=None),
    ]
    assert [v["name"] for v in worst_first(vens)][:4] == ["lost", "error", "restarted", "long queue"]


def test_the_table_of_states_sums_up() -> None:
    text = drawn({"vens": [ven(f"v{n}", power_w=1000, generated=n) for n in range(30)]}, 15)
    assert next(line for line in text.splitlines() if line.startswith("running ")).split() == [
        *("running", "30", "3,600", "30.00", "600.00", "435", "21,600", "21,600")
    ]


@pytest.mark.parametrize(
    ("power_w", "text"),
    [(0, "0.00"), (954, "0.95"), (12_345, "12.35"), (4_560_000, "4,560.00"), (None, "-"), ("x", "-")],
)
def test_power_is_in_kilowatts(power_w: object, text: str) -> None:
    assert kw_text(power_w) == text


@given(st.text())
def test_foreign_words_are_one_harmless_line(words: str) -> None:
    assert len(clean(words)) <= 200
    assert clean(words).isprintable()


def test_control_characters_and_markup_of_a_vtn_do_nothing() -> None:
    text = drawn({"vens": [ven("[red]x[/red]", last_error="a\x1b[2Jb\nc [bold]d")]})
    assert "[red]x[/red]" in text
    assert "a [2Jb c [bold]d" in text
    assert "\x1b" not in text


def test_a_count_that_is_no_number_is_shown_as_it_is() -> None:
    assert [count_text(value) for value in (1234567, None, "many\n")] == ["1,234,567", "0", "many "]


def test_what_is_not_known_is_not_shown_as_nought() -> None:
    text = drawn(STATUS | {"vens": [ven("Herning", "stopped", resources=None, power_w=None)]})
    assert " ".join(next(line for line in text.splitlines() if "Herning" in line).split()).startswith(
        "Herning stopped - -"
    )


def test_what_the_fleet_itself_fails_of_is_shown() -> None:
    assert "trouble   reporter: StateError: the disk is full" in drawn(
        STATUS | {"errors": {"reporter": "StateError: the disk is full"}}
    )


# --- events


def happening(name: str, state: str = "in force", *payloads: Any, **parts: Any) -> dict[str, Any]:
    said = [dict(zip(("type", "values", "units"), each, strict=False)) for each in payloads or [("SIMPLE", [2])]]
    times = {"start": "2026-01-16T10:00:00Z", "end": "2026-01-16T10:05:00Z"}
    counts = {"vens": 5, "vens_in_force": 5 if state == "in force" else 0}
    return {"id": f"id of {name}", "name": name, "state": state, "payloads": said} | times | counts | parts


def test_an_event_has_a_row_with_what_it_says_when_and_on_how_many_vens_it_is_in_force() -> None:
    events = [
        happening("peak", vens_in_force=3),
        happening("cap", "beaten", ("IMPORT_CAPACITY_LIMIT", [3], "KW"), ("PRICE", [0.3, 0.4]), end=None),
        happening("night", "to come", start="2026-01-17T22:00:00Z", end="2026-01-17T23:00:00Z"),
    ]
    lines = [line.rstrip() for line in drawn(STATUS | {"events": events}, 40, 80).splitlines()]
    assert lines[1:7] == [
        "event  says                        from         until        in force on",
        "─" * len("event  says                        from         until        in force on"),
        "peak   SIMPLE 2                    10:00:00     10:05:00     3 of 5",
        "cap    IMPORT_CAPACITY_LIMIT 3 KW  10:00:00     -            beaten",
        "       PRICE 0.3 0.4",
        "night  SIMPLE 2                    01-17 22:00  01-17 23:00  to come",
    ]


def test_events_and_vens_fit_into_80_columns_and_only_a_long_name_is_cut() -> None:
    events = [
        happening("a name that is longer than a row of the table", "in force", ("IMPORT_CAPACITY_LIMIT", [3], "KW"))
    ]
    text = drawn(STATUS | {"vens": [ven("Herning"), ven("Aalborg")], "events": events}, 24, 80)
    _, *lines = text.splitlines()
    assert "".join(lines).count("…") == 1
    assert any("IMPORT_CAPACITY_LIMIT 3 KW  10:00:00  10:05:00  5 of 5" in line for line in lines)


@pytest.mark.parametrize("height", [16, 24, 50])
def test_events_leave_room_for_vens_and_the_rest_is_counted(height: int) -> None:
    events = [happening(f"event {n}") for n in range(20)]
    text = drawn(STATUS | {"vens": many, "events": events, "more_events": 35}, height)
    assert len(text.splitlines()) <= height
    shown = sum(f"event {n} " in text or f"event {n}: " in text for n in range(20))
    assert shown
    assert f"{55 - shown} more events" in text
    assert "VENs do not fit here" in text


def test_what_is_not_obeyed_of_an_event_stands_below_the_table() -> None:
    notices = ["SIMPLE [7] is taken as 3: the levels are 0 to 3", "b", "c", "d"]
    lines = drawn(STATUS | {"events": [happening("peak", notices=notices), happening("other")]}, 40).splitlines()
    assert lines[5:9] == ["peak: SIMPLE [7] is taken as 3: the levels are 0 to 3", "peak: b", "peak: c", ""]


def test_without_a_height_all_twenty_events_are_shown() -> None:
    text = drawn(STATUS | {"events": [happening(f"event {n}") for n in range(20)], "more_events": 0})
    assert sum(f"event {n} " in text for n in range(20)) == 20
    assert "more events" not in text


def test_the_last_row_is_the_total_of_several_vens() -> None:
    vens = [ven("Herning", power_without_events_w=15_000), ven("Aalborg", power_w=None, power_without_events_w=None)]
    lines = drawn(STATUS | {"vens": vens}).splitlines()
    assert next(line for line in lines if line.startswith("total")).split() == [
        *("total", "240", "12.35", "15.00", "2,880", "1,440", "1,440")
    ]
    assert "total" not in drawn(STATUS | {"vens": vens[:1]})


KEYS = st.sampled_from(["id", "name", "state", "payloads", "values", "type", "start", "end", "vens"])


@settings(max_examples=30)
@given(st.recursive(st.none() | st.text() | st.integers(), lambda each: st.lists(each) | st.dictionaries(KEYS, each)))
def test_events_of_another_version_do_no_harm(events: Any) -> None:
    drawn(STATUS | {"events": [events], "more_events": events}, 24, 80)
