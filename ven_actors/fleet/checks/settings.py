"""Checks of what stands on this machine: the VEN, its resources, certificates and credentials."""

from __future__ import annotations

from ven_actors.errors import UsageError
from ven_actors.fleet.checks.case import Case
from ven_actors.fleet.checks.finding import Finding, bad, good, warning
from ven_actors.fleet.remedies import resources_line


def configuration(case: Case) -> Finding:
    try:
        _ = case.ssl_context
    except UsageError as error:
        return bad(
            str(error),
            "without authorities to trust no certificate can be checked",
            "name a readable PEM file with --ca-file, or leave it out to trust those of this machine",
        )
    if not case.resources:
        return bad(
            f"VEN {case.ven_name} has no approved resources",
            "a VEN without resources measures nothing and reports nothing",
            f"run `{_approve(case)}`, or name another VEN with --vens",
        )
    dialect = "in a dialect to be found out" if case.choice.dialect is None else f"in {case.choice.dialect.name}"
    return good(f"VEN {case.ven_name} with {len(case.resources)} approved resources, {dialect}")


def _approve(case: Case) -> str:
    words = ("approve", case.ven_name) if case.config.registry_path.exists() else ("make",)
    return resources_line(case.config, *words)


def credentials(case: Case) -> Finding:
    """Reads secrets, shows none."""
    try:
        own = case.credentials
    except UsageError as error:
        return bad(
            str(error),
            "without its client id and secret the VEN gets no token",
            "correct what --credentials names; the README shows how a file and a template look",
        )
    source = case.credential_source
    if case.embedded is not None:
        return good("those of the embedded VTN")
    if own is None or source is None:
        return good("none are configured: requests go without a token, which only an open VTN answers")
    if source.warnings:
        return warning("; ".join(source.warnings), "whoever has a secret can speak as this VEN", "see above")
    if own.token is not None:
        return good(f"a given token, of {own.token.origin}")
    return good(f"client {own.client_id!r}, from {source.origin}")
