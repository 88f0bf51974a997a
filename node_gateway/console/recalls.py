"""Recalls: what is recalled, how far each has come from hand to hand, and to begin one."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from anchoring.directory.model import Notice
from node_gateway.api.deps import GatewayDep
from node_gateway.console.access import Operator, Quality, Screen, Viewer, about
from node_gateway.console.forms import Form
from node_gateway.console.layout import screen
from node_gateway.console.lists import NUMBER_MAX, PAGE, After, Listed, PerPage, Wanted, links, twin
from node_gateway.console.roles import OVERRIDE
from node_gateway.errors import NotPossibleError, ParameterError
from node_gateway.services.gateway import Gateway
from node_gateway.services.governing import Governing
from node_gateway.services.governing_actions import level_of, scope_of, text_of
from node_gateway.services.governing_wishes import LiftNotice, PublishNotice
from node_gateway.services.notice_goods import Where
from node_gateway.services.notice_words import notice_wire
from node_gateway.storage import cascade

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

Number = Annotated[int, Path(ge=1, le=NUMBER_MAX)]
Which = Literal["standing", "received", "issued", "all"]
WHICH: Final = ("standing", "received", "issued", "all")
NOTE_LENGTH_MAX: Final = 500
_NO_LIST: Final = bytes(32)
_KEPT: Final = ("drill", "product", "lots", "level", "zh", "en")
_COLUMNS: Final = (
    *("id", "level", "drill", "product", "scope", "lots", "publisher", "since", "liftedAt"),
    *("acknowledgedAt", "closedAt"),
)
_HOPS: Final = (
    *("name", "state", "handed", "units", "secured", "gone", "open", "askedAt", "reportedAt"),
    *("acknowledgedAt", "differs"),
)


@router.get("/recalls", name="recalls")
async def list_recalls(
    request: Request,
    gateway: GatewayDep,
    asking: Viewer,
    state: Which = "standing",
    after: After = 0,
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List notices, the newest first; `after` is a number to go down from."""
    own = gateway.settings.gateway.participant
    found = [
        one
        for one in sorted(gateway.notices.directory.notices.values(), key=lambda one: -one.id)
        if (not after or one.id < after) and _is_wanted(one, state, own)
    ]
    shown = found[:per_page]
    rows = [await _row(gateway, one) for one in shown]
    following = shown[-1].id if len(found) > per_page else None
    listed = Listed("recalls", _COLUMNS, rows, following)
    return twin(listed, form) or screen(
        request,
        asking.person,
        "recalls",
        listed=listed,
        links=links(request, listed),
        state=state,
        states=WHICH,
        may_begin=asking.may(OVERRIDE),
    )


@router.get("/recalls/new", name="recall_form")
async def recall_form(request: Request, gateway: GatewayDep, asking: Quality) -> Response:
    """Show the form to begin a recall or an exercise."""
    return _form(request, gateway, asking.person, {"drill": "yes", "level": "3"}, None)


@router.post("/recalls/new", name="preview_recall")
async def preview(request: Request, gateway: GatewayDep, asking: Quality) -> Response:
    """Say what would be signed, after it was tried against the chain; nothing is sent."""
    kept = {name: asking.form.text(name) for name in _KEPT}
    plan = await _governing(gateway).plan(_wish(asking.form))
    about(request, _subject(asking.form))
    return _form(request, gateway, asking.person, kept, list(plan.words))


@router.post("/recalls/publish", name="publish_recall")
async def publish(request: Request, gateway: GatewayDep, asking: Quality) -> Response:
    """Publish it. What is no exercise is confirmed by writing the product once more."""
    wish, governing = _wish(asking.form), _governing(gateway)
    about(request, _subject(asking.form))
    again = asking.form.text("again", length_max=100)
    if not wish.drill and again != asking.form.text("product", length_max=100):
        raise ParameterError(
            "this is no exercise: write the product once more, exactly as above",
            hint="A recall can be lifted, but never taken back.",
        )
    outcome = await governing.carry_out(await governing.plan(wish))
    number = outcome.notice
    target = "/app/recalls" if number is None else f"/app/recalls/{number}"
    return RedirectResponse(target, status_code=303)


@router.get("/recalls/{number}", name="recall")
async def show(
    request: Request, gateway: GatewayDep, asking: Viewer, number: Number, form: Wanted = "html"
) -> Response:
    """Show a notice, and how far it has come: our own goods, and our direct partners by name."""
    notice = gateway.notices.notice(number)
    reach = await gateway.partners.recalls.reach.of(number)
    tasks = [one for one in await gateway.partners.recalls.reach.tasks() if one["notice"] == number]
    one = {**notice_wire(notice, gateway.notices.directory), "reach": reach, "askedBy": tasks}
    if form != "html":
        rows = [one] if form == "json" else reach["partners"]
        answer = twin(Listed(f"recall-{number}", _HOPS, rows), form)
        if answer is not None:
            return answer
    own = gateway.settings.gateway.participant
    return screen(
        request,
        asking.person,
        "recall",
        one=one,
        reach=reach,
        may_act=asking.may("operate"),
        may_lift=asking.may(OVERRIDE) and notice.publisher == own and gateway.governing is not None,
    )


@router.get("/recalls/{number}/goods", name="recalled_goods")
async def goods(
    request: Request,
    gateway: GatewayDep,
    asking: Viewer,
    number: Number,
    where: Where = "here",
    after: Annotated[str, Query(max_length=1000)] = "",
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List the codes known here that a notice means or may mean."""
    found = await gateway.notice_goods.affected(number, after=after, limit=per_page, where=where)
    columns = ("code", "status", "lot", "match", "parents")
    listed = Listed(f"recall-{number}-goods", columns, found["codes"], found["next"])
    return twin(listed, form) or screen(
        request,
        asking.person,
        "recalled",
        number=number,
        listed=listed,
        links=links(request, listed),
        where=where,
    )


@router.post("/recalls/{number}/acknowledge", name="acknowledge_recall")
async def acknowledge(gateway: GatewayDep, asking: Operator, number: Number) -> Response:
    """Take note; whoever handed us the goods is told when. The first time stands."""
    note = asking.form.text("note", length_max=NOTE_LENGTH_MAX - 100)
    said = f"{asking.person.name}: {note}" if note else asking.person.name
    await gateway.partners.recalls.recalling.acknowledge(number, said)
    return RedirectResponse(f"/app/recalls/{number}", status_code=303)


@router.post("/recalls/{number}/lift", name="lift_recall")
async def lift(gateway: GatewayDep, asking: Quality, number: Number) -> Response:
    """End a notice of ours for good; the text says why."""
    form, governing = asking.form, _governing(gateway)
    text = text_of(form.text("zh"), form.text("en"), "", _NO_LIST)
    await governing.carry_out(await governing.plan(LiftNotice(number, text)))
    return RedirectResponse(f"/app/recalls/{number}", status_code=303)


def _is_wanted(notice: Notice, state: Which, own: int) -> bool:
    return {
        "standing": bool(notice.level),
        "received": notice.publisher != own,
        "issued": notice.publisher == own,
        "all": True,
    }[state]


async def _row(gateway: Gateway, notice: Notice) -> dict[str, Any]:
    course = await gateway.store.read(lambda c: cascade.course(c, notice.id))
    marks: tuple[int | None, int | None] = (None, None)
    if course is not None:
        marks = (course.acknowledged_at_ms, course.closed_at_ms)
    return {
        **notice_wire(notice, gateway.notices.directory),
        "acknowledgedAt": _seconds(marks[0]),
        "closedAt": _seconds(marks[1]),
        "issued": notice.publisher == gateway.settings.gateway.participant,
    }


def _seconds(at_ms: int | None) -> int | None:
    return None if at_ms is None else at_ms // 1000


def _wish(form: Form) -> PublishNotice:
    """Return what a form asks for, checked. Raises ParameterError, FormatError."""
    level, drill = form.text("level"), form.text("drill")
    if not re.fullmatch("[1-3]", level) or drill not in ("yes", "no"):
        raise ParameterError("choose a level, and whether it is an exercise")
    lots = [one.strip() for one in form.text("lots").splitlines() if one.strip()]
    scope = scope_of(form.text("product", length_max=100), lots, _NO_LIST)
    text = text_of(form.text("zh"), form.text("en"), "", _NO_LIST)
    return PublishNotice(level_of(int(level)), scope, text, drill == "yes")


def _subject(form: Form) -> str:
    kind = "drill" if form.text("drill") == "yes" else "recall"
    return f"{kind} level {form.text('level')} of {form.text('product', length_max=100)}"


def _governing(gateway: Gateway) -> Governing:
    if gateway.governing is None:
        raise NotPossibleError(
            "this gateway has no admin key, on purpose: whoever enters it would vote and recall",
            code="admin_key_not_here",
            hint="Use the command line where the admin key is, or name keys.admin_keystore.",
        )
    return gateway.governing


def _form(
    request: Request,
    gateway: Gateway,
    person: Any,
    wanted: dict[str, str],
    words: list[str] | None,
) -> Response:
    return screen(
        request,
        person,
        "recall_form",
        wanted=wanted,
        words=words,
        has_key=gateway.governing is not None,
    )


__all__ = ["router"]
