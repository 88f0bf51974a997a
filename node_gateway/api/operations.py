"""Operations: what an operator asks for. Unlike `/epcis`, these may refuse."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from node_gateway.api.deps import GatewayDep, OperateKey, QueryKey

router = APIRouter(tags=["operations"])


@router.post("/v1/operations/anchor", operation_id="anchorNow", status_code=202)
async def anchor_now(
    key: OperateKey,
    gateway: GatewayDep,
    stream: Annotated[Literal["ordinary", "dispensing"], Query()] = "ordinary",
) -> dict[str, Any]:
    """Make a batch at once, outside of the cadence, and anchor it.

    An anchor outside of the cadence shows everybody that something happened now.
    Problems: read_only, fatal.
    """
    del key
    gateway.gate.require_capture()
    chosen = getattr(gateway.streams, stream)
    reports = await gateway.batcher.batch_now(chosen)
    gateway.wake()
    return {
        "stream": chosen.number,
        "batches": [{"sequence": one.sequence, "events": one.events} for one in reports],
    }


@router.get("/v1/status", operation_id="getStatus")
async def status(key: QueryKey, gateway: GatewayDep) -> dict[str, Any]:
    """Return what an operator wants to know at a glance."""
    del key
    view, counters, anchorer = (
        gateway.gate.view,
        await gateway.store.status(),
        gateway.anchorer.status,
    )
    notices = await gateway.notice_watch.look()
    return {
        "participant": gateway.settings.gateway.participant,
        "state": view.state,
        "reason": view.reason,
        "degraded": view.degraded,
        "detail": anchorer.detail,
        "events": counters.event_count,
        "head": anchorer.head,
        "pendingAnchors": anchorer.pending,
        "lagS": anchorer.lag_s,
        "promises": {
            "state": gateway.promises.view.state,
            "earliestAnchorBy": gateway.promises.view.anchor_by,
        },
        "notices": {
            "standing": notices.standing,
            "here": notices.here,
            "drills": notices.drills,
        },
        "streams": [
            {
                "stream": one.stream,
                "waiting": one.unbatched_count,
                "oldestReceivedAt": one.oldest_received_at_ms and one.oldest_received_at_ms // 1000,
                "oldestAnchorBy": one.oldest_anchor_by,
                "lastSequence": one.last_batched_sequence,
                "lastFinalSequence": one.last_final.sequence if one.last_final else 0,
            }
            for one in counters.streams
        ],
    }
