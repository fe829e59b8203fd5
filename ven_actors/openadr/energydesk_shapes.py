"""Inbound JSON of energydesk: lenient shapes, in which what is unknown, absent or null is no error."""

from __future__ import annotations

from typing import Any

import msgspec

from ven_actors.model import RegistrationStatus

STATUS_NAME, STATUS_TYPE = "status", "prequalification"


class WireDeskEvent(msgspec.Struct):
    id: str
    event_name: str | None = None
    program_id: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    status: str | None = None
    modification_number: int | None = None


class WireDeskVen(msgspec.Struct):
    """`auth_token` is a secret: what cannot be read of this is not quoted."""

    id: str
    ven_name: str = ""
    auth_token: str = ""


class WireDeskAttribute(msgspec.Struct):
    attribute_name: str = ""
    attribute_type: str | None = None
    attribute_values: list[Any] | None = None


class WireDeskResource(msgspec.Struct):
    id: str | None = None
    resource_name: str | None = None
    attributes: list[WireDeskAttribute] | None = None

    @property
    def status(self) -> RegistrationStatus | None:
        """Its registration state; None where the VTN says none that is known."""
        for attribute in self.attributes or ():
            if attribute.attribute_name == STATUS_NAME and attribute.attribute_type in {None, STATUS_TYPE}:
                for value in attribute.attribute_values or ():
                    if value in RegistrationStatus.__members__:
                        return RegistrationStatus(value)
        return None
