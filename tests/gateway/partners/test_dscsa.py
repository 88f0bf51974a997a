"""DSCSA exception messages: taken without loss, answered, refused with pointers."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
import pytest_asyncio
from hypothesis import given

from node_gateway.epcis.errors import EpcisError
from node_gateway.errors import DocumentRefusedError
from node_gateway.partners.dscsa import REPORT as REPORT_KIND
from node_gateway.partners.dscsa import SIZE_BYTES_MAX, DscsaReader
from node_gateway.partners.dscsa_import import ACTION_OF, summary
from node_gateway.partners.dscsa_schema import (
    ITEMS_MAX,
    REPORT_SCHEMA,
    RESOLUTIONS,
    RESPONSE_SCHEMA,
)
from node_gateway.partners.exception_words import ACTIONS
from node_gateway.partners.ports import ExceptionKind
from node_gateway.settings_exceptions import ExceptionsSection
from tests.anvil import Anvil
from tests.conftest import GS1_DIR
from tests.gateway.partners.cases import codes_of, handed_over, listed, opened, post, shown, wish
from tests.gateway.partners.dscsa_messages import (
    REPORT,
    REPORTS,
    RESPONSE,
    RESPONSES,
    mutations,
)
from tests.gateway.running import Running, Wishes, running_gateway
from tests.partners import WISHES, Person, town

shared_loop = pytest.mark.asyncio(loop_scope="module")
SAMPLES = GS1_DIR / "dscsa/pdg_exceptions"
READER = DscsaReader()
CONTACT = {"exceptions": ExceptionsSection(contact_email="quality@maker.example")}


def samples() -> list[dict[str, Any]]:
    """Return the published messages, if they are here, and ours."""
    found = [json.loads(file.read_bytes()) for file in sorted(SAMPLES.glob("hda_*"))]
    return [*found, REPORT, RESPONSE]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def up(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    wishes = Wishes(sections=CONTACT, party="https://id.gs1.org/417/6901234000009")
    folder = tmp_path_factory.mktemp("dscsa")
    async with running_gateway(anvil, template, folder, wishes) as made:
        yield made


def fresh(whole: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a message with UUIDs that no other test has."""
    case = str(UUID(bytes=os.urandom(16)))
    return {**whole, "message_uuid": f"{case}-m", "exception_case_uuid": case, **changes}


async def brought(up: Running, message: dict[str, Any], status: int = 200) -> dict[str, Any]:
    return await post(up, "/import", status, **message)


async def handed_out(up: Running, number: int, **params: str) -> dict[str, Any]:
    answer = await up.client.get(f"/v1/exceptions/{number}/dscsa", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def official(kind: str) -> jsonschema_rs.Validator | None:
    """Return the validator of the published schema, if it is here."""
    file = SAMPLES / f"{kind}_schema.json"
    return jsonschema_rs.validator_for(json.loads(file.read_text())) if file.exists() else None


def test_our_schema_and_the_published_one_agree() -> None:
    ours = {
        "report": jsonschema_rs.validator_for(REPORT_SCHEMA),
        "response": jsonschema_rs.validator_for(RESPONSE_SCHEMA),
    }
    refused = 0
    wholes = (("report", REPORT), ("response", RESPONSE))
    for kind, message in ((kind, one) for kind, whole in wholes for one in mutations(whole)):
        theirs, valid = official(kind), ours[kind].is_valid(message)
        assert theirs is None or theirs.is_valid(message) == valid, message
        refused += not valid
    assert refused > 500


@pytest.mark.parametrize("wire", samples(), ids=lambda wire: wire["message_uuid"])
def test_samples_are_read_as_what_they_are(wire: dict[str, Any]) -> None:
    read = READER.read(json.dumps(wire).encode())
    assert read.kind == ("report" if "case_resolved" in wire else "response")
    assert read.raw == wire


@given(REPORTS | RESPONSES)
def test_whatever_fits_is_read_and_kept_whole(message: dict[str, Any]) -> None:
    if "\0" in message["message_uuid"] + message["exception_case_uuid"]:
        return
    read = READER.read(json.dumps(message).encode())
    assert read.raw == message
    assert summary(read)
    if read.kind == REPORT_KIND:
        inside = [one for one in (message.get("exceptions") or {}).values() if one is not None]
        plain = sum(len(one) for one in inside if isinstance(one, list))
        nested = sum(
            len(errors or ()) for one in inside if isinstance(one, dict) for errors in one.values()
        )
        assert len(read.items) == plain + nested


def test_kinds_of_a_report() -> None:
    read = READER.read(json.dumps(REPORT).encode())
    assert [one.kind.value for one in read.items] == [
        *("product_no_data", "data_no_product", "wrong_lot", "overage", "shortage"),
        *("other", "other"),
    ]
    assert read.items[0].code == "https://id.gs1.org/01/06901234123456/21/S1"
    assert (read.expected, read.found) == (20, 21)


@pytest.mark.parametrize(
    ("side", "kind"),
    [
        ("gtin", ExceptionKind.UNKNOWN_CODE),
        ("serial", ExceptionKind.UNKNOWN_CODE),
        ("lot", ExceptionKind.WRONG_LOT),
        ("expiry", ExceptionKind.WRONG_EXPIRY),
        ("", ExceptionKind.OTHER),
    ],
)
def test_kinds_of_misaligned_data(side: str, kind: ExceptionKind) -> None:
    (item,) = REPORT["exceptions"]["data_misalignment"]
    item = {**item, "product_data_lot": "same"}
    if side:
        item[f"product_data_{side}"] = "different"
    message = {**REPORT, "exceptions": {"data_misalignment": [item]}}
    (one,) = READER.read(json.dumps(message).encode()).items
    assert one.kind is kind


@pytest.mark.parametrize("kind", ["report", "response"])
def test_what_is_refused_points_to_its_place(kind: str) -> None:
    whole = REPORT if kind == "report" else RESPONSE
    wrong = json.loads(json.dumps(whole))
    if kind == "report":
        wrong["exceptions"]["overages"][0]["quantity_ordered"] = "SECRET"
        pointer = "/exceptions/overages/0/quantity_ordered"
    else:
        wrong["response_items"][0]["resolution_response"] = "SECRET"
        pointer = "/response_items/0/resolution_response"
    with pytest.raises(DocumentRefusedError) as caught:
        READER.read(json.dumps(wrong).encode())
    assert [one.pointer for one in caught.value.spots] == [pointer]
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b'{"a": 1, "a": 2}',
        b"\xff",
        b'{"timestamp": 9007199254740993}',
        b"[" * 100 + b"]" * 100,
        b'{"message_uuid": "\\ud800"}',
    ],
)
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises((EpcisError, DocumentRefusedError)):
        READER.read(raw)


def test_sizes_are_limited() -> None:
    with pytest.raises(EpcisError):
        READER.read(b" " * (SIZE_BYTES_MAX + 1))
    (item,) = REPORT["exceptions"]["overages"]
    many = {**REPORT, "exceptions": {"overages": [item] * (ITEMS_MAX + 1)}}
    with pytest.raises(DocumentRefusedError) as caught:
        READER.read(json.dumps(many).encode())
    assert caught.value.spots[0].pointer == "/exceptions/overages"
    with pytest.raises(DocumentRefusedError):
        READER.read(json.dumps({**REPORT, "po_number": "x" * 4097}).encode())


def test_all_resolutions_have_a_word_of_ours() -> None:
    assert set(ACTION_OF) == set(RESOLUTIONS)
    assert set(ACTION_OF.values()) <= set(ACTIONS)


@shared_loop
@pytest.mark.parametrize("wire", samples(), ids=lambda wire: wire["message_uuid"])
async def test_samples_come_and_go_without_loss(up: Running, wire: dict[str, Any]) -> None:
    done = await brought(up, wire)
    found = await shown(up, done["number"])
    assert found["case"] == wire["exception_case_uuid"]
    assert wire["message_uuid"] in [one["message"] for one in found["documents"]]
    assert await handed_out(up, done["number"], message=wire["message_uuid"]) == wire
    again = await brought(up, wire)
    assert (again["number"], again["repeated"]) == (done["number"], True)
    other = {**wire, "timestamp": wire["timestamp"] + 1}
    conflict = await brought(up, other, 409)
    assert conflict["code"] == "dscsa_conflict"


@shared_loop
async def test_a_report_opens_a_case_that_we_answer(up: Running) -> None:
    (item,) = REPORT["exceptions"]["overages"]
    message = fresh(REPORT, exceptions={"overages": [item]})
    done = await brought(up, message)
    found = await shown(up, done["number"])
    assert (done["opened"], found["kind"], found["origin"]) == (True, "overage", "file")
    assert (found["expected"], found["found"]) == (10, 12)
    assert (found["messages"][0]["act"], found["messages"][0]["action"]) == ("propose", "debit")
    assert found["messages"][0]["message"] is None  # nobody signed it
    empty = await handed_out(up, done["number"])
    assert empty["response_items"] == []

    await post(up, f"/{done['number']}/messages", act="agree", text="as you say")
    answer = await handed_out(up, done["number"])
    assert jsonschema_rs.is_valid(RESPONSE_SCHEMA, answer)
    assert answer["exception_case_uuid"] == message["exception_case_uuid"]
    assert [one["exception_item_uuid"] for one in answer["response_items"]] == ["a4"]
    assert answer["response_items"][0]["resolution_response"] == "Accept"
    assert answer["po_number"] == "PO-1"
    assert answer["sender_information"]["gln"] == "6901234000009"
    assert await handed_out(up, done["number"]) == answer  # asked again, the same


@shared_loop
@pytest.mark.parametrize(
    ("action", "said", "other"),
    [
        ("debit", "Accept", None),
        ("keep", "Accept", None),
        ("accept_overage", "Accept", None),
        ("return", "Reject", "Return product"),
        ("credit", "Reject", "Credit account"),
        ("destroy", "Reject", None),
    ],
)
async def test_our_resolution_answers_what_was_asked(
    up: Running, action: str, said: str, other: str | None
) -> None:
    (item,) = REPORT["exceptions"]["overages"]
    done = await brought(up, fresh(REPORT, exceptions={"overages": [item]}))
    body = {"cause": "counting_error", "action": action, "text": "looked at it"}
    await post(up, f"/{done['number']}/resolution", **body)
    answer = await handed_out(up, done["number"])
    assert jsonschema_rs.is_valid(RESPONSE_SCHEMA, answer)
    (one,) = answer["response_items"]
    assert (one["resolution_response"], one["comments"]) == (said, "looked at it")
    alternative = one["alternative_resolution"]
    assert (alternative and alternative["alternative_resolution"]) == other


@shared_loop
async def test_a_response_answers_our_case(up: Running) -> None:
    message = fresh(REPORT)
    first = await brought(up, message)
    await post(up, f"/{first['number']}/messages", act="say", text="noted")
    reply = {**RESPONSE, "exception_case_uuid": message["exception_case_uuid"]}
    done = await brought(up, reply)
    assert (done["number"], done["opened"]) == (first["number"], False)
    last = (await shown(up, first["number"]))["messages"][-1]
    assert (last["act"], last["action"]) == ("propose", "return")
    assert "we counted ten" in last["text"]
    assert "the rest is fine" in last["text"]


@shared_loop
async def test_a_report_that_says_resolved_ends_nothing_here(up: Running) -> None:
    message = fresh(REPORT)
    first = await brought(up, message)
    await brought(up, {**message, "message_uuid": "later", "case_resolved": True})
    found = await shown(up, first["number"])
    assert found["state"] == "open"
    assert found["messages"][-1]["act"] == "resolve"


@shared_loop
async def test_kinds_that_nobody_knows_are_kept_as_other(up: Running) -> None:
    torn = [{"exception_item_uuid": "t1", "depth": 3}]
    message = fresh(REPORT, exceptions={"torn_labels": torn}, other_errors=None, extra={"a": 1})
    done = await brought(up, message)
    found = await shown(up, done["number"])
    assert found["kind"] == "other"
    assert "torn labels: depth 3" in found["detail"]
    assert await handed_out(up, done["number"], message=message["message_uuid"]) == message


@shared_loop
async def test_a_case_of_another_sender_is_another_case(up: Running) -> None:
    message = fresh(REPORT)
    first = await brought(up, message)
    answer = await up.client.post(
        "/v1/exceptions/import", params={"partner": 7}, content=json.dumps(message)
    )
    assert answer.json()["number"] != first["number"]
    assert answer.json()["partner"] == {"participant": 7, "name": None}


@shared_loop
async def test_texts_that_postgresql_cannot_keep(up: Running) -> None:
    done = await brought(up, fresh(REPORT, other_errors=["a\0b"]))
    assert "a\ufffdb" in (await shown(up, done["number"]))["messages"][0]["text"]
    refused = await brought(up, fresh(REPORT, message_uuid="a\0b"), 400)
    assert refused["code"] == "dscsa_form"


@shared_loop
async def test_a_report_of_ours_is_one(up: Running) -> None:
    number = await opened(up, wish(ExceptionKind.SHORTAGE, codes=codes_of(3), detail="INTERNAL"))
    made = await handed_out(up, number, order="PO-9")
    assert jsonschema_rs.is_valid(REPORT_SCHEMA, made)
    theirs = official("report")
    assert theirs is None or theirs.is_valid(made)
    assert READER.read(json.dumps(made).encode()).raw == made
    assert len(made["exceptions"]["missing_product"]) == 3
    assert (made["po_number"], made["case_resolved"]) == ("PO-9", False)
    assert "INTERNAL" not in json.dumps(made)
    assert UUID(made["message_uuid"]).version == 5
    refused = await up.client.get(f"/v1/exceptions/{number}/dscsa", params={"as": "response"})
    assert (refused.status_code, refused.json()["code"]) == (409, "exception_no_report")
    await post(up, f"/{number}/resolution", cause="other", action="none")
    ended = await handed_out(up, number)
    assert (ended["case_resolved"], ended["exceptions"]) == (True, {})
    assert ended["exception_case_uuid"] == made["exception_case_uuid"]
    assert ended["message_uuid"] != made["message_uuid"]


@shared_loop
@pytest.mark.parametrize("kind", list(ExceptionKind))
async def test_every_kind_can_be_reported(up: Running, kind: ExceptionKind) -> None:
    number = await opened(up, wish(kind, codes=codes_of(2), expected=5, found=3))
    made = await handed_out(up, number)
    assert jsonschema_rs.is_valid(REPORT_SCHEMA, made)
    read = READER.read(json.dumps(made).encode())
    assert read.items or read.notes


async def test_without_a_contact_nothing_goes_out(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with running_gateway(anvil, template, tmp_path / "bare", Wishes()) as up:
        number = await opened(up, wish())
        answer = await up.client.get(f"/v1/exceptions/{number}/dscsa")
        assert (answer.status_code, answer.json()["code"]) == (409, "exception_contact")


async def test_messages_between_two_gateways_as_files(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    """What the shop states of a shipment, the maker takes by file: the GLN says who it is."""
    people = [
        Person("maker", prefixes=("gs1:6901234",)),
        Person("shop", prefixes=("gs1:0614141",)),
        Person("carrier"),
    ]
    wishes = WISHES.but(sections={**WISHES.sections, **CONTACT})
    async with town(anvil, template, tmp_path, people, wishes=wishes) as t:
        mine, others = codes_of(2), codes_of(1)
        digest = await handed_over(t["maker"], t["shop"], mine)
        await handed_over(t["carrier"], t["shop"], others)
        number = await opened(
            t["shop"], wish(partner=1, subject=digest, codes=[*mine, *others], detail="INTERNAL")
        )
        made = await handed_out(t["shop"], number)
        text = json.dumps(made)
        assert all(code.rpartition("/")[2] in text for code in mine)
        assert not any(code.rpartition("/")[2] in text for code in others)
        assert "INTERNAL" not in text

        before = len(await listed(t["maker"]))
        made["exception_case_uuid"] = str(UUID(bytes=os.urandom(16)))
        done = await brought(t["maker"], made)
        assert done["partner"]["participant"] == 2
        assert len(await listed(t["maker"])) == before + 1
        found = await shown(t["maker"], done["number"])
        assert found["codes"] == mine
        assert found["partnerKnows"] is False  # not over the network: answered by file
