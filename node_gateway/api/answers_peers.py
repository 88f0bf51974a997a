"""What the answers about other participants' gateways look like; see `answers`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from node_gateway.api.answers import Hash, _Answer

Direction = Literal["in", "out"]


class PeerShort(_Answer):
    """Another participant, and how far we are with each other; times are Unix seconds."""

    participant: int
    slug: str
    name: str
    url: str | None
    status: Literal["active", "suspended", "removed", "unknown"]
    state: Literal["new", "quiet", "sending", "failing", "stuck"]
    said: int
    answered: int
    waiting: int
    waiting_for_s: int | None
    heard: int
    failures: int
    failing_since: int | None
    last_error: str | None
    alarm: str | None


class PeersAnswer(_Answer):
    """Everybody else in the network."""

    peers: list[PeerShort]


class ConflictAnswer(_Answer):
    """A signed message that does not count, kept; `evidence` names the file about it."""

    number: int
    way: Direction
    digest: Hash
    found_at: int
    evidence: str


class PeerAnswerOut(PeerShort):
    """One participant; `words` say what the last error means."""

    words: str | None
    conflicts: list[ConflictAnswer]


class PongAnswer(_Answer):
    """What asking its gateway gave."""

    participant: int
    slug: str
    ok: bool
    code: str | None
    words: str
    detail: str
    attempt: Annotated[str | None, Field(alias="try")]
    took_ms: int | None


class PeerMessageShort(_Answer):
    """A message without its body."""

    number: int
    kind: str
    digest: Hash
    said_at: int
    size_bytes: int
    state: Literal["waiting", "taken", "refused"]
    code: str | None
    answered_at: int | None


class PeerMessages(_Answer):
    """Messages of one way, by number."""

    messages: list[PeerMessageShort]
    next: int | None


class HeardAnswer(_Answer):
    """The answer to a message, with the receiver's signature."""

    number: int
    answer: dict[str, Any]


class PositionAnswer(_Answer):
    """How far this gateway is with the caller's messages: the last one, as its sender signed it."""

    number: int
    last: dict[str, Any] | None


ANSWERS: Final[Mapping[str, Mapping[int, type[BaseModel] | str]]] = MappingProxyType(
    {
        "hearMessage": {200: HeardAnswer},
        "exchangePositions": {200: PositionAnswer},
        "giveMessageBack": {200: "The answer, a line feed, and the message as it was posted."},
        "listPeers": {200: PeersAnswer},
        "getPeer": {200: PeerAnswerOut},
        "pingPeer": {200: PongAnswer},
        "retryPeer": {200: PeerAnswerOut},
        "listPeerMessages": {200: PeerMessages},
        "exportPeerMessage": {200: "The message, `sealtrail/message/v1`."},
    }
)
