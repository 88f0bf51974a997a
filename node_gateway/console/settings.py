"""Settings and webhooks as they are, to be read: they are changed where the gateway is started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from fastapi import APIRouter, Request, Response

from node_gateway.api.deps import GatewayDep
from node_gateway.api.webhooks import webhook_wire
from node_gateway.console.access import Admin, Screen
from node_gateway.console.layout import screen
from node_gateway.console.lists import PAGE, After, Listed, PerPage, Wanted, links, twin

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

HIDDEN: Final = "•••"
_EVERYTHING: Final = 1000
_WEBHOOKS: Final = (
    *("id", "url", "state", "types", "createdAt", "failingSince", "deliveredAt"),
    *("lastStatus", "lastError"),
)


@router.get("/settings", name="settings")
async def show_settings(
    request: Request,
    gateway: GatewayDep,
    asking: Admin,
    after: After = 0,
    per_page: PerPage = _EVERYTHING,
    form: Wanted = "html",
) -> Response:
    """List every setting with its value, in the order of the configuration file."""
    values = gateway.settings.model_dump(mode="json")
    every: list[dict[str, Any]] = [
        {"number": number, "section": name.split(".")[0], "setting": name, "value": text}
        for number, (name, text) in enumerate(_flat(values), 1)
    ]
    rows = [one for one in every if one["number"] > after]
    following = rows[per_page - 1]["number"] if len(rows) > per_page else None
    listed = Listed("settings", ("setting", "value"), rows[:per_page], following)
    return twin(listed, form) or screen(
        request, asking.person, "settings", listed=listed, links=links(request, listed)
    )


@router.get("/webhooks", name="webhooks")
async def list_webhooks(
    request: Request,
    gateway: GatewayDep,
    asking: Admin,
    after: After = 0,
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List webhooks, the oldest first, and how they go; never their secrets."""
    every: list[dict[str, Any]] = [
        {"number": number, **webhook_wire(one), "url": without_secrets(one.webhook.url)}
        for number, one in enumerate(await gateway.webhooks.all(), 1)
    ]
    rows = [one for one in every if one["number"] > after]
    following = rows[per_page - 1]["number"] if len(rows) > per_page else None
    listed = Listed("webhooks", _WEBHOOKS, rows[:per_page], following)
    return twin(listed, form) or screen(
        request, asking.person, "webhooks", listed=listed, links=links(request, listed)
    )


def without_secrets(text: str) -> str:
    """Return a URL without what only its owner should know: who signs in to it, and its query."""
    try:
        parts = urlsplit(text)
        if not parts.scheme or not (parts.password or parts.username or parts.query):
            return text
    except ValueError:
        return HIDDEN
    host = parts.netloc.rpartition("@")[2]
    signed = f"{HIDDEN}@{host}" if "@" in parts.netloc else host
    query = HIDDEN if parts.query else ""
    return urlunsplit((parts.scheme, signed, parts.path, query, parts.fragment))


def _flat(values: Mapping[str, Any], stem: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{stem}{name}.")
        else:
            yield f"{stem}{name}", _text(value)


def _text(value: Any) -> str:
    if value is None or value in ({}, []):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value)
    return without_secrets(str(value))


__all__ = ["HIDDEN", "router", "without_secrets"]
