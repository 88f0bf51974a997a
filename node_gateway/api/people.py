"""People who may sign in to the console, for a gateway that is running."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from node_gateway.api.administration import AdminKey
from node_gateway.api.deps import BodyDep, GatewayDep, read

router = APIRouter(tags=["administration"])

_NAME_LENGTH_MAX = 64
Name = Annotated[str, Path(max_length=_NAME_LENGTH_MAX, description="Name of the person.")]


class PersonIn(BaseModel):
    """Who is to be added."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=_NAME_LENGTH_MAX)]
    role: Annotated[str, Field(min_length=1, max_length=40)]


@router.post("/v1/people", operation_id="addPerson", status_code=201)
async def add_person(admin: AdminKey, gateway: GatewayDep, body: BodyDep) -> dict[str, Any]:
    """Add a person; the token of their link is in this answer and nowhere else.

    They open `/app/join/{link}` with it. Problems: parameter, person_name, person_known,
    unknown_role.
    """
    del admin
    wanted = read(PersonIn, body)
    link, made = await gateway.pages.console.people.add(wanted.name, wanted.role)
    return {"link": link, **made}


@router.get("/v1/people", operation_id="listPeople")
async def list_people(
    admin: AdminKey,
    gateway: GatewayDep,
    after: Annotated[
        str, Query(max_length=_NAME_LENGTH_MAX, description="Name to go on from.")
    ] = "",
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """List people by name; nothing of what they sign in with. Problems: parameter."""
    del admin
    people, following = await gateway.pages.console.people.page(after=after, limit=per_page)
    return {"people": people, "next": following}


@router.post("/v1/people/{name}/link", operation_id="resetPersonLink", status_code=201)
async def reset_link(admin: AdminKey, gateway: GatewayDep, name: Name) -> dict[str, Any]:
    """Make a new link for a person and end their sessions; a disabled one may join again.

    Problems: person_not_found.
    """
    del admin
    link, made = await gateway.pages.console.people.reset(name)
    return {"link": link, **made}


@router.delete("/v1/people/{name}", operation_id="disablePerson")
async def disable_person(admin: AdminKey, gateway: GatewayDep, name: Name) -> dict[str, Any]:
    """Let a person sign in no more, at once; what they did stays. Problems: person_not_found."""
    del admin
    return await gateway.pages.console.people.disable(name)
