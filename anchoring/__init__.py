"""Commitments, trees, proofs and anchors, usable without a gateway.

    >>> from anchoring import check_bundles
    >>> check_bundles(raw)[0].act

What needs a chain stands in `anchoring.chain`, `anchoring.verification` and `anchoring.auditor`;
it is imported from there, so that checking a file needs nothing of it.
"""

from anchoring.core.anchor import (
    Anchor,
    AnchoredAt,
)
from anchoring.core.batch import (
    Batch,
    decoy_entry,
    padded_size,
)
from anchoring.core.bundle import (
    Bundle,
    parse_bundle,
    parse_bundles,
)
from anchoring.core.commit import (
    EventCommitment,
    commit_event,
    event_entry,
)
from anchoring.core.opening import (
    CodesOpening,
    FullOpening,
    parse_codes_opening,
    parse_opening,
)
from anchoring.core.prove import (
    code_paths,
    fields_proof,
    make_bundle,
)
from anchoring.core.receipt import (
    Receipt,
    parse_receipt,
)
from anchoring.core.verify import (
    CheckedBundle,
    about_code,
    check_anchored,
    check_bundle,
    check_bundles,
)
from anchoring.errors import (
    AnchoringError,
    AnchorNotFoundError,
    ChainError,
    ChainIdentityError,
    ChainUnavailableError,
    ContractRefusedError,
    FormatError,
    RecordMismatchError,
    RootMismatchError,
    SubmissionUnknownError,
    VerificationError,
)

__all__ = [
    "Anchor",
    "AnchorNotFoundError",
    "AnchoredAt",
    "AnchoringError",
    "Batch",
    "Bundle",
    "ChainError",
    "ChainIdentityError",
    "ChainUnavailableError",
    "CheckedBundle",
    "CodesOpening",
    "ContractRefusedError",
    "EventCommitment",
    "FormatError",
    "FullOpening",
    "Receipt",
    "RecordMismatchError",
    "RootMismatchError",
    "SubmissionUnknownError",
    "VerificationError",
    "about_code",
    "check_anchored",
    "check_bundle",
    "check_bundles",
    "code_paths",
    "commit_event",
    "decoy_entry",
    "event_entry",
    "fields_proof",
    "make_bundle",
    "padded_size",
    "parse_bundle",
    "parse_bundles",
    "parse_codes_opening",
    "parse_opening",
    "parse_receipt",
]
