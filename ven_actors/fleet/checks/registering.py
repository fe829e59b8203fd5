"""The check of what the VTN knows of the VEN already; a fleet makes what is missing. Nothing is changed."""

from __future__ import annotations

from ven_actors.errors import VtnNonsense, VtnRefused
from ven_actors.fleet.checks.case import Case
from ven_actors.fleet.checks.finding import Finding, bad, good, warning
from ven_actors.openadr.dialect import StandardDialect
from ven_actors.openadr.salvage import said
from ven_actors.openadr.targeting import Own

_UNTIED = "the fleet reads such a VTN and obeys it, but its reports cannot be tied to a ven"
_LOST = "the VTN has lost the VEN: it has another state than when the VEN was registered"
_AGAIN = "a fleet registers it again when it starts or, if it runs, within ten minutes"


def registration(case: Case) -> Finding:
    if not isinstance(case.dialect, StandardDialect):
        return _by_own_token(case)
    try:
        own = case.registered
    except VtnNonsense as error:
        if case.config.parsing != "strict":
            raise
        return bad(
            f"VEN {case.ven_name} or a resource of it is not as the standard says: {error}",
            "with strict parsing the VEN fails with that reason",
            "have the VTN's operator correct it, or leave out --parsing strict: what is odd is then left out",
        )
    unregistered = case.enroller.unregistered
    if unregistered:
        return warning(
            f"the VTN has no vens or no resources for this client: {unregistered}",
            _UNTIED,
            "have the VTN serve /vens to this client, unless this is intended",
        )
    return _missing(case) if own is None else _there(case, own)


def _missing(case: Case) -> Finding:
    if case.enroller.unreadable:
        return warning(
            f"VEN {case.ven_name} is not listed, but the VTN lists vens that cannot be read: "
            f"{said(case.enroller.unreadable)}",
            "if one of them is this VEN, the fleet cannot find it and cannot create it (409)",
            "have the VTN's operator correct or delete them",
        )
    if case.known is not None and case.known.ven_id:
        return warning(
            f"VEN {case.ven_name} is not there; the state folder has it registered as {case.known.ven_id}",
            _LOST,
            _AGAIN,
        )
    return good(f"VEN {case.ven_name} is not there yet; the fleet registers it, or provision does")


def _there(case: Case, own: Own) -> Finding:
    known = sum(resource.name in own.resources for resource in case.resources)
    what = f"VEN {case.ven_name} is there, with {known} of its {len(case.resources)} resources"
    if case.enroller.odd:
        return warning(
            f"{what}; parts of them cannot be read: {said(case.enroller.odd)}",
            "the fleet leaves them out, and does not ask for a target among them",
            "have the VTN's operator correct them",
        )
    return good(what)


def _by_own_token(case: Case) -> Finding:
    """Where a VEN has a token of its own, the VTN knows it as long as it takes that."""
    known = case.known
    if known is None or known.auth_token is None:
        return good(f"{case.dialect.name} cannot be asked for a VEN without the VEN's own token")
    try:
        answer = case.door.api.request_as(known.auth_token, "GET", "/events")
    except VtnRefused as error:
        return warning(
            str(error),
            f"{_LOST}; the client's credentials are not at fault",
            f"{_AGAIN}, after a look-up by name; where the server refuses that (409), have the VEN deleted there",
        )
    return good(f"the VTN takes VEN {case.ven_name}'s own token (GET /events answers {answer.status})")
