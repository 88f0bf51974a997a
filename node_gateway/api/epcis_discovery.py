"""What can be found out of the EPCIS interface itself: its resources, and `OPTIONS` of each.

`OPTIONS` of a list tells nothing that this page of documentation does not, so it needs no key; that
of a single thing says whether there is such a thing, so it needs the key that reading it needs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from node_gateway.api.deps import GatewayDep, QueryKey, ReceiptKey, gateway, requires
from node_gateway.api.epcis_browse import known
from node_gateway.api.epcis_protocol import (
    CAPTURED_FROM,
    CBV_VERSION,
    EPCIS_VERSION,
    Protocol,
    ProtocolDep,
    check_versions,
    collection,
    json_answer,
    negotiate,
    require_json,
    standard_headers,
    vendor_version,
)
from node_gateway.errors import NotFoundError
from node_gateway.services.browsing import TREES
from node_gateway.services.gateway import Gateway

router = APIRouter(tags=["epcis"])
hidden = APIRouter(include_in_schema=False)
"""Routes that the description of our own interface leaves to GS1's."""

RESOURCES: Final = (
    "events", "eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions",
    "capture", "queries",
)  # fmt: skip
EPC_FORMATS: Final = "No_Preference, Always_GS1_Digital_Link, Always_EPC_URN, Never_Translates"
_LISTS: Final[Mapping[str, str]] = {
    "/epcis": "OPTIONS, GET",
    "/epcis/": "OPTIONS, GET",
    "/epcis/capture": "OPTIONS, POST, GET",
    "/epcis/events": "OPTIONS, GET, POST",
    "/epcis/queries": "OPTIONS, GET, POST",
    **{f"/epcis/{name}": "OPTIONS, GET" for name in TREES},
}


@router.get("/epcis", operation_id="listResources")
async def list_resources(key: ReceiptKey, protocol: ProtocolDep) -> Response:
    """Return the names of the top-level resources. Problems: not_acceptable, uri_too_long."""
    del key
    require_json(protocol)
    return json_answer(protocol, collection(protocol, list(RESOURCES)))


@router.delete("/epcis/nextPageToken/{token}", operation_id="giveBackToken", status_code=204)
async def give_back_token(key: QueryKey, here: GatewayDep, token: str) -> Response:
    """Make a page token void. Problems: page_token_not_found."""
    del key
    if not await here.querying.give_back(token):
        raise NotFoundError("this is no page token", code="page_token_not_found")
    return Response(status_code=204)


def discovery(here: Gateway, allow: str, *, capture: bool = False) -> Response:
    """Return the answer to an OPTIONS request."""
    headers = {
        **standard_headers(),
        "Allow": allow,
        "GS1-EPCIS-Min": f"{CAPTURED_FROM}.0" if capture else EPCIS_VERSION,
        "GS1-EPCIS-Max": EPCIS_VERSION,
        "GS1-CBV-Min": f"{CAPTURED_FROM}.0" if capture else CBV_VERSION,
        "GS1-CBV-Max": CBV_VERSION,
        "GS1-EPC-Format": "No_Preference",
        "GS1-CBV-XML-Format": "No_Preference",
        "GS1-Vendor-Version": vendor_version(),
    }
    if capture:
        limits = here.settings.limits
        headers |= {
            "GS1-EPCIS-Capture-Limit": str(capture_limit(limits.body_size_bytes_max)),
            "GS1-EPCIS-Capture-File-Size-Limit": str(limits.body_size_bytes_max),
            "GS1-Capture-Error-Behaviour": "all",
        }
    return Response(status_code=204, headers=headers)


def capture_limit(body_size_bytes_max: int) -> int:
    """Return how many events a document can have: no event is shorter than this."""
    return body_size_bytes_max // 64


def _add_list(path: str, allow: str) -> None:
    async def options(request: Request) -> Response:
        check_versions(request)
        return discovery(gateway(request), allow, capture=path.endswith("/capture"))

    hidden.add_api_route(path, options, methods=["OPTIONS"])


async def _event(protocol: Protocol, event_id: str) -> None:
    if not await protocol.gateway.querying.events_with_id(event_id):
        raise NotFoundError("no such event", code="event_not_found")


async def _query(protocol: Protocol, name: str) -> None:
    await protocol.gateway.queries.get(name)


async def _job(protocol: Protocol, capture_id: str) -> None:
    if await protocol.gateway.store.capture_job(capture_id) is None:
        raise NotFoundError("no such capture job", code="capture_not_found")


def _in_tree(name: str) -> Callable[[Protocol, str], Awaitable[object]]:
    async def check(protocol: Protocol, value: str) -> object:
        return await known(protocol, TREES[name], value)

    return check


def _add_one(
    path: str, allow: str, exists: Callable[[Protocol, str], Awaitable[object]], scope: str
) -> None:
    check_key = requires(scope)

    async def options(request: Request, value: str) -> Response:
        await check_key(request)
        await exists(await negotiate(request), value)
        return discovery(gateway(request), allow)

    hidden.add_api_route(path, options, methods=["OPTIONS"])


for _path, _allow in _LISTS.items():
    _add_list(_path, _allow)
_add_one("/epcis/capture/{value}", "OPTIONS, GET", _job, "capture")
_add_one("/epcis/events/{value:path}", "OPTIONS, GET", _event, "query")
_add_one("/epcis/queries/{value}/events", "OPTIONS, GET", _query, "query")
_add_one("/epcis/queries/{value}", "OPTIONS, GET, DELETE", _query, "query")
for _name in TREES:
    _add_one(f"/epcis/{_name}/{{value:path}}/events", "OPTIONS, GET", _in_tree(_name), "query")
    _add_one(f"/epcis/{_name}/{{value:path}}", "OPTIONS, GET", _in_tree(_name), "query")
hidden.add_api_route("/epcis/", list_resources, methods=["GET"])
router.include_router(hidden)
