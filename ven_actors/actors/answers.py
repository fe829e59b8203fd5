"""What a sender reads in an answer's body: whether it is a stored report, and what an error says."""

from __future__ import annotations

import msgspec

_WORDS = 300


class _StoredReport(msgspec.Struct):
    """As much of a stored report as proves that the answer is one, and whole."""

    id: str


_stored = msgspec.json.Decoder(_StoredReport)


def is_stored(body: bytes) -> bool:
    try:
        _stored.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def is_said(body: bytes) -> bool:
    """Whether an answer to a single reading is whole; what it says beyond its status is not known."""
    try:
        msgspec.json.decode(body or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def words_of(body: bytes) -> str:
    """What an error answer says, short and on one line."""
    text = " ".join(body[: 2 * _WORDS].decode("utf-8", "replace").split())[:_WORDS]
    return "".join(letter if letter.isprintable() else "?" for letter in text) or "no explanation"


def doubt_about(status: int, body: bytes) -> str:
    """Why an answer, good or bad, does not prove whether the VTN has the report."""
    if not 200 <= status < 300:
        return f"the VTN answers {status}: {words_of(body)}; it may still have stored the report"
    said = f"a body other than the stored report: {words_of(body)}" if body.strip() else "an empty body"
    return f"the VTN answers {status} with {said}"
