"""GET /v1/codes/parse: what a text names, without looking it up."""

import pytest

from node_gateway.api.answers import ParsedCode
from tests.gateway.running import Running, commissioning

pytestmark = pytest.mark.asyncio(loop_scope="module")

GTIN = "09506000134352"


@pytest.mark.parametrize(
    "text",
    [
        f"{GTIN} A/1",
        f"(01){GTIN}(21)A/1",
        f"]d201{GTIN}17281231\x1d21A/1",
        f"https://maker.example/01/{GTIN}/21/A%2F1?17=281231#top",
        "urn:epc:id:sgtin:9506000.013435.A%2F1",
    ],
)
async def test_every_spelling_is_read(shared: Running, text: str) -> None:
    answer = await shared.client.get("/v1/codes/parse", params={"text": text, "prefix_length": 7})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    ParsedCode.model_validate(found)
    assert found["canonical"] == f"https://id.gs1.org/01/{GTIN}/21/A%2F1"
    assert found["spellings"]["urn"] == "urn:epc:id:sgtin:9506000.013435.A%2F1"


async def test_a_drug_code_and_any_uri_are_answered_as_described(shared: Running) -> None:
    for text, kind in (("81234567890123456789", "drug_code"), ("urn:example:x", "uri")):
        answer = await shared.client.get("/v1/codes/parse", params={"text": text})
        ParsedCode.model_validate(answer.json())
        assert answer.json()["kind"] == kind


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"text": "hello"}, "identifier_form"),
        ({"text": "9506000134353"}, "check_digit"),
        ({"text": "91234567890123456789"}, "drug_code_prefix"),
        ({"text": "x" * 1001}, "parameter"),
        ({"text": ""}, "parameter"),
        ({}, "parameter"),
        ({"text": GTIN, "prefix_length": "5"}, "parameter"),
    ],
)
async def test_mistakes_are_told(shared: Running, params: dict[str, str], code: str) -> None:
    answer = await shared.client.get("/v1/codes/parse", params=params)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    if code == "check_digit":
        assert answer.json()["hint"] == f"https://id.gs1.org/01/{GTIN}"


async def test_an_event_is_found_by_what_people_type(shared: Running) -> None:
    serial = "TYPED1"
    await shared.entry(commissioning(f"https://id.gs1.org/01/{GTIN}/21/{serial}"))
    for typed in (f"{GTIN} {serial}", f"01{GTIN}21{serial}", f"( 01 ){GTIN}(21) {serial}"):
        answer = await shared.client.get(f"/v1/codes/{typed}")
        assert answer.status_code == 200, typed
        assert len(answer.json()["events"]) == 1
    other = await shared.client.get(f"/v1/codes/{GTIN} OTHER")
    assert (other.status_code, other.json()["code"]) == (404, "code_not_found")


async def test_a_company_prefix_that_the_gateway_knows_need_not_be_told(shared: Running) -> None:
    link = "https://id.gs1.org/01/06141410000014/21/1"
    before = await shared.client.get("/v1/codes/parse", params={"text": link})
    assert "urn" not in before.json()["spellings"]
    await shared.gateway.prefixes.learn_prefixes({"61414100"})
    after = await shared.client.get("/v1/codes/parse", params={"text": link})
    assert after.json()["spellings"]["urn"] == "urn:epc:id:sgtin:61414100.00001.1"
