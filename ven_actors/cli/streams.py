"""Standard streams that are closed, full or gone: their loss is told, and never becomes the fate of what was done."""

from __future__ import annotations

import contextlib
import os
import sys

import click

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def fill_closed_streams() -> None:
    """Open the null device where a standard stream was closed (`>&-`).

    Otherwise the next file to be opened, a database or a lock, would take its number, and be written to by whoever
    believes that it is the standard output, children too.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is not None:
            continue
        nothing = os.open(os.devnull, os.O_RDWR)
        if nothing != number:
            os.dup2(nothing, number)
            os.close(nothing)
        os.set_inheritable(number, True)
        setattr(sys, name, os.fdopen(number, mode, closefd=False))


def say_error(line: str) -> None:
    """One line on standard error, if that can be written."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(line, err=True)


def lost_stdout() -> OSError | None:
    """What keeps standard output from being written, if anything does."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return error
    return None


def silence_stdout() -> None:
    """Point standard output at nothing, or the interpreter complains about it when it ends."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
