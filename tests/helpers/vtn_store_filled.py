"""The embedded VTN's store, opened and filled."""

from __future__ import annotations

from pathlib import Path

from ven_actors.testing.vtn import BL, VEN
from ven_actors.vtn.app import Limits, Vtn
from ven_actors.vtn.facts import Draft, Kind, ReportDraft, ReportQuery
from ven_actors.vtn.rules import EVERYTHING, Rules


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
