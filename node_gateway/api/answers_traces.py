"""What the answers about traces across gateways look like; see `answers`."""

from __future__ import annotations

from typing import Any, Literal

from node_gateway.api.answers import Hash, Step, _Answer
from node_gateway.api.answers_public import ProvenStep


class TracedStep(ProvenStep):
    """A step that another participant shows. `proven` is null where our chain gave no answer."""

    hop: int
    proven: bool | None
    proof: dict[str, Any]


class TraceHole(_Answer):
    """Something that is not shown. Only our own partners have a name here."""

    hop: int
    role: str
    direction: Literal["up", "down"]
    reason: Literal[
        "not_disclosed",
        "no_answer",
        "proof_refused",
        "being_sealed",
        "asked_already",
        "hop_limit",
        "no_handover",
        "too_much",
    ]
    participant: int | None = None
    name: str | None = None


class TracedWay(_Answer):
    """What those before us (`up`) or after us (`down`) show."""

    steps: list[TracedStep]
    holes: list[TraceHole]


class OwnSale(_Answer):
    """A sale of ours, and what the issuer of the code says of it."""

    entry: Hash | None
    state: str
    answer: Literal["first", "again", "unknown"] | None
    times: int
    taken_back: Literal["did_not_occur", "returned"] | None


class NetworkTrace(_Answer):
    """A code across gateways. `made` is the commissioning that came with the goods."""

    code: str
    events: list[Step]
    made: TracedStep | None
    sales: list[OwnSale]
    up: TracedWay | None
    down: TracedWay | None
    took_ms: int


class FoundPeerStep(_Answer):
    """One step: a bundle, and how far away it is said to be."""

    hop: int
    bundle: dict[str, Any]


class PeerHole(_Answer):
    """Something that is not shown, by role."""

    hop: int
    role: str
    reason: str


class PeerTrace(_Answer):
    """What a gateway tells its neighbour about the way of a code."""

    steps: list[FoundPeerStep]
    holes: list[PeerHole]


class PeerSale(_Answer):
    """What the issuer of a code has heard."""

    heard: Literal["nothing", "sold", "never_issued", "no_answer"]
