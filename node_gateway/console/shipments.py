"""Shipments of ours: what went where, and to ship with a look at who will see what."""

from __future__ import annotations

from typing import Any, Final, cast

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from node_gateway.api.deps import GatewayDep
from node_gateway.api.operating import OperationIn, order_of
from node_gateway.console.access import Operator, Screen, Viewer, about
from node_gateway.console.forms import Form
from node_gateway.console.layout import screen
from node_gateway.console.lists import PAGE, After, Listed, PerPage, Wanted, links, twin
from node_gateway.console.roles import OVERRIDE
from node_gateway.console.tokens import new_token
from node_gateway.errors import NotPossibleError, ParameterError, ScopeError
from node_gateway.partners.symbols import TEXT_LENGTH_MAX
from node_gateway.services.disclosing import choose_policy
from node_gateway.services.gateway import Gateway

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

CODES_MAX: Final = 2000
_STEP_AT: Final = 2
_COLUMNS: Final = (
    *("number", "partner", "state", "codeCount", "eventCount", "createdAt", "saidAt"),
    *("acknowledgedAt", "problem", "shipment"),
)


@router.get("/shipments", name="shipments")
async def list_shipments(
    request: Request,
    gateway: GatewayDep,
    asking: Viewer,
    after: After = 0,
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List what we handed over, in the order in which it was stated."""
    desk = gateway.partners.handovers.desk
    found = await desk.page(after=after, limit=per_page, direction="out", partner=None)
    listed = Listed("shipments", _COLUMNS, found["handovers"], found["next"])
    answer = twin(listed, form)
    if answer is not None:
        return answer
    unknown = await desk.unaddressed(after="", limit=PAGE)
    return screen(
        request,
        asking.person,
        "shipments",
        listed=listed,
        links=links(request, listed),
        unaddressed=unknown["parties"],
        may_act=asking.may("operate"),
    )


@router.post("/shipments/{number}/resend", name="resend_shipment")
async def resend(gateway: GatewayDep, asking: Operator, number: int) -> Response:
    """Confirm what is held back, or try again what failed."""
    del asking
    await gateway.partners.handovers.desk.resend(str(number))
    return RedirectResponse("/app/shipments", status_code=303)


@router.get("/ship", name="ship_form")
async def ship_form(request: Request, asking: Operator) -> Response:
    """Show the form to ship goods."""
    return screen(request, asking.person, "ship", wanted={}, preview=None, problem=None)


@router.post("/ship", name="preview_shipment")
async def preview(request: Request, gateway: GatewayDep, asking: Operator) -> Response:
    """Show who would see what of a shipment; nothing is stated yet."""
    wanted = _wanted(asking.form)
    return screen(
        request,
        asking.person,
        "ship",
        wanted=_kept(asking.form),
        problem=None,
        preview=await _preview(gateway, wanted),
        key=new_token(),
        may_override=asking.may(OVERRIDE),
    )


@router.post("/ship/confirm", name="ship")
async def ship(request: Request, gateway: GatewayDep, asking: Operator) -> Response:
    """State the shipment, as it was looked at; the receiver is told by itself.

    The same form again states nothing twice: its key was made with the preview.
    """
    wanted = _wanted(asking.form)
    if wanted.override and not asking.may(OVERRIDE):
        raise ScopeError("your role overrides no rule", code="role_forbids")
    key = asking.form.text("key", length_max=100) or None
    about(request, f"{len(wanted.codes)} codes to {wanted.to}")
    await gateway.operating.do("ship", order_of(gateway, wanted), idempotency_key=key)
    await gateway.follower.catch_up()  # so that the list that is shown next has it
    return RedirectResponse("/app/shipments", status_code=303)


def _wanted(form: Form) -> OperationIn:
    text = form.text("codes", length_max=CODES_MAX * TEXT_LENGTH_MAX)
    codes = [line.strip() for line in text.splitlines() if line.strip()]
    to = form.text("to", length_max=1000)
    if not codes or not to or len(codes) > CODES_MAX:
        raise ParameterError(f"name the receiver, and 1 to {CODES_MAX} codes, one a line")
    if any(len(one) > TEXT_LENGTH_MAX for one in codes):
        raise ParameterError(f"a code has at most {TEXT_LENGTH_MAX} characters")
    return OperationIn(
        codes=codes,
        to=to,
        document=form.text("document", length_max=1000) or None,
        override=form.text("override", length_max=1000) or None,
    )


def _kept(form: Form) -> dict[str, str]:
    return {name: form.fields.get(name, "") for name in ("codes", "to", "document", "override")}


async def _preview(gateway: Gateway, wanted: OperationIn) -> dict[str, Any]:
    """Return who would see what: partner, public, nobody; of a receiver outside only that."""
    order = order_of(gateway, wanted)
    try:
        shown = await gateway.partners.handovers.desk.preview_codes(order)
    except NotPossibleError as error:
        if error.code not in ("no_receiver", "policy_hides_shipments"):
            raise
        return {"to": None, "why": str(error), "codeCount": len(order.codes), **_public(gateway)}
    events = cast("list[dict[str, Any]]", shown["events"])
    acts = sorted({_step(str(one["act"])) for one in events})
    paths = sorted({path for one in events for path in one["shown"]})
    return {**shown, "acts": acts, "paths": paths, "why": "", **_public(gateway)}


def _step(act: str) -> str:
    """Return the business step of an act, `<type> <action> <step> <disposition> ...`."""
    return act.split()[_STEP_AT]


def _public(gateway: Gateway) -> dict[str, Any]:
    """Return what anybody would see of a shipping event: by the function that discloses."""
    policy = choose_policy(gateway.settings.policies, "public", "shipping")
    return {"publicPaths": [] if policy is None else list(policy.paths)}


__all__ = ["router"]
