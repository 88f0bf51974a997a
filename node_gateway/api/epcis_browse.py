"""The browse trees of EPCIS: `/eventTypes`, `/epcs`, `/bizSteps`, ... and the events below them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from node_gateway.api.deps import QueryKey
from node_gateway.api.epcis_events import answer_query
from node_gateway.api.epcis_protocol import (
    Protocol,
    ProtocolDep,
    collection,
    json_answer,
    require_json,
)
from node_gateway.epcis.query import Condition, QueryParameterError, query_from_json
from node_gateway.epcis.query.conditions import Codes, Facet
from node_gateway.errors import NotFoundError
from node_gateway.services.browsing import TREES, Browsing, Tree

router = APIRouter(tags=["epcis"])

Value = Annotated[str, Path(max_length=2048, description="A value, percent-encoded.")]
_LIST = """Return known values, ascending. Problems: query_value, page_token, page_token_expired,
not_acceptable, uri_too_long, index_behind."""
_ONE = """Return what there is below a value: its events. Problems: value_not_found, query_value,
not_acceptable, uri_too_long, index_behind."""
_EVENTS = """Return the events of a value; takes the parameters of `GET /epcis/events`.

Problems: value_not_found, index_behind."""


def browsing(protocol: Protocol) -> Browsing:
    """Return the trees of a gateway."""
    return Browsing(protocol.gateway.store, protocol.gateway.querying)


def _add(name: str, tree: Tree) -> None:
    """Add the three routes of a tree. That with `/events` goes first: values may hold slashes."""
    title = name[0].upper() + name[1:]

    async def list_values(key: QueryKey, protocol: ProtocolDep) -> Response:
        del key
        return await _listed(protocol, tree)

    async def events(key: QueryKey, protocol: ProtocolDep, value: Value) -> Response:
        del key
        return await answer_query(protocol, await known(protocol, tree, value))

    async def one(key: QueryKey, protocol: ProtocolDep, value: Value) -> Response:
        del key
        require_json(protocol)
        await known(protocol, tree, value)
        return json_answer(protocol, collection(protocol, ["events"]))

    base = f"/epcis/{name}"
    for path, endpoint, operation, description in (
        (base, list_values, f"list{title}", _LIST),
        (f"{base}/{{value:path}}/events", events, f"events{title}", _EVENTS),
        (f"{base}/{{value:path}}", one, f"browse{title}", _ONE),
    ):
        router.add_api_route(
            path, endpoint, methods=["GET"], operation_id=operation, description=description
        )


async def _listed(protocol: Protocol, tree: Tree) -> Response:
    require_json(protocol)
    querying = protocol.gateway.querying
    after = await querying.list_state(protocol.token, protocol.question)
    values = await browsing(protocol).values(tree, after=after, limit=protocol.size + 1)
    shown = values[: protocol.size]
    token = None
    if len(values) > len(shown):
        token = querying.list_token(shown[-1], protocol.question)
    rewrite = protocol.identifier() or (lambda text: text)
    members = list(dict.fromkeys(protocol.shorten(rewrite(value)) for value in shown))
    return json_answer(
        protocol, collection(protocol, members), headers=protocol.link_headers(token)
    )


async def known(protocol: Protocol, tree: Tree, value: str) -> Condition:
    """Return the condition of having a value.

    Raises:
        NotFoundError: no event has it.
        QueryParameterError: it claims to be an identifier and is malformed.
    """
    if value.startswith(("http:/", "https:/")) and "://" not in value:
        value = value.replace(":/", "://", 1)  # some clients and proxies merge slashes
    body = {tree.parameter: [value], "@context": dict(protocol.extensions)}
    try:
        condition = query_from_json(body).conditions[0]
    except QueryParameterError as error:
        if error.code == "query_value" and tree.parameter != "eventType":
            raise
        raise _not_found() from None
    if not await browsing(protocol).knows(tree, _canonical(condition)):
        raise _not_found()
    return condition


def _canonical(condition: Condition) -> str:
    hint = condition.hint
    if isinstance(hint, Facet):
        return min(hint.values)
    patterns = hint.patterns if isinstance(hint, Codes) else ()
    return next((one.exact for one in patterns if one.exact is not None), "")


def _not_found() -> NotFoundError:
    return NotFoundError("no event has this value", code="value_not_found")


for _name, _tree in TREES.items():
    _add(_name, _tree)
