"""What the answers look like: for the description of the interface, and for its tests.

Routers answer with plain values (a model per event would cost more than the event); a test holds
every answer against its model here. Bundle, receipt and opening have JSON Schemas of their own.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
State = Literal["stored", "batched", "anchoring", "final"]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class Spot(_Answer):
    """One problem of a document; `pointer` is an RFC 6901 JSON pointer into it, or an XPath."""

    pointer: str
    code: str
    detail: str
    hint: str | None = None
    line: int | None = None


class Problem(_Answer):
    """A problem (RFC 9457). `code` is stable; docs/reference/problems.md lists all."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: Annotated[str, Field(alias="request_id")]
    hint: str | None = None
    errors: list[Spot] | None = None


class EventResult(_Answer):
    """What became of one event. `entry` is null if nothing is stored of it."""

    event_id: Annotated[str, Field(alias="eventID")]
    entry: Hash | None
    result: Literal["stored", "duplicate", "conflict", "rolled_back"]


class CaptureProblem(_Answer):
    """Why an event was not stored; `index` is its place in the document."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    index: int | None = None


class CaptureReport(_Answer):
    """What became of a document. `receipts` is the address of the signed promises."""

    capture_id: Annotated[str, Field(alias="captureID")]
    success: bool
    receipts: str
    events: list[EventResult]
    errors: list[CaptureProblem]


class CaptureJob(_Answer):
    """A capture job, as EPCIS 2.0 has it."""

    capture_id: Annotated[str, Field(alias="captureID")]
    created_at: str
    finished_at: str | None = None
    running: bool
    success: bool
    capture_error_behaviour: Literal["rollback", "proceed"]
    errors: list[CaptureProblem]


class CorrectionMark(_Answer):
    """That a statement was taken back, and by which event; the owner also sees why and when."""

    status: Literal["replaced", "voided"]
    declaration: Hash
    entry: Hash | None = None
    declared_at: str | None = None
    reason: str | None = None
    corrective_ids: Annotated[list[str] | None, Field(alias="correctiveEventIDs")] = None


class CorrectionMade(_Answer):
    """What correcting did: the entries of both versions and of what takes the first one back."""

    entry: Hash
    status: Literal["replaced", "voided"]
    declaration: Hash
    corrective: Hash | None


class EventHashes(_Answer):
    """CBV event hash of an event by version; for its owner only."""

    cbv_2_0: str = Field(alias="CBV2.0")
    cbv_2_1: str = Field(alias="CBV2.1")


class EventState(_Answer):
    """State and parts of an event; its entry can be recomputed from them."""

    entry: Hash
    state: State
    erased: bool
    participant: int
    stream: int
    fields_size: int
    fields_root: Hash
    codes_root: Hash
    sequence: int | None
    event_hash: EventHashes | None
    correction: CorrectionMark | None
    corrects: list[Hash]


class Receipts(_Answer):
    """Receipts, each in the form `sealtrail/receipt/v1`."""

    receipts: list[dict[str, Any]]


class Step(_Answer):
    """One event of a trace; of an erased one only the first three members are left."""

    entry: Hash
    state: State
    erased: bool
    event_id: Annotated[str | None, Field(alias="eventID")] = None
    type: str | None = None
    action: str | None = None
    biz_step: str | None = None
    disposition: str | None = None
    event_time: str | None = None
    read_point: str | None = None
    biz_location: str | None = None
    parent_id: Annotated[str | None, Field(alias="parentID")] = None
    has_error_declaration: bool | None = None
    role: Literal["parent"] | None = None
    corrective_ids: Annotated[list[str] | None, Field(alias="correctiveEventIDs")] = None
    correction: CorrectionMark | None = None


class Trace(_Answer):
    """Every event of this gateway that names a code, in the order of storing."""

    code: str
    events: list[Step]


class Anchor(_Answer):
    """One anchor. The number of events is not told: under fixed padding nobody may learn it."""

    stream: int
    sequence: int
    root: Hash
    size: int
    previous_tip: Hash
    state: State
    block_number: int | None
    block_time: int | None
    tx_hash: Hash | None


class Anchors(_Answer):
    """Anchors of one stream, by sequence; `streams` are all of this gateway's."""

    stream: int
    streams: list[int]
    anchors: list[Anchor]


class Entries(_Answer):
    """The public list of a batch, decoys included, strictly ascending."""

    stream: int
    sequence: int
    entries: list[Hash]


class MadeBatch(_Answer):
    """A batch that was made."""

    sequence: int
    events: int


class MadeBatches(_Answer):
    """What was made on demand."""

    stream: int
    batches: list[MadeBatch]


class Promises(_Answer):
    """Whether the promises of receipts are kept; times are Unix seconds."""

    state: Literal["kept", "at_risk", "broken"]
    earliest_anchor_by: int | None


class StreamStatus(_Answer):
    """Counters of one stream; times are Unix seconds."""

    stream: int
    waiting: int
    oldest_received_at: int | None
    oldest_anchor_by: int | None
    last_sequence: int
    last_final_sequence: int


class NoticeCounts(_Answer):
    """Recalls that stand, those about products known here, and exercises (in no other figure)."""

    standing: int
    here: int
    drills: int


class Status(_Answer):
    """What an operator wants to know at a glance."""

    participant: int
    state: Literal["starting", "ready", "read_only", "fatal"]
    reason: str | None
    degraded: str | None
    detail: str
    events: int
    head: int | None
    pending_anchors: int
    lag_s: Annotated[int, Field(alias="lagS")]
    promises: Promises
    notices: NoticeCounts
    streams: list[StreamStatus]


class ApiKeyInfo(_Answer):
    """What is kept of an API key; times are Unix seconds."""

    id: str
    name: str
    scopes: list[str]
    created_at: int
    expires_at: int | None
    revoked_at: int | None


class NewApiKey(ApiKeyInfo):
    """A key that was made; its text is shown this once."""

    key: str


class ApiKeys(_Answer):
    """All keys, oldest first."""

    keys: list[ApiKeyInfo]


class Erased(_Answer):
    """An erasure. Without `logCleared` old bytes stay until the database's next checkpoint."""

    entry: Hash
    erased: bool
    log_cleared: bool


class Health(_Answer):
    """The process answers."""

    status: Literal["ok"]


class ParsedElement(_Answer):
    """One GS1 element: application identifier, GS1's title of it, value."""

    ai: str
    title: str
    value: str


class ParsedSpellings(_Answer):
    """How GS1 elements are written elsewhere; `urn` if the company prefix's length was given."""

    bracketed: str | None = None
    unbracketed: str | None = None
    scan: str | None = None
    hri: list[str] | None = None
    digital_link: str | None = None
    urn: str | None = None


class ParsedCode(_Answer):
    """What a text names."""

    kind: str
    canonical: str
    parts: dict[str, str]
    elements: list[ParsedElement]
    spellings: ParsedSpellings
