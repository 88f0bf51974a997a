"""Webhooks: who is told what has happened here, and how that goes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from node_gateway.api.deps import BodyDep, GatewayDep, read, requires
from node_gateway.storage.ports import ApiKey
from node_gateway.storage.webhooks import StoredDelivery
from node_gateway.webhooks.kinds import MEANINGS
from node_gateway.webhooks.registering import ShownWebhook

router = APIRouter(tags=["webhooks"])

AdminKey = Annotated[ApiKey, Depends(requires("admin"))]
Name = Annotated[str, Path(max_length=64, description="Id of the webhook.")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewWebhook(_Body):
    """A webhook to add; without `types`, it is told of most things."""

    url: str = Field(max_length=2000)
    types: list[str] = Field(default=[], max_length=50)


class Rotation(_Body):
    """`overlapSeconds`: how long the old secrets sign beside the new ones."""

    overlap_seconds: int = Field(default=86_400, alias="overlapSeconds")


class Replay(_Body):
    """One event, or all since a time (Unix seconds); neither: what was given up."""

    event: int | None = Field(default=None, ge=1)
    since: int | None = Field(default=None, ge=0)


@router.get("/v1/webhooks", operation_id="listWebhooks")
async def list_webhooks(gateway: GatewayDep, _: AdminKey) -> dict[str, Any]:
    """List webhooks, and how they go; never their secrets."""
    return {
        "webhooks": [webhook_wire(one) for one in await gateway.webhooks.all()],
        "types": {kind.value: meaning for kind, meaning in MEANINGS.items()},
    }


@router.post("/v1/webhooks", operation_id="addWebhook", status_code=201)
async def add_webhook(gateway: GatewayDep, _: AdminKey, body: BodyDep) -> dict[str, Any]:
    """Add a webhook. `secret` is in this answer and in no other.

    Problems: parameter, webhook_type, subscription_address, too_many_webhooks.
    """
    asked = read(NewWebhook, body)
    shown, secrets = await gateway.webhooks.add(asked.url, asked.types)
    return {**webhook_wire(shown), "secret": secrets.shown}


@router.get("/v1/webhooks/{name}", operation_id="getWebhook")
async def get_webhook(gateway: GatewayDep, _: AdminKey, name: Name) -> dict[str, Any]:
    """Show a webhook. Problems: webhook_not_found."""
    return webhook_wire(await gateway.webhooks.one(name))


@router.delete("/v1/webhooks/{name}", operation_id="removeWebhook", status_code=204)
async def remove_webhook(gateway: GatewayDep, _: AdminKey, name: Name) -> Response:
    """Remove a webhook and what waits for it. Problems: webhook_not_found."""
    await gateway.webhooks.remove(name)
    return Response(status_code=204)


@router.post("/v1/webhooks/{name}/rotate", operation_id="rotateWebhook")
async def rotate_webhook(
    gateway: GatewayDep, _: AdminKey, name: Name, body: BodyDep
) -> dict[str, Any]:
    """Replace the secrets. `secret` is in this answer and in no other.

    Problems: webhook_not_found, webhook_overlap, parameter.
    """
    asked = read(Rotation, body)
    shown, secrets = await gateway.webhooks.rotate(name, overlap_s=asked.overlap_seconds)
    return {**webhook_wire(shown), "secret": secrets.shown}


@router.post("/v1/webhooks/{name}/test", operation_id="testWebhook", status_code=202)
async def try_webhook(gateway: GatewayDep, _: AdminKey, name: Name) -> dict[str, Any]:
    """Send it a test, whatever it asked for; one that is disabled is enabled.

    Problems: webhook_not_found.
    """
    await gateway.webhooks.test(name)
    return webhook_wire(await gateway.webhooks.one(name))


@router.post("/v1/webhooks/{name}/replay", operation_id="replayWebhook", status_code=202)
async def replay_webhook(
    gateway: GatewayDep, _: AdminKey, name: Name, body: BodyDep
) -> dict[str, int]:
    """Send again; one that is disabled is enabled. Problems: webhook_not_found, parameter."""
    asked = read(Replay, body)
    count = await gateway.webhooks.replay(name, since_s=asked.since, event=asked.event)
    return {"replayed": count}


@router.get("/v1/webhooks/{name}/deliveries", operation_id="listWebhookDeliveries")
async def list_deliveries(
    gateway: GatewayDep,
    _: AdminKey,
    name: Name,
    before: Annotated[int | None, Query(ge=1, description="Event number to go on from.")] = None,
    state: Annotated[
        str | None, Query(max_length=16, description="waiting, delivered or given_up.")
    ] = None,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """List how its deliveries went, the newest first.

    Problems: webhook_not_found, webhook_state, parameter.
    """
    found = await gateway.webhooks.deliveries(name, before=before, state=state, limit=per_page + 1)
    more = found[per_page - 1].event if len(found) > per_page else None
    return {"deliveries": [_delivery_wire(one) for one in found[:per_page]], "next": more}


def webhook_wire(shown: ShownWebhook) -> dict[str, Any]:
    """Return the public form of a webhook."""
    one = shown.webhook
    return {
        "id": one.id,
        "url": one.url,
        "types": list(one.kinds),
        "state": one.state,
        "createdAt": _time(one.created_at_ms),
        "failingSince": _time(one.failing_since_ms),
        "lastError": one.last_error,
        "lastStatus": one.last_status,
        "deliveredAt": _time(one.delivered_at_ms),
        "publicKeys": list(shown.public),
    }


def _delivery_wire(one: StoredDelivery) -> dict[str, Any]:
    return {
        "event": one.event,
        "id": one.key.replace(" ", "."),
        "type": one.kind,
        "state": one.state,
        "tries": one.tries,
        "time": _time(one.at_ms),
        "nextAt": _time(one.next_at_ms) if one.state == "waiting" and one.tries else None,
        "doneAt": _time(one.done_at_ms),
        "lastError": one.last_error,
        "lastStatus": one.last_status,
    }


def _time(moment_ms: int | None) -> str | None:
    if moment_ms is None:
        return None
    text = datetime.fromtimestamp(moment_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
