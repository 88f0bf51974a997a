"""Who asks for a screen, and what every screen has in common: refusals in words, and the log.

`Viewer`, `Receiver`, ... are dependencies: whoever lacks the scope is refused, before a form is
looked at; a form must come from a page of ours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from anchoring.errors import AnchoringError
from node_gateway import errors
from node_gateway.api.deps import address, gateway
from node_gateway.console import roles
from node_gateway.console.audit_log import NOBODY
from node_gateway.console.cookies import session_token
from node_gateway.console.forms import Form, form_of, require_own
from node_gateway.console.people import Person
from node_gateway.console.refusing import refusal
from node_gateway.epcis.errors import EpcisError
from node_gateway.storage import errors as storage

SIGN_IN: Final = "/app/login"
RENEWAL: Final = "renewal"
"""The parameter of an address by which a page renews itself."""
_OURS: Final = (errors.GatewayError, EpcisError, AnchoringError, storage.StorageError)
_NO_FORM: Final = Form({})


@dataclass(frozen=True, slots=True)
class Asking:
    """A person and what they send; `form` is empty unless something is to be done."""

    person: Person
    form: Form

    def may(self, scope: str) -> bool:
        """Tell whether their role has a scope."""
        return scope in self.person.scopes


def may(*scopes: str) -> Callable[[Request], Awaitable[Asking]]:
    """Return a dependency that lets pass only people whose role has one of `scopes`.

    Raises:
        AuthenticationError: `signed_out`.
        ScopeError: `role_forbids`, `form_origin` or `form_token`.
    """

    async def check(request: Request) -> Asking:
        people, is_use = gateway(request).pages.console.people, RENEWAL not in request.query_params
        person = await people.of_session(session_token(request), is_use=is_use)
        request.state.who = person.name
        request.state.person = person
        if not person.scopes & set(scopes):
            raise errors.ScopeError(
                "your role may not do this", code="role_forbids", hint="An admin gives roles."
            )
        if request.method == "GET":
            return Asking(person, _NO_FORM)
        form = await form_of(request)
        require_own(request, form, person.token)
        return Asking(person, form)

    check.scopes = scopes  # type: ignore[attr-defined]  # for the test of the table of roles
    return check


AnyPerson = Annotated[Asking, Depends(may(roles.VIEW, roles.RECEIVE))]
Viewer = Annotated[Asking, Depends(may(roles.VIEW))]
Receiver = Annotated[Asking, Depends(may(roles.RECEIVE))]
Operator = Annotated[Asking, Depends(may(roles.OPERATE))]
Quality = Annotated[Asking, Depends(may(roles.OVERRIDE))]
Admin = Annotated[Asking, Depends(may(roles.ADMINISTER))]


class Screen(APIRoute):
    """A route of the console: refusals are pages, and everything that is done is logged.

    The log is written behind the deed. What a crash between both leaves out stands in the records
    of the feature itself: they name whoever did it, in the same transaction.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers."""
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            outcome = "ok"
            try:
                response = await answer(request)
            except errors.AuthenticationError as error:
                if error.code != "signed_out":
                    response = refusal(request, error)
                    outcome = error.code
                else:
                    return _to_sign_in(request)
            except RequestValidationError as error:
                response = refusal(request, errors.ParameterError(_first(error)))
                outcome = "parameter"
            except _OURS as error:
                response = refusal(request, error)
                outcome = str(getattr(error, "code", "internal"))
            if request.method != "GET":
                await self._log(request, outcome, response.status_code)
            return response

        return handler

    async def _log(self, request: Request, outcome: str, status: int) -> None:
        state = request.state
        values = (
            f"{name} {value}" for name, value in request.path_params.items() if name != "link"
        )
        await gateway(request).pages.console.log.note(
            getattr(state, "who", NOBODY),
            self.name,
            getattr(state, "subject", None) or " ".join(values),
            outcome=outcome,
            status=status,
            address=address(request),
        )


def about(request: Request, subject: str) -> None:
    """Say for the log what is being done something to."""
    request.state.subject = subject


def _first(error: RequestValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _to_sign_in(request: Request) -> Response:
    if request.query_params.get("format") in ("json", "csv"):
        return refusal(request, errors.AuthenticationError("sign in", code="signed_out"))
    path = request.url.path
    asked = f"{path}?{request.url.query}" if request.url.query else path
    target = SIGN_IN if request.method != "GET" else f"{SIGN_IN}?next={quote(asked, safe='')}"
    if request.headers.get("hx-request"):
        return Response(status_code=200, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)


__all__ = [
    "Admin",
    "AnyPerson",
    "Asking",
    "Operator",
    "Quality",
    "Receiver",
    "Screen",
    "Viewer",
    "about",
    "may",
]
