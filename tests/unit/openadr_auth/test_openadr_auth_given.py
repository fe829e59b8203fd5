"""A token that was given: where it goes, and what happens when the VTN refuses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from openadr_auth_wire import BASE, Hands, Wire, answer

from ven_actors.errors import CredentialsRefused
from ven_actors.model import Credentials, GivenToken, Secret
from ven_actors.openadr.api import Api
from ven_actors.openadr.auth import FORBIDDEN_PAUSE_S
from ven_actors.openadr.push_side import PushSide
from ven_actors.openadr.tokens import Tokens, tokens_of

PROGRAMS = f"{BASE}/programs"


def tokens(wire: Wire, clock: Hands, value: str, file: Path | None = None) -> Tokens:
    given = GivenToken(Secret(value), "the variable T" if file is None else str(file), file)
    found = tokens_of(
        Credentials("", Secret(""), token=given),
        wire,  # type: ignore[arg-type]
        base_url=BASE,
        auth_server_path="/auth/server",
        by_basic=False,
        deadline_s=5,
        monotonic=clock,
        allow_plain_http=False,
    )
    assert found is not None
    return found


def api(wire: Wire, clock: Hands, value: str, file: Path | None = None) -> Api:
    return Api(wire, BASE, tokens(wire, clock, value, file))  # type: ignore[arg-type]


def accept(wire: Wire, good: str, status: int = 401) -> None:
    wire.answers[PROGRAMS] = lambda headers: answer(200 if headers["Authorization"] == f"Bearer {good}" else status)


def shown(wire: Wire) -> list[str]:
    return [headers["Authorization"] for _, _, headers, _ in wire.asked]


def test_it_is_sent_to_the_vtn_and_nobody_is_asked_for_another(wire: Wire, clock: Hands) -> None:
    accept(wire, "abc")
    assert api(wire, clock, "abc").request("GET", "/programs").status == 200
    assert wire.urls() == [PROGRAMS]


def test_no_broker_gets_it(wire: Wire, clock: Hands) -> None:
    side = PushSide(api(wire, clock, "abc"), None, "Herning", "", tokens(wire, clock, "abc"))  # type: ignore[arg-type]
    with pytest.raises(CredentialsRefused, match="is sent only to the VTN; use --push webhook"):
        side.token()


def test_after_a_401_its_file_is_read_again_and_what_stands_there_now_is_used(
    wire: Wire, clock: Hands, tmp_path: Path
) -> None:
    file = tmp_path / "t"
    file.write_text("new\n")
    accept(wire, "new")
    own = api(wire, clock, "old", file)
    assert own.request("GET", "/programs").status == 200
    assert own.request("GET", "/programs").status == 200
    assert shown(wire) == ["Bearer old", "Bearer new", "Bearer new"]


def test_a_file_that_still_has_the_same_is_the_reason_and_the_vtn_is_not_asked_again(
    wire: Wire, clock: Hands, tmp_path: Path
) -> None:
    file = tmp_path / "t"
    file.write_text("old")
    accept(wire, "new")
    with pytest.raises(
        CredentialsRefused, match=f"the VTN refuses the token of {file}, which was read again"
    ) as caught:
        api(wire, clock, "old", file).request("GET", "/programs")
    assert shown(wire) == ["Bearer old"]
    assert "old" not in str(caught.value)


def test_a_file_whose_new_token_is_refused_too_is_read_once_for_a_request(
    wire: Wire, clock: Hands, tmp_path: Path
) -> None:
    file = tmp_path / "t"
    file.write_text("also-bad")
    accept(wire, "new")
    own = api(wire, clock, "old", file)
    with pytest.raises(CredentialsRefused, match="which was read again"):
        own.request("GET", "/programs")
    assert shown(wire) == ["Bearer old", "Bearer also-bad"]
    file.write_text("new")
    assert own.request("GET", "/programs").status == 200


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read again"), ("", "is empty"), ("a b", "no header")])
def test_a_file_that_holds_no_token_any_more_is_the_reason(
    wire: Wire, clock: Hands, tmp_path: Path, content: str | None, words: str
) -> None:
    file = tmp_path / "t"
    if content is not None:
        file.write_text(content)
    accept(wire, "new")
    with pytest.raises(CredentialsRefused, match=words) as caught:
        api(wire, clock, "old", file).request("GET", "/programs")
    assert caught.value.remedy == "put a token there that the VTN accepts"


def test_a_token_of_a_variable_fails_at_once(wire: Wire, clock: Hands) -> None:
    accept(wire, "new")
    with pytest.raises(CredentialsRefused, match="refuses the token of the variable T; correct it and start again"):
        api(wire, clock, "old").request("GET", "/programs")
    assert shown(wire) == ["Bearer old"]


def test_a_403_looks_into_the_file_once_a_minute(wire: Wire, clock: Hands, tmp_path: Path) -> None:
    file = tmp_path / "t"
    file.write_text("old")
    accept(wire, "new", status=403)
    own = api(wire, clock, "old", file)
    assert own.request("GET", "/programs").status == 403
    file.write_text("new")
    assert own.request("GET", "/programs").status == 403
    clock.now_s = FORBIDDEN_PAUSE_S
    assert own.request("GET", "/programs").status == 200
