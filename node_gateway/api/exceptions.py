"""Exceptions: mismatches that somebody must resolve, and what partners say about them."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any, Literal, Self

import rfc8785
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from anchoring.core.merkle import HASH_SIZE
from node_gateway.api.deps import BodyDep, GatewayDep, OperateKey, QueryKey, read
from node_gateway.api.exceptions_wire import (
    case_wire,
    detail_wire,
    participant_wire,
    place_read,
    place_text,
)
from node_gateway.errors import NotFinalError, NotFoundError
from node_gateway.partners.exception_resolving import Resolution
from node_gateway.partners.exception_talking import Said
from node_gateway.partners.exception_words import TEXT_LENGTH_MAX, Action, Cause
from node_gateway.partners.ports import ExceptionKind, NewException
from node_gateway.services.gateway import Gateway
from node_gateway.storage.exceptions_reading import Wanted, place_of

router = APIRouter(tags=["exceptions"])

_NUMBER_MAX = 2**53 - 1
_OPEN_SIZE_BYTES_MAX = 16 * 1024 * 1024
_PAGE_MAX = 1000
Number = Annotated[int, Path(ge=1, le=_NUMBER_MAX, description="Number of the exception.")]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=_PAGE_MAX)]
States = Annotated[
    list[Literal["open", "waiting", "escalated", "resolved"]] | None, Query(alias="state")
]
Digest = Annotated[str, Field(pattern=rf"^[0-9a-f]{{{2 * HASH_SIZE}}}$")]
Participant = Annotated[int, Field(ge=1, le=2**32 - 1)]
Line = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=TEXT_LENGTH_MAX, pattern="^[^\0]*$")]
Count = Annotated[int, Field(ge=0, le=_NUMBER_MAX)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExceptionIn(_In):
    """A mismatch that a person found. Codes in any spelling."""

    kind: ExceptionKind
    partner: Participant | None = None
    handover: Digest | None = None
    event: Digest | None = None
    detail: Annotated[Text, Field(min_length=1)]
    codes: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=1000)]], Field(max_length=100_000)
    ] = []
    expected: Count | None = None
    found: Count | None = None
    tell: bool = True


class OwnerIn(_In):
    """Who cares for an exception from now on."""

    owner: Line


class TellIn(_In):
    """What is said with it."""

    text: Text = ""


class SayIn(_In):
    """What is said to the partner; `action` belongs to a proposal."""

    act: Literal["say", "ask", "propose", "agree", "reopen"] = "say"
    text: Text = ""
    action: Action | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.act == "propose") != (self.action is not None):
            raise ValueError("a proposal names an action, and nothing else does")
        return self


class ResolveIn(_In):
    """How an exception ends."""

    cause: Cause
    action: Action
    text: Text = ""


@router.get("/v1/exceptions", operation_id="listExceptions")
async def list_exceptions(
    key: QueryKey,
    gateway: GatewayDep,
    states: States = None,
    partner: Annotated[int | None, Query(ge=1, le=2**32 - 1)] = None,
    kind: ExceptionKind | None = None,
    owner: Annotated[str | None, Query(max_length=200)] = None,
    code: Annotated[str | None, Query(max_length=1000, description="A code it names.")] = None,
    overdue: Annotated[bool, Query(description="Only what should be resolved by now.")] = False,
    after: Annotated[
        str | None, Query(pattern=r"^[01]\.[0-9]{1,16}\.[0-9]{1,16}$", description="`next`.")
    ] = None,
    per_page: PerPage = 100,
) -> dict[str, Any]:
    """List exceptions, unresolved ones first, what is due (so overdue) first.

    Problems: parameter, identifier_form, check_digit, code_too_long.
    """
    del key
    desk, now_ms = gateway.partners.exceptions.desk, int(gateway.clock() * 1000)
    wanted = Wanted(
        states=tuple(states or ()),
        partner=partner,
        kind=None if kind is None else kind.value,
        owner=owner,
        code=None if code is None else gateway.canonical_code(code),
        due_before_ms=now_ms if overdue else None,
    )
    place = None if after is None else place_read(after)
    found = await desk.page(wanted, after=place, limit=per_page + 1)
    shown, name_of = found[:per_page], _names(gateway)
    return {
        "exceptions": [case_wire(one, now_ms=now_ms, name_of=name_of) for one in shown],
        "next": place_text(place_of(shown[-1])) if len(found) > per_page else None,
    }


@router.post("/v1/exceptions", operation_id="openException", status_code=201)
async def open_exception(key: OperateKey, gateway: GatewayDep, body: BodyDep) -> dict[str, Any]:
    """Open an exception by hand; the same again is answered with the same one.

    Problems: parameter, exception_no_partner, identifier_form, check_digit.
    """
    wanted = read(ExceptionIn, body, size_bytes_max=_OPEN_SIZE_BYTES_MAX)
    subject = wanted.handover or wanted.event or sha256(wanted.detail.encode()).hexdigest()
    wish = NewException(
        kind=wanted.kind,
        partner=wanted.partner,
        subject=bytes.fromhex(subject),
        detail=wanted.detail,
        codes=tuple(gateway.canonical_code(one) for one in wanted.codes),
        expected=wanted.expected,
        found=wanted.found,
    )
    tell = wanted.tell and wanted.partner is not None
    number = await gateway.partners.exceptions.desk.open(wish, who=key.name, tell=tell)
    return await _shown(gateway, number)


@router.get("/v1/exceptions/{number}", operation_id="getException")
async def get_exception(key: QueryKey, gateway: GatewayDep, number: Number) -> dict[str, Any]:
    """Return an exception with its messages and its history. Problems: exception_not_found."""
    del key
    return await _shown(gateway, number)


@router.get("/v1/exceptions/{number}/codes", operation_id="listExceptionCodes")
async def list_codes(
    key: QueryKey,
    gateway: GatewayDep,
    number: Number,
    after: Annotated[str, Query(max_length=1000, description="Code to go on from.")] = "",
    per_page: PerPage = 100,
) -> dict[str, Any]:
    """List the codes that an exception names. Problems: exception_not_found, parameter."""
    del key
    desk = gateway.partners.exceptions.desk
    found = await desk.codes(number, after=after, limit=per_page + 1)
    shown = list(found[:per_page])
    return {"codes": shown, "next": shown[-1] if len(found) > per_page else None}


@router.get("/v1/exceptions/{number}/proof", operation_id="getExceptionProof")
async def get_proof(
    key: QueryKey,
    gateway: GatewayDep,
    number: Number,
    of: Annotated[Literal["ours", "partner"], Query(description="Whose resolution.")] = "ours",
) -> Response:
    """Return the bundle that proves a resolution.

    Problems: exception_not_found, not_final, event_erased.
    """
    del key
    parts = gateway.partners.exceptions
    row = (await parts.desk.show(number)).row
    bundle = row.proof_there
    if of == "ours":
        if not row.resolved or row.entry is None:
            raise NotFoundError("it is not resolved here", code="exception_not_found")
        bundle = await parts.proving.bundle(row.entry)
        if bundle is None:
            raise NotFinalError("the event is being sealed", hint="Ask again in a little while.")
    if bundle is None:
        raise NotFoundError("no proof of the partner has come", code="exception_not_found")
    return Response(bundle, media_type="application/json")


@router.post("/v1/exceptions/{number}/owner", operation_id="assignException")
async def assign(
    key: OperateKey, gateway: GatewayDep, number: Number, body: BodyDep
) -> dict[str, Any]:
    """Give an exception to somebody. Problems: exception_not_found, parameter."""
    wanted = read(OwnerIn, body)
    await gateway.partners.exceptions.desk.assign(number, wanted.owner, who=key.name)
    return await _shown(gateway, number)


@router.post("/v1/exceptions/{number}/tell", operation_id="tellException")
async def tell(
    key: OperateKey, gateway: GatewayDep, number: Number, body: BodyDep
) -> dict[str, Any]:
    """Tell the partner of an exception that it does not know of.

    Problems: exception_not_found, exception_told, exception_no_partner, parameter.
    """
    wanted = read(TellIn, body)
    await gateway.partners.exceptions.desk.tell(number, text=wanted.text, who=key.name)
    return await _shown(gateway, number)


@router.post("/v1/exceptions/{number}/messages", operation_id="sayAboutException")
async def say(
    key: OperateKey, gateway: GatewayDep, number: Number, body: BodyDep
) -> dict[str, Any]:
    """Say something about an exception, to its partner if that has it.

    Problems: exception_not_found, exception_closed, exception_not_closed, exception_full,
    exception_nothing_proposed, parameter.
    """
    wanted = read(SayIn, body)
    said = Said(wanted.act, wanted.text, key.name, wanted.action)
    await gateway.partners.exceptions.talking.say(number, said)
    return await _shown(gateway, number)


@router.post("/v1/exceptions/{number}/resolution", operation_id="resolveException")
async def resolve(
    key: OperateKey, gateway: GatewayDep, number: Number, body: BodyDep
) -> dict[str, Any]:
    """Resolve an exception by an event that is anchored.

    Problems: exception_not_found, exception_closed, read_only, parameter.
    """
    wanted = read(ResolveIn, body)
    resolution = Resolution(wanted.cause, wanted.action, wanted.text, key.name)
    await gateway.partners.exceptions.resolving.resolve(number, resolution)
    return await _shown(gateway, number)


@router.post("/v1/exceptions/import", operation_id="importExceptionMessage")
async def import_message(
    key: OperateKey,
    gateway: GatewayDep,
    body: BodyDep,
    partner: Annotated[
        int | None, Query(ge=1, le=2**32 - 1, description="Who sent it, if its GLN does not say.")
    ] = None,
) -> dict[str, Any]:
    """Take over a DSCSA exception message: a report opens an exception, a response answers one.

    Problems: dscsa_form, dscsa_conflict, parameter.
    """
    reading = gateway.partners.exceptions.reading
    done = await reading.take(body, who=key.name, partner=partner)
    name_of = _names(gateway)
    return {
        "number": done.number,
        "kind": done.kind,
        "opened": done.opened,
        "repeated": done.repeated,
        "partner": None if done.partner is None else participant_wire(done.partner, name_of),
    }


@router.get("/v1/exceptions/{number}/dscsa", operation_id="exportException")
async def export(
    key: QueryKey,
    gateway: GatewayDep,
    number: Number,
    kind: Annotated[Literal["report", "response"] | None, Query(alias="as")] = None,
    order: Annotated[str, Query(max_length=200, description="Number of the order.")] = "",
    message: Annotated[
        str | None, Query(max_length=4096, description="UUID of a message, as it came.")
    ] = None,
) -> Response:
    """Return an exception as a DSCSA message, or a message of it as it came.

    Problems: exception_not_found, exception_contact, exception_no_report.
    """
    del key
    writing = gateway.partners.exceptions.writing
    if message is not None:
        return Response(await writing.kept(number, message), media_type="application/json")
    made = await writing.message(number, kind=kind, po_number=order)
    return Response(rfc8785.dumps(made), media_type="application/json")


async def _shown(gateway: Gateway, number: int) -> dict[str, Any]:
    parts = gateway.partners.exceptions
    detail = await parts.desk.show(number)
    documents = await parts.writing.documents(number)
    evidence = await gateway.partners.evidence.of_case(number)
    now_ms = int(gateway.clock() * 1000)
    return detail_wire(detail, documents, evidence, now_ms=now_ms, name_of=_names(gateway))


def _names(gateway: Gateway) -> Any:
    known = gateway.directory.current.participants

    def name_of(participant: int) -> str | None:
        found = known.get(participant)
        return None if found is None else found.name

    return name_of
