"""What a VTN gave a VEN, as bytes for the store and back; only here is a token written down."""

from __future__ import annotations

from typing import Any

import msgspec

from ven_actors.model import Enrolment, Secret


def pack_enrolment(enrolment: Enrolment) -> bytes:
    return msgspec.msgpack.encode(enrolment, enc_hook=_plain)


def unpack_enrolment(packed: bytes) -> Enrolment:
    """Raises `msgspec.MsgspecError` for anything that `pack_enrolment` did not write."""
    return _enrolment.decode(packed)


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"{type(value).__name__} cannot be stored")


def _secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(f"{kind.__name__} cannot be read from {type(value).__name__}")


_enrolment = msgspec.msgpack.Decoder(Enrolment, dec_hook=_secret)
