"""Sign in, sign out, and use a link: the screens of people who are not signed in yet."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from node_gateway.api.deps import GatewayDep, address
from node_gateway.console import cookies, one_time_codes
from node_gateway.console.access import SIGN_IN, AnyPerson, Screen, about
from node_gateway.console.forms import form_of, require_own
from node_gateway.console.layout import screen
from node_gateway.console.passwords import LENGTH_MAX, LENGTH_MIN
from node_gateway.console.people import Offer
from node_gateway.console.roles import VIEW
from node_gateway.console.tokens import form_token
from node_gateway.errors import AuthenticationError, GatewayError, ParameterError, RateLimitError
from node_gateway.services.gateway import Gateway

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

ISSUER: Final = "Sealtrail"
Link = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$")]


@router.get("/login", name="sign_in_form")
async def sign_in_form(
    request: Request, next_: Annotated[str, Query(alias="next", max_length=2000)] = ""
) -> Response:
    """Show the page to sign in."""
    return _sign_in_page(request, next_)


@router.post("/login", name="sign_in")
async def sign_in(request: Request, gateway: GatewayDep) -> Response:
    """Sign in, and go on where it was wanted."""
    form = await form_of(request)
    require_own(request, form, request.cookies.get(cookies.VISIT))
    name, wanted = form.text("name", length_max=200), form.text("next", length_max=2000)
    password, code = form.secret("password"), form.text("code", length_max=40)
    people = gateway.pages.console.people
    try:
        person = await people.sign_in(name, password, code, address=address(request))
    except (AuthenticationError, RateLimitError) as error:
        about(request, error.code)
        return _sign_in_page(request, wanted, name=name, error=error)
    request.state.who = person.name
    home = "/app" if VIEW in person.scopes else "/app/receive"
    response = RedirectResponse(_inside(wanted) or home, status_code=303)
    cookies.keep_session(request, response, person.token)
    return response


@router.post("/logout", name="sign_out")
async def sign_out(request: Request, gateway: GatewayDep, asking: AnyPerson) -> Response:
    """End this session, or all of one's own."""
    everywhere = asking.form.text("everywhere") == "yes"
    about(request, "everywhere" if everywhere else "here")
    await gateway.pages.console.people.sign_out(asking.person, everywhere=everywhere)
    response = RedirectResponse(SIGN_IN, status_code=303)
    cookies.forget_session(response)
    return response


@router.get("/join/{link}", name="join_form")
async def join_form(request: Request, gateway: GatewayDep, link: Link) -> Response:
    """Show what the bearer of a link chooses: a password, and an authenticator."""
    offered = await gateway.pages.console.people.offer(link, address=address(request))
    return _join_page(request, gateway, offered)


@router.post("/join/{link}", name="join")
async def join(request: Request, gateway: GatewayDep, link: Link) -> Response:
    """Keep both, and show the recovery codes once."""
    people, place = gateway.pages.console.people, address(request)
    form = await form_of(request)
    require_own(request, form, request.cookies.get(cookies.VISIT))
    try:
        name, codes = await people.join(
            link,
            form.secret("password"),
            form.secret("again"),
            form.text("code", length_max=40),
            address=place,
        )
    except ParameterError as error:
        offered = await people.offer(link, address=place)
        return _join_page(request, gateway, offered, error=error)
    request.state.who = name
    return screen(request, None, "recovery", codes=codes, address=SIGN_IN)


def _sign_in_page(
    request: Request, wanted: str, *, name: str = "", error: GatewayError | None = None
) -> Response:
    token = cookies.visit_token(request)
    status = {AuthenticationError: 401, RateLimitError: 429}.get(type(error), 200)
    response = screen(
        request,
        None,
        "login",
        status=status,
        visit_token=form_token(token),
        name=name,
        wanted=_inside(wanted),
        error=error.code if error else "",
        wait_s=error.retry_after_s if error else None,
    )
    cookies.keep_visit(request, response, token)
    return response


def _join_page(
    request: Request, gateway: Gateway, offered: Offer, *, error: GatewayError | None = None
) -> Response:
    token, own = cookies.visit_token(request), gateway.settings.gateway.participant
    known = gateway.directory.current.participants.get(own)
    issuer = f"{ISSUER} {known.slug}" if known is not None else ISSUER
    uri = one_time_codes.address(offered.code_key, name=offered.name, issuer=issuer)
    response = screen(
        request,
        None,
        "join",
        status=400 if error else 200,
        visit_token=form_token(token),
        name=offered.name,
        symbol=one_time_codes.symbol(uri),
        key_text=one_time_codes.key_text(offered.code_key),
        length_min=LENGTH_MIN,
        length_max=LENGTH_MAX,
        error=error.code if error else "",
    )
    cookies.keep_visit(request, response, token)
    return response


def _inside(wanted: str) -> str:
    """Return where somebody wanted to go, if that is a screen of ours."""
    is_ours = wanted == "/app" or wanted.startswith(("/app/", "/app?"))
    return wanted if is_ours and "\\" not in wanted and wanted.isprintable() else ""


__all__ = ["router"]
