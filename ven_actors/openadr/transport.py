"""The one adapter and the one TLS context that all sessions of a fleet share, and a session without habits."""

from __future__ import annotations

import ssl
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest

from ven_actors.errors import UsageError, VtnNonsense
from ven_actors.openadr.sockets import TimedHTTPPool, TimedHTTPSPool


class ResponseTooLarge(VtnNonsense):
    """An answer, unpacked, of more bytes than we are willing to hold."""


def build_ssl_context(ca_file: str | Path | None = None, *, verify: bool = True) -> ssl.SSLContext:
    """TLS 1.2 or later; the system's authorities, or those of `ca_file` alone (R2).

    Raises `UsageError` if `ca_file` is not a readable PEM file.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"CA file {str(ca_file)!r} cannot be used: {error}; give a PEM file of certificates") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class SharedAdapter(HTTPAdapter):
    """A connection pool for all sessions of a fleet, with one `SSLContext`.

    requests would load its own authorities for every pool and context (831 KB and 18 ms per session); here the
    context alone says what is trusted. Retries are off: who repeats what is decided above.
    `pool_size` is the most idle connections kept per host.
    """

    def __init__(self, ssl_context: ssl.SSLContext | None = None, *, hosts: int = 8, pool_size: int = 256) -> None:
        self._ssl_context = ssl_context if ssl_context is not None else build_ssl_context()
        super().__init__(pool_connections=hosts, pool_maxsize=pool_size, max_retries=0, pool_block=False)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": TimedHTTPPool, "https": TimedHTTPSPool}

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: object, cert: object = None
    ) -> tuple[Any, Any]:
        del verify, cert
        parts = urlsplit(str(request.url))
        scheme = parts.scheme.lower()
        host = {"scheme": scheme, "host": parts.hostname, "port": parts.port}
        return host, {"ssl_context": self._ssl_context} if scheme == "https" else {}

    def cert_verify(self, conn: object, url: object, verify: object, cert: object) -> None:
        """Nothing: the shared context has it all."""


class PlainSession(requests.Session):
    """A session that takes nothing from the environment, keeps no cookies and follows nobody."""

    def __init__(self, adapter: HTTPAdapter) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for own in self.adapters.values():
            own.close()
        self.adapters.clear()
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere. requests would read the whole body of a 3xx, unbounded, to prepare the next request."""

    def close(self) -> None:
        """Let go of the adapter without closing it: it is shared."""
        self.adapters.clear()
