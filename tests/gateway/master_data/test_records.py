"""One spelling for every identifier, and every mistake at its place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.epcis.identifiers.check_digits import check_digit
from node_gateway.errors import DocumentRefusedError
from node_gateway.master_data import forms
from node_gateway.master_data.records import Kind, Record, read_record, stored_form

GTIN = "06901234123456"
CREDIT = "91330000MA2AAAAA06"


def refused(kind: Kind, **members: Any) -> list[tuple[str, str]]:
    with pytest.raises(DocumentRefusedError) as error:
        read_record(kind, members)
    return [(spot.pointer, spot.code) for spot in error.value.spots]


def test_a_product_has_one_form() -> None:
    made = read_record(
        "product",
        {
            "id": " AMOX-250 ",
            "nameZh": "阿莫西林胶囊",
            "storageMaxC": 25,
            "levels": [
                {"gtins": ["6901234123456", f"(01){GTIN}"], "drugIds": ["８３０６２３３"]},
                {"gtins": ["urn:epc:idpat:sgtin:6901234.112345.*"], "contains": 10},
            ],
        },
    )
    assert made.to_json() == {
        "id": "AMOX-250",
        "nameZh": "阿莫西林胶囊",
        "storageMaxC": 25.0,
        "levels": [
            {"gtins": [GTIN], "drugIds": ["8306233"]},
            {"gtins": ["16901234123453"], "contains": 10},
        ],
    }
    again = read_record("product", made.to_json())
    assert stored_form(again) == stored_form(made)


def test_every_mistake_has_its_place() -> None:
    assert refused(
        "product",
        id="-",
        unknown=1,
        nameZh="a\nb",
        storageMinC="cold",
        levels=[{"gtins": [GTIN, "06901234123457"], "drugIds": ["123"], "contains": 0}],
    ) == [
        ("/id", "product_id_form"),
        ("/nameZh", "text_form"),
        ("/storageMinC", "type_wrong"),
        ("/levels/0/gtins/1", "check_digit"),
        ("/levels/0/drugIds/0", "drug_id_form"),
        ("/levels/0/contains", "not_allowed"),
        ("/unknown", "member_unknown"),
    ]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"storageMinC": 8, "storageMaxC": 2}, "storage_range"),
        ({"levels": [{}]}, "level_empty"),
        ({"levels": [{"gtins": [GTIN]}, {}, {"name": "case"}]}, "level_empty"),
        ({"levels": [{"gtins": [GTIN], "contains": 4}]}, "level_contents"),
        ({"levels": [{"gtins": [GTIN]}, {"gtins": [GTIN]}]}, "level_repeats"),
        ({"levels": [{"drugIds": ["8306233"]}, {"drugIds": ["8306233"]}]}, "level_repeats"),
    ],
)
def test_a_product_at_odds_with_itself(members: dict[str, Any], code: str) -> None:
    assert refused("product", id="A", **members) == [("", code)]


@pytest.mark.parametrize("name", ["import", "versions", "", "a b", "中", "x" * 65, "/a", "..x/"])
def test_names_that_no_product_has(name: str) -> None:
    assert refused("product", id=name) == [("/id", "product_id_form")]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("6901234000009", "https://id.gs1.org/414/6901234000009"),
        ("urn:epc:id:sgln:6901234.00000.0", "https://id.gs1.org/414/6901234000009"),
        ("urn:epc:id:sgln:6901234.00000.A1", "https://id.gs1.org/414/6901234000009/254/A1"),
        ("https://example.com/414/6901234000009", "https://id.gs1.org/414/6901234000009"),
        ("urn:example:warehouse:7", "urn:example:warehouse:7"),
        ("geo:30.2,120.1", "geo:30.2,120.1"),
    ],
)
def test_places(text: str, canonical: str) -> None:
    assert forms.location_id(text) == canonical


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("6901234000008", "check_digit", "6901234000009"),
        ("690123400000", "identifier_form", None),
        ("6.90123E+12", "number_mangled", "Format the column as text"),
        (f"https://id.gs1.org/01/{GTIN}", "identifier_form", "a place has"),
        ("warehouse 7", "identifier_form", "a place has"),
        ("", "identifier_form", "a place has"),
        ("urn:epc:id:sgln:6901234.000.0", "identifier_form", None),
    ],
)
def test_no_places(text: str, code: str, hint: str | None) -> None:
    with pytest.raises(DocumentRefusedError) as error:
        read_record("location", {"id": text})
    (spot,) = error.value.spots
    assert spot.code == code
    assert (spot.hint or "").startswith(hint or "")
    if text:
        assert text not in spot.detail


def test_parties() -> None:
    assert forms.party_id("6901234000009") == "https://id.gs1.org/417/6901234000009"
    assert forms.party_id(CREDIT.lower()) == f"urn:x-cn-uscc:{CREDIT}"
    assert forms.party_id(f"urn:x-cn-uscc:{CREDIT}") == f"urn:x-cn-uscc:{CREDIT}"
    assert refused("party", id=CREDIT[:-1] + "Q") == [("/id", "credit_code_form")]
    assert refused("party", id="urn:a:b", companyPrefixes=["69012", "6901234"]) == [
        ("/companyPrefixes/0", "company_prefix_form")
    ]
    assert refused("party", id="urn:a:b", participant=0) == [("/participant", "not_allowed")]
    assert refused("party", id="urn:a:b", enterpriseIds=["a b/c"]) == [
        ("/enterpriseIds/0", "enterprise_id_form")
    ]


@given(st.text(alphabet="0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17), st.data())
def test_one_wrong_character_of_a_credit_code_is_seen(head: str, data: st.DataObject) -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    (code,) = [head + last for last in alphabet if accepted(head + last)]
    at = data.draw(st.integers(0, 17))
    other = data.draw(st.sampled_from([one for one in alphabet if one != code[at]]))
    assert not accepted(code[:at] + other + code[at + 1 :])


def accepted(code: str) -> bool:
    try:
        read_record("party", {"id": "urn:a:b", "creditCode": code})
    except DocumentRefusedError:
        return False
    return True


@given(st.from_regex(r"[0-9]{13}", fullmatch=True), st.sampled_from([8, 12, 13, 14]))
def test_every_length_of_a_gtin_becomes_14_digits(digits: str, length: int) -> None:
    bare = digits[: length - 1]
    assert forms.gtin14(bare + check_digit(bare)) == (bare + check_digit(bare)).zfill(14)


def test_members_without_a_value_are_left_out() -> None:
    empty: Record = read_record("location", {"id": "urn:a:b", "city": "", "party": None})
    assert empty.to_json() == {"id": "urn:a:b"}
