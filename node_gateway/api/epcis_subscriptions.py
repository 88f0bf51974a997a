"""Webhook subscriptions to named queries: made, listed, shown, removed."""

from __future__ import annotations

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from node_gateway.api.deps import BodyDep, GatewayDep, QueryKey, gateway
from node_gateway.api.epcis_discovery import discovery
from node_gateway.api.epcis_protocol import (
    ProtocolDep,
    json_answer,
    negotiate,
    require_json,
    time_text,
)
from node_gateway.epcis.parse import parse_json
from node_gateway.storage.subscriptions import Subscription

router = APIRouter(tags=["epcis"])
hidden = APIRouter(include_in_schema=False)

SUBSCRIPTION_LEVELS_MAX: Final = 8
SUBSCRIPTION_SIZE_BYTES_MAX: Final = 64 * 1024
_LIST: Final = "/epcis/queries/{name}/subscriptions"
_ONE: Final = _LIST + "/{subscription_id}"


@router.get(_LIST, operation_id="listSubscriptions")
async def list_subscriptions(key: QueryKey, protocol: ProtocolDep, name: str) -> Response:
    """Return the subscriptions of a query: one's own, with `admin` all.

    Problems: query_not_found, query_value, page_token, page_token_expired, not_acceptable,
    uri_too_long.
    """
    require_json(protocol)
    querying = protocol.gateway.querying
    question = f"{protocol.question} {key.key_id}"
    after = await querying.list_state(protocol.token, question)
    found = await protocol.gateway.subscribing.page(
        name, key=key, after=after, limit=protocol.size + 1
    )
    shown = found[: protocol.size]
    token = querying.list_token(shown[-1].id, question) if len(found) > len(shown) else None
    return json_answer(
        protocol, [_wire(one) for one in shown], headers=protocol.link_headers(token)
    )


@router.post(_LIST, operation_id="addSubscription", status_code=201)
async def add_subscription(
    key: QueryKey, protocol: ProtocolDep, name: str, body: BodyDep
) -> Response:
    """Have the events that match a query delivered to an address, at once or by a schedule.

    Problems: query_not_found, not_json, subscription_form, subscription_address,
    subscription_controls, too_many_subscriptions, body_too_large, media_type, not_acceptable,
    index_behind.
    """
    require_json(protocol)
    given = parse_json(
        body, size_bytes_max=SUBSCRIPTION_SIZE_BYTES_MAX, depth_max=SUBSCRIPTION_LEVELS_MAX
    )
    made = await protocol.gateway.subscribing.add(
        name,
        given,
        key=key,
        epc_format=protocol.epc_format,
        extensions=protocol.extensions,
    )
    location = f"{protocol.address}/{made.id}"
    return json_answer(protocol, _wire(made), status=201, headers={"Location": location})


@router.get(_ONE, operation_id="getSubscription")
async def get_subscription(
    key: QueryKey, protocol: ProtocolDep, name: str, subscription_id: str
) -> Response:
    """Return a subscription and how its deliveries go.

    Problems: query_not_found, subscription_not_found, not_acceptable, uri_too_long.
    """
    require_json(protocol)
    found = await protocol.gateway.subscribing.get(name, subscription_id, key=key)
    return json_answer(protocol, _wire(found))


@router.delete(_ONE, operation_id="removeSubscription", status_code=204)
async def remove_subscription(
    key: QueryKey, here: GatewayDep, name: str, subscription_id: str
) -> Response:
    """Remove a subscription. Problems: query_not_found, subscription_not_found."""
    await here.subscribing.remove(name, subscription_id, key=key)
    return Response(status_code=204)


@hidden.options(_LIST)
async def list_options(key: QueryKey, request: Request, name: str) -> Response:
    """Say what can be done here."""
    del key
    here = (await negotiate(request)).gateway
    await here.queries.get(name)
    return discovery(here, "OPTIONS, GET, POST")


@hidden.options(_ONE)
async def one_options(key: QueryKey, request: Request, name: str, subscription_id: str) -> Response:
    """Say what can be done with a subscription, and how far it is."""
    await negotiate(request)
    here = gateway(request)
    found = await here.subscribing.get(name, subscription_id, key=key)
    answer = discovery(here, "OPTIONS, GET, DELETE")
    answer.headers["GS1-Query-Min-Record-Time"] = min_record_time(found)
    return answer


def min_record_time(found: Subscription) -> str:
    """Return the least time of capture that events can have which are still to be delivered."""
    executed_at_ms = found.progress.executed_at_ms
    if executed_at_ms is not None:
        return time_text(executed_at_ms)
    return found.initial or time_text(found.created_at_ms)


def _wire(found: Subscription) -> dict[str, Any]:
    """Return what is shown of a subscription: all but its secret."""
    progress = found.progress
    wire: dict[str, Any] = {
        "subscriptionID": found.id,
        "queryName": found.query,
        "dest": found.dest,
        "createdAt": time_text(found.created_at_ms),
        "epcFormat": found.epc_format,
        "minRecordTime": min_record_time(found),
        "signed": found.token is not None,
        "state": progress.state,
    }
    if found.schedule is None:
        wire["stream"] = True
    else:
        wire |= {
            "schedule": orjson.loads(found.schedule),
            "reportIfEmpty": found.report_if_empty,
        }
    if found.initial is not None:
        wire["initialRecordTime"] = found.initial
    if progress.notified_at_ms is not None:
        wire["lastNotifiedAt"] = time_text(progress.notified_at_ms)
    if progress.last_error is not None:
        wire |= {
            "failures": progress.failures,
            "lastError": progress.last_error,
            "lastStatus": progress.last_status,
        }
    if progress.state == "failing" or (progress.state == "active" and found.schedule):
        wire["nextAttemptAt"] = time_text(progress.next_at_ms)
    return wire


router.include_router(hidden)
