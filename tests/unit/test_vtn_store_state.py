"""The embedded VTN's store: what survives a restart, and which state folders and databases are refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from vtn_store_filled import fill, open_vtn, report_bodies

from ven_actors.testing.vtn import VEN, InProcessVtn
from ven_actors.vtn.app import Vtn
from ven_actors.vtn.facts import Draft, Kind, Query, ReportDraft
from ven_actors.vtn.problems import StateUnusable
from ven_actors.vtn.rules import EVERYTHING, Rules
from ven_actors.vtn.store.database import DATABASE_NAME


def test_a_later_vtn_on_the_same_state_finds_everything(tmp_path: Path) -> None:
    with InProcessVtn(state_dir=tmp_path / "state") as first:
        program = first.create_program(programName="p", targets=["a"])
        first.create_event(programID=program["id"], intervalPeriod={"start": "0001-01-01"}, duration="PT1H")
        ven = first.create_ven(clientID=VEN.name, venName="v", targets=["a"])
        first.create_resource(clientID=VEN.name, venID=ven["id"], resourceName="r")
        before = (first.programs(), first.events(), first.vens(), first.resources(), first.identity)
    with InProcessVtn(state_dir=tmp_path / "state") as second:
        after = (second.programs(), second.events(), second.vens(), second.resources(), second.identity)
    assert after == before
    assert len(first.identity) == 32


def test_reports_survive_and_so_does_the_count_of_what_they_take(tmp_path: Path) -> None:
    with open_vtn(tmp_path) as vtn:
        fill(vtn, reports=20)
    with open_vtn(tmp_path, keep_bytes=60) as vtn:
        bodies = report_bodies(vtn)
        assert bodies == [b'{"n":%d}' % number + b" " * number for number in range(20)]
        fill_one(vtn)
        assert [body is not None for body in report_bodies(vtn)].count(True) < 5
        assert report_bodies(vtn)[-1] == b"{}"


def fill_one(vtn: Vtn) -> None:
    def work(rules: Rules) -> None:
        event = rules.find(EVERYTHING, Kind.EVENT, Query())[0].stored.id
        rules.create_report(EVERYTHING, ReportDraft(event, "c", None, b"{}"))

    vtn.worker.submit(work).result(10)


def test_every_memory_vtn_has_an_identity_of_its_own() -> None:
    with open_vtn(None) as one, open_vtn(None) as two:
        assert one.identity != two.identity


def test_a_second_vtn_on_the_same_state_is_refused_at_once_and_the_first_goes_on(tmp_path: Path) -> None:
    with open_vtn(tmp_path) as first:
        with pytest.raises(StateUnusable, match="in use by another VTN"):
            open_vtn(tmp_path)
        fill(first)
    open_vtn(tmp_path).close()


def test_a_state_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="ascii")
    with pytest.raises(StateUnusable, match="cannot be used"):
        open_vtn(tmp_path / "file" / "state")


def test_a_database_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).mkdir()
    with pytest.raises(StateUnusable, match="cannot be opened"):
        open_vtn(tmp_path)


def test_the_state_folder_is_its_owners_alone(tmp_path: Path) -> None:
    open_vtn(tmp_path / "state").close()
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def spoilt(tmp_path: Path, kind: str) -> Path:
    """A state folder whose database is broken in one way."""
    database = tmp_path / DATABASE_NAME
    with open_vtn(tmp_path) as vtn:
        fill(vtn, reports=200)
    whole = database.read_bytes()
    if kind == "garbage":
        database.write_bytes(b"not a database at all" * 100)
    elif kind == "header only":
        database.write_bytes(whole[:50])
    elif kind == "cut off":
        database.write_bytes(whole[: len(whole) // 2])
    elif kind == "overwritten page":
        page = 4096
        broken = bytearray(whole)
        for number in range(2, len(whole) // page):
            broken[number * page : number * page + 8] = b"\xee" * 8
        database.write_bytes(broken)
    else:
        with sqlite3.connect(database) as connection:
            connection.execute(f"PRAGMA {kind} = 99")
        connection.close()
    return database


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("garbage", "not an SQLite database"),
        ("header only", "not an SQLite database"),
        ("cut off", "cut off"),
        ("overwritten page", "table .* is corrupt"),
        ("application_id", "another program"),
        ("user_version", "version 99"),
    ],
)
def test_a_broken_database_is_refused_in_one_line_and_left_as_it_was(tmp_path: Path, kind: str, words: str) -> None:
    database = spoilt(tmp_path, kind)
    before = database.read_bytes()
    with pytest.raises(StateUnusable, match=words) as refusal:
        open_vtn(tmp_path)
    assert str(database) in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert database.read_bytes() == before


def test_an_empty_file_left_by_a_kill_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).touch()
    with open_vtn(tmp_path) as vtn:
        fill(vtn)


def test_a_short_file_is_not_refused_while_its_wal_has_the_rest(tmp_path: Path) -> None:
    with open_vtn(tmp_path) as vtn:
        fill(vtn, reports=50)
        copies = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    other = tmp_path / "other"
    other.mkdir()
    for name, content in copies.items():
        (other / name).write_bytes(content)
    header = bytearray(copies[DATABASE_NAME] or b"")
    assert copies[DATABASE_NAME + "-wal"]
    if header:
        header[28:32] = (10_000).to_bytes(4)
        (other / DATABASE_NAME).write_bytes(header)
    with open_vtn(other) as vtn:
        assert len(report_bodies(vtn)) == 50


def test_a_body_that_the_disk_has_spoilt_does_not_make_its_list_unreadable(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_vtn(tmp_path) as vtn:
        fill(vtn, reports=3)
    with sqlite3.connect(tmp_path / DATABASE_NAME) as connection:
        connection.execute("UPDATE report_body SET body = x'789c0011' WHERE seq = 2")
    connection.close()
    with open_vtn(tmp_path) as vtn:
        assert report_bodies(vtn) == [b'{"n":0}', None, b'{"n":2}  ']
    assert "report_body_spoilt" in caplog.text


SINCE_2 = "ALTER TABLE object DROP COLUMN claimed_by;"
SINCE_1 = "DROP INDEX resource_by_name; ALTER TABLE object DROP COLUMN body_301;"
OLDER_LAYOUTS = {1: SINCE_2 + SINCE_1, 2: SINCE_2}


@pytest.mark.parametrize("version", OLDER_LAYOUTS)
def test_a_database_of_an_older_layout_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    with open_vtn(tmp_path) as vtn:
        event_id = fill(vtn)
        identity = vtn.identity
    old = sqlite3.connect(tmp_path / DATABASE_NAME)
    old.executescript(f"{OLDER_LAYOUTS[version]} PRAGMA user_version = {version};")
    old.close()
    for _ in range(2):
        with open_vtn(tmp_path) as vtn:
            assert vtn.identity == identity

            def replace(rules: Rules) -> bytes | None:
                stored = rules.get(EVERYTHING, Kind.EVENT, event_id).stored
                draft = Draft(Kind.EVENT, b"{}", parent_id=stored.draft.parent_id, body_301=b'{"old":1}')
                return rules.replace(EVERYTHING, event_id, draft).stored.draft.body_301

            assert vtn.worker.submit(replace).result(10) == b'{"old":1}'
            assert report_bodies(vtn) != []
