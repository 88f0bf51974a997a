"""Delegation: a logistics provider ships in the owner's name, within its limits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from anchoring.chain.statements import statement_digest, statement_signer
from anchoring.core.statement import statement_from_wire
from node_gateway.epcis.identifiers.check_digits import check_digit
from node_gateway.storage.granted_goods import last_position
from tests.anvil import Anvil
from tests.consortium import Person
from tests.gateway.partners.granting import TOWN, asked, code_of, later, lot
from tests.gateway.running import Running, commissioning, events_of, sgtin
from tests.partners import Town, party_of, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEOPLE = (
    Person("maker", prefixes=("gs1:6901234",)),
    Person("carrier", prefixes=("gs1:6905555",)),
    Person("stranger"),
)
TO = party_of("gs1:6905555")
DOCK = "https://id.gs1.org/414/6901234000009"
SSCC = "https://id.gs1.org/00/069012340000000023"
MIXED = f"https://id.gs1.org/00/06901234000000003{check_digit('06901234000000003')}"
_GTIN = "0690123499999"
CASE = f"https://id.gs1.org/00/06901234000000004{check_digit('06901234000000004')}"
OTHER = f"https://id.gs1.org/01/{_GTIN}{check_digit(_GTIN)}/21/1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("delegation")
    async with town(anvil, template, folder, PEOPLE, wishes=TOWN) as made_town:
        yield made_town


def delegation(**changes: Any) -> dict[str, Any]:
    return {
        "participant": "carrier",
        "purpose": "warehouse in the north",
        "until": later(),
        "operations": ["ship", "pack"],
        "products": ["06901234123456"],
        **changes,
    }


async def delegate(up: Running, **changes: Any) -> str:
    answer = await up.client.post("/v1/delegations", json=delegation(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def revoke(up: Running, delegation_id: str) -> None:
    answer = await up.client.post(f"/v1/delegations/{delegation_id}/revoke")
    assert answer.json()["state"] == "revoked"


async def act(
    up: Running, operation: str, key: str, order: dict[str, Any], *, owner: str = "maker"
) -> httpx2.Response:
    return await up.client.post(
        f"/v1/acting/{owner}/{operation}", json=order, headers={"Idempotency-Key": key}
    )


async def goods(up: Running, lot_name: str = "L-2026-03") -> str:
    code = sgtin()
    await up.entry(commissioning(code, **lot(lot_name)), final=False)
    return code


async def counted(up: Running) -> int:
    """Return how many events are stored."""
    return await up.gateway.store.read(last_position)


async def test_what_a_provider_ships_is_the_owners_event_and_says_who_acted(here: Town) -> None:
    maker, carrier = here["maker"], here["carrier"]
    given, code = await delegate(maker), await goods(maker)

    answer = await act(carrier, "ship", "run-1", {"codes": [code], "to": TO})

    assert answer.status_code == 201, answer.text
    done = answer.json()
    assert set(done) == {"owner", "key", "operation", "entry", "repeated"}
    events = await maker.client.get("/epcis/events", params={"MATCH_epc": code})
    (shipped,) = [one for one in events_of(events.json()) if one.get("bizStep") == "shipping"]
    acted = shipped["urn:x-sealtrail:actedBy"]
    assert acted["urn:x-sealtrail:participant"] == here.member("carrier").id
    assert acted["urn:x-sealtrail:delegation"] == given
    theirs = await carrier.client.get("/epcis/events", params={"MATCH_epc": code})
    assert events_of(theirs.json()) == []
    await revoke(maker, given)


async def test_both_keep_the_signed_request_and_the_signed_answer(here: Town) -> None:
    maker, carrier = here["maker"], here["carrier"]
    given, code = await delegate(maker), await goods(maker)
    done = (await act(carrier, "ship", "run-2", {"codes": [code], "to": TO})).json()

    kept = (await maker.client.get("/v1/delegated/carrier/run-2")).json()
    request, answer = (statement_from_wire(kept[name]) for name in ("statement", "answer"))

    assert statement_signer(request) == here.member("carrier").sign.address
    assert statement_signer(answer) == here.member("maker").sign.address
    assert json.loads(request.body)["order"]["codes"] == [code]
    said = json.loads(answer.body)
    assert (said["request"], said["entry"]) == (statement_digest(request).hex(), done["entry"])
    missing = await maker.client.get("/v1/delegated/carrier/run-none")
    assert code_of(missing) == "request_not_found"
    await revoke(maker, given)


async def test_the_same_request_again_is_done_once(here: Town) -> None:
    maker, carrier = here["maker"], here["carrier"]
    given, code = await delegate(maker), await goods(maker)
    order = {"codes": [code], "to": TO}
    first = await act(carrier, "ship", "run-3", order)
    count = await counted(maker)

    again = await act(carrier, "ship", "run-3", order)
    statement = (await maker.client.get("/v1/delegated/carrier/run-3")).json()["statement"]
    replayed = await asked(
        here, "carrier", "/v1/peer/delegated/ship", body=json.dumps(statement).encode()
    )
    another = await act(carrier, "ship", "run-3", {"codes": [await goods(maker)], "to": TO})

    assert again.status_code == 200
    assert again.json()["entry"] == first.json()["entry"]
    assert replayed.ok
    assert json.loads(json.loads(replayed.body)["body"])["entry"] == first.json()["entry"]
    assert code_of(another) == "idempotency_mismatch"
    assert await counted(maker) == count + 1  # the goods of the request that was refused
    await revoke(maker, given)


async def test_nobody_else_can_use_a_providers_request(here: Town) -> None:
    maker, carrier = here["maker"], here["carrier"]
    given, code = await delegate(maker), await goods(maker)
    await act(carrier, "ship", "run-4", {"codes": [code], "to": TO})
    statement = (await maker.client.get("/v1/delegated/carrier/run-4")).json()["statement"]
    count = await counted(maker)

    stolen = await asked(
        here, "stranger", "/v1/peer/delegated/ship", body=json.dumps(statement).encode()
    )
    forged = {**statement, "body": statement["body"].replace("run-4", "run-5")}
    changed = await asked(
        here, "carrier", "/v1/peer/delegated/ship", body=json.dumps(forged).encode()
    )
    elsewhere = await asked(
        here, "carrier", "/v1/peer/delegated/pack", body=json.dumps(statement).encode()
    )

    assert code_of(stolen) == code_of(changed) == "statement_refused"
    assert code_of(elsewhere) == "parameter"
    assert await counted(maker) == count
    own = await act(here["stranger"], "ship", "run-6", {"codes": [code], "to": TO})
    assert code_of(own) == "delegation_not_found"
    await revoke(maker, given)


@pytest.mark.parametrize(
    ("terms", "operation", "order", "code"),
    [
        ({}, "destroy", {"reason": "broken"}, "delegation_not_found"),
        ({}, "ship", {"to": TO, "codes": [OTHER]}, "delegation_scope"),
        ({}, "ship", {"to": TO, "override": "in a hurry"}, "delegation_scope"),
        ({"places": [DOCK]}, "ship", {"to": TO}, "delegation_scope"),
        ({}, "ship", {"to": TO, "eventTime": "2026-01-01T00:00:00+08:00"}, "delegation_scope"),
        (
            {"products": [], "lots": [{"product": "06901234123456", "lot": "L-X"}]},
            "ship",
            {"to": TO},
            "delegation_scope",
        ),
        ({}, "ship", {"to": TO, "codes": [SSCC]}, "delegation_scope"),
        ({"operations": ["receive"]}, "ship", {"to": TO}, "delegation_not_found"),
        ({}, "ship", {"to": "Example Carrier"}, "party_unknown"),
        ({"receivers": ["stranger"]}, "ship", {"to": TO}, "delegation_receiver"),
        (
            {"receivers": ["carrier"]},
            "ship",
            {"to": party_of("gs1:6909999")},
            "delegation_receiver",
        ),
        ({"receivers": ["carrier"]}, "ship", {}, "delegation_receiver"),
        ({"receivers": ["stranger"]}, "ship", {"to": TO, "codes": [OTHER]}, "delegation_scope"),
    ],
)
async def test_beyond_the_scope_nothing_is_stored(
    here: Town, terms: dict[str, Any], operation: str, order: dict[str, Any], code: str
) -> None:
    maker, carrier = here["maker"], here["carrier"]
    given, owned = await delegate(maker, **terms), await goods(maker)
    count = await counted(maker)

    answer = await act(
        carrier, operation, f"run-{owned.rpartition('/')[2]}", {"codes": [owned], **order}
    )

    assert answer.status_code >= 400
    assert code_of(answer) == code
    assert await counted(maker) == count
    await revoke(maker, given)


async def test_within_places_and_lots_it_is_done(here: Town) -> None:
    maker, carrier = here["maker"], here["carrier"]
    given = await delegate(
        maker,
        products=[],
        lots=[{"product": "06901234123456", "lot": "L-Y"}],
        places=[DOCK],
    )
    code = await goods(maker, "L-Y")

    packed = await act(carrier, "pack", "run-20", {"codes": [code], "parent": SSCC, "place": DOCK})
    shipped = await act(carrier, "ship", "run-21", {"codes": [SSCC], "to": TO, "place": DOCK})

    assert packed.status_code == 201, packed.text
    assert shipped.status_code == 201, shipped.text
    both = [await goods(maker, "L-Y"), await goods(maker, "L-Z")]
    answer = await maker.client.post("/v1/operations/pack", json={"codes": both, "parent": MIXED})
    assert answer.status_code == 201, answer.text
    mixed = await act(carrier, "ship", "run-22", {"codes": [MIXED], "to": TO, "place": DOCK})
    assert code_of(mixed) == "delegation_scope"
    await revoke(maker, given)


async def test_goods_go_to_the_receivers_that_are_named(here: Town) -> None:
    maker, carrier = here["maker"], here["carrier"]
    given, code = await delegate(maker, receivers=["carrier", "maker"]), await goods(maker)
    listed = (await maker.client.get("/v1/delegations")).json()["delegations"]
    (terms,) = [one["terms"] for one in listed if one["id"] == given]
    assert terms["receivers"] == [here.member("maker").id, here.member("carrier").id]
    packed = await act(carrier, "pack", "run-60", {"codes": [code], "parent": CASE})
    assert packed.status_code == 201, packed.text  # it goes to nobody
    shipped = await act(carrier, "ship", "run-61", {"codes": [CASE], "to": TO})
    assert shipped.status_code == 201, shipped.text
    nobody = await maker.client.post("/v1/delegations", json=delegation(receivers=["nobody"]))
    assert code_of(nobody) == "participant_not_found"
    await revoke(maker, given)


async def test_a_refusal_names_no_rule_and_can_be_tried_again(here: Town) -> None:
    maker, carrier = here["maker"], here["carrier"]
    given, code = await delegate(maker), await goods(maker)
    sold = await maker.client.post("/v1/operations/dispense", json={"codes": [code]})
    assert sold.status_code == 201, sold.text

    refused = await act(carrier, "ship", "run-30", {"codes": [code], "to": TO})

    assert code_of(refused) == "operation_refused"
    assert "dispens" not in refused.text
    assert "errors" not in refused.json()
    undone = await maker.client.post("/v1/operations/dispense/undo", json={"code": code})
    assert undone.status_code == 201
    again = await act(carrier, "ship", "run-30", {"codes": [code], "to": TO})
    assert again.status_code == 201, again.text
    await revoke(maker, given)


async def test_it_ends_with_its_time_and_with_its_revocation(here: Town) -> None:
    maker, carrier = here["maker"], here["carrier"]
    short = await delegate(maker, until=later(2))
    code = await goods(maker)
    assert (await act(carrier, "ship", "run-40", {"codes": [code], "to": TO})).status_code == 201
    await asyncio.sleep(2.1)
    late = await act(carrier, "ship", "run-41", {"codes": [await goods(maker)], "to": TO})
    assert code_of(late) == "delegation_not_found"

    given = await delegate(maker)
    await revoke(maker, given)
    revoked = await act(carrier, "ship", "run-42", {"codes": [await goods(maker)], "to": TO})
    assert code_of(revoked) == "delegation_not_found"
    states = {
        one["id"]: one["state"]
        for one in (await maker.client.get("/v1/delegations")).json()["delegations"]
    }
    assert (states[short], states[given]) == ("expired", "revoked")


async def test_a_crash_before_the_answer_was_kept_leads_to_the_same_event(here: Town) -> None:
    maker, carrier = here["maker"], here["carrier"]
    given, code = await delegate(maker), await goods(maker)
    order = {"codes": [code], "to": TO}
    first = await act(carrier, "ship", "run-50", order)
    for up in (maker, carrier):

        def forget(connection: Any) -> None:
            connection.exec_driver_sql(
                "UPDATE delegated_request SET outcome = 'asked', entry = NULL, answer = NULL"
                " WHERE key = 'run-50'"
            )

        await up.gateway.store.write("forget", forget)
    count = await counted(maker)

    again = await act(carrier, "ship", "run-50", order)

    assert again.json()["entry"] == first.json()["entry"]
    assert await counted(maker) == count
    await revoke(maker, given)
