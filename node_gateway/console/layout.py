"""What every screen of the console has around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from fastapi import Request
from fastapi.responses import HTMLResponse

from node_gateway.api.deps import gateway
from node_gateway.console import roles
from node_gateway.console.people import Person
from node_gateway.console.tokens import form_token
from node_gateway.web.rendering import page


class Entry(NamedTuple):
    """An entry of the menu; `scopes`: whoever has one of them sees it."""

    name: str
    address: str
    scopes: frozenset[str]


_VIEW: Final = frozenset({roles.VIEW})
MENU: Final = (
    Entry("today", "/app", _VIEW),
    Entry("scan", "/app/scan", frozenset({roles.VIEW, roles.RECEIVE})),
    Entry("receive", "/app/receive", frozenset({roles.VIEW, roles.RECEIVE})),
    Entry("units", "/app/units", _VIEW),
    Entry("shipments", "/app/shipments", _VIEW),
    Entry("exceptions", "/app/exceptions", _VIEW),
    Entry("anchors", "/app/anchors", _VIEW),
    Entry("labels", "/app/labels", _VIEW),
    Entry("recalls", "/app/recalls", _VIEW),
    Entry("partners", "/app/partners", _VIEW),
    Entry("people", "/app/people", frozenset({roles.ADMINISTER})),
    Entry("log", "/app/log", frozenset({roles.ADMINISTER})),
    Entry("settings", "/app/settings", frozenset({roles.ADMINISTER})),
)
_ABOVE: Final[Mapping[str, str]] = {
    "/app/unit": "/app/scan",
    "/app/selftest": "/app/scan",
    "/app/ship": "/app/shipments",
    "/app/findings": "/app",
    "/app/webhooks": "/app/settings",
}
_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    # Without a referrer, browsers say the origin of no form, which is what forms are told by.
    "Referrer-Policy": "same-origin",
}


def screen(
    request: Request,
    person: Person | None,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """Render `templates/app/<template>.html` for whoever is signed in, if anybody is."""
    own = gateway(request)
    name = own.directory.current.participants.get(own.settings.gateway.participant)
    scopes = frozenset() if person is None else person.scopes
    return page(
        request,
        f"app/{template}.html",
        status=status,
        headers={**_HEADERS, **(headers or {})},
        person=person,
        scopes=scopes,
        menu=[one for one in MENU if one.scopes & scopes],
        here=_here(request.url.path),
        own_name=name.name if name is not None else "",
        form_token=form_token(person.token) if person is not None else "",
        moment=moment,
        **{"query": "", **values},
    )


def moment(at_s: float | None) -> str:
    """Return Unix seconds as people here read them: date and time of this machine's zone."""
    if at_s is None:
        return ""
    try:
        return datetime.fromtimestamp(at_s, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return ""


def _here(path: str) -> str:
    """Return the entry of the menu that an address belongs to."""
    path = _ABOVE.get(path, path)
    found = (one for one in MENU if path == one.address or path.startswith(f"{one.address}/"))
    fitting = [one for one in found if one.address != "/app" or path == "/app"]
    return fitting[0].name if fitting else ""


__all__ = ["MENU", "Entry", "moment", "screen"]
