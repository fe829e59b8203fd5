"""Quirks: deviations that real VTNs show, each on request."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    _Base = click.ParamType[frozenset["Quirk"]]
else:
    _Base = click.ParamType


class Quirk(StrEnum):
    """What a VTN does otherwise than the standard says; the name is that of the option's value."""

    NAIVE_TIMES = "naive-times"
    """Time stamps bear no zone; UTC is meant."""
    TIME_ONLY = "time-only"
    """createdDateTime and modificationDateTime have no date."""
    DOUBLED = "doubled"
    """Lists hold every object twice, and pages are cut from that."""
    NULLS = "nulls"
    """Every property that is not set is there, as null."""
    FORBIDDEN_TOKEN = "forbidden-token"  # noqa: S105 - a name
    """A token that is not, or no longer, good is answered 403 instead of 401."""
    UNIQUE_REPORT_NAMES = "unique-report-names"
    """A reportName can be used once, whoever uses it; the second is answered 409."""
    FOREIGN_KEYS = "foreign-keys"
    """What something else refers to cannot be deleted (409): a program with events, an event with reports."""
    NO_EXPIRES_IN = "no-expires-in"
    """Tokens do not say how long they are good for."""
    SCOPE_ARRAY = "scope-array"
    """The token answer's scope is an array."""
    LIST_ERRORS = "list-errors"
    """The body of an error is a list."""
    SHIFTING_PAGES = "shifting-pages"
    """Each page after the first begins one object early, as if something had been inserted in front."""
    IGNORED_FILTERS = "ignored-filters"
    """Queries are read over, but for skip and limit."""
    REWRITTEN_DURATIONS = "rewritten-durations"
    """PT1H comes back as P0Y0M0DT1H0M0S."""
    NESTED_TARGETS = "nested-targets"
    """The targets of a ven end with an empty list, when it is read."""
    UNKNOWN_EVENT_400 = "unknown-event-400"
    """A report for an unknown event is answered 400 instead of 409."""
    ACCEPTS_WITH_200 = "accepts-with-200"
    """A new report is answered 200 instead of 201."""
    OPEN_301 = "open-3.0.1"
    """In 3.0.1 every client with the scope reads and changes everything, as the standard has it."""
    STORED_THEN_500 = "stored-then-500"
    """Every third new report is stored and answered 500; the same one sent again is answered as it should be."""
    COMES_BACK_EMPTY = "comes-back-empty"
    """8 s after the first request, and 10 s later again, everything but reports is gone, tokens too."""
    SLOW_AND_SERIAL = "slow-and-serial"
    """One request after the other, each takes 0.3 s."""


TROUBLES = frozenset({Quirk.STORED_THEN_500, Quirk.COMES_BACK_EMPTY, Quirk.SLOW_AND_SERIAL})
"""Quirks that show at times or over time; all others show in every answer."""
ALL = frozenset(Quirk) - TROUBLES


def quirks_of(names: Iterable[str]) -> frozenset[Quirk]:
    """The quirks of these names; `all` stands for `ALL`. Raises `ValueError` for an unknown name."""
    return frozenset(quirk for name in names for quirk in (ALL if name == "all" else [Quirk(name)]))


class QuirkNames(_Base):
    """A quirk's name, or several with commas between them."""

    name = "NAME"

    def convert(
        self, value: str | frozenset[Quirk], param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[Quirk]:
        if isinstance(value, frozenset):
            return value
        try:
            return quirks_of(name.strip() for name in value.split(",") if name.strip())
        except ValueError:
            self.fail(f"{value!r}: the quirks are all, {', '.join(sorted(Quirk))}", param, ctx)
