"""Operations and states over HTTP, with many codes stored; also while the chain is down."""

import asyncio
import json
from collections.abc import Iterator
from urllib.parse import quote

from benchmarks.asking import Request, asked, sent
from benchmarks.importing import wait_followed
from benchmarks.rows import Row
from benchmarks.running import RunningGateway, running_gateway
from benchmarks.workload import document, event, goods

_CODES_PER_EVENT = 1000
_GTIN = "09506000134352"
_CASE = "urn:epc:id:sscc:9506000.0000000001"
_CHILDREN = 1000


def rows(*, quick: bool) -> Iterator[Row]:
    codes, asks = (3000, 20) if quick else (100_000, 500)
    with running_gateway() as gateway:
        _fill(gateway, codes)
        workload = f"one pack, {codes} codes stored, 1 client"
        yield asked(gateway, "operate.dispense", _sales(asks), workload)
        again = f"sold before; {workload}"
        yield asked(gateway, "operate.refused", _sales(asks), again, status=409)
        yield from _case(gateway, asks)
        gateway.stop_chain()
        later = _sales(asks, first=asks)
        yield asked(gateway, "operate.dispense.chain_down", later, f"no chain; {workload}")


def _fill(gateway: RunningGateway, codes: int) -> None:
    """Commission codes, and pack a case that is not for sale."""
    begun = goods("commissioning", "active", "ADD")
    events = [
        {**event(at, codes=_CODES_PER_EVENT), **begun} for at in range(codes // _CODES_PER_EVENT)
    ]
    asyncio.run(sent(gateway, [document([one]) for one in events]))
    last = events[-1]
    children = last["epcList"][:_CHILDREN]
    packed = {**event(0), **goods("packing", "in_progress", "ADD"), "type": "AggregationEvent"}
    del packed["epcList"]
    packed |= {"parentID": _CASE, "childEPCs": children, "eventTime": "2026-03-02T01:00:00.000Z"}
    asyncio.run(sent(gateway, [document([packed])]))
    wait_followed(gateway)


def _sales(count: int, first: int = 0) -> list[Request]:
    return [
        ("POST", "/v1/operations/dispense", json.dumps({"codes": [_code(at)]}).encode())
        for at in range(first, first + count)
    ]


def _code(at: int) -> str:
    number, inner = divmod(at, _CODES_PER_EVENT)
    return f"https://id.gs1.org/01/{_GTIN}/21/{number}S{inner}"


def _case(gateway: RunningGateway, asks: int) -> Iterator[Row]:
    case = quote("https://id.gs1.org/00/095060000000000015", safe="")
    for name, what in (("state.case", "state"), ("state.tree", "tree?perPage=1000")):
        requests = [("GET", f"/v1/codes/{case}/{what}", b"")] * asks
        yield asked(gateway, name, requests, f"a case of {_CHILDREN}, 1 client")
