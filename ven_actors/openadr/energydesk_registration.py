"""How a VEN gets its id and auth_token from an energydesk server: in the answer to its registration, or by look-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ven_actors.errors import VtnNonsense, VtnRefused
from ven_actors.model import Enrolment, Secret
from ven_actors.openadr.api import Api
from ven_actors.openadr.energydesk_shapes import WireDeskVen
from ven_actors.openadr.paging import split_page
from ven_actors.openadr.salvage import said, salvaged

if TYPE_CHECKING:
    from ven_actors.openadr.energydesk import Energydesk

_PATH = "/vens"
_GOOD = frozenset({200, 201})


class DeskRegistration:
    """Registers one VEN. A registration that is refused with 422 is not asked for again.

    `odd` has one line for each part of the VEN that could not be read and was left out.
    """

    def __init__(self, api: Api, dialect: Energydesk) -> None:
        self._api = api
        self._dialect = dialect
        self._refused_for_good = ""
        self.odd: tuple[str, ...] = ()

    def register(self, ven_name: str, refused_token: Secret | None = None) -> Enrolment:
        """Register the VEN, or adopt it with the auth_token that the server shows.

        A `refused_token` is one that the server no longer knows: first look up whether it has another. Raises
        `VtnError`; `VtnRefused` with 409 where the VEN is there and its auth_token is not to be had.
        """
        found, unreadable = (None, []) if refused_token is None else self._looked_up(ven_name)
        if found is not None and found.auth_token:
            if refused_token is not None and found.auth_token == refused_token.reveal():
                words = f"the server refuses the auth_token that it shows for VEN {ven_name!r} (401)"
                raise VtnRefused(words, status=401)
            return self._enrolment_of(found)
        if self._refused_for_good:
            raise VtnRefused(self._refused_for_good, status=422)
        answer = self._api.request("POST", _PATH, body=msgspec.json.encode(self._dialect.ven_request(ven_name)))
        if answer.status in _GOOD:
            return self._made(ven_name, answer.body)
        if 200 <= answer.status < 300:  # its body may contain the token, and must not be quoted
            raise VtnNonsense(f"the registration of {ven_name!r} is answered {answer.status}: expected 201")
        if answer.status == 409 and refused_token is None:
            found, unreadable = self._looked_up(ven_name)
            if found is not None and found.auth_token:
                return self._enrolment_of(found)
        if answer.status == 409:
            raise VtnRefused(_there_already(ven_name, unreadable, kept=refused_token is not None), status=409)
        refused = self._api.refused(answer, "POST", _PATH)
        if answer.status == 422:
            self._refused_for_good = str(refused)
        raise refused

    def _looked_up(self, ven_name: str) -> tuple[WireDeskVen | None, list[str]]:
        """The VEN of this name, best one whose token is told; and why others that are listed cannot be read."""
        answer = self._api.request("GET", _PATH, query=[("ven_name", ven_name)])
        named: list[WireDeskVen] = []
        unreadable: list[str] = []
        for raw in split_page(answer.body, "vens") if answer.status == 200 else []:
            try:
                found, odd = salvaged(raw, WireDeskVen, "a ven")
            except VtnNonsense as error:
                unreadable.append(str(error))
                continue
            if found.ven_name == ven_name:
                named.append(found)
                self.odd = odd
        return next((ven for ven in named if ven.auth_token), named[0] if named else None), unreadable

    def _made(self, ven_name: str, body: bytes) -> Enrolment:
        what = f"the registration of {ven_name!r}"
        made, self.odd = salvaged(body, WireDeskVen, what)
        if not made.auth_token:
            raise VtnNonsense(f"{what} has no auth_token")
        return self._enrolment_of(made)

    def _enrolment_of(self, ven: WireDeskVen) -> Enrolment:
        return Enrolment(ven.id, {}, dialect=self._dialect.name, auth_token=Secret(ven.auth_token))


def _there_already(ven_name: str, unreadable: list[str], *, kept: bool) -> str:
    words = f"VEN {ven_name!r} is already registered there (409), and the server does not show its auth_token"
    if unreadable:
        words += f"; the look-up shows objects that cannot be read: {said(unreadable)}"
    if kept:
        return (
            f"{words} and refuses the one that was kept (401): have the VEN deleted there; it is then registered again"
        )
    return f"{words}: give the --state folder that registered it, or have it deleted there"
