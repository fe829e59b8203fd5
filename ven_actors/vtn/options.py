"""Options of the VTN's command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def option(flag: str, *names: str, **settings: Any) -> Callable[[F], F]:
    """An option that is an environment variable too."""
    variable = "VEN_ACTORS_VTN_" + flag.removeprefix("--").replace("-", "_").upper()
    return click.option(flag, *names, envvar=variable, show_envvar=True, **settings)
