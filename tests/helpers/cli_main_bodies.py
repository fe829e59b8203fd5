"""Bodies of a command that `main` calls, and where the program is."""

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).parents[2]
Body = Callable[[], object]


def raising(error: BaseException) -> Body:
    def body() -> NoReturn:
        raise error

    return body
