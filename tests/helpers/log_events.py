"""What was logged, as its events alone."""

from typing import Any


def events(logs: list[Any]) -> list[str]:
    return [entry["event"] for entry in logs]
