"""Addresses of VTNs and token endpoints in the configuration."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from ven_actors.config_kinds import Kind, shown

MDNS = "mdns:"
_LONGEST_MDNS = 200


def http_url() -> Kind[str]:
    """An http(s) address without user, query or fragment; a slash at its end is dropped."""

    def read(value: object) -> str:
        written = value.strip() if isinstance(value, str) else ""
        how = "write it like https://vtn.example/openadr3/3.1.0"
        try:
            parts = urlsplit(written)
            good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            raise ValueError(f"is no http or https URL; {how}") from None
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not carry a user or password; credentials have their own option")
        if not good or not written.isprintable() or " " in written:
            raise ValueError(f"{shown(value)} is no http or https URL; {how}")
        if parts.query or parts.fragment:
            raise ValueError(f"{shown(value)} has a query or fragment; {how}")
        return written.rstrip("/")

    return Kind("URL", read)


def vtn_url() -> Kind[str]:
    """A URL, or `mdns:` and perhaps a name: the VTN that announces itself so on the local network."""

    def read(value: object) -> str:
        written = value.strip() if isinstance(value, str) else ""
        if not written.lower().startswith(MDNS):
            return http_url().read(value)
        if not written.isprintable() or len(written) > _LONGEST_MDNS:
            raise ValueError(f"{shown(value)} is no name of a VTN; write mdns: or mdns:NAME")
        return MDNS + written[len(MDNS) :].strip()

    return Kind("URL", read)


def is_plain_http_to_elsewhere(url: str) -> bool:
    """True where credentials would cross a network unencrypted: plain http to anything but loopback."""
    return urlsplit(url).scheme == "http" and is_elsewhere(url)


def is_elsewhere(url: str) -> bool:
    """True for any host but this machine's loopback."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"
