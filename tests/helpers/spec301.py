"""What the official OpenADR 3.0.1 file needs for `spec31.OfficialFile`: where its paths begin, and its mistakes."""

from __future__ import annotations

from typing import Any

PREFIX = "/openadr3/3.0.1"


def put_right(document: dict[str, Any]) -> None:
    """The mistakes of the published file, one by one."""
    # An item without a type would be anything.
    document["components"]["schemas"]["program"]["properties"]["programDescriptions"]["items"]["type"] = "object"
