"""What goes into the store and what comes out: frozen values without behaviour.

Hashes and keys are 32-byte `bytes`. Times are Unix seconds, or milliseconds where the name ends
in `_ms`. A `position` is the dense number of an event in this database, from 1, in the order of
storing; it orders listings and never leaves the owner's own API.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from anchoring.core.anchor import Anchor
from anchoring.ports import AnchorPlace

EventState = Literal["stored", "batched", "anchoring", "final"]
OutcomeKind = Literal["stored", "duplicate", "conflict", "rolled_back"]


@dataclass(frozen=True, slots=True)
class Tile:
    """Part of a tree: at most 256 nodes of one level that is a multiple of 8.

    In a batch tree `nodes` are up to 256 concatenated hashes, the last tile of a level may be
    shorter. In a codes tree `nodes` is the sparse form of `tiles.sparse_tiles`.
    """

    level: int
    index: int
    nodes: bytes


class NewCode(NamedTuple):  # a tuple, because there can be 100,000 of them in an event
    """One code item of a new event.

    Attributes:
        code: The code as a canonical URI.
        list_name: `epcList`, `childEPCs`, `inputEPCList` or `outputEPCList`.
        order: 0-based index in its list as the normalised event has it.
        ordinal: Rank in the codes tree's item order (it selects the salt).
        position: Place of its leaf in the sparse codes tree, below 2^20.
    """

    code: str
    list_name: str
    order: int
    ordinal: int
    position: int


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event as committed.

    Attributes:
        event_key: `event_key(eventID, ...)`: the identity that duplicates are found by.
        content_key: SHA-256 of the canonical normalised event (without an eventID of our making).
        payload: The normalised event as JSON; without its four code lists if `codes_apart`.
        derived: The derived items as a canonical JSON object.
        secret: The event's random 32-byte secret.
        codes: Every code item (indexed for look-up).
        codes_apart: True for a large event: its codes are kept as rows only, with their tiles.
        code_tiles: Tiles of the codes tree; only with `codes_apart`.
        event_time_ms: The stated eventTime.
        document_index: 0-based place in the document, for problems; None: that in the unit.
    """

    event_key: bytes
    content_key: bytes
    payload: bytes
    derived: bytes
    secret: bytes
    entry: bytes
    fields_size: int
    fields_root: bytes
    codes_root: bytes
    event_time_ms: int
    codes: Sequence[NewCode] = ()
    codes_apart: bool = False
    code_tiles: Sequence[Tile] = ()
    document_index: int | None = None


@dataclass(frozen=True, slots=True)
class SignedPromise:
    """What `CaptureUnit.sign` answers: the varying parts of a receipt and its signature."""

    received_at: int
    anchor_by: int
    chain_id: int
    registry: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt as signed. `number` names it inside this database; `entries` are ascending."""

    number: int
    capture_id: str
    stream: int
    entries: tuple[bytes, ...]
    promise: SignedPromise


@dataclass(frozen=True, slots=True)
class CaptureProblem:
    """Why an event (or, without `index`, the document) was not stored. `index` is 0-based."""

    code: str
    detail: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class CaptureUnit:
    """One all-in-one-transaction part of a capture job; mostly the whole job.

    Attributes:
        capture_id: The job's id; one that grows with time keeps its index small.
        created_at_ms: When the job began.
        document_digest: SHA-256 of the document as received.
        events: In document order; may be empty (a job that was refused).
        all_or_nothing: EPCIS `rollback`: any conflict stores none of the unit's events.
        sign: Called in the writer with the NEW entries, ascending, and never without one; an
            exception fails this unit alone. It must be fast and must not wait.
        problems: What validation refused already; kept with the job.
        part: 0 for the first unit of a job, 1 for the next, ...
        last: True if the job ends with this unit.
        idempotency_key: The client's own key for the request, if it sent one.
    """

    capture_id: str
    stream: int
    created_at_ms: int
    document_digest: bytes
    events: Sequence[NewEvent]
    all_or_nothing: bool
    sign: Callable[[Sequence[bytes]], SignedPromise]
    problems: Sequence[CaptureProblem] = ()
    part: int = 0
    last: bool = True
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """What became of one event of a unit.

    Attributes:
        kind: "conflict" if the identity is known with other content; "rolled_back" if another
            event's conflict took this one along.
        entry: The entry under which the event is stored, also for a duplicate; for a conflict
            that of the event that was there first; None if nothing is stored.
        receipt: Number of the receipt that promises `entry`, None if there is none.
    """

    kind: OutcomeKind
    entry: bytes | None
    receipt: int | None


@dataclass(frozen=True, slots=True)
class CaptureOutcome:
    """What became of a unit; `events` in its order. Durable when it is returned.

    `receipt` is the new receipt, None if no event was new. With `replayed` the idempotency key
    was known with the same document: nothing was stored and `capture_id` is the first job's.
    """

    capture_id: str
    events: tuple[EventOutcome, ...]
    receipt: StoredReceipt | None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class CaptureJob:
    """A capture job as `/epcis/capture/{id}` shows it. `number` orders listings."""

    number: int
    capture_id: str
    created_at_ms: int
    finished_at_ms: int | None
    success: bool
    all_or_nothing: bool
    problems: tuple[CaptureProblem, ...]
    event_count: int

    @property
    def running(self) -> bool:
        """True until its last unit is stored."""
        return self.finished_at_ms is None


@dataclass(frozen=True, slots=True)
class EventHeader:
    """What stays of an event even when it is erased: it still opens as "erased event"."""

    position: int
    entry: bytes
    stream: int
    fields_size: int
    fields_root: bytes
    codes_root: bytes
    received_at_ms: int
    receipt: int
    state: EventState
    erased: bool


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its content.

    Attributes:
        payload: As in `NewEvent`; None if erased. So are `derived` and `secret`.
        codes_apart: True if the codes are rows: read them with `large_event_codes`.
    """

    header: EventHeader
    event_time_ms: int | None
    payload: bytes | None
    derived: bytes | None
    secret: bytes | None
    codes_apart: bool


@dataclass(frozen=True, slots=True)
class Unbatched:
    """The oldest events of a stream that are in no batch, in the order of storing.

    Attributes:
        entries: One entry per event; may be empty.
        through: Position of the last of them: the batch's `through`. None without events.
        received_at_ms: When the oldest was captured. None without events.
        anchor_by: The earliest promise among them. None without events.
    """

    entries: tuple[bytes, ...]
    through: int | None
    received_at_ms: int | None
    anchor_by: int | None


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch and its anchor, made durable before anything is sent.

    Attributes:
        anchor: Sequence, root, size and previous tip.
        through: `Unbatched.through` of the events inside, None for a batch of decoys only.
        event_count: How many entries are events.
        anchor_by: `Unbatched.anchor_by`.
        entries: All entries, ascending, concatenated: `anchor.size` times 32 bytes.
        decoys: The nonces of its decoys (or what they are drawn from), opaque to the store.
        tiles: Tiles of levels 8 and 16 as `tiles.batch_tiles` cuts them. Level 0 is not kept: a
            leaf is one hash away from its entry, and entries are kept in pages of 256.
    """

    anchor: Anchor
    created_at: int
    anchor_by: int | None
    through: int | None
    event_count: int
    entries: bytes
    decoys: bytes
    tiles: Sequence[Tile] = ()


@dataclass(frozen=True, slots=True)
class StoredAnchor:
    """A batch as listings show it. `place` is None until it was seen in a block."""

    anchor: Anchor
    created_at: int
    anchor_by: int | None
    event_count: int
    state: EventState
    place: AnchorPlace | None


@dataclass(frozen=True, slots=True)
class BatchPlace:
    """Where an event is in its batch: `index` is that of its leaf, `0 <= index < size`."""

    batch: StoredAnchor
    index: int


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """Counters of one stream. The `oldest_` values are those of events in no batch yet."""

    stream: int
    unbatched_count: int
    oldest_received_at_ms: int | None
    oldest_anchor_by: int | None
    last_batched_sequence: int
    last_final: AnchorPlace | None


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """Counters of the store. `failure` is the code of what ended writing, None while it works."""

    event_count: int
    streams: tuple[StreamStatus, ...]
    failure: str | None
    waiting_units: int


@dataclass(frozen=True, slots=True)
class ErasedEvent:
    """What an erasure did.

    Attributes:
        header: What is left.
        log_cleared: False if the write-ahead log could not be emptied (a reader held it), so old
            bytes stay there until the next checkpoint; PostgreSQL needs its own VACUUM and log
            retention, so there it is always False.
    """

    header: EventHeader
    log_cleared: bool


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key at rest: only `key_hash` (SHA-256 of the key) is known."""

    key_id: str
    name: str
    key_hash: bytes
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True)
class AdoptedAnchor:
    """An anchor as the chain holds it, with its place; final."""

    anchor: Anchor
    place: AnchorPlace


@dataclass(frozen=True, slots=True)
class Adoption:
    """What taking over did to one stream.

    Attributes:
        adopted: Anchors that the chain has and this database lacked; their lists stay unknown.
        dissolved: Batches of this database that the chain has others for; their events wait again.
    """

    stream: int
    adopted: int
    dissolved: int
