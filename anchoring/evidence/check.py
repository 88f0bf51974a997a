"""Judging an evidence file: it holds, it does not, or something could not be checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from anchoring.errors import AnchoringError
from anchoring.evidence.broken_receipt import check_broken_receipt
from anchoring.evidence.custody_conflict import check_custody_conflict
from anchoring.evidence.facts import Facts, Need
from anchoring.evidence.inquiry import Inquiry, Missing
from anchoring.evidence.messages import check_said, check_two_messages
from anchoring.evidence.model import Evidence, EvidenceKind
from anchoring.evidence.statements import check_two_contents, check_two_values
from anchoring.evidence.two_transactions import check_two_transactions


class EvidenceOutcome(StrEnum):
    """What a check came to."""

    PROVEN = "proven"
    REFUSED = "refused"
    CANNOT_CHECK = "cannot_check"


@dataclass(frozen=True, slots=True)
class EvidenceVerdict:
    """The result for one file.

    Attributes:
        code: Stable: `proven`, a refusal code, or what is missing first.
        text: One sentence for people.
        by: Whose statements they are; empty if the file is refused.
        said: What the file shows, one sentence each.
        basis: On whose word, or under which proof.
        missing: What could not be checked.
        needs: What witnesses could still answer.
    """

    kind: EvidenceKind
    outcome: EvidenceOutcome
    code: str
    text: str
    by: tuple[int, ...] = ()
    said: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    needs: tuple[Need, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "outcome": str(self.outcome),
            "code": self.code,
            "text": self.text,
            "kind": str(self.kind),
            "by": list(self.by),
            "said": list(self.said),
            "basis": list(self.basis),
            "missing": [{"code": one.code, "text": one.text} for one in self.missing],
        }


class _Check(Protocol):
    def __call__(self, shown: Any, inquiry: Inquiry, /) -> tuple[int, ...]: ...


_CHECKS: Final[Mapping[EvidenceKind, _Check]] = {
    EvidenceKind.TWO_VALUES: check_two_values,
    EvidenceKind.TWO_CONTENTS: check_two_contents,
    EvidenceKind.TWO_TRANSACTIONS: check_two_transactions,
    EvidenceKind.BROKEN_RECEIPT: check_broken_receipt,
    EvidenceKind.SAID: check_said,
    EvidenceKind.TWO_MESSAGES: check_two_messages,
    EvidenceKind.CUSTODY_CONFLICT: check_custody_conflict,
}
_PROVEN: Final[Mapping[EvidenceKind, str]] = {
    EvidenceKind.TWO_VALUES: "participant {} committed to two values in one place",
    EvidenceKind.TWO_CONTENTS: "participant {} anchored two different events under one eventID",
    EvidenceKind.TWO_TRANSACTIONS: "participant {} signed two batches for one sequence",
    EvidenceKind.BROKEN_RECEIPT: "participant {} did not keep what its receipt promised",
    EvidenceKind.SAID: "participant {} said this",
    EvidenceKind.TWO_MESSAGES: "participant {} said two things under one number",
    EvidenceKind.CUSTODY_CONFLICT: (
        "two handovers of one code are signed, by participant {}: they cannot both hold unless the "
        "code came back in between or one was taken back, and then that can be shown"
    ),
}


def check_evidence(evidence: Evidence, facts: Facts) -> EvidenceVerdict:
    """Judge a file by what is known.

    Args:
        evidence: From `parse_evidence`.
        facts: With the viewer's own network file, the file's chain material, the keys and blocks
            that the viewer trusts, and what witnesses answered.

    Returns:
        The verdict. A refusal is one, too: nothing is raised for a file that does not hold.
    """
    inquiry = Inquiry(facts)
    try:
        by = _CHECKS[evidence.kind](evidence.shown, inquiry)
    except AnchoringError as error:
        return EvidenceVerdict(evidence.kind, EvidenceOutcome.REFUSED, error.code, str(error))
    if inquiry.missing:
        outcome, code = EvidenceOutcome.CANNOT_CHECK, inquiry.missing[0].code
        text = "; ".join(one.text for one in inquiry.missing)
    else:
        outcome, code = EvidenceOutcome.PROVEN, "proven"
        text = _PROVEN[evidence.kind].format(_named(by) if len(by) > 1 else by[0])
    return EvidenceVerdict(
        evidence.kind,
        outcome,
        code,
        text,
        by=by,
        said=tuple(inquiry.said),
        basis=tuple(inquiry.basis),
        missing=tuple(inquiry.missing),
        needs=tuple(dict.fromkeys(inquiry.needs)),
    )


def _named(by: tuple[int, ...]) -> str:
    return " and participant ".join(str(one) for one in by)
