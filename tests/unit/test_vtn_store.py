"""The embedded VTN's store: what survives, what is refused, and what happens when the disk fails."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from ven_actors.testing.vtn import BL, VEN, InProcessVtn
from ven_actors.vtn.app import Limits, Vtn
from ven_actors.vtn.facts import Draft, Kind, Query, ReportDraft, ReportQuery
from ven_actors.vtn.problems import Problem, StateUnusable
from ven_actors.vtn.rules import EVERYTHING, Rules
from ven_actors.vtn.store.database import DATABASE_NAME


def open_vtn(state: Path | None, keep_bytes: int = 10**9) -> Vtn:
    return Vtn(
        clients=[VEN, BL], now_s=lambda: 5.0, mono_s=lambda: 0.0, state_dir=state, limits=Limits(keep_bytes=keep_bytes)
    )


def fill(vtn: Vtn, reports: int = 1) -> str:
    """A program, an event and some reports; the event's id."""

    def work(rules: Rules) -> str:
        program = rules.create(EVERYTHING, Draft(Kind.PROGRAM, b'{"programName":"p"}', name="p"))
        event = rules.create(EVERYTHING, Draft(Kind.EVENT, b"{}", parent_id=program.stored.id, targets=("t",)))
        for number in range(reports):
            body = b'{"n":%d}' % number + b" " * number
            rules.create_report(EVERYTHING, ReportDraft(event.stored.id, "c", f"r{number}", body))
        return event.stored.id

    return vtn.worker.submit(work).result(10)


def report_bodies(vtn: Vtn) -> list[bytes | None]:
    found = vtn.worker.submit(lambda rules: rules.find_reports(EVERYTHING, ReportQuery())).result(10)
    return [report.body for report in found]


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


class FullDisk:
    """A connection that fails at one kind of statement while `full`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.full = False
        self.fails_at = ("COMMIT",)

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, statement: str) -> object:
        if self.full and statement in self.fails_at:
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(statement)

    def close(self) -> None:
        self._connection.close()


@pytest.mark.parametrize("fails_at", [("COMMIT",), ("BEGIN",)])
def test_when_a_transaction_fails_everyone_in_it_is_told_and_nothing_is_half_there(
    caplog: pytest.LogCaptureFixture, fails_at: tuple[str, ...]
) -> None:
    with open_vtn(None, keep_bytes=100) as vtn:
        event = fill(vtn, reports=1)
        disk = FullDisk(vtn.worker._connection)
        disk.fails_at = fails_at
        vtn.worker._connection = disk  # type: ignore[assignment]
        gate = threading.Event()
        vtn.worker.submit(lambda _: gate.wait(10))
        disk.full = True
        refused = [vtn.worker.submit(post(event)) for _ in range(3)]
        gate.set()
        for answer in refused:
            with pytest.raises(Problem, match="could not store") as told:
                answer.result(10)
            assert told.value.status == 500
        disk.full = False
        assert len(report_bodies(vtn)) == 1
        vtn.worker.submit(post(event)).result(10)
        assert len(report_bodies(vtn)) == 2
        assert None not in report_bodies(vtn)
    assert "disk is full" in caplog.text


def test_even_a_rollback_that_fails_leaves_nobody_waiting(caplog: pytest.LogCaptureFixture) -> None:
    with open_vtn(None) as vtn:
        disk = FullDisk(vtn.worker._connection)
        disk.fails_at, disk.full = ("COMMIT", "ROLLBACK"), True
        vtn.worker._connection = disk  # type: ignore[assignment]
        for _ in range(2):
            with pytest.raises(Problem, match="could not store"):
                vtn.worker.submit(lambda rules: rules.objects.count(Kind.PROGRAM)).result(10)
    assert "undo_failed" in caplog.text


def post(event: str):  # noqa: ANN201 - a rule to run
    return lambda rules: rules.create_report(EVERYTHING, ReportDraft(event, "c", None, b'{"some":"body"}'))


def test_a_refusal_fails_alone_and_what_came_with_it_is_stored() -> None:
    with open_vtn(None) as vtn:
        event = fill(vtn, reports=0)
        gate = threading.Event()
        vtn.worker.submit(lambda _: gate.wait(10))
        answers = [vtn.worker.submit(post(name)) for name in (event, "unknown", event)]
        gate.set()
        assert [answer.exception(10) is None for answer in answers] == [True, False, True]
        assert len(report_bodies(vtn)) == 2


def test_an_answer_that_nobody_waits_for_any_more_is_no_trouble() -> None:
    with open_vtn(None) as vtn:
        gate, begun = threading.Event(), threading.Event()
        vtn.worker.submit(lambda _: begun.set() or gate.wait(10))
        assert begun.wait(10)
        given_up = vtn.worker.submit(lambda rules: rules.objects.count(Kind.PROGRAM))
        assert given_up.cancel()
        gate.set()
        with pytest.raises(CancelledError):
            given_up.result(10)
        assert vtn.worker.submit(lambda rules: rules.objects.count(Kind.PROGRAM)).result(10) == 0


def test_more_calls_than_one_commit_takes_are_all_answered() -> None:
    with open_vtn(None) as vtn:
        event = fill(vtn, reports=0)
        gate = threading.Event()
        vtn.worker.submit(lambda _: gate.wait(10))
        answers = [vtn.worker.submit(post(event)) for _ in range(600)]
        gate.set()
        assert all(answer.result(10) for answer in answers)
        assert vtn.worker.submit(lambda rules: rules.reports.count()).result(10) == 600


def test_a_closed_store_finishes_what_it_has_and_takes_no_more(tmp_path: Path) -> None:
    vtn = open_vtn(tmp_path)
    event = fill(vtn, reports=0)
    answers = [vtn.worker.submit(post(event)) for _ in range(10)]
    vtn.close()
    assert all(answer.result(0) for answer in answers)
    with pytest.raises(Problem, match="shutting down"):
        vtn.worker.submit(post(event))
    vtn.close()
    vtn.worker.close()
    with open_vtn(tmp_path) as again:
        assert len(report_bodies(again)) == 10


def test_a_database_of_the_first_layout_is_brought_up_to_date(tmp_path: Path) -> None:
    with open_vtn(tmp_path) as vtn:
        event_id = fill(vtn)
        identity = vtn.identity
    old = sqlite3.connect(tmp_path / DATABASE_NAME)
    old.executescript("DROP INDEX resource_by_name; ALTER TABLE object DROP COLUMN body_301; PRAGMA user_version = 1;")
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
