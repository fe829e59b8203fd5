"""What the VTN answers when it does not do what was asked: the standard's `problem` object."""

from __future__ import annotations

from http import HTTPStatus

import msgspec


class Problem(Exception):  # noqa: N818 - the standard's word
    """A request that ends with a status of 400 or more; `detail` says what was wrong and what to do."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        error: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}
        self.error = error


class StateUnusable(Exception):  # noqa: N818 - named after what it found
    """The state folder cannot be used: taken, broken, or of another make. One line for the operator."""


def problem_json(problem: Problem) -> bytes:
    """The `problem` object (OpenADR 3.1.0), with OAuth's `error` beside it where the token endpoint gives one."""
    fields: dict[str, str | int] = {
        "type": "about:blank",
        "title": title_of(problem.status),
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.error is not None:
        fields["error"] = problem.error
    return msgspec.json.encode(fields)


def title_of(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
