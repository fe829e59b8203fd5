"""The embedded VTN's store: calls and their answers, also when the disk fails and when it is closed."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from vtn_store_filled import fill, open_vtn, report_bodies

from ven_actors.vtn.facts import Kind, ReportDraft
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.rules import EVERYTHING


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
