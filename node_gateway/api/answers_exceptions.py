"""What the answers about exceptions look like; see `answers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel

from node_gateway.api.answers import Hash, _Answer


class ParticipantName(_Answer):
    """A participant; `name` is null if the directory does not know it."""

    participant: int
    name: str | None


class ResolutionAnswer(_Answer):
    """How an exception ended here; `event` is the entry of the event that states it."""

    cause: str
    action: str
    text: str
    at: str
    event: Hash


class PartnerResolution(_Answer):
    """The event by which the partner resolved its side; `proven` once its bundle has come."""

    event: Hash
    proven: bool


class ExceptionAnswer(_Answer):
    """An exception; `case` names it at both sides, `subject` what it is about."""

    number: int
    case: str
    kind: str
    state: Literal["open", "waiting", "escalated", "resolved"]
    overdue: bool
    owner: str
    partner: ParticipantName | None
    origin: Literal["here", "partner", "file"]
    subject: Hash
    detail: str
    code_count: int
    expected: int | None
    found: int | None
    opened_at: str
    due_at: str
    partner_knows: bool
    resolution: ResolutionAnswer | None
    partner_resolution: PartnerResolution | None


class ExceptionPage(_Answer):
    """Exceptions, what is due first comes first; `next` is where the next page goes on."""

    exceptions: list[ExceptionAnswer]
    next: str | None


class ExceptionMessage(_Answer):
    """What was said; `message` is the digest of the signed message, null if there is none.

    `refused`: why the partner's gateway did not take it, null if it did or has not answered yet.
    """

    number: int
    by: ParticipantName | None
    who: str | None
    at: str
    act: str
    action: str | None
    text: str
    message: Hash | None
    refused: str | None


class ExceptionChange(_Answer):
    """One line of the history."""

    at: str
    who: str
    what: str
    value: str | None


class ExceptionDocument(_Answer):
    """A DSCSA message that came."""

    message: str
    kind: Literal["report", "response"]
    at: str


class ExceptionEvidence(_Answer):
    """A file about the exception that a third party checks; `href` gives it."""

    name: str
    kind: Literal["custody_conflict", "said"]
    href: str


class CauseCount(_Answer):
    """How many of the resolved exceptions had this cause."""

    cause: str
    count: int


class CauseSuggestion(_Answer):
    """What such exceptions turned out to be, counted; `partner` is null if with anybody."""

    text: str
    partner: ParticipantName | None
    resolved: int
    causes: list[CauseCount]


class ExceptionDetail(ExceptionAnswer):
    """An exception with all that is known of it; the first codes, `codesNext` leads on."""

    codes: list[str]
    codes_next: str | None
    messages: list[ExceptionMessage]
    history: list[ExceptionChange]
    documents: list[ExceptionDocument]
    evidence: list[ExceptionEvidence]
    suggestion: CauseSuggestion | None


class ExceptionCodes(_Answer):
    """Codes of an exception in bytewise order; `next` is the code to go on from."""

    codes: list[str]
    next: str | None


class ImportedMessage(_Answer):
    """What became of a DSCSA message: `opened` a new exception, or `repeated`."""

    number: int
    kind: Literal["report", "response"]
    opened: bool
    repeated: bool
    partner: ParticipantName | None


ANSWERS: Final[Mapping[str, Mapping[int, type[BaseModel] | str]]] = {
    "listExceptions": {200: ExceptionPage},
    "openException": {201: ExceptionDetail},
    "getException": {200: ExceptionDetail},
    "listExceptionCodes": {200: ExceptionCodes},
    "getExceptionProof": {200: "A bundle, `sealtrail/proof/v1` (docs/reference/formats.md)."},
    "assignException": {200: ExceptionDetail},
    "tellException": {200: ExceptionDetail},
    "sayAboutException": {200: ExceptionDetail},
    "resolveException": {200: ExceptionDetail},
    "importExceptionMessage": {200: ImportedMessage},
    "exportException": {200: "A DSCSA exception message (docs/reference/dscsa.md)."},
}
