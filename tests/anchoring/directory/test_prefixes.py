"""Prefixes of codes, and what people write for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.directory.prefixes import (
    is_prefix,
    is_product,
    normal_prefix,
    prefix_of_code,
    product_of_code,
)
from anchoring.errors import FormatError

ROOT = "https://id.gs1.org"


@pytest.mark.parametrize(
    ("code", "prefix", "product"),
    [
        (f"{ROOT}/01/06901234123456/21/A%2F1", "gs1:690123412345", "gs1:690123412345"),
        (f"{ROOT}/01/96901234123455", "gs1:690123412345", "gs1:690123412345"),
        (f"{ROOT}/01/06901234123456/10/L1", "gs1:690123412345", "gs1:690123412345"),
        (f"{ROOT}/8006/069012341234560102", "gs1:690123412345", "gs1:690123412345"),
        (f"{ROOT}/00/069012340000000016", "gs1:690123400000", None),
        (f"{ROOT}/8003/06901234000016AB", "gs1:690123400001", None),
        (f"{ROOT}/8004/6901234ABC", "gs1:6901234", None),
        (f"{ROOT}/8004/690ABC", None, None),
        (f"{ROOT}/8004/6901%2F", "gs1:6901", None),
        (f"{ROOT}/414/6901234000009/254/1", "gs1:690123400000", None),
        (f"{ROOT}/417/6901234000009", "gs1:690123400000", None),
        (f"{ROOT}/253/6901234000009X", "gs1:690123400000", None),
        (f"{ROOT}/8018/690123400000000001", "gs1:690123400000", None),
        ("urn:x-cn-drug:81123450000000000123", "cn:8112345", "cn:8112345"),
        ("urn:x-cn-drug:8112345000000000012", None, None),
        ("urn:uuid:0190a6f0-0000-7000-8000-000000000000", None, None),
        (f"{ROOT}/99/06901234123456", None, None),
        ("https://example.com/01/06901234123456", None, None),
        ("", None, None),
    ],
)
def test_a_code_has_one_longest_prefix(code: str, prefix: str | None, product: str | None) -> None:
    assert (prefix_of_code(code), product_of_code(code)) == (prefix, product)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("gs1:6901", "gs1:6901"),
        (" GS1: 690 1234 ", "gs1:6901234"),
        ("gs1:690123412345", "gs1:690123412345"),
        ("cn:8112345", "cn:8112345"),
        ("06901234123456", "gs1:690123412345"),
        ("6901234123456", "gs1:690123412345"),
        ("690-1234-12345-6", "gs1:690123412345"),
        ("(01)06901234123456(21)99", "gs1:690123412345"),
        ("96385074", "gs1:000009638507"),
        ("614141007349", "gs1:061414100734"),
        (f"{ROOT}/01/06901234123456/21/1", "gs1:690123412345"),
        ("urn:x-cn-drug:81123450000000000123", "cn:8112345"),
    ],
)
def test_spellings(text: str, prefix: str) -> None:
    assert normal_prefix(text) == prefix
    assert is_prefix(prefix)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("8112345", "cn:8112345"),
        ("6901234123453", "check digit"),
        ("96385075", "gs1:96385075"),
        ("gs1:690", "4 to 12 digits, not by 3"),
        ("gs1:6901234123452", "not by 13"),
        ("cn:81123456", "exactly 7"),
        ("ean:6901234", "no scheme"),
        ("69012", "no GTIN"),
        ("gs1:", "no prefix"),
        ("gs1:69\u0661\u0662", "no prefix"),
        ("", "no prefix"),
        (f"{ROOT}/8004/AB", "no prefix that could be granted"),
        ("gs1:" + "1" * 5000, "at most"),
    ],
)
def test_what_is_refused_is_said_how_to_write(text: str, says: str) -> None:
    with pytest.raises(FormatError, match="Write gs1:") as refused:
        normal_prefix(text)
    assert refused.value.code == "prefix_form"
    assert says in str(refused.value)
    assert len(str(refused.value)) < 300


@given(st.from_regex(r"gs1:[0-9]{4,12}|cn:[0-9]{7}", fullmatch=True))
def test_a_normal_prefix_stays_as_it_is(prefix: str) -> None:
    assert normal_prefix(prefix) == prefix
    assert is_product(prefix) == (len(prefix) == (16 if prefix.startswith("gs1:") else 10))


@given(st.text(max_size=40))
def test_any_other_text_gives_a_prefix_or_a_refusal(text: str) -> None:
    found = prefix_of_code(text)
    assert found is None or is_prefix(found)
    try:
        prefix = normal_prefix(text)
    except FormatError:
        return
    assert is_prefix(prefix)
