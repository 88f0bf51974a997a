"""Administration: API keys and erasing, for a gateway that is running."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from node_gateway.api.deps import BodyDep, EntryPath, GatewayDep, read, requires
from node_gateway.errors import NotFoundError
from node_gateway.services.access import new_api_key
from node_gateway.storage.ports import ApiKey

router = APIRouter(tags=["administration"])

AdminKey = Annotated[ApiKey, Depends(requires("admin"))]


class NewKeyIn(BaseModel):
    """What an API key is to be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    scopes: Annotated[list[str], Field(min_length=1, max_length=16)]
    expires_at: Annotated[int | None, Field(alias="expiresAt", ge=0)] = None


@router.post(
    "/v1/api-keys",
    operation_id="addApiKey",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": NewKeyIn.model_json_schema()}},
        }
    },
)
async def add_key(admin: AdminKey, gateway: GatewayDep, body: BodyDep) -> dict[str, Any]:
    """Make an API key; its text is in this answer and nowhere else.

    Problems: parameter, unknown_scope, key_name, key_expiry.
    """
    del admin
    wanted = read(NewKeyIn, body)
    text, key = await new_api_key(
        gateway.store,
        name=wanted.name,
        scopes=wanted.scopes,
        now_s=int(gateway.clock()),
        expires_at=wanted.expires_at,
    )
    return {"key": text, **key_wire(key)}


@router.get("/v1/api-keys", operation_id="listApiKeys")
async def list_keys(admin: AdminKey, gateway: GatewayDep) -> dict[str, Any]:
    """List API keys, oldest first; never their text, which is not kept."""
    del admin
    return {"keys": [key_wire(one) for one in await gateway.store.api_keys()]}


@router.delete("/v1/api-keys/{key_id}", operation_id="revokeApiKey")
async def revoke_key(admin: AdminKey, gateway: GatewayDep, key_id: str) -> dict[str, Any]:
    """Revoke an API key at once. Problems: api_key_not_found."""
    del admin
    key = await gateway.store.revoke_api_key(key_id, revoked_at=int(gateway.clock()))
    gateway.access.forget()
    if key is None:
        raise NotFoundError("no such API key", code="api_key_not_found")
    return key_wire(key)


@router.delete("/v1/events/{entry}", operation_id="eraseEvent")
async def erase_event(admin: AdminKey, gateway: GatewayDep, entry: EntryPath) -> dict[str, Any]:
    """Erase an event: its secret first, then everything but its entry's parts.

    Nobody can disclose it afterwards, and it cannot be undone. Problems: event_not_found.
    """
    del admin
    await gateway.follower.forget(bytes.fromhex(entry))
    erased = await gateway.store.erase_event(bytes.fromhex(entry))
    if erased is None:
        raise NotFoundError("no such event", code="event_not_found")
    return {"entry": entry, "erased": True, "logCleared": erased.log_cleared}


def key_wire(key: ApiKey) -> dict[str, Any]:
    """Return the JSON form of what is kept of a key."""
    return {
        "id": key.key_id,
        "name": key.name,
        "scopes": list(key.scopes),
        "createdAt": key.created_at,
        "expiresAt": key.expires_at,
        "revokedAt": key.revoked_at,
    }
