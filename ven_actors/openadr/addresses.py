"""Which URLs the client is willing to talk to."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from ven_actors.errors import UsageError


def checked_url(url: str, what: str, *, allow_plain_http: bool = False, query: bool = False) -> str:
    """`url` without a slash at its end. Plain HTTP goes to loopback only, unless allowed (R2); `query` allows a query.

    Raises `UsageError` for anything that is not such an http(s) URL.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{what} {url!r} is no URL: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{what} for host {host!r} bears a user name or password; give credentials on their own")
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError(f"{what} {url!r} must begin with https:// (or http:// for this machine) and name a host")
    if parts.fragment or (parts.query and not query):
        raise UsageError(f"{what} {url!r} must end with its path: leave out what follows '?' or '#'")
    if parts.scheme == "http" and not allow_plain_http and not _is_loopback(host):
        raise UsageError(f"{what} {url!r} is plain HTTP to another machine: use https://, or allow plain HTTP")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
