"""Ways by which recalled goods might go on: a lot said falsely, a document that says return."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.anvil import Anvil
from tests.gateway.recalling import Recalls, network
from tests.gateway.running import Wishes, commissioning, running_gateway, sgtin

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUYER = "9521321000018"
CASE = "https://id.gs1.org/01/16901234123453/21/case-1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recalls(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Recalls]:
    with Anvil() as chain:
        net, deployed = await network(chain)
        folder = tmp_path_factory.mktemp("escapes")
        async with running_gateway(chain, template, folder, Wishes(), deployed=deployed) as up:
            yield Recalls(net, up)


async def made(recalls: Recalls, code: str, lot: str | None) -> None:
    event = commissioning(code, ilmd={"cbvmda:lotNumber": lot})
    if lot is None:
        del event["ilmd"]
    await recalls.up.entry(event, final=False)


async def test_a_lot_said_falsely_clears_neither_a_pack_nor_what_its_case_says(
    recalls: Recalls,
) -> None:
    known, packed, unknown = sgtin(), sgtin(), sgtin()
    await made(recalls, known, "BAD-1")
    await made(recalls, packed, None)
    await made(recalls, unknown, None)
    await made(recalls, CASE, "BAD-1")
    assert await recalls.refused("pack", packed, parent=CASE) == []
    number = await recalls.publish(lots=("BAD-1",))
    await recalls.read()
    for code in (known, packed):
        for lot in ("GOOD-1", "bad-1"):
            found = await recalls.refused("dispense", code, lot=lot)
            assert "recall_notice" in found, (code, lot)
    assert await recalls.refused("ship", CASE, to=BUYER, lot="GOOD-1") == ["recall_notice"]
    assert await recalls.refused("ship", unknown, to=BUYER, lot="GOOD-1") == []
    await recalls.lift(number)
    await recalls.read()


async def test_a_return_authorisation_makes_no_return_of_a_shipment(recalls: Recalls) -> None:
    code = sgtin()
    await made(recalls, code, "BAD-2")
    number = await recalls.publish(lots=("BAD-2",))
    await recalls.read()
    document = {"document": "RMA-1", "documentType": "rma"}
    assert await recalls.refused("ship", code, to=BUYER, **document) == ["recall_notice"]
    assert await recalls.refused("send-back", code, to=BUYER, **document) == []
    await recalls.lift(number)
    await recalls.read()
