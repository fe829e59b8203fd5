"""What an in-process VTN holds of the energydesk interface, read and changed past HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from ven_actors.testing.vtn import InProcessVtn
from ven_actors.vtn.energydesk.book import Book, Plan, Status
from ven_actors.vtn.energydesk.routes import PREFIX

__all__ = ["EnergydeskDesk", "Plan", "Status"]

_WITHIN_S = 30.0
_ALL = 2**31
T = TypeVar("T")


class EnergydeskDesk:
    """The energydesk side of `vtn`; `base_url` is what its clients are given."""

    def __init__(self, vtn: InProcessVtn) -> None:
        self._vtn = vtn
        self.base_url = vtn.root_url + PREFIX

    def reports(self) -> list[dict[str, Any]]:
        """All readings and announced reports, in the order in which they came."""
        rows = self._do(lambda book: book.reports(0, _ALL))
        return [{"id": report_id} | msgspec.json.decode(body) for report_id, body in rows]

    def responses(self) -> list[tuple[str, str, str]]:
        """Event, ven and response of each."""
        return self._do(lambda book: book.responses())

    def enrolments(self) -> list[tuple[str, str]]:
        """Program and resource of each."""
        return self._do(lambda book: book.enrolments())

    def set_status(self, status: Status, *resource_names: str) -> None:
        """Change the registration state of all resources of these names; of all there are if none is named."""
        for resource in self._vtn.resources():
            if not resource_names or resource["resourceName"] in resource_names:
                self._set(resource["id"], status)

    def _set(self, resource_id: str, status: Status) -> None:
        self._do(lambda book: book.set_status(resource_id, status))

    def _do(self, work: Callable[[Book], T]) -> T:
        book = self._vtn.vtn.book
        return self._vtn.vtn.worker.submit(lambda _rules: work(book)).result(_WITHIN_S)
