"""What webhooks tell of. Bodies are CloudEvents 1.0; names are stable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from node_gateway.errors import ParameterError

PREFIX: Final = "sealtrail."


class Kind(StrEnum):
    """Types of CloudEvents."""

    BATCH_ANCHORED = "sealtrail.batch.anchored"
    EVENT_CAPTURED = "sealtrail.event.captured"
    UNIT_SOLD = "sealtrail.unit.sold"
    ANOMALY_DETECTED = "sealtrail.anomaly.detected"
    RECALL_OPENED = "sealtrail.recall.opened"
    RECALL_CHANGED = "sealtrail.recall.changed"
    RECALL_LIFTED = "sealtrail.recall.lifted"
    SHIPMENT_ANNOUNCED = "sealtrail.shipment.announced"
    SHIPMENT_ACKNOWLEDGED = "sealtrail.shipment.acknowledged"
    SHIPMENT_WITHDRAWN = "sealtrail.shipment.withdrawn"
    EXCEPTION_OPENED = "sealtrail.exception.opened"
    EXCEPTION_RESOLVED = "sealtrail.exception.resolved"
    TEST = "sealtrail.webhook.test"


MEANINGS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.BATCH_ANCHORED: "a batch of ours is final",
        Kind.EVENT_CAPTURED: "an event was captured; only if it is asked for by name",
        Kind.UNIT_SOLD: "an event states that goods were sold or dispensed",
        Kind.ANOMALY_DETECTED: "a state rule found something",
        Kind.RECALL_OPENED: "a recall, or a drill, stands",
        Kind.RECALL_CHANGED: "it became graver, or concerns more lots",
        Kind.RECALL_LIFTED: "it was lifted",
        Kind.SHIPMENT_ANNOUNCED: "a partner disclosed a shipment to us",
        Kind.SHIPMENT_ACKNOWLEDGED: "a partner answered for a shipment of ours",
        Kind.SHIPMENT_WITHDRAWN: "a shipment was taken back by whoever stated it",
        Kind.EXCEPTION_OPENED: "a mismatch that a person must resolve",
        Kind.EXCEPTION_RESOLVED: "it was resolved",
        Kind.TEST: "sent by `webhook test`",
    }
)
NOT_BY_DEFAULT: Final = frozenset({Kind.EVENT_CAPTURED, Kind.TEST})
"""Too many, or none: whoever asks for all kinds does not mean these."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something to tell.

    Attributes:
        key: Names it for ever: the same thing found twice is told once.
        subject: What it is about: an entry, `stream/sequence`, a number.
        at_ms: When, by this gateway's clock, Unix milliseconds.
        data: JSON object; what the owner may see.
    """

    kind: Kind
    key: str
    subject: str
    at_ms: int
    data: Mapping[str, Any]


def kinds_of(names: list[str]) -> tuple[Kind, ...]:
    """Return the kinds that are meant by names, with or without `sealtrail.`; none means most.

    Raises:
        ParameterError: there is no such kind.
    """
    if not names:
        return tuple(one for one in Kind if one not in NOT_BY_DEFAULT)
    found: dict[Kind, None] = {}
    for name in names:
        full = name if name.startswith(PREFIX) else PREFIX + name
        if full not in set(Kind):
            raise ParameterError(
                "webhooks do not tell of such a thing",
                code="webhook_type",
                hint=f"One of {', '.join(one.removeprefix(PREFIX) for one in Kind)}.",
            )
        found[Kind(full)] = None
    return tuple(found)
