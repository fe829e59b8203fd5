"""JSON in, objects out; every way in which JSON can be broken becomes `VtnNonsense` here."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.openadr.wire import Identified

T = TypeVar("T")

_SHOWN = 80
_WORDS = 300
_decoders: dict[type, msgspec.json.Decoder[Any]] = {}
_building = threading.Lock()


def decode(body: bytes | msgspec.Raw, shape: type[T], what: str, *, secret: bool = False) -> T:
    """`body` as `shape`. Raises `VtnNonsense`: no JSON, NaN, nested too deep, or of another shape.

    A `secret` body is not quoted in the error.
    """
    try:
        read: T = _decoder(shape).decode(body)
    except RecursionError:
        raise VtnNonsense(f"{what} is nested too deep to be read") from None
    except (msgspec.MsgspecError, ValueError) as error:
        quoted = "" if secret else f"; it begins {bytes(body)[:_SHOWN]!r}"
        raise VtnNonsense(f"{what} cannot be read: {error}{quoted}") from None
    return read


def _decoder(shape: type) -> msgspec.json.Decoder[Any]:
    """One per shape, built by one thread at a time: msgspec crashes where two are the first to meet a Struct."""
    decoder = _decoders.get(shape)
    if decoder is None:
        with _building:
            decoder = _decoders.setdefault(shape, msgspec.json.Decoder(shape, strict=False))
    return decoder


def id_of(raw: bytes | msgspec.Raw) -> str | None:
    """The id of an object that may be broken otherwise."""
    try:
        return decode(raw, Identified, "an object").id
    except VtnNonsense:
        return None


def words_of(body: bytes) -> str:
    """What an error answer says, short and on one line; error bodies need not be JSON (R41)."""
    text = " ".join(body[: 2 * _WORDS].decode("utf-8", "replace").split())
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:_WORDS]
