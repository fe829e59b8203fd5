"""Environment variables of the program that this one replaces, and their names here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

FORMER_VARIABLES = {
    "VTN_SERVER_ADDRESS": "VEN_ACTORS_VTN_URL",
    "VEN_LOCAL_ID": "VEN_ACTORS_VENS",
}


def former_variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Those that are set, and their new names, except where the new name is set too."""
    for variable, now in FORMER_VARIABLES.items():
        if environ.get(variable, "").strip() and not environ.get(now, "").strip():
            yield variable, now
