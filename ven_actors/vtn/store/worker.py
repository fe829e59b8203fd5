"""The one thread that owns the database, and its group commit."""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ven_actors.vtn.problems import Problem

S = TypeVar("S")
T = TypeVar("T")
MOST_PER_COMMIT = 256

log = logging.getLogger("ven_actors.vtn")


@dataclass(slots=True)
class _Job(Generic[S]):
    work: Callable[[S], Any]
    answer: Future[Any]
    outcome: Any = None
    refusal: Problem | None = None


class Worker(Generic[S]):
    """Runs calls on `subject` one after the other in its own thread and answers after their commit.

    Whatever has arrived together is committed together. A call may raise `Problem` before it has changed
    anything; any other error undoes the whole group, and each call of it fails. `committed` and `reset` are called
    in that thread after a group is committed, or undone.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        subject: S,
        reset: Callable[[], None],
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        self._subject = subject
        self._reset = reset
        self._committed = committed
        self._jobs: queue.SimpleQueue[_Job[S] | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="vtn-store", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[S], T]) -> Future[T]:
        answer: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise Problem(503, "the VTN is shutting down; try again later")
            self._jobs.put(_Job(work, answer))
        return answer

    async def run(self, work: Callable[[S], T]) -> T:
        return await asyncio.wrap_future(self.submit(work))

    def close(self) -> None:
        """Finish what has been submitted, then close the database. May be called twice."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        more = True
        while more:
            jobs, more = self._arrived_together()
            if jobs:
                self._commit(jobs)
        self._connection.close()

    def _arrived_together(self) -> tuple[list[_Job[S]], bool]:
        jobs: list[_Job[S]] = []
        try:
            job = self._jobs.get()
            while job is not None:
                jobs.append(job)
                if len(jobs) == MOST_PER_COMMIT:
                    return jobs, True
                job = self._jobs.get_nowait()
        except queue.Empty:
            return jobs, True
        return jobs, False

    def _commit(self, jobs: list[_Job[S]]) -> None:
        try:
            self._connection.execute("BEGIN")
            for job in jobs:
                try:
                    job.outcome = job.work(self._subject)
                except Problem as refusal:
                    job.refusal = refusal
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever went wrong, nobody may be left waiting
            self._undo(jobs, error)
            return
        for job in jobs:
            if job.refusal is not None:
                _tell(job.answer.set_exception, job.refusal)
            else:
                _tell(job.answer.set_result, job.outcome)
        self._committed()

    def _undo(self, jobs: list[_Job[S]], error: Exception) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._reset()
        except sqlite3.Error as second:
            log.error("undo_failed error=%s", second)  # noqa: TRY400 - the first error follows
        log.error("store_failed requests=%d error=%s: %s", len(jobs), type(error).__name__, error)
        for job in jobs:
            _tell(job.answer.set_exception, Problem(500, "the VTN could not store or read this; see its log"))


def _tell(tell: Callable[[Any], None], what: Any) -> None:
    """Whoever asked may have given up in the meantime."""
    try:
        tell(what)
    except InvalidStateError:
        log.info("nobody_waits_for_this_answer")
