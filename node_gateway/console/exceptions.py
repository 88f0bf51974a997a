"""Exceptions: what somebody must resolve, what was said about it, and how it ends."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, cast

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from node_gateway.api.deps import GatewayDep
from node_gateway.api.exceptions_wire import case_wire, detail_wire, place_read, place_text
from node_gateway.console.access import Operator, Screen, Viewer, about
from node_gateway.console.layout import screen
from node_gateway.console.lists import NUMBER_MAX, PAGE, Listed, PerPage, Wanted, links, twin
from node_gateway.console.receiving import name_of
from node_gateway.errors import ParameterError
from node_gateway.partners.exception_resolving import Resolution
from node_gateway.partners.exception_talking import Said
from node_gateway.partners.exception_words import ACTIONS, CAUSES, TEXT_LENGTH_MAX, Action, Cause
from node_gateway.services.gateway import Gateway
from node_gateway.storage import exceptions_reading as reading
from node_gateway.storage.exceptions_reading import Wanted as Condition

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

Number = Annotated[int, Path(ge=1, le=NUMBER_MAX)]
State = Literal["unresolved", "overdue", "resolved", "all"]
_STATES: Final[dict[str, tuple[str, ...]]] = {
    "unresolved": ("open", "waiting", "escalated"),
    "resolved": ("resolved",),
}
_COLUMNS: Final = (
    *("number", "kind", "state", "overdue", "owner", "partner", "detail", "codeCount"),
    *("expected", "found", "openedAt", "dueAt"),
)


@router.get("/exceptions", name="exceptions")
async def list_exceptions(
    request: Request,
    gateway: GatewayDep,
    asking: Viewer,
    state: State = "unresolved",
    code: Annotated[str, Query(max_length=1000)] = "",
    after: Annotated[str, Query(pattern=r"^([01]\.[0-9]{1,16}\.[0-9]{1,16})?$")] = "",
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List exceptions, unresolved ones first, what is due first."""
    desk, now_ms = gateway.partners.exceptions.desk, int(gateway.clock() * 1000)
    wanted = Condition(
        states=_STATES.get(state, ()),
        code=gateway.canonical_code(code) if code else None,
        due_before_ms=now_ms if state == "overdue" else None,
    )
    place = place_read(after) if after else None
    found = list(await desk.page(wanted, after=place, limit=per_page + 1))
    shown = found[:per_page]
    rows = [case_wire(one, now_ms=now_ms, name_of=_names(gateway)) for one in shown]
    following = place_text(reading.place_of(shown[-1])) if len(found) > per_page else None
    listed = Listed("exceptions", _COLUMNS, rows, following)
    return twin(listed, form) or screen(
        request,
        asking.person,
        "exceptions",
        listed=listed,
        links=links(request, listed),
        state=state,
        states=("unresolved", "overdue", "resolved", "all"),
        code=code,
    )


@router.get("/exceptions/{number}", name="exception")
async def show(
    request: Request, gateway: GatewayDep, asking: Viewer, number: Number, form: Wanted = "html"
) -> Response:
    """Show a case with all that is known of it."""
    one = await _detail(gateway, number)
    if form != "html":
        columns = ("at", "who", "act", "text")
        rows = [one] if form == "json" else one["messages"]
        answer = twin(Listed(f"exception-{number}", columns, rows), form)
        if answer is not None:
            return answer
    return screen(
        request,
        asking.person,
        "exception",
        one=one,
        causes=CAUSES,
        actions=ACTIONS,
        may_act=asking.may("operate"),
        own=gateway.settings.gateway.participant,
    )


@router.post("/exceptions/{number}/messages", name="say_about_exception")
async def say(gateway: GatewayDep, asking: Operator, number: Number) -> Response:
    """Say something about a case; its partner gets it if it has the case."""
    text = asking.form.text("text", length_max=TEXT_LENGTH_MAX)
    if not text:
        raise ParameterError("there is nothing to say yet: write something")
    said = Said("say", text, asking.person.name, None)
    await gateway.partners.exceptions.talking.say(number, said)
    return RedirectResponse(f"/app/exceptions/{number}", status_code=303)


@router.post("/exceptions/{number}/owner", name="take_exception")
async def take(gateway: GatewayDep, asking: Operator, number: Number) -> Response:
    """Care for a case from now on."""
    name = asking.person.name
    await gateway.partners.exceptions.desk.assign(number, name, who=name)
    return RedirectResponse(f"/app/exceptions/{number}", status_code=303)


@router.post("/exceptions/{number}/resolution", name="resolve_exception")
async def resolve(
    request: Request, gateway: GatewayDep, asking: Operator, number: Number
) -> Response:
    """End a case by an event that is sealed."""
    form = asking.form
    cause = _one_of(form.text("cause"), CAUSES, "cause")
    action = _one_of(form.text("action"), ACTIONS, "action")
    about(request, f"exception {number} {cause} {action}")
    text = form.text("text", length_max=TEXT_LENGTH_MAX)
    resolution = Resolution(cast("Cause", cause), cast("Action", action), text, asking.person.name)
    await gateway.partners.exceptions.resolving.resolve(number, resolution)
    return RedirectResponse(f"/app/exceptions/{number}", status_code=303)


async def _detail(gateway: Gateway, number: int) -> dict[str, Any]:
    parts = gateway.partners.exceptions
    detail = await parts.desk.show(number)
    now_ms = int(gateway.clock() * 1000)
    return detail_wire(detail, (), (), now_ms=now_ms, name_of=_names(gateway))


def _names(gateway: Gateway) -> Any:
    return lambda participant: name_of(gateway, participant)


def _one_of(text: str, words: tuple[str, ...], member: str) -> str:
    if text not in words:
        raise ParameterError(f"{member}: choose one of the list")
    return text


__all__ = ["router"]
