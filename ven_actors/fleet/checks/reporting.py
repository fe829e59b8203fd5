"""The check of what the VTN makes of a report (`--write`): a trial report, which is deleted again."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from ven_actors.errors import VtnError, VtnRefused
from ven_actors.fleet.checks.asking import requests_of
from ven_actors.fleet.checks.case import Case
from ven_actors.fleet.checks.finding import Finding, bad, good, warning
from ven_actors.openadr.comparison import same_report
from ven_actors.openadr.decoding import id_of, words_of
from ven_actors.openadr.exchange import Answer

_WHY = "the VEN cannot deliver a single reading"
_NO_SUCH_EVENT = "ven-actors-doctor-no-such-event"
_MAY_MEAN_NO_EVENT = frozenset({400, 404, 409, 422})


def reports(case: Case) -> Finding:
    """POST a report without a measured value, and DELETE it again; then ask for an event that does not exist."""
    path, body = case.standard.reports_path, _report(case)
    sent = msgspec.json.encode(body)
    answer = case.client.post_report(sent)
    by_200 = answer.status == 200 and same_report(sent, answer.body)
    if answer.status not in case.standard.report_success and not by_200:
        return _refused(case, answer, body)
    report_id = id_of(answer.body)
    if report_id is None:
        return warning(
            f"POST {path} answers {answer.status} without the id of what it stored",
            "the trial report stays on the VTN",
            "have the VTN answer with the stored report",
        )
    left = _taken_back(case, report_id)
    if left is not None:
        return left
    if by_200:
        return warning(
            f"POST {path} answers 200 with the stored report, where the standard asks for 201",
            "the fleet takes such a report as accepted; other clients may not",
            "have the VTN answer 201",
        )
    return (
        _of_a_known_event(case, body["eventID"])
        or _of_an_unknown_event(case)
        or good("a report was accepted and deleted again")
    )


def _of_a_known_event(case: Case, event_id: str) -> Finding | None:
    """What is odd about the answer to a GET of an event that the VTN lists."""
    if _is_there(case, event_id):
        return None
    return warning(
        f"GET {case.standard.event_path(event_id)} answers 404 though the VTN lists this event",
        "a report that the VTN refuses is withdrawn as if its event were gone, until the events are read again",
        "have the VTN answer a VEN's GET of an event that it lists",
    )


def _of_an_unknown_event(case: Case) -> Finding | None:
    """What is odd about the answer to a GET of an event that does not exist: by it a VEN learns that one is gone."""
    path, why = (
        case.standard.event_path(_NO_SUCH_EVENT),
        "after an event is replaced, its last reports are held for a long time",
    )
    remedy = "have the VTN answer 404 to a VEN's GET of an event that does not exist"
    try:
        if not case.client.event_exists(_NO_SUCH_EVENT):
            return None
    except VtnRefused as error:
        return warning(f"whether an event is gone cannot be told: {error}", why, remedy)
    return warning(f"GET {path} answers 200 though there is no such event", why, remedy)


def _taken_back(case: Case, report_id: str) -> Finding | None:
    """Delete the trial report; the finding if that fails."""
    path = f"{case.standard.reports_path}/{quote(report_id, safe='')}"
    deleted = case.door.api.request("DELETE", path)
    if 200 <= deleted.status < 300:
        return None
    return warning(
        f"a report can be sent, but not deleted: DELETE answers {deleted.status}",
        f"the trial report, {report_id}, stays on the VTN",
        "delete it on the VTN",
    )


def _report(case: Case) -> dict[str, Any]:
    request = requests_of(case)[0]
    missing = {"id": 0, "payloads": [{"type": "DATA_QUALITY", "values": ["MISSING"]}]}
    report: dict[str, Any] = {
        "eventID": request.event_id,
        "clientName": case.ven_name,
        "reportName": f"{case.ven_name}.{request.event_id}.doctor",
        "resources": [{"resourceName": case.resources[0].name, "intervals": [missing]}],
    }
    return report | {"programID": request.program_id} if case.standard.reports_name_program else report


def _refused(case: Case, answer: Answer, report: dict[str, Any]) -> Finding:
    """Name the cause as far as it can be found out."""
    what = f"POST {case.standard.reports_path} answers {answer.status}: {words_of(answer.body)}"
    if answer.status in _MAY_MEAN_NO_EVENT and not _is_there(case, report["eventID"]):
        remedy = "run doctor again; if this stays, ask the VTN's operator why the list of events shows it"
        return bad(
            f"{what}; its event {report['eventID']} no longer exists", "the event has just been replaced", remedy
        )
    if answer.status == 409 and _is_stored(case, report):
        remedy = f"delete the report named {report['reportName']} on the VTN"
        return bad(f"{what}; an earlier trial report is still there", _WHY, remedy)
    if answer.status == 408 or answer.status >= 500:
        return _failed(case, what, answer, report)
    if answer.status == 403 and not _is_a_page(answer):
        remedy = "have the VTN's operator grant the scope write_reports to this client, or look into its log"
        return bad(what, _WHY, remedy)
    if 300 <= answer.status < 400 or answer.status in {403, 404, 405}:
        elsewhere = (
            "a proxy, firewall or login page in front of the VTN answers, or the VTN has no reports at this path"
        )
        remedy = f"have the operator of {case.host} let a VEN's POST through, and check the path of --vtn-url"
        return bad(what, f"{_WHY}: {elsewhere}; the fleet holds its reports, and tries again ever more rarely", remedy)
    return bad(what, _WHY, f"show these words to the operator of {case.host}; the VTN's log may say more")


def _failed(case: Case, what: str, answer: Answer, report: dict[str, Any]) -> Finding:
    remedy = f"show these words to the operator of {case.host}; the VTN's log may say more"
    if answer.status == 501:
        return bad(what, f"{_WHY}: the VTN says that it does not accept reports", remedy)
    if not _is_stored(case, report):
        return bad(what, _WHY, remedy)
    return bad(
        f"{what}; but it has stored the report",
        "each report has to be looked up before it is sent again, and is stored twice where a client does not",
        f"{remedy}; then delete the report named {report['reportName']} there",
    )


def _is_there(case: Case, event_id: str) -> bool:
    try:
        return case.client.event_exists(event_id)
    except VtnError:
        return True  # unknown; the finding then shows the VTN's own words


def _is_stored(case: Case, report: dict[str, Any]) -> bool:
    try:
        return case.client.find_report(report["eventID"], report["reportName"], 0).report is not None
    except VtnError:
        return False


def _is_a_page(answer: Answer) -> bool:
    """Whether the answer is HTML, as from a gateway in front of the VTN."""
    return answer.body.lstrip()[:1] == b"<"
