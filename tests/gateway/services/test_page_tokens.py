"""Page tokens: bound to their question, signed, good for an hour."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.epcis.query import PagingError
from node_gateway.services.page_tokens import LIFETIME_S, PageTokens

NOW_S = 1_790_000_000


def tokens(now_s: float = NOW_S, secret: bytes = b"k" * 32) -> PageTokens:
    return PageTokens(secret, clock=lambda: now_s)


def refusal(made: PageTokens, text: str, question: str = "q") -> str | None:
    try:
        made.read(text, question)
    except PagingError as error:
        return error.code
    return None


@given(st.dictionaries(st.text(max_size=5), st.integers(-(2**53), 2**53) | st.text(max_size=9)))
def test_what_was_signed_is_read(state: dict[str, object]) -> None:
    token = tokens().sign(state, "q")
    assert token.expires_at == NOW_S + LIFETIME_S
    assert tokens().read(token.text, "q") == state
    assert tokens().expiry(token.text) == token.expires_at


def test_a_token_answers_its_own_question_for_an_hour() -> None:
    token = tokens().sign({"after": 3}, "q").text
    assert refusal(tokens(NOW_S + LIFETIME_S - 1), token) is None
    assert refusal(tokens(NOW_S + LIFETIME_S), token) == "page_token_expired"
    assert refusal(tokens(), token, "another") == "page_token"
    assert refusal(tokens(secret=b"x" * 32), token) == "page_token"


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_character_is_refused(place: int, by: int) -> None:
    token = tokens().sign({"after": 3}, "q").text
    place %= len(token) - 1  # the last one may hold bits that are not read
    changed = token[:place] + chr((ord(token[place]) + by) % 256) + token[place + 1 :]
    if changed != token:
        assert refusal(tokens(), changed) == "page_token"


@pytest.mark.parametrize("text", ["", "x", "ü", "A" * 100, "=" * 8, "A" * 5000])
def test_what_is_no_token(text: str) -> None:
    assert refusal(tokens(), text) == "page_token"
    assert tokens().expiry(text) is None
