"""Lists of codes: one digest per list, and nothing but a list in the one form is read."""

import json
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.directory.code_list import (
    CODES_MAX,
    CodeList,
    CodeListError,
    list_digest,
    make_code_list,
    parse_code_list,
)

SALT = bytes(range(16))
CODES = tuple(f"https://id.gs1.org/01/06901234123456/21/{n}" for n in (10, 11, 9))
SCHEMA = Path(__file__).parents[3] / "anchoring" / "schemas" / "list-v1.schema.json"


def wire(**changes: Any) -> bytes:
    made = json.loads(make_code_list(CODES, salt=SALT).to_json())
    return json.dumps({**made, **changes}).encode()


def test_the_digest_is_what_the_format_says() -> None:
    salt = urlsafe_b64encode(SALT).decode().rstrip("=")
    text = "".join(f"{line}\n" for line in ("sealtrail/list/v1", salt, *sorted(CODES)))
    assert make_code_list(CODES, salt=SALT).digest == sha256(text.encode()).digest()


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=50), st.randoms())
def test_order_and_repetition_of_the_codes_do_not_matter(numbers: list[int], random: Any) -> None:
    codes = [f"urn:x-cn-drug:8123456{n:013d}" for n in numbers]
    first = make_code_list(codes, salt=SALT)
    random.shuffle(codes)
    assert make_code_list([*codes, codes[0]], salt=SALT).digest == first.digest
    assert parse_code_list(first.to_json().encode()) == first
    assert make_code_list(codes, salt=bytes(16)).digest != first.digest


@given(st.sets(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1)))
def test_codes_of_any_script_are_sorted_by_their_bytes(codes: set[str]) -> None:
    if codes:
        made = make_code_list(codes, salt=SALT)
        assert list(made.codes) == sorted(codes, key=str.encode)
        assert parse_code_list(made.to_json().encode()) == made


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\xff", "list_form"),
        (b"[", "list_form"),
        (b"[" * 100_000, "list_form"),
        (b"[]", "list_form"),
        (wire(more=1), "list_form"),
        (wire(format="sealtrail/list/v2"), "list_form"),
        (wire(salt="AAECAwQFBgcICQoLDA0ODx"), "list_form"),  # unused bits
        (wire(salt="AAECAwQFBgcICQoLDA0ODw=="), "list_form"),
        (wire(salt=7), "list_form"),
        (wire(codes=[]), "list_form"),
        (wire(codes="x"), "list_form"),
        (wire(codes=[1]), "list_form"),
        (wire(codes=["b", "a"]), "list_form"),
        (wire(codes=["a", "a"]), "list_form"),
        (wire(codes=["a\nb"]), "list_form"),
        (wire(codes=["\ud800"]), "list_form"),
        (wire(codes=["a" * 1001]), "list_form"),
        (wire()[:-1] + b',"salt":"AAECAwQFBgcICQoLDA0ODw"}', "list_form"),
        (wire(codes=[str(n).zfill(7) for n in range(CODES_MAX + 1)]), "list_too_large"),
    ],
)
def test_what_is_no_list_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(CodeListError) as caught:
        parse_code_list(raw)
    assert caught.value.code == code
    assert "690123" not in str(caught.value)


def test_a_file_has_a_size_limit() -> None:
    with pytest.raises(CodeListError, match="at most 10 bytes") as caught:
        parse_code_list(wire(), size_bytes_max=10)
    assert caught.value.code == "list_too_large"


def test_codes_of_another_product_are_refused_without_being_named() -> None:
    made = make_code_list(CODES, salt=SALT)
    made.require_product("gs1:690123412345")
    case_level = "https://id.gs1.org/01/16901234123453/21/5"
    make_code_list([*CODES, case_level], salt=SALT).require_product("gs1:690123412345")
    for stranger in ("https://id.gs1.org/01/06901234123999/21/5", "urn:example:1"):
        with pytest.raises(CodeListError) as caught:
            make_code_list([*CODES, stranger], salt=SALT).require_product("gs1:690123412345")
        assert caught.value.code == "list_product"
        assert stranger not in str(caught.value)


def test_the_schema_takes_lists_and_nothing_else() -> None:
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert schema.is_valid(json.loads(wire()))
    for wrong in (wire(more=1), wire(codes=[]), wire(salt="x"), wire(codes=["a", "a"])):
        assert not schema.is_valid(json.loads(wrong))


def test_a_million_codes_take_seconds() -> None:
    codes = tuple(f"https://id.gs1.org/01/06901234123456/21/{n:07d}" for n in range(CODES_MAX))
    raw = CodeList(SALT, codes).to_json().encode()
    began = time.process_time()
    found = parse_code_list(raw)
    digest = found.digest
    found.require_product("gs1:690123412345")
    took_s = time.process_time() - began
    print(f"\n1,000,000 codes ({len(raw) >> 20} MiB) read and hashed in {took_s:.1f} s")
    assert digest == list_digest(SALT, codes)
    assert took_s < 60
