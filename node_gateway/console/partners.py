"""Partners: everybody else in the network, whether their gateways answer, what waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection, func, select

from anchoring.chain.governance_words import ROLE_NAMES
from anchoring.directory.model import Directory
from anchoring.directory.parts import Key, Participant, Purpose
from node_gateway.api.deps import GatewayDep
from node_gateway.console.access import Admin, Asking, Operator, Screen, Viewer
from node_gateway.console.layout import screen
from node_gateway.console.lists import PAGE, After, Listed, PerPage, Wanted, links, twin
from node_gateway.services.gateway import Gateway
from node_gateway.storage.handover_tables import handover
from node_gateway.storage.handovers import State

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

Name = Annotated[str, Path(max_length=64)]
ENDS_SOON_S: Final = 30 * 86_400
_OUT: Final = 1
_COLUMNS: Final = (
    *("participant", "slug", "name", "roles", "status", "key", "state", "lastError", "waiting"),
    *("open", "unanswered", "failed", "alarm", "url"),
)
_NEVER: Final = (0, 0, 0)


@router.get("/partners", name="partners")
async def list_partners(
    request: Request,
    gateway: GatewayDep,
    asking: Viewer,
    after: After = 0,
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List everybody else in the network."""
    rows = [one for one in await _all(gateway) if one["participant"] > after]
    following = rows[per_page - 1]["participant"] if len(rows) > per_page else None
    listed = Listed("partners", _COLUMNS, rows[:per_page], following)
    return twin(listed, form) or screen(
        request, asking.person, "partners", listed=listed, links=links(request, listed)
    )


@router.get("/partners/{name}", name="partner")
async def show(
    request: Request, gateway: GatewayDep, asking: Viewer, name: Name, form: Wanted = "html"
) -> Response:
    """Show one of them, with what is wrong in words."""
    if form != "html":
        one = await _one(gateway, name)
        answer = twin(Listed(f"partner-{one['slug']}", _COLUMNS, [one]), form)
        if answer is not None:
            return answer
    return await _shown(request, gateway, asking, name)


@router.post("/partners/{name}/ping", name="ping_partner")
async def ping(request: Request, gateway: GatewayDep, asking: Operator, name: Name) -> Response:
    """Ask its gateway by a signed request how far it is."""
    pong = await gateway.partners.peering.views.ping(name)
    return await _shown(request, gateway, asking, name, pong=pong)


@router.post("/partners/{name}/retry", name="retry_partner")
async def retry(gateway: GatewayDep, asking: Admin, name: Name) -> Response:
    """Send now what waits for it; an alarm counts as seen."""
    del asking
    found = await gateway.partners.peering.views.retry(name)
    return RedirectResponse(f"/app/partners/{found['slug']}", status_code=303)


async def _shown(
    request: Request,
    gateway: Gateway,
    asking: Asking,
    name: str,
    *,
    pong: dict[str, Any] | None = None,
) -> Response:
    return screen(
        request,
        asking.person,
        "partner",
        one=await _one(gateway, name),
        pong=pong,
        may_act=asking.may("operate"),
        may_retry=asking.may("administer"),
    )


async def _all(gateway: Gateway) -> list[dict[str, Any]]:
    found = await gateway.partners.peering.views.all()
    counts = await gateway.store.read(_counts)
    return [_wire(gateway, one, counts) for one in found]


async def _one(gateway: Gateway, name: str) -> dict[str, Any]:
    found = await gateway.partners.peering.views.one(name)
    counts = await gateway.store.read(_counts)
    keys = _keys(gateway.directory.current, found["participant"])
    return {
        **_wire(gateway, found, counts),
        "keys": [
            {
                "address": "0x" + one.address.hex(),
                "purpose": one.purpose.name.lower(),
                "validFrom": one.valid_from,
                "validUntil": one.valid_until or None,
                "valid": one.valid_at(int(gateway.clock())),
            }
            for one in keys
        ],
    }


def _wire(
    gateway: Gateway, view: dict[str, Any], counts: Mapping[int, tuple[int, int, int]]
) -> dict[str, Any]:
    directory, number = gateway.directory.current, view["participant"]
    still_open, unanswered, failed = counts.get(number, _NEVER)
    participant = directory.participants[number]
    return {
        **view,
        "roles": _roles(participant),
        "key": key_state(_keys(directory, number), int(gateway.clock())),
        "open": still_open,
        "unanswered": unanswered,
        "failed": failed,
    }


def key_state(keys: list[Key], now: int) -> str:
    """Return how the keys are by which a participant speaks: valid, ending, compromised or none."""
    speaking = [one for one in keys if one.purpose is Purpose.SIGN]
    valid = [one for one in speaking if one.valid_at(now)]
    if not valid:
        return "compromised" if any(one.compromised_since for one in speaking) else "none"
    last = max(one.valid_until or now + 2 * ENDS_SOON_S for one in valid)
    return "ending" if last - now < ENDS_SOON_S else "valid"


def _keys(directory: Directory, participant: int) -> list[Key]:
    found = [one for one in directory.keys.values() if one.participant == participant]
    return sorted(found, key=lambda one: (one.added_at, one.address), reverse=True)


def _roles(participant: Participant) -> list[str]:
    bits = participant.roles[-1].value
    return [name for bit, name in enumerate(ROLE_NAMES) if bits >> bit & 1]


def _counts(connection: Connection) -> dict[int, tuple[int, int, int]]:
    """Return what we handed to each partner: not told yet, told and not answered, failed."""
    h = handover.c
    query = (
        select(h.partner, h.state, h.acknowledged_at.is_(None), func.count())
        .where(h.direction == _OUT)
        .group_by(h.partner, h.state, h.acknowledged_at.is_(None))
    )
    found: dict[int, list[int]] = {}
    for partner, state, is_silent, count in connection.execute(query):
        counted = found.setdefault(int(partner), [0, 0, 0])
        if state < State.SAID:
            counted[0] += int(count)
        elif state == State.SAID and is_silent:
            counted[1] += int(count)
        elif state == State.FAILED:
            counted[2] += int(count)
    return {partner: (one[0], one[1], one[2]) for partner, one in found.items()}


__all__ = ["ENDS_SOON_S", "key_state", "router"]
