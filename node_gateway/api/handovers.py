"""Handovers: what was disclosed of shipments, in both directions, and what would be."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from node_gateway.api.deps import BodyDep, GatewayDep, OperateKey, QueryKey, read
from node_gateway.api.operating import OperationIn, Text, order_of
from node_gateway.errors import ParameterError

router = APIRouter(tags=["handovers"])

_NUMBER_MAX = 2**53 - 1
_PAGE_MAX = 1000
Name = Annotated[
    str,
    Path(
        pattern=r"^(?:[0-9]{1,15}|[0-9a-f]{64})$",
        description="Number of the handover, or its digest: 64 lower-case hex digits.",
    ),
]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=_PAGE_MAX)]
Entry = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SendIn(BaseModel):
    """Which shipment is to be handed over: the entry of its event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: Entry


class PreviewIn(BaseModel):
    """A stored shipment, or codes and the party that would get them."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    event: Entry | None = None
    codes: Annotated[list[Text], Field(max_length=2**18)] = []
    to: Text | None = None
    document: Text | None = None
    document_type: Annotated[Text | None, Field(alias="documentType")] = None


@router.get("/v1/handovers", operation_id="listHandovers")
async def list_handovers(
    key: QueryKey,
    gateway: GatewayDep,
    after: Annotated[int, Query(ge=0, le=_NUMBER_MAX, description="Number to go on from.")] = 0,
    per_page: PerPage = 100,
    direction: Literal["in", "out"] | None = None,
    partner: Annotated[int | None, Query(ge=1, le=2**32 - 1)] = None,
) -> dict[str, Any]:
    """List handovers in both directions. Problems: parameter."""
    del key
    desk = gateway.partners.handovers.desk
    return await desk.page(after=after, limit=per_page, direction=direction, partner=partner)


@router.post("/v1/handovers", operation_id="sendHandover", status_code=201)
async def send_handover(key: OperateKey, gateway: GatewayDep, body: BodyDep) -> dict[str, Any]:
    """Hand over a stored shipment of which nothing was told, one of before for example.

    Problems: event_not_found, no_receiver, handover_known.
    """
    del key
    wanted = read(SendIn, body)
    return await gateway.partners.handovers.desk.send(bytes.fromhex(wanted.event))


@router.post("/v1/handovers/preview", operation_id="previewHandover")
async def preview_handover(key: QueryKey, gateway: GatewayDep, body: BodyDep) -> dict[str, Any]:
    """Tell exactly what the receiver of a shipment is shown, before or after it is stated.

    Nothing is stored or said. Problems: event_not_found, no_receiver, shipment_erased,
    shipment_voided, policy_hides_shipments, handover_too_large, shipment_empty, identifier_form,
    parameter.
    """
    del key
    wanted = read(PreviewIn, body, size_bytes_max=gateway.settings.limits.body_size_bytes_max)
    desk = gateway.partners.handovers.desk
    if wanted.event is not None:
        return await desk.preview_event(bytes.fromhex(wanted.event))
    if not wanted.codes or wanted.to is None:
        raise ParameterError("give an event, or codes and the party that would get them")
    order = OperationIn(
        codes=wanted.codes,
        to=wanted.to,
        document=wanted.document,
        document_type=wanted.document_type,
    )
    return await desk.preview_codes(order_of(gateway, order))


@router.get("/v1/handovers/unaddressed", operation_id="listUnaddressed")
async def list_unaddressed(
    key: QueryKey,
    gateway: GatewayDep,
    after: Annotated[str, Query(max_length=1000, description="Party to go on from.")] = "",
    per_page: PerPage = 100,
) -> dict[str, Any]:
    """List parties that shipments were sent to and of whom nobody knows who they are.

    Each shipment is handed over as soon as its party belongs to a participant: by a prefix on the
    chain, or by the master data. Problems: parameter.
    """
    del key
    return await gateway.partners.handovers.desk.unaddressed(after=after, limit=per_page)


@router.get("/v1/handovers/{name}", operation_id="getHandover")
async def get_handover(key: QueryKey, gateway: GatewayDep, name: Name) -> dict[str, Any]:
    """Return one handover. Problems: handover_not_found."""
    del key
    return await gateway.partners.handovers.desk.show(name)


@router.get("/v1/handovers/{name}/codes", operation_id="listHandedCodes")
async def list_codes(
    key: QueryKey,
    gateway: GatewayDep,
    name: Name,
    after: Annotated[str, Query(max_length=1000, description="Code to go on from.")] = "",
    per_page: PerPage = 100,
) -> dict[str, Any]:
    """List the codes of a handover that was said, with their packing.

    Problems: handover_not_found.
    """
    del key
    desk = gateway.partners.handovers.desk
    return await desk.codes(name, after=after, limit=per_page)


@router.post("/v1/handovers/{name}/resend", operation_id="resendHandover", status_code=201)
async def resend_handover(key: OperateKey, gateway: GatewayDep, name: Name) -> dict[str, Any]:
    """Confirm a handover that is held back, try a failed one again, or say one anew.

    One that was said is said anew as another handover, which replaces it. Problems:
    handover_not_found, handover_not_ours, handover_withdrawn, handover_on_its_way.
    """
    del key
    return await gateway.partners.handovers.desk.resend(name)
