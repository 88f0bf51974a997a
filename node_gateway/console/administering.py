"""Screens for admins: people and their roles, and the log of what they did."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from node_gateway.api.deps import GatewayDep
from node_gateway.console.access import Admin, Screen, about
from node_gateway.console.layout import screen
from node_gateway.console.lists import PAGE, After, Listed, PerPage, Wanted, links, twin
from node_gateway.console.roles import ROLES
from node_gateway.errors import NotPossibleError

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

_NAME_LENGTH_MAX = 64
Name = Annotated[str, Path(max_length=_NAME_LENGTH_MAX)]
NameAfter = Annotated[str, Query(max_length=_NAME_LENGTH_MAX)]


@router.get("/people", name="people")
async def list_people(
    request: Request,
    gateway: GatewayDep,
    asking: Admin,
    after: NameAfter = "",
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List who may sign in."""
    rows, following = await gateway.pages.console.people.page(after=after, limit=per_page)
    listed = Listed("people", ("name", "role", "state", "createdAt"), rows, following)
    return twin(listed, form) or screen(
        request, asking.person, "people", listed=listed, links=links(request, listed), roles=ROLES
    )


@router.post("/people", name="add_person")
async def add_person(request: Request, gateway: GatewayDep, asking: Admin) -> Response:
    """Add somebody; their link is shown once."""
    wanted = asking.form.text("name", length_max=_NAME_LENGTH_MAX)
    role = asking.form.text("role")
    link, made = await gateway.pages.console.people.add(wanted, role)
    about(request, f"{made['name']} {role}")
    return screen(request, asking.person, "link", name=made["name"], link=_address(request, link))


@router.post("/people/{name}/link", name="reset_link")
async def reset_link(request: Request, gateway: GatewayDep, asking: Admin, name: Name) -> Response:
    """Make a new link for somebody, and end their sessions."""
    link, made = await gateway.pages.console.people.reset(name)
    return screen(request, asking.person, "link", name=made["name"], link=_address(request, link))


@router.post("/people/{name}/role", name="set_role")
async def set_role(gateway: GatewayDep, asking: Admin, name: Name, request: Request) -> Response:
    """Give somebody another role."""
    _require_other(asking.person.name, name)
    role = asking.form.text("role")
    await gateway.pages.console.people.set_role(name, role)
    about(request, f"{name} {role}")
    return RedirectResponse("/app/people", status_code=303)


@router.post("/people/{name}/disable", name="disable_person")
async def disable(gateway: GatewayDep, asking: Admin, name: Name) -> Response:
    """Let somebody sign in no more."""
    _require_other(asking.person.name, name)
    await gateway.pages.console.people.disable(name)
    return RedirectResponse("/app/people", status_code=303)


@router.get("/log", name="log")
async def read_log(
    request: Request,
    gateway: GatewayDep,
    asking: Admin,
    after: After = 0,
    per_page: PerPage = PAGE,
    who: Annotated[str, Query(max_length=_NAME_LENGTH_MAX)] = "",
    form: Wanted = "html",
) -> Response:
    """List what people did, newest first."""
    rows, following = await gateway.pages.console.log.page(
        before=after or None, limit=per_page, who=who or None
    )
    columns = ("number", "atMs", "who", "action", "subject", "outcome", "origin")
    listed = Listed("log", columns, rows, following)
    return twin(listed, form) or screen(
        request, asking.person, "log", listed=listed, links=links(request, listed), who=who
    )


def _address(request: Request, link: str) -> str:
    return str(request.url.replace(path=f"/app/join/{link}", query="", fragment=""))


def _require_other(own: str, name: str) -> None:
    """Nobody takes away their own rights by mistake: the last admin would be locked out."""
    if own == name:
        raise NotPossibleError(
            "this is your own account",
            code="own_account",
            hint="Let another admin do it, or the command line: sealtrail user.",
        )


__all__ = ["router"]
