"""What gateways tell each other of a recall: `recall_task` asks, `recall_report` answers.

Both name handovers between the two and count packs of each. Nothing in them tells of another
partner, of a code or of a place: further down goods are counts in the answer of whoever is next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from anchoring.core import shape
from anchoring.core.strict_json import parse_plain
from anchoring.errors import FormatError
from node_gateway.partners.ports import MessageRefusedError
from node_gateway.partners.recall_counts import Tally

TASK: Final = "recall_task"
REPORT: Final = "recall_report"
_TASK_FORMAT: Final = "sealtrail/recall-task/v1"
_REPORT_FORMAT: Final = "sealtrail/recall-report/v1"
_SIZE_BYTES_MAX: Final = 4 * 1024 * 1024
_HANDOVERS_MAX: Final = 20_000
_UNITS_MAX: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class TaskAsked:
    """How many packs of which handovers a partner is to account for."""

    notice: int
    product: str
    handovers: Mapping[bytes, int]

    def to_json(self) -> bytes:
        """Return it as it is said."""
        return orjson.dumps(
            {
                "format": _TASK_FORMAT,
                "notice": self.notice,
                "product": self.product,
                "handovers": handovers_wire(self.handovers),
            }
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the packs of each handover, and when a person acknowledged (Unix seconds)."""

    notice: int
    tallies: Mapping[bytes, Tally]
    acknowledged_at: int | None

    def to_json(self) -> bytes:
        """Return it as it is said; equal reports are equal bytes."""
        return orjson.dumps(
            {
                "format": _REPORT_FORMAT,
                "notice": self.notice,
                "handovers": [
                    {
                        "handover": digest.hex(),
                        "units": one.units,
                        "secured": one.secured,
                        "gone": one.gone,
                    }
                    for digest, one in sorted(self.tallies.items())
                ],
                "acknowledgedAt": self.acknowledged_at,
            }
        )


def handovers_wire(handovers: Mapping[bytes, int]) -> list[dict[str, Any]]:
    """Return handovers with counts as JSON, in the order of their digests."""
    found = sorted(handovers.items())
    return [{"handover": digest.hex(), "units": units} for digest, units in found]


def read_task(raw: bytes) -> TaskAsked:
    """Read a question.

    Raises:
        MessageRefusedError: it is none.
    """
    wire = _read(raw, _TASK_FORMAT, ("format", "notice", "product", "handovers"))
    found: dict[bytes, int] = {}
    try:
        for place, one in enumerate(_list(wire["handovers"])):
            at = f"/handovers/{place}"
            members = shape.members(one, ("handover", "units"), pointer=at)
            digest = shape.hex_bytes(members["handover"], size_bytes=32, pointer=at)
            found[digest] = _count(members["units"], at)
        product = shape.string(wire["product"], pointer="/product")
        return TaskAsked(shape.integer(wire["notice"], pointer="/notice"), product, found)
    except FormatError as error:
        raise _refused(error) from error


def read_report(raw: bytes) -> Report:
    """Read an answer.

    Raises:
        MessageRefusedError: it is none.
    """
    wire = _read(raw, _REPORT_FORMAT, ("format", "notice", "handovers", "acknowledgedAt"))
    found: dict[bytes, Tally] = {}
    try:
        for place, one in enumerate(_list(wire["handovers"])):
            at = f"/handovers/{place}"
            members = shape.members(one, ("handover", "units", "secured", "gone"), pointer=at)
            digest = shape.hex_bytes(members["handover"], size_bytes=32, pointer=at)
            tally = Tally(*(_count(members[name], at) for name in ("units", "secured", "gone")))
            _require(tally.open >= 0, "more packs are accounted for than there are")
            found[digest] = tally
        at_s = wire["acknowledgedAt"]
        acknowledged = None if at_s is None else shape.integer(at_s, pointer="/acknowledgedAt")
        return Report(shape.integer(wire["notice"], pointer="/notice"), found, acknowledged)
    except FormatError as error:
        raise _refused(error) from error


def _read(raw: bytes, form: str, members: tuple[str, ...]) -> dict[str, Any]:
    try:
        document = parse_plain(raw, size_bytes_max=_SIZE_BYTES_MAX)
        wire = shape.members(document, members)
        _require(wire["format"] == form, f"the format is not {form}")
    except FormatError as error:
        raise _refused(error) from error
    return wire


def _list(value: Any) -> list[Any]:
    found = list(shape.array(value, pointer="/handovers"))
    _require(len(found) <= _HANDOVERS_MAX, f"at most {_HANDOVERS_MAX} handovers")
    return found


def _count(value: Any, pointer: str) -> int:
    count = shape.integer(value, pointer=pointer)
    _require(count <= _UNITS_MAX, "so many packs cannot be")
    return count


def _require(holds: bool, text: str) -> None:
    if not holds:
        raise FormatError(text, "recall_form")


def _refused(_: FormatError) -> MessageRefusedError:
    return MessageRefusedError("this is no message about a recall", code="recall_form")
