"""Evidence files: what a participant did wrong, or said, in a form that anybody checks offline.

    >>> evidence = parse_evidence(raw)
    >>> check_evidence(evidence, Facts(network, evidence.chain)).outcome

docs/reference/evidence.md says what each kind shows, and why nobody honest can be accused by it.
"""

from anchoring.evidence.check import EvidenceOutcome, EvidenceVerdict, check_evidence
from anchoring.evidence.facts import Facts, Trusted
from anchoring.evidence.model import Evidence, EvidenceKind, EvidenceRefusedError
from anchoring.evidence.parse import parse_evidence

__all__ = [
    "Evidence",
    "EvidenceKind",
    "EvidenceOutcome",
    "EvidenceRefusedError",
    "EvidenceVerdict",
    "Facts",
    "Trusted",
    "check_evidence",
    "parse_evidence",
]
