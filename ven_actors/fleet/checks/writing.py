"""Checks that change something on the VTN (`--write`): the registration a fleet makes."""

from __future__ import annotations

from ven_actors.errors import VtnRefused
from ven_actors.fleet.checks.case import Case
from ven_actors.fleet.checks.finding import Finding, bad, good, warning


def vens(case: Case) -> Finding:
    try:
        ven_id = case.client.enrol(case.ven_name, (), None).ven_id
    except VtnRefused as error:
        return _refused(case, str(error), error.status, "register itself", "write_vens", "make the VEN for it")
    if not ven_id:
        return warning(
            "the VTN has no vens for this client",
            "reports cannot be tied to a ven",
            "see the check of the registration",
        )
    return good(f"VEN {case.ven_name} is registered, id {ven_id}")


def resources(case: Case) -> Finding:
    resource = case.resources[0]
    try:
        made = case.client.enrol(case.ven_name, (resource,), None)
    except VtnRefused as error:
        return _refused(case, str(error), error.status, "register its resources", "write_vens", "make them for it")
    if resource.name not in made.resource_ids:
        return warning(
            "the VTN has no vens or no resources for this client",
            "reports cannot be tied to a resource",
            "see the check of the registration",
        )
    return good(f"resource {resource.name} is registered, id {made.resource_ids[resource.name]}")


def _refused(case: Case, what: str, status: int, cannot: str, scope: str, otherwise: str) -> Finding:
    why = f"the VEN cannot {cannot}"
    if status == 403:
        return bad(what, why, f"have the VTN's operator grant the scope {scope} to this client, or {otherwise}")
    return bad(what, why, f"show these words to the operator of {case.host}; the VTN's log may say more")
