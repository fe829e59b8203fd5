"""Inbound JSON of energydesk: lenient shapes, in which what is unknown, absent or null is no error."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.model import RegistrationStatus
from ven_actors.openadr.salvage import said, salvaged
from ven_actors.openadr.wire import Named

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

    id: Named
    ven_name: str = ""
    auth_token: str = ""
    client_name: str = ""


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
                    if isinstance(value, str) and value in RegistrationStatus.__members__:
                        return RegistrationStatus(value)
        return None


def read_resources(raws: Sequence[msgspec.Raw], names: Collection[str]) -> tuple[list[WireDeskResource], list[str]]:
    """What can be read of a list of resources, and one line for each of ours of which something cannot.

    Ours are those of these `names`, and those without a name.
    """
    read: list[WireDeskResource] = []
    odd: list[str] = []
    for number, raw in enumerate(raws):
        try:
            found, left_out = salvaged(raw, WireDeskResource, "a resource")
        except VtnNonsense as error:
            odd.append(f"resource number {number} of the list: {error}")
            continue
        read.append(found)
        if left_out and (found.resource_name in names or not found.resource_name):
            odd.append(f"resource {found.resource_name or found.id!r}: {said(left_out)}")
    return read, odd
