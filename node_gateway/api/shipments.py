"""Shipments to us, scanned in several goes and received; what receivers answered for ours."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from node_gateway.api.deps import BodyDep, EntryPath, GatewayDep, OperateKey, QueryKey, read
from node_gateway.partners.receiving import SCANS_MAX, Ending, Read
from node_gateway.partners.shipment import LOOSE
from node_gateway.partners.symbols import TEXT_LENGTH_MAX, read_symbol
from node_gateway.services.gateway import Gateway

router = APIRouter(tags=["shipments"])

_NUMBER_MAX = 2**53 - 1
_PAGE_MAX = 1000
_SCANS_SIZE_BYTES_MAX = 16 * 1024 * 1024
Number = Annotated[int, Path(ge=1, le=_NUMBER_MAX, description="Number of the shipment.")]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=_PAGE_MAX)]
After = Annotated[int, Query(ge=0, le=_NUMBER_MAX)]
Text = Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH_MAX)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScanIn(_In):
    """A text from a scanner; `inside` is the unit it was found in, `-` outside any."""

    text: Text
    inside: Text | None = None
    opened: bool = False


class ScansIn(_In):
    """What was scanned."""

    scans: Annotated[list[ScanIn], Field(min_length=1, max_length=SCANS_MAX)]


class UnscanIn(_In):
    """What was scanned by mistake."""

    text: Text


class FinishIn(_In):
    """How a shipment is received; `override` says why, although state rules forbid it."""

    place: Text | None = None
    override: Text | None = None


@router.get("/v1/shipments", operation_id="listShipments")
async def list_shipments(
    key: QueryKey,
    gateway: GatewayDep,
    state: Literal["open", "late", "finished", "all"] = "open",
    code: Annotated[
        str | None, Query(max_length=TEXT_LENGTH_MAX, description="A code it is said to hold.")
    ] = None,
    after: After = 0,
    per_page: PerPage = 100,
) -> dict[str, Any]:
    """List shipments to us, in the order in which their data came."""
    del key
    wanted = None if code is None else gateway.canonical_code(code)
    answer = await gateway.partners.receipts.sessions.shipments(
        after=after, limit=per_page, which=state, code=wanted
    )
    shown = [_with_name(gateway, one, "from") for one in answer["shipments"]]
    return {**answer, "shipments": shown}


@router.get("/v1/shipments/{number}", operation_id="getShipment")
async def get_shipment(key: QueryKey, gateway: GatewayDep, number: Number) -> dict[str, Any]:
    """Return a shipment to us: what was said, what is there, what differs.

    Problems: shipment_not_found.
    """
    del key
    found = await gateway.partners.receipts.sessions.shipment(number)
    return _with_name(gateway, found, "from")


@router.post("/v1/shipments/{number}/scans", operation_id="scanShipment")
async def scan_shipment(
    key: OperateKey, gateway: GatewayDep, number: Number, body: BodyDep
) -> dict[str, Any]:
    """Keep what was scanned for a shipment, and say of each scan whether it is as the data say.

    The same scan again changes nothing; several people may scan at once. Problems:
    shipment_not_found, receipt_finished, receipt_void.
    """
    wanted = read(ScansIn, body, size_bytes_max=_SCANS_SIZE_BYTES_MAX)
    reads = [Read(one.text, _unit(one.inside), one.opened) for one in wanted.scans]
    return await gateway.partners.receipts.sessions.scan(number, reads, who=key.name)


@router.post("/v1/shipments/{number}/unscan", operation_id="unscanShipment")
async def unscan_shipment(
    key: OperateKey, gateway: GatewayDep, number: Number, body: BodyDep
) -> dict[str, Any]:
    """Forget that a code was scanned.

    Problems: shipment_not_found, receipt_finished, receipt_void.
    """
    del key
    wanted = read(UnscanIn, body)
    return await gateway.partners.receipts.sessions.unscan(number, wanted.text)


@router.post("/v1/shipments/{number}/finish", operation_id="finishShipment")
async def finish_shipment(
    key: OperateKey, gateway: GatewayDep, number: Number, body: BodyDep
) -> dict[str, Any]:
    """Receive what is there of a shipment: event, exceptions, and the signed answer.

    Finished already: nothing is done again. Problems: shipment_not_found, receipt_void,
    operation_refused, read_only.
    """
    wanted = read(FinishIn, body)
    place = gateway.naming.place(wanted.place) if wanted.place else None
    ending = Ending(key.name, place, wanted.override)
    done = await gateway.partners.receipts.sessions.finish(number, ending)
    return _with_name(gateway, done, "from")


@router.get("/v1/acknowledgements/{entry}", operation_id="getAcknowledgement")
async def get_acknowledgement(
    key: QueryKey, gateway: GatewayDep, entry: EntryPath
) -> dict[str, Any]:
    """Return what a receiver answered for a handover, by the digest of the handover.

    Problems: handover_not_found, not_acknowledged.
    """
    del key
    found = await gateway.partners.receipts.desk.answer(bytes.fromhex(entry))
    return _with_name(gateway, found, "by")


@router.get("/v1/custody-conflicts", operation_id="listCustodyConflicts")
async def list_conflicts(
    key: QueryKey, gateway: GatewayDep, after: After = 0, per_page: PerPage = 100
) -> dict[str, Any]:
    """List handovers to us that cannot hold beside what was said before."""
    del key
    answer = await gateway.partners.receipts.desk.conflicts(after=after, limit=per_page)
    shown = [
        _with_name(gateway, _with_name(gateway, one, "firstBy"), "secondBy")
        for one in answer["conflicts"]
    ]
    return {**answer, "conflicts": shown}


def _with_name(gateway: Gateway, found: dict[str, Any], member: str) -> dict[str, Any]:
    """Return an answer with the name that a participant in it has on the chain."""
    known = gateway.directory.current.participants.get(found[member])
    return {**found, f"{member}Name": known.name if known is not None else None}


def _unit(text: str | None) -> str | None:
    return text if text is None or text == LOOSE else read_symbol(text).code


__all__ = ["router"]
