"""The meaning of a token endpoint's refusals, and what to do about each (RFC 6749 5.2, RFC 8707 2)."""

from __future__ import annotations

import msgspec

from ven_actors.errors import CredentialsRefused, VtnNonsense
from ven_actors.model import Credentials
from ven_actors.openadr.decoding import decode

_REFUSING = frozenset({400, 401, 403})
# Codes that some endpoints give with a 400 although they mean a trouble that passes.
PASSING = frozenset({"server_error", "slow_down", "temporarily_unavailable", "too_many_requests"})


class _WireRefusal(msgspec.Struct):
    error: str = ""
    error_description: str = ""


def error_code(body: bytes) -> str:
    """The OAuth error code of an answer, empty where it names none."""
    try:
        return decode(body, _WireRefusal, "the refusal", secret=True).error
    except VtnNonsense:
        return ""


def is_refusal(status: int, code: str) -> bool:
    """Whether trying again cannot help."""
    return status in _REFUSING and code not in PASSING


def refusal(url: str, credentials: Credentials, status: int, code: str, words: str) -> CredentialsRefused:
    """The error for a token request that `url` refuses with this status, code and `words`."""
    message = f"{url} refuses client {credentials.client_id!r} with {status}: {words}"
    return CredentialsRefused(message, remedy=_remedy(credentials, code))


def _remedy(credentials: Credentials, code: str) -> str:
    form = dict(credentials.form)
    kind = next((field for field in ("scope", "audience") if code in _ABOUT[field] and field in form), "")
    if kind:
        return f"correct {kind} {form[kind]!r} in the credentials, or have the endpoint's operator grant it"
    sent = f" (sent were {', '.join(form)})" if code == "invalid_request" and form else ""
    return _REMEDIES.get(code, _OTHERWISE) + sent


_ABOUT = {"scope": {"invalid_scope"}, "audience": {"access_denied", "invalid_target"}}
_GRANT = "have the endpoint's operator allow this client the grant client_credentials, or correct token_url"
_REMEDIES = {
    "invalid_scope": "set scope in the credentials to what the endpoint grants this client",
    "invalid_target": "name the VTN as the endpoint knows it, with audience or form.resource in the credentials",
    "invalid_request": "add the missing field to the credentials: scope, audience, or form.NAME",
    "unauthorized_client": _GRANT,
    "unsupported_grant_type": _GRANT,
    "access_denied": (
        "name the VTN with audience in the credentials if the endpoint wants that, or have its operator grant this "
        "client access"
    ),
}
_OTHERWISE = (
    "check client id and secret; if both are right, the endpoint may want them in another way (token_auth: form or "
    "basic)"
)
