"""Checks of what the VTN lets this client do without changing anything: token, interface, scopes, pages."""

from __future__ import annotations

import msgspec

from ven_actors.errors import CredentialsRefused, VtnBusy, VtnError, VtnNonsense, VtnRefused
from ven_actors.fleet.checks.case import Case
from ven_actors.fleet.checks.finding import Finding, bad, good, warning
from ven_actors.openadr.auth import passes
from ven_actors.openadr.choosing import mismatch
from ven_actors.openadr.decoding import id_of, words_of
from ven_actors.openadr.dialect import Dialect, StandardDialect
from ven_actors.openadr.exchange import Answer
from ven_actors.openadr.paging import split_page

_NO_CREDENTIALS = (
    "no credentials were given: name them with --credentials, VEN_ACTORS_CREDENTIALS or `credentials` in the file of "
    "--config"
)
_BY_ANOTHER_ENDPOINT = (
    "have the VTN accept tokens of the endpoint that gave this one, or name another with token_url in --credentials"
)
_WRITE_SCOPES = ("write_reports", "write_vens")


def token(case: Case) -> Finding:
    if case.credentials is None or case.door.tokens is None:
        return good("not needed: no credentials are configured")
    if case.credentials.token is not None:
        return good(f"not fetched: the given token of {case.credentials.token.origin} is used")
    why = "without a token the VTN answers nothing that a VEN asks"
    try:
        case.door.tokens.token()
    except CredentialsRefused as error:
        about = f"for VEN {case.ven_name} in --credentials: "
        return bad(error.words, why, about + error.remedy if error.remedy else _token_remedy(case))
    except VtnError as error:
        return bad(str(error), why, _wait_remedy(error) or _token_remedy(case))
    return good(f"client {case.credentials.client_id!r} got one")


def _wait_remedy(error: VtnError) -> str:
    if isinstance(error, VtnBusy):
        return f"the endpoint asks to wait {error.retry_after_s:g} s; the fleet does so, for an hour at most"
    cause = error.__cause__
    if isinstance(cause, VtnRefused) and cause.status is not None and passes(cause.status):
        return "the endpoint is there but gives no tokens now; the fleet keeps asking; if this lasts, ask its operator"
    return ""


def _token_remedy(case: Case) -> str:
    assert case.credentials is not None
    if case.credentials.token_url:
        return "check token_url in --credentials, or leave it out so that the VTN is asked for it"
    return (
        f"check the path of --vtn-url {case.url}, below which the token endpoint is looked for; if it is right, name "
        "the endpoint with token_url in --credentials"
    )


def _refused_remedy(case: Case) -> str:
    if case.credentials is None:
        return _NO_CREDENTIALS
    if case.credentials.token is not None:
        return f"put a token that the VTN accepts into {case.credentials.token.origin}; a file is read again"
    return _BY_ANOTHER_ENDPOINT


def interface(case: Case) -> Finding:
    """Whether an interface that we speak is there at all, whatever it lets us see. All have their programs there."""
    path = StandardDialect.programs_path
    try:
        query = case.dialect.page_query(0, 1) if isinstance(case.dialect, StandardDialect) else []
        answer = case.door.api.request("GET", path, query=query)
    except CredentialsRefused as error:
        return bad(
            error.words,
            "who the VEN is stays unknown to the VTN",
            error.remedy or _refused_remedy(case),
        )
    except VtnRefused as error:
        return bad(
            str(error),
            "there is no OpenADR interface at this address, or it is out of order",
            "check the path in --vtn-url, which has to end with the VTN's base path, such as /openadr3/3.1.0",
        )
    if answer.status == 403:
        return good(f"GET {path} answers 403, as OpenADR would")
    if answer.status != 200:
        return bad(
            f"GET {case.url}{path} answers {answer.status}: {words_of(answer.body)}",
            "there is no OpenADR interface at this address, or it is out of order",
            "check the path in --vtn-url, which has to end with the VTN's base path, such as /openadr3/3.1.0",
        )
    try:
        split_page(answer.body, "programs")
    except VtnNonsense as error:
        return bad(
            str(error),
            "something else than a VTN answers at this address",
            "check host and path in --vtn-url",
        )
    return _other_dialect(case) or good(f"GET {path} answers as OpenADR does, in {case.dialect.name}")


def _other_dialect(case: Case) -> Finding | None:
    """Programs are listed at the same place in every dialect, so that one alone proves nothing."""
    told = case.dialect.name
    try:
        found = mismatch(case.door.api, case.dialect)
    except VtnError:
        return None  # what answers so is for the other checks to say
    if found is None or _only_lacks_vens(case, found.instead):
        return None
    instead = None if found.instead is None or found.instead is case.dialect else found.instead.name
    seen = f", it shows the traces of {instead}" if instead else ""
    return bad(
        f"the VTN at {case.url} does not speak {told}{seen}",
        f"the fleet would speak {told} to it, by --dialect, --groups or the path of --vtn-url, and be refused",
        f"say --dialect {instead or 'auto'}, or name in --vtn-url the path at which this VTN speaks {told}, if it does",
    )


def _only_lacks_vens(case: Case, instead: Dialect | None) -> bool:
    """Whether a VTN that has neither vens nor resources for us may still speak the dialect that was told."""
    standards = isinstance(case.dialect, StandardDialect) and isinstance(instead, StandardDialect | None)
    return standards and _has_none(case, _status_of(case, case.standard.vens_path))


def scopes(case: Case) -> Finding:
    """Every list is tried; what the token cannot write is known only where the VTN names its scopes."""
    dialect = case.standard
    reading = [scope for scope in dialect.scopes if scope.startswith("read_")]
    of_all, of_own = reading[0], reading[-1]
    lists = {
        dialect.programs_path: of_all,
        dialect.events_path: of_all,
        dialect.vens_path: of_own,
        dialect.reports_path: of_own,
    }
    statuses = {path: _status_of(case, path) for path in lists}
    none_for_us = {path for path in (dialect.vens_path, dialect.reports_path) if _has_none(case, statuses[path])}
    why = "a VEN that may not read or write these cannot learn what is asked of it, or cannot answer"
    forbidden = [path for path, status in statuses.items() if status == 403 and path not in none_for_us]
    missing = dict.fromkeys(lists[path] for path in forbidden)
    missing |= dict.fromkeys(_unnamed(case.door.scopes))
    if missing:
        seen = f" (403 for GET {', '.join(forbidden)})" if forbidden else " (of those that the token's answer names)"
        return bad(
            f"the token lacks the scope {', '.join(missing)}{seen}",
            why,
            f"have the VTN's operator grant {', '.join(missing)} to {_client(case)}",
        )
    odd = [f"GET {path} {status}" for path, status in statuses.items() if status != 200 and path not in none_for_us]
    if odd:
        return bad(f"answered with errors: {', '.join(odd)}", why, "look into the VTN's log")
    if none_for_us:
        seen = ", ".join(f"GET {path} {statuses[path]}" for path in sorted(none_for_us))
        return warning(
            f"programs and events can be read, but vens or reports are not available to this client: {seen}",
            "the fleet obeys the events, but its reports cannot be tied to a ven, and reports that are not accepted "
            "are kept up to --outbox-max",
            "have the VTN serve them to this client, unless this is intended",
        )
    named = case.door.scopes
    return good("all lists can be read" + (f"; the token has {', '.join(sorted(named))}" if named else ""))


def _status_of(case: Case, path: str) -> int:
    try:
        return _asked(case, path).status
    except CredentialsRefused:
        if case.credentials is not None:
            raise
        return 401


def _has_none(case: Case, status: int) -> bool:
    """Whether this answer means that the VTN has none of these for us; who has no credentials may only read events."""
    return status in {404, 405, 501} or (case.credentials is None and status in {401, 403})


def page_limits(case: Case) -> Finding:
    path, limit = case.standard.events_path, case.standard.page_limit
    answer = _asked(case, path, 0, limit)
    if answer.status != 200:
        return bad(
            f"GET {path}?skip=0&limit={limit} answers {answer.status}: {words_of(answer.body)}",
            f"{limit} is the largest page of the standard, and the one that the fleet asks for",
            "have the VTN accept it",
        )
    page = split_page(answer.body, "events")
    if len(page) < 2:
        return good(f"limit={limit} is accepted; with {len(page)} events there is only one page to see")
    first, second = (split_page(_asked(case, path, skip, 1).body, "events") for skip in (0, 1))
    if [len(first), len(second)] != [1, 1] or id_of(first[0]) == id_of(second[0]):
        return warning(
            "skip and limit are ignored",
            f"a list of more than {limit} objects may never be seen to its end",
            "have the VTN page its lists as the standard says",
        )
    return good(f"limit={limit} is accepted, skip and limit are obeyed")


def notifiers(case: Case) -> Finding:
    polled = f"events are polled every {case.config.poll_every_s:g} s"
    api = case.door.api
    answer = api.get_unauthorised("/notifiers") if api.is_anonymous else api.request("GET", "/notifiers")
    if answer.status != 200:
        return good(
            f"GET /notifiers answers {answer.status}: no broker for --push mqtt is named (3.0.1 has no such list); "
            f"--push webhook needs none; {polled}"
        )
    try:
        offered = sorted(msgspec.json.decode(answer.body, type=dict[str, object]))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return warning(
            f"GET /notifiers cannot be read: {error}", f"push cannot be used; {polled}", "tell the VTN's maker"
        )
    return good(f"the VTN offers {', '.join(offered) or 'nothing'}; {polled}")


def _asked(case: Case, path: str, skip: int = 0, limit: int = 1) -> Answer:
    return case.door.api.request("GET", path, query=case.standard.page_query(skip, limit))


def _unnamed(named: frozenset[str] | None) -> list[str]:
    """Write scopes that are missing from a list of OpenADR's scopes; other lists say nothing about them.

    Some VTNs tell `write_vens_ven` from `write_vens_bl`: either is enough to be tried.
    """
    if named is None or not any(scope.startswith(("read_", "write_")) for scope in named):
        return []
    return [scope for scope in _WRITE_SCOPES if not any(each.startswith(scope) for each in named)]


def _client(case: Case) -> str:
    if case.credentials is None or not case.credentials.client_id:
        return "this client"
    return f"client {case.credentials.client_id!r}"
