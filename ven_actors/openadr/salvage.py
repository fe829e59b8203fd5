"""An object of ours at the VTN, read without its unreadable parts: it needs only its id and its name."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import UNSET

from ven_actors.errors import VtnNonsense
from ven_actors.openadr.decoding import decode

T = TypeVar("T")

_SHOWN = 5


def salvaged(raw: bytes | msgspec.Raw, shape: type[T], what: str) -> tuple[T, tuple[str, ...]]:
    """`raw` as `shape`, without the properties and elements of lists that cannot be read; null counts as absent.

    Also one line for each part that was left out. No part is quoted, as it may be a secret. Raises `VtnNonsense` where
    `shape` cannot do without what is missing.
    """
    odd: list[str] = []
    read = _part(raw, shape, "", odd)
    if read is UNSET:
        raise VtnNonsense(f"{what} cannot be read: {said(odd)}")
    return read, tuple(odd)


def said(odd: Sequence[str]) -> str:
    """The first few of these lines as one, and how many more there are."""
    more = len(odd) - _SHOWN
    return "; ".join(odd[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _part(raw: bytes | msgspec.Raw, shape: Any, place: str, odd: list[str]) -> Any:
    """The part, or UNSET where nothing can be made of it."""
    try:
        return decode(raw, shape, place or "it", secret=True)
    except VtnNonsense as error:
        inner = _without_none(shape)
        origin = get_origin(inner) or inner
        if origin is list:
            return _elements(raw, get_args(inner)[0], place, odd)
        if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
            return _properties(raw, inner, place, odd)
        odd.append(_line(error))
        return UNSET


def _elements(raw: bytes | msgspec.Raw, shape: Any, place: str, odd: list[str]) -> Any:
    try:
        elements = decode(raw, list[msgspec.Raw], place or "it", secret=True)
    except VtnNonsense as error:
        odd.append(_line(error))
        return UNSET
    read = (_part(element, shape, f"{place}[{number}]", odd) for number, element in enumerate(elements))
    return [element for element in read if element is not UNSET]


def _properties(raw: bytes | msgspec.Raw, shape: Any, place: str, odd: list[str]) -> Any:
    try:
        properties = decode(raw, dict[str, msgspec.Raw], place or "it", secret=True)
    except VtnNonsense as error:
        odd.append(_line(error))
        return UNSET
    read: dict[str, Any] = {}
    for field in msgspec.structs.fields(shape):
        name = f"{place}.{field.encode_name}" if place else field.encode_name
        part = properties.get(field.encode_name, _NULL)
        value = UNSET if bytes(part) == _NULL else _part(part, field.type, name, odd)
        if value is not UNSET:
            read[field.name] = value
        elif field.required:
            if bytes(part) == _NULL:
                odd.append(f"{name} is missing")
            return UNSET
    return (get_origin(shape) or shape)(**read)


def _line(error: VtnNonsense) -> str:
    return str(error).replace(" cannot be read: ", ": ", 1)


def _without_none(shape: Any) -> Any:
    """The shape of what may be null as well."""
    if get_origin(shape) in {Union, types.UnionType}:
        kinds = [kind for kind in get_args(shape) if kind is not types.NoneType]
        return kinds[0] if len(kinds) == 1 else shape
    return shape


_NULL = b"null"
