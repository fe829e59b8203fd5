"""Checks that change something on the VTN (`--write`): the registration a fleet makes, and a report taken back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from ven_actors.errors import VtnRefused
from ven_actors.fleet.checks.asking import requests_of
from ven_actors.fleet.checks.case import Case
from ven_actors.fleet.checks.finding import Finding, bad, good, warning
from ven_actors.openadr.decoding import id_of, words_of


def vens(case: Case) -> Finding:
    try:
        ven_id = case.client.enrol(case.ven_name, (), None).ven_id
    except VtnRefused as error:
        return _refused(case, str(error), error.status, "register itself", "write_vens", "make the VEN for it")
    return good(f"VEN {case.ven_name} is registered, id {ven_id}")


def resources(case: Case) -> Finding:
    resource = case.resources[0]
    try:
        made = case.client.enrol(case.ven_name, (resource,), None)
    except VtnRefused as error:
        return _refused(case, str(error), error.status, "register its resources", "write_vens", "make them for it")
    return good(f"resource {resource.name} is registered, id {made.resource_ids[resource.name]}")


def reports(case: Case) -> Finding:
    """POST a report without a measured value, and DELETE it again."""
    path = case.standard.reports_path
    answer = case.client.post_report(msgspec.json.encode(_report(case)))
    if answer.status not in case.standard.report_success:
        words = f"POST {path} answers {answer.status}: {words_of(answer.body)}"
        return _refused(case, words, answer.status, "deliver a single reading", "write_reports", "look into its log")
    report_id = id_of(answer.body)
    if report_id is None:
        return warning(
            f"POST {path} answers {answer.status} without the id of what it stored",
            "the report for trial stays on the VTN",
            "have the VTN answer with the stored report",
        )
    deleted = case.door.api.request("DELETE", f"{path}/{quote(report_id, safe='')}")
    if not 200 <= deleted.status < 300:
        return warning(
            f"a report can be sent, but not taken back: DELETE answers {deleted.status}",
            f"the report for trial, {report_id}, stays on the VTN",
            "delete it on the VTN",
        )
    return good("a report was accepted, and taken back")


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


def _refused(case: Case, what: str, status: int, cannot: str, scope: str, otherwise: str) -> Finding:
    why = f"the VEN cannot {cannot}"
    if status == 403:
        return bad(what, why, f"have the VTN's operator grant the scope {scope} to this client, or {otherwise}")
    return bad(what, why, f"show these words to the operator of {case.host}; the VTN's log may say more")
