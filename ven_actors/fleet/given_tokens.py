"""Bearer tokens that were given to VENs: each goes to one VTN alone."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from ven_actors.config import FleetConfig
from ven_actors.errors import UsageError
from ven_actors.fleet.dialects import asked_for
from ven_actors.model import Credentials, Secret


def check_given_tokens(config: FleetConfig, credentials: Mapping[str, Credentials]) -> None:
    """Raise `UsageError` where two VTNs would get the same one.

    A VTN that has the token can act as these VENs at the other VTN.
    """
    places: dict[Secret, tuple[str, str]] = {}
    for name, own in credentials.items():
        url = asked_for(config, name)[1]
        if own.token is None or url is None:
            continue
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc}"
        first, known = places.setdefault(own.token.value, (name, place))
        if known != place:
            raise UsageError(
                f"--credentials: VENs {first} and {name} have the same token ({own.token.origin}), which would go to "
                f"{known} and to {place}; give the VENs of each VTN a token of their own"
            )
