"""`wait=final`: an answer when it is sealed, or after a while that it is durable."""

import json
import time

from node_gateway.settings import LimitsSection
from tests.gateway.conftest import Start
from tests.gateway.running import (
    QUICK,
    Wishes,
    batching,
    commissioning,
    dispensing,
    document,
    sgtin,
    shipping,
)


def single(event: dict) -> str:
    return json.dumps({"@context": document()["@context"], **event})


async def test_sealed_in_time(start: Start) -> None:
    up = await start(Wishes(batching=batching(QUICK)))
    body = json.dumps(document(commissioning(sgtin()), dispensing(sgtin())))
    response = await up.client.post("/epcis/capture?wait=final", content=body)
    assert response.status_code == 200, response.text
    made = [one["entry"] for one in response.json()["events"]]
    response = await up.client.post("/epcis/events?wait=final", content=single(shipping(sgtin())))
    assert response.status_code == 201, response.text
    for entry in (*made, response.json()["entry"]):
        assert (await up.client.get(f"/v1/events/{entry}")).json()["state"] == "final"


async def test_not_sealed_in_time_is_202_and_durable(start: Start) -> None:
    limits = LimitsSection(wait_s_max=1, public_lookups="1000/second")
    up = await start(Wishes(limits=limits))
    began = time.monotonic()
    body = json.dumps(document(commissioning(sgtin())))
    response = await up.client.post("/epcis/capture?wait=final", content=body)
    assert response.status_code == 202
    assert 1 <= time.monotonic() - began < LimitsSection().wait_s_max
    (result,) = response.json()["events"]
    assert (await up.client.get(f"/v1/events/{result['entry']}")).json()["state"] == "stored"
    response = await up.client.post("/epcis/events?wait=final", content=single(shipping(sgtin())))
    assert response.status_code == 202
    await up.final(response.json()["entry"])
