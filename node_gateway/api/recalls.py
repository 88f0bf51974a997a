"""Recalls from hand to hand: how far one has come, what partners ask us, taking note."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from node_gateway.api.deps import BodyDep, GatewayDep, OperateKey, QueryKey, read
from node_gateway.api.notices import Number

router = APIRouter(tags=["notices"])


class Acknowledgement(BaseModel):
    """A person has taken note; the note stays here."""

    model_config = ConfigDict(extra="forbid", strict=True)

    note: Annotated[str, Field(max_length=500)] = ""


@router.get("/v1/recalls/tasks", operation_id="listRecallTasks")
async def list_recall_tasks(gateway: GatewayDep, _: QueryKey) -> dict[str, Any]:
    """List what partners ask us about recalled goods, and what we answered."""
    return {"tasks": await gateway.partners.recalls.reach.tasks()}


@router.get("/v1/recalls/{number}/reach", operation_id="getRecallReach")
async def get_reach(gateway: GatewayDep, _: QueryKey, number: Number) -> dict[str, Any]:
    """Say how far a recall has come: counts, and the direct partners by name.

    Problems: notice_not_found.
    """
    return await gateway.partners.recalls.reach.of(number)


@router.post("/v1/recalls/{number}/acknowledge", operation_id="acknowledgeRecall")
async def acknowledge(
    gateway: GatewayDep, _: OperateKey, number: Number, body: BodyDep
) -> dict[str, Any]:
    """Take note of a recall; whoever handed us the goods is told when. The first time stands.

    Problems: notice_not_found, parameter.
    """
    asked = read(Acknowledgement, body)
    await gateway.partners.recalls.recalling.acknowledge(number, asked.note)
    return await gateway.partners.recalls.reach.of(number)
