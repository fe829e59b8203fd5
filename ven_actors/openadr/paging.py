"""Reading a list that comes in pages and may shift while it is read (R11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.openadr.decoding import decode, id_of

T = TypeVar("T")

MOST_PAGES = 1_000


def split_page(body: bytes, what: str) -> list[msgspec.Raw]:
    """The objects of one page, each still JSON, so that a bad one does not cost the others."""
    return decode(body, list[msgspec.Raw], f"the list of {what}")


def pages(get_page: Callable[[int], bytes], what: str, limit: int = 50) -> Iterator[list[bytes]]:
    """The objects of each page that were not on an earlier one; those without a readable id are told by their bytes."""

    def get_objects(skip: int) -> list[tuple[str | bytes, bytes]]:
        return [(id_of(raw) or raw, raw) for raw in map(bytes, split_page(get_page(skip), what))]

    return paged(get_objects, what, limit)


def paged(
    get_objects: Callable[[int], Sequence[tuple[str | bytes, T]]],
    what: str,
    limit: int = 50,
    ends_with_short: Callable[[], bool] = lambda: False,
) -> Iterator[list[T]]:
    """The objects of each page that were not on an earlier one, by their keys.

    `get_objects` takes how many objects to skip. A page of more than the `limit` asked for counts as one of the limit:
    a VTN that shows each object twice may do so after counting. Ends with an empty page, or one without a new key.
    One of less than the limit ends it if it `ends_with_short` pages. Raises `VtnNonsense` when there is no end to it.
    """
    seen: set[str | bytes] = set()
    skip = 0
    for _ in range(MOST_PAGES):
        found = get_objects(skip)
        skip += min(len(found), limit)
        fresh: list[T] = []
        for key, each in found:
            if key not in seen:
                seen.add(key)
                fresh.append(each)
        if not fresh:
            return
        yield fresh
        if len(found) < limit and ends_with_short():
            return
    raise VtnNonsense(f"the list of {what} has no end: {len(seen)} objects in {MOST_PAGES} pages")
