"""Given tokens in a whole fleet: one VTN each."""

from __future__ import annotations

import pytest

from ven_actors.config import FleetConfig
from ven_actors.config_groups import Group
from ven_actors.errors import UsageError
from ven_actors.fleet.given_tokens import check_given_tokens
from ven_actors.model import Credentials, GivenToken, Secret

ONE, OTHER = "https://one.example/3.1", "https://other.example/3.1"
GROUPS = (Group(("Aalborg",), "auto", OTHER),)


def given(value: str) -> Credentials:
    return Credentials("", Secret(""), token=GivenToken(Secret(value), "tokens.csv"))


def test_the_vens_of_one_vtn_may_share_a_token() -> None:
    config = FleetConfig(vtn_url=ONE, vens=("Herning", "Aalborg"))
    credentials = {"Herning": given("a"), "Aalborg": given("a"), "Skive": Credentials("s", Secret("s"))}
    check_given_tokens(config, credentials)


def test_one_token_is_not_sent_to_two_vtns() -> None:
    config = FleetConfig(vtn_url=ONE, vens=("Herning", "Aalborg"), groups=GROUPS)
    with pytest.raises(UsageError, match=r"would go to https://one\.example and to https://other\.example") as caught:
        check_given_tokens(config, {"Herning": given("abc"), "Aalborg": given("abc")})
    assert "abc" not in str(caught.value)
    check_given_tokens(config, {"Herning": given("a"), "Aalborg": given("b")})
