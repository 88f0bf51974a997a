"""Labels: choose, look, print one, scan it, then print the run; and what was printed."""

from __future__ import annotations

import base64
import re
from datetime import date
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from node_gateway.api.deps import GatewayDep
from node_gateway.api.labels import file_of, job_wire, look_wire, print_wire
from node_gateway.console.access import Asking, Operator, Screen, Viewer, about
from node_gateway.console.forms import Form
from node_gateway.console.layout import screen
from node_gateway.console.lists import NUMBER_MAX, PAGE, After, Listed, PerPage, Wanted, links, twin
from node_gateway.errors import ParameterError
from node_gateway.labels.contents import CHOICES
from node_gateway.labels.jobs import SCAN_LENGTH_MAX
from node_gateway.labels.media import DPI, LEVELS, MEDIA
from node_gateway.labels.printing import Occasion
from node_gateway.labels.requests import FORMATS, Format, LabelRequest
from node_gateway.partners.symbols import TEXT_LENGTH_MAX
from node_gateway.services.gateway import Gateway
from node_gateway.storage.issuing_tables import issuing_order
from node_gateway.web.rendering import language_of

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

Number = Annotated[int, Path(ge=1, le=NUMBER_MAX)]
CODES_MAX: Final = 1000
_order = issuing_order.c
_COUNT: Final = re.compile(r"[0-9]{1,6}")
_KEPT: Final = (
    *("of", "order", "lot_of", "codes", "first", "count", "lot", "expiry", "symbol", "level"),
    *("media", "dpi", "language", "reason", "override"),
)
_JOBS: Final = ("job", "state", "count", "madeBy", "createdAt", "failedScans", "unlockedBy")
_PRINTS: Final = ("print", "job", "kind", "format", "key", "at", "count", "reason", "override")


@router.get("/labels", name="labels")
async def list_jobs(
    request: Request,
    gateway: GatewayDep,
    asking: Viewer,
    after: After = 0,
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List jobs of labels, newest first; `after` is a number to go down from."""
    found = await gateway.labels.jobs.jobs(before=after or None, limit=per_page + 1)
    rows = [_job(one) for one in found[:per_page]]
    following = rows[-1]["job"] if len(found) > per_page else None
    listed = Listed("labels", _JOBS, rows, following)
    return twin(listed, form) or screen(
        request,
        asking.person,
        "labels",
        listed=listed,
        links=links(request, listed),
        may_act=asking.may("operate"),
    )


@router.get("/labels/printed", name="printed_labels")
async def list_prints(
    request: Request,
    gateway: GatewayDep,
    asking: Viewer,
    after: After = 0,
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List what was printed, by whom and why, newest first."""
    found = await gateway.labels.printing.log(before=after or None, limit=per_page + 1)
    rows = [_print(one) for one in found[:per_page]]
    following = rows[-1]["print"] if len(found) > per_page else None
    listed = Listed("printed-labels", _PRINTS, rows, following)
    return twin(listed, form) or screen(
        request, asking.person, "printed", listed=listed, links=links(request, listed)
    )


@router.get("/labels/new", name="label_form")
async def label_form(
    request: Request,
    gateway: GatewayDep,
    asking: Operator,
    codes: Annotated[str, Query(max_length=TEXT_LENGTH_MAX)] = "",
) -> Response:
    """Show the form to choose labels."""
    language = "zh" if language_of(request) == "zh-CN" else "en"
    wanted = {"of": "codes" if codes else "order", "codes": codes, "language": language}
    return await _form(request, gateway, asking, wanted, None)


@router.post("/labels/new", name="preview_labels")
async def preview(request: Request, gateway: GatewayDep, asking: Operator) -> Response:
    """Show the first label as it would be printed, and what is known against the goods."""
    wanted, kept = request_of(asking.form), kept_of(asking.form)
    about(request, _goods(kept))
    look = await gateway.labels.printing.look(wanted)
    shown = look_wire(look, await gateway.labels.printing.count(wanted))
    picture = base64.b64encode(look.preview).decode("ascii")
    return await _form(request, gateway, asking, kept, {**shown, "picture": picture})


@router.post("/labels/file", name="print_labels")
async def print_now(request: Request, gateway: GatewayDep, asking: Operator) -> Response:
    """Return labels as one file at once, without the lock of a job. It is logged."""
    wanted, chosen = request_of(asking.form), _format(asking.form)
    about(request, f"{chosen} {_goods(kept_of(asking.form))}")
    printed = await gateway.labels.printing.printed(wanted, chosen, Occasion(asking.person.name))
    return file_of(printed, chosen)


@router.post("/labels/jobs", name="add_label_job")
async def add_job(request: Request, gateway: GatewayDep, asking: Operator) -> Response:
    """Keep a job. It is locked until its first label was printed and scanned."""
    wanted = request_of(asking.form)
    job, _ = await gateway.labels.jobs.add(wanted, asking.person.name)
    about(request, f"job {job.row.number}, {_goods(kept_of(asking.form))}")
    return RedirectResponse(f"/app/labels/{job.row.number}", status_code=303)


@router.get("/labels/{number}", name="label_job")
async def show_job(
    request: Request, gateway: GatewayDep, asking: Viewer, number: Number, form: Wanted = "html"
) -> Response:
    """Show a job, and what was printed of it."""
    job = await gateway.labels.jobs.job(number)
    prints = [_print(one) for one in await gateway.labels.printing.log(job=number, limit=1000)]
    one = {**_job(job), "prints": prints}
    if form != "html":
        rows = [one] if form == "json" else prints
        answer = twin(Listed(f"labels-{number}", _PRINTS, rows), form)
        if answer is not None:
            return answer
    return screen(
        request,
        asking.person,
        "label_job",
        one=one,
        may_act=asking.may("operate"),
        formats_of=formats_of,
        ran=any(each["kind"] == "run" for each in prints),
    )


@router.post("/labels/{number}/first", name="print_first_label")
async def print_first(gateway: GatewayDep, asking: Operator, number: Number) -> Response:
    """Return the first label of a locked job, which is to be scanned."""
    chosen = _format(asking.form)
    printed = await gateway.labels.jobs.first(number, chosen, asking.person.name)
    return file_of(printed, chosen)


@router.post("/labels/{number}/scan", name="scan_first_label")
async def scan_first(gateway: GatewayDep, asking: Operator, number: Number) -> Response:
    """Unlock a job by what a scanner read off its first label."""
    text = asking.form.text("text", length_max=SCAN_LENGTH_MAX)
    await gateway.labels.jobs.scan(number, text, asking.person.name)
    return RedirectResponse(f"/app/labels/{number}", status_code=303)


@router.post("/labels/{number}/print", name="print_label_job")
async def print_run(gateway: GatewayDep, asking: Operator, number: Number) -> Response:
    """Return the labels of an unlocked job: all but the first one, again with a reason."""
    form, chosen = asking.form, _format(asking.form)
    reason = form.text("reason", length_max=500) or None
    made = await gateway.labels.jobs.run(number, chosen, asking.person.name, reason=reason)
    return file_of(made, chosen)


def request_of(form: Form) -> LabelRequest:
    """Return what a form asks for; its members are checked by the use case.

    Raises:
        ParameterError: it says nothing, or a number or a date is none.
    """
    of = form.text("of")
    codes: tuple[str, ...] = ()
    if of == "codes":
        text = form.text("codes", length_max=CODES_MAX * TEXT_LENGTH_MAX)
        codes = codes_of(text)
    return LabelRequest(
        order=(form.text("order", length_max=100) or None) if of == "order" else None,
        of_lot=(form.text("lot_of", length_max=100) or None) if of == "lot" else None,
        codes=codes,
        first=_number(form, "first") or 0,
        count=_number(form, "count"),
        lot=form.text("lot", length_max=100) or None,
        expiry=_date(form),
        symbol=cast("Any", form.text("symbol") or None),
        level=cast("Any", form.text("level") or None),
        media=form.text("media", length_max=100) or "50x25",
        dpi=_number(form, "dpi") or 300,
        language="en" if form.text("language") == "en" else "zh",
        reason=form.text("reason", length_max=500) or None,
        override=form.text("override", length_max=500) or None,
    )


def codes_of(text: str) -> tuple[str, ...]:
    """Return what was typed or pasted, one code a line."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def formats_of(count: int) -> tuple[Format, ...]:
    """Return the forms of a file that holds so many labels: a picture holds one."""
    return FORMATS if count <= 1 else tuple(one for one in FORMATS if one not in ("png", "svg"))


def kept_of(form: Form) -> dict[str, str]:
    """Return the fields of a form as they were sent."""
    return {name: form.fields.get(name, "") for name in _KEPT}


def _number(form: Form, name: str) -> int | None:
    text = form.text(name)
    if not text:
        return None
    if not _COUNT.fullmatch(text):
        raise ParameterError(f"{name}: a number of at most six digits")
    return int(text)


def _date(form: Form) -> date | None:
    text = form.text("expiry")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ParameterError("expiry: a date such as 2028-02-29") from None


def _format(form: Form) -> Format:
    text = form.text("format")
    if text not in FORMATS:
        raise ParameterError(f"format: one of {', '.join(FORMATS)}")
    return text


def _goods(kept: dict[str, str]) -> str:
    """Return what labels are of, for the log: the codes themselves are in the log of prints."""
    if kept["of"] == "codes":
        return f"{len(codes_of(kept['codes']))} codes"
    return f"{kept['of']} {kept['order'] if kept['of'] == 'order' else kept['lot_of']}"


def _job(job: Any) -> dict[str, Any]:
    wire = job_wire(job)
    return {**wire, "createdAt": wire["createdAtMs"] / 1000}


def _print(one: Any) -> dict[str, Any]:
    wire = print_wire(one)
    return {**wire, "at": wire["atMs"] / 1000}


async def _form(
    request: Request,
    gateway: Gateway,
    asking: Asking,
    wanted: dict[str, str],
    look: dict[str, Any] | None,
) -> Response:
    return screen(
        request,
        asking.person,
        "label_form",
        wanted=wanted,
        look=look,
        orders=await _orders(gateway),
        symbols=CHOICES,
        levels=tuple(LEVELS),
        media=tuple(MEDIA),
        resolutions=tuple(DPI),
        formats_of=formats_of,
    )


async def _orders(gateway: Gateway) -> list[dict[str, Any]]:
    """Return the newest orders of codes, to be chosen from; an older one is named."""
    query = select(_order.order_id, _order.code_count, _order.created_at_ms)
    newest = query.order_by(_order.number.desc()).limit(PAGE)
    found = await gateway.store.read(lambda c: c.execute(newest).all())
    return [{"id": row[0], "count": row[1], "at": row[2] / 1000} for row in found]


__all__ = ["formats_of", "kept_of", "request_of", "router"]
