"""Receive: shipments to us, scanned one by one on a hand-held scanner, and finished."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from node_gateway.api.deps import GatewayDep
from node_gateway.console.access import AnyPerson, Asking, Receiver, Screen, about
from node_gateway.console.layout import screen
from node_gateway.console.lists import NUMBER_MAX, PAGE, After, Listed, PerPage, Wanted, links, twin
from node_gateway.console.roles import OVERRIDE
from node_gateway.errors import ScopeError
from node_gateway.partners.receiving import Ending, Read
from node_gateway.partners.symbols import TEXT_LENGTH_MAX
from node_gateway.services.gateway import Gateway

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

LAST_SHOWN: Final = 3
SCANNED_AT_ONCE: Final = 500
Number = Annotated[int, Path(ge=1, le=NUMBER_MAX)]
Which = Literal["open", "late", "finished", "all"]


@router.get("/receive", name="receive_list")
async def receive_list(
    request: Request,
    gateway: GatewayDep,
    asking: AnyPerson,
    state: Which = "open",
    after: After = 0,
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List shipments to us."""
    found = await gateway.partners.receipts.sessions.shipments(
        after=after, limit=per_page, which=state
    )
    rows = [{**one, "fromName": name_of(gateway, one["from"])} for one in found["shipments"]]
    columns = ("number", "fromName", "state", "codeCount", "saidAt", "dueAt", "late", "finishedBy")
    listed = Listed("receive", columns, rows, found["next"])
    return twin(listed, form) or screen(
        request,
        asking.person,
        "receive",
        listed=listed,
        links=links(request, listed),
        state=state,
        states=("open", "late", "finished", "all"),
        late=found["late"],
    )


@router.get("/receive/{number}", name="receive")
async def receive(
    request: Request, gateway: GatewayDep, asking: AnyPerson, number: Number, form: Wanted = "html"
) -> Response:
    """Show how far a shipment is."""
    if form != "html":
        shown = await gateway.partners.receipts.sessions.shipment(number)
        columns = ("kind", "text", "expected", "found", "codes")
        listed = Listed(f"shipment-{number}", columns, shown["differences"])
        if form == "json":
            listed = Listed(listed.name, columns, [shown])
        answer = twin(listed, form)
        if answer is not None:
            return answer
    return await _shown(request, gateway, asking, number)


@router.post("/receive/{number}/scans", name="scan_for_shipment")
async def scan(request: Request, gateway: GatewayDep, asking: Receiver, number: Number) -> Response:
    """Keep what a scanner typed, or a pasted list of it, one a line; say what came of it.

    `keys` are names that a scanner gave its scans, one a line: of one name only the first counts.
    """
    pasted = asking.form.text("text", length_max=SCANNED_AT_ONCE * TEXT_LENGTH_MAX)
    texts = [line.strip() for line in pasted.splitlines() if line.strip()][:SCANNED_AT_ONCE]
    keys = asking.form.text("keys", length_max=SCANNED_AT_ONCE * 40).split()[: len(texts)]
    once, results = gateway.pages.console.once, list[dict[str, Any]]()
    fresh = once.new(number, texts, keys)
    if fresh:
        sessions = gateway.partners.receipts.sessions
        answer = await sessions.scan(number, [Read(one) for one in fresh], who=asking.person.name)
        results = answer["results"]
    once.took(number, keys)
    return await _shown(request, gateway, asking, number, results=results)


@router.post("/receive/{number}/undo", name="undo_scan")
async def undo(request: Request, gateway: GatewayDep, asking: Receiver, number: Number) -> Response:
    """Forget one scan."""
    text = asking.form.text("text", length_max=TEXT_LENGTH_MAX)
    answer = await gateway.partners.receipts.sessions.unscan(number, text)
    return await _shown(request, gateway, asking, number, undone=text if answer["removed"] else "")


@router.post("/receive/{number}/finish", name="finish_receipt")
async def finish(
    request: Request, gateway: GatewayDep, asking: Receiver, number: Number
) -> Response:
    """Say that it came as far as it is there; what is missing becomes an exception."""
    override = asking.form.text("override", length_max=1000)
    if override and not asking.may(OVERRIDE):
        raise ScopeError("your role overrides no rule", code="role_forbids")
    about(request, f"shipment {number}")
    ending = Ending(asking.person.name, None, override or None)
    await gateway.partners.receipts.sessions.finish(number, ending)
    return RedirectResponse(f"/app/receive/{number}", status_code=303)


async def _shown(
    request: Request,
    gateway: Gateway,
    asking: Asking,
    number: int,
    *,
    results: list[dict[str, Any]] | None = None,
    undone: str = "",
) -> Response:
    shown = await gateway.partners.receipts.sessions.shipment(number)
    counts = shown["counts"]
    missing = max(0, (counts["expected"] or 0) - (counts["found"] or 0))
    verdicts = {one["verdict"] for one in results or ()}
    return screen(
        request,
        asking.person,
        "receiving",
        one={**shown, "fromName": name_of(gateway, shown["from"])},
        counts=counts,
        missing=missing,
        results=list(reversed(results or ()))[:LAST_SHOWN],
        result_count=len(results or ()),
        flash="" if not verdicts else "bad" if "difference" in verdicts else "good",
        undone=undone,
        may_scan=asking.may("receive") and shown["state"] == "open",
        may_override=asking.may(OVERRIDE),
    )


def name_of(gateway: Gateway, participant: int | None) -> str:
    """Return the name of a participant on the chain; its number where it has none."""
    if participant is None:
        return ""
    known = gateway.directory.current.participants.get(participant)
    return known.name if known is not None else str(participant)


__all__ = ["name_of", "router"]
