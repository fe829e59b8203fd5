"""Which URLs are talked to, what is trusted there, and how long they may ask us to wait."""

import ssl

import pytest
import requests

from ven_actors.errors import UsageError
from ven_actors.openadr.addresses import checked_url
from ven_actors.openadr.exchange import retry_after_s
from ven_actors.openadr.transport import SharedAdapter, build_ssl_context


def test_r2_all_sessions_share_one_context_that_verifies() -> None:
    adapter = SharedAdapter()
    pools = [
        adapter.get_connection_with_tls_context(request, verify)
        for verify in (True, False, "/some/ca.pem")
        for request in [_prepared("https://vtn.example:8443/x")]
    ]
    assert len({id(pool) for pool in pools}) == 1
    connection = pools[0]._new_conn()
    assert connection.ssl_context is adapter._ssl_context
    assert connection.ca_certs is None
    assert connection.cert_reqs is ssl.CERT_REQUIRED
    adapter.cert_verify(pools[0], "https://vtn.example", False, None)
    assert pools[0].ca_certs is None


def _prepared(url: str) -> "requests.PreparedRequest":
    import requests

    return requests.Request("GET", url).prepare()


def test_r2_certificates_are_verified_unless_switched_off() -> None:
    assert build_ssl_context().verify_mode is ssl.CERT_REQUIRED
    assert build_ssl_context().check_hostname
    assert build_ssl_context().minimum_version is ssl.TLSVersion.TLSv1_2
    assert build_ssl_context(verify=False).verify_mode is ssl.CERT_NONE
    with pytest.raises(UsageError, match="/no/such"):
        build_ssl_context("/no/such.pem")


@pytest.mark.parametrize("url", ["http://localhost:1/x/", "http://127.0.0.1/x", "http://[::1]:8/x", "https://vtn/x/"])
def test_r2_plain_http_goes_to_loopback(url: str) -> None:
    assert checked_url(url, "VTN URL") == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://vtn.example/x", "plain HTTP"),
        ("http://192.168.0.7", "plain HTTP"),
        ("http://localhost.example", "plain HTTP"),
        ("ftp://localhost", "https://"),
        ("localhost:8080", "https://"),
        ("https://", "name a host"),
        ("https://u:p@vtn", "user name or password"),
        ("https://vtn/?a=1", "path"),
        ("https://vtn/#a", "path"),
        ("http://[::1", "no URL"),
        ("http://localhost:99999", "no URL"),
    ],
)
def test_r2_other_urls_are_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        checked_url(url, "VTN URL")
    assert ":p@" not in str(caught.value)


def test_r2_exceptions_are_explicit() -> None:
    assert checked_url("http://vtn.example", "VTN URL", allow_plain_http=True) == "http://vtn.example"
    assert checked_url("https://id/token?a=1", "token URL", query=True) == "https://id/token?a=1"


# --- Retry-After -----------------------------------------------------------------------------------------------

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "9" * 40}, 86_400.0),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:30:00 GMT", "Date": DATE}, 120.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:00:00 GMT", "Date": DATE}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:30:00 GMT"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:30:00 -0000", "Date": DATE}, None),
    ],
)
def test_r41_retry_after_is_seconds_or_a_date(headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(headers) == wait_s
