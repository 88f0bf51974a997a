"""The event hash over HTTP: its owner gets it, and nobody else from any answer."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from node_gateway.epcis.event_hash import (
    EventHashVersion,
    agreeing_versions,
    event_hash,
    event_hashes,
    parse_event_hash,
)
from tests.gateway.running import (
    Running,
    commissioning,
    dispensing,
    document,
    serial,
    sgtin,
    shipping,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def shown(running: Running, entry: str) -> dict[str, str]:
    answer = await running.client.get(f"/v1/events/{entry}")
    found: dict[str, str] = answer.json()["eventHash"]
    return found


def forms(event: dict[str, Any]) -> set[str]:
    """Return the digests of an event in every version, as hex and base64url."""
    found = set()
    for version in EventHashVersion:
        (named,) = event_hashes(document(event), version=version)
        digest = bytes.fromhex(parse_event_hash(named).digest)
        found |= {digest.hex(), urlsafe_b64encode(digest).rstrip(b"=").decode()}
    return found


async def test_the_owner_gets_what_a_partner_would_compute(shared: Running) -> None:
    event = shipping(sgtin(), sgtin())
    entry = await shared.entry(event, final=False)
    assert await shown(shared, entry) == {
        version: event_hashes(document(event), version=version)[0]
        for version in ("CBV2.0", "CBV2.1")
    }


async def test_two_captures_of_one_event_have_one_hash(shared: Running) -> None:
    """Under two eventIDs and in two spellings: what a duplicate looks like."""
    number = serial()
    urn = f"urn:epc:id:sgtin:6901234.012345.{number}"
    ids = [f"urn:uuid:0190a6f0-0000-7000-a000-{serial():012d}" for _ in range(2)]
    one = await shared.entry(shipping(sgtin(number), eventID=ids[0]), final=False)
    two = await shared.entry(shipping(urn, eventID=ids[1]), final=False)
    other = await shared.entry(shipping(sgtin(), eventID=f"{ids[1]}0"), final=False)
    assert one != two
    assert await shown(shared, one) == await shown(shared, two)
    assert not set((await shown(shared, one)).values()) & set((await shown(shared, other)).values())


async def test_a_large_event_has_one_too(shared: Running) -> None:
    event = shipping(*(sgtin() for _ in range(3000)))
    entry = await shared.entry(event, final=False)
    assert (await shown(shared, entry))["CBV2.0"] == event_hashes(document(event))[0]


async def test_an_erased_event_has_none(shared: Running) -> None:
    entry = await shared.entry(shipping(sgtin()), final=False)
    assert await shown(shared, entry)
    assert (await shared.client.delete(f"/v1/events/{entry}")).status_code == 200
    assert await shown(shared, entry) is None


@pytest.mark.parametrize("scope", ["capture", "audit", None])
async def test_nobody_gets_it_without_the_scope(shared: Running, scope: str | None) -> None:
    event = commissioning(sgtin())
    entry = await shared.entry(event, final=False)
    headers = {"authorization": f"Bearer {await shared.new_key(scope)}"} if scope else {}
    async with shared.stranger(**headers) as client:
        answer = await client.get(f"/v1/events/{entry}")
    assert answer.status_code == (403 if scope else 401)
    assert not any(form in answer.text for form in forms(event))


@pytest.mark.parametrize("make", [commissioning, shipping, dispensing])
async def test_no_answer_to_others_has_it(shared: Running, make: Any) -> None:
    code = sgtin()
    event = make(code, eventID=f"urn:uuid:0190a6f0-0000-7000-a100-{serial():012d}")
    answers = [await shared.capture(event)]
    entry = answers[0].json()["events"][0]["entry"]
    await shared.final(entry)
    owner = await shared.client.get(f"/v1/events/{entry}")
    assert any(form in owner.text for form in forms(event))
    for path in (
        f"/v1/events/{entry}/bundle?audience=public&code={code}",
        f"/v1/events/{entry}/bundle?audience=partner",
        f"/v1/events/{entry}/bundle?audience=owner",
        f"/v1/events/{entry}/receipt",
        f"/v1/events/{entry}/opening",
        f"/v1/public/codes/{code}",
        f"/v1/codes/{code}",
        f"/epcis/events/{event['eventID']}",
        "/v1/anchors",
        "/v1/status",
        "/metrics",
    ):
        answers.append(await shared.client.get(path))  # noqa: PERF401  one after the other
    assert sum(answer.status_code == 200 for answer in answers) >= 9
    for answer in answers:
        text = answer.text + str(answer.headers)
        assert not any(form in text for form in forms(event)), answer.url


async def test_a_hash_that_the_client_states_stays_with_the_owner(shared: Running) -> None:
    """A true one: other parties would compute the rest from it."""
    codes = [sgtin(), sgtin()]
    event = commissioning(*codes)
    stated = event_hash(event, context=document()["@context"])
    event["eventID"] = stated
    entry = await shared.entry(event)
    assert (await shown(shared, entry))["CBV2.0"] == stated
    assert EventHashVersion.CBV_2_0 in agreeing_versions(stated, event)
    digest = parse_event_hash(stated).digest
    for audience in ("public", "partner"):
        bundle = await shared.client.get(f"/v1/events/{entry}/bundle?audience={audience}")
        assert bundle.status_code in (200, 404)
        values = (await shared.bundle(entry, audience)).values if bundle.is_success else {}
        assert not any(digest in str(value) for value in values.values())
    public = (await shared.client.get(f"/v1/public/codes/{codes[0]}")).text
    assert digest not in public
    assert "$['eventID']" not in (await shared.bundle(entry, "owner", codes[0])).values
    assert (await shared.bundle(entry, "owner")).values["$['eventID']"] == stated
