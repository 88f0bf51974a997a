"""One's own account: where one is signed in, and recovery codes."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from node_gateway.api.deps import GatewayDep
from node_gateway.console.access import AnyPerson, Screen
from node_gateway.console.layout import screen

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)


@router.get("/account", name="account")
async def account(request: Request, gateway: GatewayDep, asking: AnyPerson) -> Response:
    """Show one's own sessions."""
    people = gateway.pages.console.people
    return screen(
        request,
        asking.person,
        "account",
        sessions=await people.sessions(asking.person),
        codes_left=await people.recovery_count(asking.person),
    )


@router.post("/account/recovery", name="renew_recovery_codes")
async def renew_recovery(request: Request, gateway: GatewayDep, asking: AnyPerson) -> Response:
    """Make new recovery codes, shown once."""
    codes = await gateway.pages.console.people.new_recovery(asking.person)
    return screen(request, asking.person, "recovery", codes=codes, address="/app/account")


__all__ = ["router"]
