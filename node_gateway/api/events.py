"""Single events: the owner's view, receipts and bundles."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from anchoring.core.strict_json import BUNDLE_SIZE_BYTES_MAX
from node_gateway.api.deps import EntryPath, GatewayDep, QueryKey, ReceiptKey
from node_gateway.errors import NotFoundError, TooLargeError
from node_gateway.services.disclosing import open_event
from node_gateway.services.gateway import Gateway
from node_gateway.services.hashing import event_hashes_of
from node_gateway.storage.ports import EventHeader, StoredEvent

router = APIRouter(tags=["events"])

Audience = Annotated[
    Literal["public", "partner", "owner"], Query(description="Whose disclosure policy applies.")
]
Codes = Annotated[
    list[str] | None, Query(alias="code", max_length=1000, description="Codes to disclose.")
]


@router.get("/v1/events/{entry}", operation_id="getEventState")
async def event_state(key: QueryKey, gateway: GatewayDep, entry: EntryPath) -> dict[str, Any]:
    """Return state and parts of an event; of an erased one too.

    `correction` says how it was taken back, `corrects` which events it stands for instead.
    `eventHash` is the CBV event hash by version; it is the owner's and stays there.
    Problems: event_not_found.
    """
    del key
    stored = await gateway.store.event_by_entry(bytes.fromhex(entry))
    if stored is None:
        raise NotFoundError("no such event", code="event_not_found")
    place = await gateway.store.batch_place(stored.header.entry)
    anchor = place.batch.anchor if place else None
    return {
        **header_wire(stored.header, participant=gateway.settings.gateway.participant),
        "sequence": anchor.sequence if anchor else None,
        "eventHash": await event_hashes_of(gateway.store, stored),
        **await _standing(gateway, stored),
    }


@router.get("/v1/events/{entry}/bundle", operation_id="getBundle")
async def get_bundle(
    key: QueryKey,
    gateway: GatewayDep,
    entry: EntryPath,
    audience: Audience = "owner",
    codes: Codes = None,
) -> Response:
    """Return the bundle of a final event for an audience.

    Problems: event_not_found, code_not_found, codes_not_chosen, not_final, event_erased,
    bundle_too_large.
    """
    del key
    bundle = await gateway.disclosing.bundle(
        bytes.fromhex(entry),
        audience=audience,
        codes=[gateway.canonical_code(code) for code in codes or ()],
    )
    raw = bundle.to_json()
    if len(raw) > BUNDLE_SIZE_BYTES_MAX:
        raise TooLargeError(
            f"the bundle would have more than the {BUNDLE_SIZE_BYTES_MAX} bytes that are read",
            code="bundle_too_large",
            hint="Name fewer codes, or ask for another audience.",
        )
    return Response(raw, media_type="application/json")


@router.get("/v1/events/{entry}/receipt", operation_id="getReceipt")
async def get_receipt(key: ReceiptKey, gateway: GatewayDep, entry: EntryPath) -> Response:
    """Return the receipt that promises this entry. Problems: receipt_not_found."""
    del key
    stored = await gateway.store.receipt_of_entry(bytes.fromhex(entry))
    if stored is None:
        raise NotFoundError("no receipt for such an entry", code="receipt_not_found")
    return Response(gateway.receipt(stored).to_json(), media_type="application/json")


@router.get("/v1/captures/{capture_id}/receipts", operation_id="getReceipts")
async def get_receipts(key: ReceiptKey, gateway: GatewayDep, capture_id: str) -> dict[str, Any]:
    """Return the receipts of a capture, also those of its duplicates.

    Problems: capture_not_found.
    """
    del key
    if await gateway.store.capture_job(capture_id) is None:
        raise NotFoundError("no such capture job", code="capture_not_found")
    stored = await gateway.store.receipts_of_capture(capture_id)
    return {"receipts": [gateway.receipt(one).to_wire() for one in stored]}


async def _standing(gateway: Gateway, stored: StoredEvent) -> dict[str, Any]:
    """Return whether a statement still stands; of an erased one nothing is known any more."""
    if stored.payload is None:
        return {"correction": None, "corrects": []}
    event = open_event(stored).event
    correction = await gateway.standing.of(event)
    corrects = await gateway.standing.corrected_by(event)
    return {
        "correction": correction.to_wire() if correction else None,
        "corrects": [one.hex() for one in corrects],
    }


def header_wire(header: EventHeader, *, participant: int) -> dict[str, Any]:
    """Return the JSON form of an event's header (the owner's view)."""
    return {
        "entry": header.entry.hex(),
        "state": header.state,
        "erased": header.erased,
        "participant": participant,
        "stream": header.stream,
        "fieldsSize": header.fields_size,
        "fieldsRoot": header.fields_root.hex(),
        "codesRoot": header.codes_root.hex(),
    }
